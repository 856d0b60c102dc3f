// What the monitor shows, as numbers: memory by part, tokens a second, GB/s and events over time, in averaging rings that
// reach back a day in a few thousand samples. Lives on the GUI thread; the pixels are in ui/.
#pragma once
#include <QDateTime>
#include <QObject>
#include <QTimer>
#include <array>
#include <deque>
#include <vector>

#include "app/inference_queue.h"

namespace nibble {

/// Bytes by part, in the order they are stacked in the chart.
enum class MemoryPart : int { weights, kvCache, workspace, deviceContext, others, free };
constexpr int kMemoryPartCount = 6;

struct MetricsSample {
  double time = 0;                                    ///< seconds since the epoch
  std::array<double, kMemoryPartCount> bytes{};       ///< indexed by MemoryPart
  double decodeTokensPerSecond = 0;                   ///< 0 while nothing is decoded
  double prefillTokensPerSecond = 0;
  double gigabytesPerSecond = 0;                      ///< weight bytes read for decoded tokens
};

enum class MetricsEventKind : int { loadStarted, loaded, unloaded, firstToken, outOfMemory, failed };
struct MetricsEvent {
  double time = 0;
  MetricsEventKind kind = MetricsEventKind::loaded;
  QString text;                                       ///< model name or technical detail; plain text
};

/// How far back a ring reaches; each holds about 600 samples, averaged.
enum class MetricsSpan : int { fiveMinutes, thirtyMinutes, sixHours, day };
constexpr int kMetricsSpanCount = 4;

class MetricsHistory : public QObject {
  Q_OBJECT
 public:
  explicit MetricsHistory(QObject* parent = nullptr);

  void addSample(const MetricsSample& sample);
  void addEvent(const MetricsEvent& event);
  /// The device's whole memory: the chart's capacity line. 0: unknown.
  void setCapacity(double bytes, const QString& deviceName);

  static double seconds(MetricsSpan span);
  const std::deque<MetricsSample>& samples(MetricsSpan span) const { return m_rings[static_cast<int>(span)].samples; }
  const std::deque<MetricsEvent>& events() const { return m_events; }
  double capacity() const { return m_capacity; }
  const QString& deviceName() const { return m_deviceName; }

 signals:
  void sampleAdded();           ///< the five-minute ring has a new last sample
  void eventAdded();
  void capacityChanged();

 private:
  struct Ring {
    double step = 0;            // seconds a stored sample stands for
    double span = 0;
    std::deque<MetricsSample> samples;
    MetricsSample sum;          // of the samples not yet stored
    int count = 0;
    double begin = 0;
  };
  static void addToRing(Ring& ring, const MetricsSample& sample);

  std::array<Ring, kMetricsSpanCount> m_rings;
  std::deque<MetricsEvent> m_events;
  double m_capacity = 0;
  QString m_deviceName;
};

/// Reads the engine's statistics five times a second and writes samples and events into the history.
class MetricsSampler : public QObject {
  Q_OBJECT
 public:
  MetricsSampler(InferenceQueue& queue, MetricsHistory& history, QObject* parent = nullptr);
  /// The device that is watched while no model is loaded.
  void setIdleDevice(const DeviceInfo& device);

 private:
  void sample();
  void watchEvents();

  InferenceQueue& m_queue;
  MetricsHistory& m_history;
  QTimer m_timer;
  DeviceInfo m_idleDevice;
  EngineStatistics m_before;
  double m_beforeTime = 0;
  RunId m_firstTokenRun = 0;
};

}  // namespace nibble
