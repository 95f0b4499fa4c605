/* Eight floats in plain C, which compilers turn into whatever vectors the target has: see
 * vector_avx512.h for what each operation does. v_fma rounds twice here.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_KERNELS_VECTOR_H
#define DLCORE_KERNELS_VECTOR_H

#include "system/compiler.h"

#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define V_WIDTH 8
#define V_NAME "portable"
typedef struct v_float {
    float f[V_WIDTH];
} v_float;
typedef struct v_mask {
    int m[V_WIDTH];
} v_mask;

#define V_EACH(expression)                \
    do {                                  \
        v_float v_result;                 \
        for (int i = 0; i < V_WIDTH; i++) \
            v_result.f[i] = (expression); \
        return v_result;                  \
    } while (0)
#define V_TEST(expression)                \
    do {                                  \
        v_mask v_result;                  \
        for (int i = 0; i < V_WIDTH; i++) \
            v_result.m[i] = (expression); \
        return v_result;                  \
    } while (0)

static inline uint32_t v_bits(float a)
{
    uint32_t bits;
    memcpy(&bits, &a, sizeof bits);
    return bits;
}

static inline float v_from_bits(uint32_t bits)
{
    float a;
    memcpy(&a, &bits, sizeof a);
    return a;
}

/* 2^n for n in -126 .. 127 */
static inline float v_power2(int n)
{
    return v_from_bits((uint32_t)(n + 127) << 23);
}

/* clang-format off */
static inline v_float v_load(const float *p) { V_EACH(p[i]); }
static inline void v_store(float *p, v_float a) { memcpy(p, a.f, sizeof a.f); }
static inline v_float v_set(float a) { V_EACH(a); }
static inline v_float v_add(v_float a, v_float b) { V_EACH(a.f[i] + b.f[i]); }
static inline v_float v_sub(v_float a, v_float b) { V_EACH(a.f[i] - b.f[i]); }
static inline v_float v_mul(v_float a, v_float b) { V_EACH(a.f[i] * b.f[i]); }
static inline v_float v_div(v_float a, v_float b) { V_EACH(a.f[i] / b.f[i]); }
static inline v_float v_fma(v_float a, v_float b, v_float c) { V_EACH(a.f[i] * b.f[i] + c.f[i]); }
static inline v_float v_fnma(v_float a, v_float b, v_float c) { V_EACH(c.f[i] - a.f[i] * b.f[i]); }
static inline v_float v_max(v_float a, v_float b) { V_EACH(a.f[i] > b.f[i] ? a.f[i] : b.f[i]); }
static inline v_float v_min(v_float a, v_float b) { V_EACH(a.f[i] < b.f[i] ? a.f[i] : b.f[i]); }
static inline v_float v_sqrt(v_float a) { V_EACH(sqrtf(a.f[i])); }
static inline v_float v_abs(v_float a) { V_EACH(fabsf(a.f[i])); }
static inline v_mask v_less(v_float a, v_float b) { V_TEST(a.f[i] < b.f[i]); }
static inline v_mask v_greater(v_float a, v_float b) { V_TEST(a.f[i] > b.f[i]); }
static inline v_float v_select(v_mask m, v_float yes, v_float no) { V_EACH(m.m[i] ? yes.f[i] : no.f[i]); }
static inline v_float v_copy_sign(v_float magnitude, v_float sign) { V_EACH(copysignf(magnitude.f[i], sign.f[i])); }
/* adding and taking away 1.5 * 2^23 rounds what is below 2^22 in size; larger is left as it is */
static inline v_float v_round(v_float a) { V_EACH(fabsf(a.f[i]) < 4194304.0f ? (a.f[i] + 12582912.0f) - 12582912.0f : a.f[i]); }
static inline v_float v_scale2(v_float a, v_float n)
{
    V_EACH(a.f[i] * v_power2((int)n.f[i] / 2) * v_power2((int)n.f[i] - (int)n.f[i] / 2));
}
static inline v_float v_exponent(v_float a) { V_EACH((float)((int)(v_bits(a.f[i]) >> 23) - 127)); }
static inline v_float v_mantissa(v_float a) { V_EACH(v_from_bits((v_bits(a.f[i]) & 0x007fffffu) | 0x3f800000u)); }
static inline v_float v_rsqrt(v_float a) { V_EACH(1.0f / sqrtf(a.f[i])); }
static inline v_float v_from_uint8(const uint8_t *p) { V_EACH((float)p[i]); }
/* clang-format on */

static inline float v_sum(v_float a)
{
    return ((a.f[0] + a.f[4]) + (a.f[2] + a.f[6])) + ((a.f[1] + a.f[5]) + (a.f[3] + a.f[7]));
}

static inline float v_largest(v_float a)
{
    float largest = a.f[0];
    for (int i = 1; i < V_WIDTH; i++)
        largest = a.f[i] > largest ? a.f[i] : largest;
    return largest;
}

static inline v_float v_load_part(const float *p, size_t n)
{
    v_float a = {{0}};
    memcpy(a.f, p, n * sizeof *p);
    return a;
}

static inline void v_store_part(float *p, v_float a, size_t n)
{
    memcpy(p, a.f, n * sizeof *p);
}

#endif
