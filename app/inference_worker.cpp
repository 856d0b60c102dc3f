#include "app/inference_worker.h"

#include <chrono>
#include <exception>

namespace nibble {

namespace {
/// Progress of loading and jobs comes by the thousand; people read a few a second.
class Throttle {
 public:
  bool due() {
    const auto now = std::chrono::steady_clock::now();
    if (now - m_last < std::chrono::milliseconds(33)) return false;
    m_last = now;
    return true;
  }

 private:
  std::chrono::steady_clock::time_point m_last{};
};
}  // namespace

InferenceWorker::InferenceWorker(Engine& engine, TokenBuffer& buffer) : m_engine(engine), m_buffer(buffer) {}

void InferenceWorker::guarded(RunId run, std::stop_token stop, const std::function<Result<void>()>& body) {
  emit started(run);
  Result<void> outcome;
  if (stop.stop_requested()) {
    outcome = fail(ErrorCode::cancelled, "stopped before it began");
  } else {
    try {
      outcome = body();
    } catch (const std::exception& exception) {
      outcome = fail(ErrorCode::failed, std::string("unexpected failure in the engine: ") + exception.what());
    } catch (...) {
      outcome = fail(ErrorCode::failed, "unexpected failure in the engine");
    }
  }
  if (!outcome) emit failed(run, outcome.error());
  emit ended(run, m_engine.info());
}

void InferenceWorker::load(RunId run, const LoadRequest& request, std::stop_token stop) {
  guarded(run, stop, [&]() -> Result<void> {
    Throttle throttle;
    LoadPhase phase = LoadPhase::ready;
    const auto sink = [&](const LoadProgress& progress) {
      if (progress.phase == phase && !throttle.due()) return;
      phase = progress.phase;
      emit loadProgressed(run, progress);
    };
    NIBBLE_TRY(const LoadReport report, m_engine.load(request, sink, stop));
    emit loaded(run, report, m_engine.info().value_or(ModelInfo{}));
    return {};
  });
}

void InferenceWorker::unload(RunId run) {
  guarded(run, {}, [&]() -> Result<void> {
    m_engine.unload();
    emit unloaded(run);
    return {};
  });
}

void InferenceWorker::generate(RunId run, const GenerateRequest& request, std::stop_token stop) {
  guarded(run, stop, [&]() -> Result<void> {
    Throttle throttle;
    const auto sink = [&](const GenerateEvent& event) {
      if (!event.prefill) return m_buffer.append(run, event, stop);
      if (throttle.due()) emit prefillProgressed(run, event.promptDone, event.promptTokens);
    };
    NIBBLE_TRY(const GenerateResult result, m_engine.generate(request, sink, stop));
    emit generated(run, result);
    return {};
  });
}

void InferenceWorker::render(RunId run, const std::vector<ChatTurn>& turns) {
  guarded(run, {}, [&]() -> Result<void> {
    NIBBLE_TRY(const RenderedPrompt prompt, m_engine.render(turns));
    emit rendered(run, prompt);
    return {};
  });
}

void InferenceWorker::work(RunId run, const EngineJob& job, std::stop_token stop) {
  guarded(run, stop, [&]() -> Result<void> {
    Throttle throttle;
    QString label;
    const auto sink = [&](const JobProgress& progress) {
      if (progress.label == label && !throttle.due()) return;
      label = progress.label;
      emit jobProgressed(run, progress);
    };
    NIBBLE_CHECK(job(m_engine, sink, stop));
    emit jobDone(run);
    return {};
  });
}

}  // namespace nibble
