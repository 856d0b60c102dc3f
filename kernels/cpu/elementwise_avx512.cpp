// Small operations with AVX-512.
#include "kernels/cpu/elementwise_impl.h"
