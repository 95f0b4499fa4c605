/* Embedding: columns of x that hold whole numbers become rows of tables, one for each such column;
 * the others are passed on. The tables lie one after the other in one parameter.
 *
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <string.h>

#include "base/size.h"
#include "nn/embedding_cells.h"
#include "nn/embeddings.h"

/* ---- passes ---- */

static void embedding_put(const dlcore_matrix_t *y, size_t row, size_t column, const float *from,
                          size_t count)
{
    while (count > 0) {
        size_t n = embedding_side_by_side(y, column, count);
        float *to = embedding_cell(y, row, column);

        if (from != NULL) {
            memcpy(to, from, n * sizeof *to);
            from += n;
        }
        for (size_t i = 0; from == NULL && i < n; i++)
            to[i] = NAN;
        column += n;
        count -= n;
    }
}

static void embedding_forward_row(const dlcore_layer_pass_t *pass, size_t row)
{
    const dlcore_embeddings_t *tables = &pass->layer->embeddings;
    const float *values = pass->values + pass->parameters[0].offset;
    size_t from = 0, to = 0;

    for (size_t i = 0; i < tables->count; i++) {
        const dlcore_embedding_t *table = &tables->table[i];
        size_t between = table->column - from, index = embedding_index(pass->x, row, table);

        embedding_copy(pass->x, from, pass->y, to, row, between);
        embedding_put(pass->y, row, to + between,
                      index < table->count ? values + index * table->units : NULL, table->units);
        from = (size_t)table->column + 1;
        to += between + table->units;
        values += (size_t)table->count * table->units;
    }
    embedding_copy(pass->x, from, pass->y, to, row, pass->input_width - from);
    embedding_zero_padding(pass->y, row);
}

static void put_embeddings(const dlcore_layer_pass_t *pass)
{
    size_t end = dlcore_share(pass->y->rows, pass->worker + 1, pass->workers);

    for (size_t row = dlcore_share(pass->y->rows, pass->worker, pass->workers); row < end; row++)
        embedding_forward_row(pass, row);
}

/* ---- tables ---- */

const dlcore_embeddings_code_t dlcore_embeddings_code = {
    .validate = dlcore_embeddings_validate,
    .copy = dlcore_embeddings_copy,
    .size = dlcore_embeddings_size,
    .check_build = dlcore_embeddings_check_build,
    .check_indices = dlcore_embeddings_check_indices,
    .forward = put_embeddings,
};

dlcore_layer_t dlcore_layer_embedding(const dlcore_embedding_t *tables, size_t count)
{
    dlcore_layer_t layer =
        dlcore_layer_make(DLCORE_LAYER_EMBEDDING, dlcore_layer_type_embedding.settings);

    layer.embeddings = (dlcore_embeddings_t){
        .count = tables != NULL ? count : 0, .table = tables, .code = &dlcore_embeddings_code};
    return layer;
}
