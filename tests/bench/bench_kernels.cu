// Checks and times the CUDA decode kernels without Qt or a model:
//   bench_kernels check [quick] [products|attention|sampling|steps] | products [FORMAT] | steps |
//                 sweep [q4|nf4|q8|f16 [LAYERS]]
// `products` times every format alone at the InternLM3-8B shapes, L2-cold; `steps` a whole 48-layer decode step with
// random weights as one graph at depths from 0 to 32k; both beside the device's copy bandwidth (read + write) of the
// same run.
#include <algorithm>
#include <cstdlib>
#include <string>

#include "bench_kernels_check.h"
#include "kernel_reference.h"

namespace bench {

namespace {

__global__ void fill_kernel(std::uint8_t* data, MatrixLayout layout, MatrixFormat format, std::uint32_t seed) {
  const std::uint64_t words = layout.totalBytes / 4;
  for (std::uint64_t i = blockIdx.x * blockDim.x + threadIdx.x; i < words;
       i += static_cast<std::uint64_t>(gridDim.x) * blockDim.x) {
    std::uint32_t h = static_cast<std::uint32_t>(i * 0x9E3779B97F4A7C15ull >> 29) ^ seed;
    h = (h ^ (h >> 15)) * 0x2c1b3c6du;
    h = (h ^ (h >> 12)) * 0x297a2d39u;
    h ^= h >> 15;
    const std::uint64_t at = i * 4;
    const bool panels = layout.panelRows > 1;  // else records
    const std::uint64_t period = panels ? layout.panelRows * (layout.codeBytes() + layout.scaleBytes()) : layout.stride;
    const std::uint64_t scalesAt = panels ? layout.panelRows * layout.codeBytes() : layout.scaleOffset;
    if (at >= layout.flatOffset) {
      h = __float_as_uint(0.001f);
    } else if (format == MatrixFormat::f32) {
      h = (h & 0x807fffffu) | 0x3c000000u;
    } else if (format == MatrixFormat::f16) {
      h = (h & 0x83ff83ffu) | 0x24002400u;
    } else if (format == MatrixFormat::bf16) {
      h = (h & 0x807f807fu) | 0x3c003c00u;
    } else if (format != MatrixFormat::nf4dq && at % period >= scalesAt) {
      h = format == MatrixFormat::nf4 ? (h & 0x007fffffu) | 0x3d000000u : (h & 0x01ff01ffu) | 0x0c000c00u;
    }
    reinterpret_cast<std::uint32_t*>(data)[i] = h;
  }
}

__global__ void fill_cache_kernel(std::uint32_t* data, std::uint64_t words, std::uint64_t scalesFrom,
                                  KvCacheFormat format) {
  for (std::uint64_t i = blockIdx.x * blockDim.x + threadIdx.x; i < words;
       i += static_cast<std::uint64_t>(gridDim.x) * blockDim.x) {
    std::uint32_t h = static_cast<std::uint32_t>(i * 0x9E3779B97F4A7C15ull >> 31) * 0x297a2d39u;
    h ^= h >> 14;
    if (format == KvCacheFormat::f16) h = (h & 0x83ff83ffu) | 0x38003800u;
    if (i >= scalesFrom) h = (h & 0x01ff01ffu) | 0x20002000u;
    data[i] = h;
  }
}

struct Timer {
  cudaEvent_t from, to;
  Timer() {
    must(cudaEventCreate(&from), "event");
    must(cudaEventCreate(&to), "event");
  }
  ~Timer() {
    cudaEventDestroy(from);
    cudaEventDestroy(to);
  }
  template <typename F>
  double milliseconds(cudaStream_t stream, F&& work) {
    must(cudaEventRecord(from, stream), "record");
    work();
    must(cudaEventRecord(to, stream), "record");
    must(cudaEventSynchronize(to), "timed work");
    float ms = 0;
    must(cudaEventElapsedTime(&ms, from, to), "elapsed");
    return ms;
  }
};

double copyBandwidth(cudaStream_t stream) {
  const std::size_t bytes = std::size_t{2} << 30;
  Device<std::uint8_t> a(bytes), b(bytes);
  Timer timer;
  std::vector<double> times;
  for (int i = 0; i < 12; ++i)
    times.push_back(timer.milliseconds(
        stream, [&] { must(cudaMemcpyAsync(b.get(), a.get(), bytes, cudaMemcpyDeviceToDevice, stream), "copy"); }));
  return 2.0 * bytes / median(times) / 1e6;
}

MatrixView filledMatrix(std::vector<Device<std::uint8_t>>& owners, MatrixFormat format, int rows, int columns,
                        double& bytes) {
  const MatrixLayout layout = matrixLayout(format, rows, columns);
  owners.emplace_back(layout.totalBytes);
  fill_kernel<<<1024, 256>>>(owners.back().get(), layout, format, randomBits());
  must(cudaGetLastError(), "fill");
  bytes += static_cast<double>(layout.stride) * rows;
  return {owners.back().get(), format, rows, columns};
}

struct ProductCase {
  const char* what;
  int rows, columns;
};

cudaGraphExec_t captured(cudaStream_t stream, const DecodeModel& model) {
  cudaGraph_t graph;
  cudaGraphExec_t exec;
  must(cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal), "capture");
  must(decodeStep(stream, model), "decodeStep");
  must(sampleToken(stream, model), "sampleToken");
  must(cudaStreamEndCapture(stream, &graph), "end capture");
  must(cudaGraphInstantiate(&exec, graph, 0), "instantiate");
  cudaGraphDestroy(graph);
  return exec;
}

/// One format at one shape, over as many copies as 400 MB hold, so that nothing is left in L2 from the last time.
void timeProduct(cudaStream_t stream, MatrixFormat format, int bits, const ProductCase& c, const DecodeTuning& tuning,
                 double copy) {
  std::vector<Device<std::uint8_t>> owners;
  double bytes = 0;
  filledMatrix(owners, format, c.rows, c.columns, bytes);
  const int copies = std::max(2, static_cast<int>(400e6 / bytes));
  std::vector<MatrixView> views;
  double unused = 0;
  for (int i = 0; i < copies; ++i) views.push_back(filledMatrix(owners, format, c.rows, c.columns, unused));
  Device<float> x(randomVector(c.columns, 1)), gain(randomVector(c.columns, 0.1, 1)), y(c.rows);
  Timer timer;
  cudaGraph_t graph;
  cudaGraphExec_t exec;
  must(cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal), "capture");
  for (const MatrixView& view : views)
    must(matvec(stream, view, x.get(), gain.get(), 1e-5f, nullptr, y.get(), bits, tuning), "matvec");
  must(cudaStreamEndCapture(stream, &graph), "end capture");
  must(cudaGraphInstantiate(&exec, graph, 0), "instantiate");
  std::vector<double> chained, alone;
  for (int i = 0; i < 7; ++i)
    chained.push_back(timer.milliseconds(stream, [&] { must(cudaGraphLaunch(exec, stream), "graph"); }) * 1e3 / copies);
  for (int i = 0; i < 2 * copies; ++i)
    alone.push_back(timer.milliseconds(stream, [&] {
      must(matvec(stream, views[i % copies], x.get(), gain.get(), 1e-5f, nullptr, y.get(), bits, tuning), "matvec");
    }) * 1e3);
  const double us = median(chained), single = median(alone);
  std::printf("%-8s %6d x %-6d %-6s a%-2d  in a row %7.2f us %6.0f GB/s %5.1f %%   by itself %7.2f us\n", c.what,
              c.rows, c.columns, name(format), bits, us, bytes / us / 1e3, 100 * bytes / us / 1e3 / copy, single);
  cudaGraphExecDestroy(exec);
  cudaGraphDestroy(graph);
}

void products(cudaStream_t stream, double copy, const std::string& only) {
  DecodeTuning tuning;
  must(decodeTuning(0, tuning), "tuning");
  const ProductCase cases[] = {
      {"qkv", 4608, 4096}, {"o", 4096, 4096}, {"gate+up", 20480, 4096}, {"down", 4096, 10240}, {"head", 128512, 4096}};
  for (int f : {6, 4, 5, 3, 1, 2, 0}) {
    const MatrixFormat format = static_cast<MatrixFormat>(f);
    if (!only.empty() && only != name(format)) continue;
    for (const ProductCase& c : cases) timeProduct(stream, format, 8, c, tuning, copy);
    if (f >= 3) timeProduct(stream, format, 16, cases[2], tuning, copy);
  }
}

struct BigModel {
  std::vector<Device<std::uint8_t>> owners;
  std::vector<Device<float>> vectors;
  std::vector<LayerView> layers;
  Device<StepInput> input{1};
  Device<StepOutput> output{1};
  DecodeModel model;
  double weightBytes = 0;
  double cacheBytesPerPosition = 0;
};

int layersOfBig = 48;  ///< fewer for a profiler

void buildBig(BigModel& b, MatrixFormat format, MatrixFormat keyFormat, MatrixFormat head, KvCacheFormat kv, int bits,
              std::int64_t capacity) {
  const DecodeShape s{layersOfBig, 4096, 32, 2, 128, 10240, 128512, capacity, kv, 1e-5f, 1.0f, bits};
  const float* gain = b.vectors.emplace_back(randomVector(4096, 0.1, 1)).get();
  for (int i = 0; i < s.layers; ++i) {
    LayerView l;
    l.query = filledMatrix(b.owners, format, 4096, 4096, b.weightBytes);
    l.key = filledMatrix(b.owners, keyFormat, 256, 4096, b.weightBytes);
    l.value = filledMatrix(b.owners, keyFormat, 256, 4096, b.weightBytes);
    l.attentionOutput = filledMatrix(b.owners, format, 4096, 4096, b.weightBytes);
    l.gate = filledMatrix(b.owners, format, 10240, 4096, b.weightBytes);
    l.up = filledMatrix(b.owners, format, 10240, 4096, b.weightBytes);
    l.down = filledMatrix(b.owners, format, 4096, 10240, b.weightBytes);
    l.inputNorm = l.postNorm = gain;
    const KvLayout layout = kvLayout(kv, s.kvHeads, capacity, s.headDim);
    for (void** cache : {&l.kv.keys, &l.kv.values}) {
      *cache = b.owners.emplace_back(layout.totalBytes).get();
      fill_cache_kernel<<<512, 256>>>(static_cast<std::uint32_t*>(*cache), layout.totalBytes / 4,
                                      layout.scaleOffset / 4, kv);
    }
    l.kv.format = kv;
    b.layers.push_back(l);
    b.cacheBytesPerPosition += 2.0 * layout.totalBytes / capacity;
  }
  double embeddingBytes = 0;
  b.model.shape = s;
  b.model.layers = b.layers.data();
  b.model.embedding = filledMatrix(b.owners, MatrixFormat::q8, 1024, 4096, embeddingBytes);
  b.model.head = filledMatrix(b.owners, head, s.vocab, 4096, b.weightBytes);
  b.model.finalNorm = gain;
  std::vector<float> inverse(64);
  for (int i = 0; i < 64; ++i) inverse[i] = static_cast<float>(std::pow(5e7, -i / 64.0));
  b.model.inverseFrequencies = b.vectors.emplace_back(inverse).get();
  Device<std::uint8_t>& workspace = b.owners.emplace_back(decodeWorkspaceBytes(s));
  workspace.clear();
  b.model.workspace = carveDecodeWorkspace(s, workspace.get());
  b.model.input = b.input.get();
  b.model.output = b.output.get();
  must(decodeTuning(0, b.model.tuning), "tuning");
}

/// Median time of a step at a depth: `steps` replays, token and position set anew before every one by a copy in the
/// stream.
double timeStep(cudaStream_t stream, BigModel& b, cudaGraphExec_t exec, int position, int steps, double* p99) {
  Timer timer;
  std::vector<double> times;
  for (int i = 0; i < steps + 3; ++i) {
    StepInput input;
    input.token = static_cast<int>(randomBits() % 1024);
    input.position = position + i % 16;
    must(cudaMemcpyAsync(b.input.get(), &input, sizeof input, cudaMemcpyHostToDevice, stream), "input");
    const double ms = timer.milliseconds(stream, [&] { must(cudaGraphLaunch(exec, stream), "graph"); });
    if (i >= 3) times.push_back(ms);
  }
  std::sort(times.begin(), times.end());
  if (p99) *p99 = times[times.size() * 99 / 100];
  return times[times.size() / 2];
}

void printStep(const BigModel& b, const char* what, int position, double ms, double p99, double copy) {
  const double bytes = b.weightBytes + b.cacheBytesPerPosition * position;
  std::printf("%-34s at %5d: %7.3f ms (p99 %7.3f) %7.1f tok/s  %6.0f GB/s %5.1f %% of copy (weights alone %5.1f %%)\n",
              what, position, ms, p99, 1e3 / ms, bytes / ms / 1e6, 100 * bytes / ms / 1e6 / copy,
              100 * b.weightBytes / ms / 1e6 / copy);
}

void stepsOf(cudaStream_t stream, MatrixFormat format, MatrixFormat keyFormat, MatrixFormat head, KvCacheFormat kv,
             int bits, double copy, bool deep) {
  BigModel b;
  buildBig(b, format, keyFormat, head, kv, bits, 32768 + 64);
  char what[64];
  std::snprintf(what, sizeof what, "%s k/v %s head %s cache %s a%d", name(format), name(keyFormat), name(head),
                name(kv), bits);
  cudaGraphExec_t exec = captured(stream, b.model);
  for (int position : {0, 112, 300, 1000, 4096, 32700}) {
    if (!deep && position > 0) break;
    double p99 = 0;
    const double ms = timeStep(stream, b, exec, position, 40, &p99);
    printStep(b, what, position, ms, p99, copy);
  }
  cudaGraphExecDestroy(exec);
}

void steps(cudaStream_t stream, double copy) {
  using F = MatrixFormat;
  using K = KvCacheFormat;
  stepsOf(stream, F::q4, F::q4, F::q8, K::f16, 8, copy, true);
  stepsOf(stream, F::q4, F::q4, F::q8, K::q8, 8, copy, true);
  stepsOf(stream, F::q4, F::q8, F::q8, K::f16, 8, copy, false);
  stepsOf(stream, F::q4, F::q4, F::q8, K::q4, 8, copy, true);
  stepsOf(stream, F::nf4, F::nf4, F::q8, K::f16, 8, copy, false);
  stepsOf(stream, F::nf4dq, F::nf4dq, F::q8, K::f16, 8, copy, false);
  stepsOf(stream, F::q8, F::q8, F::q8, K::f16, 8, copy, true);
  stepsOf(stream, F::f16, F::f16, F::f16, K::f16, 16, copy, true);
  stepsOf(stream, F::bf16, F::bf16, F::bf16, K::f16, 16, copy, false);
  stepsOf(stream, F::q4, F::q4, F::q8, K::f16, 16, copy, false);
}

/// A format's step as chosen, without dependent launch, and with other sizes of block.
void sweep(cudaStream_t stream, double copy, MatrixFormat format, MatrixFormat head) {
  BigModel b;
  buildBig(b, format, format, head, KvCacheFormat::f16, 8, 32768 + 64);
  std::printf("%s\n", name(format));
  const DecodeTuning full = b.model.tuning;
  struct {
    const char* what;
    bool dependent, tensor;
    int threads;
  } const variants[] = {{"as chosen", true, true, 0},
                        {"without dependent launch", false, true, 0},
                        {"without tensor-core products", true, false, 0},
                        {"the same, 640 threads", true, false, 640},
                        {"the same, 768 threads", true, false, 768},
                        {"the same, 1024 threads", true, false, 1024}};
  for (const auto& v : variants) {
    b.model.tuning = full;
    b.model.tuning.dependentLaunch = v.dependent;
    b.model.tuning.tensorProducts = full.tensorProducts && v.tensor;
    if (v.threads) b.model.tuning.blockThreads = v.threads;
    cudaGraphExec_t exec = captured(stream, b.model);
    for (int position : {0, 32700}) {
      double p99 = 0;
      const double ms = timeStep(stream, b, exec, position, 20, &p99);
      printStep(b, v.what, position, ms, p99, copy);
    }
    cudaGraphExecDestroy(exec);
  }
}

}  // namespace

}  // namespace bench

int main(int argc, char** argv) {
  using namespace bench;
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  const std::string part = argc > 1 ? argv[1] : "check";
  cudaDeviceProp properties;
  must(cudaGetDeviceProperties(&properties, 0), "device");
  std::printf("%s, %d multiprocessors, %d.%d\n", properties.name, properties.multiProcessorCount, properties.major,
              properties.minor);
  if (part == "check") {
    const bool quick = argc > 2 && std::string(argv[2]) == "quick";
    const std::string only = argc > 2 + quick ? argv[2 + quick] : "";
    const auto wanted = [&](const char* what) { return only.empty() || only == what; };
    int failed = 0;
    if (wanted("products")) failed += checkProducts(quick);
    if (wanted("attention")) failed += checkAttention(quick);
    if (wanted("sampling")) failed += checkSampling();
    if (wanted("steps")) failed += checkSteps(quick);
    std::printf("%d checks failed\n", failed);
    return failed ? 1 : 0;
  }
  cudaStream_t stream;
  must(cudaStreamCreate(&stream), "stream");
  const double copy = copyBandwidth(stream);
  std::printf("copy bandwidth %.0f GB/s\n", copy);
  if (part == "products") products(stream, copy, argc > 2 ? argv[2] : "");
  if (part == "steps") steps(stream, copy);
  if (part == "sweep") {
    if (argc > 3) layersOfBig = std::atoi(argv[3]);
    for (const MatrixFormat format : {MatrixFormat::q4, MatrixFormat::nf4, MatrixFormat::q8, MatrixFormat::f16})
      if (argc <= 2 || std::string(argv[2]) == name(format))
        sweep(stream, copy, format, format == MatrixFormat::f16 ? format : MatrixFormat::q8);
  }
  return 0;
}
