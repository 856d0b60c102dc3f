// The window itself: starts, remembers its state, switches theme, language and text size live, survives a broken settings
// file, tells its shortcuts, versions and licences.
#include <QAction>
#include <QComboBox>
#include <QDialog>
#include <QDockWidget>
#include <QLabel>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QTableWidget>
#include <QToolButton>

#include "app/settings_store.h"
#include "tests/support/window_fixture.h"

using namespace nibble;
using namespace nibble::test;

class TestMainWindow : public QObject {
  Q_OBJECT
 private slots:
  void startsAndIsTitled() {
    WindowFixture fixture;
    QVERIFY(QTest::qWaitForWindowExposed(fixture.window.get()));
    QCOMPARE(fixture.window->windowTitle(), QString("Nibble"));
    QVERIFY(fixture.window->minimumWidth() <= 960 && fixture.window->minimumHeight() <= 600);
    fixture.window->resize(960, 600);
    QTRY_COMPARE(fixture.window->width(), 960);  // no page or dock forces it wider
  }

  void themeButtonCycles() {
    WindowFixture fixture;
    auto* button = fixture.find<QToolButton>("themeButton");
    button->click();
    QCOMPARE(fixture.appearance->theme(), ThemeMode::light);
    button->click();
    QCOMPARE(fixture.appearance->theme(), ThemeMode::dark);
    QVERIFY(fixture.appearance->isDark());
    QVERIFY(fixture.window->palette().color(QPalette::Window).lightness() < 100);
    fixture.restart();
    QCOMPARE(fixture.appearance->theme(), ThemeMode::dark);
  }

  void followsTheSystemOnlyIfAsked() {
    WindowFixture fixture;
    fixture.appearance->setSystemDark(true);
    QVERIFY(fixture.appearance->isDark());
    fixture.appearance->setTheme(ThemeMode::light);
    fixture.appearance->setSystemDark(false);
    fixture.appearance->setSystemDark(true);
    QVERIFY(!fixture.appearance->isDark());
  }

  void languageSwitchesLive() {
    WindowFixture fixture;
    auto* send = fixture.find<QPushButton>("sendButton");
    QCOMPARE(send->text(), QString("Send"));
    fixture.find<QToolButton>("languageButton")->click();
    QTRY_COMPARE(send->text(), QString("发送"));
    QCOMPARE(fixture.find<QToolButton>("pageButton_chat")->text(), QString("对话"));
    QCOMPARE(fixture.window->dock("model")->windowTitle(), QString("模型"));
    fixture.find<QToolButton>("languageButton")->click();
    QTRY_COMPARE(send->text(), QString("Send"));
  }

  void settingsChangeTheLook() {
    WindowFixture fixture;
    fixture.window->findChild<QAction*>("settingsAction")->trigger();
    auto* dialog = fixture.window->findChild<QDialog*>("settingsDialog");
    QVERIFY(dialog);
    dialog->findChild<QComboBox*>("themeBox")->setCurrentIndex(2);
    QVERIFY(fixture.appearance->isDark());
    const double before = QApplication::font().pointSizeF();
    dialog->findChild<QComboBox*>("textSizeBox")->setCurrentIndex(2);
    QVERIFY(QApplication::font().pointSizeF() > before * 1.3);
    dialog->findChild<QComboBox*>("textSizeBox")->setCurrentIndex(0);
    dialog->findChild<QComboBox*>("languageBox")->setCurrentIndex(2);
    QTRY_COMPARE(dialog->windowTitle(), QString("设置"));
    dialog->findChild<QComboBox*>("languageBox")->setCurrentIndex(1);
    dialog->findChild<QPushButton*>("settingsClose")->click();
    QTRY_VERIFY(!fixture.window->findChild<QDialog*>("settingsDialog"));
  }

  void rememberItsDocks() {
    WindowFixture fixture;
    fixture.window->dock("model")->close();
    fixture.window->showPage("compare");
    fixture.restart();
    QVERIFY(!fixture.window->dock("model")->isVisible());
    QCOMPARE(fixture.window->currentPage(), QString("compare"));
  }

  void brokenSettingsAreKeptAside() {
    WindowFixture fixture;
    fixture.appearance->setTheme(ThemeMode::dark);
    fixture.restart();   // the good file becomes the last good copy
    const QString file = fixture.context->settings().file();
    fixture.close();
    QFile broken(file);
    QVERIFY(broken.open(QIODevice::WriteOnly | QIODevice::Truncate));
    broken.write("{\"look/theme\": ");
    broken.close();
    fixture.open(scriptedDoor(fixture.script));
    QCOMPARE(fixture.appearance->theme(), ThemeMode::dark);
    QVERIFY(QFile::exists(fixture.context->settings().brokenFile()));
  }

  void helpIsComplete() {
    WindowFixture fixture;
    fixture.window->findChild<QAction*>("shortcutsAction")->trigger();
    QVERIFY(fixture.window->findChild<QTableWidget*>("shortcutsTable")->rowCount() > 12);
    fixture.window->findChild<QAction*>("aboutAction")->trigger();
    auto* about = fixture.window->findChild<QDialog*>("aboutDialog");
    QVERIFY(about);
    const QString text = about->findChild<QPlainTextEdit*>("dialogText")->toPlainText();
    for (const char* word : {"Built with Llama", "QCustomPlot", "GNU GENERAL PUBLIC LICENSE", "cmark-gfm", "Llama 3.1 Community License"}) {
      QVERIFY2(text.contains(word), word);
    }
    fixture.window->findChild<QAction*>("diagnosticsAction")->trigger();
    const QString diagnostics = fixture.window->findChild<QDialog*>("diagnosticsDialog")->findChild<QPlainTextEdit*>("dialogText")->toPlainText();
    QVERIFY(diagnostics.contains("Qt 6") && diagnostics.contains("settings:"));
  }
};

QTEST_MAIN(TestMainWindow)
#include "test_main_window.moc"
