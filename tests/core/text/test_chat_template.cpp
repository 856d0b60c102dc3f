// Chat templates against what transformers' own renderer made of them (tests/golden/chat-templates), and models' folders.
#include <QtTest>
#include <fstream>
#include <nlohmann/json.hpp>

#include "core/text/chat_template.h"
#include "tests/support/test_data.h"

using namespace nibble;

namespace {

std::tm fixedTime() {
  std::tm time{};
  time.tm_year = 126;
  time.tm_mday = 15;
  time.tm_hour = 9;
  time.tm_min = 30;
  time.tm_wday = 4;
  time.tm_yday = 14;
  return time;
}

std::string readAll(const std::filesystem::path& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

/// The rendering, or "raises: …", or "error: …".
std::string rendered(const std::string& source, const std::string& context = "{}") {
  const auto parsed = ChatTemplate::parse(source, "test");
  if (!parsed) return "error: " + parsed.error().detail;
  const auto output = parsed->render(context, fixedTime());
  if (!output) return "error: " + output.error().detail;
  return output->raised ? "raises: " + *output->raised : output->text;
}

}  // namespace

class TestChatTemplate : public QObject {
  Q_OBJECT
 private slots:
  void publishedTemplates_data() {
    QTest::addColumn<QString>("row");
    std::ifstream rows(test::goldenData("chat-templates/expected.jsonl"));
    int count = 0;
    for (std::string line; std::getline(rows, line); ++count) {
      const auto row = nlohmann::json::parse(line);
      QTest::addRow("%s, %s", row["template"].get<std::string>().c_str(), row["context"].get<std::string>().c_str()) << QString::fromStdString(line);
    }
    QCOMPARE(count, 84);
  }
  void publishedTemplates() {
    QFETCH(QString, row);
    const auto expected = nlohmann::json::parse(row.toStdString());
    const std::string source = readAll(test::goldenData("chat-templates/" + expected["template"].get<std::string>() + ".jinja"));
    QVERIFY(!source.empty());
    const std::string got = rendered(source, row.toStdString());
    const std::string want = expected.contains("raises") ? "raises: " + expected["raises"].get<std::string>() : expected["expected"].get<std::string>();
    QCOMPARE(QString::fromStdString(got), QString::fromStdString(want));
  }

  /// Small templates and what Jinja itself makes of them (tests/golden/template-cases/make_cases.py).
  void jinjasOwnRenderings() {
    std::ifstream rows(test::goldenData("template-cases/cases.jsonl"));
    std::string line;
    QVERIFY(bool(std::getline(rows, line)));
    const std::string context = nlohmann::ordered_json::parse(line)["context"].dump();
    int count = 0;
    QStringList wrong;
    for (; std::getline(rows, line); ++count) {
      const auto row = nlohmann::json::parse(line);
      const std::string got = rendered(row["template"], context);
      const bool good = row.contains("text") ? got == row["text"] : row.contains("raises") ? got == "raises: " + row["raises"].get<std::string>() : got.starts_with("error: ");
      if (!good) wrong << QString::fromStdString(line + "\n  got " + got);
    }
    QVERIFY2(wrong.isEmpty(), qPrintable(wrong.join('\n')));
    QVERIFY(count >= 600);
  }

  void sampleModelsTemplate() {
    const auto opened = openChatTemplate(test::sampleModel());
    QVERIFY(opened.has_value());
    QVERIFY(opened->has_value());
    const auto output = (*opened)->render(R"({"bos_token": "<s>", "add_generation_prompt": true, "messages": [{"role": "user", "content": "Hi <|im_end|>"}]})", fixedTime());
    QVERIFY(output.has_value());
    QCOMPARE(QString::fromStdString(output->text), QString("<s><|im_start|>user\nHi <|im_end|><|im_end|>\n<|im_start|>assistant\n"));
  }

  void internLm3sTemplate() {
    NIBBLE_NEED_SHARED_DATA(folder, "internlm3-8b-instruct");
    const auto opened = openChatTemplate(folder);
    QVERIFY(opened.has_value());
    QVERIFY(opened->has_value());
    const auto output = (*opened)->render(R"({"bos_token": "<s>", "messages": [{"role": "system", "content": "S"}, {"role": "user", "content": "你好"}]})", fixedTime());
    QVERIFY(output.has_value());
    QCOMPARE(QString::fromStdString(output->text), QString::fromUtf8("<s><|im_start|>system\nS<|im_end|>\n<|im_start|>user\n你好<|im_end|>\n"));
  }

  void foldersWithOtherPlaces() {
    QTemporaryDir folder;
    const std::filesystem::path path = folder.path().toStdString();
    QVERIFY(!openChatTemplate(path)->has_value());
    std::ofstream(path / "tokenizer_config.json") << R"({"chat_template": [{"name": "tool_use", "template": "T"}, {"name": "default", "template": "D{{ 1 }}"}]})";
    QCOMPARE((*openChatTemplate(path))->source(), std::string("D{{ 1 }}"));
    std::ofstream(path / "chat_template.jinja") << "J";
    QCOMPARE((*openChatTemplate(path))->source(), std::string("J"));
    std::ofstream(path / "chat_template.jinja") << "a\n{% if %}";
    const auto broken = openChatTemplate(path);
    QVERIFY(!broken);
    QCOMPARE(broken.error().code, ErrorCode::fileMalformed);
    QVERIFY(QString::fromStdString(broken.error().file).endsWith("chat_template.jinja"));
    QVERIFY(QString::fromStdString(broken.error().detail).startsWith("line 2:"));
  }

  void contextsThatAreNone() {
    const auto parsed = ChatTemplate::parse("x", "test");
    for (const char* context : {"", "[]", "{\"a\": 1, \"a\": 2}", "{\"a\":", "nul"}) {
      const auto output = parsed->render(context, fixedTime());
      QVERIFY2(!output, context);
      QCOMPARE(output.error().code, ErrorCode::wrongUsage);
    }
  }
};

QTEST_APPLESS_MAIN(TestChatTemplate)
#include "test_chat_template.moc"
