// Host side of the decode products: one launch computes some rows of one, two or three matrices that share input and
// format.
#pragma once
#include <cuda_runtime_api.h>

#include "kernels/cuda/decode_step.h"
#include "kernels/cuda/device_layout.h"
#include "kernels/cuda/first_part.h"

namespace nibble {
namespace gpu {

enum class Epilogue : std::int32_t {
  store,        ///< out[row] = y
  add,          ///< out[row] += y
  swiglu,       ///< two matrices, rows interleaved: out[row] = silu(y0) · y1
  multiplySilu  ///< out[row] = silu(out[row]) · y
};

/// Weights of the launch behind this one that are brought into L2 meanwhile: the first `blocks` blocks bring `bytes`
/// each of both matrices, `pace` bytes apart. (Products on tensor cores only.)
struct AheadWeights {
  const std::uint8_t* data[2] = {};
  std::uint32_t blocks = 0, pace = 0, bytes = 0;
};

/// A launch's arguments, passed by value to the kernel; roughly in the order in which a block of a product on tensor
/// cores reads them, since that is a little faster (kernels/README.md, step 12b). Rows of the matrices follow each
/// other in the output, except for SwiGLU, where the two have the same rows. `data` of later matrices is moved back so
/// that rows count on from the first.
struct MatvecArgs {
  FirstPart firstPart;
  const std::uint8_t* data[kMatvecSegments] = {};
  std::uint32_t stride = 0;                     // bytes of a row's record
  std::int32_t rowsPerBlock = 0, rowsLeft = 0;  // the first `rowsLeft` blocks have `rowUnit` more (BlockRows)
  std::int32_t rowUnit = 1;
  std::int32_t partRows = 0;  // tensor cores: rows of a part of a tile
  Epilogue epilogue = Epilogue::store;
  std::int32_t threadsPerRow = 32;
  std::int32_t rowGroups = 1;
  std::int32_t parts = 1;  // tensor cores: pieces a tile is asked for in
  std::int32_t slots = 0;  // rows a thread has in its ring (tensor cores: tiles in the block's)
  std::int32_t columns = 0;
  std::int32_t strips = 0;  // of 256 columns a row, for tensor cores
  std::int32_t starts[kMatvecSegments] = {0x7fffffff, 0x7fffffff, 0x7fffffff};  // first output row of each matrix
  std::int32_t sumStride = 1;       // from a row's sums by warps to the next row's
  std::int32_t partsUnderWay = 0;   // tensor cores: pieces asked for that have not come yet, at most
  std::int32_t firstAwaited = 0;    // tensor cores: piece of a tile from which on a reader waits (TensorShape)
  std::int32_t perWarpsPerRow = 0;  // 65536 / warps a row + 1: divides warp numbers by shift
  std::int32_t units = 0;           // rows of the output
  const float* gain = nullptr;      // (columns) RMSNorm weight, or null
  std::uint8_t* next = nullptr;     // where the output is to be left rounded, if productLeavesRounded()
  const float* nextGain = nullptr;  // (rows)
  const float* bias[kMatvecSegments] = {};
  const std::uint8_t* rounded = nullptr;  // the input as it stands behind the gain, rounded, where there is that
  const float* input = nullptr;           // (columns)
  float* output = nullptr;
  std::uint32_t scaleOffset = 0;
  float perColumn = 0;  // 1 / columns
  float normEps = 0;
  AheadWeights ahead;
  const float* nested[kMatvecSegments] = {};  // nf4-dq: {offset, …, code, nested}
  std::int32_t segments = 0;
  std::int32_t chunks = 0;  // of 16 bytes a row
  MatrixFormat format = MatrixFormat::f32;
  MatrixLayout layout[kMatvecSegments];  // for the plain product
};

struct MatvecOptions {
  int activationBits = 8;
  DecodeTuning tuning;
};

/// Launches the fast kernel of the format, or the plain one where the fast one does not fit the size or is switched
/// off.
cudaError_t launchMatvec(cudaStream_t stream, const MatvecArgs& args, const MatvecOptions& options);

/// Whether the launch leaves `next`: a product on tensor cores whose rows can be dealt out 32 by 32 without a block
/// getting many more than the others.
bool productLeavesRounded(const MatvecArgs& args, const MatvecOptions& options);

/// Two products of different formats with the same input in one launch. `fits` becomes false, and nothing is launched,
/// where there is no such kernel: only q4 beside q8 on tensor cores has one.
cudaError_t launchTwoMatvecs(cudaStream_t stream, const MatvecArgs& one, const MatvecArgs& other,
                             const MatvecOptions& options, bool& fits);

/// Whether this build holds the tensor-core products in code that has the copy engine (a build for older cards,
/// compiled by the driver for a newer one, has not).
cudaError_t tensorProductsCompiled(bool& compiled);

/// Adds a matrix to a launch (its format must be the launch's; set the epilogue first).
void addSegment(MatvecArgs& args, const MatrixView& matrix, const float* bias);

}  // namespace gpu
}  // namespace nibble
