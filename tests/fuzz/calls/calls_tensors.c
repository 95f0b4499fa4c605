/* Tensors: made, borrowed, viewed, changed, compared; and data before training.
 *
 * SPDX-License-Identifier: MIT */
#include "fuzz/calls/world.h"

#include <stdlib.h>
#include <string.h>

/* A shape, mostly of few numbers. */
static size_t shape(world_t *world, size_t lengths[DLCORE_RANK_MAX + 2])
{
    script_t *script = &world->script;
    size_t rank = script_rarely(script, 24) ? script_pick(script, DLCORE_RANK_MAX + 3)
                                            : 1 + script_pick(script, 3);

    for (size_t i = 0; i < DLCORE_RANK_MAX + 2; i++)
        lengths[i] = i < rank ? script_size(script, i == 0 ? 24 : 9) : 1;
    return rank;
}

static dlcore_dtype_t dtype(script_t *script)
{
    return (dlcore_dtype_t)(script_flag(script) ? DLCORE_DTYPE_FLOAT32
                                                : script_choice(script, 1, DLCORE_DTYPE_INT32));
}

/* Puts what a call has made in its place; NULL where it failed. */
static void keep(world_t *world, size_t place, dlcore_tensor_t *made, dlcore_status status,
                 int base)
{
    world_require((status == DLCORE_OK) == (made != NULL), "a new tensor",
                  "status and result disagree");
    world->tensors[place] = made;
    world->bases[place] = made != NULL ? base : WORLD_NOBODY;
}

static void create(world_t *world)
{
    size_t lengths[DLCORE_RANK_MAX + 2], rank = shape(world, lengths);
    size_t place = world_tensor_place(world);
    dlcore_tensor_t *out = NULL;
    dlcore_status status;

    /* with what lies beside the numbers it is more than an allocator may be asked for */
    for (size_t i = 0; i < rank; i++)
        world->refused += lengths[i] == PTRDIFF_MAX;
    status = TRY(world, dlcore_tensor_create(&world->allocator, dtype(&world->script), rank,
                                             SCRIPT_OR_NULL(&world->script, lengths), &out,
                                             world_error(world)));
    keep(world, place, out, status, WORLD_NOBODY);
}

/* From the world's own numbers, of as many as there are. */
static void from_data(world_t *world)
{
    script_t *script = &world->script;
    size_t lengths[2] = {1 + script_pick(script, 30), 1 + script_pick(script, 30)};
    size_t place = world_tensor_place(world), stride = 0;
    size_t rank = 1 + script_pick(script, 2), how = script_pick(script, 3);
    dlcore_dtype_t type = dtype(script);
    dlcore_tensor_t *out = NULL;
    dlcore_status status;

    script_floats(script, world->numbers, WORLD_NUMBERS);
    if (rank == 2 && script_rarely(script, 4)) /* rows apart, still within the numbers */
        stride = script_rarely(script, 4) ? script_size(script, 40) : lengths[1] + 3;
    if (stride > 33) /* what is taken for a stride has to be there */
        stride = 33;
    if (how == 0)
        status = TRY(world, dlcore_tensor_from_data(&world->allocator, type, rank, lengths,
                                                    SCRIPT_OR_NULL(script, world->numbers), &out,
                                                    world_error(world)));
    else if (how == 1)
        status = TRY(world, dlcore_tensor_borrow(&world->allocator, type, rank, lengths,
                                                 world->numbers, stride, &out, world_error(world)));
    else
        status = TRY(world,
                     dlcore_tensor_borrow_const(&world->allocator, type, rank, lengths,
                                                world->numbers, stride, &out, world_error(world)));
    keep(world, place, out, status, WORLD_NOBODY);
}

static void slice(world_t *world)
{
    script_t *script = &world->script;
    size_t of = script_pick(script, WORLD_TENSORS), place = world_tensor_place(world);
    dlcore_tensor_t *base = world->tensors[of], *out = NULL;
    size_t begin = script_size(script, 12), end = script_size(script, 24);
    dlcore_status status;

    if (script_flag(script))
        status = TRY(world, dlcore_tensor_slice(base, begin, end, &out, world_error(world)));
    else
        status = TRY(world, dlcore_tensor_slice_const(base, begin, end, &out, world_error(world)));
    keep(world, place, out, status, (int)of);
}

/* A tensor out of another. */
static void derive(world_t *world)
{
    script_t *script = &world->script;
    size_t place = world_tensor_place(world);
    const dlcore_tensor_t *from = world_tensor(world), *other = world_tensor(world);
    size_t how = script_pick(script, 7), classes = script_size(script, 9);
    double scale = script_number(script, 0.5);
    dlcore_tensor_t *out = NULL, *out2 = NULL;
    dlcore_error_record_t *error = world_error(world);
    dlcore_status status = DLCORE_OK;

    if (how == 0)
        status = TRY(world, dlcore_tensor_copy(from, &out, error));
    else if (how == 1)
        status = TRY(world, dlcore_tensor_cast(from, dtype(script), scale, &out, error));
    else if (how == 2)
        status = TRY(world, dlcore_tensor_argmax(from, &out, error));
    else if (how == 3)
        status = TRY(world, dlcore_tensor_one_hot(from, classes, &out, error));
    else if (how == 4)
        status = TRY(world, dlcore_tensor_matmul(from, other, &out, error));
    else if (how == 5)
        status = TRY(world, dlcore_tensor_transpose(from, &out, error));
    else
        status = TRY(world, dlcore_standardize_fit(from, &out, &out2, error));
    keep(world, place, out, status, WORLD_NOBODY);
    if (how == 6 && status == DLCORE_OK) {
        (void)TRY(world, dlcore_standardize_apply(other, out, out2, &world->tensors[place],
                                                  world_error(world)));
        dlcore_tensor_free(out);
    }
    dlcore_tensor_free(out2);
}

static void change(world_t *world)
{
    script_t *script = &world->script;
    size_t lengths[DLCORE_RANK_MAX + 2] = {0}, rank;
    dlcore_tensor_t *tensor = world->tensors[script_pick(script, WORLD_TENSORS)];
    size_t how = script_pick(script, 5);
    double value = script_number(script, 1.0);
    dlcore_error_record_t *error = world_error(world);

    if (how == 0)
        (void)TRY(world, dlcore_tensor_fill(tensor, value, error));
    if (how == 1) {
        for (size_t i = 0; i < DLCORE_RANK_MAX; i++)
            lengths[i] = i < 3 ? script_size(script, 9) : 0;
        (void)TRY(world, dlcore_tensor_set(tensor, lengths, value, error));
    }
    if (how == 2) {
        (void)TRY(world, dlcore_tensor_get(tensor, lengths, SCRIPT_OR_NULL(script, &value), error));
    }
    if (how == 3) {
        rank = shape(world, lengths);
        (void)TRY(world, dlcore_tensor_reshape(tensor, rank, lengths, error));
    }
    if (how == 4) {
        dlcore_tensor_t *means = NULL, *deviations = NULL;

        (void)TRY(world, dlcore_standardize_fit(tensor, &means, &deviations, error));
        (void)TRY(world,
                  dlcore_standardize_in_place(tensor, means, deviations, world_error(world)));
        dlcore_tensor_free(means);
        dlcore_tensor_free(deviations);
    }
}

static void look(world_t *world)
{
    const dlcore_tensor_t *tensor = world_tensor(world), *other = world_tensor(world);

    QUERY(world, dlcore_tensor_rank(tensor));
    QUERY(world, dlcore_tensor_length(tensor, script_size(&world->script, 3)));
    QUERY(world, dlcore_tensor_shape(tensor));
    QUERY(world, dlcore_tensor_row_stride(tensor));
    QUERY(world, dlcore_tensor_is_contiguous(tensor));
    QUERY(world, dlcore_dtype_name(dlcore_tensor_dtype(tensor)));
    QUERY(world, dlcore_tensor_equal(tensor, other, script_number(&world->script, 1e-3)));
    (void)TRY(world, dlcore_tensor_print(tensor, world_stream(world), world_error(world)));
}

static void drop(world_t *world)
{
    (void)world_tensor_place(world);
}

static void split(world_t *world)
{
    script_t *script = &world->script;
    const dlcore_tensor_t *x = world_tensor(world), *y = world_tensor(world);
    dlcore_split_options_t options = dlcore_split_options_default();
    dlcore_k_fold_options_t folds = dlcore_k_fold_options_default();
    dlcore_split_t parts = {0};
    dlcore_status status;

    if (script_flag(script)) {
        options.test_fraction = script_number(script, 0.25);
        options.validation_fraction = script_rarely(script, 3) ? script_number(script, 0.25) : 0.0;
        options.shuffle = script_flag(script);
        options.stratify = script_rarely(script, 3);
        options.groups = script_rarely(script, 4) ? world_tensor(world) : NULL;
        options.structure_size *= !script_rarely(script, 48);
        status = TRY(world, dlcore_train_test_split(x, y, SCRIPT_OR_NULL(script, &options), &parts,
                                                    world_error(world)));
    } else {
        folds.folds = script_size(script, 6);
        folds.shuffle = script_flag(script);
        folds.stratify = script_rarely(script, 3);
        folds.groups = script_rarely(script, 4) ? world_tensor(world) : NULL;
        status = TRY(world, dlcore_k_fold(x, y, SCRIPT_OR_NULL(script, &folds),
                                          script_size(script, 5), &parts, world_error(world)));
    }
    world_require((status == DLCORE_OK) == (parts.train_x != NULL), "a split",
                  "status and result disagree");
    QUERY(world, dlcore_split_free(&parts));
}

static void class_weight(world_t *world)
{
    float weights[16];

    (void)TRY(world, dlcore_class_weight_balanced(
                         world_tensor(world), script_pick(&world->script, 17),
                         SCRIPT_OR_NULL(&world->script, weights), world_error(world)));
}

const world_call_t calls_tensors[] = {
    {"create", create},
    {"from_data", from_data},
    {"from_data", from_data},
    {"slice", slice},
    {"derive", derive},
    {"derive", derive},
    {"change", change},
    {"look", look},
    {"drop", drop},
    {"split", split},
    {"class_weight", class_weight},
    {NULL, NULL},
};
