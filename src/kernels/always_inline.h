/* For functions with constant arguments, which make another function of them at each call; and for
 * long ones, of which one copy is enough.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_KERNELS_ALWAYS_INLINE_H
#define DLCORE_KERNELS_ALWAYS_INLINE_H

#include "system/compiler.h"

#define ALWAYS_INLINE static inline __attribute__((always_inline))
#ifdef __clang__
#    define NEVER_INLINE __attribute__((noinline))
#else /* gcc makes copies for constant arguments */
#    define NEVER_INLINE __attribute__((noinline, noclone))
#endif

#endif
