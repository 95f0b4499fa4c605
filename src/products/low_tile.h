/* What a register tile of low_template.h is given.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_PRODUCTS_LOW_TILE_H
#define DLCORE_PRODUCTS_LOW_TILE_H

#include "system/compiler.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "products/low.h"

/* How a step is done: the dots are instructions that not every CPU has. */
typedef enum low_kind { LOW_INT8, LOW_INT8_DOTS, LOW_BFLOAT16, LOW_BFLOAT16_DOTS } low_kind_t;

typedef struct low_tile {
    const uint32_t *x; /* the words of the first row */
    size_t x_row;      /* from a row to the next */
    const dlcore_low_scale_t *scales;
    size_t words;
    const uint32_t *b;    /* of the panel */
    size_t b_step;        /* from a word to the next: the width of a panel ... */
    size_t b_panel;       /* ... and from a panel to the next */
    const float *factors; /* of the panel's units; the next vector of them is `width` further */
    size_t width;
    const float *bias; /* zeros where there is none */
    float floor;       /* 0 for relu, else -Inf */
} low_tile_t;

/* What is beyond the columns of a row is zero, whatever was not finite. */
static inline void low_clear_padding(const dlcore_matrix_t *y, size_t row)
{
    size_t used = y->columns % y->panel;

    if (used > 0)
        memset(dlcore_matrix_at(y, row, y->columns / y->panel) + used, 0,
               (y->panel - used) * sizeof(float));
}

#endif
