/* Partial dependence: the mean output with one feature set for all samples.
 *
 * SPDX-License-Identifier: MIT */
#include <math.h>

#include "base/allocator.h"
#include "base/error.h"
#include "base/size.h"
#include "base/sort.h"
#include "base/traces.h"
#include "dlcore/judge.h"
#include "model/model.h"
#include "tensor/sparse.h"
#include "tensor/split.h"

enum { MOST_POINTS = 1000 };

dlcore_dependence_options_t dlcore_dependence_options_default(void)
{
    return (dlcore_dependence_options_t){.structure_size = sizeof(dlcore_dependence_options_t),
                                         .points = 50,
                                         .low = 0.05,
                                         .high = 0.95};
}

static dlcore_status check_dependence(const dlcore_model_t *model, const dlcore_tensor_t *x,
                                      size_t feature, const dlcore_dependence_options_t *options)
{
    dlcore_error_record_t *error = options->error;
    dlcore_status status = dlcore_check_options(options, "dependence", error);

    if (status == DLCORE_OK)
        status = dlcore_check_allocator(options->allocator, error);
    if (status == DLCORE_OK && (model == NULL || model->network.values == NULL))
        status = dlcore_fail(error, model == NULL ? DLCORE_ERROR_ARGUMENT : DLCORE_ERROR_STATE,
                             "dependence: the model %s",
                             model == NULL ? "is NULL" : "has no weights yet");
    if (status == DLCORE_OK)
        status = dlcore_check_split("dependence", x, NULL, error);
    if (status == DLCORE_OK)
        status = dlcore_refuse_sparse("dependence", "x", x, error);
    if (status == DLCORE_OK)
        status = dlcore_check_count("dependence", "points", options->points, 2, MOST_POINTS, error);
    if (status != DLCORE_OK)
        return status;
    if (x->shape[0] == 0 || feature >= x->row_size)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT,
                           "dependence: feature %zu of x with %zu samples of %zu numbers", feature,
                           x->shape[0], x->row_size);
    if (!(options->low >= 0.0 && options->low < options->high && options->high <= 1.0))
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT,
                           "dependence: 0 <= low < high <= 1 does not hold for %g and %g",
                           options->low, options->high);
    return DLCORE_OK;
}

/* ---- the grid ---- */

typedef struct column {
    const dlcore_tensor_t *x;
    size_t feature, *order;
} column_t;

static double column_value(const column_t *column, size_t sample)
{
    return dlcore_row_number(column->x, sample, column->feature);
}

static bool is_lower_value(const void *things, size_t a, size_t b)
{
    return column_value(things, a) < column_value(things, b);
}

/* As scipy.stats.mstats.mquantiles has it, which scikit-learn asks. */
static double quantile_of(const column_t *column, double share)
{
    size_t n = column->x->shape[0], k;
    double place = (double)n * share + 0.4 + share * 0.2, part;

    if (n == 1)
        return column_value(column, 0);
    k = (size_t)floor(fmin(fmax(place, 1.0), (double)(n - 1)));
    part = fmin(fmax(place - (double)k, 0.0), 1.0);
    return (1.0 - part) * column_value(column, column->order[k - 1]) +
           part * column_value(column, column->order[k]);
}

static size_t count_different(const column_t *column, size_t most)
{
    size_t count = 1;

    for (size_t i = 1; i < column->x->shape[0] && count < most; i++)
        count +=
            column_value(column, column->order[i]) != column_value(column, column->order[i - 1]);
    return count;
}

static dlcore_status make_grid(const column_t *column, const dlcore_dependence_options_t *options,
                               dlcore_dependence_t *made)
{
    size_t samples = column->x->shape[0], different;
    double low, high;

    for (size_t i = 0; i < samples; i++) {
        column->order[i] = i;
        if (!isfinite(column_value(column, i)))
            return dlcore_fail(options->error, DLCORE_ERROR_RANGE,
                               "dependence: feature %zu of sample %zu is %s", column->feature, i,
                               dlcore_not_finite_name(column_value(column, i)));
    }
    dlcore_sort_numbers(column->order, samples, is_lower_value, column);
    different = count_different(column, options->points);
    if (different < options->points) {
        for (size_t i = 0; i < samples; i++) {
            double value = column_value(column, column->order[i]);

            if (made->count == 0 || value != made->grid[made->count - 1])
                made->grid[made->count++] = value;
        }
        return DLCORE_OK;
    }
    low = quantile_of(column, options->low);
    high = quantile_of(column, options->high);
    if (!(high > low))
        return dlcore_fail(options->error, DLCORE_ERROR_RANGE,
                           "dependence: feature %zu is %g at both ends of the grid; move low and "
                           "high apart",
                           column->feature, low);
    for (size_t i = 0; i < options->points; i++)
        made->grid[made->count++] = low + (high - low) * (double)i / (double)(options->points - 1);
    return DLCORE_OK;
}

/* ---- the means ---- */

/* float32, whatever x is: a grid has values between integers. */
static dlcore_status copy_as_floats(const dlcore_tensor_t *x, dlcore_tensor_t **copy,
                                    dlcore_error_record_t *error)
{
    return dlcore_tensor_cast(x, DLCORE_DTYPE_FLOAT32, 1.0, copy, error);
}

static dlcore_status fill_means(const dlcore_model_t *model, const dlcore_tensor_t *x,
                                dlcore_dependence_t *made, dlcore_error_record_t *error)
{
    size_t samples = x->shape[0], shape[2] = {samples, made->outputs};
    dlcore_tensor_t *moved = NULL, *y = NULL;
    dlcore_predict_options_t how = dlcore_predict_options_default();
    dlcore_status status = copy_as_floats(x, &moved, error);

    how.error = error;
    if (status == DLCORE_OK)
        status = dlcore_tensor_create(&made->allocator, DLCORE_DTYPE_FLOAT32, 2, shape, &y, error);
    for (size_t g = 0; g < made->count && status == DLCORE_OK; g++) {
        const float *outputs = dlcore_tensor_data_const(y);

        for (size_t i = 0; i < samples; i++)
            ((float *)(void *)moved->data)[i * moved->row_stride + made->feature] =
                (float)made->grid[g];
        status = dlcore_model_predict_with(model, moved, y, &how);
        for (size_t i = 0; i < samples * made->outputs && status == DLCORE_OK; i++)
            made->means[g * made->outputs + i % made->outputs] +=
                (double)outputs[i] / (double)samples;
    }
    dlcore_tensor_free(moved);
    dlcore_tensor_free(y);
    return status;
}

static dlcore_status make_dependence(const dlcore_model_t *model, const dlcore_tensor_t *x,
                                     size_t feature, const dlcore_dependence_options_t *options,
                                     dlcore_dependence_t **dependence)
{
    dlcore_allocator_t allocator;
    dlcore_dependence_t *made;
    column_t column = {x, feature, NULL};
    dlcore_status status;

    if (dependence == NULL)
        return dlcore_fail(options->error, DLCORE_ERROR_ARGUMENT, "dependence: dependence is NULL");
    *dependence = NULL;
    status = check_dependence(model, x, feature, options);
    if (status != DLCORE_OK)
        return status;
    allocator = dlcore_allocator_or_default(options->allocator);
    made = dlcore_allocate(&allocator, 1, sizeof *made);
    if (made == NULL)
        return dlcore_fail_memory(options->error, "dependence", sizeof *made);
    *made = (dlcore_dependence_t){.feature = feature,
                                  .outputs = dlcore_network_output_width(&model->network),
                                  .allocator = allocator};
    made->grid = dlcore_allocate(&allocator, options->points, sizeof *made->grid);
    made->means = dlcore_allocate(&allocator, options->points * made->outputs, sizeof *made->means);
    column.order = dlcore_allocate_raw(&allocator, x->shape[0], sizeof *column.order);
    if (made->grid == NULL || made->means == NULL || column.order == NULL)
        status = dlcore_fail_memory(options->error, "dependence", x->shape[0] * sizeof(size_t));
    if (status == DLCORE_OK)
        status = make_grid(&column, options, made);
    if (status == DLCORE_OK)
        status = fill_means(model, x, made, options->error);
    dlcore_release(&allocator, column.order);
    if (status == DLCORE_OK)
        *dependence = made;
    else
        dlcore_dependence_free(made);
    return status;
}

dlcore_status dlcore_dependence_make(const dlcore_model_t *model, const dlcore_tensor_t *x,
                                     size_t feature, const dlcore_dependence_options_t *options,
                                     dlcore_dependence_t **dependence)
{
    dlcore_traces_t before = dlcore_traces_note();
    dlcore_dependence_options_t chosen =
        options != NULL ? *options : dlcore_dependence_options_default();

    return dlcore_traces_end(before, make_dependence(model, x, feature, &chosen, dependence));
}

void dlcore_dependence_free(dlcore_dependence_t *dependence)
{
    dlcore_allocator_t allocator;

    if (dependence == NULL)
        return;
    allocator = dependence->allocator;
    dlcore_release(&allocator, dependence->grid);
    dlcore_release(&allocator, dependence->means);
    dlcore_release(&allocator, dependence);
}
