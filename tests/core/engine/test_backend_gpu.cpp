// The CUDA backend through the engine: golden logits in every compute type, agreement with the CPU at the same
// precision, decoding against prefill, sampling on the card, memory given back, faults.
#include <spdlog/sinks/stdout_sinks.h>

#include <QTemporaryDir>
#include <QtTest>
#include <cmath>
#include <limits>

#include "core/base/logging.h"
#include "core/engine/cuda/cuda_devices.h"
#include "core/model/safetensors_reader.h"
#include "tests/support/golden_model.h"
#include "tests/support/test_data.h"

using namespace nibble;

namespace {
constexpr const char* kDevice = "cuda:0";

Recipe recipeFor(Format format, ComputeType compute, int activationBits) {
  Recipe recipe = uniformRecipe(format);
  recipe.compute = compute;
  recipe.activationBits = activationBits;
  return recipe;
}

double limitOf(ComputeType compute) {
  return compute == ComputeType::f32 ? 2e-4 : compute == ComputeType::f16 ? 3e-3 : 2e-2;
}

std::size_t likeliest(std::span<const float> row) {
  return static_cast<std::size_t>(std::max_element(row.begin(), row.end()) - row.begin());
}

/// Lead of the likeliest logit over the second.
float leadOf(std::span<const float> row) {
  std::vector<float> sorted(row.begin(), row.end());
  std::partial_sort(sorted.begin(), sorted.begin() + 2, sorted.end(), std::greater<>());
  return sorted[0] - sorted[1];
}

/// Mean KL divergence of rows of logits, in nats.
double meanKl(std::span<const float> reference, std::span<const float> other, std::size_t vocab) {
  double sum = 0;
  const std::size_t rows = reference.size() / vocab;
  for (std::size_t r = 0; r < rows; ++r) {
    const auto normalizer = [&](std::span<const float> row) {
      const double top = row[likeliest(row)];
      double total = 0;
      for (const float x : row) total += std::exp(x - top);
      return std::log(total) + top;
    };
    const auto p = reference.subspan(r * vocab, vocab), q = other.subspan(r * vocab, vocab);
    const double np = normalizer(p), nq = normalizer(q);
    for (std::size_t i = 0; i < vocab; ++i) sum += std::exp(p[i] - np) * ((p[i] - np) - (q[i] - nq));
  }
  return sum / static_cast<double>(rows);
}
}  // namespace

class TestBackendGpu : public QObject {
  Q_OBJECT

  static void compareGolden(const std::filesystem::path& folder) {
    const auto prompts = test::readGoldenPrompts(folder / "reference.safetensors");
    QVERIFY(!prompts.empty());
    struct Way {
      Format format;
      ComputeType compute;
      KvFormat kv;
    };
    for (const Way way :
         {Way{Format::f32, ComputeType::f32, KvFormat::f32}, Way{Format::f16, ComputeType::f16, KvFormat::f16},
          Way{Format::bf16, ComputeType::bf16, KvFormat::f16}, Way{Format::f32, ComputeType::f16, KvFormat::f16}}) {
      double worst = 0;
      for (const auto& prompt : prompts) {
        const auto engine = test::loadOn(kDevice, folder, recipeFor(way.format, way.compute, 32), way.kv,
                                         static_cast<std::int64_t>(prompt.ids.size()));
        QVERIFY(engine != nullptr);
        for (const int chunk : {0, 7, 1}) {
          const double error = test::relativeError(test::allLogits(*engine, prompt.ids, chunk), prompt.logits);
          QVERIFY2(error <= limitOf(way.compute), qPrintable(QString("%1 ids in chunks of %2, compute %3: %4")
                                                                 .arg(prompt.ids.size())
                                                                 .arg(chunk)
                                                                 .arg(computeTypeName(way.compute).data())
                                                                 .arg(error)));
          worst = std::max(worst, error);
        }
      }
      qInfo("%s weights, %s compute: largest relative L2 error %.2g", formatName(way.format).data(),
            computeTypeName(way.compute).data(), worst);
    }
  }

 private slots:
  void initTestCase() {
    const auto devices = listCudaDevices();
    if (devices.empty() || !devices.front().usable)
      QSKIP(
          qPrintable(QString("skipped: no CUDA device (%1)").arg(devices.empty() ? "" : devices.front().why.c_str())));
    const DeviceInfo& card = devices.front();
    logger("gpu")->sinks().push_back(std::make_shared<spdlog::sinks::stdout_sink_mt>());
    m_keeper = test::loadOn(kDevice, test::sampleModel(), uniformRecipe(Format::f32), KvFormat::f32, 64);
    QVERIFY(m_keeper != nullptr);
    qInfo("%s, capability %s, driver %s, %d multiprocessors, %.0f GB/s, %.1f of %.1f GiB free", card.name.c_str(),
          card.capability.c_str(), card.driver.c_str(), card.computeUnits, card.bandwidthGBps,
          double(card.freeBytes) / (1 << 30), double(card.totalBytes) / (1 << 30));
  }

  void goldenLogits_data() {
    QTest::addColumn<QString>("name");
    for (const char* name : {"internlm3-tiny", "internlm2-tiny", "llama-mixed-types-tiny", "llama3-rope-tiny",
                             "mistral-window-tiny", "qwen2-tied-tiny", "qwen3-mixed-window-tiny", "yarn-rope-tiny"})
      QTest::newRow(name) << QString(name);
  }
  void goldenLogits() {
    QFETCH(QString, name);
    compareGolden(test::goldenData("models/" + name.toStdString()));
  }

  void greedyAnswersOfTheSample() {
    const auto answers = test::readGoldenAnswers(test::goldenData("sample-reference") / "reference.json");
    QVERIFY(answers.size() >= 5);
    const auto engine =
        test::loadOn(kDevice, test::sampleModel(), uniformRecipe(Format::f32), KvFormat::f32, 1024, 64, 1);
    QVERIFY(engine != nullptr);
    qInfo("path: %s", engine->statistics().backend.path.c_str());
    for (const auto& answer : answers) {
      GenerateRequest request;
      request.ids = answer.ids;
      request.maxTokens = static_cast<int>(answer.greedyIds.size());
      request.sampling.greedy = true;
      const auto result = engine->generate(request, {}, {});
      QVERIFY(result.has_value());
      QCOMPARE(result->ids, answer.greedyIds);
      qInfo("%zu tokens at %.0f tok/s", result->ids.size(), result->statistics.decodeTokensPerSecond);
    }
  }

  void agreesWithTheCpu_data() {
    QTest::addColumn<int>("format");
    for (const Format format : {Format::f32, Format::bf16, Format::q8, Format::q4, Format::nf4, Format::nf4dq})
      QTest::newRow(formatName(format).data()) << int(format);
  }
  void agreesWithTheCpu() {
    QFETCH(int, format);
    const auto answers = test::readGoldenAnswers(test::goldenData("sample-reference") / "reference.json");
    // Activations in full, so that what is compared is the weights: their bytes are the same on both sides.
    const Recipe recipe = recipeFor(static_cast<Format>(format), ComputeType::f32, 32);
    const auto cpu = test::loadOnCpu(test::sampleModel(), recipe, KvFormat::f16, 512),
               gpu = test::loadOn(kDevice, test::sampleModel(), recipe, KvFormat::f16, 512);
    QVERIFY(cpu && gpu);
    const std::size_t vocab = static_cast<std::size_t>(cpu->info()->config.vocab);
    int compared = 0, different = 0;
    double kl = 0;
    for (const auto& answer : answers)
      for (const int chunk : {0, 1}) {
        auto ids = answer.ids;
        ids.insert(ids.end(), answer.greedyIds.begin(), answer.greedyIds.end());
        ids.resize(std::min<std::size_t>(ids.size(), 200));
        const auto a = test::allLogits(*cpu, ids, chunk), b = test::allLogits(*gpu, ids, chunk);
        QCOMPARE(a.size(), b.size());
        for (std::size_t r = 0; r < ids.size(); ++r) {
          const auto rowA = std::span(a).subspan(r * vocab, vocab), rowB = std::span(b).subspan(r * vocab, vocab);
          if (leadOf(rowA) <= 0.1f) continue;
          ++compared;
          different += likeliest(rowA) != likeliest(rowB);
        }
        kl = std::max(kl, meanKl(a, b, vocab));
      }
    qInfo("%d positions where the CPU leads by more than 0.1: %d differ; largest mean KL %.2e", compared, different,
          kl);
    QVERIFY(compared > 100);
    QCOMPARE(different, 0);
    QVERIFY(kl < 1e-4);
  }

  void decodingEqualsPrefill() {
    const auto answers = test::readGoldenAnswers(test::goldenData("sample-reference") / "reference.json");
    for (const Format format : {Format::q8, Format::q4, Format::nf4})
      for (const int bits : {16, 8}) {
        const auto engine =
            test::loadOn(kDevice, test::sampleModel(), recipeFor(format, ComputeType::f16, bits), KvFormat::f16, 512);
        QVERIFY(engine != nullptr);
        auto ids = answers.front().ids;
        ids.insert(ids.end(), answers.front().greedyIds.begin(), answers.front().greedyIds.end());
        const auto prefill = test::allLogits(*engine, ids, 0), decode = test::allLogits(*engine, ids, 1);
        const double error = test::relativeError(decode, prefill),
                     kl = meanKl(prefill, decode, static_cast<std::size_t>(engine->info()->config.vocab));
        qInfo("%s, %d-bit activations: relative L2 %.2e, mean KL %.2e", formatName(format).data(), bits, error, kl);
        QVERIFY(bits == 16 ? error <= 5e-3 : kl <= 1e-3);
      }
  }

  void smallCachesStayClose() {
    const auto answers = test::readGoldenAnswers(test::goldenData("sample-reference") / "reference.json");
    const auto load = [](KvFormat kv) {
      return test::loadOn(kDevice, test::sampleModel(), recipeFor(Format::f16, ComputeType::f16, 16), kv, 512);
    };
    const auto reference = load(KvFormat::f16);
    QVERIFY(reference != nullptr);
    auto ids = answers.front().ids;
    ids.insert(ids.end(), answers.front().greedyIds.begin(), answers.front().greedyIds.end());
    const auto expected = test::allLogits(*reference, ids, 0);
    for (const auto& [kv, limit] : {std::pair{KvFormat::q8, 2e-3}, std::pair{KvFormat::q4, 5e-2}})
      for (const int chunk : {0, 1}) {
        const auto engine = load(kv);
        QVERIFY(engine != nullptr);
        const double kl = meanKl(expected, test::allLogits(*engine, ids, chunk),
                                 static_cast<std::size_t>(engine->info()->config.vocab));
        qInfo("%s cache, chunk %d: mean KL %.2e", kvFormatName(kv).data(), chunk, kl);
        QVERIFY(kl <= limit);
      }
  }

  void memoryIsGivenBack() {
    m_keeper.reset();
    const auto before = cudaFreeBytes(kDevice);
    QVERIFY(before.has_value());
    for (int cycle = 0; cycle < 10; ++cycle) {
      const auto engine = test::loadOn(kDevice, test::sampleModel(), uniformRecipe(Format::q4), KvFormat::q8, 512);
      QVERIFY(engine != nullptr);
      const auto during = cudaFreeBytes(kDevice);
      QVERIFY(*during < *before);
      if (cycle == 0)
        qInfo("taken %.1f MiB, planned %.1f MiB", double(*before - *during) / (1 << 20),
              double(engine->statistics().plan.bytesOn(kDevice)) / (1 << 20));
    }
    QCOMPARE(*cudaFreeBytes(kDevice), *before);
  }

  void aSecondModelLeavesTheFirstAlone() {
    const auto ids = test::readGoldenAnswers(test::goldenData("sample-reference") / "reference.json").front().ids;
    const auto load = [](Format format) {
      return test::loadOn(kDevice, test::sampleModel(), recipeFor(format, ComputeType::f16, 16), KvFormat::f16, 256);
    };
    const auto first = load(Format::q8);
    QVERIFY(first != nullptr);
    const auto before = test::allLogits(*first, ids, 0);
    auto second = load(Format::f16);
    QVERIFY(second != nullptr);
    QCOMPARE(test::allLogits(*first, ids, 0), before);
    QVERIFY(!test::allLogits(*second, ids, 0).empty());
    second.reset();
    QCOMPARE(test::allLogits(*first, ids, 0), before);
  }

  void nothingDrifts() {
    const auto keeper =
        test::loadOn(kDevice, test::sampleModel(), uniformRecipe(Format::q4), KvFormat::q8, 1024, 256, 1);
    QVERIFY(keeper != nullptr);
    const int cycles = qEnvironmentVariable("NIBBLE_CYCLES", "30").toInt();
    const int answers = qEnvironmentVariable("NIBBLE_ANSWERS", "3").toInt();
    std::uint64_t settled = 0;
    for (int cycle = 0; cycle < cycles; ++cycle) {
      QVERIFY(test::loadOn(kDevice, test::sampleModel(), uniformRecipe(Format::q4), KvFormat::q8, 512) != nullptr);
      if (cycle == 2) settled = *cudaFreeBytes(kDevice);
    }
    QCOMPARE(*cudaFreeBytes(kDevice), settled);
    std::int64_t tokens = 0;
    for (int answer = 0; answer < answers; ++answer) {
      GenerateRequest request;
      request.prompt = "Once upon a time";
      request.maxTokens = 1000;
      request.sampling.seed = static_cast<std::uint64_t>(answer);
      request.sampling.temperature = 1.5f;
      request.sampling.topK = 100;
      request.sampling.topP = 1.0f;
      const auto result = keeper->generate(request, {}, {});
      QVERIFY(result.has_value());
      tokens += result->statistics.newTokens;
    }
    qInfo("%d loads, %lld tokens", cycles, static_cast<long long>(tokens));
    QCOMPARE(*cudaFreeBytes(kDevice), settled);
  }

  void limitIsKept() {
    const auto before = cudaFreeBytes(kDevice);
    LoadRequest request;
    request.model = test::sampleModel().string();
    request.recipe = uniformRecipe(Format::q4);
    request.device = kDevice;
    request.vramLimit = 16 << 20;
    request.force = true;
    auto engine = makeEngine();
    const auto report = engine->load(request, {}, {});
    QVERIFY(!report.has_value());
    QCOMPARE(report.error().code, ErrorCode::outOfMemory);
    QCOMPARE(*cudaFreeBytes(kDevice), *before);
  }

  void notANumberIsNamed() {
    QTemporaryDir folder;
    const std::filesystem::path source = test::goldenData("models/qwen2-tied-tiny"),
                                target = folder.path().toStdString();
    std::filesystem::copy_file(source / "config.json", target / "config.json");
    std::filesystem::copy_file(source / "model.safetensors", target / "model.safetensors");
    std::filesystem::permissions(target / "model.safetensors", std::filesystem::perms::owner_write,
                                 std::filesystem::perm_options::add);
    for (const std::string name :
         {"model.layers.1.post_attention_layernorm.weight", "model.layers.1.mlp.down_proj.weight"}) {
      std::ptrdiff_t offset = 0;
      {
        const auto file = SafetensorsFile::open(target / "model.safetensors");
        offset = (*file)->find(name)->data.data() - (*file)->file().bytes().data();
      }
      QFile file(QString::fromStdString((target / "model.safetensors").string()));
      QVERIFY(file.open(QIODevice::ReadWrite) && file.seek(offset));
      const float value = std::numeric_limits<float>::quiet_NaN();
      QCOMPARE(file.write(reinterpret_cast<const char*>(&value), 4), 4);
      file.close();
      LoadRequest request;
      request.model = target.string();
      request.recipe = uniformRecipe(Format::q8);
      request.device = kDevice;
      request.context = 64;
      auto engine = makeEngine();
      const auto report = engine->load(request, {}, {});
      if (name.find("norm") == std::string::npos) {  // every number of a matrix is looked at
        QVERIFY(!report);
        QCOMPARE(report.error().code, ErrorCode::notANumber);
        QCOMPARE(report.error().field, name);
        break;
      }
      QVERIFY(report.has_value());
      for (const std::vector<std::int32_t>& ids : {std::vector<std::int32_t>{3, 4, 5}, {6}}) {  // many rows, and one
        GenerateRequest ask;
        ask.ids = ids;
        const auto result = engine->generate(ask, {}, {});
        QVERIFY(!result);
        QCOMPARE(result.error().code, ErrorCode::notANumber);
        QCOMPARE(result.error().field, std::string("layer 1"));
      }
    }
  }

  void sampledTextRepeatsWithItsSeed() {
    const auto engine =
        test::loadOn(kDevice, test::sampleModel(), uniformRecipe(Format::q4), KvFormat::f16, 1024, 256, 1);
    QVERIFY(engine != nullptr);
    GenerateRequest request;
    request.prompt = "Once upon a time";
    request.maxTokens = 100;
    request.sampling.seed = 5;
    request.sampling.repetitionPenalty = 1.05f;
    // The first run reads the prompt in one pass, later ones find it in the cache: rounding differs, so the later ones
    // are compared.
    QVERIFY(engine->generate(request, {}, {}).has_value());
    const auto first = engine->generate(request, {}, {}), second = engine->generate(request, {}, {});
    QVERIFY(first && second);
    QCOMPARE(first->ids, second->ids);
    qInfo("%.0f tok/s: %s", first->statistics.decodeTokensPerSecond, first->text.substr(0, 120).c_str());
  }

 private:
  std::unique_ptr<Engine> m_keeper;  ///< keeps the card's context, which takes half a second to make
};

QTEST_APPLESS_MAIN(TestBackendGpu)
#include "test_backend_gpu.moc"
