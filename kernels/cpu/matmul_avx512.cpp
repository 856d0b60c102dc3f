// fp32 products and dequantization, with AVX-512.
#include "kernels/cpu/matmul_impl.h"
