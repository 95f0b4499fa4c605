/* Folds for cross-validation: sizes and order as scikit-learn's KFold has them.
 *
 * SPDX-License-Identifier: MIT */
#include "base/allocator.h"
#include "base/error.h"
#include "base/random.h"
#include "base/sort.h"
#include "base/traces.h"
#include "dlcore/data.h"
#include "tensor/classes.h"
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
    return dlcore_check_kinds("k_fold", options->stratify, options->groups, y, error);
}

/* ---- the fold of each sample ---- */

typedef struct folding {
    const dlcore_tensor_t *y;
    const dlcore_k_fold_options_t *how;
    const dlcore_allocator_t *allocator;
    size_t samples;
    size_t *order;   /* scratch, then the training samples and the test samples */
    size_t *fold_of; /* of each sample */
    dlcore_error_record_t *error;
} folding_t;

/* 0 .. count-1, shuffled where that is asked for. */
static void draw_places(const folding_t *f, size_t *order, size_t count)
{
    dlcore_random_t random = dlcore_random_stream(f->how->seed, DLCORE_RANDOM_SPLIT, 2, 0);

    for (size_t i = 0; i < count; i++)
        order[i] = i;
    if (f->how->shuffle)
        dlcore_random_permutation(&random, order, count);
}

/* Folds are ranges of the order; the first n % k have one sample more. */
static void fold_by_place(folding_t *f)
{
    size_t each = f->samples / f->how->folds, more = f->samples % f->how->folds, at = 0;

    draw_places(f, f->order, f->samples);
    for (size_t fold = 0; fold < f->how->folds; fold++)
        for (size_t i = 0; i < each + (fold < more); i++)
            f->fold_of[f->order[at++]] = fold;
}

/* How many of the places begin .. begin+size-1, which go round the folds, are of this fold. */
static size_t places_of(size_t begin, size_t size, size_t folds, size_t fold)
{
    size_t before = folds - 1 - fold;

    return (begin + size + before) / folds - (begin + before) / folds;
}

/* Of a class: where its samples begin when all are sorted by class, the fold that is being filled,
 * and how many samples that still gets. */
typedef struct class_folds {
    bool seen;
    size_t begin, fold, left;
} class_folds_t;

/* Classes come in the order in which they first occur. */
static void begin_classes(const folding_t *f, const dlcore_kinds_t *kinds, class_folds_t *classes)
{
    size_t begin = 0;

    for (size_t i = 0; i < f->samples; i++) {
        class_folds_t *now = &classes[kinds->kind_of[i]];
        size_t size = dlcore_kind_size(kinds, kinds->kind_of[i]);

        if (now->seen)
            continue;
        *now = (class_folds_t){
            .seen = true, .begin = begin, .left = places_of(begin, size, f->how->folds, 0)};
        begin += size;
    }
}

/* StratifiedKFold: sorted by class, samples go round the folds, which says how many of a class each
 * fold has; the samples of a class then fill the folds one after the other. */
static dlcore_status fold_by_class(folding_t *f)
{
    class_folds_t *classes;
    dlcore_kinds_t kinds;
    dlcore_status status =
        dlcore_kinds_make(f->y, NULL, f->samples, "k_fold", f->allocator, &kinds, f->error);

    if (status != DLCORE_OK)
        return status;
    classes = dlcore_allocate(f->allocator, kinds.count, sizeof *classes);
    if (classes == NULL) {
        dlcore_kinds_clear(&kinds);
        return dlcore_fail_memory(f->error, "k_fold", kinds.count * sizeof *classes);
    }
    begin_classes(f, &kinds, classes);
    draw_places(f, f->order, f->samples);
    for (size_t i = 0; i < f->samples; i++) {
        size_t kind = kinds.kind_of[f->order[i]];
        class_folds_t *now = &classes[kind];

        while (now->left == 0)
            now->left =
                places_of(now->begin, dlcore_kind_size(&kinds, kind), f->how->folds, ++now->fold);
        f->fold_of[f->order[i]] = now->fold;
        now->left--;
    }
    dlcore_release(f->allocator, classes);
    dlcore_kinds_clear(&kinds);
    return DLCORE_OK;
}

static bool is_larger_kind(const void *things, size_t a, size_t b)
{
    const dlcore_kinds_t *kinds = things;

    return dlcore_kind_size(kinds, a) > dlcore_kind_size(kinds, b);
}

/* GroupKFold: each group into the fold that has the fewest samples yet. */
static void share_out_groups(folding_t *f, const dlcore_kinds_t *kinds, size_t *order,
                             size_t *sizes)
{
    draw_places(f, order, kinds->count);
    if (!f->how->shuffle)
        dlcore_sort_numbers(order, kinds->count, is_larger_kind, kinds);
    for (size_t i = 0; i < kinds->count; i++) {
        size_t lightest = 0;

        for (size_t fold = 1; fold < f->how->folds; fold++)
            lightest = sizes[fold] < sizes[lightest] ? fold : lightest;
        sizes[lightest] += dlcore_kind_size(kinds, order[i]);
        for (size_t at = kinds->begin[order[i]]; at < kinds->begin[order[i] + 1]; at++)
            f->fold_of[kinds->order[at]] = lightest;
    }
}

static dlcore_status fold_by_group(folding_t *f)
{
    size_t *order = NULL, *sizes = NULL;
    dlcore_kinds_t kinds;
    dlcore_status status = dlcore_kinds_make(NULL, f->how->groups, f->samples, "k_fold",
                                             f->allocator, &kinds, f->error);

    if (status == DLCORE_OK && kinds.count < f->how->folds)
        status = dlcore_fail(f->error, DLCORE_ERROR_ARGUMENT,
                             "k_fold: %zu groups cannot be cut into %zu folds", kinds.count,
                             f->how->folds);
    if (status == DLCORE_OK) {
        order = dlcore_allocate_raw(f->allocator, kinds.count, sizeof *order);
        sizes = dlcore_allocate(f->allocator, f->how->folds, sizeof *sizes);
        if (order == NULL || sizes == NULL)
            status = dlcore_fail_memory(f->error, "k_fold", kinds.count * sizeof *order);
    }
    if (status == DLCORE_OK)
        share_out_groups(f, &kinds, order, sizes);
    dlcore_release(f->allocator, order);
    dlcore_release(f->allocator, sizes);
    dlcore_kinds_clear(&kinds);
    return status;
}

/* order becomes the training samples, then the test samples, both ascending, as KFold answers
 * them; answers how many train. */
static size_t sort_out(const folding_t *f, size_t fold)
{
    size_t train = 0, at = 0;

    for (size_t i = 0; i < f->samples; i++)
        at += f->fold_of[i] != fold;
    for (size_t i = 0; i < f->samples; i++)
        f->order[f->fold_of[i] == fold ? at++ : train++] = i;
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

static dlcore_status split_into_folds(const dlcore_tensor_t *x, const dlcore_tensor_t *y,
                                      const dlcore_k_fold_options_t *options, size_t fold,
                                      dlcore_split_t *out, dlcore_error_record_t *error)
{
    dlcore_k_fold_options_t how = options != NULL ? *options : dlcore_k_fold_options_default();
    folding_t f = {.y = y, .how = &how, .error = error};
    dlcore_status status;

    if (out == NULL)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "k_fold: out is NULL");
    *out = (dlcore_split_t){0};
    status = dlcore_check_options(&how, "k_fold", error);
    if (status == DLCORE_OK)
        status = check_folds(x, y, &how, fold, error);
    if (status != DLCORE_OK)
        return status;
    f.allocator = &x->allocator;
    f.samples = x->shape[0];
    f.order = dlcore_allocate_raw(f.allocator, f.samples, sizeof *f.order);
    f.fold_of = dlcore_allocate_raw(f.allocator, f.samples, sizeof *f.fold_of);
    if (f.order == NULL || f.fold_of == NULL)
        status = dlcore_fail_memory(error, "k_fold", f.samples * sizeof *f.order);
    else if (how.stratify)
        status = fold_by_class(&f);
    else if (how.groups != NULL)
        status = fold_by_group(&f);
    else
        fold_by_place(&f);
    if (status == DLCORE_OK)
        status = take_rows(x, y, f.order, sort_out(&f, fold), out, error);
    dlcore_release(f.allocator, f.fold_of);
    dlcore_release(f.allocator, f.order);
    return status;
}

dlcore_status dlcore_k_fold(const dlcore_tensor_t *x, const dlcore_tensor_t *y,
                            const dlcore_k_fold_options_t *options, size_t fold,
                            dlcore_split_t *out, dlcore_error_record_t *error)
{
    dlcore_traces_t before = dlcore_traces_note();

    return dlcore_traces_end(before, split_into_folds(x, y, options, fold, out, error));
}
