/* What the headers of the system declare beyond standard C. The sources of this folder include it
 * before anything else.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_SYSTEM_FEATURES_H
#define DLCORE_SYSTEM_FEATURES_H

#if defined(_WIN32)
/* Windows 7 and later; only the part of its header that is needed, and without its min and max. */
#    if !defined(_WIN32_WINNT) || _WIN32_WINNT < 0x0601
#        undef _WIN32_WINNT
#        define _WIN32_WINNT 0x0601
#    endif
#    if !defined(WIN32_LEAN_AND_MEAN)
#        define WIN32_LEAN_AND_MEAN
#    endif
#    if !defined(NOMINMAX)
#        define NOMINMAX
#    endif
#elif defined(__linux__) || defined(__GLIBC__)
/* glibc's first header settles what all of them declare: maybe in a host's file that includes our
 * sources. */
#    if defined(__GLIBC__) &&                                                          \
        (!defined(__USE_GNU) || (__WORDSIZE == 32 && !defined(__USE_FILE_OFFSET64)) || \
         (__WORDSIZE == 32 && __GLIBC_MINOR__ >= 34 && __TIMESIZE == 32 &&             \
          !defined(__USE_TIME_BITS64) && !defined(__USE_TIME64_REDIRECTS)))
#        error \
            "dlcore's sources come before any header of the system, or are compiled with -D_GNU_SOURCE (32 bit: -D_FILE_OFFSET_BITS=64 and -D_TIME_BITS=64, too)"
#    endif
#    if !defined(_GNU_SOURCE)
#        define _GNU_SOURCE /* flock, madvise, sched_getaffinity, syscall */
#    endif
#elif !defined(__APPLE__) && !defined(__FreeBSD__) && !defined(__DragonFly__) && \
    !defined(__OpenBSD__) && !defined(__NetBSD__) && !defined(_POSIX_C_SOURCE)
/* Those systems show everything unless they are asked for less. */
#    define _POSIX_C_SOURCE 200809L
#endif
/* Files above 2 GB, also where off_t is small by default or by a host's flags: no public function
 * has one. */
#if !defined(_FILE_OFFSET_BITS) || _FILE_OFFSET_BITS != 64
#    undef _FILE_OFFSET_BITS
#    define _FILE_OFFSET_BITS 64
#endif
/* Files of later than 2038, likewise: with a time_t of 32 bits glibc knows nothing of them, not
 * even their size. */
#if !defined(_TIME_BITS) || _TIME_BITS != 64
#    undef _TIME_BITS
#    define _TIME_BITS 64
#endif

#endif
