/* Samples for training and samples for testing.
 *
 * SPDX-License-Identifier: MIT */
#include <math.h>

#include "base/allocator.h"
#include "base/error.h"
#include "base/random.h"
#include "base/traces.h"
#include "dlcore/data.h"
#include "tensor/sparse.h"
#include "tensor/split.h"

dlcore_split_options_t dlcore_split_options_default(void)
{
    return (dlcore_split_options_t){
        .structure_size = sizeof(dlcore_split_options_t), .test_fraction = 0.25, .shuffle = true};
}

dlcore_status dlcore_check_split(const char *call, const dlcore_tensor_t *x,
                                 const dlcore_tensor_t *y, dlcore_error_record_t *error)
{
    if (x == NULL)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "%s: x is NULL", call);
    if (x->rank == 0 || (y != NULL && y->rank == 0))
        return dlcore_fail(error, DLCORE_ERROR_SHAPE, "%s: %s has rank 0: no samples along axis 0",
                           call, x->rank == 0 ? "x" : "y");
    if (y != NULL && y->shape[0] != x->shape[0])
        return dlcore_fail(error, DLCORE_ERROR_SHAPE, "%s: x has %zu samples, y has %zu", call,
                           x->shape[0], y->shape[0]);
    return DLCORE_OK;
}

dlcore_status dlcore_take_rows(const dlcore_tensor_t *from, const size_t *order, size_t count,
                               dlcore_tensor_t **out, dlcore_error_record_t *error)
{
    size_t shape[DLCORE_RANK_MAX];
    size_t item = dlcore_dtype_size(from->dtype);
    size_t row = from->row_size * item;
    dlcore_status status;

    if (from->is_sparse)
        return dlcore_sparse_take_rows(from, order, count, out, error);
    memcpy(shape, from->shape, sizeof shape);
    shape[0] = count;
    status =
        dlcore_tensor_create_unset(&from->allocator, from->dtype, from->rank, shape, out, error);
    for (size_t i = 0; status == DLCORE_OK && i < count; i++)
        memcpy((*out)->data + i * row, from->data + order[i] * from->row_stride * item, row);
    return status;
}

/* How many of the samples test: the fraction of them, rounded up, as in scikit-learn. */
static dlcore_status count_tests(size_t samples, double fraction, size_t *test,
                                 dlcore_error_record_t *error)
{
    if (!(fraction > 0 && fraction < 1))
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT,
                           "train_test_split: test_fraction must lie above 0 and below 1, got %g",
                           fraction);
    *test = (size_t)ceil(fraction * (double)samples);
    if (samples < 2 || *test >= samples)
        return dlcore_fail(error, DLCORE_ERROR_SHAPE,
                           "train_test_split: test_fraction %g of %zu samples leaves none to train "
                           "with",
                           fraction, samples);
    return DLCORE_OK;
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
    status = dlcore_take_rows(from, order, train, train_out, error);
    if (status == DLCORE_OK)
        status = dlcore_take_rows(from, order + train, rows - train, test_out, error);
    return status;
}

static dlcore_status split_in_two(const dlcore_tensor_t *x, const dlcore_tensor_t *y,
                                  const dlcore_split_options_t *options, dlcore_split_t *out,
                                  dlcore_error_record_t *error)
{
    dlcore_split_options_t how = options != NULL ? *options : dlcore_split_options_default();
    size_t *order = NULL;
    size_t test = 0;
    dlcore_status status;

    if (out == NULL)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "train_test_split: out is NULL");
    *out = (dlcore_split_t){0};
    if (dlcore_check_options(&how, "split", error) != DLCORE_OK)
        return DLCORE_ERROR_ARGUMENT;
    status = dlcore_check_split("train_test_split", x, y, error);
    if (status == DLCORE_OK)
        status = count_tests(x->shape[0], how.test_fraction, &test, error);
    if (status != DLCORE_OK)
        return status;
    if (how.shuffle) {
        dlcore_random_t random = dlcore_random_stream(how.seed, DLCORE_RANDOM_SPLIT, 0, 0);

        order = dlcore_allocate_raw(&x->allocator, x->shape[0], sizeof *order);
        if (order == NULL)
            return dlcore_fail_memory(error, "train_test_split", x->shape[0] * sizeof *order);
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

dlcore_status dlcore_train_test_split(const dlcore_tensor_t *x, const dlcore_tensor_t *y,
                                      const dlcore_split_options_t *options, dlcore_split_t *out,
                                      dlcore_error_record_t *error)
{
    dlcore_traces_t before = dlcore_traces_note();

    return dlcore_traces_end(before, split_in_two(x, y, options, out, error));
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
