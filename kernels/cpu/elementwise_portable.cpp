// Small operations for any processor.
#include "kernels/cpu/elementwise_impl.h"
