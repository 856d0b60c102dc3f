// A backend that computes nothing and counts everything: a device with a byte budget whose n-th allocation fails, once
// or from then on. Its logits say that the id after x is x + 1.
#pragma once
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "core/engine/local_engine.h"

namespace nibble::test {

/// The memory of the fake machine; outlives the backends on it.
class FakeDevice {
 public:
  std::uint64_t budget = std::numeric_limits<std::uint64_t>::max();
  int failAt = 0;  ///< this request for memory fails, counted from 1; 0: none
  bool failsFromThenOn = false;
  bool badNumbers = false;       ///< steps end with notANumber
  bool canSample = false;        ///< decodeAndSample is supported
  int badLayer = -1;             ///< what firstBadLayer says
  std::vector<std::string> log;  ///< operations of all steps, if `logs`
  bool logs = false;

  Result<void> take(std::uint64_t bytes, const std::string& what);
  void giveBack(std::uint64_t bytes) { m_used -= bytes; }
  std::uint64_t used() const { return m_used; }
  int requests() const { return m_requests; }
  void resetRequests() { m_requests = 0; }
  std::function<void(const std::string&)> onOperation;  ///< called at every operation of a step
  int backends = 0;                                     ///< alive now
  std::vector<SampledStep> sampledSteps;

 private:
  std::uint64_t m_used = 0;
  int m_requests = 0;
};

/// An engine on the fake device (id "cpu", with the device's budget as free memory).
std::unique_ptr<LocalEngine> makeFakeEngine(FakeDevice& device);

}  // namespace nibble::test
