// Runs the built nibble-cli, without a display, and hands back its exit status and both streams.
#pragma once
#include <QByteArray>
#include <QJsonObject>
#include <QString>
#include <QStringList>

namespace nibble::test {

struct CliRun {
  int status = -1;        ///< −1: it did not start, crashed or took too long
  QByteArray out, err;
  QList<QByteArray> lines() const;      ///< of `out`, without the last newline
  QJsonObject json() const;             ///< `out` as one object on one line; empty if it is not
  QJsonObject error() const;            ///< the inner object of {"error": {…}} on stderr's last line; empty if there is none
};

CliRun runCli(const QStringList& arguments, const QByteArray& input = {}, int timeoutMs = 120000);
QString cliPath();

}  // namespace nibble::test
