/* A row times a kernel in panels (products_native.h), for networks that run one row, or a few, at
 * a time: the time goes into reading weights, so inputs of zero are left out, and the weights of
 * the others are asked for ahead of time.
 *
 * A row is first made into a list of its inputs that are not zero. Then the sums of some panels at
 * once run through the list in registers. Each sum runs in a fixed order that depends on the list
 * alone.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_PRODUCTS_GEMV_H
#define DLCORE_PRODUCTS_GEMV_H

#include "system/compiler.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "products/matrix.h"
#include "products/products.h"

DLCORE_HIDDEN_BEGIN

/* Rows whose lists are made before the panels are looked at, so that a panel's weights are read
 * once for all of them. */
#define DLCORE_GEMV_ROWS 16

/* Elements that a list has room for, beyond its row's. */
#define DLCORE_GEMV_SPARE 32

typedef struct dlcore_list {
    size_t count;
    bool is_sparse;  /* far fewer than the row's elements */
    uint32_t *index; /* ascending */
    float *value;
} dlcore_list_t;

typedef struct dlcore_gemv {
    size_t inputs, units;
    const float *kernel; /* in panels */
    const float *bias;   /* NULL, or units rounded up to 16 */
    bool relu;
} dlcore_gemv_t;

typedef struct dlcore_gemv_functions {
    const char *name;
    /* Width of the panels of a kernel with that many units. */
    size_t (*panel)(size_t units);
    /* How many elements of a row are not zero; NaN is not. x may be row-major: one panel that is
     * as wide as a row. Padding is not read. */
    size_t (*nonzeros)(const dlcore_matrix_t *x, size_t row);
    /* Makes their list; with `all`, that of all elements. */
    void (*list)(const dlcore_matrix_t *x, size_t row, bool all, dlcore_list_t *list);
    /* Rows row .. row+rows-1 of y from lists[0 .. rows-1]; y's panels are as wide as the kernel's,
     * or a whole row. Padding becomes zero. */
    void (*multiply)(const dlcore_gemv_t *gemv, const dlcore_list_t *lists, size_t row, size_t rows,
                     dlcore_matrix_t *y);
} dlcore_gemv_functions_t;

/* Those that read the kernels of an engine; NULL for one that has no panels. */
const dlcore_gemv_functions_t *dlcore_gemv_of(const dlcore_products_t *products);
/* Those for this CPU, and the engine whose layout they share; *products is NULL when there is none.
 */
const dlcore_gemv_functions_t *dlcore_gemv_best(const dlcore_products_t **products);

/* Each target's own; only those that the build has. */
const dlcore_gemv_functions_t *dlcore_gemv_portable(void);
const dlcore_gemv_functions_t *dlcore_gemv_avx2(void);
const dlcore_gemv_functions_t *dlcore_gemv_avx512(void);
const dlcore_gemv_functions_t *dlcore_gemv_neon(void);

DLCORE_HIDDEN_END

#endif
