// Attention for many rows: the tensor-core and the plain kernel against float64, with grouped heads, windows, offsets
// and every cache format; and the kernel that rotates queries and fills the cache.
#include <cuda_fp16.h>

#include <algorithm>

#include "kernels/blocks.h"
#include "kernels/cuda/attention_rows.h"
#include "kernels/cuda/rope_append.h"
#include "tests/support/device_array.h"

using namespace nibble;
using namespace nibble::test;
using gpu::Element;
using gpu::KvCacheFormat;

namespace {
struct Case {
  int rows, heads, kvHeads, headDim;
  std::int64_t position, window;
};

/// One of K or V on the device, read back as floats: (kv_heads, capacity, head_dim).
std::vector<float> readCache(const std::vector<std::uint8_t>& bytes, KvCacheFormat format,
                             const gpu::KvLayout& layout) {
  std::vector<float> values(static_cast<std::size_t>(layout.heads * layout.capacity * layout.headDim));
  for (std::size_t i = 0; i < values.size(); ++i) {
    const std::size_t at = i / static_cast<std::size_t>(layout.headDim),
                      column = i % static_cast<std::size_t>(layout.headDim);
    if (format == KvCacheFormat::f32) values[i] = reinterpret_cast<const float*>(bytes.data())[i];
    if (format == KvCacheFormat::f16) values[i] = __half2float(reinterpret_cast<const __half*>(bytes.data())[i]);
    if (format == KvCacheFormat::f32 || format == KvCacheFormat::f16) continue;
    const auto* scales = reinterpret_cast<const __half*>(bytes.data() + layout.scaleOffset);
    const float scale = __half2float(scales[at * static_cast<std::size_t>(layout.scaleCount) + column / 32]);
    if (format == KvCacheFormat::q8) values[i] = reinterpret_cast<const std::int8_t*>(bytes.data())[i] * scale;
    if (format == KvCacheFormat::q4) values[i] = kQ4Codebook[bytes[i / 2] >> (i % 2 * 4) & 15] * scale;
  }
  return values;
}

std::vector<float> roundedToHalf(std::vector<float> values) {
  for (float& value : values) value = __half2float(__float2half(value));
  return values;
}

std::vector<__half> halves(const std::vector<float>& values) {
  std::vector<__half> out;
  for (const float value : values) out.push_back(__float2half(value));
  return out;
}

std::vector<double> reference(const Case& c, std::int64_t capacity, const std::vector<float>& q,
                              const std::vector<float>& k, const std::vector<float>& v) {
  std::vector<double> out(q.size(), 0.0);
  for (int r = 0; r < c.rows; ++r)
    for (int h = 0; h < c.heads; ++h) {
      const std::int64_t last = c.position + r,
                         first = c.window > 0 ? std::max<std::int64_t>(0, last + 1 - c.window) : 0;
      const std::size_t base = static_cast<std::size_t>(h / (c.heads / c.kvHeads) * capacity),
                        row = static_cast<std::size_t>((r * c.heads + h) * c.headDim);
      std::vector<double> scores;
      for (std::int64_t p = first; p <= last; ++p) {
        double dot = 0;
        for (int i = 0; i < c.headDim; ++i) dot += double(q[row + i]) * k[(base + p) * c.headDim + i];
        scores.push_back(dot / std::sqrt(double(c.headDim)));
      }
      const double top = *std::max_element(scores.begin(), scores.end());
      double sum = 0;
      for (double& score : scores) sum += score = std::exp(score - top);
      for (std::int64_t p = first; p <= last; ++p)
        for (int i = 0; i < c.headDim; ++i) out[row + i] += scores[p - first] / sum * v[(base + p) * c.headDim + i];
    }
  return out;
}

/// Fills K and V of `format` with random rows 0 … count-1 through rope_append with rotation by nothing.
struct Filled {
  DeviceArray<std::uint8_t> keys, values;
  gpu::KvLayout layout;
  Filled(KvCacheFormat format, const Case& c, std::int64_t capacity)
      : keys(gpu::kvLayout(format, c.kvHeads, capacity, c.headDim).totalBytes),
        values(gpu::kvLayout(format, c.kvHeads, capacity, c.headDim).totalBytes),
        layout(gpu::kvLayout(format, c.kvHeads, capacity, c.headDim)) {
    const int count = static_cast<int>(c.position) + c.rows, half = c.headDim / 2;
    DeviceArray<float> qkv(gaussian(static_cast<std::size_t>(count) * 2 * c.kvHeads * c.headDim, 11));
    std::vector<float> still;
    for (int i = 0; i < count * half; ++i) still.insert(still.end(), {1.0f, 0.0f});
    DeviceArray<float> angles(still);
    gpu::RopeAppend step;
    step.qkv = qkv.data(), step.angles = reinterpret_cast<float2*>(angles.data());
    step.cache = {keys.data(), values.data(), format};
    step.rows = count, step.heads = 0, step.kvHeads = c.kvHeads, step.headDim = c.headDim, step.capacity = capacity,
    step.element = Element::f32;
    if (gpu::rope_append(nullptr, step) != cudaSuccess) qFatal("rope_append");
  }
};

void hadamard(std::vector<double>& row) {
  const std::size_t size = row.size() & -row.size();
  for (std::size_t block = 0; block < row.size(); block += size) {
    for (std::size_t step = 1; step < size; step *= 2)
      for (std::size_t i = 0; i < size; ++i)
        if (!(i & step)) {
          const double a = row[block + i], b = row[block + i + step];
          row[block + i] = a + b, row[block + i + step] = a - b;
        }
    for (std::size_t i = 0; i < size; ++i) row[block + i] /= std::sqrt(double(size));
  }
}
}  // namespace

class TestAttentionRowsGpu : public QObject {
  Q_OBJECT
 private slots:
  void initTestCase() { NIBBLE_NEED_CUDA_DEVICE(); }

  void agreesWithFloat64_data() {
    QTest::addColumn<int>("index");
    for (int i = 0; i < int(std::size(kCases)); ++i)
      QTest::addRow("%d rows, %d/%d heads of %d, position %d, window %d", kCases[i].rows, kCases[i].heads,
                    kCases[i].kvHeads, kCases[i].headDim, int(kCases[i].position), int(kCases[i].window))
          << i;
  }
  void agreesWithFloat64() {
    QFETCH(int, index);
    const Case& c = kCases[index];
    const std::int64_t capacity = c.position + c.rows + 5;
    const auto q =
        roundedToHalf(gaussian(static_cast<std::size_t>(c.rows) * c.heads * c.headDim, 12, index % 2 ? 6.0f : 1.0f));
    DeviceArray<float> q32(q);
    DeviceArray<__half> q16(halves(q));
    for (const KvCacheFormat format : {KvCacheFormat::f32, KvCacheFormat::f16, KvCacheFormat::q8, KvCacheFormat::q4}) {
      const Filled cache(format, c, capacity);
      const auto expected = reference(c, capacity, q, readCache(cache.keys.fetch(), format, cache.layout),
                                      readCache(cache.values.fetch(), format, cache.layout));
      gpu::AttentionRows rows;
      rows.queryStride = rows.outStride = c.heads * c.headDim;
      rows.cache = {cache.keys.data(), cache.values.data(), format};
      rows.rows = c.rows, rows.heads = c.heads, rows.kvHeads = c.kvHeads, rows.headDim = c.headDim;
      rows.position = c.position, rows.capacity = capacity, rows.window = c.window,
      rows.scale = 1 / std::sqrt(float(c.headDim));
      DeviceArray<float> out32(q.size());
      rows.queries = q32.data(), rows.out = out32.data(), rows.element = Element::f32;
      QCOMPARE(gpu::plain_attention(nullptr, rows), cudaSuccess);
      NIBBLE_COMPARE_ERROR("plain fp32", relativeError(out32.fetch(), expected), 2e-6);
      for (const bool asynchronous : {true, false}) {
        if (!gpu::flash_attention_supports(format, c.headDim, asynchronous)) continue;
        DeviceArray<__half> out16(q.size());
        rows.queries = q16.data(), rows.out = out16.data(), rows.element = Element::f16,
        rows.asynchronousCopies = asynchronous;
        QCOMPARE(gpu::flash_attention(nullptr, rows), cudaSuccess);
        std::vector<float> out;
        for (const __half value : out16.fetch()) out.push_back(__half2float(value));
        NIBBLE_COMPARE_ERROR("tensor cores", relativeError(out, expected), 1.5e-3);
      }
    }
  }

  void appendRotatesAndRounds() {
    const int rows = 7, heads = 3, kvHeads = 2, headDim = 96, width = (heads + 2 * kvHeads) * headDim,
              half = headDim / 2;
    const std::int64_t capacity = 40, position = 21;
    const auto qkv = gaussian(static_cast<std::size_t>(rows) * width, 13),
               bias = gaussian(static_cast<std::size_t>(width), 14), norm = gaussian(headDim, 15),
               angles = gaussian(static_cast<std::size_t>(rows) * headDim, 16, 0.5f);
    for (const KvCacheFormat format : {KvCacheFormat::f32, KvCacheFormat::f16, KvCacheFormat::q8, KvCacheFormat::q4}) {
      const auto layout = gpu::kvLayout(format, kvHeads, capacity, headDim);
      DeviceArray<float> dq(qkv), db(bias), dn(norm), da(angles);
      DeviceArray<std::uint8_t> keys(layout.totalBytes), values(layout.totalBytes);
      gpu::RopeAppend step;
      step.qkv = dq.data(), step.angles = reinterpret_cast<float2*>(da.data());
      step.queryBias = db.data(), step.keyBias = db.data() + heads * headDim,
      step.valueBias = db.data() + (heads + kvHeads) * headDim;
      step.queryNorm = dn.data(), step.keyNorm = dn.data(), step.eps = 1e-6f;
      step.cache = {keys.data(), values.data(), format};
      step.rows = rows, step.heads = heads, step.kvHeads = kvHeads, step.headDim = headDim, step.position = position,
      step.capacity = capacity, step.element = Element::f32;
      QCOMPARE(gpu::rope_append(nullptr, step), cudaSuccess);
      const auto queries = dq.fetch(), k = readCache(keys.fetch(), format, layout),
                 v = readCache(values.fetch(), format, layout);
      std::vector<float> gotQ, gotK, gotV;
      std::vector<double> wantQ, wantK, wantV;
      for (int r = 0; r < rows; ++r)
        for (int h = 0; h < heads + 2 * kvHeads; ++h) {
          std::vector<double> row(headDim);
          double sum = 0;
          for (int i = 0; i < headDim; ++i)
            row[i] = double(qkv[r * width + h * headDim + i]) + bias[h * headDim + i], sum += row[i] * row[i];
          if (h < heads + kvHeads) {
            for (int i = 0; i < headDim; ++i) row[i] *= norm[i] / std::sqrt(sum / headDim + 1e-6);
            for (int i = 0; i < half; ++i) {
              const double a = row[i], b = row[i + half], c = angles[(r * half + i) * 2],
                           s = angles[(r * half + i) * 2 + 1];
              row[i] = a * c - b * s, row[i + half] = b * c + a * s;
            }
            if (format == KvCacheFormat::q4) hadamard(row);
          }
          const std::size_t at = static_cast<std::size_t>(((h - heads) % kvHeads * capacity + position + r) * headDim);
          auto& want = h < heads ? wantQ : h < heads + kvHeads ? wantK : wantV;
          auto& got = h < heads ? gotQ : h < heads + kvHeads ? gotK : gotV;
          want.insert(want.end(), row.begin(), row.end());
          for (int i = 0; i < headDim; ++i)
            got.push_back(h < heads             ? queries[r * width + h * headDim + i]
                          : h < heads + kvHeads ? k[at + i]
                                                : v[at + i]);
        }
      const double limit = format == KvCacheFormat::f32   ? 1e-6
                           : format == KvCacheFormat::f16 ? 3e-4
                           : format == KvCacheFormat::q8  ? 8e-3
                                                          : 0.12;
      NIBBLE_COMPARE_ERROR("queries", relativeError(gotQ, wantQ), 1e-6);
      NIBBLE_COMPARE_ERROR("keys", relativeError(gotK, wantK), limit);
      NIBBLE_COMPARE_ERROR("values", relativeError(gotV, wantV), limit);
    }
  }

 private:
  static constexpr Case kCases[] = {{1, 2, 1, 64, 0, 0},     {33, 4, 2, 128, 0, 0},    {70, 16, 1, 128, 61, 0},
                                    {129, 6, 2, 64, 200, 0}, {50, 8, 2, 16, 3, 0},     {40, 3, 1, 32, 100, 17},
                                    {90, 6, 3, 128, 64, 64}, {20, 2, 2, 80, 500, 129}, {300, 4, 4, 96, 10, 0},
                                    {64, 5, 1, 72, 0, 1}};
};

QTEST_APPLESS_MAIN(TestAttentionRowsGpu)
#include "test_attention_rows_gpu.moc"
