// The 8-bit dynamic code of bitsandbytes (Dettmers, arXiv:1511.04561), which nf4-dq holds its block scales in.
#pragma once
#include <array>

namespace nibble {

/// 256 values, sorted: signed, 7 decades, ever finer fractions; as bitsandbytes' create_dynamic_map(signed=True).
std::array<float, 256> dynamicCode();

}  // namespace nibble
