/* Which table of training's kernels goes with one of predicting's.
 *
 * The build defines the same names as for kernels.c.
 *
 * SPDX-License-Identifier: MIT */
#include "kernels/kernels_training.h"

const dlcore_training_kernels_t *dlcore_training_kernels(const dlcore_kernels_t *kernels)
{
    switch (kernels->target) {
#ifdef DLCORE_AVX512_KERNELS
    case DLCORE_TARGET_AVX512:
        return &dlcore_training_kernels_avx512;
#endif
#ifdef DLCORE_AVX2_KERNELS
    case DLCORE_TARGET_AVX2:
        return &dlcore_training_kernels_avx2;
#endif
#ifdef DLCORE_NEON_KERNELS
    case DLCORE_TARGET_NEON:
        return &dlcore_training_kernels_neon;
#endif
    default:
        return &dlcore_training_kernels_portable;
    }
}
