/* Decimal numbers to the nearest float.
 *
 * The first 19 digits are scaled by a power of ten in double, where at most a few units in the last
 * place are lost. A float has 29 bits less, so nearly always that settles to which float the number
 * rounds; rounding is done on the bits, which no rounding mode changes. What lies too near to the
 * middle between two floats is compared with that middle in whole numbers of any size, exactly.
 *
 * SPDX-License-Identifier: MIT */
#include "base/decimal.h"

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"

#define FAST_DIGITS 19             /* that a uint64_t holds */
#define EXACT_DIGITS 120           /* the middle between two floats has at most 113 */
#define LIMBS 32                   /* 1024 bits: more than either side of a comparison needs */
#define DECIMAL_EXPONENT_MAX 99999 /* what is larger makes 0 or infinity all the same */
#define ALL_BITS 29                /* of a double's fraction beyond a float's */
#define WHOLE_MAX (1 << 24)        /* whole numbers up to here are floats */
#define INFINITE 0x7F800000u
#define DOUBLE_DIGITS 800 /* the middle between two doubles has at most 768 */
#define DOUBLE_WHOLE_MAX ((uint64_t)1 << 53)
#define SURE_MARGIN 16 /* units of a double that the scaled number may be off, and more */

typedef struct decimal {
    const char *digits, *digits_end; /* significant ones, maybe with a point */
    uint64_t leading;                /* the first 19 of them */
    long exponent;                   /* value = leading * 10^exponent, if no digits follow */
    size_t count;                    /* how many these are */
    bool negative;
} decimal_t;

/* The exponent, "e-5"; without digits it does not belong to the number. */
static const char *scan_exponent(const char *text, const char *end, long *exponent)
{
    const char *at = text + 1;
    bool negative = false;
    long number = 0;

    *exponent = 0;
    if (at < end && (*at == '+' || *at == '-'))
        negative = *at++ == '-';
    if (at == end || !dlcore_is_digit(*at))
        return text;
    for (; at < end && dlcore_is_digit(*at); at++)
        if (number < DECIMAL_EXPONENT_MAX)
            number = number * 10 + (*at - '0');
    *exponent = negative ? -number : number;
    return at;
}

/* Digits before and behind the point. A long tail of digits moves the exponent alone. */
static const char *scan_digits(const char *text, const char *end, decimal_t *decimal, bool *any)
{
    const char *at = text, *point = NULL;
    uint64_t leading = 0;
    size_t count = 0;
    long long exponent = 0;

    *any = false;
    decimal->digits = text;
    for (; at < end; at++) {
        unsigned digit = (unsigned)(*at - '0');

        if (digit <= 9) {
            *any = true;
            if (count < FAST_DIGITS) {
                leading = leading * 10 + digit;
                count += leading != 0;
                exponent -= point != NULL;
            } else {
                exponent += point == NULL;
            }
        } else if (*at == '.' && point == NULL) {
            point = at;
        } else {
            break;
        }
    }
    if (exponent > DECIMAL_EXPONENT_MAX)
        exponent = DECIMAL_EXPONENT_MAX;
    if (exponent < -DECIMAL_EXPONENT_MAX)
        exponent = -DECIMAL_EXPONENT_MAX;
    decimal->digits_end = at;
    decimal->leading = leading;
    decimal->exponent = (long)exponent;
    decimal->count = count;
    return at;
}

/* leading * 10^exponent, to within a few units in the last place; exponent -64 .. 64. */
static double scale_by_ten(uint64_t leading, long exponent)
{
    static const double powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                    1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                    1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    double x = (double)leading;

    for (; exponent > 22; exponent -= 22)
        x *= 1e22;
    for (; exponent < -22; exponent += 22)
        x /= 1e22;
    return exponent >= 0 ? x * powers[exponent] : x / powers[-exponent];
}

/* Rounds a normal double in the range of normal floats; false when it is too near to a middle. */
static bool round_surely(double x, uint32_t *bits)
{
    const uint64_t middle = (uint64_t)1 << (ALL_BITS - 1);
    uint64_t wide, rest;
    long exponent;

    memcpy(&wide, &x, sizeof wide);
    exponent = (long)(wide >> 52) - 1023 + 127;
    rest = wide & (((uint64_t)1 << ALL_BITS) - 1);
    if (exponent < 2 || exponent > 253)
        return false;
    if (rest - (middle - SURE_MARGIN) <= 2 * SURE_MARGIN)
        return false;
    *bits = (uint32_t)exponent << 23 | ((uint32_t)(wide >> ALL_BITS) & 0x7FFFFF);
    *bits += rest > middle; /* into the exponent, if need be */
    return true;
}

/* ---- whole numbers of any size ---- */

typedef struct big {
    uint32_t limbs[LIMBS]; /* lowest first */
    size_t used;
} big_t;

static void multiply_add(big_t *big, uint32_t factor, uint32_t term)
{
    uint64_t carry = term;

    for (size_t i = 0; i < big->used; i++) {
        carry += (uint64_t)big->limbs[i] * factor;
        big->limbs[i] = (uint32_t)carry;
        carry >>= 32;
    }
    if (carry != 0 && big->used < LIMBS)
        big->limbs[big->used++] = (uint32_t)carry;
}

static void multiply_by_5(big_t *big, long times)
{
    for (; times >= 13; times -= 13)
        multiply_add(big, 1220703125, 0); /* 5^13 */
    for (; times > 0; times--)
        multiply_add(big, 5, 0);
}

static void multiply_by_2(big_t *big, long times)
{
    for (; times >= 31; times -= 31)
        multiply_add(big, (uint32_t)1 << 31, 0);
    multiply_add(big, (uint32_t)1 << times, 0);
}

static int compare_big(const big_t *a, const big_t *b)
{
    if (a->used != b->used)
        return a->used > b->used ? 1 : -1;
    for (size_t i = a->used; i-- > 0;)
        if (a->limbs[i] != b->limbs[i])
            return a->limbs[i] > b->limbs[i] ? 1 : -1;
    return 0;
}

/* The digits as a whole number; those beyond EXACT_DIGITS only count as "a little more". Answers
 * the power of ten that it is to be multiplied by. */
static long collect(const decimal_t *decimal, big_t *big)
{
    size_t count = 0;
    bool more = false;

    big->used = 0;
    for (const char *at = decimal->digits; at < decimal->digits_end; at++) {
        if (!dlcore_is_digit(*at) || (count == 0 && *at == '0'))
            continue;
        if (count < EXACT_DIGITS)
            multiply_add(big, 10, (uint32_t)(*at - '0'));
        else
            more = more || *at != '0';
        count++;
    }
    if (more)
        multiply_add(big, 10, 1);
    /* decimal->exponent belongs to a number of FAST_DIGITS digits, if it has more */
    return decimal->exponent -
           (long)((count < EXACT_DIGITS ? count : EXACT_DIGITS) -
                  (count < FAST_DIGITS ? count : FAST_DIGITS)) -
           more;
}

/* digits * 10^exponent against the middle between the float of these bits and the next. */
static int compare_with_middle(const big_t *digits, long exponent, uint32_t bits)
{
    uint32_t field = bits >> 23;
    uint64_t fraction = (bits & 0x7FFFFF) | (field > 0 ? 0x800000 : 0);
    long binary = (long)(field > 0 ? field : 1) - 127 - 23 - 1; /* of half a unit */
    big_t left = *digits, right = {.used = 1};

    right.limbs[0] = (uint32_t)(2 * fraction + 1);
    multiply_by_5(exponent >= 0 ? &left : &right, exponent >= 0 ? exponent : -exponent);
    if (exponent >= binary)
        multiply_by_2(&left, exponent - binary);
    else
        multiply_by_2(&right, binary - exponent);
    return compare_big(&left, &right);
}

/* The float that is not above the number and at most one below the right one. */
static uint32_t guess(double x)
{
    uint64_t wide;
    long exponent;

    memcpy(&wide, &x, sizeof wide);
    wide -= SURE_MARGIN;
    exponent = (long)(wide >> 52) - 1023 + 127;
    if (exponent >= 255)
        return INFINITE;
    wide = (wide & (((uint64_t)1 << 52) - 1)) | (uint64_t)1 << 52;
    if (exponent >= 1)
        return (uint32_t)exponent << 23 | ((uint32_t)(wide >> ALL_BITS) & 0x7FFFFF);
    return -exponent > 30 ? 0 : (uint32_t)(wide >> (ALL_BITS + 1 - exponent));
}

static uint32_t round_exactly(const decimal_t *decimal, double x)
{
    big_t digits;
    long exponent = collect(decimal, &digits);
    uint32_t bits = guess(x);

    while (bits < INFINITE) {
        int order = compare_with_middle(&digits, exponent, bits);

        if (order < 0 || (order == 0 && bits % 2 == 0))
            break;
        bits++;
    }
    return bits;
}

static uint32_t round_decimal(const decimal_t *decimal)
{
    /* the value is below 10^magnitude, at least a tenth of it */
    long magnitude = (long)decimal->count + decimal->exponent;
    uint32_t bits;
    double x;

    if (decimal->leading == 0 || magnitude < -45)
        return 0;
    if (magnitude > 39)
        return INFINITE;
    x = scale_by_ten(decimal->leading, decimal->exponent);
    return round_surely(x, &bits) ? bits : round_exactly(decimal, x);
}

/* The digits without a point, which strtod expects as the host's locale has it, and the exponent.
 * Of more digits than any double needs, the rest only counts as "a little more". */
static DLCORE_KEPT_APART double read_exactly(const decimal_t *decimal)
{
    char text[DOUBLE_DIGITS + 16];
    size_t length = 0, count = 0;
    bool more = false;
    long exponent = decimal->exponent;

    for (const char *at = decimal->digits; at < decimal->digits_end; at++) {
        if (!dlcore_is_digit(*at) || (count == 0 && *at == '0'))
            continue;
        if (length < DOUBLE_DIGITS)
            text[length++] = *at;
        else
            more = more || *at != '0';
        count++;
    }
    if (more)
        text[length - 1] = (char)(text[length - 1] + (text[length - 1] == '0'));
    /* decimal->exponent belongs to a number of FAST_DIGITS digits, if it has more */
    exponent -= (long)(length - (count < FAST_DIGITS ? count : FAST_DIGITS));
    snprintf(text + length, sizeof text - length, "e%ld", exponent);
    return strtod(text, NULL);
}

static double round_double(const decimal_t *decimal)
{
    const long exponent = decimal->exponent;

    if (decimal->leading == 0)
        return 0.0;
    /* no digits follow, and both are exact, so one rounding is right (Clinger, 1990) */
    if (decimal->leading <= DOUBLE_WHOLE_MAX && exponent >= -22 && exponent <= 22)
        return scale_by_ten(decimal->leading, exponent);
    if (exponent > 310)
        return (double)INFINITY;
    if (exponent < -400)
        return 0.0;
    return read_exactly(decimal);
}

const char *dlcore_decimal_double(const char *text, const char *end, double *value)
{
    decimal_t decimal = {.negative = text < end && *text == '-'};
    const char *at = text;
    long exponent;
    bool any;
    double number;

    if (at < end && (*at == '-' || *at == '+'))
        at++;
    at = scan_digits(at, end, &decimal, &any);
    if (!any)
        return NULL;
    if (at < end && (*at == 'e' || *at == 'E')) {
        at = scan_exponent(at, end, &exponent);
        decimal.exponent += exponent;
    }
    number = round_double(&decimal);
    *value = decimal.negative ? -number : number;
    return at;
}

const char *dlcore_decimal_float(const char *text, const char *end, float *value)
{
    decimal_t decimal = {.negative = text < end && *text == '-'};
    long exponent;
    uint32_t bits;
    bool any;
    const char *at = text;

    if (at < end && (*at == '-' || *at == '+'))
        at++;
    at = scan_digits(at, end, &decimal, &any);
    if (!any)
        return NULL;
    if (at < end && (*at == 'e' || *at == 'E')) {
        at = scan_exponent(at, end, &exponent);
        decimal.exponent += exponent;
    }
    if (decimal.exponent == 0 && decimal.leading <= WHOLE_MAX) { /* pixels, counts: exact */
        float whole = (float)(int32_t)decimal.leading;

        *value = decimal.negative ? -whole : whole;
        return at;
    }
    bits = round_decimal(&decimal) | (decimal.negative ? 0x80000000u : 0);
    memcpy(value, &bits, sizeof bits);
    return at;
}
