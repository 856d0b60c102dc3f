// The measurements of `bench`: one prompt, one stretch of decoding, the memory's bandwidth.
#pragma once
#include <cstdint>
#include <stop_token>

#include "app/cli/console.h"
#include "core/engine/engine.h"

namespace nibble {

struct BenchRun {
  bool prefill = false;
  std::int64_t tokens = 0;
  std::int64_t depth = 0;          ///< tokens in the cache before the first of them
  double tokensPerSecond = 0;
  double gigabytesPerSecond = 0;   ///< weights (and, decoding, the KV cache) read, over time; prefill reads the weights once a chunk
  double share = 0;                ///< of the bandwidth
  double medianMs = 0, p99Ms = 0;  ///< decode: between two tokens; prefill: of the whole prompt
};

class BenchRunner {
 public:
  BenchRunner(Engine& engine, int threads, Console& console, std::stop_token stop);

  /// GB/s: what all threads together read from main memory, or what a copy on the card moves (read and write counted);
  /// 0 where the device cannot tell.
  Result<double> bandwidth();
  Result<BenchRun> prefill(std::int64_t rows);
  Result<BenchRun> decode(std::int64_t depth, std::int64_t tokens);

 private:
  std::vector<std::int32_t> randomIds(std::int64_t count);
  Result<GenerateResult> generate(std::vector<std::int32_t> ids, std::int64_t tokens, const GenerateSink& sink);
  std::uint64_t cacheBytesPerPosition() const;

  Engine& m_engine;
  int m_threads;
  Console& m_console;
  std::stop_token m_stop;
  ModelInfo m_info;
  std::uint64_t m_random = 0x9E3779B97F4A7C15u;
};

}  // namespace nibble
