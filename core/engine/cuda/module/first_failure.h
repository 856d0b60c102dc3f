// Keeps the first failure of a step with the name of the operation, so that a step reports once and every operation
// stays void.
#pragma once
#include <cublas_v2.h>
#include <cuda_runtime_api.h>

#include <optional>
#include <string>

#include "core/engine/cuda/module/resources.h"

namespace nibble {

class FirstFailure {
 public:
  void clear() { m_error.reset(); }
  bool failed() const { return m_error.has_value(); }
  /// Where the next operations belong to: "layer 3", "head".
  void enter(const char* operation, int layer) { m_operation = operation, m_layer = layer; }
  void note(cudaError_t status) {
    if (status != cudaSuccess && !m_error) m_error = cudaFailure(status, where());
  }
  void note(cublasStatus_t status) {
    if (status != CUBLAS_STATUS_SUCCESS && !m_error)
      m_error = Error{ErrorCode::failed, std::string("cuBLAS: ") + cublasGetStatusString(status), {}, where(), 0, 0};
  }
  void note(Error error) {
    if (!m_error) m_error = std::move(error);
  }
  const std::optional<Error>& error() const { return m_error; }

 private:
  std::string where() const {
    return m_layer < 0 ? m_operation : m_operation + std::string(" of layer ") + std::to_string(m_layer);
  }
  const char* m_operation = "";
  int m_layer = -1;
  std::optional<Error> m_error;
};

}  // namespace nibble
