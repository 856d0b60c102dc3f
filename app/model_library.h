// The models the application knows: the bundled sample, and folders the user added, searched for config.json. A list
// model for combo boxes. Scanning happens on a thread of its own.
#pragma once
#include <QAbstractListModel>
#include <QStringList>
#include <vector>

#include "app/background.h"
#include "app/engine_door.h"
#include "app/settings_store.h"

namespace nibble {

struct LibraryModel {
  QString name;              ///< the folder's name
  QString path;
  bool bundled = false;
  quint64 fileBytes = 0;     ///< of the weight files
  qint64 maxContext = 0;     ///< 0: unknown
  int layers = 0;
  bool operator==(const LibraryModel&) const = default;
};

class ModelLibrary : public QAbstractListModel {
  Q_OBJECT
 public:
  enum Role { PathRole = Qt::UserRole + 1, BundledRole, FileBytesRole, MaxContextRole };

  ModelLibrary(const EngineDoor& door, SettingsStore& settings, QObject* parent = nullptr);

  int rowCount(const QModelIndex& parent = {}) const override;
  QVariant data(const QModelIndex& index, int role) const override;

  const std::vector<LibraryModel>& models() const { return m_models; }
  /// The name people know a loaded model by: the list's, else its folder's.
  QString displayName(const ModelInfo& info) const;
  int indexOf(const QString& path) const;            ///< −1: not there
  /// A model's folder, a folder of models, or a file in a model's folder. folderScanned() follows.
  void add(const QString& path);
  void removeModel(const QString& path);             ///< forgets the folder; no file is touched
  void rescan();

 signals:
  /// After add(): the models now known from there (none: nothing was found; `reason` says why).
  void folderScanned(const QString& path, const QStringList& models, const QString& reason);

 private:
  void setModels(std::vector<LibraryModel> models);

  EngineDoor m_door;
  SettingsStore& m_settings;
  std::vector<LibraryModel> m_models;
  Background m_background;
};

/// The models in `folder` or up to two levels below it. At most 500; links are not followed out of it.
std::vector<LibraryModel> scanForModels(const QString& folder);

}  // namespace nibble
