/* Which sanitizer a test is built with, by one name for gcc and clang.
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

#endif
