// Templates that mean harm: each must end within two seconds, without a crash, an unbounded allocation or a deep stack,
// and either be refused with words that say why or give the harmless result.
#include <sys/resource.h>

#include <QElapsedTimer>
#include <QtTest>
#include <thread>

#include "core/text/chat_template.h"
#include "tests/support/test_data.h"

using namespace nibble;

namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kSanitized = true;
#else
constexpr bool kSanitized = false;
#endif

std::string repeated(const std::string& text, int times) {
  std::string out;
  for (int i = 0; i < times; ++i) out += text;
  return out;
}

std::string outcome(const std::string& source, const std::string& context) {
  const auto parsed = ChatTemplate::parse(source, "hostile");
  if (!parsed) return "refused: " + parsed.error().detail;
  const auto output = parsed->render(context, std::tm{});
  if (!output) return "refused: " + output.error().detail;
  return output->raised ? "raised: " + *output->raised : "text: " + output->text;
}

long peakKilobytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss;
}

}  // namespace

class TestChatTemplateHostile : public QObject {
  Q_OBJECT
 private slots:
  void ends_data() {
    QTest::addColumn<QString>("source");
    QTest::addColumn<QString>("expected");  // how the outcome begins, a part of it after "…"
    const auto row = [](const char* name, const std::string& source, const char* expected) { QTest::newRow(name) << QString::fromStdString(source) << QString(expected); };
    row("range(10**9)", "{% for i in range(10**9) %}x{% endfor %}", "refused: …range too big");
    row("range over range", "{% for i in range(100000) %}{% for j in range(100000) %}{% endfor %}{% endfor %}", "refused: …steps");
    row("nested loops", repeated("{% for a in range(1000) %}", 5) + repeated("{% endfor %}", 5), "refused: …steps");
    row("string doubling", "{% set ns = namespace(s='xxxxxxxx') %}{% for i in range(100) %}{% set ns.s = ns.s + ns.s %}{% endfor %}", "refused: …8 MiB");
    row("doubling by ~", "{% set ns = namespace(s='xxxxxxxx') %}{% for i in range(100) %}{% set ns.s = ns.s ~ ns.s %}{% endfor %}", "refused: …8 MiB");
    row("doubling by join", "{% set ns = namespace(s='xxxxxxxx') %}{% for i in range(100) %}{% set ns.s = [ns.s, ns.s] | join %}{% endfor %}", "refused: …8 MiB");
    row("doubling by replace", "{% set ns = namespace(s='xxxxxxxx') %}{% for i in range(100) %}{% set ns.s = ns.s.replace('x', 'xx') %}{% endfor %}", "refused: ");
    row("many big strings", "{% set ns = namespace(l=[]) %}{% for i in range(100000) %}{% set ns.l = ns.l + ['x' * 8000000] %}{% endfor %}", "refused: …steps");
    row("string times 10**9", "{{ 'x' * 10**9 }}", "refused: …8 MiB");
    row("list times 10**9", "{{ ([1] * 10**9) | length }}", "refused: …steps");
    row("list doubling", "{% set ns = namespace(l=[1]) %}{% for i in range(100) %}{% set ns.l = ns.l + ns.l %}{% endfor %}", "refused: …steps");
    row("output", "{% for i in range(100000) %}{{ 'x' * 1000 }}{% endfor %}", "refused: ");
    row("wide format", "{{ '%9999999999s' % 'a' }}{{ '%.9999999f' % 1 }}", "text: ");
    row("wide center", "{{ 'x'.center(10**12) }}", "refused: …8 MiB");
    row("deep indent", "{{ [[[1]]] | tojson(indent=10**9) | length }}", "text: ");
    row("self-calling macro", "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", "refused: …too deep");
    row("macros calling each other", "{% macro a() %}{{ b() }}{% endmacro %}{% macro b() %}{{ a() }}{% endmacro %}{{ a() }}", "refused: …too deep");
    row("a deep macro in deep blocks", "{% macro m(n) %}" + repeated("{% if true %}", 90) + "{{ m(n + 1) }}" + repeated("{% endif %}", 90) + "{% endmacro %}{{ m(0) }}", "refused: …too deep");
    row("exponential macros", "{% macro m(n) %}{% if n %}{{ m(n - 1) }}{{ m(n - 1) }}{% endif %}{% endmacro %}{{ m(60) }}", "refused: …steps");
    row("endless recursive loop", "{% set t = [[]] %}{% for x in [1] recursive %}{{ loop([1]) }}{% endfor %}", "refused: …too deep");
    row("10^5 parentheses", "{{ " + repeated("(", 100000) + "1" + repeated(")", 100000) + " }}", "refused: …deeper than 100");
    row("10^5 brackets", "{{ " + repeated("[", 100000) + repeated("]", 100000) + " }}", "refused: …deeper than 100");
    row("10^5 open braces", "{{ " + repeated("{", 100000), "refused: …deeper than 100");
    row("10^5 nots", "{{ " + repeated("not ", 100000) + "1 }}", "refused: ");
    row("10^4 nots", "{{ " + repeated("not ", 10000) + "1 }}", "refused: …deeper than 100");
    row("10^4 minuses", "{{ " + repeated("- ", 10000) + "1 }}", "refused: …deeper than 100");
    row("10^4 terms", "{{ 1" + repeated(" + 1", 10000) + " }}", "refused: …deeper than 1,000");
    row("10^4 filters", "{{ 1" + repeated(" | abs", 10000) + " }}", "refused: …deeper than 1,000");
    row("10^4 attributes", "{{ a" + repeated(".a", 10000) + " }}", "refused: …deeper than 1,000");
    row("10^4 else", "{{ " + repeated("1 if 0 else ", 10000) + "2 }}", "refused: …deeper than 100");
    row("10^4 blocks", repeated("{% if 1 %}", 10000) + repeated("{% endif %}", 10000), "refused: …deeper than 100");
    row("10^4 elifs", "{% if 0 %}" + repeated("{% elif 0 %}", 10000) + "{% else %}e{% endif %}", "text: e");
    row("10^6 tokens", "{{ [" + repeated("1,", 500000) + "] }}", "refused: …too large");
    row("a template of 2 MiB", std::string(2 << 20, 'x'), "refused: …larger than 1 MiB");
    row("10^5 raw ends", "{% raw %}" + repeated("{% x ", 100000), "refused: …endraw");
    row("10^5 comment starts", repeated("{#", 100000), "refused: …#}");
    row("10^5 opening tags", repeated("{%", 100000), "refused: ");
    row("unclosed expression", "{{ a", "refused: …line 1");
    row("unclosed block", "x\n{% if a %}", "refused: …endif");
    row("unclosed string", "{{ 'a }}", "refused: ");
    row("unclosed comment", "{# a", "refused: ");
    row("stray end", "{% endfor %}", "refused: …endfor");
    row("import", "{% import 'os' as os %}", "refused: …'import'");
    row("from", "{% from 'os' import system %}", "refused: …'from'");
    row("include", "{% include '/etc/passwd' %}", "refused: …'include'");
    row("extends", "{% extends '/etc/passwd' %}", "refused: …'extends'");
    row("__globals__", "{{ raise_exception.__globals__ }}", "refused: …unsafe");
    row("__class__", "{{ ''.__class__.__mro__ }}", "refused: …unsafe");
    row("__class__ by attr", "{{ '' | attr('__class__') }}", "refused: …unsafe");
    row("__class__ by item", "{{ ''['__class__'] }}", "refused: …unsafe");
    row("__class__ by map", "{{ [''] | map(attribute='__class__') | list }}", "refused: …unsafe");
    row("changing a list", "{{ messages.append(1) }}", "refused: …may not change");
    row("lists nested by a loop", "{% set ns = namespace(l=[]) %}{% for i in range(10000) %}{% set ns.l = [ns.l] %}{% endfor %}", "refused: …deeper than 100");
    row("dicts nested by a loop", "{% set ns = namespace(l=1) %}{% for i in range(10000) %}{% set ns.l = {'a': ns.l} %}{% endfor %}", "refused: …deeper than 100");
    row("methods nested by a loop", "{% set ns = namespace(l=[]) %}{% for i in range(10000) %}{% set ns.l = [ns.l.count] %}{% endfor %}", "refused: …deeper than 100");
    const std::string shared = "{% set ns = namespace(l=[1]) %}{% for i in range(90) %}{% set ns.l = [ns.l, ns.l] %}{% endfor %}";
    row("printing a shared list", shared + "{{ ns.l }}", "refused: ");
    row("comparing a shared list", shared + "{% set a = ns.l %}" + shared + "{{ a == ns.l }}", "refused: …steps");
    row("writing a shared list", shared + "{{ ns.l | tojson }}", "refused: ");
    row("a namespace inside itself", "{% set ns = namespace() %}{% set ns.a = [ns] %}{{ ns.a }}", "text: [<Namespace>]");
    row("loop.changed of the loop", "{% for i in [1, 2] %}{{ loop.changed(loop) }}{% endfor %}", "text: ");
    row("keeping a loop", "{% set ns = namespace() %}{% for i in [1] recursive %}{% set ns.l = loop %}{% endfor %}{{ ns.l([1]) }}", "refused: ");
    row("strip with a huge set", "{% set ns = namespace(s='x') %}{% for i in range(20) %}{% set ns.s = ns.s + ns.s %}{% endfor %}{{ ns.s.strip('y' * 1000000 + 'x') | length }}", "refused: …steps");
    row("sorting what has no order", "{{ [1, 'a', none] | sort }}", "refused: …not supported");
    row("integer overflow", "{{ 9223372036854775807 + 1 }}", "refused: …64 bits");
    row("integer power", "{{ 10 ** 10 ** 10 }}", "refused: …64 bits");
    row("smallest divided by -1", "{{ (-9223372036854775807 - 1) // -1 }}", "refused: …64 bits");
    row("smallest modulo -1", "{{ (-9223372036854775807 - 1) % -1 }}", "text: 0");
    row("a number too large", "{{ 99999999999999999999 }}", "refused: …too large");
    row("odd slices", "{{ 'abc'[9223372036854775807:-9223372036854775807:-9223372036854775807] }}{{ 'abc'[::9223372036854775807] }}", "text: ca");
    row("int of a huge float", "{{ 1e300 | int }}", "text: 0");
    row("16,000 variables looked up", [] {
      std::string source;
      for (int i = 0; i < 12000; ++i) source += "{%set v" + std::to_string(i) + "=1%}";
      return source + "{% for i in range(100000) %}{{ v0 }}{{ q }}{% endfor %}";
    }(), "refused: …steps");
    row("bytes that are no UTF-8", "{{ '\xff\xfe' | upper }}{{ '\xff'[0] | length }}{{ '\xf0\x9f' | tojson }}\xff", "text: ");
    row("NUL bytes", std::string("a\0{{ 'b\0' | length }}", 21), "text: ");
  }
  void ends() {
    QFETCH(QString, source);
    QFETCH(QString, expected);
    const long before = peakKilobytes();
    QElapsedTimer clock;
    clock.start();
    const QString got = QString::fromStdString(outcome(source.toStdString(), R"({"messages": []})"));
    const qint64 elapsed = clock.elapsed();
    const QString begin = expected.section("…", 0, 0), part = expected.section("…", 1);
    QVERIFY2(got.startsWith(begin) && got.contains(part), qPrintable(got.left(300)));
    QVERIFY2(elapsed < (kSanitized ? 20000 : 2000), qPrintable(QString("%1 ms").arg(elapsed)));
    const long grown = peakKilobytes() - before, allowed = 64 * 1024 + 4 * source.size() / 1024;
    QVERIFY2(kSanitized || grown <= allowed, qPrintable(QString("%1 kB more, %2 allowed").arg(grown).arg(allowed)));
  }

  void userTextStaysText() {
    const auto parsed = ChatTemplate::parse("{% for m in messages %}<|im_start|>{{ m.content }}<|im_end|>{% endfor %}", "t");
    const auto output = parsed->render(R"({"messages": [{"content": "{{ 7 * 7 }}{% if x %}<|im_end|>"}]})", std::tm{});
    QCOMPARE(QString::fromStdString(output->text), QString("<|im_start|>{{ 7 * 7 }}{% if x %}<|im_end|><|im_end|>"));
  }

  void fitsASmallStack() {
    // Workers run on threads; 8 MiB of stack must do for the deepest template that is not refused for its depth alone.
    std::string got;
    const std::string source = "{% macro m(n) %}" + repeated("{% if true %}", 60) + "{{ (((((m(n + 1) | trim) ~ 'a'))))}}" + repeated("{% endif %}", 60) + "{% endmacro %}{{ m(0) }}";
    std::thread([&] { got = outcome(source, "{}"); }).join();
    QVERIFY2(got.starts_with("refused: ") && got.find("too deep") != std::string::npos, got.c_str());
  }

  void longChatsRender() {
    std::string context = "{\"bos_token\": \"<s>\", \"add_generation_prompt\": true, \"messages\": [";
    for (int i = 0; i < 1000; ++i)
      context += std::string(i ? "," : "") + "{\"role\": \"" + (i % 2 ? "assistant" : "user") + "\", \"content\": \"" + std::string(4000, 'x') + "\"}";
    const auto opened = openChatTemplate(test::sampleModel());
    const auto output = (*opened)->render(context + "]}", std::tm{});
    QVERIFY2(output.has_value(), output ? "" : output.error().detail.c_str());
    QVERIFY(output->text.size() > 4000'000);
  }
};

QTEST_APPLESS_MAIN(TestChatTemplateHostile)
#include "test_chat_template_hostile.moc"
