/* The steps of a network in whole numbers.
 *
 * SPDX-License-Identifier: MIT */
#include "exchange/export_int8.h"

#include <math.h>

#include "base/allocator.h"
#include "base/error.h"
#include "base/size.h"

enum { TABLE = 256 };

/* Widest normalization of rows whose sums of squares fit 63 bits. */
enum { NORMALIZED_MOST = 30000 };

/* ---- memory ---- */

static bool int8_bytes(const dlcore_export_step_t *step, size_t *bytes)
{
    size_t weights = 0, vectors;

    if (step->kernel != NULL && !dlcore_size_multiply(step->inputs, step->outputs, &weights))
        return false;
    /* bias, multiplier, negative, factor, shift; each begins at a multiple of 8 */
    return dlcore_size_multiply(step->outputs, 17, &vectors) &&
           dlcore_size_add(vectors, TABLE * sizeof(uint16_t) + 8 * (size_t)8, &vectors) &&
           dlcore_size_add(weights, vectors, bytes);
}

static void *take_bytes(dlcore_export_int8_t *int8, size_t count, size_t size)
{
    void *bytes = int8->memory + int8->used;

    int8->used += dlcore_size_round_up(count * size, 8);
    return bytes;
}

/* ---- numbers ---- */

static int32_t whole(double x, double most)
{
    return (int32_t)floor(fmin(fmax(x, -most), most) + 0.5);
}

/* x as multiplier / 2^shift, to 31 bits. */
static void set_ratio(dlcore_export_whole_t *to, size_t i, double x)
{
    int exponent;
    double fraction = frexp(x, &exponent);

    if (exponent > 30) { /* beyond what is kept of any sum */
        exponent = 30;
        fraction = 0.5;
    }
    if (exponent < -31) { /* nothing is left of any sum */
        exponent = -31;
        fraction = 0.0;
    }
    to->multiplier[i] = whole(fraction * 0x1p31, 0x1p31 - 1.0);
    to->shift[i] = (uint8_t)(31 - exponent);
}

static const dlcore_export_scale_t *scale_before(const dlcore_export_int8_t *int8, size_t i)
{
    return i == int8->first ? &int8->input : &int8->scales[i - 1];
}

/* ---- dense ---- */

/* An activation that keeping the output within bounds does. */
static bool is_bound(const dlcore_export_step_t *step)
{
    return step->kind == DLCORE_EXPORT_ACTIVATION &&
           (step->activation.kind == DLCORE_ACTIVATION_RELU ||
            step->activation.kind == DLCORE_ACTIVATION_RELU6);
}

/* The scale of a unit's weights: for the largest weight, and so that the bias leaves room for sums.
 */
static double unit_scale(const dlcore_export_step_t *step, size_t unit, double input_scale)
{
    double most = fabs(step->offset[unit]) / (input_scale * 0x1p29) * 127.0;

    for (size_t i = 0; i < step->inputs; i++)
        most = fmax(most, fabs(step->kernel[i * step->outputs + unit]));
    return most > 0.0 ? most / 127.0 : 1.0;
}

/* False where a sum might not fit 32 bits. */
static bool set_unit(const dlcore_export_step_t *step, dlcore_export_whole_t *to, size_t unit,
                     double scale, double input_scale)
{
    int64_t sum = 0, sizes = 0, bias;

    for (size_t i = 0; i < step->inputs; i++) {
        int32_t weight = whole(step->kernel[i * step->outputs + unit] / scale, 127.0);

        to->weight[unit * step->inputs + i] = (int8_t)weight;
        sum += weight;
        sizes += weight < 0 ? -weight : weight;
    }
    bias = whole(step->offset[unit] / (scale * input_scale), 0x1p30) - sum * to->zero_in;
    sizes = sizes * 128 + (bias < 0 ? -bias : bias);
    to->bias[unit] = (int32_t)bias;
    return sizes <= INT32_MAX;
}

static void set_bounds(dlcore_export_int8_t *int8, size_t i)
{
    const dlcore_export_step_t *next = &int8->plan->steps[i + 1];
    dlcore_export_whole_t *to = &int8->steps[i];

    to->zero = int8->scales[i].zero;
    to->low = -128;
    to->high = 127;
    if (!is_bound(next))
        return;
    int8->steps[i + 1].is_fused = true;
    to->zero = int8->scales[i + 1].zero;
    to->low = to->zero;
    if (next->activation.kind == DLCORE_ACTIVATION_RELU6)
        to->high = (int)fmin(127.0, floor(to->zero + 6.0 / int8->scales[i + 1].scale + 0.5));
}

static dlcore_status set_dense(dlcore_export_int8_t *int8, size_t i, dlcore_error_record_t *error)
{
    const dlcore_export_step_t *step = &int8->plan->steps[i];
    double input_scale = scale_before(int8, i)->scale, output_scale = 1.0;
    dlcore_export_whole_t *to = &int8->steps[i];
    bool fits = true;

    to->weight = take_bytes(int8, step->inputs * step->outputs, 1);
    to->bias = take_bytes(int8, step->outputs, sizeof(int32_t));
    to->multiplier = take_bytes(int8, step->outputs, sizeof(int32_t));
    to->shift = take_bytes(int8, step->outputs, 1);
    to->factor = take_bytes(int8, step->outputs, sizeof(float));
    if (i < int8->last) {
        set_bounds(int8, i);
        output_scale = int8->scales[int8->steps[i + 1].is_fused ? i + 1 : i].scale;
    }
    for (size_t u = 0; u < step->outputs; u++) {
        double scale = unit_scale(step, u, input_scale);

        fits = set_unit(step, to, u, scale, input_scale) && fits;
        to->factor[u] = (float)(scale * input_scale);
        set_ratio(to, u, scale * input_scale / output_scale);
    }
    if (!fits)
        return dlcore_fail(error, DLCORE_ERROR_UNSUPPORTED,
                           "export: %s has %zu inputs; sums of so many do not fit 32 bits in int8",
                           step->node->layer.name, step->inputs);
    return DLCORE_OK;
}

/* ---- the others ---- */

static void set_linear(dlcore_export_int8_t *int8, size_t i)
{
    const dlcore_export_step_t *step = &int8->plan->steps[i];
    double in = scale_before(int8, i)->scale, out = int8->scales[i].scale;
    bool prelu = step->kind == DLCORE_EXPORT_PRELU;
    dlcore_export_whole_t *to = &int8->steps[i];

    to->multiplier = take_bytes(int8, step->outputs, sizeof(int32_t));
    to->negative = take_bytes(int8, step->outputs, sizeof(int32_t));
    to->bias = take_bytes(int8, step->outputs, sizeof(int32_t));
    for (size_t u = 0; u < step->outputs; u++) {
        double scale = step->scale != NULL ? step->scale[u] : 1.0;
        double offset = step->offset != NULL ? step->offset[u] : 0.0;

        offset -= step->mean != NULL ? step->mean[u] * scale : 0.0;
        to->multiplier[u] = whole((prelu ? 1.0 : scale) * in / out * 0x1p16, 0x1p30);
        to->negative[u] = whole(scale * in / out * 0x1p16, 0x1p30);
        to->bias[u] = whole(prelu ? 0.0 : offset / out * 0x1p16, 0x1p30);
    }
}

static dlcore_status set_row_norm(dlcore_export_int8_t *int8, size_t i,
                                  dlcore_error_record_t *error)
{
    const dlcore_export_step_t *step = &int8->plan->steps[i];
    double in = scale_before(int8, i)->scale, out = int8->scales[i].scale;
    double n = (double)step->outputs;
    /* sum of x^2 = n mean of x^2 */
    double unit = step->norm == DLCORE_EXPORT_NORM_UNIT ? 1.0 / sqrt(n) : 1.0;
    dlcore_export_whole_t *to = &int8->steps[i];

    if (step->outputs > NORMALIZED_MOST)
        return dlcore_fail(error, DLCORE_ERROR_UNSUPPORTED,
                           "export: %s has %zu units, in int8 at most %d fit",
                           step->node->layer.name, step->outputs, NORMALIZED_MOST);
    to->multiplier = take_bytes(int8, step->outputs, sizeof(int32_t));
    to->bias = take_bytes(int8, step->outputs, sizeof(int32_t));
    to->epsilon = (int64_t)fmin(step->epsilon / (in * in) * n * n, 0x1p46);
    if (step->norm == DLCORE_EXPORT_NORM_SCALED && to->epsilon == 0)
        to->epsilon = 1; /* a row of equal numbers becomes as large as can be, not 0 */
    for (size_t u = 0; u < step->outputs; u++) {
        double scale = step->scale != NULL ? step->scale[u] : unit;
        double offset = step->offset != NULL ? step->offset[u] : 0.0;

        to->multiplier[u] = whole(scale / out * 0x1p12, 0x1p30);
        to->bias[u] = whole(offset / out * 0x1p12, 0x1p30);
    }
    return DLCORE_OK;
}

static void set_softmax(dlcore_export_int8_t *int8, size_t i)
{
    double in = scale_before(int8, i)->scale;
    dlcore_export_whole_t *to = &int8->steps[i];

    int8->scales[i] = (dlcore_export_scale_t){.scale = 1.0 / 255.0, .zero = -128};
    to->zero = -128;
    to->powers = take_bytes(int8, TABLE, sizeof(uint16_t));
    for (int k = 0; k < TABLE; k++)
        to->powers[k] = (uint16_t)floor(exp(-in * k) * 65535.0 + 0.5);
}

static dlcore_status set_activation(dlcore_export_int8_t *int8, size_t i,
                                    dlcore_error_record_t *error)
{
    const dlcore_export_step_t *step = &int8->plan->steps[i];
    const dlcore_export_scale_t *in = scale_before(int8, i), *out = &int8->scales[i];
    dlcore_export_whole_t *to = &int8->steps[i];
    float values[TABLE];

    if (step->activation.kind == DLCORE_ACTIVATION_SOFTMAX) {
        set_softmax(int8, i);
        return DLCORE_OK;
    }
    if (dlcore_activate_takes_rows(step->activation.kind))
        return dlcore_fail(error, DLCORE_ERROR_UNSUPPORTED,
                           "export: %s has the activation %s, which has no int8 form within a "
                           "network",
                           step->node->layer.name, dlcore_activation_name(step->activation.kind));
    to->table = take_bytes(int8, TABLE, 1);
    for (int q = 0; q < TABLE; q++)
        values[q] = (float)(in->scale * (q - 128 - in->zero));
    dlcore_activate(int8->plan->network->kernels, step->activation, values, TABLE);
    for (int q = 0; q < TABLE; q++)
        to->table[q] = (int8_t)fmin(
            fmax(floor((double)values[q] / out->scale + out->zero + 0.5), -128.0), 127.0);
    return DLCORE_OK;
}

static dlcore_status refuse_step(const dlcore_export_step_t *step, dlcore_error_record_t *error)
{
    return dlcore_fail(
        error, DLCORE_ERROR_UNSUPPORTED, "export: %s has no int8 form%s: it is a layer of class %s",
        step->node->layer.name, step->kind == DLCORE_EXPORT_GLU ? "" : " within a network",
        step->node->type->class_name);
}

static dlcore_status set_step(dlcore_export_int8_t *int8, size_t i, dlcore_error_record_t *error)
{
    dlcore_export_whole_t *to = &int8->steps[i];

    to->zero_in = scale_before(int8, i)->zero;
    to->zero = int8->scales[i].zero;
    switch (int8->plan->steps[i].kind) {
    case DLCORE_EXPORT_DENSE:
        return set_dense(int8, i, error);
    case DLCORE_EXPORT_ROW_NORM:
        return set_row_norm(int8, i, error);
    case DLCORE_EXPORT_ACTIVATION:
        return to->is_fused ? DLCORE_OK : set_activation(int8, i, error);
    case DLCORE_EXPORT_AFFINE:
    case DLCORE_EXPORT_PRELU:
        set_linear(int8, i);
        break;
    case DLCORE_EXPORT_GLU:
    case DLCORE_EXPORT_GROUPS:
        return refuse_step(&int8->plan->steps[i], error);
    }
    return DLCORE_OK;
}

/* ---- all of it ---- */

static dlcore_status allocate_int8(dlcore_export_int8_t *int8, dlcore_error_record_t *error)
{
    const dlcore_export_plan_t *plan = int8->plan;
    size_t total = 0;

    for (size_t i = 0; i < plan->count; i++) {
        size_t bytes;

        if (!int8_bytes(&plan->steps[i], &bytes) || !dlcore_size_add(total, bytes, &total))
            return dlcore_fail(error, DLCORE_ERROR_OVERFLOW, "export: the network is too large");
    }
    int8->scales = dlcore_allocate(&plan->allocator, plan->count, sizeof *int8->scales);
    int8->steps = dlcore_allocate(&plan->allocator, plan->count, sizeof *int8->steps);
    int8->memory = dlcore_allocate(&plan->allocator, total, 1);
    if (int8->scales == NULL || int8->steps == NULL || int8->memory == NULL)
        return dlcore_fail_memory(error, "export", total);
    return DLCORE_OK;
}

dlcore_status dlcore_export_int8_make(dlcore_export_int8_t *int8, const dlcore_export_plan_t *plan,
                                      const dlcore_tensor_t *samples, dlcore_error_record_t *error)
{
    size_t dense = 0;
    dlcore_status status;

    *int8 = (dlcore_export_int8_t){.plan = plan};
    for (size_t i = 0; i < plan->count; i++) {
        if (plan->steps[i].kind == DLCORE_EXPORT_GLU)
            return refuse_step(&plan->steps[i], error);
        if (plan->steps[i].kind != DLCORE_EXPORT_DENSE)
            continue;
        int8->first = dense++ == 0 ? i : int8->first;
        int8->last = i;
    }
    if (dense == 0)
        return dlcore_fail(error, DLCORE_ERROR_UNSUPPORTED,
                           "export: without a dense layer there is nothing to do in int8");
    status = allocate_int8(int8, error);
    if (status == DLCORE_OK)
        status = dlcore_export_calibrate(int8, samples, error);
    for (size_t i = int8->first; i <= int8->last && status == DLCORE_OK; i++)
        status = set_step(int8, i, error);
    return status;
}

void dlcore_export_int8_end(dlcore_export_int8_t *int8)
{
    if (int8->plan == NULL) /* not begun */
        return;
    dlcore_release(&int8->plan->allocator, int8->memory);
    dlcore_release(&int8->plan->allocator, int8->steps);
    dlcore_release(&int8->plan->allocator, int8->scales);
}
