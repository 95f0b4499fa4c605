/* A network in plain double-precision loops, forward only: what dlcore's gradients are held
 * against, by central differences. It shares no code with the library, only the descriptors.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_TESTS_REFERENCE_H
#define DLCORE_TESTS_REFERENCE_H

#include <stdbool.h>
#include <stddef.h>

#include "dlcore/layer.h"
#include "dlcore/loss.h"

#define REFERENCE_LAYERS 20
#define REFERENCE_ROWS 9
#define REFERENCE_WIDTH 40
#define REFERENCE_ARRAYS (4 * REFERENCE_LAYERS)
/* three dense layers, and others between */
#define REFERENCE_PARAMETERS (3 * (REFERENCE_WIDTH + 1) * REFERENCE_WIDTH + 40 * REFERENCE_WIDTH)

typedef struct reference {
    size_t layer_count;
    dlcore_layer_t layers[REFERENCE_LAYERS];
    dlcore_embedding_t tables[REFERENCE_WIDTH]; /* of an embedding in front */
    dlcore_loss_t loss;
    size_t rows;
    size_t widths[REFERENCE_LAYERS + 1];  /* into each layer; the last: out of the model */
    size_t offsets[REFERENCE_LAYERS + 1]; /* of each layer's weights; the last: their number */
    double weights[REFERENCE_PARAMETERS]; /* kernel, bias, kernel, ... as dlcore orders them */
    /* samples; labels: (rows, units), of the sparse loss (rows) class numbers */
    double x[REFERENCE_ROWS * REFERENCE_WIDTH];
    double y[REFERENCE_ROWS * REFERENCE_WIDTH];
    bool is_weighted;
    double sample_weight[REFERENCE_ROWS];
    /* what dropout multiplies by, and noise adds */
    double drawn[REFERENCE_LAYERS][REFERENCE_ROWS * REFERENCE_WIDTH];
    /* what each layer got, the last: the outputs; and what the last activation got */
    double values[REFERENCE_LAYERS + 1][REFERENCE_ROWS * REFERENCE_WIDTH];
    double logits[REFERENCE_ROWS * REFERENCE_WIDTH];
    double activities[REFERENCE_LAYERS]; /* what the outputs of each layer add to the loss */
    /* distance of the nearest relu to its kink, and of the nearest probability to a clip; both
     * INFINITY without any; of the last run from layer 0 */
    double nearest_kink;
    double nearest_clip;
    double least_variance; /* that a normalization divided by; INFINITY without any */
} reference_t;

/* A kernel, a bias or another array within the weights. */
typedef struct reference_array {
    const char *name;
    size_t begin, rows, units;
    bool frozen;       /* of a layer that is not trained */
    bool is_statistic; /* which no gradient moves */
} reference_array_t;

/* Answers their number. */
size_t reference_arrays(const reference_t *network, reference_array_t arrays[REFERENCE_ARRAYS]);

/* Fills in widths and offsets from the layers and widths[0]. */
void reference_build(reference_t *network);

/* The loss with penalties, layers working as in training, computed anew from layer `first` on; the
 * values before it are those of the last call. */
double reference_loss(reference_t *network, size_t first);

/* Central differences of the loss by every weight, frozen ones and statistics included. */
void reference_gradients(reference_t *network, double *gradients);

#endif
