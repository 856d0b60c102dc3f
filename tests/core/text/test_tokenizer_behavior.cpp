// What holds for every tokenizer: text comes back, special tokens stay out of users' text, long runs take no time.
#include <QtTest>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <random>

#include "core/text/tokenizer.h"
#include "core/text/utf8.h"
#include "tests/support/test_data.h"

using namespace nibble;
using namespace nibble::test;

namespace {

using Ids = std::vector<std::int32_t>;

std::string randomText(std::mt19937& random) {
  std::string text;
  const int length = static_cast<int>(random() % 60);
  for (int i = 0; i < length; ++i) {
    const char32_t ranges[] = {0x80, 0x800, 0x3000, 0x10000, 0x110000};
    char32_t code = static_cast<char32_t>(random() % ranges[random() % 5]);
    if (code == 0x2581 || (code >= 0xD800 && code < 0xE000)) code = ' ';
    appendUtf8(text, code);
  }
  return text;
}

std::string fileText(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

std::shared_ptr<const Tokenizer> opened(const std::filesystem::path& folder) {
  auto tokenizer = openTokenizer(folder);
  return tokenizer ? *tokenizer : nullptr;
}

}  // namespace

class TestTokenizerBehavior : public QObject {
  Q_OBJECT

 private slots:
  void everyTokenizer_data() {
    addFolders({"internlm3-8b-instruct", "tokenizers/internlm2", "tokenizers/mistral-v0.3", "tokenizers/tinyllama-chat"});
  }

  /// Ids read back as the text, whole and streamed.
  void everyTokenizer() {
    QFETCH(QString, folder);
    const auto tokenizer = opened(folder.toStdString());
    QVERIFY(tokenizer);
    std::mt19937 random(11);
    for (int round = 0; round < 300; ++round) {
      const std::string text = randomText(random);
      const Ids ids = tokenizer->encode(text, {false, false});
      QCOMPARE(tokenizer->decode(ids, true), text);
      std::string bytes;
      for (std::size_t i = 0; i < ids.size(); ++i) bytes += tokenizer->bytesOf(ids[i], i == 0, true);
      QCOMPARE(bytes, text);
      for (const std::int32_t id : ids) QVERIFY(!tokenizer->isSpecial(id));
    }
  }

  void qwenGivesTheComposedForm() {
    NIBBLE_NEED_SHARED_DATA(folder, "tokenizers/qwen2.5");
    const auto tokenizer = opened(folder);
    QVERIFY(tokenizer);
    QCOMPARE(tokenizer->decode(tokenizer->encode("cafe\u0301 \u1112\u1161\u11ab", {false, false})), std::string("café 한"));
    QCOMPARE(tokenizer->eosId(), 151645);
    QCOMPARE(tokenizer->bosId(), -1);
    QCOMPARE(tokenizer->encode("<|im_start|>user", {true, true}), (Ids{151644, 872}));
    QCOMPARE(tokenizer->encode("<tool_call>", {true, true}), (Ids{151657}));
    QVERIFY(tokenizer->encode("<tool_call>", {true, false}).size() > 1);
  }

  void sampleModelsPrompt() {
    const auto tokenizer = opened(sampleModel());
    QVERIFY(tokenizer);
    const std::string prompt = "<|im_start|>user\nTell me a story about a little dragon who lost his hat.<|im_end|>\n";
    const Ids ids = tokenizer->encode(prompt, {});
    QCOMPARE(ids.at(0), 1);
    QCOMPARE(ids.at(1), 8176);
    QCOMPARE(std::count(ids.begin(), ids.end(), 8177), 1);
    QCOMPARE(tokenizer->decode(ids), std::string("user\nTell me a story about a little dragon who lost his hat.\n"));
    QCOMPARE(tokenizer->decode(ids, true), "<s>" + prompt);
    const Ids plain = tokenizer->encode(prompt, {true, false});
    QCOMPARE(std::count(plain.begin(), plain.end(), 8176), 0);
    QCOMPARE(tokenizer->decode(plain), prompt);
    QCOMPARE(tokenizer->bosId(), 1);
    QCOMPARE(tokenizer->eosId(), 2);
    QCOMPARE(tokenizer->pieceOf(8177), std::string("<|im_end|>"));
    QCOMPARE(tokenizer->vocabularySize(), 8192);
    QCOMPARE(tokenizer->bytesOf(100000, true, true), std::string());
    QCOMPARE(tokenizer->pieceOf(-1), std::string());
  }

  /// The trained models' reference ids read back and encode to themselves; the perplexity text has as many ids as it was scored with.
  void referenceIds() {
    for (const char* name : {"sample-model", "eval-model"}) {
      const std::filesystem::path folder = sharedData(name);
      if (!std::filesystem::exists(folder)) QSKIP("skipped: the data folder beside the checkout lacks the trained models");
      const auto tokenizer = opened(folder);
      QVERIFY(tokenizer);
      const auto reference = nlohmann::json::parse(fileText(folder / "reference.json"), nullptr, false);
      QVERIFY(reference.is_object());
      for (const auto& [key, prompt] : reference["prompts"].items()) {
        const Ids ids = prompt["ids"].get<Ids>();
        QCOMPARE(tokenizer->encode(tokenizer->decode(ids, true), {false, true}), ids);
        Ids greedy = prompt["greedy_ids"].get<Ids>();
        if (!greedy.empty() && tokenizer->isSpecial(greedy.back())) greedy.pop_back();
        std::string text;
        for (const std::int32_t id : greedy) text += tokenizer->bytesOf(id, false, false);
        QCOMPARE(text, prompt["greedy_text"].get<std::string>());
      }
      const auto ids = tokenizer->encode(fileText(sharedData("text/wiki-en.txt")), {false, false});
      QCOMPARE(ids.size() / 511 * 511, reference["perplexity"]["wiki-en.txt"]["scored_tokens"].get<std::size_t>());
    }
  }

  void internLm3Specials() {
    NIBBLE_NEED_SHARED_DATA(folder, "internlm3-8b-instruct");
    const auto tokenizer = opened(folder);
    QVERIFY(tokenizer);
    QCOMPARE(tokenizer->encode("<|im_start|>", {true, true}), (Ids{1, 128132}));
    QVERIFY(tokenizer->isSpecial(128131));
    QVERIFY(tokenizer->isSpecial(128111));
    QCOMPARE(tokenizer->pieceOf(128111), std::string("<restate>"));  // renamed by the config
    const Ids typed = tokenizer->encode("<restate>[UNUSED_TOKEN_131]<s>", {true, false});
    for (std::size_t i = 1; i < typed.size(); ++i) QVERIFY(!tokenizer->isSpecial(typed[i]));
    QCOMPARE(tokenizer->decode(typed), std::string("<restate>[UNUSED_TOKEN_131]<s>"));
  }

  /// InternLM2's piece 354 is a lone NUL; sentencepiece leaves it to the bytes, and so do we. It still reads as itself.
  void aLoneNul() {
    NIBBLE_NEED_SHARED_DATA(folder, "tokenizers/internlm2");
    const auto tokenizer = opened(folder);
    QVERIFY(tokenizer);
    QCOMPARE(tokenizer->encode(std::string_view("a\0b", 3), {false, false}), (Ids{264, 3, 260}));
    QCOMPARE(tokenizer->bytesOf(354, false, false), std::string(1, '\0'));
  }

  void invalidBytesBecomeTheReplacementCharacter() {
    for (const auto& folder : {sampleModel(), goldenData("tokenizers/gpt2")}) {
      const auto tokenizer = opened(folder);
      QVERIFY(tokenizer);
      const std::string text = "a\xFF\xE4\xBD b\xED\xA0\x80";
      QCOMPARE(tokenizer->decode(tokenizer->encode(text, {false, false})), validUtf8(text));
    }
  }

  void longRuns_data() {
    addFolders({"internlm3-8b-instruct", "tokenizers/internlm2", "tokenizers/mistral-v0.3", "tokenizers/qwen2.5"});
  }

  /// 1 MB of one letter, 100,000 spaces, line breaks and CJK characters: a fraction of a second each, and all of it back.
  void longRuns() {
    QFETCH(QString, folder);
    const auto tokenizer = opened(folder.toStdString());
    QVERIFY(tokenizer);
    std::string chinese;
    for (int i = 0; i < 100000; ++i) chinese += "明";
    for (const std::string& text : {std::string(1000000, 'a'), std::string(100000, ' '), std::string(100000, '\n'), chinese}) {
      QElapsedTimer timer;
      timer.start();
      const Ids ids = tokenizer->encode(text, {false, false});
      QVERIFY2(timer.elapsed() < kMostMilliseconds, qPrintable(QString("%1 ms").arg(timer.elapsed())));
      QCOMPARE(tokenizer->decode(ids, true), text);
    }
  }

 private:
  static constexpr qint64 kMostMilliseconds = 5000;  // ten times what a loaded machine with sanitizers needs; quadratic code needs minutes

  static void addFolders(std::initializer_list<const char*> shared) {
    QTest::addColumn<QString>("folder");
    QTest::newRow("sample") << QString::fromStdString(sampleModel().string());
    for (const char* name : {"sp-bpe-user", "sp-unigram-bytes", "gpt2", "llama3", "llama2-json", "deepseek"}) {
      QTest::newRow(name) << QString::fromStdString(goldenData(std::string("tokenizers/") + name).string());
    }
    for (const char* name : shared) {
      if (std::filesystem::exists(sharedData(name))) QTest::newRow(name) << QString::fromStdString(sharedData(name).string());
    }
  }
};

QTEST_APPLESS_MAIN(TestTokenizerBehavior)
#include "test_tokenizer_behavior.moc"
