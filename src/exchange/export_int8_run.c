/* A network in whole numbers, computed as the exported file does: line by line what
 * export_c_int8_steps.c writes, so that the file's self-test has the same numbers.
 *
 * SPDX-License-Identifier: MIT */
#include "exchange/export_int8.h"

#include <math.h>

#include "base/size.h"

static int8_t kept(int64_t value, int low, int high)
{
    return (int8_t)(value < low ? low : value > high ? high : value);
}

/* floor(value / 2^shift): what >> gives of a negative number is up to the compiler. */
static int64_t shifted(int64_t value, int shift)
{
    return value < 0 ? ~(~value >> shift) : value >> shift;
}

static int8_t run_quantize(float v)
{
    if (!(v > -127.5f))
        return -128;
    return (int8_t)(v < 126.5f ? (int)floorf(v + 0.5f) : 127);
}

static void run_whole_dense(const dlcore_export_step_t *step, const dlcore_export_whole_t *of,
                            const int8_t *x, int8_t *y, float *last)
{
    for (size_t u = 0; u < step->outputs; u++) {
        const int8_t *w = of->weight + u * step->inputs;
        int32_t sum = of->bias[u];

        for (size_t i = 0; i < step->inputs; i++)
            sum += w[i] * x[i];
        if (last != NULL) {
            last[u] = (float)sum * of->factor[u];
        } else {
            int64_t product = (int64_t)sum * of->multiplier[u];

            product = shifted(product + ((int64_t)1 << (of->shift[u] - 1)), of->shift[u]);
            y[u] = kept(product + of->zero, of->low, of->high);
        }
    }
}

static void run_linear(const dlcore_export_step_t *step, const dlcore_export_whole_t *of, int8_t *x)
{
    for (size_t i = 0; i < step->outputs; i++) {
        int32_t d = x[i] - of->zero_in;
        int64_t v = (int64_t)d * (d < 0 ? of->negative[i] : of->multiplier[i]) + of->bias[i];

        x[i] = kept(shifted(v + 32768, 16) + of->zero, -128, 127);
    }
}

static uint32_t square_root(uint64_t value)
{
    uint64_t root = 0, bit = (uint64_t)1 << 62;

    while (bit > value)
        bit >>= 2;
    for (; bit != 0; bit >>= 2) {
        if (value >= root + bit) {
            value -= root + bit;
            root = (root >> 1) + bit;
        } else {
            root >>= 1;
        }
    }
    return (uint32_t)root;
}

/* `middle`: n times what squares are about; `from`: n times what is taken from x. */
static void run_whole_norm(const dlcore_export_step_t *step, const dlcore_export_whole_t *of,
                           int8_t *x)
{
    int32_t n = (int32_t)step->outputs, sum = 0, middle, from;
    int64_t squares = 0, root;

    if (n == 0)
        return;
    for (int32_t i = 0; i < n; i++)
        sum += x[i];
    middle = dlcore_export_has_variance(step->norm) ? sum : n * of->zero_in;
    from = step->norm == DLCORE_EXPORT_NORM_LAYER ? sum : n * of->zero_in;
    for (int32_t i = 0; i < n; i++) {
        int64_t d = (int64_t)n * x[i] - middle;

        squares += d * d;
    }
    root = square_root((uint64_t)(squares / n + of->epsilon) << 16);
    for (int32_t i = 0; i < n; i++) {
        int64_t t = root > 0 ? ((int64_t)n * x[i] - from) * 8388608 / root : 0;
        int64_t v;

        if (step->norm == DLCORE_EXPORT_NORM_SCALED) /* the others are at most the root of n */
            t = t < -INT32_MAX ? -INT32_MAX : t > INT32_MAX ? INT32_MAX : t;
        v = shifted(t * of->multiplier[i], 15) + of->bias[i];

        x[i] = kept(shifted(v + 2048, 12) + of->zero, -128, 127);
    }
}

static void run_whole_softmax(const dlcore_export_step_t *step, const dlcore_export_whole_t *of,
                              int8_t *x)
{
    int8_t largest = x[0];
    uint32_t sum = 0;

    for (size_t i = 1; i < step->outputs; i++)
        largest = x[i] > largest ? x[i] : largest;
    for (size_t i = 0; i < step->outputs; i++)
        sum += of->powers[largest - x[i]];
    for (size_t i = 0; i < step->outputs; i++) {
        uint32_t part = (of->powers[largest - x[i]] * (uint32_t)255 + sum / 2) / sum;

        x[i] = (int8_t)((int)part - 128);
    }
}

/* A step between dense ones, in place. */
static void run_between(const dlcore_export_step_t *step, const dlcore_export_whole_t *of,
                        int8_t *x)
{
    if (step->kind == DLCORE_EXPORT_ROW_NORM)
        run_whole_norm(step, of, x);
    else if (step->kind != DLCORE_EXPORT_ACTIVATION)
        run_linear(step, of, x);
    else if (of->powers != NULL)
        run_whole_softmax(step, of, x);
    else
        for (size_t i = 0; i < step->outputs && !of->is_fused; i++)
            x[i] = of->table[x[i] + 128];
}

size_t dlcore_export_int8_room(const dlcore_export_plan_t *plan)
{
    return dlcore_export_widest(plan) * (sizeof(float) + 2);
}

/* What the first dense step takes. */
static void run_input(const dlcore_export_int8_t *int8, const float *x, int8_t *to, float *room)
{
    const dlcore_export_plan_t *plan = int8->plan;
    float factor = (float)(1.0 / int8->input.scale);

    for (size_t s = 0; s < int8->first; s++) {
        dlcore_export_run_step(plan, &plan->steps[s], x, room, NULL);
        x = room;
    }
    for (size_t i = 0; i < plan->steps[int8->first].inputs; i++)
        to[i] = run_quantize(x[i] * factor + (float)int8->input.zero);
}

void dlcore_export_int8_run(const dlcore_export_int8_t *int8, const float *x, float *y, void *room)
{
    const dlcore_export_plan_t *plan = int8->plan;
    size_t widest = dlcore_export_widest(plan);
    int8_t *at = (int8_t *)((float *)room + widest), *other = at + widest;

    run_input(int8, x, at, room);
    for (size_t s = int8->first; s <= int8->last; s++) {
        const dlcore_export_step_t *step = &plan->steps[s];
        int8_t *was = at;

        if (step->kind != DLCORE_EXPORT_DENSE) {
            run_between(step, &int8->steps[s], at);
            continue;
        }
        run_whole_dense(step, &int8->steps[s], at, other, s == int8->last ? y : NULL);
        at = other;
        other = was;
    }
    for (size_t s = int8->last + 1; s < plan->count; s++)
        dlcore_export_run_step(plan, &plan->steps[s], y, y, NULL);
}

void dlcore_export_int8_snap(const dlcore_export_int8_t *int8, float *x)
{
    const dlcore_export_step_t *head = &int8->plan->steps[0];
    bool affine = int8->first == 1 && head->kind == DLCORE_EXPORT_AFFINE;

    for (size_t i = 0; i < int8->plan->inputs && (affine || int8->first == 0); i++) {
        double mean = affine && head->mean != NULL ? head->mean[i] : 0.0;
        double scale = affine && head->scale != NULL ? head->scale[i] : 1.0;
        double offset = affine && head->offset != NULL ? head->offset[i] : 0.0;
        double v = ((double)x[i] - mean) * scale + offset;
        int8_t q = run_quantize((float)(v / int8->input.scale + int8->input.zero));

        if (fabs(scale) > 0.0)
            x[i] = (float)(((q - int8->input.zero) * int8->input.scale - offset) / scale + mean);
    }
}
