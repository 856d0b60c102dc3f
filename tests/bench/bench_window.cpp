// The longest time the event loop of the real window does not come round, side by side: idle, loading, streaming 10,000 tok/s,
// resizing, opening and switching to a chat of 1,000 messages. A timer of 1 ms is the heartbeat; a gap is the time between two
// beats.
// usage: bench_window [--long]     figures are milliseconds; "work" is CPU time of the GUI thread within the longest gap
#include <QPushButton>
#include <algorithm>
#include <cstdio>
#include <ctime>

#include "app/chat_archive.h"
#include "app/chat_session.h"
#include "app/model_session.h"
#include "tests/support/example_chat.h"
#include "tests/support/window_fixture.h"
#include "ui/chat/chat_page.h"

using namespace nibble;
using namespace nibble::test;

namespace {
double threadCpuMs() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_nsec) / 1e6;
}

/// Sends a beat as often as the loop lets it, and keeps the longest silences with the CPU time spent in them.
class Heartbeat : public QObject {
 public:
  void begin() {
    m_gaps.clear();
    m_clock.start();
    m_last = 0;
    m_lastCpu = threadCpuMs();
    m_timer.start(1, Qt::PreciseTimer, this);
  }
  void print(const char* what) {
    m_timer.stop();
    beat();
    std::sort(m_gaps.begin(), m_gaps.end(), [](const auto& a, const auto& b) { return a.first > b.first; });
    const auto worst = m_gaps.empty() ? std::pair(0.0, 0.0) : m_gaps.front();
    double busy = 0;
    for (const auto& gap : m_gaps) busy = std::max(busy, gap.second);
    const auto over = std::count_if(m_gaps.begin(), m_gaps.end(), [](const auto& gap) { return gap.first > 50; });
    std::printf("%-44s %9.1f %9.1f %12.1f %8lld %9zu\n", what, worst.first, worst.second, busy, static_cast<long long>(over), m_gaps.size());
    std::fflush(stdout);
  }

 protected:
  void timerEvent(QTimerEvent*) override { beat(); }

 private:
  void beat() {
    const double now = static_cast<double>(m_clock.nsecsElapsed()) / 1e6, cpu = threadCpuMs();
    m_gaps.emplace_back(now - m_last, cpu - m_lastCpu);
    m_last = now;
    m_lastCpu = cpu;
  }
  QBasicTimer m_timer;
  QElapsedTimer m_clock;
  double m_last = 0, m_lastCpu = 0;
  std::vector<std::pair<double, double>> m_gaps;  // wall and CPU, ms
};

/// A real event loop: QTest::qWait would sleep ten milliseconds a round.
void turnFor(int ms) {
  QEventLoop loop;
  QTimer::singleShot(ms, Qt::PreciseTimer, &loop, &QEventLoop::quit);
  loop.exec();
}
template <typename Condition>
bool turnUntil(Condition condition, int ms = 60'000) {
  QEventLoop loop;
  QTimer look;
  QElapsedTimer clock;
  clock.start();
  QObject::connect(&look, &QTimer::timeout, &loop, [&] { if (condition() || clock.elapsed() > ms) loop.quit(); });
  look.start(2);
  if (!condition()) loop.exec();
  return condition();
}

const char* const kAnswer =
    "Use `sorted` for a new list and `list.sort` in place.\n\n```python\nitems = sorted(words, key=len)\nfor word in items:\n    print(word)\n```\n\n"
    "| way | copies | time |\n| --- | --- | --- |\n| sorted | yes | n log n |\n| sort | no | n log n |\n\n"
    "The cost is $O(n \\log n)$. 排序是稳定的：相等的元素保持原来的次序。\n";

/// A long chat as a person would have it: questions, and answers with code, a table and a formula.
ChatWithMessages longChat(const QString& title, int messages) {
  ChatWithMessages out;
  out.chat = exampleChat(title);
  MessageId parent = 0;
  for (int i = 0; i < messages; ++i) {
    out.messages.push_back(exampleMessage(out.chat.id, parent, i % 2 ? "assistant" : "user", i % 2 ? QString(kAnswer) : QString("Question %1?").arg(i), i));
    parent = out.messages.back().id;
  }
  out.chat.leaf = parent;
  return out;
}

class Bench {
 public:
  void run(bool longer) {
    const int time = longer ? 10'000 : 3'000;
    std::printf("%-44s %9s %9s %12s %8s %9s\n", "phase", "longest", "work", "most work", "> 50 ms", "beats");
    idle("idle, nothing loaded", time);
    loading(time);
    idle("idle, model loaded", time);
    streaming(time);
    resizing();
    chats();
    idle("idle again", time);
  }

 private:
  ChatSession& session() { return m_fixture.find<ChatPage>("chatPage")->session(); }

  void idle(const char* what, int time) {
    turnFor(500);
    m_heart.begin();
    turnFor(time);
    m_heart.print(what);
  }

  void loading(int time) {
    m_fixture.script.loadTime = std::chrono::milliseconds(time);
    m_fixture.script.loadSteps = 2000;
    auto* load = m_fixture.find<QPushButton>("loadButton");
    turnUntil([&] { return load->isEnabled(); });
    m_heart.begin();
    load->click();
    turnUntil([&] { return m_fixture.context->model().state() == ModelSession::State::ready; });
    m_heart.print("loading, 2,000 steps");
  }

  void streaming(int time) {
    m_fixture.script.tokens.clear();
    const std::string answer = kAnswer;
    for (std::size_t i = 0; i < answer.size(); i += 4) m_fixture.script.tokens.push_back(answer.substr(i, 4));
    m_fixture.script.tokensPerSecond = 10'000;
    m_fixture.script.repeat = 10 * time / static_cast<int>(m_fixture.script.tokens.size()) + 1;
    session().setSampling({{"maxTokens", 1'000'000}});
    m_heart.begin();
    session().ask("Go on.");
    turnUntil([&] { return session().activity() == ChatSession::Activity::streaming; });
    turnUntil([&] { return !session().busy(); });
    m_heart.print("streaming 10,000 tok/s");
    const ChatMessage& last = session().messages().message(session().messages().rowCount() - 1);
    std::printf("  (%lld tokens at %.0f tok/s reached the window)\n", static_cast<long long>(last.figures.newTokens), last.figures.tokensPerSecond);
    m_flood = session().currentId();
  }

  void resizing() {
    m_heart.begin();
    for (int step = 0; step < 60; ++step) {
      const int wave = step < 30 ? step : 60 - step;
      m_fixture.window->resize(1000 + 16 * wave, 640 + 8 * wave);
      turnFor(16);
    }
    m_heart.print("resizing, the streamed chat open");
  }

  void chats() {
    const ChatWithMessages large = longChat("A thousand", 1000), other = longChat("Another thousand", 1000), small = longChat("Two", 2);
    bool stored = false;
    m_fixture.context->chats().ask(m_fixture.context.get(), [large, other, small](ChatStore& store) { return store.import({large, other, small}); },
                                   [&](const Result<void>& done) { stored = done.has_value(); });
    turnUntil([&] { return stored; });
    open("opening a chat of 2 messages", small.chat.id, 2);
    open("opening a chat of 1,000 messages", large.chat.id, 1000);
    open("switching to another of 1,000", other.chat.id, 1000);
    open("back to the first of 1,000", large.chat.id, 1000);
    m_heart.begin();
    for (int step = 0; step < 40; ++step) {
      m_fixture.window->resize(1480 - 12 * step, 880 - 4 * step);
      turnFor(16);
    }
    m_heart.print("resizing, 1,000 messages open");
    m_heart.begin();
    m_fixture.script.repeat = 1;
    session().ask("One more.");
    turnUntil([&] { return session().activity() == ChatSession::Activity::streaming; });
    turnUntil([&] { return !session().busy(); });
    m_heart.print("asking in the chat of 1,000");
    open("to the streamed answer of 10,000s of tokens", m_flood, 2);
  }

  void open(const char* what, ChatId id, int rows) {
    turnFor(300);
    m_heart.begin();
    QElapsedTimer clock;
    clock.start();
    session().open(id);
    turnUntil([&] { return session().currentId() == id && session().messages().rowCount() == rows; });
    QCoreApplication::processEvents();
    const double shown = static_cast<double>(clock.nsecsElapsed()) / 1e6;
    turnFor(500);
    m_heart.print(what);
    std::printf("  (shown after %.0f ms)\n", shown);
  }

  WindowFixture m_fixture;
  Heartbeat m_heart;
  ChatId m_flood = 0;
};
}  // namespace

int main(int argc, char** argv) {
  if (qEnvironmentVariableIsEmpty("QT_QPA_PLATFORM")) qputenv("QT_QPA_PLATFORM", "offscreen");
  QApplication application(argc, argv);
  Bench().run(argc > 1 && qstrcmp(argv[1], "--long") == 0);
  return 0;
}
