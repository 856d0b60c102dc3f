#include "app/model_library.h"

#include <QCoreApplication>
#include <QDir>
#include <QFileInfo>
#include <QJsonArray>
#include <QJsonDocument>
#include <algorithm>

namespace nibble {

namespace {
constexpr std::size_t kMaxModels = 500;
constexpr qint64 kMaxConfigBytes = 4 << 20;
const QString kFoldersKey = "library/folders";

std::optional<LibraryModel> readModel(const QDir& folder) {
  QFile config(folder.filePath("config.json"));
  if (!QFileInfo(config).isFile()) return {};  // a pipe would block for ever
  if (!config.open(QIODevice::ReadOnly) || config.size() > kMaxConfigBytes) return {};
  const QJsonObject object = QJsonDocument::fromJson(config.readAll()).object();
  LibraryModel model;
  model.name = folder.dirName();
  model.path = folder.canonicalPath();
  model.maxContext = object.value("max_position_embeddings").toInteger();
  model.layers = object.value("num_hidden_layers").toInt();
  for (const QFileInfo& file : folder.entryInfoList({"*.safetensors"}, QDir::Files)) model.fileBytes += static_cast<quint64>(file.size());
  return model;
}

void scan(const QDir& folder, int depth, std::vector<LibraryModel>& found) {
  if (found.size() >= kMaxModels) return;
  if (auto model = readModel(folder)) return found.push_back(*model);
  if (depth == 0) return;
  for (const QString& name : folder.entryList(QDir::Dirs | QDir::NoDotAndDotDot | QDir::NoSymLinks, QDir::Name)) {
    scan(QDir(folder.filePath(name)), depth - 1, found);
  }
}

QStringList knownFolders(const SettingsStore& settings) {
  QStringList folders;
  for (const QJsonValue& value : settings.value(kFoldersKey).toArray()) folders << value.toString();
  return folders;
}

std::vector<LibraryModel> scanAll(const EngineDoor& door, const QStringList& folders) {
  std::vector<LibraryModel> models;
  if (const auto sample = door.sampleModel()) {
    if (auto model = readModel(QDir(toQString(*sample)))) {
      model->bundled = true;
      if (model->name == "sample-model") model->name = "Llama-Nibble-Tales-13M";  // the folder is named after its role
      models.push_back(*model);
    }
  }
  for (const QString& folder : folders) {
    for (LibraryModel& model : scanForModels(folder)) {
      const bool known = std::any_of(models.begin(), models.end(), [&](const auto& other) { return other.path == model.path; });
      if (!known) models.push_back(std::move(model));
    }
  }
  return models;
}
}  // namespace

std::vector<LibraryModel> scanForModels(const QString& folder) {
  std::vector<LibraryModel> found;
  scan(QDir(folder), 2, found);
  return found;
}

ModelLibrary::ModelLibrary(const EngineDoor& door, SettingsStore& settings, QObject* parent)
    : QAbstractListModel(parent), m_door(door), m_settings(settings), m_background("library") {
  // The bundled sample is there at once, so that the first page can offer it; folders of the user come a moment later.
  m_models = scanAll(m_door, {});
  rescan();
}

int ModelLibrary::rowCount(const QModelIndex& parent) const { return parent.isValid() ? 0 : static_cast<int>(m_models.size()); }

QVariant ModelLibrary::data(const QModelIndex& index, int role) const {
  if (!checkIndex(index, CheckIndexOption::IndexIsValid)) return {};
  const LibraryModel& model = m_models[static_cast<std::size_t>(index.row())];
  switch (role) {
    case Qt::DisplayRole: return model.name;
    case Qt::ToolTipRole: return model.path;
    case PathRole: return model.path;
    case BundledRole: return model.bundled;
    case FileBytesRole: return model.fileBytes;
    case MaxContextRole: return model.maxContext;
    default: return {};
  }
}

QString ModelLibrary::displayName(const ModelInfo& info) const {
  const int row = indexOf(QString::fromStdString(info.path));
  return row >= 0 ? m_models[static_cast<std::size_t>(row)].name : QString::fromStdString(info.name);
}

int ModelLibrary::indexOf(const QString& path) const {
  const QString canonical = QFileInfo(path).canonicalFilePath();
  const auto found = std::find_if(m_models.begin(), m_models.end(), [&](const auto& model) { return model.path == path || model.path == canonical; });
  return found == m_models.end() ? -1 : static_cast<int>(found - m_models.begin());
}

void ModelLibrary::add(const QString& path) {
  const QFileInfo info(path);
  const QString folder = info.isDir() ? info.absoluteFilePath() : info.absolutePath();
  if (info.suffix().compare("gguf", Qt::CaseInsensitive) == 0) {
    emit folderScanned(path, {}, QCoreApplication::translate("ModelLibrary", "GGUF files cannot be opened yet. A folder with config.json and "
                                                             "safetensors files can."));
    return;
  }
  m_background.run(this, [folder] { return scanForModels(folder); }, [this, path, folder](const std::vector<LibraryModel>& models) {
    QStringList found;
    for (const LibraryModel& model : models) found << model.path;
    if (found.isEmpty()) {
      emit folderScanned(path, {}, QCoreApplication::translate("ModelLibrary", "No model was found there: a model's folder holds config.json "
                                                               "and safetensors files."));
      return;
    }
    QStringList folders = knownFolders(m_settings);  // read now: another folder may have been added meanwhile
    folders.removeAll(folder);
    folders << folder;
    m_settings.setValue(kFoldersKey, QJsonArray::fromStringList(folders));
    m_background.run(this, [door = m_door, folders] { return scanAll(door, folders); }, [this, path, found](std::vector<LibraryModel> all) {
      setModels(std::move(all));
      emit folderScanned(path, found, {});
    });
  });
}

void ModelLibrary::removeModel(const QString& path) {
  QStringList folders;
  for (const QString& folder : knownFolders(m_settings)) {
    if (QFileInfo(folder).canonicalFilePath() != path && folder != path) folders << folder;
  }
  m_settings.setValue(kFoldersKey, QJsonArray::fromStringList(folders));
  rescan();
}

void ModelLibrary::rescan() {
  m_background.run(this, [door = m_door, folders = knownFolders(m_settings)] { return scanAll(door, folders); },
                   [this](std::vector<LibraryModel> models) { setModels(std::move(models)); });
}

void ModelLibrary::setModels(std::vector<LibraryModel> models) {
  if (models == m_models) return;
  beginResetModel();
  m_models = std::move(models);
  endResetModel();
}

}  // namespace nibble
