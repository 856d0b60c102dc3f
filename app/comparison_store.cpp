#include "app/comparison_store.h"

#include <QDir>
#include <QFile>
#include <QSaveFile>
#include <algorithm>

namespace nibble {

ComparisonStore::ComparisonStore(const QString& folder, QObject* parent) : QObject(parent), m_folder(folder) { QDir().mkpath(folder); }

QString ComparisonStore::pathOf(const QString& id) const { return QDir(m_folder).filePath(QFileInfo(id).fileName() + QStringLiteral(".json")); }

QVector<ComparisonStore::Item> ComparisonStore::items() const {
  QVector<Item> found;
  m_unreadable.clear();
  for (const QString& name : QDir(m_folder).entryList({QStringLiteral("*.json")}, QDir::Files)) {
    const auto comparison = open(name.chopped(5));
    if (comparison) {
      found.append({name.chopped(5), comparison->title, comparison->time});
    } else {
      m_unreadable << QString::fromStdString(comparison.error().file);
    }
  }
  std::sort(found.begin(), found.end(), [](const Item& a, const Item& b) { return a.time > b.time; });
  return found;
}

Result<void> ComparisonStore::save(const Comparison& comparison) {
  QSaveFile file(pathOf(comparison.id));
  const QByteArray json = comparisonToJson(comparison);
  if (!file.open(QIODevice::WriteOnly) || file.write(json) != json.size() || !file.commit()) {
    return fail(ErrorCode::failed, file.errorString().toStdString(), file.fileName().toStdString());
  }
  emit changed();
  return {};
}

Result<Comparison> ComparisonStore::open(const QString& id) const {
  QFile file(pathOf(id));
  if (!file.open(QIODevice::ReadOnly)) return fail(ErrorCode::fileMissing, file.errorString().toStdString(), file.fileName().toStdString());
  return comparisonFromJson(file.readAll(), file.fileName());
}

Result<void> ComparisonStore::remove(const QString& id) {
  QFile file(pathOf(id));
  if (!file.remove()) return fail(ErrorCode::failed, file.errorString().toStdString(), file.fileName().toStdString());
  emit changed();
  return {};
}

}  // namespace nibble
