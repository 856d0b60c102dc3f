// Saves a picture of every page, light and dark, English and Chinese, at 100 and 150 %, into the build folder, to be looked
// at; fails if a picture cannot be made or shows one colour only.
#include <QAction>
#include <QDialog>
#include <QProcess>

#include "app/chat_session.h"
#include "app/inference_queue.h"
#include "app/model_session.h"
#include "tests/support/window_fixture.h"
#include "ui/chat/chat_page.h"
#include "ui/chat/chat_sidebar.h"
#include "ui/chat/prompt_box.h"

using namespace nibble;
using namespace nibble::test;

namespace {
const char* kAnswer[] = {
    "Use `sorted`, which returns a **new** list, or `list.sort`, which sorts in place:\n\n",
    "```python\nwords = [\"pear\", \"fig\", \"banana\"]\nprint(sorted(words, key=len))  # shortest first\n```\n\n",
    "| call | returns | keeps the old list |\n| --- | --- | --- |\n| `sorted(x)` | a new list | yes |\n| `x.sort()` | nothing | no |\n\n",
    "Both take $O(n \\log n)$ comparisons; a stable sort keeps equal items in order:\n\n- by length: `key=len`\n- backwards: `reverse=True`\n"};
}

class TestScreenshots : public QObject {
  Q_OBJECT
 private slots:
  void initTestCase() {
    m_folder = QString(NIBBLE_BINARY_DIR) + "/screenshots";
    QVERIFY(QDir().mkpath(m_folder));
  }

  /// The scale is fixed when the program starts, so 150 % runs in a process of its own.
  void atScale_data() {
    QTest::addColumn<QString>("scale");
    QTest::newRow("100") << "1";
    QTest::newRow("150") << "1.5";
  }
  void atScale() {
    QFETCH(QString, scale);
    if (qEnvironmentVariableIsSet("NIBBLE_SCREENSHOT_CHILD")) QSKIP("the child process makes the pictures in pictures()");
    QProcess child;
    QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
    environment.insert("QT_SCALE_FACTOR", scale);
    environment.insert("NIBBLE_SCREENSHOT_CHILD", scale == "1" ? "100" : "150");
    child.setProcessEnvironment(environment);
    child.setProcessChannelMode(QProcess::MergedChannels);
    child.start(QCoreApplication::applicationFilePath(), {"pictures"});
    QVERIFY(child.waitForFinished(120'000));
    QVERIFY2(child.exitCode() == 0, child.readAll().constData());
  }

  void pictures() {
    m_scale = qEnvironmentVariable("NIBBLE_SCREENSHOT_CHILD");
    if (m_scale.isEmpty()) QSKIP("run by atScale()");
    WindowFixture fixture;
    fixture.script.tokens.assign(std::begin(kAnswer), std::end(kAnswer));
    fixture.script.tokensPerSecond = 400;
    takeAll(fixture, "start");
    fixture.context->model().load(sampleRequest(fixture));
    QTRY_COMPARE(fixture.context->model().state(), ModelSession::State::ready);
    ask(fixture, "Why does the rain fall?");
    ask(fixture, "How do I sort a list in Python?");
    fixture.find<ChatPage>("chatPage")->session().startNew();
    ask(fixture, "How do I sort a list of words by their length in Python, and what does it cost?");
    takeAll(fixture, "chat");
    fixture.window->showPage("compare");
    takeAll(fixture, "compare");
    fixture.window->showPage("chat");
    for (const char* dialog : {"settings", "shortcuts", "diagnostics", "about"}) {
      fixture.window->findChild<QAction*>(QString(dialog) + "Action")->trigger();
      auto* shown = fixture.window->findChild<QDialog*>(QString(dialog) + "Dialog");
      QVERIFY(shown);
      takeAll(fixture, dialog, shown);
      shown->close();
    }
    takeSmall(fixture);
  }

 private:
  static LoadRequest sampleRequest(const WindowFixture& fixture) {
    LoadRequest request;
    request.model = fixture.script.sample->string();
    request.recipe = recommendedRecipe();
    request.context = 1024;
    return request;
  }

  static void ask(WindowFixture& fixture, const QString& question) {
    auto* page = fixture.find<ChatPage>("chatPage");
    page->session().ask(question);
    QTRY_VERIFY(!page->session().busy());
  }

  void take(QWidget* widget, const QString& name) {
    QTest::qWait(60);
    const QPixmap picture = widget->grab();
    const QImage image = picture.toImage();
    QVERIFY(!image.isNull());
    const QRgb first = image.pixel(0, 0);
    bool varied = false;
    for (int x = 0; x < image.width() && !varied; x += 7) {
      for (int y = 0; y < image.height() && !varied; y += 7) varied = image.pixel(x, y) != first;
    }
    QVERIFY2(varied, qPrintable(name));
    QVERIFY(picture.save(QString("%1/%2.png").arg(m_folder, name)));
  }

  void takeAll(WindowFixture& fixture, const QString& page, QWidget* widget = nullptr) {
    if (!widget) fixture.window->resize(1280, 800);
    for (const ThemeMode theme : {ThemeMode::light, ThemeMode::dark}) {
      for (const LanguageMode language : {LanguageMode::english, LanguageMode::chinese}) {
        fixture.appearance->setTheme(theme);
        fixture.appearance->setLanguage(language);
        take(widget ? widget : fixture.window.get(),
             QString("%1-%2-%3-%4").arg(page, theme == ThemeMode::dark ? "dark" : "light", language == LanguageMode::chinese ? "zh" : "en", m_scale));
      }
    }
  }

  /// The smallest useful window.
  void takeSmall(WindowFixture& fixture) {
    fixture.window->resize(960, 600);
    for (const char* page : {"chat", "compare"}) {
      fixture.window->showPage(page);
      takeSmallOf(fixture, page);
    }
  }
  void takeSmallOf(WindowFixture& fixture, const QString& page) {
    fixture.appearance->setTheme(ThemeMode::light);
    for (const LanguageMode language : {LanguageMode::english, LanguageMode::chinese}) {
      fixture.appearance->setLanguage(language);
      take(fixture.window.get(), QString("%1-small-%2-%3").arg(page, language == LanguageMode::chinese ? "zh" : "en", m_scale));
    }
  }

  QString m_folder, m_scale;
};

QTEST_MAIN(TestScreenshots)
#include "test_screenshots.moc"
