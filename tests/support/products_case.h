/* One dense layer for the tests of products.h: operands, every product in plain double-precision
 * loops, and running an engine's tiles.
 *
 * Buffers are filled so that mistakes show: what an engine must write is NaN before, what it must
 * not read is 1e30, and what it must not write (rows beyond the batch, floats beyond the scratch)
 * is compared afterwards.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_TESTS_PRODUCTS_CASE_H
#define DLCORE_TESTS_PRODUCTS_CASE_H

#include <stddef.h>

#include "products/products.h"
#include "products/products_training.h"
#include "support/aligned.h"

#define PRODUCTS_CASE_SPARE_ROWS 3 /* in every matrix, beyond the batch */

/* Row-major operands and what the products of them are, before any activation. */
typedef struct products_case {
    size_t rows, inputs, units;
    float *x, *kernel, *bias, *dz; /* bias: units rounded up to 16 */
    bool notes_zeros;       /* x comes with the engine's notes on zeros, where it makes some */
    uint32_t *index, *gaps; /* of the columns that x has when some are left out; NULL: it has all */
    size_t columns;
    size_t workers;                            /* that grids are for */
    double *y, *kernel_gradient, *dx;          /* y includes the bias */
    double *y_error, *kernel_error, *dx_error; /* the most that float sums may be off */
} products_case_t;

products_case_t products_case(size_t rows, size_t inputs, size_t units, unsigned seed);
void products_case_free(products_case_t *c);
/* Computes the results anew, after operands were changed. */
void products_case_update(products_case_t *c);

/* Makes about that share of the inputs zero in all rows; x leaves them out from now on. */
void products_case_leave_out(products_case_t *c, double share, unsigned seed);
/* x has all columns again, those of zeros as well. */
void products_case_put_back(products_case_t *c);

/* How to run the tiles of a product. */
typedef enum products_order {
    PRODUCTS_ASCENDING,  /* all at once */
    PRODUCTS_DESCENDING, /* one after the other */
    PRODUCTS_SHARES,     /* as three workers would */
    PRODUCTS_THREADS     /* whoever comes takes the next */
} products_order_t;

/* A matrix in the engine's panels; NULL elements: all NaN. Padding is `padding`. */
dlcore_matrix_t products_case_matrix(const dlcore_products_t *products, size_t rows, size_t columns,
                                     const float *elements, float padding);
/* Element (r, c); columns up to the end of the last panel. */
float *products_case_at(const dlcore_matrix_t *m, size_t r, size_t c);

/* Each runs one product and answers what it wrote, for the caller to free: the matrix's data, or
 * kernel_floats gradients. They fail the test when something else was written, too, or, of a kernel
 * gradient, when an element came not exactly once. */
dlcore_matrix_t products_case_forward(const products_case_t *c, const dlcore_products_t *products,
                                      dlcore_activation_t activation, products_order_t order);
float *products_case_kernel_gradient(const products_case_t *c, const dlcore_products_t *products,
                                     products_order_t order);
dlcore_matrix_t products_case_input_gradient(const products_case_t *c,
                                             const dlcore_products_t *products,
                                             dlcore_activation_t activation,
                                             products_order_t order);

#endif
