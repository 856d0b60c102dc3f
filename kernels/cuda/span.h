// A span: everything between two attentions in one launch (o-proj with the residual, norm with gate and up, down with
// the residual, then the next layer's norm and q/k/v or the final norm and head). Host side: what a launch is made of.
// One block a multiprocessor; all must be on the card at once, since they hand vectors to each other (span_input.cuh).
#pragma once
#include <cuda_runtime_api.h>

#include "kernels/cuda/decode_step.h"

namespace nibble {
namespace gpu {

constexpr int kSpanWarps = 8;
constexpr int kSpanThreads = kSpanWarps * 32;             ///< that multiply
constexpr int kSpanAskers = 1;                            ///< more warps that ask for weights
constexpr int kSpanRuns = 6;                              ///< o, gate+up, down, q, k, v
constexpr int kSpanBarriers = 16;                         ///< slots of a warp's ring at most
constexpr int kSpanTableBytes = kSpanBarriers * 12 + 16;  ///< of a ring: barriers, what was given back, sizes
constexpr int kSpanRingBytes = 23040;  ///< of a warp at most: 10 rows of 4096 columns in q4, 4 of 10240

enum class SpanKind : std::int32_t {
  store,   ///< output[row] = y, read by later launches
  add,     ///< output[row] = residual + y, handed to the other blocks
  swiglu,  ///< two matrices: output[row] = silu(y0) · y1, handed to the other blocks
};

/// The product of one matrix (two for SwiGLU) with the input at hand.
struct SpanRun {
  const std::uint8_t* data[2] = {};
  const float* bias[2] = {};
  float* output = nullptr;    // (units)
  float* residual = nullptr;  // add: (units), read once and then marked as not there yet; null: the row's last result
  const float* input = nullptr;  // (columns) to be prepared before this run; null: the input of the run before
  const float* gain = nullptr;   // (columns) RMSNorm weight of that input, or null
  SpanKind kind = SpanKind::store;
  std::int32_t units = 0, columns = 0;
  std::int32_t unitsOfBlock = 0, unitsLeft = 0;     // the first `unitsLeft` blocks have one more
  std::int32_t chunks = 0;                          // of 16 bytes a row
  std::uint32_t stride = 0, scaleOffset = 0;        // bytes of a row's record, and where its scales begin
  std::int32_t other = 0;                           // 1: in the launch's second format
  std::int32_t rowsAtOnce = 1;                      // 2: two rows share the reading of the input (SwiGLU: always)
  std::int32_t pieces = 1, pieceChunks = 0;         // a row comes in so many slots
  std::int32_t pieceScaleBytes = 0;                 // of a piece that is not a whole row; 0: no scales
  std::int32_t slotRowBytes = 0, slotScalesAt = 0;  // of a slot, and where its scales begin
  std::int32_t blockTurn = 0, warpTurn = 0;         // where the rows left over go
};

struct SpanArgs {
  SpanRun run[kSpanRuns];
  std::int32_t runs = 0;
  std::int32_t ringBytes = 0;  // of a warp
  std::int32_t underWay = 0;   // bytes of a ring asked for that have not come, at most (or one slot)
  std::int32_t pause = 0;      // ns that an asker sleeps when it can ask for nothing
  std::int32_t waits = 0;      // 1: for the launch before
  float normEps = 0;
  std::int32_t mostColumns = 0;  // of any run
  float* forget = nullptr;       // the next span's vectors, to be marked as not there yet, but for
  std::int32_t forgetCount = 0, keepFrom = 0, keepTo = 0;  // its x, which the rows' owners read and mark
};

/// Whether every layer and the head can run as spans.
bool spansFit(const DecodeModel& model);
/// The first layer's q/k/v: layer -1; then o … q/k/v of the next layer or the head for layer 0 … layers-1.
cudaError_t launchSpan(cudaStream_t stream, const DecodeModel& model, int layer);

/// Launches of one pair of formats (span_*.cu); `bits`: of the activations.
cudaError_t launchSpanQ4(cudaStream_t stream, const SpanArgs& args, const DecodeTuning& tuning, int bits);
cudaError_t launchSpanQ8(cudaStream_t stream, const SpanArgs& args, const DecodeTuning& tuning, int bits);
cudaError_t launchSpanNf4(cudaStream_t stream, const SpanArgs& args, const DecodeTuning& tuning, int bits);
cudaError_t launchSpanF16(cudaStream_t stream, const SpanArgs& args, const DecodeTuning& tuning);
cudaError_t launchSpanBf16(cudaStream_t stream, const SpanArgs& args, const DecodeTuning& tuning);

}  // namespace gpu
}  // namespace nibble
