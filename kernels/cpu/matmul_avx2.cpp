// fp32 products and dequantization, with AVX2, FMA and F16C.
#include "kernels/cpu/matmul_impl.h"
