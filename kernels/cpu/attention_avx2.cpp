// Attention with AVX2, FMA and F16C.
#include "kernels/cpu/attention_impl.h"
