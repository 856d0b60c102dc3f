// MetricsSampler: differences of the engine's monotone counters become rates; the plan's parts become the stack.
#include "app/metrics_history.h"

namespace nibble {

namespace {
double now() { return static_cast<double>(QDateTime::currentMSecsSinceEpoch()) / 1000.0; }

void fillMemory(MetricsSample& sample, const MemoryPlan& plan, double capacity, double free) {
  auto at = [&](MemoryPart part) -> double& { return sample.bytes[static_cast<int>(part)]; };
  double own = 0;
  for (const PlanPart& part : plan.parts) {
    if (part.device != plan.device) continue;
    const double bytes = static_cast<double>(part.bytes);
    own += bytes;
    switch (part.kind) {
      case PartKind::weights: case PartKind::head: case PartKind::embedding: at(MemoryPart::weights) += bytes; break;
      case PartKind::kvCache: at(MemoryPart::kvCache) += bytes; break;
      case PartKind::workspace: case PartKind::staging: at(MemoryPart::workspace) += bytes; break;
      case PartKind::deviceContext: at(MemoryPart::deviceContext) += bytes; break;
    }
  }
  at(MemoryPart::free) = free;
  at(MemoryPart::others) = std::max(0.0, capacity - free - own);
}
}  // namespace

MetricsSampler::MetricsSampler(InferenceQueue& queue, MetricsHistory& history, QObject* parent)
    : QObject(parent), m_queue(queue), m_history(history) {
  watchEvents();
  m_timer.setInterval(200);
  connect(&m_timer, &QTimer::timeout, this, &MetricsSampler::sample);
  m_timer.start();
}

void MetricsSampler::setIdleDevice(const DeviceInfo& device) { m_idleDevice = device; }

void MetricsSampler::sample() {
  const EngineStatistics statistics = m_queue.statistics();
  MetricsSample sample;
  sample.time = now();
  const auto& model = m_queue.model();
  const DeviceInfo& device = statistics.loaded && model ? model->device : m_idleDevice;
  const double capacity = static_cast<double>(device.totalBytes);
  const double free = static_cast<double>(statistics.loaded ? statistics.backend.deviceFreeBytes : m_idleDevice.freeBytes);
  m_history.setCapacity(capacity, QString::fromStdString(device.name));
  fillMemory(sample, statistics.loaded ? statistics.plan : MemoryPlan{}, capacity, free);

  const double seconds = sample.time - m_beforeTime;
  const auto difference = [](auto after, auto before) { return after > before ? static_cast<double>(after - before) : 0.0; };
  if (m_beforeTime > 0 && seconds > 0) {
    // Tokens over the time spent on them, not over the wall clock: the speed, undiluted by idle time within the interval.
    const double decoding = difference(statistics.decodeSeconds, m_before.decodeSeconds);
    const double filling = difference(statistics.prefillSeconds, m_before.prefillSeconds);
    const double tokens = difference(statistics.totalNewTokens, m_before.totalNewTokens);
    if (tokens > 0) sample.decodeTokensPerSecond = tokens / (decoding > 0 ? decoding : seconds);
    const double promptTokens = difference(statistics.totalPromptTokens, m_before.totalPromptTokens);
    if (promptTokens > 0) sample.prefillTokensPerSecond = promptTokens / (filling > 0 ? filling : seconds);
    sample.gigabytesPerSecond = sample.decodeTokensPerSecond * static_cast<double>(statistics.backend.bytesPerToken) / 1e9;
  }
  m_before = statistics;
  m_beforeTime = sample.time;
  m_history.addSample(sample);
}

void MetricsSampler::watchEvents() {
  const auto add = [this](MetricsEventKind kind, const QString& text) { m_history.addEvent({now(), kind, text}); };
  connect(&m_queue, &InferenceQueue::loaded, this, [add](RunId, const LoadReport&, const ModelInfo& info) {
    add(MetricsEventKind::loaded, QString::fromStdString(info.name));
  });
  connect(&m_queue, &InferenceQueue::unloaded, this, [add](RunId) { add(MetricsEventKind::unloaded, {}); });
  connect(&m_queue, &InferenceQueue::textArrived, this, [this, add](RunId run) {
    if (run != m_firstTokenRun) add(MetricsEventKind::firstToken, {});
    m_firstTokenRun = run;
  });
  connect(&m_queue, &InferenceQueue::failed, this, [add](RunId, const Error& error) {
    if (error.code == ErrorCode::cancelled) return;
    const auto kind = error.code == ErrorCode::outOfMemory ? MetricsEventKind::outOfMemory : MetricsEventKind::failed;
    add(kind, QString::fromStdString(error.detail));
  });
}

}  // namespace nibble
