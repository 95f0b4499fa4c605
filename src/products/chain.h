/* A chain of small dense layers, run from the first to the last without leaving the vector
 * registers and a stack of a few cache lines: networks whose every width is at most
 * DLCORE_CHAIN_WIDTH, where anything that is done per layer or per call would cost more than the
 * arithmetic.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_PRODUCTS_CHAIN_H
#define DLCORE_PRODUCTS_CHAIN_H

#include "system/compiler.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dlcore/activation.h"

DLCORE_HIDDEN_BEGIN

#define DLCORE_CHAIN_WIDTH 64
#define DLCORE_CHAIN_BLOCK 16 /* units are padded to a multiple of this, ... */
#define DLCORE_CHAIN_STEP 4   /* ... and inputs of this */

/* One layer: y = activation(x kernel + bias). The weights are a matrix of rounded-up width: the
 * bias first, then a row for each input, rounded up to whole steps; zero where it is padding. */
typedef struct dlcore_chain_layer {
    const float *weights;
    size_t inputs, units;
    dlcore_activation_t activation;
} dlcore_chain_layer_t;

typedef struct dlcore_chain {
    const dlcore_chain_layer_t *layers;
    size_t layer_count;
    size_t inputs, units;
    float scale, offset; /* x * scale + offset is what the first layer sees ... */
    bool rescales;       /* ... when that is not x itself */
    size_t widest;       /* units of the widest layer */
} dlcore_chain_t;

typedef struct dlcore_chain_functions {
    /* Rows of x, contiguous and row-major, through the chain to y. */
    void (*run)(const dlcore_chain_t *chain, const float *x, size_t rows, float *y);
    void (*run_uint8)(const dlcore_chain_t *chain, const uint8_t *x, size_t rows, float *y);
    /* Whether they treat denormals as zero by themselves, by operations that bring their own
     * rounding, raise no flag and never trap: then no floating-point mode is needed around them. */
    bool flushes;
} dlcore_chain_functions_t;

/* Whether a layer may have that activation: linear, relu, softmax, sigmoid or tanh. */
bool dlcore_chain_takes(dlcore_activation_t activation);

/* Floats that a layer's weights take, and filling them from a row-major kernel and a bias, which
 * may be NULL. With `flush`, denormal weights become zero. */
size_t dlcore_chain_floats(size_t inputs, size_t units);
void dlcore_chain_pack(size_t inputs, size_t units, const float *kernel, const float *bias,
                       bool flush, float *weights);

/* The best for this CPU; without `flush`, of those that leave denormals to the mode. */
const dlcore_chain_functions_t *dlcore_chain_functions(bool flush);

/* Each target's own; only those that the build has. */
const dlcore_chain_functions_t *dlcore_chain_portable(void);
const dlcore_chain_functions_t *dlcore_chain_avx2(void);
const dlcore_chain_functions_t *dlcore_chain_avx512(void);
const dlcore_chain_functions_t *dlcore_chain_neon(void);

DLCORE_HIDDEN_END

#endif
