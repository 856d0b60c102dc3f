// The window itself: starts, remembers its state, switches theme and language live.
#include <QDockWidget>
#include <QToolButton>

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
};

QTEST_MAIN(TestMainWindow)
#include "test_main_window.moc"
