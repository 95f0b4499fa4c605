/* Scales of an int8 network: what samples make of each step.
 *
 * SPDX-License-Identifier: MIT */
#include "exchange/export_int8.h"

#include <float.h>
#include <math.h>

#include "base/allocator.h"
#include "base/error.h"
#include "tensor/tensor.h"

/* Rows of numbers on their way, and how far they go; 0 is always within. */
typedef struct calibration {
    float *x;
    double *sums;
    double *low, *high; /* of what each step gives; the first pair is of the first dense step's x */
} calibration_t;

static void widen(calibration_t *calibration, size_t index, const float *x, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        double number = fabsf(x[i]) <= FLT_MAX ? (double)x[i] : HUGE_VAL; /* NaN, too */

        calibration->low[index] = fmin(calibration->low[index], number);
        calibration->high[index] = fmax(calibration->high[index], number);
    }
}

static void calibrate_row(const dlcore_export_int8_t *int8, calibration_t *calibration,
                          const dlcore_tensor_t *samples, size_t row)
{
    const dlcore_export_plan_t *plan = int8->plan;
    size_t widest = dlcore_export_widest(plan);
    float *x = calibration->x, *y = calibration->x + widest;

    for (size_t i = 0; i < plan->inputs; i++)
        x[i] = (float)dlcore_row_number(samples, row, i);
    for (size_t s = 0; s < int8->last; s++) {
        float *was = x;

        if (s == int8->first)
            widen(calibration, 0, x, plan->steps[s].inputs);
        dlcore_export_run_step(plan, &plan->steps[s], x, y, calibration->sums);
        widen(calibration, s + 1, y, plan->steps[s].outputs);
        x = y;
        y = was;
    }
    if (int8->first == int8->last)
        widen(calibration, 0, x, plan->steps[int8->last].inputs);
}

/* low becomes -128 and high 127, about. */
static dlcore_export_scale_t quantized_scale(double low, double high)
{
    dlcore_export_scale_t scale = {.scale = (high - low) / 255.0};

    if (!(scale.scale > (double)FLT_MIN)) /* 0 everywhere */
        return (dlcore_export_scale_t){.scale = 1.0};
    scale.zero = (int)floor(-128.0 - low / scale.scale + 0.5);
    return scale;
}

static dlcore_status set_scales(dlcore_export_int8_t *int8, const calibration_t *calibration,
                                dlcore_error_record_t *error)
{
    for (size_t s = 0; s <= int8->last; s++) {
        double low = calibration->low[s], high = calibration->high[s];

        if (!(high - low <= (double)FLT_MAX))
            return dlcore_fail(error, DLCORE_ERROR_RANGE,
                               "export: samples make numbers that are not finite, before %s",
                               int8->plan->steps[s].node->layer.name);
        if (s == 0)
            int8->input = quantized_scale(low, high);
        else
            int8->scales[s - 1] = quantized_scale(low, high);
    }
    return DLCORE_OK;
}

dlcore_status dlcore_export_calibrate(dlcore_export_int8_t *int8, const dlcore_tensor_t *samples,
                                      dlcore_error_record_t *error)
{
    const dlcore_allocator_t *allocator = &int8->plan->allocator;
    size_t widest = dlcore_export_widest(int8->plan), count = int8->plan->count + 1;
    calibration_t calibration = {
        .x = dlcore_allocate(allocator, 2 * widest, sizeof(float)),
        .sums = dlcore_allocate(allocator, widest + 2 * count, sizeof(double)),
    };
    dlcore_status status;

    if (calibration.x != NULL && calibration.sums != NULL) {
        calibration.low = calibration.sums + widest;
        calibration.high = calibration.low + count;
        for (size_t row = 0; row < samples->shape[0]; row++)
            calibrate_row(int8, &calibration, samples, row);
        status = set_scales(int8, &calibration, error);
    } else {
        status = dlcore_fail_memory(error, "export", (widest + 2 * count) * sizeof(double));
    }
    dlcore_release(allocator, calibration.sums);
    dlcore_release(allocator, calibration.x);
    return status;
}
