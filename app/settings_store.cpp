#include "app/settings_store.h"

#include <QDateTime>
#include <QFile>
#include <QJsonDocument>
#include <QSaveFile>

namespace nibble {

namespace {
bool writeAtomically(const QString& file, const QByteArray& bytes, QString& error) {
  QSaveFile out(file);
  if (out.open(QIODevice::WriteOnly) && out.setPermissions(QFile::ReadOwner | QFile::WriteOwner) &&
      out.write(bytes) == bytes.size() && out.commit()) {
    error.clear();
    return true;
  }
  error = out.errorString();
  return false;
}
}  // namespace

SettingsStore::SettingsStore(const QString& folder, QObject* parent)
    : QObject(parent), m_file(folder + "/settings.json"), m_goodFile(folder + "/settings.last-good.json") {
  m_writeTimer.setSingleShot(true);
  m_writeTimer.setInterval(300);
  connect(&m_writeTimer, &QTimer::timeout, this, &SettingsStore::write);
  if (read(m_file)) {
    QString ignored;  // the copy is only a second chance
    writeAtomically(m_goodFile, QJsonDocument(m_values).toJson(), ignored);
  } else if (QFile::exists(m_file)) {
    m_brokenFile = m_file + ".broken-" + QDateTime::currentDateTimeUtc().toString("yyyyMMdd-HHmmss-zzz");
    QFile::rename(m_file, m_brokenFile);
    read(m_goodFile);
    m_dirty = true;
    write();
  }
}

SettingsStore::~SettingsStore() { write(); }

bool SettingsStore::read(const QString& file) {
  QFile in(file);
  if (!in.open(QIODevice::ReadOnly)) return false;
  const QJsonDocument document = QJsonDocument::fromJson(in.readAll());
  if (!document.isObject()) return false;
  m_values = document.object();
  return true;
}

QJsonValue SettingsStore::value(const QString& key, const QJsonValue& fallback) const {
  const QJsonValue found = m_values.value(key);
  return found.isUndefined() ? fallback : found;
}

void SettingsStore::setValue(const QString& key, const QJsonValue& value) {
  if (m_values.value(key) == value) return;
  m_values.insert(key, value);
  m_dirty = true;
  m_writeTimer.start();
  emit changed(key);
}

void SettingsStore::remove(const QString& key) {
  if (!m_values.contains(key)) return;
  m_values.remove(key);
  m_dirty = true;
  m_writeTimer.start();
  emit changed(key);
}

bool SettingsStore::write() {
  m_writeTimer.stop();
  if (!m_dirty) return true;
  const QByteArray bytes = QJsonDocument(m_values).toJson();
  if (!writeAtomically(m_file, bytes, m_lastError)) return false;
  QString ignored;
  writeAtomically(m_goodFile, bytes, ignored);
  m_dirty = false;
  return true;
}

}  // namespace nibble
