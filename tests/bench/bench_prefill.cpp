// Prefill speed, load time and memory of a model shape on a CUDA card, through the engine.
// usage: bench_prefill [SHAPE|FOLDER] [FORMAT…]   (internlm3-8b; q4 q8 nf4 bf16)   environment: NIBBLE_BENCH_CONTEXT,
// NIBBLE_BENCH_KV (f16, q8), NIBBLE_BENCH_HOST_EMBEDDING
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "core/engine/cuda/cuda_devices.h"
#include "core/engine/engine.h"

using namespace nibble;

namespace {
constexpr const char* kDevice = "cuda:0";
constexpr int kRepeats = 7;

double prefillRate(Engine& engine, int tokens) {
  std::vector<double> rates;
  for (int repeat = 0; repeat < kRepeats; ++repeat) {
    GenerateRequest request;
    for (int i = 0; i < tokens; ++i)
      request.ids.push_back(3 + (i * 7919 + repeat * 104729) % 50000);  // no shared prefix between repeats
    request.maxTokens = 1;
    request.sampling.greedy = true;
    const auto result = engine.generate(request, {}, {});
    if (!result) {
      std::printf("prefill failed: %s (%s)\n", result.error().detail.c_str(), result.error().field.c_str());
      return 0;
    }
    rates.push_back(static_cast<double>(tokens) / result->statistics.prefillSeconds);
  }
  std::sort(rates.begin() + 1, rates.end());  // the first warms up
  return rates[1 + (kRepeats - 1) / 2];
}

void report(const std::string& shape, Format format) {
  const auto freeBefore = cudaFreeBytes(kDevice);
  const char* context = std::getenv("NIBBLE_BENCH_CONTEXT");
  const char* kv = std::getenv("NIBBLE_BENCH_KV");
  LoadRequest request;
  request.model = shape.find('/') == std::string::npos ? "shape:" + shape : shape;
  request.recipe = uniformRecipe(format);
  request.device = kDevice;
  request.context = context ? std::atoll(context) : 4096;
  request.kv = kvFormatFromName(kv ? kv : "f16").value_or(KvFormat::f16);
  request.embeddingOnHost = std::getenv("NIBBLE_BENCH_HOST_EMBEDDING") != nullptr;
  const auto engine = makeEngine();
  const auto started = std::chrono::steady_clock::now();
  std::vector<std::pair<LoadPhase, double>> phases;
  const auto note = [&](const LoadProgress& progress) {
    if (phases.empty() || phases.back().first != progress.phase)
      phases.emplace_back(progress.phase,
                          std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count());
  };
  const auto loaded = engine->load(request, note, {});
  if (!loaded) {
    std::printf("%s: %s (%s) needed %.2f GiB\n", formatName(format).data(), loaded.error().detail.c_str(),
                loaded.error().field.c_str(), double(loaded.error().needed) / (1 << 30));
    return;
  }
  const auto freeNow = cudaFreeBytes(kDevice);
  const double taken = freeBefore && freeNow ? double(*freeBefore - *freeNow) / (1 << 30) : 0,
               planned = double(loaded->plan.bytesOn(kDevice)) / (1 << 30);
  const double p512 = prefillRate(*engine, 512), p2048 = prefillRate(*engine, 2048);
  std::printf(
      "%-6s context %lld kv %s: load %.2f s (%.1f GB/s of 16-bit weights), VRAM %.3f GiB, planned %.3f (%+.1f %%), "
      "prefill 512: %.0f tok/s, 2048: %.0f tok/s\n",
      formatName(format).data(), static_cast<long long>(request.context), kvFormatName(request.kv).data(),
      loaded->seconds, double(loaded->fileBytes) / loaded->seconds / 1e9, taken, planned,
      taken > 0 ? (planned / taken - 1) * 100 : 0.0, p512, p2048);
  std::printf("         phases begin at");
  for (const auto& [phase, seconds] : phases) std::printf(" %d: %.3f s", static_cast<int>(phase), seconds);
  std::printf("\n");
  for (const PlanPart& part : loaded->plan.parts)
    std::printf("         %-18s %-7s %9.1f MiB\n", part.name.c_str(), part.device.c_str(),
                double(part.bytes) / (1 << 20));
  std::fflush(stdout);
}
}  // namespace

int main(int argc, char** argv) {
  const std::string shape = argc > 1 ? argv[1] : "internlm3-8b";
  if (argc <= 2) report(shape, Format::q4);
  for (int i = 2; i < argc; ++i)
    if (const auto format = formatFromName(argv[i])) report(shape, *format);
  return 0;
}
