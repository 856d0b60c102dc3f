// Launchers that read quantized matrices (device_layout.h) back: rows into the compute type for cuBLAS, and rows of the
// embedding.
#pragma once
#include <cuda_runtime_api.h>

#include "kernels/cuda/device_layout.h"
#include "kernels/cuda/prefill.h"

namespace nibble::gpu {

/// Rows [firstRow, firstRow + rows) of `matrix` → out (rows, alignUp(columns, 8)) of `element`; columns behind the last
/// are 0.
cudaError_t dequantize_rows(cudaStream_t stream, const MatrixView& matrix, int firstRow, int rows, void* out,
                            Element element);

/// out[r] = embedding row ids[r].  out (rows, columns) fp32. An id outside the matrix gives NaN. The matrix may be
/// mapped host memory.
cudaError_t embed_rows(cudaStream_t stream, const MatrixView& embedding, const std::int32_t* ids, float* out, int rows);

}  // namespace nibble::gpu
