// The first CUDA card, for tests of the engine on it. Tests of single kernels use device_array.h.
#pragma once
#include <QtTest>

#include "core/engine/cuda/cuda_devices.h"

namespace nibble::test {

constexpr const char* kCard = "cuda:0";

/// Why the engine cannot use the first card; empty if it can.
inline QString cardProblem() {
  const auto devices = listCudaDevices();
  if (!devices.empty() && devices.front().usable) return {};
  return QString("skipped: no CUDA device (%1)").arg(devices.empty() ? "" : devices.front().why.c_str());
}

/// Free bytes of the card, as the driver says; 0 if it does not.
inline std::uint64_t freeOnCard() {
  return cudaFreeBytes(kCard).value_or(0);
}

/// What the driver keeps of a card for a process that has once used it, until the process ends (3.3 MiB on an H200 with
/// driver 580): nothing that a program can give back.
constexpr std::uint64_t kDriverKeeps = 8 << 20;

inline double mebibytes(std::uint64_t bytes) {
  return static_cast<double>(bytes) / (1 << 20);
}

}  // namespace nibble::test

#define NIBBLE_NEED_CARD() \
  if (const QString problem_ = nibble::test::cardProblem(); !problem_.isEmpty()) QSKIP(qPrintable(problem_))
