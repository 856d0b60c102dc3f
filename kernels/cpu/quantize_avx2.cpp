// Quantization with AVX2 and F16C.
#include "kernels/cpu/quantize_impl.h"
