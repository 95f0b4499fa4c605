/* Samples for training, for validating and for testing.
 *
 * SPDX-License-Identifier: MIT */
#include <math.h>

#include "base/allocator.h"
#include "base/error.h"
#include "base/random.h"
#include "base/sort.h"
#include "base/traces.h"
#include "dlcore/data.h"
#include "tensor/classes.h"
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

/* Things to split, samples or groups, and how many of them go where. */
typedef struct split_counts {
    size_t all, validation, test;
} split_counts_t;

static size_t fraction_of(double fraction, size_t count)
{
    return (size_t)ceil(fraction * (double)count);
}

/* The fractions, rounded up, as in scikit-learn. */
static dlcore_status count_parts(const char *things, size_t count,
                                 const dlcore_split_options_t *how, split_counts_t *counts,
                                 dlcore_error_record_t *error)
{
    if (!(how->test_fraction > 0 && how->test_fraction < 1))
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT,
                           "train_test_split: test_fraction must lie above 0 and below 1, got %g",
                           how->test_fraction);
    if (!(how->validation_fraction >= 0 && how->validation_fraction < 1))
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT,
                           "train_test_split: validation_fraction must be 0 or more and below 1, "
                           "got %g",
                           how->validation_fraction);
    *counts = (split_counts_t){.all = count,
                               .validation = fraction_of(how->validation_fraction, count),
                               .test = fraction_of(how->test_fraction, count)};
    if (count >= 2 && counts->test < count && counts->validation < count - counts->test)
        return DLCORE_OK;
    if (counts->validation == 0)
        return dlcore_fail(error, DLCORE_ERROR_SHAPE,
                           "train_test_split: test_fraction %g of %zu %s leaves none to train with",
                           how->test_fraction, count, things);
    return dlcore_fail(error, DLCORE_ERROR_SHAPE,
                       "train_test_split: test_fraction %g and validation_fraction %g of %zu %s "
                       "leave none to train with",
                       how->test_fraction, how->validation_fraction, count, things);
}

/* ---- which sample goes where ---- */

typedef enum split_part { PART_TRAIN, PART_VALIDATION, PART_TEST } split_part_t;

typedef struct splitting {
    const dlcore_split_options_t *how;
    const dlcore_tensor_t *x, *y;
    dlcore_error_record_t *error;
    size_t *order;        /* of samples: those to train with first, those to test with last */
    unsigned char *parts; /* of each sample */
    size_t sizes[3];
} splitting_t;

static void draw_split_order(const dlcore_split_options_t *how, size_t *order, size_t count)
{
    dlcore_random_t random = dlcore_random_stream(how->seed, DLCORE_RANDOM_SPLIT, 0, 0);

    for (size_t i = 0; i < count; i++)
        order[i] = i;
    if (how->shuffle)
        dlcore_random_permutation(&random, order, count);
}

/* Samples of each class that are left, and what a part takes of them. */
typedef struct class_shares {
    size_t count, *left, *taken, *order;
    double ratio; /* of what is wanted to all that are left */
} class_shares_t;

static double cut_off(const class_shares_t *shares, size_t i)
{
    return shares->ratio * (double)shares->left[i] - (double)shares->taken[i];
}

static bool lost_more(const void *things, size_t a, size_t b)
{
    return cut_off(things, a) > cut_off(things, b);
}

/* Takes `wanted` of the samples that are left, as evenly over classes as whole numbers allow: the
 * share of each class rounded down, and one more where most was cut off. */
static void share_out(class_shares_t *shares, size_t wanted)
{
    size_t all = 0, given = 0;

    for (size_t i = 0; i < shares->count; i++)
        all += shares->left[i];
    shares->ratio = (double)wanted / (double)all;
    for (size_t i = 0; i < shares->count; i++) {
        shares->order[i] = i;
        shares->taken[i] = (size_t)floor(shares->ratio * (double)shares->left[i]);
        given += shares->taken[i];
    }
    dlcore_sort_numbers(shares->order, shares->count, lost_more, shares);
    for (size_t i = 0; given < wanted && i < shares->count; i++) {
        size_t kind = shares->order[i];

        if (shares->taken[kind] < shares->left[kind]) {
            shares->taken[kind]++;
            given++;
        }
    }
}

/* Of each class, as many of the last samples of the order that are not marked yet. */
static void mark_last(splitting_t *s, const dlcore_kinds_t *kinds, class_shares_t *shares,
                      split_part_t part)
{
    for (size_t i = s->x->shape[0]; i-- > 0;) {
        size_t sample = s->order[i], kind = kinds->kind_of[sample];

        if (s->parts[sample] != PART_TRAIN || shares->taken[kind] == 0)
            continue;
        s->parts[sample] = (unsigned char)part;
        shares->taken[kind]--;
        shares->left[kind]--;
    }
}

static dlcore_status mark_by_class(splitting_t *s, const split_counts_t *counts)
{
    const dlcore_allocator_t *allocator = &s->x->allocator;
    class_shares_t shares = {0};
    dlcore_kinds_t kinds;
    dlcore_status status =
        dlcore_kinds_make(s->y, NULL, counts->all, "train_test_split", allocator, &kinds, s->error);

    if (status != DLCORE_OK)
        return status;
    shares.count = kinds.count;
    shares.left = dlcore_allocate(allocator, 3 * kinds.count, sizeof *shares.left);
    if (shares.left == NULL) {
        dlcore_kinds_clear(&kinds);
        return dlcore_fail_memory(s->error, "train_test_split", kinds.count * sizeof *shares.left);
    }
    shares.taken = shares.left + kinds.count;
    shares.order = shares.taken + kinds.count;
    for (size_t k = 0; k < kinds.count; k++)
        shares.left[k] = dlcore_kind_size(&kinds, k);
    share_out(&shares, counts->test);
    mark_last(s, &kinds, &shares, PART_TEST);
    share_out(&shares, counts->validation);
    mark_last(s, &kinds, &shares, PART_VALIDATION);
    dlcore_release(allocator, shares.left);
    dlcore_kinds_clear(&kinds);
    return DLCORE_OK;
}

/* The last groups of an order of groups test, those before them validate. */
static dlcore_status mark_by_group(splitting_t *s)
{
    const dlcore_allocator_t *allocator = &s->x->allocator;
    size_t samples = s->x->shape[0], *order = NULL;
    split_counts_t counts;
    dlcore_kinds_t kinds;
    dlcore_status status = dlcore_kinds_make(NULL, s->how->groups, samples, "train_test_split",
                                             allocator, &kinds, s->error);

    if (status == DLCORE_OK)
        status = count_parts("groups", kinds.count, s->how, &counts, s->error);
    if (status == DLCORE_OK) {
        order = dlcore_allocate_raw(allocator, kinds.count, sizeof *order);
        if (order == NULL)
            status = dlcore_fail_memory(s->error, "train_test_split", kinds.count * sizeof *order);
    }
    if (status == DLCORE_OK) {
        draw_split_order(s->how, order, kinds.count);
        for (size_t i = 0; i < kinds.count; i++) {
            split_part_t part = i >= kinds.count - counts.test ? PART_TEST
                                : i >= kinds.count - counts.test - counts.validation
                                    ? PART_VALIDATION
                                    : PART_TRAIN;

            for (size_t at = kinds.begin[order[i]]; at < kinds.begin[order[i] + 1]; at++)
                s->parts[kinds.order[at]] = (unsigned char)part;
        }
    }
    dlcore_release(allocator, order);
    dlcore_kinds_clear(&kinds);
    return status;
}

/* Puts the samples of each part together, in the order that they were in. `room` has the length of
 * the order. */
static void gather_parts(splitting_t *s, size_t *room)
{
    size_t samples = s->x->shape[0], at = 0;

    memcpy(room, s->order, samples * sizeof *room);
    for (int part = PART_TRAIN; part <= PART_TEST; part++) {
        size_t begin = at;

        for (size_t i = 0; i < samples; i++)
            if (s->parts[room[i]] == part)
                s->order[at++] = room[i];
        s->sizes[part] = at - begin;
    }
}

/* The order of the samples, and how many are in each part. */
static dlcore_status order_samples(splitting_t *s)
{
    size_t samples = s->x->shape[0], *room = NULL;
    split_counts_t counts = {0};
    bool marked = s->how->stratify || s->how->groups != NULL;
    dlcore_status status = DLCORE_OK;

    if (s->how->groups == NULL)
        status = count_parts("samples", samples, s->how, &counts, s->error);
    if (status != DLCORE_OK)
        return status;
    s->sizes[PART_TRAIN] = samples - counts.test - counts.validation;
    s->sizes[PART_VALIDATION] = counts.validation;
    s->sizes[PART_TEST] = counts.test;
    if (!marked && !s->how->shuffle)
        return DLCORE_OK;
    s->order = dlcore_allocate_raw(&s->x->allocator, samples, sizeof *s->order);
    if (marked) {
        s->parts = dlcore_allocate(&s->x->allocator, samples, 1); /* all PART_TRAIN */
        room = dlcore_allocate_raw(&s->x->allocator, samples, sizeof *room);
    }
    if (s->order == NULL || (marked && (s->parts == NULL || room == NULL)))
        status = dlcore_fail_memory(s->error, "train_test_split", samples * sizeof *s->order);
    if (status == DLCORE_OK)
        draw_split_order(s->how, s->order, samples);
    if (status == DLCORE_OK && marked)
        status = s->how->stratify ? mark_by_class(s, &counts) : mark_by_group(s);
    if (status == DLCORE_OK && marked)
        gather_parts(s, room);
    dlcore_release(&s->x->allocator, room);
    return status;
}

/* ---- the parts ---- */

static dlcore_status take_part(const splitting_t *s, const dlcore_tensor_t *from, size_t begin,
                               size_t size, dlcore_tensor_t **out)
{
    if (from == NULL || size == 0)
        return DLCORE_OK;
    if (s->order == NULL)
        return dlcore_tensor_slice_const(from, begin, begin + size, out, s->error);
    return dlcore_take_rows(from, s->order + begin, size, out, s->error);
}

static dlcore_status take_parts(const splitting_t *s, dlcore_split_t *out)
{
    dlcore_tensor_t **xs[] = {&out->train_x, &out->validation_x, &out->test_x};
    dlcore_tensor_t **ys[] = {&out->train_y, &out->validation_y, &out->test_y};
    dlcore_status status = DLCORE_OK;
    size_t begin = 0;

    for (int part = PART_TRAIN; part <= PART_TEST && status == DLCORE_OK; part++) {
        status = take_part(s, s->x, begin, s->sizes[part], xs[part]);
        if (status == DLCORE_OK)
            status = take_part(s, s->y, begin, s->sizes[part], ys[part]);
        begin += s->sizes[part];
    }
    return status;
}

dlcore_status dlcore_check_kinds(const char *call, bool stratify, const dlcore_tensor_t *groups,
                                 const dlcore_tensor_t *y, dlcore_error_record_t *error)
{
    if (stratify && groups != NULL)
        return dlcore_fail(error, DLCORE_ERROR_UNSUPPORTED,
                           "%s: stratify and groups do not go together", call);
    if (stratify && y == NULL)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "%s: stratify is by y, which is NULL",
                           call);
    return DLCORE_OK;
}

static dlcore_status split_in_parts(const dlcore_tensor_t *x, const dlcore_tensor_t *y,
                                    const dlcore_split_options_t *options, dlcore_split_t *out,
                                    dlcore_error_record_t *error)
{
    dlcore_split_options_t how = options != NULL ? *options : dlcore_split_options_default();
    splitting_t s = {.how = &how, .x = x, .y = y, .error = error};
    dlcore_status status;

    if (out == NULL)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "train_test_split: out is NULL");
    *out = (dlcore_split_t){0};
    if (dlcore_check_options(&how, "split", error) != DLCORE_OK)
        return DLCORE_ERROR_ARGUMENT;
    status = dlcore_check_split("train_test_split", x, y, error);
    if (status == DLCORE_OK)
        status = dlcore_check_kinds("train_test_split", how.stratify, how.groups, y, error);
    if (status != DLCORE_OK)
        return status;
    status = order_samples(&s);
    if (status == DLCORE_OK)
        status = take_parts(&s, out);
    dlcore_release(&x->allocator, s.order);
    dlcore_release(&x->allocator, s.parts);
    if (status != DLCORE_OK)
        dlcore_split_free(out);
    return status;
}

dlcore_status dlcore_train_test_split(const dlcore_tensor_t *x, const dlcore_tensor_t *y,
                                      const dlcore_split_options_t *options, dlcore_split_t *out,
                                      dlcore_error_record_t *error)
{
    dlcore_traces_t before = dlcore_traces_note();

    return dlcore_traces_end(before, split_in_parts(x, y, options, out, error));
}

void dlcore_split_free(dlcore_split_t *split)
{
    if (split != NULL) {
        dlcore_tensor_free(split->train_x);
        dlcore_tensor_free(split->train_y);
        dlcore_tensor_free(split->validation_x);
        dlcore_tensor_free(split->validation_y);
        dlcore_tensor_free(split->test_x);
        dlcore_tensor_free(split->test_y);
        *split = (dlcore_split_t){0};
    }
}
