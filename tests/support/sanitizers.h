/* What makes a test slow, for tests that then do less: the sanitizer that it is built with, by one
 * name for gcc and clang, an emulator of another processor (EMULATED), and valgrind.
 *
 * SPDX-License-Identifier: MIT */
#ifndef SUPPORT_SANITIZERS_H
#define SUPPORT_SANITIZERS_H

#if defined(__has_feature)
#    define SUPPORT_HAS_FEATURE(name) __has_feature(name)
#else
#    define SUPPORT_HAS_FEATURE(name) 0
#endif

#if defined(__SANITIZE_ADDRESS__) || SUPPORT_HAS_FEATURE(address_sanitizer)
#    define ADDRESS_SANITIZER 1
#else
#    define ADDRESS_SANITIZER 0
#endif

/* Its run-time cannot follow children of processes with threads. */
#if defined(__SANITIZE_THREAD__) || SUPPORT_HAS_FEATURE(thread_sanitizer)
#    define THREAD_SANITIZER 1
#else
#    define THREAD_SANITIZER 0
#endif

#if SUPPORT_HAS_FEATURE(memory_sanitizer)
#    define MEMORY_SANITIZER 1
#else
#    define MEMORY_SANITIZER 0
#endif

#ifdef DLCORE_EMULATED
#    define EMULATED 1
#else
#    define EMULATED 0
#endif

/* Its processor flushes no denormals, rounds to nearest in any mode, raises no flags, and has -0
 * for the fused 0 - 0 x (seen with 3.19). */
#ifdef DLCORE_VALGRIND
#    define VALGRIND 1
#else
#    define VALGRIND 0
#endif

#endif
