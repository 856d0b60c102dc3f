// Four layers of the InternLM3-8B shape with random weights through the whole engine on the CPU, at a forced level: decode and prefill in
// processor time (divided by the threads), so that other programs on the machine do not spoil the figures; median over tokens.
// usage: bench_cpu_model [--level avx2] [--precision q4] [--threads 2] [--prefill 128] [--tokens 40] [--wall]
#include <sys/mman.h>
#include <time.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <string>
#include <vector>

#include "core/engine/engine.h"
#include "kernels/cpu/elementwise.h"
#include "kernels/cpu/kernel_level.h"
#include "kernels/cpu/thread_pool.h"

using namespace nibble;

namespace {

struct Options {
  std::string precision = "q4";
  int threads = 2, prefill = 128, tokens = 40;
  bool wall = false;
} g_options;

double seconds() {
  timespec now;
  clock_gettime(g_options.wall ? CLOCK_MONOTONIC : CLOCK_PROCESS_CPUTIME_ID, &now);
  return (static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec)) / (g_options.wall ? 1 : g_options.threads);
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values.empty() ? 0.0 : values[values.size() / 2];
}

/// Median of some passes over 512 MB.
double readBandwidth() {
  constexpr std::int64_t kBytes = std::int64_t{1} << 29, kPiece = 1 << 20;
  static void* memory = mmap(nullptr, kBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  static bool ready = false;
  if (!ready) {
    madvise(memory, kBytes, MADV_HUGEPAGE);
    std::memset(memory, 1, kBytes);
    ready = true;
  }
  ThreadPool pool(g_options.threads);
  std::vector<double> passes;
  std::atomic<std::uint64_t> checksum{0};
  for (int i = 0; i < 7; ++i) {
    const double start = seconds();
    pool.parallelFor(kBytes / kPiece, 1, [&](std::int64_t begin, std::int64_t end) {
      checksum ^= stream_read(static_cast<const std::uint8_t*>(memory) + begin * kPiece, (end - begin) * kPiece);
    });
    passes.push_back(static_cast<double>(kBytes) / (seconds() - start));
  }
  return median(passes);
}

std::vector<std::int32_t> someIds(int count, int seed) {
  std::vector<std::int32_t> ids;
  for (int i = 0; i < count; ++i) ids.push_back(1000 + (i * 7919 + seed * 104729) % 100000);
  return ids;
}

int run() {
  LoadRequest load;
  load.model = "shape:internlm3-8b";
  load.layerLimit = 4;
  const Result<Recipe> recipe = readRecipe(g_options.precision);
  if (!recipe) return 2;
  load.recipe = *recipe;
  load.context = 512;
  load.device = "cpu";
  load.threads = g_options.threads;
  const std::unique_ptr<Engine> engine = makeEngine();
  if (!engine->load(load, [](const LoadProgress&) {}, {})) return 1;
  double bandwidth = readBandwidth();
  std::vector<double> prefills, tokens;
  for (int pass = 0; pass < 5; ++pass) {
    GenerateRequest request;
    request.sampling.greedy = true;
    request.maxTokens = pass == 0 ? g_options.tokens + 1 : 1;
    request.ids = someIds(g_options.prefill, pass);
    const double start = seconds();
    double last = 0;
    const auto sink = [&](const GenerateEvent& event) {
      if (event.prefill) return;
      const double now = seconds();
      if (last == 0) prefills.push_back(now - start);
      else tokens.push_back(now - last);
      last = now;
    };
    if (!engine->generate(request, sink, {})) return 1;
    bandwidth = std::max(bandwidth, readBandwidth());
  }
  const double bytes = static_cast<double>(engine->statistics().backend.bytesPerToken), token = median(tokens);
  std::printf("%s, %s, %d threads, %s: decode %.2f tok/s, %.2f GB/s, %.1f %% of the read bandwidth %.2f GB/s; prefill of %d: %.1f tok/s\n",
              g_options.precision.c_str(), kernelLevelName(kernelLevel()), g_options.threads, g_options.wall ? "wall clock" : "processor time",
              1 / token, bytes / token * 1e-9, 100 * bytes / token / bandwidth, bandwidth * 1e-9, g_options.prefill, g_options.prefill / median(prefills));
  return 0;
}

}  // namespace

int main(int count, char** arguments) {
  const std::map<std::string, KernelLevel> levels = {{"portable", KernelLevel::portable}, {"avx2", KernelLevel::avx2}, {"avx512", KernelLevel::avx512}};
  for (int i = 1; i < count; ++i) {
    const std::string name = arguments[i];
    if (name == "--wall") {
      g_options.wall = true;
      continue;
    }
    const std::string value = i + 1 < count ? arguments[++i] : "";
    if (name == "--level" && (levels.count(value) == 0 || !setKernelLevel(levels.at(value)))) return 2;
    if (name == "--precision") g_options.precision = value;
    if (name == "--threads") g_options.threads = std::max(1, std::atoi(value.c_str()));
    if (name == "--prefill") g_options.prefill = std::max(1, std::atoi(value.c_str()));
    if (name == "--tokens") g_options.tokens = std::max(2, std::atoi(value.c_str()));
  }
  return run();
}
