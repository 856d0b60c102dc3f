#include "app/diagnostics.h"

#include <QDir>
#include <QSysInfo>

#include "app/application_context.h"
#include "app/error_text.h"
#include "app/inference_queue.h"
#include "app/model_session.h"
#include "app/planner.h"
#include "app/precision_choices.h"
#include "app/settings_store.h"
#include "app/units.h"

namespace nibble {

namespace {
QString homeAsTilde(QString path) {
  const QString home = QDir::homePath();
  return home.size() > 1 ? path.replace(home, "~") : path;
}

void addDevices(QStringList& lines, const std::vector<DeviceInfo>& devices) {
  for (const DeviceInfo& device : devices) {
    QString line = QString("device %1: %2").arg(QString::fromStdString(device.id), QString::fromStdString(device.name));
    if (!device.usable) {
      lines << line + " (not usable: " + QString::fromStdString(device.why) + ")";
      continue;
    }
    line += QString(", %1 free of %2").arg(bytesText(static_cast<double>(device.freeBytes)), bytesText(static_cast<double>(device.totalBytes)));
    if (!device.capability.empty()) line += ", " + QString::fromStdString(device.capability);
    if (!device.driver.empty()) line += ", driver " + QString::fromStdString(device.driver);
    lines << line;
  }
}

void addLoads(QStringList& lines, const std::vector<LoadRecord>& records) {
  for (const LoadRecord& record : records) {
    const QString outcome = record.error.isEmpty()
                                ? QString("predicted %1, used %2").arg(bytesText(static_cast<double>(record.predictedBytes)), bytesText(static_cast<double>(record.measuredBytes)))
                                : "failed: " + homeAsTilde(record.error);
    lines << QString("load %1, %2 on %3: %4").arg(record.when.toString(Qt::ISODate), record.precision, record.device, outcome);
  }
}
}  // namespace

QString diagnosticsText(ApplicationContext& app) {
  QStringList lines;
  lines << QString("Nibble %1").arg(NIBBLE_VERSION);
  lines << QString("system: %1, kernel %2, %3").arg(QSysInfo::prettyProductName(), QSysInfo::kernelVersion(), QSysInfo::currentCpuArchitecture());
  lines << QString("Qt %1").arg(qVersion());
  addDevices(lines, app.planner().devices());
  if (const auto& info = app.model().info()) {
    lines << QString("loaded: %1, context %2, on %3").arg(precisionId(info->recipe)).arg(info->context).arg(QString::fromStdString(info->device.id));
    lines << QString("path: %1").arg(QString::fromStdString(app.inference().statistics().backend.path));
  } else {
    lines << "loaded: nothing";
  }
  if (const auto& error = app.model().lastError()) lines << "last error: " + homeAsTilde(errorText(*error).text());
  addLoads(lines, app.model().records());
  lines << "settings: " + homeAsTilde(app.settings().file()) << "data: " + homeAsTilde(app.paths().data) << "logs: " + homeAsTilde(app.paths().state);
  if (!app.settings().brokenFile().isEmpty()) lines << "a broken settings file was kept as " + homeAsTilde(app.settings().brokenFile());
  return lines.join('\n') + '\n';
}

}  // namespace nibble
