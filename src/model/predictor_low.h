/* Predictors whose dense layers multiply in fewer bits than float32 (products/low.h). Everything
 * else in them is that of any predictor: activations, normalization and what else a network has are
 * computed in float32, layer by layer; a chain they never run.
 *
 * A predictor calls these functions through its precision alone, so that a program that never asks
 * for one does not link them.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_MODEL_PREDICTOR_LOW_H
#define DLCORE_MODEL_PREDICTOR_LOW_H

#include "system/compiler.h"

#include "model/predictor_settle.h"
#include "products/low.h"

DLCORE_HIDDEN_BEGIN

/* What such a predictor has beyond the others. */
struct dlcore_predictor_low {
    const dlcore_low_functions_t *functions;
    dlcore_low_kernel_t *kernels; /* of each node; without elements where it is not dense */
    dlcore_low_rows_t rows;       /* of the layer at hand */
    dlcore_low_list_t lists[DLCORE_LOW_LISTS];
    size_t list_count; /* that there is room for */
    void *memory;      /* that all of these point into */
};

struct dlcore_predictor_precision {
    const char *name;
    const dlcore_low_functions_t *(*kind)(size_t index);
    /* Memory for the predictor's capacity, `low` included; on failure the caller frees it. */
    dlcore_status (*settle)(dlcore_predictor_t *predictor, dlcore_error_record_t *error);
    /* What that would ask for, for a predictor with network, precision and capacity alone. */
    dlcore_status (*measure)(dlcore_predictor_t *predictor, size_t *bytes,
                             dlcore_error_record_t *error);
    /* Rounds the weights of the moment. */
    void (*fill)(dlcore_predictor_t *predictor);
    /* The product of a dense layer with its bias, and relu where that is the activation. */
    void (*multiply)(dlcore_predictor_t *predictor, size_t node, const dlcore_layer_pass_t *pass);
    /* Bytes of the rounded weights. */
    size_t (*weight_bytes)(const dlcore_predictor_t *predictor);
    void (*release)(dlcore_predictor_t *predictor);
};

dlcore_status dlcore_predictor_low_settle(dlcore_predictor_t *predictor,
                                          dlcore_error_record_t *error);
dlcore_status dlcore_predictor_low_measure(dlcore_predictor_t *predictor, size_t *bytes,
                                           dlcore_error_record_t *error);
void dlcore_predictor_low_fill(dlcore_predictor_t *predictor);
void dlcore_predictor_low_multiply(dlcore_predictor_t *predictor, size_t node,
                                   const dlcore_layer_pass_t *pass);
size_t dlcore_predictor_low_weight_bytes(const dlcore_predictor_t *predictor);
void dlcore_predictor_low_release(dlcore_predictor_t *predictor);

/* The table of a precision. */
#define DLCORE_PREDICTOR_PRECISION(precision_name, kind_of)                             \
    {                                                                                   \
        .name = precision_name, .kind = kind_of, .settle = dlcore_predictor_low_settle, \
        .measure = dlcore_predictor_low_measure, .fill = dlcore_predictor_low_fill,     \
        .multiply = dlcore_predictor_low_multiply,                                      \
        .weight_bytes = dlcore_predictor_low_weight_bytes,                              \
        .release = dlcore_predictor_low_release,                                        \
    }

DLCORE_HIDDEN_END

#endif
