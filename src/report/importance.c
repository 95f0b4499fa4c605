/* Permutation importance: the metric with one feature shuffled.
 *
 * SPDX-License-Identifier: MIT */
#include <math.h>

#include "base/allocator.h"
#include "base/error.h"
#include "base/random.h"
#include "base/traces.h"
#include "dlcore/judge.h"
#include "model/model.h"
#include "tensor/sparse.h"
#include "tensor/split.h"

dlcore_importance_options_t dlcore_importance_options_default(void)
{
    return (dlcore_importance_options_t){.structure_size = sizeof(dlcore_importance_options_t),
                                         .metric = "loss",
                                         .repeats = 5,
                                         .batch_size = 256};
}

typedef struct shuffling {
    const dlcore_model_t *model;
    const dlcore_tensor_t *x, *y;
    const dlcore_importance_options_t *options;
    dlcore_tensor_t *shuffled; /* a copy of x, one column of which is not its own */
    size_t *order;
} shuffling_t;

static dlcore_status check_importance(const shuffling_t *s, const double *means)
{
    dlcore_error_record_t *error = s->options->error;
    dlcore_status status = dlcore_check_options(s->options, "importance", error);

    if (status != DLCORE_OK)
        return status;
    if (s->model == NULL || s->y == NULL || means == NULL || s->options->metric == NULL)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "importance: %s is NULL",
                           s->model == NULL ? "model"
                           : s->y == NULL   ? "y"
                           : means == NULL  ? "means"
                                            : "metric");
    status = dlcore_check_split("importance", s->x, s->y, error);
    if (status == DLCORE_OK)
        status = dlcore_refuse_sparse("importance", "x", s->x, error);
    if (status == DLCORE_OK && s->x->shape[0] < 2)
        status = dlcore_fail(error, DLCORE_ERROR_SHAPE,
                             "importance: %zu samples cannot be shuffled", s->x->shape[0]);
    if (status == DLCORE_OK && s->options->repeats == 0)
        status = dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "importance: repeats is 0");
    return status;
}

static dlcore_status evaluate(const shuffling_t *s, const dlcore_tensor_t *x, double *value)
{
    dlcore_evaluate_options_t how = dlcore_evaluate_options_default();
    dlcore_evaluation_t result;
    dlcore_status status;

    how.batch_size = s->options->batch_size;
    how.error = s->options->error;
    status = dlcore_model_evaluate(s->model, x, s->y, &how, &result);
    if (status != DLCORE_OK)
        return status;
    *value = dlcore_evaluation_value(&result, s->options->metric);
    if (isnan(*value))
        return dlcore_fail(s->options->error, DLCORE_ERROR_NAME,
                           "importance: the model has no metric \"%.64s\", or it is NaN",
                           s->options->metric);
    return DLCORE_OK;
}

/* Column `feature` of the copy becomes x's, its samples in that order; NULL: in their own. */
static void set_column(const shuffling_t *s, size_t feature, const size_t *order)
{
    size_t item = dlcore_dtype_size(s->x->dtype), samples = s->x->shape[0];

    for (size_t i = 0; i < samples; i++) {
        size_t from = order != NULL ? order[i] : i;

        memcpy(s->shuffled->data + (i * s->shuffled->row_stride + feature) * item,
               s->x->data + (from * s->x->row_stride + feature) * item, item);
    }
}

static dlcore_status measure_feature(const shuffling_t *s, size_t feature, double base,
                                     double *mean, double *deviation)
{
    size_t repeats = s->options->repeats;
    double sum = 0.0, squares = 0.0; /* of what the metric grows by, about the first growth */
    double first = 0.0;

    for (size_t r = 0; r < repeats; r++) {
        dlcore_random_t random = dlcore_random_stream(s->options->seed, DLCORE_RANDOM_SPLIT, 3,
                                                      (uint32_t)(feature * repeats + r));
        double value;
        dlcore_status status;

        dlcore_random_permutation(&random, s->order, s->x->shape[0]);
        set_column(s, feature, s->order);
        status = evaluate(s, s->shuffled, &value);
        if (status != DLCORE_OK)
            return status;
        if (r == 0)
            first = value - base;
        sum += value - base - first;
        squares += (value - base - first) * (value - base - first);
    }
    set_column(s, feature, NULL);
    *mean = first + sum / (double)repeats;
    if (deviation != NULL)
        *deviation = sqrt(
            fmax(squares / (double)repeats - sum / (double)repeats * (sum / (double)repeats), 0.0));
    return DLCORE_OK;
}

static dlcore_status measure_all(shuffling_t *s, double *means, double *deviations)
{
    const dlcore_allocator_t *allocator = &s->model->allocator;
    size_t features = s->x->row_size;
    double base, *found = dlcore_allocate(allocator, 2 * features, sizeof *found);
    dlcore_status status;

    s->order = dlcore_allocate_raw(allocator, s->x->shape[0], sizeof *s->order);
    if (found == NULL || s->order == NULL)
        status =
            dlcore_fail_memory(s->options->error, "importance", s->x->shape[0] * sizeof *s->order);
    else
        status = dlcore_tensor_copy(s->x, &s->shuffled, s->options->error);
    if (status == DLCORE_OK)
        status = evaluate(s, s->x, &base);
    for (size_t f = 0; f < features && status == DLCORE_OK; f++)
        status = measure_feature(s, f, base, &found[f], &found[features + f]);
    if (status == DLCORE_OK) {
        memcpy(means, found, features * sizeof *means);
        if (deviations != NULL)
            memcpy(deviations, found + features, features * sizeof *deviations);
    }
    dlcore_release(allocator, found);
    dlcore_release(allocator, s->order);
    dlcore_tensor_free(s->shuffled);
    return status;
}

dlcore_status dlcore_permutation_importance(const dlcore_model_t *model, const dlcore_tensor_t *x,
                                            const dlcore_tensor_t *y,
                                            const dlcore_importance_options_t *options,
                                            double *means, double *deviations)
{
    dlcore_traces_t before = dlcore_traces_note();
    dlcore_importance_options_t chosen =
        options != NULL ? *options : dlcore_importance_options_default();
    shuffling_t s = {.model = model, .x = x, .y = y, .options = &chosen};
    dlcore_status status = check_importance(&s, means);

    if (status == DLCORE_OK)
        status = measure_all(&s, means, deviations);
    return dlcore_traces_end(before, status);
}
