// Thousands of damaged safetensors headers, indexes and configs (the same ones every run): each is read or refused with
// file and detail, never more. Run under ASan and UBSan this is where memory errors in the readers would show.
#include <QtTest>
#include <algorithm>
#include <filesystem>

#include "core/base/text_file.h"
#include "core/engine/rope.h"
#include "core/model/tensor_folder.h"
#include "core/model/weights.h"
#include "tests/support/temp_model.h"
#include "tests/support/test_data.h"

using namespace nibble;

namespace {

class Mutator {
 public:
  explicit Mutator(std::uint64_t seed) : m_state(seed) {}
  std::uint64_t next() {
    m_state ^= m_state << 13, m_state ^= m_state >> 7, m_state ^= m_state << 17;
    return m_state;
  }
  std::size_t below(std::size_t limit) { return static_cast<std::size_t>(next() % limit); }

  // One to three changes in text[from, …): bytes flipped, cut, doubled, or replaced by something that numbers and names
  // dislike.
  std::string damage(std::string text, std::size_t from) {
    static const std::string kTokens[] = {"-1",
                                          "0",
                                          "1.5",
                                          "1e999",
                                          "9223372036854775807",
                                          "18446744073709551616",
                                          "null",
                                          "true",
                                          "[]",
                                          "{}",
                                          "\"\"",
                                          "\"x\"",
                                          "[[[[",
                                          "}",
                                          "]",
                                          ",",
                                          ":",
                                          "\"",
                                          "\\u0000",
                                          "\\ud800",
                                          "\xFF",
                                          std::string(1, '\0'),
                                          "NaN",
                                          "2147483648"};
    for (std::size_t changes = 1 + below(3); changes > 0; --changes) {
      if (text.size() <= from + 1) break;
      const std::size_t at = from + below(text.size() - from);
      const std::size_t length = std::min(1 + below(12), text.size() - at);
      switch (below(6)) {
        case 0:
          text[at] = static_cast<char>(next());
          break;
        case 1:
          text.erase(at, length);
          break;
        case 2:
          text.insert(at, text.substr(at, length));
          break;
        case 3:
          text.insert(at, kTokens[below(std::size(kTokens))]);
          break;
        case 4:
          replaceValue(text, at, kTokens[below(std::size(kTokens))]);
          break;
        default:
          text[at] ^= static_cast<char>(1 << below(8));
          break;
      }
    }
    return text;
  }

 private:
  // The digits or word after the next colon or comma becomes another one, so that the JSON often stays whole.
  static void replaceValue(std::string& text, std::size_t at, const std::string& value) {
    std::size_t start = text.find_first_of(":,[", at);
    if (start == std::string::npos) return;
    start = text.find_first_not_of(" \n", start + 1);
    if (start == std::string::npos) return;
    const std::size_t end = text.find_first_of(",]}", start);
    if (end != std::string::npos) text.replace(start, end - start, value);
  }
  std::uint64_t m_state;
};

struct Tally {
  int loaded = 0, refused = 0;
};

bool named(const Error& error) {
  return !error.file.empty() && !error.detail.empty();
}

// Reads all that a loader would read of it.
void readThrough(const Weights& weights) {
  std::uint64_t sum = 0;
  const auto touch = [&](const WeightSource& source) {
    for (const RowSegment& segment : source.segments) {
      const std::uint64_t bytes = static_cast<std::uint64_t>(segment.rows * source.columns) * dtypeBytes(source.dtype);
      if (bytes > 0)
        sum +=
            std::to_integer<std::uint64_t>(segment.data[0]) + std::to_integer<std::uint64_t>(segment.data[bytes - 1]);
    }
  };
  touch(weights.embedding);
  touch(weights.head);
  for (const auto& layer : weights.layers) {
    for (const auto& matrix : layer.matrices) touch(matrix);
  }
  QVERIFY(sum < ~std::uint64_t{0});
}

}  // namespace

class TestFuzzModelFiles : public QObject {
  Q_OBJECT
 private slots:
  void safetensorsHeaders() {
    const auto golden = test::goldenData("models/internlm2-tiny");
    const auto config = readModelConfig(golden);
    const std::string whole = *readTextFile(golden / "model.safetensors");
    const std::size_t header = static_cast<unsigned char>(whole[0]) + 256u * static_cast<unsigned char>(whole[1]);
    const test::TempFolder folder;
    Mutator mutator(20261123);
    Tally tally;
    for (int i = 0; i < 3000; ++i) {
      // Mostly the header alone is damaged and its length follows; sometimes the length itself.
      std::string damaged = mutator.damage(whole.substr(8, header), 0);
      std::string bytes =
          mutator.below(10) == 0 ? mutator.damage(whole.substr(0, 8), 0) : test::littleEndian64(damaged.size());
      bytes += damaged + whole.substr(8 + header);
      folder.write("model.safetensors", bytes);
      const auto weights = openWeights(folder.path(), *config);
      if (weights)
        readThrough(*weights);
      else
        QVERIFY(named(weights.error()));
      ++(weights ? tally.loaded : tally.refused);
    }
    qInfo("%d refused, %d loaded", tally.refused, tally.loaded);
    QVERIFY(tally.refused > 2500);
  }

  void indexes() {
    const auto sample = test::sampleModel();
    const std::string whole = *readTextFile(sample / "model.safetensors.index.json");
    const test::TempFolder folder;
    for (const char* shard : {"model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"}) {
      std::filesystem::create_symlink(sample / shard, folder.path() / shard);
    }
    Mutator mutator(7);
    Tally tally;
    for (int i = 0; i < 3000; ++i) {
      folder.write("model.safetensors.index.json", mutator.damage(whole, 0));
      const auto opened = TensorFolder::open(folder.path());
      if (!opened) QVERIFY(named(opened.error()));
      ++(opened ? tally.loaded : tally.refused);
    }
    qInfo("%d refused, %d loaded", tally.refused, tally.loaded);
    QVERIFY(tally.refused > 2000);
  }

  void configs() {
    const test::TempFolder folder;
    Mutator mutator(42);
    Tally tally;
    for (const char* model :
         {"internlm2-tiny", "mistral-window-tiny", "llama3-rope-tiny", "yarn-rope-tiny", "qwen3-mixed-window-tiny"}) {
      const std::string whole = *readTextFile(test::goldenData("models") / model / "config.json");
      for (int i = 0; i < 2000; ++i) {
        folder.write("config.json", mutator.damage(whole, 0));
        const auto config = readModelConfig(folder.path());
        ++(config ? tally.loaded : tally.refused);
        if (!config) {
          QVERIFY(named(config.error()));
          continue;
        }
        QVERIFY(config->layers > 0 && config->kvHeads > 0 && config->heads % config->kvHeads == 0 &&
                config->headDim % 2 == 0);
        for (const std::int32_t id : config->eosIds) QVERIFY(id >= 0 && id < config->vocab);
        for (int layer = 0; layer < config->layers; ++layer) QVERIFY(config->windowOf(layer) >= 0);
        QCOMPARE(makeRopeTables(*config, 4096).inverseFrequencies.size(),
                 static_cast<std::size_t>(config->headDim / 2));
      }
    }
    qInfo("%d refused, %d loaded", tally.refused, tally.loaded);
    QVERIFY(tally.refused > 1000 && tally.loaded > 1000);
  }

  void generationConfigsNeverFail() {
    const test::TempFolder folder;
    const std::string whole = *readTextFile(test::sampleModel() / "generation_config.json");
    folder.write("config.json", *readTextFile(test::sampleModel() / "config.json"));
    Mutator mutator(99);
    for (int i = 0; i < 2000; ++i) {
      folder.write("generation_config.json", mutator.damage(whole, 0));
      QVERIFY(readModelConfig(folder.path()).has_value());
    }
  }
};

QTEST_APPLESS_MAIN(TestFuzzModelFiles)
#include "test_model_files.moc"
