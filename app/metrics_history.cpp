#include "app/metrics_history.h"

namespace nibble {

namespace {
constexpr double kSpans[kMetricsSpanCount] = {300, 1800, 21600, 86400};
constexpr double kSteps[kMetricsSpanCount] = {0.5, 3, 36, 144};
constexpr std::size_t kMaxEvents = 1000;

void add(MetricsSample& sum, const MetricsSample& sample) {
  for (int part = 0; part < kMemoryPartCount; ++part) sum.bytes[part] += sample.bytes[part];
  sum.decodeTokensPerSecond += sample.decodeTokensPerSecond;
  sum.prefillTokensPerSecond += sample.prefillTokensPerSecond;
  sum.gigabytesPerSecond += sample.gigabytesPerSecond;
}

MetricsSample average(const MetricsSample& sum, int count, double time) {
  MetricsSample mean = sum;
  mean.time = time;
  for (double& bytes : mean.bytes) bytes /= count;
  mean.decodeTokensPerSecond /= count;
  mean.prefillTokensPerSecond /= count;
  mean.gigabytesPerSecond /= count;
  return mean;
}
}  // namespace

MetricsHistory::MetricsHistory(QObject* parent) : QObject(parent) {
  for (int i = 0; i < kMetricsSpanCount; ++i) {
    m_rings[i].step = kSteps[i];
    m_rings[i].span = kSpans[i];
  }
}

double MetricsHistory::seconds(MetricsSpan span) { return kSpans[static_cast<int>(span)]; }

void MetricsHistory::addToRing(Ring& ring, const MetricsSample& sample) {
  if (sample.time < ring.begin) {  // the clock was set back: what now lies in the future would stop the ring
    while (!ring.samples.empty() && ring.samples.back().time >= sample.time) ring.samples.pop_back();
    ring.sum = {};
    ring.count = 0;
  }
  if (ring.count > 0 && sample.time - ring.begin >= ring.step) {
    ring.samples.push_back(average(ring.sum, ring.count, ring.begin));
    ring.sum = {};
    ring.count = 0;
    while (!ring.samples.empty() && ring.samples.front().time < sample.time - ring.span) ring.samples.pop_front();
  }
  if (ring.count == 0) ring.begin = sample.time;
  add(ring.sum, sample);
  ++ring.count;
}

void MetricsHistory::addSample(const MetricsSample& sample) {
  const auto& shortest = m_rings[0].samples;
  const double lastBefore = shortest.empty() ? 0 : shortest.back().time;
  for (Ring& ring : m_rings) addToRing(ring, sample);
  if (!shortest.empty() && shortest.back().time != lastBefore) emit sampleAdded();
}

void MetricsHistory::addEvent(const MetricsEvent& event) {
  m_events.push_back(event);
  while (m_events.size() > kMaxEvents) m_events.pop_front();
  emit eventAdded();
}

void MetricsHistory::setCapacity(double bytes, const QString& deviceName) {
  if (bytes == m_capacity && deviceName == m_deviceName) return;
  m_capacity = bytes;
  m_deviceName = deviceName;
  emit capacityChanged();
}

}  // namespace nibble
