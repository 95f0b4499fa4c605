/* The rare vector kernels for AVX2 with FMA, compiled with their flags.
 *
 * SPDX-License-Identifier: MIT */
#include "kernels/vector_avx2.h"

#include "kernels/kernels_rare_template.h"
