// Attention for any processor.
#include "kernels/cpu/attention_impl.h"
