// What the monitor remembers: averages over five minutes to a day, in a bounded number of samples.
#include <QFile>
#include <QSignalSpy>
#include <QtTest>
#include <cmath>

#include "app/metrics_history.h"

using namespace nibble;

namespace {
constexpr double kStart = 1.8e9;
constexpr double kPerSecond = 5;

MetricsSample at(double time, double value) {
  MetricsSample sample;
  sample.time = time;
  sample.bytes.fill(value);
  sample.decodeTokensPerSecond = value;
  sample.prefillTokensPerSecond = 2 * value;
  sample.gigabytesPerSecond = 3 * value;
  return sample;
}

/// As the sampler would in `hours`; the value is a function of the time.
template <typename Value>
void run(MetricsHistory& history, double from, double hours, Value value) {
  const auto count = static_cast<qint64>(hours * 3600 * kPerSecond);
  for (qint64 i = 0; i < count; ++i) {
    const double time = from + static_cast<double>(i) / kPerSecond;
    history.addSample(at(time, value(time - kStart)));
  }
}

std::size_t stored(const MetricsHistory& history) {
  std::size_t count = history.events().size();
  for (int span = 0; span < kMetricsSpanCount; ++span) count += history.samples(static_cast<MetricsSpan>(span)).size();
  return count;
}

qint64 residentKib() {
  QFile status("/proc/self/status");
  if (!status.open(QIODevice::ReadOnly)) return 0;
  const QList<QByteArray> lines = status.readAll().split('\n');
  for (const QByteArray& line : lines) {
    if (line.startsWith("VmRSS:")) return line.mid(6).trimmed().split(' ').first().toLongLong();
  }
  return 0;
}
}  // namespace

class TestMetricsHistory : public QObject {
  Q_OBJECT
 private slots:
  void ringsAverageADay() {
    MetricsHistory history;
    // A ramp: the mean of a stored sample's interval is known exactly.
    run(history, kStart, 24, [](double t) { return t; });
    for (int i = 0; i < kMetricsSpanCount; ++i) {
      const auto span = static_cast<MetricsSpan>(i);
      const auto& samples = history.samples(span);
      const double seconds = MetricsHistory::seconds(span);
      // Five a second do not divide half a second: there a stored sample stands for 0.6 s.
      QVERIFY2(samples.size() >= 495 && samples.size() <= 605, qPrintable(QString("span %1: %2 samples").arg(i).arg(samples.size())));
      const double step = seconds / 600;
      for (std::size_t k = 0; k < samples.size(); ++k) {
        const double begin = samples[k].time - kStart;
        // From its begin, the samples of one step, a fifth of a second apart (the last may fall on the next one's begin).
        QVERIFY2(std::abs(samples[k].decodeTokensPerSecond - (begin + step / 2)) <= 0.25, qPrintable(QString("span %1 at %2").arg(i).arg(begin)));
        QCOMPARE(samples[k].prefillTokensPerSecond, 2 * samples[k].decodeTokensPerSecond);
        QCOMPARE(samples[k].bytes[3], samples[k].decodeTokensPerSecond);
        if (k > 0) QVERIFY(samples[k].time > samples[k - 1].time);
      }
      const double last = kStart + 24 * 3600;
      QVERIFY(samples.back().time > last - 2 * step - 1);
      QVERIFY(samples.front().time >= last - seconds - step - 1);
      QVERIFY(samples.front().time <= last - seconds + 2 * step + 1);
    }
  }

  void doesNotGrow() {
    MetricsHistory history;
    run(history, kStart, 24, [](double t) { return t; });
    for (int i = 0; i < 5000; ++i) history.addEvent({kStart + i, MetricsEventKind::firstToken, "event"});
    const std::size_t samples = stored(history);
    const qint64 memory = residentKib();
    run(history, kStart + 24 * 3600, 48, [](double t) { return t; });
    for (int i = 0; i < 5000; ++i) history.addEvent({kStart + i, MetricsEventKind::firstToken, "event"});
    QVERIFY(stored(history) <= samples + kMetricsSpanCount);
    QVERIFY(history.events().size() <= 1000);
    qInfo("after 24 h: %zu samples and events, %lld KiB resident; after 72 h: %zu, %lld KiB", samples, memory, stored(history), residentKib());
#ifdef __SANITIZE_ADDRESS__
    constexpr qint64 kKept = 128 << 10;  // it holds freed memory back
#else
    constexpr qint64 kKept = 1 << 10;
#endif
    QVERIFY(residentKib() - memory < kKept);
  }

  void aGapStaysAGap() {  // the machine slept
    MetricsHistory history;
    run(history, kStart, 0.05, [](double) { return 1.0; });
    run(history, kStart + 7200, 0.05, [](double) { return 3.0; });
    const auto& samples = history.samples(MetricsSpan::sixHours);
    for (const MetricsSample& sample : samples) QVERIFY(sample.decodeTokensPerSecond == 1.0 || sample.decodeTokensPerSecond == 3.0);
    QVERIFY(history.samples(MetricsSpan::fiveMinutes).front().time >= kStart + 7200 - 300);
  }

  void aClockSetBackDoesNotStopIt() {
    MetricsHistory history;
    run(history, kStart, 1, [](double) { return 1.0; });
    run(history, kStart - 1800, 0.25, [](double) { return 2.0; });
    for (int i = 0; i < kMetricsSpanCount; ++i) {
      const auto& samples = history.samples(static_cast<MetricsSpan>(i));
      QVERIFY(!samples.empty());
      QVERIFY(samples.back().time < kStart);
      QCOMPARE(samples.back().decodeTokensPerSecond, 2.0);
      for (std::size_t k = 1; k < samples.size(); ++k) QVERIFY(samples[k].time > samples[k - 1].time);
    }
  }

  void tellsOncePerStoredSample() {
    MetricsHistory history;
    QSignalSpy added(&history, &MetricsHistory::sampleAdded);
    run(history, kStart, 60.0 / 3600, [](double) { return 1.0; });
    QCOMPARE(static_cast<std::size_t>(added.count()), history.samples(MetricsSpan::fiveMinutes).size());
    QVERIFY(added.count() >= 95 && added.count() <= 120);
    QSignalSpy capacity(&history, &MetricsHistory::capacityChanged);
    history.setCapacity(8e9, "card");
    history.setCapacity(8e9, "card");
    QCOMPARE(capacity.count(), 1);
  }
};

QTEST_GUILESS_MAIN(TestMetricsHistory)
#include "test_metrics_history.moc"
