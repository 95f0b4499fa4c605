/* Batches of a table for training, evaluating and predicting: rows as they come, or pieces of rows
 * that are shuffled, each within itself and all among each other. Any batch of any pass can be gone
 * to, so that a run that was stopped goes on there.
 *
 * SPDX-License-Identifier: MIT */
#include <limits.h>
#include <string.h>

#include "base/allocator.h"
#include "base/error.h"
#include "base/float_mode.h"
#include "base/random.h"
#include "base/size.h"
#include "base/traces.h"
#include "table/schema_apply.h"
#include "tensor/tensor.h"

#define NO_PIECE SIZE_MAX

struct dlcore_table_stream {
    dlcore_allocator_t allocator;
    const dlcore_schema_t *schema;
    dlcore_table_rows_t rows;
    dlcore_table_stream_options_t options;
    size_t piece; /* rows of one, whole batches */
    size_t pieces;
    dlcore_applying_t applying;
    size_t *piece_order;                /* of this pass; NULL: as they come */
    size_t *row_order;                  /* within the piece; NULL: likewise */
    dlcore_tensor_t *x, *y;             /* of the piece; y NULL: no labels */
    dlcore_tensor_t *batch_x, *batch_y; /* views, or with shuffling copies */
    size_t pass, batch;                 /* the next */
    size_t held;                        /* the piece in x and y; NO_PIECE: none */
};

dlcore_table_stream_options_t dlcore_table_stream_options_default(void)
{
    return (dlcore_table_stream_options_t){.structure_size = sizeof(dlcore_table_stream_options_t),
                                           .batch_size = 32};
}

/* ---- pieces ---- */

/* Rows of the piece that is number `at` in the table's order. */
static size_t piece_rows(const dlcore_table_stream_t *stream, size_t at)
{
    return dlcore_size_min(stream->piece, stream->rows.count - at * stream->piece);
}

/* The short piece stays the last, so that batches have the same places in each pass. */
static void order_pieces(dlcore_table_stream_t *stream)
{
    dlcore_random_t random =
        dlcore_random_stream(stream->options.seed, DLCORE_RANDOM_SPLIT, 1, (uint32_t)stream->pass);
    bool odd = stream->rows.count % stream->piece != 0;

    if (stream->piece_order == NULL)
        return;
    dlcore_random_permutation(&random, stream->piece_order, stream->pieces - odd);
    if (odd)
        stream->piece_order[stream->pieces - 1] = stream->pieces - 1;
}

static void order_rows(dlcore_table_stream_t *stream, size_t piece)
{
    dlcore_random_t random =
        dlcore_random_stream(stream->options.seed, DLCORE_RANDOM_SPLIT,
                             2 + (uint32_t)(piece & 0xffffff) % 0xfffffd, (uint32_t)stream->pass);

    if (stream->row_order != NULL)
        dlcore_random_permutation(&random, stream->row_order, piece_rows(stream, piece));
}

/* Reads a piece: the row that comes to place i of it is number row_order[i]. */
static dlcore_status read_table_piece(dlcore_table_stream_t *stream, size_t piece,
                                      dlcore_error_record_t *error)
{
    const dlcore_schema_t *schema = stream->schema;
    size_t count = piece_rows(stream, piece);
    float *x = (float *)(void *)stream->x->data;
    dlcore_status status = DLCORE_OK;

    stream->held = NO_PIECE;
    order_rows(stream, piece);
    for (size_t i = 0; i < count && status == DLCORE_OK; i++) {
        size_t to = stream->row_order != NULL ? stream->row_order[i] : i;

        status = dlcore_applying_row(
            &stream->applying, dlcore_table_row(&stream->rows, piece * stream->piece + i),
            x + to * schema->features,
            stream->y != NULL ? stream->y->data + 4 * to * schema->targets : NULL, error);
    }
    if (status == DLCORE_OK)
        stream->held = piece;
    return status;
}

/* ---- a dataset ---- */

static dlcore_status begin_stream(void *user, size_t pass, size_t batch,
                                  dlcore_error_record_t *error)
{
    dlcore_table_stream_t *stream = (dlcore_table_stream_t *)user;

    (void)error;
    if (pass != stream->pass)
        stream->held = NO_PIECE;
    stream->pass = pass;
    stream->batch = batch;
    order_pieces(stream);
    return DLCORE_OK;
}

static void end_batch(dlcore_table_stream_t *stream)
{
    dlcore_tensor_free(stream->batch_x);
    dlcore_tensor_free(stream->batch_y);
    stream->batch_x = stream->batch_y = NULL;
}

static dlcore_status next_table_batch(dlcore_table_stream_t *stream, dlcore_dataset_batch_t *batch,
                                      dlcore_error_record_t *error)
{
    size_t first = stream->batch * stream->options.batch_size, within = first % stream->piece;
    size_t piece = first / stream->piece, count;
    dlcore_status status = DLCORE_OK;

    end_batch(stream);
    if (stream->batch > (stream->rows.count - 1) / stream->options.batch_size)
        return DLCORE_OK;
    piece = stream->piece_order != NULL ? stream->piece_order[piece] : piece;
    if (piece != stream->held)
        status = read_table_piece(stream, piece, error);
    count = dlcore_size_min(stream->options.batch_size, piece_rows(stream, piece) - within);
    if (status == DLCORE_OK)
        status = dlcore_tensor_slice(stream->x, within, within + count, &stream->batch_x, error);
    if (status == DLCORE_OK && stream->y != NULL)
        status = dlcore_tensor_slice(stream->y, within, within + count, &stream->batch_y, error);
    if (status != DLCORE_OK)
        return status;
    *batch = (dlcore_dataset_batch_t){.x = stream->batch_x, .y = stream->batch_y};
    stream->batch++;
    return DLCORE_OK;
}

static dlcore_status next_of_stream(void *user, dlcore_dataset_batch_t *batch,
                                    dlcore_error_record_t *error)
{
    dlcore_traces_t before = dlcore_traces_note();
    dlcore_float_mode_t mode = dlcore_float_mode_enter(false);
    dlcore_status status = next_table_batch((dlcore_table_stream_t *)user, batch, error);

    dlcore_float_mode_leave(mode);
    return dlcore_traces_end(before, status);
}

dlcore_dataset_t dlcore_table_stream_dataset(dlcore_table_stream_t *stream)
{
    if (stream == NULL)
        return (dlcore_dataset_t){.user = NULL};
    return (dlcore_dataset_t){.user = stream,
                              .begin = begin_stream,
                              .next = next_of_stream,
                              .batches = (stream->rows.count - 1) / stream->options.batch_size + 1};
}

/* ---- life ---- */

static dlcore_status check_stream_options(const dlcore_table_stream_options_t *options,
                                          dlcore_error_record_t *error)
{
    dlcore_status status = dlcore_check_options(options, "table_stream", error);

    if (status == DLCORE_OK)
        status = dlcore_check_count("table_stream", "batch_size", options->batch_size, 1, INT_MAX,
                                    error);
    if (status == DLCORE_OK)
        status = dlcore_check_count("table_stream", "shuffle_rows", options->shuffle_rows, 0,
                                    INT_MAX, error);
    return status;
}

static bool has_targets(const dlcore_schema_t *schema, const dlcore_table_t *table)
{
    size_t column;

    for (size_t i = 0; i < schema->targets; i++)
        if (dlcore_table_find(table, schema->steps[schema->inputs + i].name, &column) == 0)
            return false;
    return schema->targets > 0;
}

static dlcore_status make_orders(dlcore_table_stream_t *stream, dlcore_error_record_t *error)
{
    if (stream->options.shuffle_rows == 0)
        return DLCORE_OK;
    stream->piece_order =
        dlcore_allocate_raw(&stream->allocator, stream->pieces, sizeof *stream->piece_order);
    stream->row_order =
        dlcore_allocate_raw(&stream->allocator, stream->piece, sizeof *stream->row_order);
    if (stream->piece_order == NULL || stream->row_order == NULL)
        return dlcore_fail_memory(error, "table_stream",
                                  (stream->pieces + stream->piece) * sizeof(size_t));
    order_pieces(stream);
    return DLCORE_OK;
}

static dlcore_status fill_stream(dlcore_table_stream_t *stream, const dlcore_table_t *table,
                                 dlcore_error_record_t *error)
{
    size_t batch = stream->options.batch_size;
    bool labels = has_targets(stream->schema, table);
    dlcore_status status;

    stream->held = NO_PIECE;
    stream->piece = dlcore_size_round_up(dlcore_size_max(stream->options.shuffle_rows, 1), batch);
    stream->pieces = (stream->rows.count - 1) / stream->piece + 1;
    status = dlcore_applying_begin(&stream->applying, stream->schema, table, labels, "table_stream",
                                   error);
    if (status == DLCORE_OK)
        status = make_orders(stream, error);
    if (status == DLCORE_OK)
        status = dlcore_schema_make_tensors(stream->schema, &stream->allocator,
                                            dlcore_size_min(stream->piece, stream->rows.count),
                                            &stream->x, labels ? &stream->y : NULL, error);
    return status;
}

static dlcore_status create_stream(const dlcore_schema_t *schema, const dlcore_table_t *table,
                                   const dlcore_table_rows_t *asked,
                                   const dlcore_table_stream_options_t *given,
                                   dlcore_table_stream_t **out, dlcore_error_record_t *error)
{
    dlcore_table_stream_options_t options =
        given != NULL ? *given : dlcore_table_stream_options_default();
    dlcore_status status = check_stream_options(&options, error);
    dlcore_table_stream_t *stream;
    dlcore_table_rows_t rows;

    if (status == DLCORE_OK)
        status = dlcore_table_check_rows(table, "table_stream", asked, &rows, error);
    if (status == DLCORE_OK && rows.count == 0)
        return dlcore_fail(error, DLCORE_ERROR_SHAPE, "table_stream: no rows");
    if (status != DLCORE_OK)
        return status;
    stream = dlcore_allocate(&table->allocator, 1, sizeof *stream);
    if (stream == NULL)
        return dlcore_fail_memory(error, "table_stream", sizeof *stream);
    stream->allocator = table->allocator;
    stream->schema = schema;
    stream->rows = rows;
    stream->options = options;
    status = fill_stream(stream, table, error);
    if (status == DLCORE_OK)
        *out = stream;
    else
        dlcore_table_stream_free(stream);
    return status;
}

dlcore_status dlcore_table_stream_create(const dlcore_schema_t *schema, const dlcore_table_t *table,
                                         const dlcore_table_rows_t *rows,
                                         const dlcore_table_stream_options_t *options,
                                         dlcore_table_stream_t **out, dlcore_error_record_t *error)
{
    dlcore_traces_t before = dlcore_traces_note();

    if (out != NULL)
        *out = NULL;
    if (schema == NULL || table == NULL || out == NULL)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "table_stream: %s is NULL",
                           schema == NULL  ? "schema"
                           : table == NULL ? "table"
                                           : "out");
    return dlcore_traces_end(before, create_stream(schema, table, rows, options, out, error));
}

void dlcore_table_stream_free(dlcore_table_stream_t *stream)
{
    dlcore_allocator_t allocator;

    if (stream == NULL)
        return;
    allocator = stream->allocator;
    end_batch(stream);
    dlcore_applying_end(&stream->applying);
    dlcore_tensor_free(stream->x);
    dlcore_tensor_free(stream->y);
    dlcore_release(&allocator, stream->piece_order);
    dlcore_release(&allocator, stream->row_order);
    dlcore_release(&allocator, stream);
}
