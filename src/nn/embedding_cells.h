/* Cells of matrices in panels, as embeddings read and write them.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_NN_EMBEDDING_CELLS_H
#define DLCORE_NN_EMBEDDING_CELLS_H

#include "system/compiler.h"

#include <string.h>

#include "base/size.h"
#include "nn/embeddings.h"

DLCORE_HIDDEN_BEGIN

static inline float *embedding_cell(const dlcore_matrix_t *m, size_t row, size_t column)
{
    return dlcore_matrix_at(m, row, column / m->panel) + column % m->panel;
}

/* How many of `count` columns lie side by side from `column` on. */
static inline size_t embedding_side_by_side(const dlcore_matrix_t *m, size_t column, size_t count)
{
    return dlcore_size_min(count, m->panel - column % m->panel);
}

static inline void embedding_copy(const dlcore_matrix_t *from, size_t from_column,
                                  const dlcore_matrix_t *to, size_t to_column, size_t row,
                                  size_t count)
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

static inline void embedding_zero_padding(const dlcore_matrix_t *m, size_t row)
{
    size_t last = dlcore_matrix_panels(m) - 1, columns = dlcore_matrix_panel_columns(m, last);

    memset(dlcore_matrix_at(m, row, last) + columns, 0, (m->panel - columns) * sizeof(float));
}

/* The row of the table that x names; `count`, none, where what was checked has changed since. */
static inline size_t embedding_index(const dlcore_matrix_t *x, size_t row,
                                     const dlcore_embedding_t *table)
{
    double number = (double)*embedding_cell(x, row, table->column);

    return dlcore_embedding_has(table, number) ? (size_t)number : table->count;
}

DLCORE_HIDDEN_END

#endif
