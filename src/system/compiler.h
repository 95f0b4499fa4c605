/* What the sources ask of compilers and their flags. All internal headers include it before
 * anything else.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_SYSTEM_COMPILER_H
#define DLCORE_SYSTEM_COMPILER_H

#if defined(DLCORE_API_H) && !defined(DLCORE_BUILDING)
#    error "a source includes a public header before system/compiler.h or any internal header"
#endif
#if !defined(DLCORE_BUILDING)
#    define DLCORE_BUILDING /* for dlcore/api.h */
#endif

/* MinGW's printf of its own, which knows %zu and rounds exactly; its headers ask before they
 * declare one. */
#if defined(__MINGW32__) && !defined(__USE_MINGW_ANSI_STDIO)
#    define __USE_MINGW_ANSI_STDIO 1
#endif

/* With these flags compilers take tests for NaN and infinity out, and sums in any order. */
#if defined(__FAST_MATH__) || (defined(__FINITE_MATH_ONLY__) && __FINITE_MATH_ONLY__ != 0) || \
    defined(__ASSOCIATIVE_MATH__) || defined(__RECIPROCAL_MATH__) ||                          \
    defined(__NO_SIGNED_ZEROS__) || defined(_M_FP_FAST)
#    error \
        "dlcore needs exact floating-point arithmetic: compile its sources without -ffast-math, \
-Ofast and the like, or add -fno-fast-math after them (MSVC: /fp:precise)"
#endif

/* Functions declared between these two belong to the library alone, whatever the visibility that
 * the host compiles with. */
#if defined(__GNUC__) && !defined(_WIN32)
#    define DLCORE_HIDDEN_BEGIN _Pragma("GCC visibility push(hidden)")
#    define DLCORE_HIDDEN_END _Pragma("GCC visibility pop")
#else
#    define DLCORE_HIDDEN_BEGIN
#    define DLCORE_HIDDEN_END
#endif

/* A function that has a frame of its own: the large buffers of one that is inlined would lie on the
 * stack as long as its caller runs. */
#if defined(__GNUC__)
#    define DLCORE_KEPT_APART __attribute__((noinline))
#else
#    define DLCORE_KEPT_APART
#endif

/* x87 registers round twice, or not at all. */
#if defined(__i386__) && !defined(__SSE2_MATH__)
#    error "dlcore needs SSE2 on 32-bit x86: compile its sources with -msse2 -mfpmath=sse"
#endif

/* Small hosts have small C libraries. */
#if defined(DLCORE_NO_FILES)
#    include "system/printf_none.h"
#endif

#endif
