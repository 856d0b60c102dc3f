// Checks of the CUDA decode kernels against float64 on fresh random inputs and odd sizes; outputs are poisoned before.
#pragma once
namespace bench {
/// Prints one line a check; returns how many failed. `quick`: small sizes only, for the sanitizers.
int checkProducts(bool quick);
int checkAttention(bool quick);
int checkSteps(bool quick);
int checkSampling();
}  // namespace bench
