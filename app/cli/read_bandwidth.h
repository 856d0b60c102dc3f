// What the CPU reads from main memory, measured.
#pragma once

namespace nibble {

/// GB/s that `threads` threads (0: all) read together from a buffer far larger than the caches; the best of several passes. 0: no memory for it.
double measureReadBandwidth(int threads);

}  // namespace nibble
