// Drives the engine on the worker thread. Parentless, owned by InferenceQueue, which alone talks to it; everybody else
// uses the queue. It takes requests as values and emits values; stopping is a stop token, never a slot.
#pragma once
#include <QObject>
#include <functional>
#include <memory>
#include <stop_token>

#include "app/engine_types.h"
#include "app/token_buffer.h"

namespace nibble {

using JobSink = std::function<void(const JobProgress&)>;
/// Work of one's own on the worker thread, with the engine at hand. What it finds out it keeps in what it captured.
using EngineJob = std::function<Result<void>(Engine& engine, const JobSink& progress, std::stop_token stop)>;

class InferenceWorker : public QObject {
  Q_OBJECT
 public:
  /// `engine` outlives the worker. Text goes through `buffer`, which asks for a drain when it has some.
  InferenceWorker(Engine& engine, TokenBuffer& buffer);

  void load(RunId run, const LoadRequest& request, std::stop_token stop);
  void unload(RunId run);
  void generate(RunId run, const GenerateRequest& request, std::stop_token stop);
  void render(RunId run, const std::vector<ChatTurn>& turns);
  void work(RunId run, const EngineJob& job, std::stop_token stop);

 signals:
  void started(nibble::RunId run);
  void loadProgressed(nibble::RunId run, const nibble::LoadProgress& progress);
  void loaded(nibble::RunId run, const nibble::LoadReport& report, const nibble::ModelInfo& info);
  void unloaded(nibble::RunId run);
  void prefillProgressed(nibble::RunId run, qint64 done, qint64 total);
  void generated(nibble::RunId run, const nibble::GenerateResult& result);
  void rendered(nibble::RunId run, const nibble::RenderedPrompt& prompt);
  void jobProgressed(nibble::RunId run, const nibble::JobProgress& progress);
  void jobDone(nibble::RunId run);
  void failed(nibble::RunId run, const nibble::Error& error);
  void ended(nibble::RunId run, const std::optional<nibble::ModelInfo>& model);  ///< what is loaded now

 private:
  /// Runs `body` between started and ended; an error or an exception becomes failed.
  void guarded(RunId run, std::stop_token stop, const std::function<Result<void>()>& body);

  Engine& m_engine;
  TokenBuffer& m_buffer;
};

}  // namespace nibble
