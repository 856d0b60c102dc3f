#include "tests/support/cli_process.h"

#include <QJsonDocument>
#include <QProcess>

namespace nibble::test {

QList<QByteArray> CliRun::lines() const {
  QList<QByteArray> all = out.split('\n');
  if (!all.isEmpty() && all.last().isEmpty()) all.removeLast();
  return all;
}

QJsonObject CliRun::json() const { return lines().size() == 1 ? QJsonDocument::fromJson(out).object() : QJsonObject(); }

QJsonObject CliRun::error() const {
  const QList<QByteArray> all = err.trimmed().split('\n');
  return QJsonDocument::fromJson(all.last()).object().value("error").toObject();
}

QString cliPath() { return QStringLiteral(NIBBLE_BINARY_DIR "/bin/nibble-cli"); }

CliRun runCli(const QStringList& arguments, const QByteArray& input, int timeoutMs) {
  QProcess process;
  QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
  environment.remove("DISPLAY");
  environment.remove("WAYLAND_DISPLAY");
  process.setProcessEnvironment(environment);
  process.start(cliPath(), arguments);
  CliRun run;
  if (!process.waitForStarted()) return run;
  process.write(input);
  process.closeWriteChannel();
  if (!process.waitForFinished(timeoutMs)) {
    process.kill();
    process.waitForFinished();
    return run;
  }
  run.out = process.readAllStandardOutput();
  run.err = process.readAllStandardError();
  if (process.exitStatus() == QProcess::NormalExit) run.status = process.exitCode();
  return run;
}

}  // namespace nibble::test
