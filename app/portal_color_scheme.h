// Whether the desktop is set to dark, from the portal's settings over D-Bus; Qt 6.4 does not tell. Silent where there is
// no portal.
#pragma once
#include <QObject>

class QDBusVariant;

namespace nibble {

class PortalColorScheme : public QObject {
  Q_OBJECT
 public:
  explicit PortalColorScheme(QObject* parent = nullptr);
  /// Asks once, without waiting; changed() follows, then and whenever the desktop changes.
  void watch();

 signals:
  void changed(bool dark);

 private slots:
  void settingChanged(const QString& group, const QString& key, const QDBusVariant& value);
};

}  // namespace nibble
