// Times the CPU kernels at the InternLM3-8B shapes: GB/s of weights in decoding as a share of the read bandwidth measured in the same run,
// tokens/s and GFLOP/s in prefill. Matrices rotate through more memory than any cache holds.
// usage: bench_cpu_kernels [--level portable|avx2|avx512] [--threads N] [--types q4,q8,…] [--prefill N] [--rounds N] [--activations 8|32] [--cpu-time] [--quantize]
#include <sys/mman.h>
#include <time.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <string>
#include <vector>

#include "kernels/cpu/elementwise.h"
#include "kernels/cpu/kernel_level.h"
#include "kernels/cpu/matmul.h"
#include "kernels/cpu/quantize.h"
#include "kernels/cpu/thread_pool.h"

using namespace nibble;

namespace {

struct Shape {
  const char* name;
  std::int64_t rows, columns;
  int perToken;  // times in four layers and the head
};
constexpr Shape kShapes[] = {{"q+k+v", 4608, 4096, 4}, {"o", 4096, 4096, 4}, {"gate+up", 20480, 4096, 4}, {"down", 4096, 10240, 4}, {"head", 128512, 4096, 1}};
constexpr const char* kTypeNames[] = {"f32", "f16", "bf16", "q8", "nf4", "nf4-dq", "q4"};
constexpr std::int64_t kBufferBytes = std::int64_t{1} << 30;

/// With --cpu-time: processor time divided by the threads, for a machine whose cores others use too; else the wall clock.
bool g_cpuTime = false;
int g_threads = 1;

double seconds() {
  if (g_cpuTime) {
    timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec)) / g_threads;
  }
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

/// Memory in large pages, filled so that every format reads small, finite numbers.
std::uint8_t* makeBuffer() {
  void* memory = mmap(nullptr, static_cast<std::size_t>(kBufferBytes), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) std::exit(1);
  madvise(memory, static_cast<std::size_t>(kBufferBytes), MADV_HUGEPAGE);
  std::memset(memory, 0x2c, static_cast<std::size_t>(kBufferBytes));
  return static_cast<std::uint8_t*>(memory);
}

double readBandwidth(ThreadPool& pool, const std::uint8_t* buffer) {
  constexpr std::int64_t kPiece = 1 << 20;
  std::atomic<std::uint64_t> checksum{0};
  const double start = seconds();
  pool.parallelFor(kBufferBytes / kPiece, 1, [&](std::int64_t begin, std::int64_t end) { checksum ^= stream_read(buffer + begin * kPiece, (end - begin) * kPiece); });
  return static_cast<double>(kBufferBytes) / (seconds() - start);
}

struct Options {
  std::vector<WeightType> types = {WeightType::q4, WeightType::q8};
  int threads = 0, prefill = 128, rounds = 5, activations = 8;
};

class Bench {
 public:
  explicit Bench(const Options& options) : m_options(options), m_pool(options.threads), m_buffer(makeBuffer()) { g_threads = m_pool.threads(); }

  void run() {
    std::printf("%s, %d threads, activations %d\n", kernelLevelName(kernelLevel()), m_pool.threads(), m_options.activations);
    for (WeightType type : m_options.types) {
      double best = 0, tokenSeconds = 0, tokenBytes = 0, prefillSeconds = 0;
      for (const Shape& shape : kShapes) {
        const WeightType used = shape.rows > 100000 ? WeightType::q8 : type;  // the head is q8
        const double decode = fastest(used, shape, 1, best);
        const double bytes = static_cast<double>(packedBytes(used, shape.rows, shape.columns));
        const double flops = 2.0 * static_cast<double>(shape.rows * shape.columns) * m_options.prefill;
        const double prefill = shape.perToken > 1 && m_options.prefill > 0 ? fastest(used, shape, m_options.prefill, best) : 0.0;
        std::printf("%-6s %-8s decode %6.2f GB/s %5.1f %%", kTypeNames[static_cast<int>(used)], shape.name, bytes / decode * 1e-9, 100 * bytes / decode / best);
        if (prefill > 0) std::printf("   prefill %d: %7.1f GFLOP/s", m_options.prefill, flops / prefill * 1e-9);
        std::printf("\n");
        tokenSeconds += decode * shape.perToken;
        tokenBytes += bytes * shape.perToken;
        prefillSeconds += prefill * shape.perToken;
      }
      std::printf("%-6s 4 layers + q8 head: %.2f tok/s, %.2f GB/s, %.1f %% of the read bandwidth %.2f GB/s; products of prefill %.1f tok/s\n\n",
                  kTypeNames[static_cast<int>(type)], 1 / tokenSeconds, tokenBytes / tokenSeconds * 1e-9, 100 * tokenBytes / tokenSeconds / best, best * 1e-9,
                  prefillSeconds > 0 ? m_options.prefill / prefillSeconds : 0.0);
    }
  }

 private:
  /// Seconds of one product, the best of some rounds; the bandwidth is measured in between, so that both see the same neighbours.
  double fastest(WeightType type, const Shape& shape, std::int64_t n, double& bandwidth) {
    const auto bytes = static_cast<std::int64_t>((packedBytes(type, shape.rows, shape.columns) + 4095) / 4096 * 4096);
    const std::int64_t copies = std::max<std::int64_t>(1, kBufferBytes / bytes);
    const std::int64_t calls = n > 1 ? 1 : std::max<std::int64_t>(1, std::min(copies, (std::int64_t{256} << 20) / bytes));
    std::vector<float> x(static_cast<std::size_t>(n * shape.columns), 0.5f), y(static_cast<std::size_t>(n * shape.rows));
    std::vector<std::uint8_t> activations(activationBytes(n, shape.columns) + 64);
    auto* aligned = reinterpret_cast<std::uint8_t*>((reinterpret_cast<std::uintptr_t>(activations.data()) + 63) / 64 * 64);
    double best = 1e9;
    for (int round = 0; round < m_options.rounds; ++round) {
      bandwidth = std::max(bandwidth, readBandwidth(m_pool, m_buffer));
      const double start = seconds();
      for (std::int64_t call = 0; call < calls; ++call) {
        const PackedMatrix matrix{type, shape.rows, shape.columns, m_buffer + (round * calls + call) % copies * bytes};
        const MatmulOutput out{y.data(), shape.rows, false};
        if (m_options.activations == 8) {
          m_pool.parallelFor(n, 8, [&](std::int64_t begin, std::int64_t end) { quantize_activations(x.data(), shape.columns, shape.columns, aligned, begin, end); });
          m_pool.parallelFor(panelCount(shape.rows), 4, [&](std::int64_t begin, std::int64_t end) { matmul_a8(matrix, aligned, n, out, begin, end); });
        } else {
          m_pool.parallelFor(panelCount(shape.rows), 4, [&](std::int64_t begin, std::int64_t end) { matmul_a32(matrix, x.data(), n, shape.columns, out, begin, end); });
        }
      }
      best = std::min(best, (seconds() - start) / static_cast<double>(calls));
    }
    return best;
  }

  Options m_options;
  ThreadPool m_pool;
  std::uint8_t* m_buffer;
};

std::vector<WeightType> typesOf(const std::string& list) {
  std::vector<WeightType> types;
  for (int i = 0; i < 7; ++i) {
    if (("," + list + ",").find("," + std::string(kTypeNames[i]) + ",") != std::string::npos) types.push_back(static_cast<WeightType>(i));
  }
  return types;
}

/// Speed of quantizing a Gaussian matrix, all threads.
void benchQuantize(int threads) {
  ThreadPool pool(threads);
  g_threads = pool.threads();
  const std::int64_t count = std::int64_t{1} << 24;
  std::vector<float> x(static_cast<std::size_t>(count));
  std::uint32_t state = 1;
  for (float& value : x) {
    float sum = 0;
    for (int i = 0; i < 4; ++i) sum += static_cast<float>((state = state * 1664525u + 1013904223u) >> 8) * (1.0f / (1 << 24)) - 0.5f;
    value = sum;
  }
  std::vector<std::uint8_t> out(static_cast<std::size_t>(count) * 2);
  std::vector<float> absmax(static_cast<std::size_t>(count / 64));
  const auto time = [&](const char* name, auto&& work) {
    double best = 1e9;
    for (int round = 0; round < 3; ++round) {
      const double start = seconds();
      pool.parallelFor(count / 64, 64, work);
      best = std::min(best, seconds() - start);
    }
    std::printf("quantize %-4s %7.1f M weights/s: %.1f s for 8 B\n", name, static_cast<double>(count) / best * 1e-6, 8.0e9 / static_cast<double>(count) * best);
  };
  time("q4", [&](std::int64_t b, std::int64_t e) { quantize_q4(x.data() + b * 64, nullptr, (e - b) * 2, reinterpret_cast<BlockQ4*>(out.data()) + b * 2); });
  time("q8", [&](std::int64_t b, std::int64_t e) { quantize_q8(x.data() + b * 64, (e - b) * 2, reinterpret_cast<BlockQ8*>(out.data()) + b * 2); });
  time("nf4", [&](std::int64_t b, std::int64_t e) { quantize_nf4(x.data() + b * 64, (e - b) * 64, out.data() + b * 32, absmax.data() + b); });
}

}  // namespace

int main(int count, char** arguments) {
  Options options;
  std::map<std::string, KernelLevel> levels = {{"portable", KernelLevel::portable}, {"avx2", KernelLevel::avx2}, {"avx512", KernelLevel::avx512}};
  bool quantize = false;
  for (int i = 1; i < count; ++i) {
    const std::string name = arguments[i], value = i + 1 < count ? arguments[i + 1] : "";
    if (name == "--quantize") { quantize = true; continue; }
    if (name == "--cpu-time") { g_cpuTime = true; continue; }
    ++i;
    if (name == "--level" && (levels.count(value) == 0 || !setKernelLevel(levels[value]))) return 2;
    if (name == "--threads") options.threads = std::atoi(value.c_str());
    if (name == "--types") options.types = typesOf(value);
    if (name == "--prefill") options.prefill = std::atoi(value.c_str());
    if (name == "--rounds") options.rounds = std::atoi(value.c_str());
    if (name == "--activations") options.activations = std::atoi(value.c_str());
  }
  if (quantize) benchQuantize(options.threads);
  else Bench(options).run();
}
