#include "app/portal_color_scheme.h"

#include <QDBusConnection>
#include <QDBusMessage>
#include <QDBusPendingCallWatcher>
#include <QDBusPendingReply>
#include <QDBusVariant>

namespace nibble {

namespace {
const QString kService = "org.freedesktop.portal.Desktop", kPath = "/org/freedesktop/portal/desktop", kInterface = "org.freedesktop.portal.Settings";
const QString kGroup = "org.freedesktop.appearance", kKey = "color-scheme";
constexpr uint kDark = 1;

/// The portal wraps the value once or twice.
uint schemeOf(QVariant value) {
  for (int i = 0; i < 3 && value.canConvert<QDBusVariant>(); ++i) value = value.value<QDBusVariant>().variant();
  return value.toUInt();
}
}  // namespace

PortalColorScheme::PortalColorScheme(QObject* parent) : QObject(parent) {}

void PortalColorScheme::watch() {
  QDBusConnection bus = QDBusConnection::sessionBus();
  if (!bus.isConnected()) return;
  bus.connect(kService, kPath, kInterface, "SettingChanged", this, SLOT(settingChanged(QString, QString, QDBusVariant)));
  QDBusMessage call = QDBusMessage::createMethodCall(kService, kPath, kInterface, "Read");
  call << kGroup << kKey;
  auto* watcher = new QDBusPendingCallWatcher(bus.asyncCall(call, 2000), this);
  connect(watcher, &QDBusPendingCallWatcher::finished, this, [this](QDBusPendingCallWatcher* finished) {
    const QDBusPendingReply<QDBusVariant> reply = *finished;
    if (!reply.isError()) emit changed(schemeOf(reply.value().variant()) == kDark);
    finished->deleteLater();
  });
}

void PortalColorScheme::settingChanged(const QString& group, const QString& key, const QDBusVariant& value) {
  if (group == kGroup && key == kKey) emit changed(schemeOf(value.variant()) == kDark);
}

}  // namespace nibble
