#include <QComboBox>
#include <QLabel>
#include <QDockWidget>
#include <QToolButton>
#include <QtTest>

#include "app/metrics_history.h"
#include "tests/support/window_fixture.h"
#include "ui/charts/time_chart.h"

using namespace nibble;

class TestMonitorPanel : public QObject {
  Q_OBJECT
  std::unique_ptr<test::WindowFixture> m_fixture;

  MetricsHistory& history() { return m_fixture->context->metrics(); }
  int drawn() { return static_cast<int>(m_fixture->find<TimeChart>("memoryChart")->table().rows.size()); }
  static MetricsSample sampleAt(double time, double weights) {
    MetricsSample sample;
    sample.time = time;
    sample.bytes[static_cast<std::size_t>(MemoryPart::weights)] = weights;
    sample.bytes[static_cast<std::size_t>(MemoryPart::free)] = 4e9;
    sample.decodeTokensPerSecond = 41;
    sample.prefillTokensPerSecond = 2900;
    return sample;
  }
  double m_time = static_cast<double>(QDateTime::currentSecsSinceEpoch()) + 1000;

 private slots:
  void init() { m_fixture = std::make_unique<test::WindowFixture>(); }
  void cleanup() { m_fixture.reset(); }

  void samplesAppearAndAreNamed() {
    for (int i = 0; i < 20; ++i) history().addSample(sampleAt(m_time += 1, 1e9));
    QTRY_VERIFY(drawn() >= 10);
    QVERIFY2(m_fixture->find<QLabel>("memoryCaption")->text().contains("weights"), qPrintable(m_fixture->find<QLabel>("memoryCaption")->text()));
    QVERIFY(m_fixture->find<QLabel>("speedCaption")->text().contains("41.0"));
  }

  void aPauseKeepsTheCaption() {
    history().addSample(sampleAt(m_time += 1, 1e9));
    m_fixture->find<QToolButton>("monitorPause")->click();
    QVERIFY(m_fixture->find<TimeChart>("memoryChart")->isPaused());
    const QString before = m_fixture->find<QLabel>("memoryCaption")->text();
    history().addSample(sampleAt(m_time += 1, 3e9));
    QCOMPARE(m_fixture->find<QLabel>("memoryCaption")->text(), before);
    m_fixture->find<QToolButton>("monitorPause")->click();
    history().addSample(sampleAt(m_time += 1, 3e9));
    QVERIFY(m_fixture->find<QLabel>("memoryCaption")->text() != before);
  }

  void aHiddenMonitorDoesNothingAndCatchesUp() {
    m_fixture->window->dock("monitor")->hide();
    const int before = drawn();
    for (int i = 0; i < 50; ++i) history().addSample(sampleAt(m_time += 1, 1e9));
    QCOMPARE(drawn(), before);
    m_fixture->window->dock("monitor")->show();
    QTRY_VERIFY(drawn() > before + 20);
  }

  void longSpansAreAveraged() {
    for (int i = 0; i < 2000; ++i) history().addSample(sampleAt(m_time += 2, 1e9));
    m_fixture->find<QComboBox>("monitorSpan")->setCurrentIndex(2);
    QTRY_VERIFY(drawn() > 20);
    QVERIFY(drawn() < 700);
  }
};

QTEST_MAIN(TestMonitorPanel)
#include "test_monitor_panel.moc"
