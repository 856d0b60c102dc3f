// Brings a matrix from its mapped file to the card: whole rows in pieces through page-locked buffers, quantized there
// by the kernels, so that PCIe is the limit and the card never holds more than the model and a few pieces.
#pragma once
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "core/engine/cuda/cuda_layout.h"
#include "core/engine/cuda/module/host_copier.h"
#include "core/engine/cuda/module/resources.h"
#include "core/model/weights.h"
#include "kernels/cuda/quantize.h"

namespace nibble {

class WeightUploader {
 public:
  /// `staging` is device memory of stagingLayout().bytes that nothing else uses while loading.
  static Result<std::unique_ptr<WeightUploader>> make(std::byte* staging, const StagingLayout& layout);
  ~WeightUploader();
  WeightUploader(const WeightUploader&) = delete;
  WeightUploader& operator=(const WeightUploader&) = delete;

  /// Enqueues the matrix; may return before the file is read and the card is done: `source` must stay readable until
  /// finish(). Errors: cancelled, what the card says, failed for an impossible shape.
  Result<void> upload(const WeightSource& source, const gpu::MatrixView& matrix, std::stop_token stop);
  /// Waits for all that was enqueued. Errors: notANumber, naming the first tensor that holds NaN or Inf.
  Result<void> finish();

 private:
  static constexpr int kSlots = kUploadPieces;
  struct Slot {
    Stream stream;
    Event done;  ///< the card has taken what the page-locked buffer held
    PinnedBuffer host;
    std::byte* device = nullptr;
    std::uint64_t ticket = 0;  ///< of the copy into the buffer; 0: nothing is on its way
    gpu::MatrixView matrix;    ///< where it goes
    gpu::SourcePiece piece;
    int* notFinite = nullptr;  ///< flag of its matrix
  };
  WeightUploader() = default;
  Result<void> beginPiece(const WeightSource& source, const gpu::MatrixView& matrix, std::int64_t firstRow,
                          std::int32_t rows);
  /// Hands the oldest piece that is being read to the card.
  Result<void> sendOldest();
  Result<void> quantize(const Slot& slot);
  Result<void> nestAbsmax(const gpu::MatrixView& matrix);
  Slot m_slots[kSlots];
  int m_next = 0;     ///< slot of the next piece
  int m_reading = 0;  ///< pieces on their way into page-locked memory, the last ones before m_next
  Result<void> drain();
  int* m_flags = nullptr;  ///< on the device, one for every matrix in the order of `m_names`
  std::uint64_t m_flagCount = 0;
  std::vector<std::string> m_names;  ///< of the matrices that were begun
  std::uint64_t m_absmaxBytes = 0;
  float* m_absmax = nullptr;  ///< on the device, fp32 absmax of a whole matrix
  PinnedBuffer m_code;        ///< the dynamic code's 256 values
  std::unique_ptr<HostCopier> m_copier;
};

}  // namespace nibble
