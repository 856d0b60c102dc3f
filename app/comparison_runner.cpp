#include "app/comparison_runner.h"

#include "app/comparison_job.h"
#include "app/model_session.h"

namespace nibble {

ComparisonRunner::ComparisonRunner(InferenceQueue& queue, ModelSession& session, ComparisonStore& store, QObject* parent)
    : QObject(parent), m_queue(queue), m_session(session), m_store(store) {
  connect(&queue, &InferenceQueue::jobProgressed, this, [this](RunId run, const JobProgress& progress) {
    if (run != m_run) return;
    takeRows();
    emit progressed(progress.label, progress.done, progress.total);
  });
  connect(&queue, &InferenceQueue::jobDone, this, [this](RunId run) {
    if (run == m_run) m_jobDone = true;
  });
  connect(&queue, &InferenceQueue::failed, this, [this](RunId run, const Error& error) {
    if (run == m_run && error.code != ErrorCode::cancelled) emit failed(error);
  });
  connect(&queue, &InferenceQueue::runEnded, this, [this](RunId run) {
    if (run == m_run) finish();
  });
}

void ComparisonRunner::start(const ComparisonRequest& request, const QString& title) {
  if (isRunning()) return;
  m_comparison = {};
  m_comparison.time = QDateTime::currentDateTime();
  m_comparison.id = m_comparison.time.toString(QStringLiteral("yyyyMMdd-HHmmss-zzz"));
  m_comparison.title = title;
  m_comparison.request = request;
  m_shared = std::make_shared<Shared>();
  m_jobDone = false;
  m_loadedBefore = m_session.state() == ModelSession::State::ready ? std::optional(m_session.request()) : std::nullopt;
  const auto shared = m_shared;
  m_run = m_queue.submit(makeComparisonJob(request, [shared](const ComparisonRow& row) {
    const std::lock_guard lock(shared->mutex);
    shared->rows.append(row);
  }));
  emit changed();
}

void ComparisonRunner::cancel() { m_queue.stop(m_run); }

void ComparisonRunner::show(const Comparison& comparison) {
  if (isRunning()) return;
  m_comparison = comparison;
  emit changed();
}

void ComparisonRunner::takeRows() {
  QVector<ComparisonRow> rows;
  {
    const std::lock_guard lock(m_shared->mutex);
    rows = m_shared->rows;
  }
  if (rows.size() == m_comparison.rows.size()) return;
  m_comparison.rows = rows;
  emit changed();
}

void ComparisonRunner::finish() {
  takeRows();
  m_run = 0;
  m_comparison.finished = m_jobDone;
  if (!m_comparison.rows.isEmpty()) {
    if (const auto saved = m_store.save(m_comparison); !saved) emit failed(saved.error());
  }
  if (m_loadedBefore) m_session.load(*m_loadedBefore);
  emit ended();
}

}  // namespace nibble
