// The model dock in the real window: pick, price, load, cancel, errors with their next step, make it fit, unload.
#include <QAction>
#include <QCheckBox>
#include <QComboBox>
#include <QLabel>
#include <QMenu>
#include <QProgressBar>
#include <QPushButton>
#include <QSpinBox>
#include <QToolButton>

#include "app/model_library.h"
#include "app/model_session.h"
#include "tests/support/window_fixture.h"
#include "ui/dock/budget_bar.h"

using namespace nibble;
using namespace nibble::test;

class TestModelDock : public QObject {
  Q_OBJECT
 private slots:
  void picksAndPrices() {
    WindowFixture fixture;
    QTRY_VERIFY(fixture.find<QPushButton>("loadButton")->isEnabled());
    QCOMPARE(fixture.find<QComboBox>("modelBox")->currentText(), QString("Llama-Nibble-Tales-13M"));
    const QString before = fixture.find<QLabel>("verdictLabel")->text();
    QVERIFY(before.contains("fits"));
    auto* precision = fixture.find<QComboBox>("precisionBox");
    precision->setCurrentIndex(precision->findData("bf16"));
    QTRY_VERIFY(fixture.find<QLabel>("verdictLabel")->text() != before);
    const QString sixteen = fixture.find<QLabel>("verdictLabel")->text();
    fixture.find<QSpinBox>("contextBox")->setValue(512);
    QTRY_VERIFY(fixture.find<QLabel>("verdictLabel")->text() != sixteen);
    QVERIFY(fixture.find<BudgetBar>("budgetBar")->accessibleDescription().contains("weights"));
  }

  void loadsAndUnloads() {
    WindowFixture fixture;
    fixture.script.loadTime = std::chrono::milliseconds(200);
    auto* load = fixture.find<QPushButton>("loadButton");
    QTRY_VERIFY(load->isEnabled());
    load->click();
    QTRY_VERIFY(fixture.find<QProgressBar>("loadProgress")->isVisible());
    QTRY_VERIFY(fixture.find<QLabel>("phaseLabel")->text().contains("Quantizing"));
    QTRY_COMPARE(fixture.context->model().state(), ModelSession::State::ready);
    QVERIFY(fixture.window->windowTitle().contains("Llama-Nibble-Tales-13M"));
    const QString loaded = fixture.find<QLabel>("loadedLabel")->text();
    QVERIFY2(loaded.contains("Predicted") && loaded.contains("used"), qPrintable(loaded));
    QVERIFY(fixture.find<QLabel>("lastLoadsLabel")->text().contains("predicted"));
    fixture.find<QPushButton>("unloadButton")->click();
    QTRY_COMPARE(fixture.context->model().state(), ModelSession::State::none);
    QCOMPARE(fixture.script.unloads.load(), 1);
    QCOMPARE(fixture.window->windowTitle(), QString("Nibble"));
  }

  void cancelLeavesNothing() {
    WindowFixture fixture;
    fixture.script.loadTime = std::chrono::seconds(30);
    QTRY_VERIFY(fixture.find<QPushButton>("loadButton")->isEnabled());
    fixture.find<QPushButton>("loadButton")->click();
    auto* cancel = fixture.find<QPushButton>("cancelLoadButton");
    QTRY_VERIFY(cancel->isVisible());
    QElapsedTimer timer;
    timer.start();
    cancel->click();
    QTRY_COMPARE(fixture.context->model().state(), ModelSession::State::none);
    QVERIFY2(timer.elapsed() < 2000, "cancel must not wait for the load");
    QVERIFY(!fixture.find<QLabel>("loadError")->isVisible());
    QVERIFY(fixture.find<QPushButton>("loadButton")->isVisible());
  }

  void outOfMemoryOffersWhatFits() {
    WindowFixture fixture;
    fixture.script.freeBytes = 1ull << 30;
    auto* anyway = fixture.find<QToolButton>("loadAnywayButton");
    auto* precision = fixture.find<QComboBox>("precisionBox");
    precision->setCurrentIndex(precision->findData("bf16"));
    QTRY_VERIFY(anyway->isVisible());
    QVERIFY(!fixture.find<QPushButton>("loadButton")->isEnabled());
    QVERIFY(fixture.find<QLabel>("verdictLabel")->text().contains("does not fit"));
    fixture.script.loadError = Error{ErrorCode::outOfMemory, "allocation refused", {}, {}, 4ull << 30, 1ull << 30};
    anyway->click();
    QTRY_VERIFY(fixture.find<QLabel>("loadError")->isVisible());
    QVERIFY(fixture.script.loads.back().force);
    const QString error = fixture.find<QLabel>("loadError")->text();
    QVERIFY2(error.contains("memory") && error.contains("4"), qPrintable(error));
    fixture.script.weightBytesAt16Bit = 2ull << 30;  // now narrower precisions fit
    fixture.find<QPushButton>("nextStepButton")->click();
    QTRY_VERIFY(fixture.find<QAction>("fitOption_0"));
    fixture.find<QAction>("fitOption_0")->trigger();
    fixture.find<QMenu>("fitMenu")->close();
    QTRY_VERIFY(fixture.find<QPushButton>("loadButton")->isEnabled());
    fixture.script.loadError.reset();
    fixture.find<QPushButton>("loadButton")->click();
    QTRY_COMPARE(fixture.context->model().state(), ModelSession::State::ready);
  }

  /// On a card the embedding in main memory is the smallest change.
  void theEmbeddingAsideIsOfferedFirst() {
    WindowFixture fixture;
    DeviceInfo card;
    card.id = "cuda:0";
    card.name = "Scripted card";
    card.totalBytes = 8ull << 30;
    fixture.script.extraDevices = {card};
    fixture.script.freeBytes = 5000ull << 20;  // 16-bit weights take 5.2 GiB, 0.4 of them the embedding
    auto* device = fixture.find<QComboBox>("deviceBox");
    QTRY_VERIFY(device->findData("cuda:0") >= 0);
    device->setCurrentIndex(device->findData("cuda:0"));
    auto* precision = fixture.find<QComboBox>("precisionBox");
    precision->setCurrentIndex(precision->findData("bf16"));
    QTRY_VERIFY(fixture.find<QToolButton>("makeItFitButton")->isVisible());
    fixture.find<QToolButton>("makeItFitButton")->click();
    QTRY_VERIFY(fixture.find<QAction>("fitOption_0"));
    QVERIFY(fixture.find<QAction>("fitOption_0")->text().contains("embedding in main memory"));
    fixture.find<QAction>("fitOption_0")->trigger();
    fixture.find<QMenu>("fitMenu")->close();
    QVERIFY(fixture.find<QCheckBox>("embeddingOnHostBox")->isChecked());
    QTRY_VERIFY(fixture.find<QPushButton>("loadButton")->isEnabled());
    fixture.find<QPushButton>("loadButton")->click();
    QTRY_COMPARE(fixture.context->model().state(), ModelSession::State::ready);
    // What was predicted is the card's share, as what is used is.
    const MemoryPlan& plan = fixture.context->model().report()->plan;
    QVERIFY(plan.bytesOn("cuda:0") < plan.totalBytes());
    QCOMPARE(fixture.context->model().records().front().predictedBytes, static_cast<qint64>(plan.bytesOn("cuda:0")));
  }

  void brokenModelSaysWhichFile() {
    WindowFixture fixture;
    fixture.script.loadError = Error{ErrorCode::fileMalformed, "offset 12 is past the end", "/models/x/model.safetensors", "header", 0, 0};
    QTRY_VERIFY(fixture.find<QPushButton>("loadButton")->isEnabled());
    fixture.find<QPushButton>("loadButton")->click();
    QTRY_VERIFY(fixture.find<QLabel>("loadError")->isVisible());
    const QString text = fixture.find<QLabel>("loadError")->text();
    QVERIFY2(text.contains("model.safetensors") && text.contains("header") && text.contains("offset 12"), qPrintable(text));
    QVERIFY(fixture.find<QPushButton>("nextStepButton")->isVisible());
  }

  void addsFoldersAndRemembersThem() {
    QTemporaryDir models;
    QDir(models.path()).mkpath("fine/tiny");
    QFile config(models.filePath("fine/tiny/config.json"));
    QVERIFY(config.open(QIODevice::WriteOnly));
    config.write(R"({"max_position_embeddings": 4096, "num_hidden_layers": 2})");
    config.close();
    WindowFixture fixture;
    fixture.dialogs.folder = models.path();
    fixture.find<QToolButton>("addFolderButton")->click();
    auto* box = fixture.find<QComboBox>("modelBox");
    QTRY_COMPARE(box->currentText(), QString("tiny"));
    fixture.restart();
    QTRY_COMPARE(fixture.find<QComboBox>("modelBox")->currentText(), QString("tiny"));
    QCOMPARE(fixture.find<QComboBox>("modelBox")->count(), 2);
  }

  void emptyFolderAndGgufAreExplained() {
    QTemporaryDir empty;
    WindowFixture fixture;
    fixture.window->openPaths({empty.path()});
    auto* notice = fixture.find<QLabel>("noticeText");
    QTRY_VERIFY(notice->text().contains("config.json"));
    fixture.window->openPaths({"/nowhere/model.gguf"});
    QTRY_VERIFY(notice->text().contains("GGUF"));
  }

  void remembersItsControls() {
    WindowFixture fixture;
    auto* precision = fixture.find<QComboBox>("precisionBox");
    precision->setCurrentIndex(precision->findData("nf4"));
    fixture.find<QToolButton>("moreButton")->click();
    fixture.find<QComboBox>("kvBox")->setCurrentIndex(1);
    fixture.find<QSpinBox>("contextBox")->setValue(768);
    fixture.restart();
    QCOMPARE(fixture.find<QComboBox>("precisionBox")->currentData().toString(), QString("nf4"));
    QCOMPARE(fixture.find<QComboBox>("kvBox")->currentIndex(), 1);
    QCOMPARE(fixture.find<QSpinBox>("contextBox")->value(), 768);
    QVERIFY(fixture.find<QWidget>("moreControls")->isVisible());
  }
};

QTEST_MAIN(TestModelDock)
#include "test_model_dock.moc"
