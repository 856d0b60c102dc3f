// What of the CUDA backend needs no card: words for what is missing, the layout's arithmetic, the remembered context size.
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include <QTemporaryDir>
#include <QtTest>
#include <algorithm>
#include <filesystem>
#include <sstream>

#include "core/base/logging.h"
#include "core/engine/cuda/cuda_devices.h"
#include "core/engine/cuda/cuda_layout.h"
#include "core/engine/cuda/cuda_module.h"
#include "core/engine/cuda/nvml.h"

using namespace nibble;

namespace {
DeviceInfo h100(std::uint64_t contextBytes) {
  DeviceInfo device;
  device.id = "cuda:0";
  device.name = "NVIDIA H100 80GB HBM3";
  device.capability = "9.0";
  device.contextBytes = contextBytes;
  return device;
}

PlanRequest request(Format layers, KvFormat kv, std::int64_t context, bool embeddingOnHost) {
  PlanRequest plan;
  plan.recipe = uniformRecipe(layers);
  plan.kv = kv;
  plan.context = context;
  plan.prefillChunk = 2048;
  plan.embeddingOnHost = embeddingOnHost;
  return plan;
}

std::uint64_t onDevice(const std::vector<PlanPart>& parts) {
  std::uint64_t sum = 0;
  for (const PlanPart& part : parts) sum += part.device == "cuda:0" ? part.bytes : 0;
  return sum;
}
}  // namespace

class TestCudaModule : public QObject {
  Q_OBJECT
 private slots:
  void missingLibrariesAreNamed() {
    const std::string cublas =
        moduleProblemFromLoader("libcublas.so.13: cannot open shared object file: No such file or directory");
    QVERIFY(cublas.starts_with("libcublas.so.13 is missing"));
    QVERIFY(cublas.find("libcublas-13-0") != std::string::npos);
    const std::string driver =
        moduleProblemFromLoader("libcuda.so.1: cannot open shared object file: No such file or directory");
    QVERIFY(driver.find("NVIDIA driver") != std::string::npos);
    QVERIFY(moduleProblemFromLoader("/x/libnibble_cuda.so: undefined symbol: y").find("undefined symbol: y") !=
            std::string::npos);
  }

  void placesBeginWithTheNamedOne() {
    qputenv("NIBBLE_CUDA_MODULE", "/nowhere/libnibble_cuda.so");
    const auto places = cudaModulePlaces();
    qunsetenv("NIBBLE_CUDA_MODULE");
    QCOMPARE(places.front().string(), std::string("/nowhere/libnibble_cuda.so"));
    QVERIFY(places.size() >= 5);
    for (const auto& place : places) QCOMPARE(place.filename().string(), std::string("libnibble_cuda.so"));
  }

  void theModulesWordsReachTheProgram() {
    const auto places = cudaModulePlaces();
    if (std::none_of(places.begin(), places.end(), [](const auto& place) { return std::filesystem::exists(place); }))
      QSKIP("skipped: this build has no CUDA module");
    cudaModuleProblem();  // opens it
    const auto gpu = spdlog::get("gpu");  // as the module asks for it
    QVERIFY(gpu != nullptr);
    std::ostringstream written;
    const auto sink = std::make_shared<spdlog::sinks::ostream_sink_mt>(written);
    addLogSink(sink);
    gpu->warn("a word of the module");
    removeLogSink(sink);
    QVERIFY2(written.str().find("a word of the module") != std::string::npos, written.str().c_str());
  }

  void aMachineWithoutDriverSaysSo() {
    const auto devices = listCudaDevices();
    QVERIFY(!devices.empty());
    if (Nvml::get()) QSKIP("skipped: this machine has an NVIDIA driver");
    QCOMPARE(devices.front().id, std::string("cuda"));
    QVERIFY(!devices.front().usable);
    QVERIFY(devices.front().why.find("libnvidia-ml.so.1") != std::string::npos);
    BackendRequest backend;
    backend.device.id = "cuda:0";
    const auto made = makeCudaBackend(backend);
    QVERIFY(!made.has_value());
    QCOMPARE(made.error().code, ErrorCode::deviceMissing);
    QVERIFY(!cudaFreeBytes("cuda:0").has_value());
    QVERIFY(cudaBusId("cuda:0").empty());
  }

  void contextSizeIsRemembered() {
    QTemporaryDir folder;
    const QByteArray former = qgetenv("XDG_CACHE_HOME");
    qputenv("XDG_CACHE_HOME", folder.path().toUtf8());
    const std::uint64_t typical = cudaContextBytes("Card A", "1.0");
    rememberCudaContextBytes("Card A", "1.0", 300u << 20);
    rememberCudaContextBytes("Card A", "2.0", 310u << 20);
    rememberCudaContextBytes("Card A", "1.0", 320u << 20);
    QCOMPARE(cudaContextBytes("Card A", "1.0"), std::uint64_t(320u << 20));
    QCOMPARE(cudaContextBytes("Card A", "2.0"), std::uint64_t(310u << 20));
    QCOMPARE(cudaContextBytes("Card B", "1.0"), typical);
    rememberCudaContextBytes("Card B", "1.0", 5);  // not a context's size
    QCOMPARE(cudaContextBytes("Card B", "1.0"), typical);
    former.isNull() ? qunsetenv("XDG_CACHE_HOME") : qputenv("XDG_CACHE_HOME", former);
  }

  void theGoalsOfTheEightBillionShapeHold() {
    const auto config = shapeByName("internlm3-8b");
    QVERIFY(config.has_value());
    const DeviceInfo device = h100(596ull << 20);
    const double gib = 1u << 30;
    const double bytes8 =
        double(onDevice(cudaPlanParts(*config, request(Format::q4, KvFormat::q8, 32768, true), device)));
    const double bytes16 =
        double(onDevice(cudaPlanParts(*config, request(Format::q4, KvFormat::f16, 32768, true), device)));
    qInfo("q4, 32k: %.3f GiB with an 8-bit cache, %.3f with fp16", bytes8 / gib, bytes16 / gib);
    QVERIFY(bytes8 <= 6.3 * gib);
    QVERIFY(bytes16 <= 7.0 * gib);
  }

  void partsAreTheArenas() {
    const auto config = shapeByName("internlm3-8b");
    for (const Format format : {Format::f16, Format::q8, Format::q4, Format::nf4, Format::nf4dq})
      for (const bool host : {false, true}) {
        const PlanRequest plan = request(format, KvFormat::f16, 4096, host);
        const CudaMemory memory = cudaMemory(*config, plan, 9);
        const auto parts = cudaPlanParts(*config, plan, h100(1));
        QCOMPARE(onDevice(parts), memory.weightArena + memory.kvArena + memory.workspaceArena + 1);
        QVERIFY(memory.weightArena % (2u << 20) == 0);
      }
  }

  void workspaceBuffersDoNotOverlap() {
    const auto config = shapeByName("internlm3-8b");
    const WorkspaceLayout w = workspaceLayout(*config, request(Format::q4, KvFormat::f16, 4096, false), 9);
    std::vector<std::uint64_t> offsets = {w.residual,    w.narrow, w.wide, w.tiles[0], w.tiles[1],  w.angles,
                                          w.frequencies, w.logits, w.ids,  w.flags,    w.finalNorm, w.cublas,
                                          w.decode,      w.bytes};
    QVERIFY(std::is_sorted(offsets.begin(), offsets.end()));
    QVERIFY(std::adjacent_find(offsets.begin(), offsets.end()) == offsets.end());
    QVERIFY(w.narrow - w.residual >= 2048ull * 4096 * 4);
    QVERIFY(w.tiles[0] - w.wide >= 2ull * 2048 * 10240 * 2);
    QVERIFY(w.bytes >= w.stagingBytes);
  }

  void sizesStickInsteadOfWrapping() {
    auto config = *shapeByName("internlm3-8b");
    const auto parts = cudaPlanParts(config, request(Format::q4, KvFormat::f16, std::int64_t(1) << 62, false), h100(0));
    QVERIFY(onDevice(parts) > (std::uint64_t(1) << 55));
  }

  void olderCardsComputeInFp32InsteadOfBf16() {
    QCOMPARE(cudaComputeType(ComputeType::bf16, 7), ComputeType::f32);
    QCOMPARE(cudaComputeType(ComputeType::bf16, 8), ComputeType::bf16);
    QCOMPARE(cudaComputeType(ComputeType::f16, 7), ComputeType::f16);
  }

  void aTiedHeadKeepsTheEmbeddingOnTheCard() {
    auto config = *shapeByName("internlm3-8b");
    config.tiedEmbeddings = true;
    const PlanRequest plan = request(Format::q4, KvFormat::f16, 4096, true);
    QVERIFY(headIsShared(config, plan.recipe));
    QVERIFY(!cudaEmbeddingOnHost(config, plan));
    QCOMPARE(cudaMemory(config, plan, 9).head, std::uint64_t(0));
  }
};

QTEST_APPLESS_MAIN(TestCudaModule)
#include "test_cuda_module.moc"
