// The window's side of inference: takes requests, numbers them, runs them one after the other on the worker thread and
// tells what became of them. Lives on the GUI thread; no call waits. Text arrives at most about 30 times a second.
#pragma once
#include <QObject>
#include <QStringDecoder>
#include <QThread>
#include <QTimer>
#include <QElapsedTimer>
#include <map>
#include <memory>
#include <stop_token>

#include "app/engine_door.h"
#include "app/inference_worker.h"

namespace nibble {

class InferenceQueue : public QObject {
  Q_OBJECT
 public:
  explicit InferenceQueue(const EngineDoor& door, QObject* parent = nullptr);
  ~InferenceQueue() override;  ///< stops every run and waits for the worker

  // Each returns at once with the run's id; signals with that id follow, runEnded always last.
  RunId load(const LoadRequest& request);
  RunId unload();
  RunId generate(const GenerateRequest& request);
  RunId render(const std::vector<ChatTurn>& turns);
  RunId submit(EngineJob job);  ///< comparison, evaluation: any work with the engine

  void stop(RunId run);  ///< the run ends with ErrorCode::cancelled or a result that says cancelled; unknown ids are ignored
  void stopAll();
  bool busy() const { return !m_stops.empty(); }
  bool isPending(RunId run) const { return m_stops.contains(run); }

  /// What is loaded, as of the last finished run.
  const std::optional<ModelInfo>& model() const { return m_model; }
  /// A snapshot for charts, from any thread.
  EngineStatistics statistics() const { return m_engine->statistics(); }

 signals:
  void runStarted(nibble::RunId run);
  void loadProgressed(nibble::RunId run, const nibble::LoadProgress& progress);
  void loaded(nibble::RunId run, const nibble::LoadReport& report, const nibble::ModelInfo& info);
  void unloaded(nibble::RunId run);
  void prefillProgressed(nibble::RunId run, qint64 done, qint64 total);
  void textArrived(nibble::RunId run, const QString& text, const nibble::GenerateEvent& last);
  void generated(nibble::RunId run, const nibble::GenerateResult& result);
  void rendered(nibble::RunId run, const nibble::RenderedPrompt& prompt);
  void jobProgressed(nibble::RunId run, const nibble::JobProgress& progress);
  void jobDone(nibble::RunId run);
  void failed(nibble::RunId run, const nibble::Error& error);
  void runEnded(nibble::RunId run);
  void modelChanged();          ///< model() is another one, or none
  void busyChanged(bool busy);

 private:
  void connectWorker();
  std::pair<RunId, std::stop_token> enlist();
  void post(std::function<void()> call);
  void scheduleDrain();
  void drain();
  void setModel(std::optional<ModelInfo> model);
  void end(RunId run, const std::optional<ModelInfo>& model);

  std::unique_ptr<Engine> m_engine;
  TokenBuffer m_buffer;
  QThread m_thread;
  InferenceWorker* m_worker = nullptr;
  std::map<RunId, std::stop_source> m_stops;  // waiting and running
  RunId m_lastRun = 0;
  std::optional<ModelInfo> m_model;
  QTimer m_drainTimer;
  QElapsedTimer m_sinceDrain;
  QStringDecoder m_decoder;
  RunId m_decoderRun = 0;
};

}  // namespace nibble
