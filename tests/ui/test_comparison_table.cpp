#include <QAbstractItemModelTester>
#include <QFont>
#include <QtTest>

#include "ui/compare/comparison_table_model.h"

using namespace nibble;

class TestComparisonTable : public QObject {
  Q_OBJECT
 private slots:
  void marksTheBestOfEachColumn() {
    ComparisonTableModel model;
    QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
    ComparisonRow q8, q4, broken;
    q8.entry.label = "8-bit";
    q8.measuredBytes = 200;
    q8.answers = {{"x", 20, 0, 0.2, 1}};
    q8.quality = ComparisonQuality{10, 0.99, 0.001, 0.01, 0.98, 100, {}};
    q4 = q8;
    q4.entry.label = "4-bit";
    q4.measuredBytes = 100;
    q4.answers[0].decodeTokensPerSecond = 30;
    q4.quality->klMean = 0.04;
    broken.entry.label = "f32";
    broken.error = "not enough memory";
    model.setRows({q8, q4, broken});
    const auto bold = [&](int row, int column) { return model.index(row, column).data(Qt::FontRole).value<QFont>().bold(); };
    QVERIFY(bold(1, ComparisonTableModel::Measured) && !bold(0, ComparisonTableModel::Measured));
    QVERIFY(bold(1, ComparisonTableModel::Decode) && !bold(0, ComparisonTableModel::Decode));
    QVERIFY(bold(0, ComparisonTableModel::KlMean) && !bold(1, ComparisonTableModel::KlMean));
    QCOMPARE(model.index(2, ComparisonTableModel::Measured).data().toString(), QStringLiteral("–"));
    QCOMPARE(model.index(2, 0).data(Qt::ToolTipRole).toString(), QStringLiteral("not enough memory"));
    for (int column = 0; column < model.columnCount(); ++column) QVERIFY(!model.headerData(column, Qt::Horizontal, Qt::ToolTipRole).toString().isEmpty());
  }
};

QTEST_MAIN(TestComparisonTable)
#include "test_comparison_table.moc"
