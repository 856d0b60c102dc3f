// Attention with AVX-512.
#include "kernels/cpu/attention_impl.h"
