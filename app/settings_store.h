// Settings as one JSON file: written to a new file and renamed, with the last good copy kept beside it. A broken file is
// kept aside and the last good one used.
#pragma once
#include <QJsonObject>
#include <QJsonValue>
#include <QObject>
#include <QTimer>

namespace nibble {

class SettingsStore : public QObject {
  Q_OBJECT
 public:
  explicit SettingsStore(const QString& folder, QObject* parent = nullptr);
  ~SettingsStore() override;  ///< writes what is not yet written

  /// Keys are paths such as "window/geometry".
  QJsonValue value(const QString& key, const QJsonValue& fallback = {}) const;
  void setValue(const QString& key, const QJsonValue& value);
  void remove(const QString& key);
  /// Now rather than in a moment. False: the disk refused (lastError says why).
  bool write();

  QString file() const { return m_file; }
  /// Where a broken settings file was put at the start; empty if the file was good or absent.
  QString brokenFile() const { return m_brokenFile; }
  QString lastError() const { return m_lastError; }

 signals:
  void changed(const QString& key);

 private:
  bool read(const QString& file);

  QString m_file, m_goodFile, m_brokenFile, m_lastError;
  QJsonObject m_values;
  QTimer m_writeTimer;
  bool m_dirty = false;
};

}  // namespace nibble
