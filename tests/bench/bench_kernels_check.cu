// Products, attention and sampling against float64; see bench_kernels.cu for the program.
#include <algorithm>

#include "bench_kernels_check.h"
#include "kernel_reference.h"
#include "kernels/cuda/rounded_vector.h"

namespace bench {

namespace {

DecodeTuning tuningOf() {
  DecodeTuning tuning;
  must(decodeTuning(0, tuning), "decodeTuning");
  return tuning;
}

int report(const char* what, double error, double limit) {
  const bool good = error <= limit;  // NaN fails
  std::printf("%-78s %.2e %s\n", what, error, good ? "ok" : "FAILED");
  return good ? 0 : 1;
}

bool quantized(MatrixFormat format) {
  return format != MatrixFormat::f32 && format != MatrixFormat::f16 && format != MatrixFormat::bf16;
}

double productLimit(MatrixFormat format, int bits, bool fast) {
  if (!quantized(format) || bits > 16 || !fast) return 2e-6;
  if (bits == 16) return 1.5e-4;
  return 2.5e-2;
}

int checkProduct(MatrixFormat format, int rows, int columns, int bits, bool fast, bool withNorm) {
  const Matrix m = randomMatrix(format, rows, columns, 0.05);
  const std::vector<float> x = randomVector(columns, 1.3), gain = randomVector(columns, 0.2, 1.0),
                           bias = randomVector(rows, 0.5);
  Device<float> dx(x), dgain(gain), dbias(bias), dy(rows);
  DecodeTuning tuning = tuningOf();
  tuning.fastProducts = fast;
  const auto multiply = [&] {
    dy.poison();
    must(matvec(nullptr, m.view, dx.get(), withNorm ? dgain.get() : nullptr, 1e-5f, withNorm ? dbias.get() : nullptr,
                dy.get(), bits, tuning),
         "matvec");
    must(cudaDeviceSynchronize(), "matvec kernel");
    return dy.host();
  };
  const std::vector<float> y = multiply();
  const std::vector<double> ref = product(m, {x.begin(), x.end()}, withNorm ? gain : std::vector<float>(), 1e-5,
                                          withNorm ? bias : std::vector<float>());
  char what[128];
  std::snprintf(what, sizeof what, "product %-6s %6d x %-6d a%-2d %s%s", name(format), rows, columns, bits,
                fast ? "fast" : "plain", withNorm ? " norm bias" : "");
  const int failed = report(what, relativeError(y, ref), productLimit(format, bits, fast));
  if (!fast || bits != 8 || !quantized(format) || columns % 256 != 0) return failed;
  // The products on tensor cores and those without them add the same integers; of nf4 the former have its code as
  // bytes, the latter with 14 bits.
  tuning.tensorProducts = false;
  const std::vector<float> plain = multiply();
  std::snprintf(what, sizeof what, "product %-6s %6d x %-6d a%-2d tensor cores against none", name(format), rows,
                columns, bits);
  const bool roundsCode = format == MatrixFormat::nf4 || format == MatrixFormat::nf4dq;
  return failed + report(what, relativeError(y, {plain.begin(), plain.end()}), roundsCode ? 5e-3 : 2e-6);
}

}  // namespace

int checkProducts(bool quick) {
  int failed = 0;
  const int sizes[][2] = {{37, 64},     {129, 96}, {13, 4096},  {261, 1056}, {77, 4097},   {1001, 320},  {40, 10240},
                          {4608, 4096}, {19, 256}, {2150, 768}, {45, 14336}, {4097, 5376}, {4096, 10240}};
  constexpr std::size_t kLarge = std::size(sizes) - 1;  // down's of InternLM3-8B, with 8-bit activations only
  for (int f = 0; f < 7; ++f) {
    const MatrixFormat format = static_cast<MatrixFormat>(f);
    for (std::size_t s = 0; s < sizeof sizes / sizeof sizes[0]; ++s) {
      if (quick && s != 0 && s != 1 && s != 3 && s != 8 && s != 9) continue;
      for (int bits : {8, 16, 32}) {
        if (!quantized(format) && bits != 32) continue;
        if (s == kLarge && bits != 8) continue;
        failed += checkProduct(format, sizes[s][0], sizes[s][1], bits, true, s % 2 == 1 || s == 7);
      }
      if (s < 4) failed += checkProduct(format, sizes[s][0], sizes[s][1], 16, false, s % 2 == 0);
    }
  }
  return failed;
}

namespace {

/// A cache with random contents at positions 0 … length-2 and what it holds in float64.
struct Cache {
  KvLayout layout;
  std::vector<std::uint8_t> bytes;
  std::vector<double> values;  // (heads, capacity, head_dim)
};

Cache randomCache(KvCacheFormat format, int heads, int capacity, int headDim) {
  Cache cache;
  cache.layout = kvLayout(format, heads, capacity, headDim);
  cache.bytes.assign(cache.layout.totalBytes, 0);
  cache.values.resize(static_cast<std::size_t>(heads) * capacity * headDim);
  std::uint8_t* base = cache.bytes.data();
  for (std::size_t row = 0; row < static_cast<std::size_t>(heads) * capacity; ++row)
    for (int i = 0; i < headDim; ++i) {
      const std::size_t at = row * headDim + i;
      if (format == KvCacheFormat::f32) {
        const float v = static_cast<float>(gaussian());
        std::memcpy(base + at * 4, &v, 4);
        cache.values[at] = v;
        continue;
      }
      if (format == KvCacheFormat::f16) {
        const std::uint16_t h = halfBits(gaussian());
        std::memcpy(base + at * 2, &h, 2);
        cache.values[at] = halfValue(h);
        continue;
      }
      std::uint8_t* scale = base + cache.layout.scaleOffset + (row * cache.layout.scaleCount + i / 32) * 2;
      if (i % 32 == 0) {
        const std::uint16_t h = halfBits((0.5 + (randomBits() % 1000) / 1000.0) / 60);
        std::memcpy(scale, &h, 2);
      }
      std::uint16_t h;
      std::memcpy(&h, scale, 2);
      int integer = static_cast<int>(randomBits() % 255) - 127;
      if (format == KvCacheFormat::q8) {
        base[at] = static_cast<std::uint8_t>(integer);
      } else {
        const int code = randomBits() % 16;
        integer = kQ4Codebook[code];
        base[at >> 1] |= static_cast<std::uint8_t>(code << (at & 1) * 4);
      }
      cache.values[at] = integer * halfValue(h);
    }
  return cache;
}

void rotateRow(double* row, int headDim) {
  const int size = hadamardSize(headDim);
  for (int stride = 1; stride < size; stride <<= 1)
    for (int i = 0; i < headDim; ++i)
      if (!(i & stride)) {
        const double a = row[i], b = row[i + stride];
        row[i] = a + b;
        row[i + stride] = a - b;
      }
  for (int i = 0; i < headDim; ++i) row[i] /= std::sqrt(static_cast<double>(size));
}

/// RMSNorm (if any) and rotate-half rope of one head.
std::vector<double> preparedHead(const float* raw, const std::vector<float>& norm, const std::vector<float>& inverse,
                                 int position) {
  const int headDim = static_cast<int>(inverse.size()) * 2, half = headDim / 2;
  std::vector<double> v(raw, raw + headDim), out(headDim);
  if (!norm.empty()) {
    double squares = 0;
    for (double x : v) squares += x * x;
    for (int i = 0; i < headDim; ++i) v[i] *= norm[i] / std::sqrt(squares / headDim + 1e-5);
  }
  for (int i = 0; i < half; ++i) {
    const double angle = static_cast<double>(static_cast<float>(position) * inverse[i]), c = std::cos(angle),
                 s = std::sin(angle);
    out[i] = v[i] * c - v[i + half] * s;
    out[i + half] = v[i + half] * c + v[i] * s;
  }
  return out;
}

struct AttentionCase {
  KvCacheFormat format;
  int heads, kvHeads, headDim, position, window;
  bool norm, tensor;
};

/// The cache as it is before the newest position is written: what lies there and behind it may be anything, NaN too.
std::vector<std::uint8_t> withPoison(const AttentionCase& c, const Cache& cache, std::int64_t capacity) {
  const KvLayout layout = kvLayout(c.format, c.kvHeads, capacity, c.headDim);
  const std::size_t row = c.format == KvCacheFormat::f32   ? c.headDim * 4
                          : c.format == KvCacheFormat::f16 ? c.headDim * 2
                          : c.format == KvCacheFormat::q8  ? c.headDim
                                                           : c.headDim / 2;
  std::vector<std::uint8_t> bytes = cache.bytes;
  for (std::int64_t i = 0; i < c.kvHeads * capacity; ++i) {
    if (i % capacity < c.position) continue;
    std::fill_n(bytes.begin() + i * row, row, 0xff);
    std::fill_n(bytes.begin() + layout.scaleOffset + i * layout.scaleCount * 2, layout.scaleCount * 2, 0xff);
  }
  return bytes;
}

std::vector<double> referenceAttention(const AttentionCase& c, Cache& cache, const std::vector<float>& qkv,
                                       const std::vector<float>& qNorm, const std::vector<float>& kNorm,
                                       const std::vector<float>& inverse) {
  const int hd = c.headDim, group = c.heads / c.kvHeads;
  const std::size_t capacity = cache.layout.capacity;
  std::vector<double> out(c.heads * hd);
  for (int kv = 0; kv < c.kvHeads; ++kv) {
    std::vector<double> key = preparedHead(qkv.data() + (c.heads + kv) * hd, kNorm, inverse, c.position);
    if (c.format == KvCacheFormat::q4) rotateRow(key.data(), hd);
    std::copy(key.begin(), key.end(), cache.values.begin() + (kv * capacity + c.position) * hd);
  }
  // The values' cache is the same array: tests use one random cache for both, apart from the newest row.
  for (int h = 0; h < c.heads; ++h) {
    const int kv = h / group;
    std::vector<double> q = preparedHead(qkv.data() + h * hd, qNorm, inverse, c.position);
    if (c.format == KvCacheFormat::q4) rotateRow(q.data(), hd);
    const int begin = c.window > 0 ? std::max(0, c.position + 1 - c.window) : 0;
    std::vector<double> score;
    double top = -1e300, below = 0;
    for (int p = begin; p <= c.position; ++p) {
      double s = 0;
      for (int i = 0; i < hd; ++i) s += q[i] * cache.values[(kv * capacity + p) * hd + i];
      score.push_back(s / std::sqrt(static_cast<double>(hd)));
      top = std::max(top, score.back());
    }
    for (double& s : score) below += s = std::exp(s - top);
    for (int p = begin; p <= c.position; ++p)
      for (int i = 0; i < hd; ++i) {
        const double v =
            p == c.position ? qkv[(c.heads + c.kvHeads + kv) * hd + i] : cache.values[(kv * capacity + p) * hd + i];
        out[h * hd + i] += score[p - begin] / below * v;
      }
  }
  return out;
}

/// The largest distance of a rounded vector on the device from `values`, in halves of its group's step.
double worstRounding(const std::uint8_t* vector, const std::vector<float>& values) {
  std::vector<std::uint8_t> bytes(roundedBytes(values.size()));
  must(cudaMemcpy(bytes.data(), vector, bytes.size(), cudaMemcpyDeviceToHost), "rounded vector");
  double worst = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    float scale;
    std::memcpy(&scale, bytes.data() + values.size() + i / kRoundedGroup * 4, 4);
    const double error = std::abs(static_cast<std::int8_t>(bytes[i]) * static_cast<double>(scale) - values[i]);
    const double halves = error == 0 ? 0 : error / (0.5 * scale);
    worst = halves > worst || std::isnan(halves) ? halves : worst;
  }
  return worst;
}

int checkAttentionCase(const AttentionCase& c) {
  const int capacity = c.position + 17;
  Cache cache = randomCache(c.format, c.kvHeads, capacity, c.headDim);
  const std::vector<float> qkv = randomVector((c.heads + 2 * c.kvHeads) * c.headDim, 1.0);
  const std::vector<float> qNorm = c.norm ? randomVector(c.headDim, 0.2, 1.0) : std::vector<float>();
  const std::vector<float> kNorm = c.norm ? randomVector(c.headDim, 0.2, 1.0) : std::vector<float>();
  std::vector<float> inverse(c.headDim / 2);
  for (int i = 0; i < c.headDim / 2; ++i) inverse[i] = static_cast<float>(std::pow(10000.0, -2.0 * i / c.headDim));
  const std::vector<std::uint8_t> before = withPoison(c, cache, capacity);
  Device<std::uint8_t> keys(before), values(before);
  DecodeModel model;
  model.shape = {1, 64, c.heads, c.kvHeads, c.headDim, 64, 64, capacity, c.format, 1e-5f, 1.0f, 8};
  const Matrix embedding = randomMatrix(MatrixFormat::f32, 64, 64, 1);
  Device<std::uint8_t> workspace(decodeWorkspaceBytes(model.shape));
  workspace.clear();
  model.workspace = carveDecodeWorkspace(model.shape, workspace.get());
  Device<float> dInverse(inverse), dq(qNorm), dk(kNorm);
  LayerView layer;
  layer.queryNorm = c.norm ? dq.get() : nullptr;
  layer.keyNorm = c.norm ? dk.get() : nullptr;
  layer.kv = {keys.get(), values.get(), c.format};
  layer.window = c.window;
  Device<float> gain(randomVector(64, 0.2, 1));
  layer.inputNorm = gain.get();
  model.layers = &layer;
  model.embedding = model.head = embedding.view;
  model.inverseFrequencies = dInverse.get();
  StepInput input;
  input.token = 3;
  input.position = c.position;
  Device<StepInput> dInput(std::vector<StepInput>{input});
  model.input = dInput.get();
  model.tuning = tuningOf();
  model.tuning.tensorAttention = c.tensor;
  const std::uint64_t columns = static_cast<std::uint64_t>(c.heads) * c.headDim;
  // Twice: the beginning of the second step must set the counters of the first back.
  for (int run = 0; run < 2; ++run) {
    must(decodeBegin(nullptr, model), "decodeBegin");
    must(cudaMemcpy(model.workspace.qkv, qkv.data(), qkv.size() * 4, cudaMemcpyHostToDevice), "qkv");
    must(cudaMemset(model.workspace.attention, 0xff, columns * 4), "poison");
    must(cudaMemset(model.workspace.roundedAttention, 0xff, roundedBytes(columns)), "poison");
    must(decodeAttend(nullptr, model, 0), "decodeAttend");
    must(cudaDeviceSynchronize(), "attention kernel");
  }
  std::vector<float> out(c.heads * c.headDim);
  must(cudaMemcpy(out.data(), model.workspace.attention, out.size() * 4, cudaMemcpyDeviceToHost), "attention out");
  const std::vector<double> ref = referenceAttention(c, cache, qkv, qNorm, kNorm, inverse);
  char what[128];
  std::snprintf(what, sizeof what, "attention %-3s heads %d/%d dim %d position %d window %d%s %s", name(c.format),
                c.heads, c.kvHeads, c.headDim, c.position, c.window, c.norm ? " norm" : "",
                c.tensor ? "tensor" : "plain");
  // The newest row is rounded into the cache: it counts most at short lengths of 8- and 4-bit caches.
  const double rounding = c.format == KvCacheFormat::q4 ? 0.12 : c.format == KvCacheFormat::q8 ? 8e-3 : 0;
  const double limit = (c.tensor ? 1.5e-3 : c.format == KvCacheFormat::f16 ? 6e-4 : 5e-6) + rounding;
  int failed = report(what, relativeError(out, ref), limit);
  if (!attentionLeavesRounded(model, 0)) return failed;
  std::snprintf(what, sizeof what, "  left rounded, worst in half steps");
  return failed + report(what, worstRounding(model.workspace.roundedAttention, out), 1.001);
}

}  // namespace

int checkAttention(bool quick) {
  int failed = 0;
  for (int f = 0; f < 4; ++f) {
    const KvCacheFormat format = static_cast<KvCacheFormat>(f);
    for (bool tensor : {false, true}) {
      if (tensor && f == 0) continue;
      failed += checkAttentionCase({format, 32, 2, 128, 0, 0, false, tensor});
      failed += checkAttentionCase({format, 6, 2, 64, 77, 0, true, tensor});
      failed += checkAttentionCase({format, 4, 4, 128, 201, 65, false, tensor});
      if (!tensor) failed += checkAttentionCase({format, 6, 3, 40, 130, 0, false, tensor});
      failed += checkAttentionCase({format, 32, 2, 128, 300, 0, false, tensor});   // merged by few warps,
      failed += checkAttentionCase({format, 4, 1, 64, 1000, 0, true, tensor});     // by a warp a tile in one block
      failed += checkAttentionCase({format, 32, 2, 128, 1500, 0, false, tensor});  // and in several,
      failed += checkAttentionCase({format, 4, 1, 64, 6000, 0, false, tensor});    // and by several warps a tile
      failed += checkAttentionCase(
          {format, 32, 2, 128, 255, 0, false, tensor});  // f16, q8 on tensor cores: two rounds of a block
      if (quick) continue;
      for (int position : {15, 63, 64, 127, 128, 200, 256, 383, 384})
        failed += checkAttentionCase({format, 32, 2, 128, position, 0, false, tensor});
      for (int position : {95, 128, 140, 255, 700})
        failed += checkAttentionCase({format, 6, 2, 64, position, 0, true, tensor});
      if (!tensor) failed += checkAttentionCase({format, 16, 1, 256, 300, 0, true, tensor});
      if (!tensor) failed += checkAttentionCase({format, 16, 1, 256, 130, 0, true, tensor});
      if (!tensor) failed += checkAttentionCase({format, 10, 1, 100, 130, 0, false, tensor});
      failed += checkAttentionCase({format, 32, 2, 128, 4321, 0, true, tensor});
      failed += checkAttentionCase({format, 24, 8, 64, 3000, 1000, false, tensor});
      failed += checkAttentionCase({format, 24, 8, 64, 8000, 0, false, tensor});      // four rounds
      failed += checkAttentionCase({format, 24, 8, 64, 9000, 7001, false, tensor});   // behind a window,
      failed += checkAttentionCase({format, 32, 8, 128, 9001, 7001, false, tensor});  // at an odd position too
      failed += checkAttentionCase({format, 32, 2, 128, 20011, 0, false, tensor});
      failed += checkAttentionCase({format, 32, 2, 128, 131070, 0, false, tensor});
    }
  }
  return failed;
}

namespace {

int hostDraw(const std::vector<float>& logits, const StepInput& in) {
  std::vector<int> order(logits.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = static_cast<int>(i);
  std::stable_sort(order.begin(), order.end(), [&](int a, int b) { return logits[a] > logits[b]; });
  if (in.greedy) return order[0];
  order.resize(in.topK);
  std::vector<double> w;
  double total = 0;
  for (int id : order) total += w.emplace_back(std::exp((logits[id] - logits[order[0]]) / in.temperature));
  std::size_t kept = order.size();
  if (in.topP < 1) {
    double mass = 0;
    for (kept = 0; kept < order.size() && (kept == 0 || mass < in.topP * total); ++kept) mass += w[kept];
  }
  while (kept > 1 && w[kept - 1] < in.minP * w[0]) --kept;
  double mass = 0;
  for (std::size_t i = 0; i < kept; ++i) mass += w[i];
  double left = in.draw * mass;
  for (std::size_t i = 0; i < kept; ++i)
    if ((left -= w[i]) < 0) return order[i];
  return order[kept - 1];
}

/// Host and device may differ where the draw falls within rounding of a border between two ids.
bool agrees(int id, const std::vector<float>& logits, StepInput in) {
  const float draw = in.draw;
  for (float shift : {0.0f, -2e-5f, 2e-5f}) {
    in.draw = std::min(std::max(draw + shift, 0.0f), 0.999999f);
    if (hostDraw(logits, in) == id) return true;
  }
  return false;
}

int sampleOnce(DecodeModel& model, Device<StepInput>& dInput, Device<StepOutput>& dOutput,
               const std::vector<float>& logits, const StepInput& input, StepOutput& out) {
  dInput.set({input});
  dOutput.poison();
  must(cudaMemset(model.workspace.flags, 0, 4), "flags");
  must(cudaMemcpy(model.workspace.logits, logits.data(), logits.size() * 4, cudaMemcpyHostToDevice), "logits");
  must(sampleToken(nullptr, model), "sampleToken");
  must(cudaDeviceSynchronize(), "sample kernels");
  out = dOutput.host()[0];
  return out.token;
}

}  // namespace

int checkSampling() {
  int wrong = 0, bad = 0;
  for (int vocab : {50, 1000, 32001, 128512}) {
    DecodeModel model;
    model.shape = {1, 64, 1, 1, 64, 64, vocab, 4096, KvCacheFormat::f16, 1e-5f, 1.0f, 8};
    Device<std::uint8_t> workspace(decodeWorkspaceBytes(model.shape));
    workspace.clear();
    model.workspace = carveDecodeWorkspace(model.shape, workspace.get());
    Device<StepInput> dInput(1);
    Device<StepOutput> dOutput(1);
    model.input = dInput.get();
    model.output = dOutput.get();
    model.tuning = tuningOf();
    StepOutput out;
    for (int round = 0; round < 24; ++round) {
      std::vector<float> logits = randomVector(vocab, 3);
      if (round % 3 == 0) logits[vocab / 2] = logits[vocab - 1] = 40.0f;  // equal maxima: the lower id
      StepInput input;
      input.greedy = round % 4 == 0;
      input.topK = std::min(vocab, round % 2 ? 40 : 1 + static_cast<int>(randomBits() % 128));
      input.temperature = 0.3f + 0.1f * (round % 9);
      input.topP = round % 5 == 0 ? 1.0f : 0.83f;
      input.minP = round % 7 == 0 ? 0.05f : 0.0f;
      input.draw = static_cast<float>(randomBits() % 1000003) / 1000003.0f;
      wrong += !agrees(sampleOnce(model, dInput, dOutput, logits, input, out), logits, input) || out.badLogits != 0;
      // The penalty halves the best ids' lead once, however often they stand in the window.
      const std::vector<std::int32_t> history = {static_cast<std::int32_t>(hostDraw(logits, StepInput{})), 7, 7};
      must(cudaMemcpy(model.workspace.history, history.data(), 12, cudaMemcpyHostToDevice), "history");
      input.greedy = 0;
      input.position = 2;
      input.penaltyWindow = 64;
      input.repetitionPenalty = 1.7f;
      std::vector<float> changed = logits;
      for (int i = 0; i < (history[0] == history[1] ? 1 : 2); ++i)
        changed[history[i]] = changed[history[i]] > 0 ? changed[history[i]] / 1.7f : changed[history[i]] * 1.7f;
      wrong += !agrees(sampleOnce(model, dInput, dOutput, logits, input, out), changed, input);
      logits[randomBits() % vocab] = round % 2 ? NAN : INFINITY;
      input.repetitionPenalty = 1.0f;
      sampleOnce(model, dInput, dOutput, logits, input, out);
      bad += out.badLogits != 1;
    }
  }
  return report("sampling: greedy, top-k, top-p, min-p, penalty; wrong ids of 192", wrong, 0) +
         report("sampling: NaN or Inf not flagged, of 96", bad, 0);
}

}  // namespace bench
