/* Embedding: columns of x that hold whole numbers become rows of tables, one for each such column;
 * the others are passed on. The tables lie one after the other in one parameter.
 *
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <string.h>

#include "base/size.h"
#include "nn/embeddings.h"

#define EMBEDDING_CHUNK 1024 /* numbers of tables whose gradients are added up at a time */

/* ---- cells of a matrix ---- */

static float *embedding_cell(const dlcore_matrix_t *m, size_t row, size_t column)
{
    return dlcore_matrix_at(m, row, column / m->panel) + column % m->panel;
}

/* How many of `count` columns lie side by side from `column` on. */
static size_t embedding_side_by_side(const dlcore_matrix_t *m, size_t column, size_t count)
{
    return dlcore_size_min(count, m->panel - column % m->panel);
}

static void embedding_copy(const dlcore_matrix_t *from, size_t from_column,
                           const dlcore_matrix_t *to, size_t to_column, size_t row, size_t count)
{
    while (count > 0) {
        size_t n =
            embedding_side_by_side(from, from_column, embedding_side_by_side(to, to_column, count));

        memcpy(embedding_cell(to, row, to_column), embedding_cell(from, row, from_column),
               n * sizeof(float));
        from_column += n;
        to_column += n;
        count -= n;
    }
}

static void embedding_zero_padding(const dlcore_matrix_t *m, size_t row)
{
    size_t last = dlcore_matrix_panels(m) - 1, columns = dlcore_matrix_panel_columns(m, last);

    memset(dlcore_matrix_at(m, row, last) + columns, 0, (m->panel - columns) * sizeof(float));
}

/* The row of the table that x names; `count`, none, where what was checked has changed since. */
static size_t embedding_index(const dlcore_matrix_t *x, size_t row, const dlcore_embedding_t *table)
{
    double number = (double)*embedding_cell(x, row, table->column);

    return dlcore_embedding_has(table, number) ? (size_t)number : table->count;
}

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

/* Of what is passed on; a whole number has none. */
static void pass_embeddings_back(const dlcore_layer_pass_t *pass)
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

static void learn_embeddings(const dlcore_layer_pass_t *pass)
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

/* ---- tables ---- */

const dlcore_embeddings_code_t dlcore_embeddings_code = {
    .validate = dlcore_embeddings_validate,
    .copy = dlcore_embeddings_copy,
    .size = dlcore_embeddings_size,
    .check_build = dlcore_embeddings_check_build,
    .check_indices = dlcore_embeddings_check_indices,
    .forward = put_embeddings,
    .input_gradient = pass_embeddings_back,
    .parameter_gradient = learn_embeddings,
};

dlcore_layer_t dlcore_layer_embedding(const dlcore_embedding_t *tables, size_t count)
{
    dlcore_layer_t layer =
        dlcore_layer_make(DLCORE_LAYER_EMBEDDING, dlcore_layer_type_embedding.settings);

    layer.embeddings = (dlcore_embeddings_t){
        .count = tables != NULL ? count : 0, .table = tables, .code = &dlcore_embeddings_code};
    return layer;
}
