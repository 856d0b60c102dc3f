// A place in a ring and the phase of its barriers, as every thread that walks along it keeps them. The host's tests
// walk too.
#pragma once
#include <cstdint>

#include "kernels/cuda/device_layout.h"

namespace nibble {
namespace gpu {

struct RingPlace {
  int slot = 0;
  std::uint32_t phase = 0;
  /// One place on, as advance(places, 1) but without its loop: what lies between a wait and a copy delays the copy.
  NIBBLE_HD void next(int places) {
    const bool over = ++slot == places;
    slot = over ? 0 : slot;
    phase ^= over;
  }
  NIBBLE_HD void advance(int places, int tiles) {
    for (slot += tiles; slot >= places; phase ^= 1) slot -= places;
  }
};

}  // namespace gpu
}  // namespace nibble
