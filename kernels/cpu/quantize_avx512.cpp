// Quantization with AVX-512 VBMI.
#include "kernels/cpu/quantize_impl.h"
