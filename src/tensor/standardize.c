/* Features with mean 0 and standard deviation 1.
 *
 * Means first, then the squares of what is left: one pass would cancel digits. Means are those of
 * the distances from the first row, so that a column of one number has that number as its mean, and
 * nothing left, exactly. All in double, row by row, so that results do not depend on how the data
 * is stored.
 *
 * SPDX-License-Identifier: MIT */
#include <math.h>

#include "base/allocator.h"
#include "base/error.h"
#include "base/float_mode.h"
#include "base/traces.h"
#include "dlcore/data.h"
#include "tensor/sparse.h"

static const unsigned char *bytes_of_tensor_row(const dlcore_tensor_t *x, size_t row)
{
    return x->data + row * x->row_stride * dlcore_dtype_size(x->dtype);
}

/* Moves means[j] by the mean of x - means[j]. */
static void find_means(const dlcore_tensor_t *x, double *means, double *work)
{
    size_t item = dlcore_dtype_size(x->dtype);

    for (size_t j = 0; j < x->row_size; j++)
        work[j] = 0.0;
    for (size_t row = 0; row < x->shape[0]; row++) {
        const unsigned char *element = bytes_of_tensor_row(x, row);

        for (size_t j = 0; j < x->row_size; j++, element += item)
            work[j] += dlcore_element_load(x->dtype, element) - means[j];
    }
    for (size_t j = 0; j < x->row_size; j++)
        means[j] += work[j] / (double)x->shape[0];
}

/* Sums of (x - means[j])^2. */
static void add_squares(const dlcore_tensor_t *x, const double *means, double *squares)
{
    size_t item = dlcore_dtype_size(x->dtype);

    for (size_t j = 0; j < x->row_size; j++)
        squares[j] = 0.0;
    for (size_t row = 0; row < x->shape[0]; row++) {
        const unsigned char *element = bytes_of_tensor_row(x, row);

        for (size_t j = 0; j < x->row_size; j++, element += item) {
            double left = dlcore_element_load(x->dtype, element) - means[j];

            squares[j] += left * left;
        }
    }
}

/* DLCORE_ERROR_RANGE for the first number that is not finite, of which there is one. */
static dlcore_status refuse_standardize_number(const dlcore_tensor_t *x,
                                               dlcore_error_record_t *error)
{
    size_t row = 0;

    while (row + 1 < x->shape[0] && dlcore_row_not_finite(x, row) == x->row_size)
        row++;
    return dlcore_fail(
        error, DLCORE_ERROR_RANGE, "standardize: number %zu of sample %zu is %s",
        dlcore_row_not_finite(x, row), row,
        dlcore_not_finite_name(dlcore_row_number(x, row, dlcore_row_not_finite(x, row))));
}

/* Sums of floats are finite as doubles, unless one of the floats is not. */
static dlcore_status fit(const dlcore_tensor_t *x, double *work, float *means, float *deviations,
                         dlcore_error_record_t *error)
{
    double *mean = work, *squares = work + x->row_size;

    for (size_t j = 0; j < x->row_size; j++)
        mean[j] = dlcore_element_load(x->dtype,
                                      bytes_of_tensor_row(x, 0) + j * dlcore_dtype_size(x->dtype));
    find_means(x, mean, squares);
    for (size_t j = 0; j < x->row_size; j++) {
        if (!isfinite(mean[j]))
            return refuse_standardize_number(x, error);
    }
    find_means(x, mean, squares); /* the first row may lie far out */
    add_squares(x, mean, squares);
    for (size_t j = 0; j < x->row_size; j++) {
        float deviation = (float)sqrt(squares[j] / (double)x->shape[0]);

        means[j] = (float)mean[j];
        deviations[j] = deviation > 0.0f ? deviation : 1.0f;
    }
    return DLCORE_OK;
}

/* Shape of a sample: (1) for rank 1. */
static size_t sample_shape(const dlcore_tensor_t *x, size_t shape[DLCORE_RANK_MAX])
{
    shape[0] = 1;
    for (size_t axis = 1; axis < x->rank; axis++)
        shape[axis - 1] = x->shape[axis];
    return x->rank > 1 ? x->rank - 1 : 1;
}

static dlcore_status check_samples(const dlcore_tensor_t *x, dlcore_error_record_t *error)
{
    if (x == NULL)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "x is NULL");
    if (x->rank == 0)
        return dlcore_fail(error, DLCORE_ERROR_SHAPE, "x has rank 0: no samples along axis 0");
    return dlcore_refuse_sparse("standardize", "x", x, error);
}

static dlcore_status fit_means(const dlcore_tensor_t *x, dlcore_tensor_t **means,
                               dlcore_tensor_t **deviations, dlcore_error_record_t *error)
{
    size_t shape[DLCORE_RANK_MAX], rank;
    dlcore_float_mode_t mode;
    dlcore_status status;
    double *work;

    if (means == NULL || deviations == NULL)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "means or deviations is NULL");
    *means = *deviations = NULL;
    status = check_samples(x, error);
    if (status != DLCORE_OK)
        return status;
    if (x->shape[0] == 0)
        return dlcore_fail(error, DLCORE_ERROR_SHAPE, "x is empty: 0 samples");
    rank = sample_shape(x, shape);
    work = dlcore_allocate(&x->allocator, x->row_size, 2 * sizeof *work);
    if (work == NULL)
        return dlcore_fail_memory(error, "standardize", x->row_size * 2 * sizeof *work);
    status = dlcore_tensor_create(&x->allocator, DLCORE_DTYPE_FLOAT32, rank, shape, means, error);
    if (status == DLCORE_OK)
        status = dlcore_tensor_create(&x->allocator, DLCORE_DTYPE_FLOAT32, rank, shape, deviations,
                                      error);
    if (status == DLCORE_OK) {
        mode = dlcore_float_mode_enter(false);
        status = fit(x, work, (float *)(void *)(*means)->data, (float *)(void *)(*deviations)->data,
                     error);
        dlcore_float_mode_leave(mode);
    }
    if (status != DLCORE_OK) {
        dlcore_tensor_free(*means);
        dlcore_tensor_free(*deviations);
        *means = *deviations = NULL;
    }
    dlcore_release(&x->allocator, work);
    return status;
}

dlcore_status dlcore_standardize_fit(const dlcore_tensor_t *x, dlcore_tensor_t **means,
                                     dlcore_tensor_t **deviations, dlcore_error_record_t *error)
{
    dlcore_traces_t before = dlcore_traces_note();

    return dlcore_traces_end(before, fit_means(x, means, deviations, error));
}

static dlcore_status check_statistic(const dlcore_tensor_t *x, const dlcore_tensor_t *statistic,
                                     const char *name, dlcore_error_record_t *error)
{
    if (statistic == NULL)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "%s is NULL", name);
    if (statistic->dtype != DLCORE_DTYPE_FLOAT32)
        return dlcore_fail(error, DLCORE_ERROR_DTYPE, "%s must be float32, got %s", name,
                           dlcore_dtype_name(statistic->dtype));
    if (statistic->size != x->row_size || !dlcore_tensor_is_contiguous(statistic))
        return dlcore_fail(error, DLCORE_ERROR_SHAPE, "%s has %zu numbers, a sample %zu", name,
                           statistic->size, x->row_size);
    return dlcore_refuse_sparse("standardize", name, statistic, error);
}

/* `to` may be the elements of x themselves. */
static void standardize_apply(const dlcore_tensor_t *x, const float *means, const float *deviations,
                              float *to, size_t to_stride)
{
    size_t item = dlcore_dtype_size(x->dtype);
    dlcore_float_mode_t mode = dlcore_float_mode_enter(false);

    for (size_t row = 0; row < x->shape[0]; row++, to += to_stride) {
        const unsigned char *element = bytes_of_tensor_row(x, row);

        for (size_t j = 0; j < x->row_size; j++, element += item)
            to[j] = (float)((dlcore_element_load(x->dtype, element) - (double)means[j]) /
                            (double)deviations[j]);
    }
    dlcore_float_mode_leave(mode);
}

static dlcore_status apply_means(const dlcore_tensor_t *x, const dlcore_tensor_t *means,
                                 const dlcore_tensor_t *deviations, dlcore_tensor_t **out,
                                 dlcore_error_record_t *error)
{
    dlcore_status status;

    if (out == NULL)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "out is NULL");
    *out = NULL;
    status = check_samples(x, error);
    if (status == DLCORE_OK)
        status = check_statistic(x, means, "means", error);
    if (status == DLCORE_OK)
        status = check_statistic(x, deviations, "deviations", error);
    if (status == DLCORE_OK)
        status = dlcore_tensor_create_unset(&x->allocator, DLCORE_DTYPE_FLOAT32, x->rank, x->shape,
                                            out, error);
    if (status == DLCORE_OK)
        standardize_apply(x, (const float *)(const void *)means->data,
                          (const float *)(const void *)deviations->data,
                          (float *)(void *)(*out)->data, x->row_size);
    return status;
}

dlcore_status dlcore_standardize_apply(const dlcore_tensor_t *x, const dlcore_tensor_t *means,
                                       const dlcore_tensor_t *deviations, dlcore_tensor_t **out,
                                       dlcore_error_record_t *error)
{
    dlcore_traces_t before = dlcore_traces_note();

    return dlcore_traces_end(before, apply_means(x, means, deviations, out, error));
}

static dlcore_status apply_in_place(dlcore_tensor_t *x, const dlcore_tensor_t *means,
                                    const dlcore_tensor_t *deviations, dlcore_error_record_t *error)
{
    dlcore_status status = check_samples(x, error);

    if (status == DLCORE_OK)
        status = check_statistic(x, means, "means", error);
    if (status == DLCORE_OK)
        status = check_statistic(x, deviations, "deviations", error);
    if (status != DLCORE_OK)
        return status;
    if (x->dtype != DLCORE_DTYPE_FLOAT32)
        return dlcore_fail(error, DLCORE_ERROR_DTYPE,
                           "x must be float32 to be changed in place, got %s",
                           dlcore_dtype_name(x->dtype));
    if (x->read_only)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "x is read-only");
    standardize_apply(x, (const float *)(const void *)means->data,
                      (const float *)(const void *)deviations->data, (float *)(void *)x->data,
                      x->row_stride);
    return DLCORE_OK;
}

dlcore_status dlcore_standardize_in_place(dlcore_tensor_t *x, const dlcore_tensor_t *means,
                                          const dlcore_tensor_t *deviations,
                                          dlcore_error_record_t *error)
{
    dlcore_traces_t before = dlcore_traces_note();

    return dlcore_traces_end(before, apply_in_place(x, means, deviations, error));
}
