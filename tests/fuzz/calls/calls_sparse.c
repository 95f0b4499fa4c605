/* Sparse tensors, and files of tensors.
 *
 * SPDX-License-Identifier: MIT */
#include "fuzz/calls/world.h"

#include <string.h>

enum { ROWS = 6, ENTRIES = 24, COLUMNS = 16 };

typedef struct lists {
    size_t starts[ROWS + 1], lengths[ROWS];
    int32_t indices[ENTRIES];
    float values[ENTRIES];
    const int32_t *rows[ROWS];
    dlcore_sparse_t sparse;
} lists_t;

/* Mostly right: indices ascend within a row. */
static void draw(world_t *world, lists_t *lists)
{
    script_t *script = &world->script;
    size_t count = 0, rows = script_pick(script, ROWS + 1);
    int32_t column = 0;

    *lists = (lists_t){0};
    for (size_t row = 0; row < rows; row++) {
        lists->starts[row] = count;
        lists->rows[row] = lists->indices + count;
        lists->lengths[row] = script_pick(script, 5);
        column = (int32_t)script_pick(script, 3);
        for (size_t i = 0; i < lists->lengths[row]; i++, count++) {
            lists->indices[count] = column;
            column += (int32_t)(1 + script_pick(script, 3));
        }
        lists->starts[row + 1] = count;
    }
    script_floats(script, lists->values, ENTRIES);
    if (script_rarely(script, 5)) /* within the arrays all the same */
        lists->starts[script_pick(script, ROWS + 1)] = script_pick(script, ENTRIES + 1);
    if (script_rarely(script, 5))
        lists->indices[script_pick(script, ENTRIES)] = script_choice(script, -2, COLUMNS + 1);
    lists->sparse = (dlcore_sparse_t){
        .rows = rows,
        .columns = script_rarely(script, 8) ? script_size(script, 8) : COLUMNS,
        .starts = SCRIPT_OR_NULL(script, lists->starts),
        .indices = SCRIPT_OR_NULL(script, lists->indices),
        .values = script_rarely(script, 3) ? NULL : lists->values,
    };
}

static void make(world_t *world)
{
    script_t *script = &world->script;
    lists_t lists;
    dlcore_tensor_t *out = NULL;
    size_t place = world_tensor_place(world);
    dlcore_status status;

    draw(world, &lists);
    if (script_flag(script))
        status = TRY(world, dlcore_sparse_create(&world->allocator, &lists.sparse, &out,
                                                 world_error(world)));
    else
        status = TRY(world, dlcore_sparse_from_lists(&world->allocator, lists.sparse.rows,
                                                     lists.sparse.columns, lists.rows,
                                                     lists.lengths, &out, world_error(world)));
    world_require((status == DLCORE_OK) == (out != NULL), "a sparse tensor",
                  "status and result disagree");
    world->tensors[place] = out;
}

static void turn(world_t *world)
{
    const dlcore_tensor_t *from = world_tensor(world);
    dlcore_tensor_t *out = NULL;

    if (script_flag(&world->script))
        (void)TRY(world, dlcore_sparse_from_dense(from, &out, world_error(world)));
    else
        (void)TRY(world, dlcore_sparse_to_dense(from, &out, world_error(world)));
    world->tensors[world_tensor_place(world)] = out;
}

static void run(world_t *world)
{
    lists_t lists;
    dlcore_predictor_t *predictor = world_predictor(world);

    draw(world, &lists);
    world_before(world);
    if (dlcore_predictor_output_width(predictor) * ROWS > WORLD_NUMBERS)
        return;
    (void)world_checked(world,
                        dlcore_predictor_run_sparse(predictor, &lists.sparse, world->outputs),
                        "dlcore_predictor_run_sparse");
}

static void svmlight(world_t *world)
{
    static const char text[] = "1 1:0.7 3:2.3 # a\n0 2:0.1\n2 1:1 2:2 9:3\n";
    script_t *script = &world->script;
    dlcore_svmlight_options_t options = dlcore_svmlight_options_default();
    char changed[sizeof text];
    dlcore_tensor_t *x = NULL, *y = NULL;

    memcpy(changed, text, sizeof text);
    if (script_flag(script))
        changed[script_byte(script) % (sizeof text - 1)] = (char)script_byte(script);
    (void)TRY(world,
              dlcore_svmlight_parse(
                  changed, script_flag(script) ? sizeof text - 1 : script_pick(script, 41),
                  SCRIPT_OR_NULL(script, &options), &world->allocator, &x, &y, world_error(world)));
    world->tensors[world_tensor_place(world)] = x;
    world->tensors[world_tensor_place(world)] = y;
}

/* Out to a file and in again. */
static void file(world_t *world)
{
    const dlcore_tensor_t *tensor = world_tensor(world);
    const char *path = world_path(world);
    dlcore_tensor_t *out = NULL;
    bool npy = script_flag(&world->script);

    if (npy)
        (void)TRY(world, dlcore_npy_save(path, tensor, world_error(world)));
    else
        (void)TRY(world, dlcore_idx_save(path, tensor, world_error(world)));
    if (script_rarely(&world->script, 4))
        path = world_path(world);
    if (npy)
        (void)TRY(world, dlcore_npy_load(path, &world->allocator, &out, world_error(world)));
    else
        (void)TRY(world, dlcore_idx_load(path, &world->allocator, &out, world_error(world)));
    world->tensors[world_tensor_place(world)] = out;
}

const world_call_t calls_sparse[] = {
    {"make", make},         {"make", make}, {"turn", turn}, {"run", run},
    {"svmlight", svmlight}, {"file", file}, {NULL, NULL},
};
