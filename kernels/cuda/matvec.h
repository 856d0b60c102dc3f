// Host side of the decode products: one launch computes some rows of one, two or three matrices that share input and
// format.
#pragma once
#include <cuda_runtime_api.h>

#include "kernels/cuda/block_rows.h"
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

/// How a product finds its input: as values that it rounds itself, or left rounded with a scale per 32 or per 16
/// columns (rounded_vector.cuh).
enum class InputKind : std::int32_t { values, groups, halves };

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
  std::uint32_t stride = 0;  // bytes of a row
  BlockRows rows;
  std::uint32_t panelBytes = 0, partBytes = 0;  // tensor cores: of a tile, which is a panel, and of its parts
  Epilogue epilogue = Epilogue::store;
  std::int32_t threadsPerRow = 32;
  std::int32_t rowGroups = 1;
  std::int32_t parts = 1;       // tensor cores: pieces a tile is asked for in,
  std::int32_t partStrips = 1;  // of so many strips, the last one of what is left
  std::int32_t slots = 0;       // rows a thread has in its ring (tensor cores: tiles in the block's)
  std::int32_t columns = 0;
  std::int32_t strips = 0;  // of 256 columns a row, for tensor cores
  std::int32_t starts[kMatvecSegments] = {0x7fffffff, 0x7fffffff, 0x7fffffff};  // first output row of each matrix
  std::int32_t sumStride = 1;       // from a row's sums by warps to the next row's
  std::int32_t partsUnderWay = 0;   // tensor cores: pieces asked for that have not come yet, at most
  std::int32_t perWarpsPerRow = 0;  // 65536 / warps a row + 1: divides warp numbers by shift
  std::int32_t units = 0;           // rows of the output
  const float* gain = nullptr;      // (columns) RMSNorm weight, or null
  std::uint8_t* next = nullptr;     // where the output is to be left rounded, if productLeavesRounded()
  const float* nextGain = nullptr;  // (rows) of the norm in between, if the epilogue is add
  const float* bias[kMatvecSegments] = {};
  const std::uint8_t* rounded = nullptr;  // the input as it stands behind the gain, of an inputKind that is rounded
  const float* input = nullptr;           // (columns)
  float* output = nullptr;
  InputKind inputKind = InputKind::values;
  float perColumn = 0;  // 1 / columns
  float normEps = 0;
  AheadWeights ahead;
  const float* nested[kMatvecSegments] = {};  // nf4-dq: {offset, …, code, nested}
  std::int32_t segments = 0;
  std::int32_t chunks = 0;  // of 16 bytes a row
  MatrixFormat format = MatrixFormat::f32;
  MatrixLayout layout[kMatvecSegments];
};

struct MatvecOptions {
  int activationBits = 8;
  DecodeTuning tuning;
};

/// Launches the fast kernel of the format, or the plain one where the fast one does not fit the size or is switched
/// off.
cudaError_t launchMatvec(cudaStream_t stream, const MatvecArgs& args, const MatvecOptions& options);

/// Whether the launch leaves `next`: a product on tensor cores whose rows can be dealt out 32 by 32 (SwiGLU: 16 by 16)
/// without a block getting many more than the others.
bool productLeavesRounded(const MatvecArgs& args, const MatvecOptions& options);

/// Two products of different formats with the same input in one launch. `fits` becomes false, and nothing is launched,
/// where there is no such kernel: only q4 beside q8 on tensor cores has one.
cudaError_t launchTwoMatvecs(cudaStream_t stream, const MatvecArgs& one, const MatvecArgs& other,
                             const MatvecOptions& options, bool& fits);

/// Whether this build holds the tensor-core products in code that has the copy engine (a build for older cards,
/// compiled by the driver for a newer one, has not).
cudaError_t tensorProductsCompiled(bool& compiled);

/// Adds a matrix to a launch (its format must be the launch's, and the rows so far must be whole panels of it; set the
/// epilogue first).
void addSegment(MatvecArgs& args, const MatrixView& matrix, const float* bias);

}  // namespace gpu
}  // namespace nibble
