// fp32 products and dequantization, for any processor.
#include "kernels/cpu/matmul_impl.h"
