/* A batch of activations: rows are samples, columns units, stored in column panels.
 *
 * Element (r, c) lies at data[c / panel * panel_stride + r * panel + c % panel]. Within a panel
 * rows are contiguous and `panel` floats apart. A plain row-major matrix is the case of one panel
 * that is as wide as a row. The engine chooses the panel (BLAS: one; native: the width of its
 * register tile), so whatever loops over elements does it panel by panel and knows no other layout.
 * Columns between `columns` and the end of the last panel are padding: their values are finite and
 * otherwise free, except in gradients, where they are zero, and in a batch of inputs, where they
 * may be anything. Of a predictor's rows that are read where the user has them, alignment and panel
 * are the user's: one panel, as wide as a row.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_PRODUCTS_MATRIX_H
#define DLCORE_PRODUCTS_MATRIX_H

#include "system/compiler.h"

#include <stddef.h>
#include <stdint.h>

/* Rows as lists of the numbers that are not zero, as a sparse tensor has them: row r is list
 * order[begin + r], or begin + r without an order, and entry i of list l, starts[l] <= i <
 * starts[l + 1], is values[i] * scale, or `scale` without values, in column indices[i]. */
typedef struct dlcore_lists {
    const size_t *starts;
    const int32_t *indices;
    const float *values;
    const size_t *order;
    size_t begin;
    float scale;
} dlcore_lists_t;

typedef struct dlcore_matrix {
    float *data; /* 64-byte aligned */
    size_t rows;
    size_t columns;
    size_t panel;        /* floats from one row to the next, a multiple of 16 */
    size_t panel_stride; /* floats from one panel to the next: panel * (rows the buffer holds) */
    /* For a batch that leaves out inputs which are zero in all of its rows: column c is input
     * index[c], and gaps[c] = index[c + 1] - index[c], any for the last. NULL: none left out. */
    const uint32_t *index;
    const uint32_t *gaps;
    /* What an engine noted of zeros in a batch of inputs (products.h: note_zeros); NULL: nothing.
     */
    uint32_t *zeros;
    /* For a batch of inputs that lies in lists: data is not read then. Only a dense layer's forward
     * and kernel gradient know them (products_sparse.h). NULL: the rows are in data. */
    const dlcore_lists_t *lists;
} dlcore_matrix_t;

/* Panels in use: ceil(columns / panel). */
static inline size_t dlcore_matrix_panels(const dlcore_matrix_t *m)
{
    return (m->columns + m->panel - 1) / m->panel;
}

/* Columns in panel p: `panel`, or fewer in the last. */
static inline size_t dlcore_matrix_panel_columns(const dlcore_matrix_t *m, size_t p)
{
    size_t left = m->columns - p * m->panel;
    return left < m->panel ? left : m->panel;
}

/* The input that column c stands for. */
static inline size_t dlcore_matrix_input(const dlcore_matrix_t *m, size_t c)
{
    return m->index != NULL ? m->index[c] : c;
}

/* The first column that stands for `input` or one after it; `columns` when there is none. */
static inline size_t dlcore_matrix_column(const dlcore_matrix_t *m, size_t input)
{
    size_t low = 0, high = m->columns;

    if (m->index == NULL)
        return input;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (m->index[middle] < input)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Rows begin .. end-1, sharing the elements. */
static inline dlcore_matrix_t dlcore_matrix_rows(const dlcore_matrix_t *m, size_t begin, size_t end)
{
    dlcore_matrix_t view = *m;
    view.data += begin * m->panel;
    view.rows = end - begin;
    view.zeros = NULL;
    return view;
}

/* The row of panel p that starts at (row, p * panel). */
static inline float *dlcore_matrix_at(const dlcore_matrix_t *m, size_t row, size_t p)
{
    return m->data + p * m->panel_stride + row * m->panel;
}

/* Element (row, c): for what goes across panels. */
static inline float *dlcore_matrix_element(const dlcore_matrix_t *m, size_t row, size_t c)
{
    return dlcore_matrix_at(m, row, c / m->panel) + c % m->panel;
}

/* What a row has between the last column and the end of its last panel becomes 0. */
static inline void dlcore_matrix_clear_padding(const dlcore_matrix_t *m, size_t row)
{
    for (size_t c = m->columns; c % m->panel != 0; c++)
        *dlcore_matrix_element(m, row, c) = 0.0f;
}

#endif
