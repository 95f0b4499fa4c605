/* Training small networks: forward, loss and backward of a group of samples, one sample in each
 * lane of a vector, so that nothing is spent on layers, tiles and padding. For networks of dense
 * layers whose every width is at most DLCORE_SMALL_WIDTH.
 *
 * Weights are read where the native engines keep them: kernels (inputs, 16), biases (16).
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_PRODUCTS_SMALL_LOOPS_H
#define DLCORE_PRODUCTS_SMALL_LOOPS_H

#include "system/compiler.h"

#include <stdbool.h>
#include <stddef.h>

#include "dlcore/activation.h"

DLCORE_HIDDEN_BEGIN

#define DLCORE_SMALL_WIDTH 16
#define DLCORE_SMALL_LAYERS 6
#define DLCORE_SMALL_LANES_MAX 16

/* kernel and bias: floats from the start of the flat parameter vector. */
typedef struct dlcore_small_layer {
    size_t inputs, units;
    size_t kernel, bias;
    bool has_bias;
    dlcore_activation_t activation; /* of the last layer: what the loss does not apply */
} dlcore_small_layer_t;

typedef enum dlcore_small_loss {
    DLCORE_SMALL_BINARY_CROSSENTROPY,      /* with sigmoid, from logits */
    DLCORE_SMALL_CATEGORICAL_CROSSENTROPY, /* with softmax, from logits */
    DLCORE_SMALL_SQUARED_ERROR
} dlcore_small_loss_t;

typedef struct dlcore_small {
    dlcore_small_layer_t layers[DLCORE_SMALL_LAYERS];
    size_t layer_count;
    dlcore_small_loss_t loss;
    bool is_narrow; /* no layer has more than DLCORE_SMALL_WIDTH / 2 units */
} dlcore_small_t;

/* A group: `lanes` samples side by side; numbers of one input or unit lie together. */
typedef struct dlcore_small_group {
    const float *values; /* the flat parameter vector */
    const float *x;      /* (inputs, lanes) */
    const float *t;      /* labels, (units, lanes) */
    const float *weight; /* (lanes): what a lane's loss counts in the gradient; 0: unused */
    float *y;            /* (units, lanes): predictions; logits of linear layers as they are */
    float *loss;         /* (lanes): losses of the samples, unweighted */
    float *work;         /* dlcore_small_work floats, for one group after the other of a batch */
    bool first;          /* of its batch: the gradient begins anew */
} dlcore_small_group_t;

/* A batch of one sample, whose units lie in the lanes. */
typedef struct dlcore_small_row {
    const float *values;
    const float *x;   /* (inputs) */
    const float *t;   /* labels, (units) */
    float *y;         /* (DLCORE_SMALL_WIDTH) */
    float *work;      /* as above */
    float *gradients; /* every parameter's, where they lie in the flat vector; padding: 0 before and
                         after */
} dlcore_small_row_t;

typedef struct dlcore_small_functions {
    /* Answers the loss. */
    float (*run_row)(const dlcore_small_t *net, const dlcore_small_row_t *row);
    size_t lanes;
    void (*run)(const dlcore_small_t *net, const dlcore_small_group_t *group);
    /* After the last group: gradients of all parameters, to where they lie in the flat vector.
     * Padding is not written. */
    void (*gradients)(const dlcore_small_t *net, const float *work, float *gradients);
} dlcore_small_functions_t;

/* Whether a layer may have that activation: linear, relu, sigmoid or tanh. */
bool dlcore_small_takes(dlcore_activation_t activation);

/* Floats of `work`. */
size_t dlcore_small_work(const dlcore_small_t *net);

/* Each target's own; only those that the build has. */
const dlcore_small_functions_t *dlcore_small_table_avx512(void);
const dlcore_small_functions_t *dlcore_small_table_avx2(void);
const dlcore_small_functions_t *dlcore_small_table_neon(void);

DLCORE_HIDDEN_END

#endif
