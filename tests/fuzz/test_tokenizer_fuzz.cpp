// Real tokenizer files with bytes changed, cut, doubled and swapped, from a fixed seed: nothing may crash, and what still loads
// must encode and decode. A run under the sanitizers is what gives this its worth.
#include <QtTest>
#include <fstream>
#include <iterator>
#include <random>

#include "core/text/tokenizer.h"
#include "tests/support/sentencepiece_file.h"
#include "tests/support/test_data.h"

using namespace nibble;
using namespace nibble::test;

namespace {

std::string fileText(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

/// A place in `bytes`; half of the time near the start or the end, where the structure is.
std::size_t somewhere(const std::string& bytes, std::mt19937& random) {
  const std::size_t size = bytes.size();
  if (size == 0) return 0;
  const std::size_t near = random() % std::min<std::size_t>(size, 600);
  switch (random() % 4) {
    case 0: return near;
    case 1: return size - 1 - near;
    default: return random() % size;
  }
}

void mutate(std::string& bytes, std::mt19937& random) {
  static const std::string kTokens[] = {"-1", "4294967295", "1e999", "null", "{}", "[]", "\"\"", "\\u0000", "\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01",
                                        std::string(4, '\0'), "NaN", "\x53", "[[[[[[[["};
  const std::size_t at = somewhere(bytes, random);
  const std::size_t length = std::min<std::size_t>(random() % 40, bytes.size() - std::min(at, bytes.size()));
  switch (random() % 6) {
    case 0:
      if (!bytes.empty()) bytes[at] = static_cast<char>(random());
      break;
    case 1:
      if (!bytes.empty()) bytes[at] = static_cast<char>(bytes[at] ^ (1 << random() % 8));
      break;
    case 2: bytes.erase(at, length); break;
    case 3: bytes.insert(at, bytes.substr(at, length)); break;
    case 4: bytes.insert(at, kTokens[random() % std::size(kTokens)]); break;
    default:
      if (random() % 8 == 0) bytes.resize(at);
  }
}

}  // namespace

class TestTokenizerFuzz : public QObject {
  Q_OBJECT

 private slots:
  void mutatedFiles_data() {
    QTest::addColumn<QString>("file");
    QTest::addColumn<int>("rounds");
    for (const char* name : {"sp-unigram-bytes", "sp-bpe-user", "sp-bpe-suffix"}) {
      QTest::newRow(name) << QString::fromStdString(goldenData(std::string("tokenizers/") + name + "/tokenizer.model").string()) << 250;
    }
    QTest::newRow("sp-unigram-nfkc") << QString::fromStdString(goldenData("tokenizers/sp-unigram-nfkc/tokenizer.model").string()) << 120;
    for (const char* name : {"gpt2", "llama3", "deepseek", "llama2-json", "unigram-json", "other-steps"}) {
      QTest::newRow(name) << QString::fromStdString(goldenData(std::string("tokenizers/") + name + "/tokenizer.json").string()) << 120;
    }
    QTest::newRow("config") << QString::fromStdString((sampleModel() / "tokenizer_config.json").string()) << 250;
  }

  void mutatedFiles() {
    QFETCH(QString, file);
    QFETCH(int, rounds);
    const std::filesystem::path path = file.toStdString();
    const std::string good = fileText(path);
    QVERIFY(!good.empty());
    QTemporaryDir temporary;
    const std::filesystem::path folder = temporary.path().toStdString();
    if (path.filename() == "tokenizer_config.json") {
      std::ofstream(folder / "tokenizer.model", std::ios::binary) << smallSentencePieceModel();
    }
    std::mt19937 random(20261123);
    int loaded = 0;
    for (int round = 0; round < rounds; ++round) {
      std::string bytes = good;
      for (std::size_t i = random() % 6 + 1; i > 0; --i) mutate(bytes, random);
      std::ofstream(folder / path.filename(), std::ios::binary | std::ios::trunc) << bytes;
      const auto tokenizer = openTokenizer(folder);
      if (!tokenizer) {
        QVERIFY(!tokenizer.error().file.empty());
        continue;
      }
      ++loaded;
      exercise(**tokenizer);
    }
    QVERIFY2(loaded > 0 && loaded < rounds, qPrintable(QString("%1 of %2 loaded").arg(loaded).arg(rounds)));
  }

 private:
  static void exercise(const Tokenizer& tokenizer) {
    const std::string text = "The quick  brown fox, I'll 123\n\n 明月光 🙂 e\u0301 <|begin|><s> \xFF\xE4 aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    for (const bool parse : {false, true}) {
      const auto ids = tokenizer.encode(text, {true, parse});
      for (const std::int32_t id : ids) QVERIFY(id >= 0 && id < tokenizer.vocabularySize());
      static_cast<void>(tokenizer.decode(ids, parse));
    }
    for (std::int32_t id = -2; id < tokenizer.vocabularySize() + 2 && id < 3000; ++id) {
      static_cast<void>(tokenizer.bytesOf(id, true, false));
      static_cast<void>(tokenizer.pieceOf(id));
    }
  }
};

QTEST_APPLESS_MAIN(TestTokenizerFuzz)
#include "test_tokenizer_fuzz.moc"
