/* Embedding: gradients, which a program that only predicts does not have.
 *
 * SPDX-License-Identifier: MIT */
#include "base/size.h"
#include "nn/embedding_cells.h"
#include "nn/embeddings.h"

#define EMBEDDING_CHUNK 1024 /* numbers of tables whose gradients are added up at a time */

void dlcore_embeddings_input_gradient(const dlcore_layer_pass_t *pass)
{
    const dlcore_embeddings_t *tables = &pass->layer->embeddings;
    size_t end = dlcore_share(pass->dx->rows, pass->worker + 1, pass->workers);

    for (size_t row = dlcore_share(pass->dx->rows, pass->worker, pass->workers); row < end; row++) {
        size_t from = 0, to = 0;

        for (size_t i = 0; i < tables->count; i++) {
            const dlcore_embedding_t *table = &tables->table[i];
            size_t between = table->column - to;

            embedding_copy(pass->dy, from, pass->dx, to, row, between);
            *embedding_cell(pass->dx, row, table->column) = 0.0f;
            from += between + table->units;
            to = (size_t)table->column + 1;
        }
        embedding_copy(pass->dy, from, pass->dx, to, row, pass->input_width - to);
        embedding_zero_padding(pass->dx, row);
    }
}

/* Numbers first .. end-1 of the parameter, and their gradients. */
typedef struct embedding_stretch {
    size_t first, end;
    float sums[EMBEDDING_CHUNK];
    bool touched;
} embedding_stretch_t;

/* The rows of the batch that name one of the table's, which begins at number `begin` of the
 * parameter and at a column of dy. */
static void embedding_add_table(const dlcore_layer_pass_t *pass, const dlcore_embedding_t *table,
                                size_t begin, size_t column, embedding_stretch_t *stretch)
{
    for (size_t row = 0; row < pass->dy->rows; row++) {
        size_t index = embedding_index(pass->x, row, table), place = begin + index * table->units;
        size_t first = dlcore_size_max(place, stretch->first);
        size_t end = dlcore_size_min(place + table->units, stretch->end);

        if (index == table->count || first >= end)
            continue;
        stretch->touched = true;
        for (size_t i = first, n; i < end; i += n) {
            size_t at = column + (i - place);
            const float *dy = embedding_cell(pass->dy, row, at);

            n = embedding_side_by_side(pass->dy, at, end - i);
            for (size_t k = 0; k < n; k++)
                stretch->sums[i - stretch->first + k] += dy[k];
        }
    }
}

static void embedding_add_tables(const dlcore_layer_pass_t *pass, embedding_stretch_t *stretch)
{
    const dlcore_embeddings_t *tables = &pass->layer->embeddings;
    size_t begin = 0, column = 0, from = 0;

    for (size_t i = 0; i < tables->count && begin < stretch->end; i++) {
        const dlcore_embedding_t *table = &tables->table[i];
        size_t size = (size_t)table->count * table->units;

        column += table->column - from;
        if (begin + size > stretch->first)
            embedding_add_table(pass, table, begin, column, stretch);
        begin += size;
        column += table->units;
        from = (size_t)table->column + 1;
    }
}

void dlcore_embeddings_parameter_gradient(const dlcore_layer_pass_t *pass)
{
    const dlcore_parameter_t *parameter = &pass->parameters[0];
    size_t chunks = (parameter->floats + EMBEDDING_CHUNK - 1) / EMBEDDING_CHUNK;
    size_t last = dlcore_share(chunks, pass->worker + 1, pass->workers);

    for (size_t i = dlcore_share(chunks, pass->worker, pass->workers); i < last; i++) {
        embedding_stretch_t stretch = {
            .first = i * EMBEDDING_CHUNK,
            .end = dlcore_size_min((i + 1) * EMBEDDING_CHUNK, parameter->floats)};

        embedding_add_tables(pass, &stretch);
        if (stretch.touched || !pass->sink->rests)
            pass->sink->take(pass->sink, parameter->offset + stretch.first, stretch.sums,
                             stretch.end - stretch.first);
    }
}
