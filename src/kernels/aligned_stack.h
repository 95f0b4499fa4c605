/* Refuses what would crash: on Windows gcc moves vectors of 32 and 64 bytes to and from a stack
 * that is aligned to 16 as if they were aligned (its bug 54412), unless its assembler makes other
 * moves of these. Clang aligns the stack.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_KERNELS_ALIGNED_STACK_H
#define DLCORE_KERNELS_ALIGNED_STACK_H

#include "system/compiler.h"

#if defined(_WIN32) && defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && \
    !defined(DLCORE_UNALIGNED_MOVES)
#    error "compile with -Wa,-muse-unaligned-vector-move -DDLCORE_UNALIGNED_MOVES, or leave AVX out"
#endif

#endif
