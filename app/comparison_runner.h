// Runs a comparison on the worker thread, one precision after the other, and keeps what is done: a cancelled comparison
// leaves its finished rows. The model that was loaded before is loaded again at the end.
#pragma once
#include <QObject>
#include <memory>
#include <mutex>

#include "app/comparison.h"
#include "app/comparison_store.h"
#include "app/inference_queue.h"

namespace nibble {

class ModelSession;

class ComparisonRunner : public QObject {
  Q_OBJECT
 public:
  ComparisonRunner(InferenceQueue& queue, ModelSession& session, ComparisonStore& store, QObject* parent = nullptr);

  /// Starts; does nothing while one runs. Progress, rows and the end are told by signals.
  void start(const ComparisonRequest& request, const QString& title);
  void cancel();
  bool isRunning() const { return m_run != 0; }
  const Comparison& comparison() const { return m_comparison; }
  /// Shows a kept one.
  void show(const Comparison& comparison);

 signals:
  void progressed(const QString& label, qint64 done, qint64 total);
  void changed();                               ///< comparison() has new rows, or is another one
  void ended();
  void failed(const nibble::Error& error);      ///< the comparison as a whole; a row's own failure stands in the row

 private:
  struct Shared {
    std::mutex mutex;
    QVector<ComparisonRow> rows;
  };
  void takeRows();
  void finish();

  InferenceQueue& m_queue;
  ModelSession& m_session;
  ComparisonStore& m_store;
  Comparison m_comparison;
  std::shared_ptr<Shared> m_shared;
  RunId m_run = 0;
  bool m_jobDone = false;
  std::optional<LoadRequest> m_loadedBefore;  // given back at the end
};

}  // namespace nibble
