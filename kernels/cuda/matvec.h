// Host side of the decode products: one launch computes some rows of one, two or three matrices that share input and format.
#pragma once
#include <cuda_runtime_api.h>

#include "kernels/cuda/decode_step.h"
#include "kernels/cuda/device_layout.h"

namespace nibble {
namespace gpu {

enum class Epilogue : std::int32_t {
  store,        ///< out[row] = y
  add,          ///< out[row] += y
  swiglu,       ///< two matrices, rows interleaved: out[row] = silu(y0) · y1
  multiplySilu  ///< out[row] = silu(out[row]) · y
};

constexpr int kMatvecSegments = 3;

/// A launch's arguments, passed by value to the kernel. Rows of the segments follow each other in the output.
struct MatvecArgs {
  const std::uint8_t* data[kMatvecSegments] = {};
  const float* bias[kMatvecSegments] = {};
  std::int32_t segmentRows[kMatvecSegments] = {};
  std::int32_t segments = 0;
  std::int32_t rows = 0;         // of all segments
  MatrixFormat format = MatrixFormat::f32;
  MatrixLayout layout[kMatvecSegments];
  const float* input = nullptr;  // (columns)
  const float* gain = nullptr;   // (columns) RMSNorm weight, or null
  float normEps = 0;
  float* output = nullptr;
  Epilogue epilogue = Epilogue::store;
  std::int32_t threadsPerRow = 32;
  std::int32_t rowGroups = 1;
  std::uint32_t prefetchBytes = 0;
};

struct MatvecOptions {
  int activationBits = 8;
  DecodeTuning tuning;
};

/// Launches the fast kernel of the format, or the plain one where the fast one does not fit the size or is switched off.
cudaError_t launchMatvec(cudaStream_t stream, const MatvecArgs& args, const MatvecOptions& options);

/// Adds a matrix to a launch (its format must be the launch's).
void addSegment(MatvecArgs& args, const MatrixView& matrix, const float* bias);

}  // namespace gpu
}  // namespace nibble
