/* The rare vector kernels for AVX-512, compiled with its flags (F, BW, DQ, VL and FMA).
 *
 * SPDX-License-Identifier: MIT */
#include "kernels/vector_avx512.h"

#include "kernels/kernels_rare_template.h"
