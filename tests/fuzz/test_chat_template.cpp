// Mutated templates, published and small ones: each must end in a text, the template's own words or an error, in bounded time.
// What the sanitizers see here is the point; the seed is fixed, so a failure can be had again.
#include <QElapsedTimer>
#include <QtTest>
#include <fstream>
#include <nlohmann/json.hpp>
#include <random>

#include "core/text/chat_template.h"
#include "tests/support/test_data.h"

using namespace nibble;

namespace {

constexpr int kMutants = 4000;

const std::vector<std::string> kPieces = {"{{", "}}", "{%", "%}", "{#", "#}", "-", "|", "(", ")", "[", "]", "{", "}", ".", ",", ":", "*", "**", "//", "%", "~", "==", " in ", " not ", " is ", "if ", " else ", "for ", "{% endfor %}",
  "{% endif %}", "set ", "macro m(a)", "{% endmacro %}", "call ", "loop", "range", "9999999999", "0", "\"", "'", "\\", "\\u0041", "\xff", "漢", "\n", " recursive ", "raw", "{% break %}", "none", "1e400", "0x", "tojson",
  "join", "map('upper')", "sort", "slice(2)", "batch(3)", "format", "%s", "namespace(x=1)", "[::-1]", "|length", "loop(xs)", "caller()", "missing", "'abc'"};

class Mutator {
 public:
  explicit Mutator(std::vector<std::string> seeds) : m_seeds(std::move(seeds)) {}
  std::string next() {
    std::string text = m_seeds[below(m_seeds.size())];
    for (std::size_t i = 1 + below(6); i > 0; --i) change(text);
    return text;
  }

 private:
  std::size_t below(std::size_t count) { return m_random() % count; }
  void change(std::string& text) {
    const std::size_t at = below(text.size() + 1), kind = below(20);
    if (kind < 7) text.erase(at, below(9));
    else if (kind < 15) text.insert(at, kPieces[below(kPieces.size())]);
    else if (kind < 18) insertPartOf(m_seeds[below(m_seeds.size())], at, text);
    else insertPartOf(std::string(text), at, text);
  }
  void insertPartOf(const std::string& other, std::size_t at, std::string& text) {
    if (!other.empty()) text.insert(at, other.substr(below(other.size()), 1 + below(40)));
  }
  std::vector<std::string> m_seeds;
  std::mt19937 m_random{20261123};
};

std::vector<std::string> seeds(std::string& context) {
  std::vector<std::string> out;
  std::ifstream cases(test::goldenData("template-cases/cases.jsonl"));
  std::string line;
  std::getline(cases, line);
  context = nlohmann::json::parse(line)["context"].dump();
  while (std::getline(cases, line)) out.push_back(nlohmann::json::parse(line)["template"]);
  for (const auto& entry : std::filesystem::directory_iterator(test::goldenData("chat-templates"))) {
    if (entry.path().extension() != ".jinja") continue;
    std::ifstream stream(entry.path(), std::ios::binary);
    out.emplace_back(std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>());
  }
  std::sort(out.begin(), out.end());
  return out;
}

}  // namespace

class TestFuzzChatTemplate : public QObject {
  Q_OBJECT
 private slots:
  void mutants() {
    std::string context;
    Mutator mutator(seeds(context));
    int texts = 0, errors = 0;
    qint64 slowest = 0;
    for (int i = 0; i < kMutants; ++i) {
      const std::string source = mutator.next();
      QElapsedTimer clock;
      clock.start();
      const auto parsed = ChatTemplate::parse(source, "mutant");
      const auto output = parsed ? parsed->render(context, std::tm{}) : Result<TemplateOutput>(fail(parsed.error()));
      slowest = std::max(slowest, clock.elapsed());
      QVERIFY2(output || !output.error().detail.empty(), source.c_str());
      QVERIFY2(!output || output->text.size() <= std::size_t{8} << 20, source.c_str());
      ++(output ? texts : errors);
    }
    QVERIFY2(slowest < 20000, qPrintable(QString("%1 ms").arg(slowest)));
    QVERIFY2(texts > kMutants / 20 && errors > kMutants / 20, qPrintable(QString("%1 rendered, %2 refused").arg(texts).arg(errors)));
  }
};

QTEST_APPLESS_MAIN(TestFuzzChatTemplate)
#include "test_chat_template.moc"
