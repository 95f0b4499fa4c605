/* The products of a dense layer's gradients: apart from products.h, so that a program that only
 * predicts does not link them. Grids and tiles are as there.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_PRODUCTS_PRODUCTS_TRAINING_H
#define DLCORE_PRODUCTS_PRODUCTS_TRAINING_H

#include "system/compiler.h"

#include <stdbool.h>
#include <stddef.h>

#include "kernels/activate_gradient.h"
#include "kernels/kernels_training.h"
#include "products/matrix.h"
#include "products/products.h"
#include "products/small_loops.h"

DLCORE_HIDDEN_BEGIN

/* Where gradients go: kept in a vector, or used at once to update the weights. `offset` counts
 * floats from the start of the model's flat parameter vector, in the engine's own layout; `take`
 * may overwrite nothing but what it stands for, and `gradient` is only valid during the call. */
typedef struct dlcore_gradient_sink {
    /* Told a little before take, so that memory can be asked for meanwhile. */
    void (*expect)(const struct dlcore_gradient_sink *sink, size_t offset, size_t count);
    void (*take)(const struct dlcore_gradient_sink *sink, size_t offset, const float *gradient,
                 size_t count);
    bool rests; /* a gradient of zero would change nothing: it need not be handed on */
} dlcore_gradient_sink_t;

/* For engines: handing on the gradients of a stretch of inputs, column after column of x. Where x
 * leaves inputs out their gradients are zero, and the sink gets zeros. */
typedef struct dlcore_taking {
    const dlcore_gradient_sink_t *sink;
    size_t offset; /* of input 0 */
    size_t width;  /* floats of one input that are handed on */
    size_t stride; /* from one input's to the next */
    const dlcore_matrix_t *x;
    size_t input; /* the first that was not handed on yet */
} dlcore_taking_t;

/* Columns first .. first+count-1 of x will come soon. */
void dlcore_taking_expect(const dlcore_taking_t *taking, size_t first, size_t count);
/* Here they are, and zeros for what was left out before each. */
void dlcore_taking_columns(dlcore_taking_t *taking, size_t first, size_t count,
                           const float *gradient);
/* The stretch ends before input `end`: zeros for what was left out since the last column. */
void dlcore_taking_end(dlcore_taking_t *taking, size_t end);

/* kernel gradient = x^T dz, handed to the sink piece by piece at offset + its place in the kernel.
 * The weights themselves are not read here, but the sink may write them. */
typedef struct dlcore_kernel_gradient {
    size_t inputs, units;
    const dlcore_matrix_t *x;  /* (rows, inputs) */
    const dlcore_matrix_t *dz; /* (rows, units) */
    const dlcore_gradient_sink_t *sink;
    size_t offset;
    size_t workers; /* as in dlcore_forward_t */
    /* NULL: floats. Else x and dz hold pairs in their place, of neighbouring rows. */
    const dlcore_tiles_t *pairs;
} dlcore_kernel_gradient_t;

/* dx = (dz kernel^T) * derivative of `activation`, which the layer below applied to give x:
 * one of single elements whose derivative can be told from its output x. Padding columns of dx
 * become zero. */
typedef struct dlcore_input_gradient {
    const dlcore_training_kernels_t *kernels;
    size_t inputs, units;
    const dlcore_matrix_t *dz;
    const float *kernel;
    dlcore_activate_t activation;
    const dlcore_matrix_t *x; /* read unless the activation is linear */
    dlcore_matrix_t *dx;
    size_t workers; /* as in dlcore_forward_t */
    /* NULL: floats. Else dz holds pairs of neighbouring units, whose number `units` then is, and
     * kernel those turned round: as a kernel (units, inputs) of floats would lie. */
    const dlcore_tiles_t *pairs;
} dlcore_input_gradient_t;

typedef struct dlcore_products_training {
    /* What trains small networks whose weights lie as this engine has them; NULL: nothing. */
    const dlcore_small_functions_t *(*small)(void);

    size_t (*kernel_gradient_tiles)(size_t rows, size_t inputs, size_t units, size_t workers);
    void (*kernel_gradient)(const dlcore_kernel_gradient_t *product, size_t begin, size_t end,
                            float *scratch);

    size_t (*input_gradient_tiles)(size_t rows, size_t inputs, size_t units, size_t workers);
    void (*input_gradient)(const dlcore_input_gradient_t *product, size_t begin, size_t end,
                           float *scratch);
} dlcore_products_training_t;

/* Those of an engine. */
const dlcore_products_training_t *dlcore_products_training(const dlcore_products_t *products);

/* Each engine's; only those that the build has. */
extern const dlcore_products_training_t dlcore_products_training_blas;
extern const dlcore_products_training_t dlcore_products_training_avx2;
extern const dlcore_products_training_t dlcore_products_training_avx512;
extern const dlcore_products_training_t dlcore_products_training_neon;

DLCORE_HIDDEN_END

#endif
