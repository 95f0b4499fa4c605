/* Eight floats as two of the compiler's vectors of four, which it turns into whatever the target
 * has: see vector_avx512.h for what each operation does. v_fma rounds twice here.
 *
 * Vectors are members of structs wherever a function takes or answers them, so that no calling
 * convention of the target has to know them.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_KERNELS_VECTOR_H
#define DLCORE_KERNELS_VECTOR_H

#include "system/compiler.h"

#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "kernels/always_inline.h"

#define V_WIDTH 8
#define V_NAME "portable"
#define V_TARGET DLCORE_TARGET_PORTABLE
#define V_TABLE(name) name##_portable
/* In one copy: two or more registers make a vector, and what is inlined twice as long. */
#define V_ONCE NEVER_INLINE static
typedef float v_four __attribute__((vector_size(16)));
typedef int32_t v_four_bits __attribute__((vector_size(16)));
typedef struct v_float {
    v_four low, high;
} v_float;
typedef struct v_mask {
    v_four_bits low, high;
} v_mask;

/* clang-format off */
/* each half by itself: so compilers leave it in a register */
static inline v_float v_load(const float *p)
{
    v_four low, high;
    memcpy(&low, p, sizeof low);
    memcpy(&high, p + 4, sizeof high);
    return (v_float){low, high};
}
static inline void v_store(float *p, v_float a)
{
    memcpy(p, &a.low, sizeof a.low);
    memcpy(p + 4, &a.high, sizeof a.high);
}
static inline v_float v_set(float a) { v_four f = {a, a, a, a}; return (v_float){f, f}; }
static inline v_float v_add(v_float a, v_float b) { return (v_float){a.low + b.low, a.high + b.high}; }
static inline v_float v_sub(v_float a, v_float b) { return (v_float){a.low - b.low, a.high - b.high}; }
static inline v_float v_mul(v_float a, v_float b) { return (v_float){a.low * b.low, a.high * b.high}; }
static inline v_float v_div(v_float a, v_float b) { return (v_float){a.low / b.low, a.high / b.high}; }
static inline v_float v_fma(v_float a, v_float b, v_float c) { return v_add(v_mul(a, b), c); }
static inline v_float v_fnma(v_float a, v_float b, v_float c) { return v_sub(c, v_mul(a, b)); }
static inline v_mask v_less(v_float a, v_float b) { return (v_mask){a.low < b.low, a.high < b.high}; }
static inline v_mask v_greater(v_float a, v_float b) { return (v_mask){a.low > b.low, a.high > b.high}; }

#define V_BITS(a) ((v_four_bits)(a))
#define V_CHOOSE(m, yes, no) ((v_four)(((m) & V_BITS(yes)) | (~(m) & V_BITS(no))))
static inline v_float v_select(v_mask m, v_float yes, v_float no)
{
    return (v_float){V_CHOOSE(m.low, yes.low, no.low), V_CHOOSE(m.high, yes.high, no.high)};
}
static inline int v_are_zero(v_float a, v_float b)
{
    v_four_bits all = V_BITS(a.low) | V_BITS(a.high) | V_BITS(b.low) | V_BITS(b.high);
    return (all[0] | all[1] | all[2] | all[3]) == 0;
}
static inline v_float v_max(v_float a, v_float b) { return v_select(v_greater(a, b), a, b); }
static inline v_float v_min(v_float a, v_float b) { return v_select(v_less(a, b), a, b); }
static inline v_float v_sqrt(v_float a)
{
    float f[V_WIDTH], root[V_WIDTH];
    v_store(f, a);
    for (int i = 0; i < V_WIDTH; i++)
        root[i] = sqrtf(f[i]);
    return v_load(root);
}
static inline v_float v_abs(v_float a)
{
    return (v_float){(v_four)(V_BITS(a.low) & 0x7fffffff), (v_four)(V_BITS(a.high) & 0x7fffffff)};
}
static inline v_float v_copy_sign(v_float magnitude, v_float sign)
{
    v_float a = v_abs(magnitude);
    return (v_float){(v_four)(V_BITS(a.low) | (V_BITS(sign.low) & ~0x7fffffff)),
                     (v_four)(V_BITS(a.high) | (V_BITS(sign.high) & ~0x7fffffff))};
}
/* adding and taking away 1.5 * 2^23 rounds what is below 2^22 in size; larger is left as it is */
static inline v_float v_round(v_float a)
{
    v_float large = v_set(12582912.0f);
    return v_select(v_less(v_abs(a), v_set(4194304.0f)), v_sub(v_add(a, large), large), a);
}
/* 2^n for n in -126 .. 127 */
#define V_POWER2(n) ((v_four)(((n) + 127) << 23))
static inline v_float v_scale2(v_float a, v_float n)
{
    v_four_bits low = __builtin_convertvector(n.low, v_four_bits), low_half = low >> 1;
    v_four_bits high = __builtin_convertvector(n.high, v_four_bits), high_half = high >> 1;
    return (v_float){a.low * V_POWER2(low_half) * V_POWER2(low - low_half),
                     a.high * V_POWER2(high_half) * V_POWER2(high - high_half)};
}
static inline v_float v_exponent(v_float a)
{
    return (v_float){__builtin_convertvector((V_BITS(a.low) >> 23) - 127, v_four),
                     __builtin_convertvector((V_BITS(a.high) >> 23) - 127, v_four)};
}
static inline v_float v_mantissa(v_float a)
{
    return (v_float){(v_four)((V_BITS(a.low) & 0x007fffff) | 0x3f800000),
                     (v_four)((V_BITS(a.high) & 0x007fffff) | 0x3f800000)};
}
static inline v_float v_rsqrt(v_float a) { return v_div(v_set(1.0f), v_sqrt(a)); }
static inline v_float v_from_uint8(const uint8_t *p)
{
    float f[V_WIDTH];
    for (int i = 0; i < V_WIDTH; i++)
        f[i] = (float)p[i];
    return v_load(f);
}
/* clang-format on */

static inline float v_sum(v_float a)
{
    v_four s = a.low + a.high;
    return (s[0] + s[2]) + (s[1] + s[3]);
}

static inline float v_largest(v_float a)
{
    float f[V_WIDTH], largest;

    v_store(f, a);
    largest = f[0];
    for (int i = 1; i < V_WIDTH; i++)
        largest = f[i] > largest ? f[i] : largest;
    return largest;
}

static inline v_float v_load_part(const float *p, size_t n)
{
    float f[V_WIDTH] = {0};
    memcpy(f, p, n * sizeof *p);
    return v_load(f);
}

static inline void v_store_part(float *p, v_float a, size_t n)
{
    float f[V_WIDTH];
    v_store(f, a);
    memcpy(p, f, n * sizeof *p);
}

#endif
