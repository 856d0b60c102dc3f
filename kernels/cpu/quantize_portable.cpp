// Quantization for any processor.
#include "kernels/cpu/quantize_impl.h"
