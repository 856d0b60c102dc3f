// Keeps comparisons as JSON files in one folder, written to a new file and renamed, so that a crash loses nothing.
#pragma once
#include <QObject>

#include "app/comparison.h"

namespace nibble {

class ComparisonStore : public QObject {
  Q_OBJECT
 public:
  explicit ComparisonStore(const QString& folder, QObject* parent = nullptr);

  struct Item {
    QString id, title;
    QDateTime time;
  };
  /// Newest first. Files that cannot be read are passed over and named by unreadable().
  QVector<Item> items() const;
  QStringList unreadable() const { return m_unreadable; }

  Result<void> save(const Comparison& comparison);
  Result<Comparison> open(const QString& id) const;
  Result<void> remove(const QString& id);

 signals:
  void changed();

 private:
  QString pathOf(const QString& id) const;

  QString m_folder;
  mutable QStringList m_unreadable;
};

}  // namespace nibble
