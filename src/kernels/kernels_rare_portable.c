/* The rare vector kernels for plain C: any target.
 *
 * SPDX-License-Identifier: MIT */
#include "kernels/vector_portable.h"

#include "kernels/kernels_rare_template.h"
