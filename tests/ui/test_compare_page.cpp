// The compare page in the real window, on the real engine with the bundled sample model.
#include <QCheckBox>
#include <QComboBox>
#include <QLabel>
#include <QLineEdit>
#include <QListWidget>
#include <QMenu>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QSpinBox>
#include <QTableView>
#include <QTextBrowser>
#include <QtTest>

#include "app/model_session.h"
#include "app/precision_choices.h"
#include "tests/support/window_fixture.h"
#include "ui/charts/scatter_chart.h"

using namespace nibble;
using nibble::test::WindowFixture;

namespace {

void check(QListWidget* list, const QStringList& wanted) {
  for (int i = 0; i < list->count(); ++i) {
    list->item(i)->setCheckState(wanted.contains(list->item(i)->data(Qt::UserRole).toString()) ? Qt::Checked : Qt::Unchecked);
  }
}

}  // namespace

class TestComparePage : public QObject {
  Q_OBJECT
  QTemporaryDir m_folder;
  std::unique_ptr<WindowFixture> m_fixture;

  template <typename Widget = QWidget>
  Widget* find(const char* name) const { return m_fixture->find<Widget>(name); }
  QString status() const { return find<QLabel>("compareStatus")->text(); }
  void click(const char* name) { QTest::mouseClick(find<QPushButton>(name), Qt::LeftButton); }
  void waitForTheEnd() { QTRY_VERIFY_WITH_TIMEOUT(find<QPushButton>("compareRun")->isEnabled(), 60000); }

 private slots:
  void init() {
    m_fixture = std::make_unique<WindowFixture>(EngineDoor::real(), m_folder.filePath("profile"));
    m_fixture->window->resize(1280, 800);
    m_fixture->window->showPage("compare");
    QTRY_VERIFY(find<QListWidget>("compareModels")->count() >= 1);
  }
  void cleanup() { m_fixture.reset(); }

  void nothingChosenIsSaid() {
    check(find<QListWidget>("comparePrecisions"), {});
    click("compareRun");
    QVERIFY(!status().isEmpty());
    QVERIFY(find<QPushButton>("compareRun")->isEnabled());
  }

  void threePrecisionsSideBySide() {
    QFile text(m_folder.filePath("text.txt"));
    QVERIFY(text.open(QIODevice::WriteOnly));
    for (int i = 0; i < 200; ++i) text.write("Once upon a time there was a little dog. He liked to run in the park.\n");
    text.close();
    check(find<QListWidget>("comparePrecisions"), {"f32", "q8", "q4"});
    find<QPlainTextEdit>("comparePrompts")->setPlainText("Tell me a story.\n\nSay hello.");
    find<QSpinBox>("compareTokens")->setValue(12);
    find<QCheckBox>("compareEvaluate")->setChecked(true);
    find<QLineEdit>("compareText")->setText(text.fileName());
    find<QSpinBox>("compareBytes")->setValue(5);
    click("compareRun");
    QVERIFY(!find<QPushButton>("compareRun")->isEnabled());
    waitForTheEnd();
    auto* table = find<QTableView>("compareTable")->model();
    QCOMPARE(table->rowCount(), 3);
    for (int row = 0; row < 3; ++row) {
      for (int column = 0; column < table->columnCount(); ++column) {
        const QString cell = table->index(row, column).data().toString();
        QVERIFY2(cell != QStringLiteral("–"), qPrintable(QStringLiteral("row %1, column %2: %3").arg(row).arg(column).arg(table->index(row, 0).data(Qt::ToolTipRole).toString())));
      }
    }
    QCOMPARE(find<QComboBox>("answersPrompt")->count(), 2);
    QCOMPARE(m_fixture->window->findChildren<QTextBrowser*>(QRegularExpression("^answer_")).size(), 3);
    QCOMPARE(find<ScatterChart>("compareScatter")->table().rows.size(), 3);
    QVERIFY(!find<QWidget>("weightErrors")->findChildren<QWidget*>().isEmpty());
    QCOMPARE(find<QListWidget>("compareKept")->count(), 1);

    m_fixture->dialogs.target = m_folder.filePath("out");
    find<QMenu>("compareExportMenu")->findChild<QAction*>("exportMarkdown")->trigger();
    QFile exported(m_folder.filePath("out.md"));
    QVERIFY(exported.open(QIODevice::ReadOnly));
    QVERIFY(exported.readAll().contains("mean KL"));
    find<QMenu>("compareExportMenu")->findChild<QAction*>("exportCsv")->trigger();
    QVERIFY(QFile::exists(m_folder.filePath("out.csv")));
    m_fixture->window->grab().save(QStringLiteral(NIBBLE_BINARY_DIR) + "/compare.png");
  }

  void keptOnesOpenAgainAndCanBeDeleted() {
    auto* kept = find<QListWidget>("compareKept");
    QCOMPARE(kept->count(), 1);
    kept->setCurrentRow(0);
    emit kept->itemActivated(kept->item(0));
    QTRY_COMPARE(find<QTableView>("compareTable")->model()->rowCount(), 3);
    click("compareRemove");
    QTRY_COMPARE(kept->count(), 0);
  }

  void cancelKeepsWhatIsDone() {
    check(find<QListWidget>("comparePrecisions"), {"q8", "q4"});
    find<QSpinBox>("compareTokens")->setValue(900);
    click("compareRun");
    QTest::qWait(50);
    click("compareCancel");
    waitForTheEnd();
    QVERIFY(find<QTableView>("compareTable")->model()->rowCount() < 2);
    QVERIFY(!status().isEmpty());
  }

  void theModelThatWasLoadedComesBack() {
    LoadRequest request;
    request.model = m_fixture->context->door().sampleModel()->string();
    request.recipe = recommendedRecipe();
    request.context = 512;
    auto& model = m_fixture->context->model();
    model.load(request);
    QTRY_COMPARE_WITH_TIMEOUT(model.state(), ModelSession::State::ready, 30000);
    check(find<QListWidget>("comparePrecisions"), {"q8"});
    find<QSpinBox>("compareTokens")->setValue(4);
    click("compareRun");
    waitForTheEnd();
    QTRY_VERIFY_WITH_TIMEOUT(model.state() == ModelSession::State::ready && model.info() && model.info()->context == 512, 30000);
    QCOMPARE(precisionId(model.info()->recipe), precisionId(recommendedRecipe()));
  }

  void aMissingTextIsSaid() {
    check(find<QListWidget>("comparePrecisions"), {"q8"});
    find<QCheckBox>("compareEvaluate")->setChecked(true);
    find<QLineEdit>("compareText")->setText("/nowhere/text.txt");
    click("compareRun");
    waitForTheEnd();
    QVERIFY2(status().contains("/nowhere/text.txt"), qPrintable(status()));
  }
};

QTEST_MAIN(TestComparePage)
#include "test_compare_page.moc"
