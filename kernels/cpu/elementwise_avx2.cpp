// Small operations with AVX2, FMA and F16C.
#include "kernels/cpu/elementwise_impl.h"
