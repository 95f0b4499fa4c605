/* Chains of small layers for plain C: any target.
 *
 * SPDX-License-Identifier: MIT */
#include <stdbool.h>

#include "math/vector_portable.h"

/* The thread's mode sees to denormals. */
static inline v_float flush_vector(v_float a)
{
    return a;
}

static inline v_float flush_by(v_float x, v_float y)
{
    (void)x;
    return y;
}

static inline bool has_denormal(v_float a)
{
    (void)a;
    return false;
}

/* Four floats; and one of them in every lane. */
typedef const float *four_t;
#define four_load(x) (x)
#define four_pick(four, i) v_set((four)[i])

static inline v_float sum_in_all_lanes(v_float a, size_t units)
{
    (void)units;
    return v_set(v_sum(a));
}

static inline v_float largest_in_all_lanes(v_float a, size_t units)
{
    (void)units;
    return v_set(v_largest(a));
}

#include "math/chain_template.h"

static const dlcore_chain_functions_t functions = {
    .run = run_any, .run_uint8 = run_uint8, .flushes = false};

const dlcore_chain_functions_t *dlcore_chain_portable(void)
{
    return &functions;
}
