// Many rows at once: cuBLAS products on weights turned into the compute type tile by tile, tensor-core attention, and
// the row kernels between them. Runs any number of rows from one, so that it is also the plain path that decoding is
// compared with.
#pragma once
#include <cstdint>

#include "core/engine/cuda/cuda_layout.h"
#include "core/engine/cuda/module/first_failure.h"
#include "core/engine/cuda/module/resources.h"
#include "core/engine/cuda/module/weight_store.h"
#include "kernels/cuda/prefill.h"

namespace nibble {

class PrefillPass {
 public:
  /// `workspace` is the arena that `layout` describes. All references must outlive this.
  static Result<PrefillPass> make(Card& card, WeightStore& weights, const ModelConfig& config, const PlanRequest& plan,
                                  std::byte* workspace, const WorkspaceLayout& layout, FirstFailure& failure);

  /// Ids are on the device already. Positions begin at `position`.
  void begin(int rows, std::int64_t position, float ropeFactor);
  void normQkvRope(int layer);
  void attend(int layer);
  void projectAdd(int layer, MatrixRole role);
  void normGateUp(int layer);
  /// Logits of rows [firstRow, firstRow + rows) into the logits buffer.
  void normLogits(int firstRow, int rows);
  /// The lowest layer whose residual stream holds NaN or Inf is kept in *flag (see check_finite).
  void checkResidual(int layer, int* flag);

  const float* residual() const { return at<float>(m_layout.residual); }
  const float* logits() const { return at<float>(m_layout.logits); }

 private:
  PrefillPass(Card& card, WeightStore& weights, FirstFailure& failure)
      : m_card(&card), m_weights(&weights), m_failure(&failure) {}
  template <typename T>
  T* at(std::uint64_t offset) const {
    return reinterpret_cast<T*>(m_workspace + offset);
  }
  struct Output {
    void* data;
    cudaDataType type;
    std::int64_t stride;  ///< elements between rows
    bool add;             ///< added to what is there
  };
  /// out (rows, matrix rows) = x (rows, columns) · matrixᵀ.
  void product(const void* x, int rows, const gpu::MatrixView& matrix, Output out);
  void multiply(const void* x, int rows, const void* weights, std::int64_t weightStride, int weightRows, int columns,
                Output out);
  /// Several matrices of the same columns turned into one tile and multiplied at once.
  bool fusedProduct(const void* x, int rows, const gpu::MatrixView* const* matrices, int count, Output out);
  bool isNative(const gpu::MatrixView& matrix) const;
  std::byte* nextTile();
  void tileFilled();
  void tileUsed();
  cudaStream_t stream() const { return m_card->stream().get(); }

  Card* m_card;
  WeightStore* m_weights;
  FirstFailure* m_failure;
  ModelConfig m_config;
  WorkspaceLayout m_layout;
  std::byte* m_workspace = nullptr;
  gpu::Element m_element = gpu::Element::f16;
  cudaDataType m_type = CUDA_R_16F;
  std::int64_t m_capacity = 0;
  int m_rows = 0;
  std::int64_t m_position = 0;
  Stream m_side;  ///< dequantizes the next tile while cuBLAS multiplies with this one
  Event m_filled[2], m_used[2];
  int m_tile = 0;
};

}  // namespace nibble
