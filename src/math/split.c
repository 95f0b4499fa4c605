/* Samples for training and samples for testing.
 *
 * SPDX-License-Identifier: MIT */
#include <math.h>

#include "base/allocator.h"
#include "base/error.h"
#include "base/random.h"
#include "dlcore/data.h"
#include "math/tensor.h"

dlcore_split_options_t dlcore_split_options_default(void)
{
    return (dlcore_split_options_t){
        .structure_size = sizeof(dlcore_split_options_t), .test_fraction = 0.25, .shuffle = true};
}

static dlcore_status check(const dlcore_tensor_t *x, const dlcore_tensor_t *y,
                           const dlcore_split_options_t *options, size_t *test,
                           dlcore_error_record_t *error)
{
    double fraction = options->test_fraction;

    if (x == NULL)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "x is NULL");
    if (x->rank == 0 || (y != NULL && y->rank == 0))
        return dlcore_fail(error, DLCORE_ERROR_SHAPE, "%s has rank 0: no samples along axis 0",
                           x->rank == 0 ? "x" : "y");
    if (y != NULL && y->shape[0] != x->shape[0])
        return dlcore_fail(error, DLCORE_ERROR_SHAPE, "x has %zu samples, y has %zu", x->shape[0],
                           y->shape[0]);
    if (!(fraction > 0 && fraction < 1))
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT,
                           "split: test_fraction must be above 0 and below 1, got %.9g", fraction);
    *test = (size_t)ceil(fraction * (double)x->shape[0]);
    if (x->shape[0] < 2 || *test >= x->shape[0])
        return dlcore_fail(error, DLCORE_ERROR_SHAPE,
                           "%zu samples: one part of the split would have none", x->shape[0]);
    return DLCORE_OK;
}

/* Copies the rows of that order, `count` of them. */
static dlcore_status take_rows(const dlcore_tensor_t *from, const size_t *order, size_t count,
                               dlcore_tensor_t **out, dlcore_error_record_t *error)
{
    size_t shape[DLCORE_RANK_MAX];
    size_t item = dlcore_dtype_size(from->dtype);
    size_t row = from->row_size * item;
    dlcore_status status;

    memcpy(shape, from->shape, sizeof shape);
    shape[0] = count;
    status =
        dlcore_tensor_create_unset(&from->allocator, from->dtype, from->rank, shape, out, error);
    for (size_t i = 0; status == DLCORE_OK && i < count; i++)
        memcpy((*out)->data + i * row, from->data + order[i] * from->row_stride * item, row);
    return status;
}

static dlcore_status split_tensor(const dlcore_tensor_t *from, const size_t *order, size_t train,
                                  dlcore_tensor_t **train_out, dlcore_tensor_t **test_out,
                                  dlcore_error_record_t *error)
{
    size_t rows = from->shape[0];
    dlcore_status status;

    if (order == NULL) {
        status = dlcore_tensor_slice_const(from, 0, train, train_out, error);
        if (status == DLCORE_OK)
            status = dlcore_tensor_slice_const(from, train, rows, test_out, error);
        return status;
    }
    status = take_rows(from, order, train, train_out, error);
    if (status == DLCORE_OK)
        status = take_rows(from, order + train, rows - train, test_out, error);
    return status;
}

dlcore_status dlcore_train_test_split(const dlcore_tensor_t *x, const dlcore_tensor_t *y,
                                      const dlcore_split_options_t *options, dlcore_split_t *out,
                                      dlcore_error_record_t *error)
{
    dlcore_split_options_t how = options != NULL ? *options : dlcore_split_options_default();
    size_t *order = NULL;
    size_t test = 0;
    dlcore_status status;

    if (out == NULL)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "out is NULL");
    *out = (dlcore_split_t){0};
    if (dlcore_check_options(&how, "split", error) != DLCORE_OK)
        return DLCORE_ERROR_ARGUMENT;
    status = check(x, y, &how, &test, error);
    if (status != DLCORE_OK)
        return status;
    if (how.shuffle) {
        dlcore_random_t random = dlcore_random_stream(how.seed, DLCORE_RANDOM_SPLIT, 0, 0);

        order = dlcore_allocate_raw(&x->allocator, x->shape[0], sizeof *order);
        if (order == NULL)
            return dlcore_fail_memory(error, "split", x->shape[0] * sizeof *order);
        dlcore_random_permutation(&random, order, x->shape[0]);
    }
    status = split_tensor(x, order, x->shape[0] - test, &out->train_x, &out->test_x, error);
    if (status == DLCORE_OK && y != NULL)
        status = split_tensor(y, order, x->shape[0] - test, &out->train_y, &out->test_y, error);
    dlcore_release(&x->allocator, order);
    if (status != DLCORE_OK)
        dlcore_split_free(out);
    return status;
}

void dlcore_split_free(dlcore_split_t *split)
{
    if (split != NULL) {
        dlcore_tensor_free(split->train_x);
        dlcore_tensor_free(split->train_y);
        dlcore_tensor_free(split->test_x);
        dlcore_tensor_free(split->test_y);
        *split = (dlcore_split_t){0};
    }
}
