#include "app/memory_users.h"

#include <unistd.h>

#include <QDir>
#include <QFile>
#include <QHash>
#include <algorithm>

#include "core/engine/cuda/cuda_devices.h"

namespace nibble {

namespace {
QByteArray readSmall(const QString& path) {
  QFile file(path);
  return file.open(QIODevice::ReadOnly) ? file.read(4096) : QByteArray();
}

QHash<QString, qint64> residentByName() {
  const qint64 page = sysconf(_SC_PAGESIZE);
  QHash<QString, qint64> byName;
  for (const QString& entry : QDir("/proc").entryList(QDir::Dirs | QDir::NoDotAndDotDot)) {
    bool isNumber = false;
    const qint64 process = entry.toLongLong(&isNumber);
    if (!isNumber || process == getpid()) continue;
    const QList<QByteArray> fields = readSmall("/proc/" + entry + "/statm").split(' ');
    if (fields.size() < 3) continue;
    // Resident minus shared: shared pages would be counted once for every process.
    const qint64 bytes = (fields[1].toLongLong() - fields[2].toLongLong()) * page;
    const QString name = QString::fromUtf8(readSmall("/proc/" + entry + "/comm")).trimmed();
    if (!name.isEmpty() && bytes > 0) byName[name] += bytes;
  }
  return byName;
}

QHash<QString, qint64> onCardByName(const std::string& device) {
  QHash<QString, qint64> byName;
  for (const CudaProcess& process : otherCudaProcesses(device)) byName[QString::fromStdString(process.name)] += static_cast<qint64>(process.bytes);
  return byName;
}
}  // namespace

std::vector<MemoryUser> largestMemoryUsers(const std::string& device, int count) {
  const QHash<QString, qint64> byName = device == "cpu" ? residentByName() : onCardByName(device);
  std::vector<MemoryUser> users;
  for (auto it = byName.cbegin(); it != byName.cend(); ++it) users.push_back({it.key(), it.value()});
  std::sort(users.begin(), users.end(), [](const auto& a, const auto& b) { return a.bytes > b.bytes; });
  if (users.size() > static_cast<std::size_t>(count)) users.resize(static_cast<std::size_t>(count));
  return users;
}

}  // namespace nibble
