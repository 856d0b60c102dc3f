#include "app/inference_queue.h"

namespace nibble {

namespace {
constexpr int kDrainIntervalMs = 33;
}

InferenceQueue::InferenceQueue(const EngineDoor& door, QObject* parent)
    : QObject(parent),
      m_engine(door.makeEngine()),
      m_buffer([this] { QMetaObject::invokeMethod(this, &InferenceQueue::scheduleDrain, Qt::QueuedConnection); }),
      m_decoder(QStringDecoder::Utf8) {
  qRegisterMetaType<nibble::RunId>("nibble::RunId");
  m_worker = new InferenceWorker(*m_engine, m_buffer);
  m_worker->moveToThread(&m_thread);
  connect(&m_thread, &QThread::finished, m_worker, &QObject::deleteLater);
  connectWorker();
  m_drainTimer.setSingleShot(true);
  connect(&m_drainTimer, &QTimer::timeout, this, &InferenceQueue::drain);
  m_sinceDrain.start();
  m_thread.setObjectName("inference");
  m_thread.start();
}

InferenceQueue::~InferenceQueue() {
  stopAll();
  m_thread.quit();
  m_thread.wait();
}

void InferenceQueue::connectWorker() {
  connect(m_worker, &InferenceWorker::started, this, &InferenceQueue::runStarted);
  connect(m_worker, &InferenceWorker::loadProgressed, this, &InferenceQueue::loadProgressed);
  connect(m_worker, &InferenceWorker::loaded, this, [this](RunId run, const LoadReport& report, const ModelInfo& info) {
    setModel(info);
    emit loaded(run, report, info);
  });
  connect(m_worker, &InferenceWorker::unloaded, this, [this](RunId run) {
    setModel({});
    emit unloaded(run);
  });
  connect(m_worker, &InferenceWorker::prefillProgressed, this, &InferenceQueue::prefillProgressed);
  connect(m_worker, &InferenceWorker::generated, this, [this](RunId run, const GenerateResult& result) {
    drain();  // what is still buffered belongs before the end
    emit generated(run, result);
  });
  connect(m_worker, &InferenceWorker::rendered, this, &InferenceQueue::rendered);
  connect(m_worker, &InferenceWorker::jobProgressed, this, &InferenceQueue::jobProgressed);
  connect(m_worker, &InferenceWorker::jobDone, this, &InferenceQueue::jobDone);
  connect(m_worker, &InferenceWorker::failed, this, [this](RunId run, const Error& error) {
    drain();
    emit failed(run, error);
  });
  connect(m_worker, &InferenceWorker::ended, this, &InferenceQueue::end);
}

std::pair<RunId, std::stop_token> InferenceQueue::enlist() {
  const bool wasBusy = busy();
  const RunId run = ++m_lastRun;
  const auto token = m_stops[run].get_token();
  if (!wasBusy) emit busyChanged(true);
  return {run, token};
}

void InferenceQueue::post(std::function<void()> call) {
  QMetaObject::invokeMethod(m_worker, std::move(call), Qt::QueuedConnection);
}

RunId InferenceQueue::load(const LoadRequest& request) {
  const auto [run, stop] = enlist();
  post([worker = m_worker, run = run, request, stop = stop] { worker->load(run, request, stop); });
  return run;
}

RunId InferenceQueue::unload() {
  const auto [run, stop] = enlist();
  post([worker = m_worker, run = run] { worker->unload(run); });
  return run;
}

RunId InferenceQueue::generate(const GenerateRequest& request) {
  const auto [run, stop] = enlist();
  post([worker = m_worker, run = run, request, stop = stop] { worker->generate(run, request, stop); });
  return run;
}

RunId InferenceQueue::render(const std::vector<ChatTurn>& turns) {
  const auto [run, stop] = enlist();
  post([worker = m_worker, run = run, turns] { worker->render(run, turns); });
  return run;
}

RunId InferenceQueue::submit(EngineJob job) {
  const auto [run, stop] = enlist();
  post([worker = m_worker, run = run, job = std::move(job), stop = stop] { worker->work(run, job, stop); });
  return run;
}

void InferenceQueue::stop(RunId run) {
  if (const auto found = m_stops.find(run); found != m_stops.end()) found->second.request_stop();
}

void InferenceQueue::stopAll() {
  for (auto& [run, source] : m_stops) source.request_stop();
}

void InferenceQueue::scheduleDrain() {
  const qint64 wait = kDrainIntervalMs - m_sinceDrain.elapsed();
  if (wait <= 0) return drain();
  if (!m_drainTimer.isActive()) m_drainTimer.start(static_cast<int>(wait));
}

void InferenceQueue::drain() {
  m_drainTimer.stop();
  m_sinceDrain.restart();
  const TokenBuffer::Drained drained = m_buffer.drain();
  if (drained.tokens == 0) return;
  if (drained.run != m_decoderRun) {
    m_decoder.resetState();
    m_decoderRun = drained.run;
  }
  const QString text = m_decoder.decode(QByteArrayView(drained.bytes.data(), static_cast<qsizetype>(drained.bytes.size())));
  emit textArrived(drained.run, text, drained.last);
}

void InferenceQueue::setModel(std::optional<ModelInfo> model) {
  const auto same = [](const ModelInfo& a, const ModelInfo& b) {
    return a.path == b.path && a.recipe == b.recipe && a.kv == b.kv && a.context == b.context && a.device.id == b.device.id;
  };
  const bool unchanged = m_model.has_value() == model.has_value() && (!model || same(*m_model, *model));
  m_model = std::move(model);
  if (!unchanged) emit modelChanged();
}

void InferenceQueue::end(RunId run, const std::optional<ModelInfo>& model) {
  setModel(model);
  m_stops.erase(run);
  emit runEnded(run);
  if (!busy()) emit busyChanged(false);
}

}  // namespace nibble
