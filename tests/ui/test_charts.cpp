#include <QAbstractItemView>
#include <QSvgRenderer>
#include <QtTest>

#include "tests/support/scripted_dialogs.h"
#include "ui/charts/curve_chart.h"
#include "ui/charts/scatter_chart.h"
#include "ui/charts/qcustomplot_include.h"
#include "ui/charts/time_chart.h"

using namespace nibble;

class TestCharts : public QObject {
  Q_OBJECT
  test::ScriptedDialogs m_dialogs;
  QTemporaryDir m_folder;

 private slots:
  void stackedAreasGiveBackEachPart() {
    TimeChart chart("memory", TimeChart::Kind::stackedAreas, TimeChart::Unit::bytes, m_dialogs);
    chart.setSeries({"weights", "KV cache"});
    chart.append(1000, {100, 20});
    chart.append(1001, {100, 30});
    const ChartTable table = chart.table();
    QCOMPARE(table.columns.mid(1), (QStringList{"weights", "KV cache"}));
    QCOMPARE(table.rows.size(), 2);
    QCOMPARE(table.rows[1].mid(1), (QStringList{"100", "30"}));
  }

  /// No numbers at the axes before there are any, nor after they are gone.
  void anEmptyChartMakesUpNoNumbers() {
    TimeChart chart("memory", TimeChart::Kind::stackedAreas, TimeChart::Unit::bytes, m_dialogs);
    chart.setSeries({"weights"});
    const auto* plot = chart.findChild<QCustomPlot*>("memoryPlot");
    QVERIFY(plot);
    const auto numbered = [&] { return plot->xAxis->tickLabels() && plot->yAxis->tickLabels(); };
    QVERIFY(!numbered());
    chart.append(1000, {100});
    QVERIFY(numbered());
    chart.reset({}, {{}});
    QVERIFY(!plot->xAxis->tickLabels() && !plot->yAxis->tickLabels());
  }

  void oldSamplesLeave() {
    TimeChart chart("speed", TimeChart::Kind::lines, TimeChart::Unit::perSecond, m_dialogs);
    chart.setSeries({"decode"});
    chart.setSpan(10);
    for (int second = 0; second < 100; ++second) chart.append(1000 + second, {double(second)});
    QVERIFY(chart.table().rows.size() <= 12);
    QCOMPARE(chart.table().rows.last()[1], QStringLiteral("99.00"));
  }

  void anotherSpanReplacesEverything() {
    TimeChart chart("speed", TimeChart::Kind::lines, TimeChart::Unit::perSecond, m_dialogs);
    chart.setSeries({"decode", "prefill"});
    chart.setOnRightAxis(1);
    chart.append(5, {1, 2});
    chart.reset({1, 2, 3}, {{10, 20, 30}, {1, 2, 3}});
    QCOMPARE(chart.table().rows.size(), 3);
    QCOMPARE(chart.table().rows[2].mid(1), (QStringList{"30.00", "3.00"}));
  }

  void newNamesKeepTheSamples() {
    TimeChart chart("speed", TimeChart::Kind::lines, TimeChart::Unit::perSecond, m_dialogs);
    chart.setSeries({"decode"});
    chart.append(5, {1});
    chart.setSeries({QStringLiteral("解码")});
    QCOMPARE(chart.table().rows.size(), 1);
    QCOMPARE(chart.table().columns[1], QStringLiteral("解码"));
  }

  void csvQuotesWhatNeedsIt() {
    ScatterChart chart("scatter", m_dialogs);
    chart.setAxisNames("memory", "KL, nats", "tok/s");
    chart.setPoints({{"a \"b\"", 1024, 0.5, 10}});
    QCOMPARE(chart.csv(), QStringLiteral("name,memory,\"KL, nats\",tok/s\n\"a \"\"b\"\"\",1024,0.5,10.00\n"));
  }

  void relativeErrorUsesSharedSteps() {
    CurveChart chart("loss", m_dialogs);
    chart.setAxisNames("step", "loss");
    chart.setRelativeError(true);
    chart.setCurves({{"a", {1, 2, 3}, {2, 4, 0}}, {"b", {2, 3, 4}, {5, 1, 1}}});
    const ChartTable table = chart.table();
    QCOMPARE(table.rows.size(), 7);  // six points, and one shared step whose first loss is not zero
    QCOMPARE(table.rows.last().mid(1), (QStringList{"2", "25"}));
    chart.setRelativeError(false);
    QCOMPARE(chart.table().rows.size(), 6);
  }

  void picturesAreWritten() {
    ScatterChart chart("scatter", m_dialogs);
    chart.setPoints({{"q4", 1e9, 0.05, 40}, {"q8", 2e9, 0.001, 30}});
    QVERIFY(chart.savePng(m_folder.filePath("chart.png"), 600, 300));
    const QImage image(m_folder.filePath("chart.png"));
    QCOMPARE(image.size(), QSize(1200, 600));
    QVERIFY(chart.saveSvg(m_folder.filePath("chart.svg"), 600, 300));
    QSvgRenderer renderer(m_folder.filePath("chart.svg"));
    QVERIFY(renderer.isValid());
    QCOMPARE(renderer.viewBox(), QRect(0, 0, 600, 300));
  }

  void aPathThatCannotBeWrittenIsSaid() {
    ScatterChart chart("scatter", m_dialogs);
    m_dialogs.target = QStringLiteral("/proc/nowhere/chart");
    m_dialogs.asked.clear();
    chart.saveAs(false);
    QCOMPARE(m_dialogs.asked.size(), 2);
    QVERIFY(m_dialogs.asked.last().contains("/proc/nowhere/chart.png"));
  }

  void theTableTwinCanBeOpened() {
    ScatterChart chart("scatter", m_dialogs);
    chart.setPoints({{"q4", 1e9, 0.05, 40}});
    chart.showTable();
    auto* dialog = chart.findChild<QWidget*>("chartTableDialog");
    QVERIFY(dialog && dialog->isVisible());
    QVERIFY(dialog->findChild<QAbstractItemView*>("chartTable")->model()->rowCount() == 1);
  }
};

QTEST_MAIN(TestCharts)
#include "test_charts.moc"
