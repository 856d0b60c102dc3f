// One instance for a profile: a second start hands its file arguments to the first and ends.
#pragma once
#include <QLocalServer>
#include <QLockFile>
#include <QObject>
#include <QStringList>

namespace nibble {

class SingleInstance : public QObject {
  Q_OBJECT
 public:
  /// `place` tells profiles apart (the data folder).
  explicit SingleInstance(const QString& place, QObject* parent = nullptr);

  /// True: another instance runs and has taken the files; this one should end. Waits at most two seconds.
  bool handOver(const QStringList& files);
  /// Becomes the instance others hand over to. False: another one became it first (hand over to it), or the name cannot be had.
  bool listen();

 signals:
  void filesReceived(const QStringList& files);   ///< empty: only to be shown

 private:
  void receive();

  QString m_name;
  QLockFile m_lock;
  QLocalServer m_server;
};

}  // namespace nibble
