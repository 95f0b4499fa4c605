/* The rare vector kernels for 64-bit ARM.
 *
 * SPDX-License-Identifier: MIT */
#include "kernels/vector_neon.h"

#include "kernels/kernels_rare_template.h"
