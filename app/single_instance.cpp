#include "app/single_instance.h"

#include <QCryptographicHash>
#include <QDir>
#include <QFileInfo>
#include <QJsonArray>
#include <QJsonDocument>
#include <QLocalSocket>

namespace nibble {

namespace {
constexpr int kTimeoutMs = 2000;
constexpr qint64 kMaxMessage = 1 << 20;
}  // namespace

SingleInstance::SingleInstance(const QString& place, QObject* parent) : QObject(parent), m_lock(place + "/instance.lock"), m_server(this) {
  const QByteArray hash = QCryptographicHash::hash(QFileInfo(place).canonicalFilePath().toUtf8(), QCryptographicHash::Sha256).toHex().left(16);
  m_name = "nibble-" + QString::fromLatin1(hash);
  m_server.setSocketOptions(QLocalServer::UserAccessOption);
  connect(&m_server, &QLocalServer::newConnection, this, &SingleInstance::receive);
}

bool SingleInstance::handOver(const QStringList& files) {
  QLocalSocket socket;
  socket.connectToServer(m_name);
  if (!socket.waitForConnected(kTimeoutMs)) return false;
  QStringList absolute;  // the other instance has another working folder
  for (const QString& file : files) absolute << QFileInfo(file).absoluteFilePath();
  socket.write(QJsonDocument(QJsonArray::fromStringList(absolute)).toJson(QJsonDocument::Compact) + '\n');
  return socket.waitForBytesWritten(kTimeoutMs) && socket.waitForReadyRead(kTimeoutMs);
}

bool SingleInstance::listen() {
  // QLocalServer takes a living server's place without a word. The lock's file says whether its owner still lives.
  m_lock.setStaleLockTime(0);
  if (!m_lock.tryLock(0) && m_lock.error() == QLockFile::LockFailedError) return false;
  if (m_server.listen(m_name)) return true;
  QLocalServer::removeServer(m_name);  // left behind by a crash
  return m_server.listen(m_name);
}

void SingleInstance::receive() {
  while (QLocalSocket* socket = m_server.nextPendingConnection()) {
    connect(socket, &QLocalSocket::disconnected, socket, &QObject::deleteLater);
    connect(socket, &QLocalSocket::readyRead, this, [this, socket] {
      if (socket->bytesAvailable() > kMaxMessage) return socket->abort();
      if (!socket->canReadLine()) return;
      QStringList files;
      for (const QJsonValue& value : QJsonDocument::fromJson(socket->readLine()).array()) files << value.toString();
      socket->write("ok\n");
      socket->disconnectFromServer();
      emit filesReceived(files);
    });
  }
}

}  // namespace nibble
