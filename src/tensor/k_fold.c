/* Folds for cross-validation: sizes and order as scikit-learn's KFold has them.
 *
 * SPDX-License-Identifier: MIT */
#include "base/allocator.h"
#include "base/error.h"
#include "base/random.h"
#include "dlcore/data.h"
#include "tensor/split.h"

dlcore_k_fold_options_t dlcore_k_fold_options_default(void)
{
    return (dlcore_k_fold_options_t){.structure_size = sizeof(dlcore_k_fold_options_t), .folds = 5};
}

static dlcore_status check_folds(const dlcore_tensor_t *x, const dlcore_tensor_t *y,
                                 const dlcore_k_fold_options_t *options, size_t fold,
                                 dlcore_error_record_t *error)
{
    dlcore_status status = dlcore_check_split("k_fold", x, y, error);

    if (status != DLCORE_OK)
        return status;
    if (x->shape[0] < 2)
        return dlcore_fail(error, DLCORE_ERROR_SHAPE,
                           "k_fold: %zu samples cannot be cut into folds, of which there are 2 or "
                           "more",
                           x->shape[0]);
    if (options->folds < 2 || options->folds > x->shape[0])
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT,
                           "k_fold: folds must lie in 2 .. %zu, the number of samples, got %zu",
                           x->shape[0], options->folds);
    if (fold >= options->folds)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT,
                           "k_fold: fold must be below %zu, the number of folds, got %zu",
                           options->folds, fold);
    return DLCORE_OK;
}

/* order becomes the training samples, then the test samples, both ascending, as KFold answers
 * them; answers how many train. The first n % k folds have one sample more. */
static size_t sort_out(size_t *order, unsigned char *tests, size_t samples, size_t folds,
                       size_t fold)
{
    size_t each = samples / folds, more = samples % folds;
    size_t begin = fold * each + (fold < more ? fold : more);
    size_t end = begin + each + (fold < more ? 1 : 0);
    size_t train = 0, at = samples - (end - begin);

    for (size_t i = 0; i < samples; i++)
        tests[order[i]] = i >= begin && i < end;
    for (size_t i = 0; i < samples; i++)
        order[tests[i] ? at++ : train++] = i;
    return train;
}

static dlcore_status take_rows(const dlcore_tensor_t *x, const dlcore_tensor_t *y,
                               const size_t *order, size_t train, dlcore_split_t *out,
                               dlcore_error_record_t *error)
{
    size_t test = x->shape[0] - train;
    dlcore_status status = dlcore_take_rows(x, order, train, &out->train_x, error);

    if (status == DLCORE_OK)
        status = dlcore_take_rows(x, order + train, test, &out->test_x, error);
    if (status == DLCORE_OK && y != NULL)
        status = dlcore_take_rows(y, order, train, &out->train_y, error);
    if (status == DLCORE_OK && y != NULL)
        status = dlcore_take_rows(y, order + train, test, &out->test_y, error);
    if (status != DLCORE_OK)
        dlcore_split_free(out);
    return status;
}

dlcore_status dlcore_k_fold(const dlcore_tensor_t *x, const dlcore_tensor_t *y,
                            const dlcore_k_fold_options_t *options, size_t fold,
                            dlcore_split_t *out, dlcore_error_record_t *error)
{
    dlcore_k_fold_options_t how = options != NULL ? *options : dlcore_k_fold_options_default();
    unsigned char *tests = NULL;
    size_t *order = NULL, samples;
    dlcore_status status;

    if (out == NULL)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "k_fold: out is NULL");
    *out = (dlcore_split_t){0};
    status = dlcore_check_options(&how, "k_fold", error);
    if (status == DLCORE_OK)
        status = check_folds(x, y, &how, fold, error);
    if (status != DLCORE_OK)
        return status;
    samples = x->shape[0];
    order = dlcore_allocate_raw(&x->allocator, samples, sizeof *order);
    tests = dlcore_allocate_raw(&x->allocator, samples, 1);
    if (order == NULL || tests == NULL)
        status = dlcore_fail_memory(error, "k_fold", samples * sizeof *order);
    if (status == DLCORE_OK) {
        dlcore_random_t random = dlcore_random_stream(how.seed, DLCORE_RANDOM_SPLIT, 2, 0);

        for (size_t i = 0; i < samples; i++)
            order[i] = i;
        if (how.shuffle)
            dlcore_random_permutation(&random, order, samples);
        status =
            take_rows(x, y, order, sort_out(order, tests, samples, how.folds, fold), out, error);
    }
    dlcore_release(&x->allocator, tests);
    dlcore_release(&x->allocator, order);
    return status;
}
