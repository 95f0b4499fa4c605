/* What a predictor is made of, and making it ready; predictor_run.c runs it.
 *
 * A network whose widths are all small is a chain (products/chain.h), with weights of its own. Any
 * other, and batches of one whose weights do not stay in the first-level cache, run layer by layer
 * over the network's nodes. There a dense layer with one row, or with
 * few inputs that are not zero, goes by lists (products/gemv.h), any other by the native engine's
 * product. A model of another engine gets a copy of its weights in panels. With a precision, every
 * dense layer goes by products in fewer bits (predictor_low.h).
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_MODEL_PREDICTOR_SETTLE_H
#define DLCORE_MODEL_PREDICTOR_SETTLE_H

#include "system/compiler.h"

#include "dlcore/predictor.h"
#include "model/model.h"
#include "products/chain.h"
#include "products/gemv.h"

DLCORE_HIDDEN_BEGIN

struct dlcore_predictor {
    const dlcore_model_t *model;
    dlcore_allocator_t allocator;
    dlcore_error_record_t error; /* of the last run that failed */
    uint64_t version;            /* of the model's weights */
    size_t capacity;             /* rows */
    size_t input_width, output_width;
    bool flush_denormals;

    const dlcore_predictor_precision_t *precision; /* NULL: float32 */
    struct dlcore_predictor_low *low;              /* what it needs, or NULL */

    dlcore_chain_t chain;
    size_t chain_rows; /* most rows that it runs; 0: there is no chain */
    const dlcore_chain_functions_t *chain_functions;
    bool needs_no_mode; /* a chain that runs in any floating-point mode */
    dlcore_chain_layer_t *chain_layers;
    float *chain_values;

    dlcore_network_t network; /* the model's, or with nodes and values of its own */
    dlcore_node_t *nodes;     /* its own, or NULL; likewise values */
    float *values;
    const dlcore_gemv_functions_t *gemv;
    bool has_products; /* the network's products may multiply */
    bool *skips_zeros; /* of each node: all weights are finite */
    float *unpacked;   /* one kernel, row-major, for copies of weights; NULL: there are none */
    dlcore_workspace_t workspace;
    void *list_memory;
    dlcore_list_t lists[DLCORE_GEMV_ROWS];
};

/* Whether the gather changes numbers. */
static inline bool dlcore_predictor_is_rescaled(const dlcore_network_t *network)
{
    return network->input_scale != 1.0f || network->input_offset != 0.0f;
}

/* The values of a layer's parameter: 0 the kernel, 1 the bias; NULL when it has none. */
static inline const float *dlcore_predictor_values(const dlcore_network_t *network,
                                                   const dlcore_node_t *node, size_t index)
{
    return index < node->parameter_count ? network->values + node->parameters[index].offset : NULL;
}

/* dlcore_predictor_create with options that are checked, and memory from any allocator, which must
 * outlive the predictor. */
dlcore_status dlcore_predictor_make(const dlcore_model_t *model,
                                    const dlcore_predictor_options_t *options,
                                    const dlcore_allocator_t *allocator,
                                    dlcore_predictor_t **predictor);

/* Everything that a run needs, for the model, capacity and widths that are set; on failure the
 * caller frees the predictor. */
dlcore_status dlcore_predictor_settle(dlcore_predictor_t *predictor, dlcore_error_record_t *error);

/* Whether a model and options can have a predictor. */
dlcore_status dlcore_predictor_check(const dlcore_model_t *model, size_t batch_size,
                                     dlcore_error_record_t *error);

/* Sizes, which predictor_memory.c needs, too: numbers of the largest parameter; floats of one whose
 * kernel lies in panels; entries of a list that any row into a dense layer fits. */
size_t dlcore_predictor_largest(const dlcore_network_t *network);
size_t dlcore_predictor_panel_floats(const dlcore_gemv_functions_t *gemv,
                                     const dlcore_parameter_t *parameter);
size_t dlcore_predictor_list_room(const dlcore_network_t *network);

/* Copies of the model's weights, and what is known of them, made anew in the same memory. */
void dlcore_predictor_fill(dlcore_predictor_t *predictor);

DLCORE_HIDDEN_END

#endif
