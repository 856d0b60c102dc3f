// Launchers that turn rows of a file's own 16- or 32-bit weights into the device formats of device_layout.h while a
// model loads. A piece is some whole rows of a matrix, densely packed in device memory. Formulas and sources:
// core/precision's codecs; q8, nf4 and nf4-dq give the same bytes as those, q4 at most their error.
#pragma once
#include <cuda_runtime_api.h>

#include "kernels/cuda/device_layout.h"

namespace nibble::gpu {

/// Same order as core's `DType`.
enum class SourceType : std::uint8_t { f32, f16, bf16 };

struct SourcePiece {
  const void* data = nullptr;  // (rows, columns) of `type`
  SourceType type = SourceType::f32;
  std::int64_t firstRow = 0;  ///< of the matrix
  std::int32_t rows = 0;
};

/// Sets *flag to 1 if the piece's `count` numbers hold NaN or Inf.
cudaError_t find_not_finite(cudaStream_t stream, const SourcePiece& piece, std::int64_t count, int* flag);

/// f32, f16, bf16: converts and pads.
cudaError_t store_rows(cudaStream_t stream, const SourcePiece& piece, const MatrixView& matrix);
cudaError_t quantize_q8(cudaStream_t stream, const SourcePiece& piece, const MatrixView& matrix);
cudaError_t quantize_q4(cudaStream_t stream, const SourcePiece& piece, const MatrixView& matrix);

/// nf4 and nf4-dq, first step: absmax of every flattened block of 64 that begins in the piece, to absmax[block]. The
/// piece must begin on a block (firstRow · columns divisible by 64) and end on one, or at the matrix's end.
cudaError_t nf4_absmax(cudaStream_t stream, const SourcePiece& piece, std::int64_t columns, float* absmax);
/// Second step: the piece's nibbles.
cudaError_t quantize_nf4(cudaStream_t stream, const SourcePiece& piece, const MatrixView& matrix, const float* absmax);
/// Third step for nf4: blocks [firstBlock, firstBlock + count) of absmax to their places (device_layout.h).
cudaError_t place_nf4_absmax(cudaStream_t stream, const float* absmax, std::int64_t firstBlock, std::int64_t count,
                             const MatrixView& matrix);
/// Third step for nf4-dq, once per matrix: absmax − offset in blocks of 256 to bytes of the dynamic code. `code` (256)
/// is sorted.
cudaError_t nest_nf4_absmax(cudaStream_t stream, const float* absmax, const MatrixView& matrix, float offset,
                            const float* code);

}  // namespace nibble::gpu
