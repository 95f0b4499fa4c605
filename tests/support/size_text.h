/* What depends on the width of size_t: numbers as messages give them, and cases that only one width
 * has.
 *
 * SPDX-License-Identifier: MIT */
#ifndef SUPPORT_SIZE_TEXT_H
#define SUPPORT_SIZE_TEXT_H

#include <stdint.h>

#if SIZE_MAX > 0xffffffffu
#    define BY_SIZE(of_64_bits, of_32_bits) of_64_bits
#else
#    define BY_SIZE(of_64_bits, of_32_bits) of_32_bits
#endif

#define SIZE_MAX_TEXT BY_SIZE("18446744073709551615", "4294967295")
#define PTRDIFF_MAX_TEXT BY_SIZE("9223372036854775807", "2147483647")

#endif
