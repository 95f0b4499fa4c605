/* Comparing the gradient of a loss of the user's with finite differences.
 *
 * A row loss is a float, so a small step drowns in rounding and a large one misses the slope. Two
 * central differences with steps h and 2h, of which (4 d(h) - d(2h)) / 3 has an error of h^4, let h
 * be 1/64.
 *
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <string.h>

#include "base/allocator.h"
#include "base/error.h"
#include "base/size.h"
#include "base/traces.h"
#include "nn/function.h"
#include "tensor/sparse.h"

#define DIFFERENCE_STEP 0.015625f
#define MOST_APART 1e-3

/* A batch, and what the function made of it. */
typedef struct trial {
    const dlcore_loss_t *loss;
    dlcore_function_batch_t batch;
    float *memory;
    float *outputs; /* what y_pred points to */
    float *values, *slopes;
    float *moved; /* values again, of another call */
} trial_t;

static void call_rows(const trial_t *trial, size_t begin, size_t end, float *values, float *slopes)
{
    dlcore_function_batch_t batch = trial->batch;

    if (begin == end)
        return;
    batch.rows = end - begin;
    batch.first = begin;
    batch.y_pred += begin * batch.units;
    if (batch.y_true != NULL)
        batch.y_true += begin * batch.label_width;
    if (batch.classes != NULL)
        batch.classes += begin;
    batch.row_values = values + begin;
    batch.gradient = slopes != NULL ? slopes + begin * batch.units : NULL;
    for (size_t row = 0; row < batch.rows; row++)
        batch.row_values[row] = NAN;
    if (slopes != NULL)
        memset(batch.gradient, 0, batch.rows * batch.units * sizeof *slopes);
    trial->loss->function.call(&batch, trial->loss->function.user);
}

static double sum_of_values(const trial_t *trial)
{
    double sum = 0.0;

    call_rows(trial, 0, trial->batch.rows, trial->moved, NULL);
    for (size_t row = 0; row < trial->batch.rows; row++)
        sum += (double)trial->moved[row];
    return sum;
}

/* (sum at y + h - sum at y - h) / 2h, for the h that y's digits leave. */
static double central(const trial_t *trial, float *y, float step)
{
    float at = *y, above = at + step, below = at - step;
    double high, low;

    *y = above;
    high = sum_of_values(trial);
    *y = below;
    low = sum_of_values(trial);
    *y = at;
    return (high - low) / ((double)above - (double)below);
}

static double slope_at(const trial_t *trial, float *y)
{
    float step = DIFFERENCE_STEP * fmaxf(1.0f, fabsf(*y));

    return (4.0 * central(trial, y, step) - central(trial, y, 2.0f * step)) / 3.0;
}

/* ---- what else can be wrong ---- */

static dlcore_status check_row_values(const trial_t *trial, dlcore_error_record_t *error)
{
    size_t rows = trial->batch.rows;

    call_rows(trial, 0, rows, trial->values, trial->slopes);
    call_rows(trial, 0, rows, trial->moved, NULL);
    for (size_t row = 0; row < rows; row++) {
        if (!isfinite(trial->values[row]))
            return dlcore_fail(error, DLCORE_ERROR_NOT_FINITE,
                               "loss_check: the loss of row %zu is %s, or was not set", row,
                               dlcore_not_finite_name((double)trial->values[row]));
        if (trial->values[row] != trial->moved[row])
            return dlcore_fail(error, DLCORE_ERROR_RANGE,
                               "loss_check: the loss of row %zu is %.9g with a gradient and %.9g "
                               "without",
                               row, (double)trial->values[row], (double)trial->moved[row]);
    }
    return DLCORE_OK;
}

/* With calls by rows, each row alone must have what it has among the others. */
static dlcore_status check_rows_alone(const trial_t *trial, dlcore_error_record_t *error)
{
    size_t rows = trial->batch.rows, units = trial->batch.units;
    float *slopes = trial->slopes + rows * units; /* those of the other calls */

    for (size_t row = 0; row < rows; row++)
        call_rows(trial, row, row + 1, trial->moved, slopes);
    for (size_t row = 0; row < rows; row++) {
        if (trial->moved[row] != trial->values[row] ||
            memcmp(slopes + row * units, trial->slopes + row * units, units * sizeof *slopes) != 0)
            return dlcore_fail(
                error, DLCORE_ERROR_RANGE,
                "loss_check: row %zu has loss %.9g among %zu rows and %.9g alone, or "
                "another gradient: set function.calls to FUNCTION_CALLS_BATCH",
                row, (double)trial->values[row], rows, (double)trial->moved[row]);
    }
    return DLCORE_OK;
}

static dlcore_status check_slopes(const trial_t *trial, dlcore_loss_difference_t *report,
                                  dlcore_error_record_t *error)
{
    size_t units = trial->batch.units, count = trial->batch.rows * units;

    *report = (dlcore_loss_difference_t){.difference = -1.0};
    for (size_t i = 0; i < count; i++) {
        double slope = slope_at(trial, &trial->outputs[i]), gradient = (double)trial->slopes[i];
        double apart = fabs(gradient - slope) / (1.0 + fabs(slope));

        if (!(apart <= report->difference)) /* NaN, too */
            *report = (dlcore_loss_difference_t){.difference = apart,
                                                 .row = i / units,
                                                 .unit = i % units,
                                                 .gradient = gradient,
                                                 .slope = slope};
        if (isnan(apart))
            break;
    }
    if (report->difference <= MOST_APART)
        return DLCORE_OK;
    return dlcore_fail(error, DLCORE_ERROR_RANGE,
                       "loss_check: the gradient of row %zu, unit %zu is %.6g, but differences of "
                       "the loss give %.6g",
                       report->row, report->unit, report->gradient, report->slope);
}

/* ---- the batch ---- */

static dlcore_status check_shapes(const dlcore_loss_t *loss, const dlcore_tensor_t *y_true,
                                  const dlcore_tensor_t *y_pred, dlcore_error_record_t *error)
{
    bool classes = loss->kind == DLCORE_LOSS_SPARSE_FUNCTION;
    size_t width = classes ? 1 : loss->label_width > 0 ? loss->label_width : y_pred->row_size;

    if (y_pred->dtype != DLCORE_DTYPE_FLOAT32 ||
        y_true->dtype != (classes ? DLCORE_DTYPE_INT32 : DLCORE_DTYPE_FLOAT32))
        return dlcore_fail(error, DLCORE_ERROR_DTYPE,
                           "loss_check: y_pred must be float32 and y_true %s, got %s and %s",
                           classes ? "int32" : "float32", dlcore_dtype_name(y_pred->dtype),
                           dlcore_dtype_name(y_true->dtype));
    if (y_pred->rank == 0 || y_true->rank == 0 || y_pred->size == 0 ||
        y_true->shape[0] != y_pred->shape[0] || y_true->row_size != width)
        return dlcore_fail(error, DLCORE_ERROR_SHAPE,
                           "loss_check: y_pred has %zu rows of %zu, so y_true must have as many of "
                           "%zu, got %zu rows of %zu",
                           y_pred->rank > 0 ? y_pred->shape[0] : 0, y_pred->row_size, width,
                           y_true->rank > 0 ? y_true->shape[0] : 0, y_true->row_size);
    if (y_pred->is_sparse)
        return dlcore_refuse_sparse("loss_check", "y_pred", y_pred, error);
    if (y_true->is_sparse)
        return dlcore_refuse_sparse("loss_check", "y_true", y_true, error);
    return DLCORE_OK;
}

static void copy_floats(const dlcore_tensor_t *tensor, float *to)
{
    for (size_t row = 0; row < tensor->shape[0]; row++, to += tensor->row_size)
        memcpy(to, tensor->data + row * tensor->row_stride * sizeof *to,
               tensor->row_size * sizeof *to);
}

/* One block: outputs, labels, two gradients, two rows of values. int32 labels are as wide. */
static dlcore_status make_trial(const dlcore_tensor_t *y_true, const dlcore_tensor_t *y_pred,
                                const dlcore_allocator_t *allocator, trial_t *trial,
                                dlcore_error_record_t *error)
{
    size_t rows = y_pred->shape[0], units = y_pred->row_size;
    size_t floats = 3 * y_pred->size + y_true->size + 2 * rows;
    float *at;

    if (y_pred->size > SIZE_MAX / 32 || y_true->size > SIZE_MAX / 32)
        return dlcore_fail(error, DLCORE_ERROR_OVERFLOW, "loss_check: %zu numbers are too many",
                           y_pred->size);
    at = trial->memory = dlcore_allocate(allocator, floats, sizeof(float));
    if (at == NULL)
        return dlcore_fail_memory(error, "loss_check", floats * sizeof(float));
    copy_floats(y_pred, at);
    trial->outputs = at;
    trial->batch = (dlcore_function_batch_t){
        .rows = rows, .units = units, .label_width = y_true->row_size, .y_pred = at};
    at += y_pred->size;
    copy_floats(y_true, at);
    if (y_true->dtype == DLCORE_DTYPE_INT32)
        trial->batch.classes = (const int32_t *)(const void *)at;
    else
        trial->batch.y_true = at;
    trial->slopes = at + y_true->size;
    trial->values = trial->slopes + 2 * y_pred->size;
    trial->moved = trial->values + rows;
    return DLCORE_OK;
}

static dlcore_status check_loss(const dlcore_loss_t *loss, const dlcore_tensor_t *y_true,
                                const dlcore_tensor_t *y_pred, dlcore_loss_difference_t *report,
                                dlcore_error_record_t *error)
{
    dlcore_allocator_t allocator = dlcore_allocator_default();
    trial_t trial = {.loss = loss};
    dlcore_loss_difference_t found;
    dlcore_status status;

    if (loss == NULL || y_true == NULL || y_pred == NULL)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "loss_check: %s is NULL",
                           loss == NULL     ? "loss"
                           : y_true == NULL ? "y_true"
                                            : "y_pred");
    if (!dlcore_loss_is_function(loss->kind))
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT,
                           "loss_check: checks losses of your own, got %s",
                           dlcore_loss_name(loss->kind));
    status = dlcore_loss_validate(loss, error);
    if (status == DLCORE_OK)
        status = check_shapes(loss, y_true, y_pred, error);
    if (status == DLCORE_OK)
        status = make_trial(y_true, y_pred, &allocator, &trial, error);
    if (status != DLCORE_OK)
        return status;
    status = check_row_values(&trial, error);
    if (status == DLCORE_OK && loss->function.calls == DLCORE_FUNCTION_CALLS_ROWS)
        status = check_rows_alone(&trial, error);
    if (status == DLCORE_OK)
        status = check_slopes(&trial, report != NULL ? report : &found, error);
    dlcore_release(&allocator, trial.memory);
    return status;
}

dlcore_status dlcore_loss_check(const dlcore_loss_t *loss, const dlcore_tensor_t *y_true,
                                const dlcore_tensor_t *y_pred, dlcore_loss_difference_t *report,
                                dlcore_error_record_t *error)
{
    dlcore_traces_t before = dlcore_traces_note();

    return dlcore_traces_end(before, check_loss(loss, y_true, y_pred, report, error));
}
