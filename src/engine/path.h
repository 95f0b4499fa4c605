/* Which way numbers go through a network. Every choice between two ways to the same result is made
 * here, and nowhere else:
 *
 *     who multiplies        native, by CPU, or BLAS                      dlcore_path_products
 *     a training step       layer by layer (engine/step.c), or all layers at once on one thread
 *                           (engine/small.c)                             dlcore_path_train
 *     its factors           float32, or bfloat16, as model_options.precision says: in the native
 *                           engine's tiles, or behind BLAS in plain C (products_half.h)
 *     its samples           a sample in each lane, or units of one sample dlcore_path_is_row
 *     a run of a predictor  a chain in registers (products/chain.h), or layer by layer
 *                                                                        dlcore_path_chain_rows
 *     a dense layer there   lists of inputs that are not zero (products/gemv.h), or the engine's
 *                           product                                      dlcore_path_list_share
 *     ... in fewer bits     lists of words (products/low.h), or tiles    dlcore_path_word_share
 *
 * model_predict and model_evaluate always go layer by layer, in blocks of rows (model/run.c).
 *
 * A choice depends on layers, which of them train, settings and the size of a batch, never on the
 * number of threads: bits must not. What is planned for a way is remade when its key changes
 * (dlcore_workspace_ensure, dlcore_update_plan_ensure).
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_ENGINE_PATH_H
#define DLCORE_ENGINE_PATH_H

#include "system/compiler.h"

#include "dlcore/model.h"
#include "engine/network.h"
#include "engine/objective.h"

DLCORE_HIDDEN_BEGIN

/* The engine's products; NULL where this CPU or build has none of that kind. `rounds`: what trains
 * in bfloat16, which no BLAS is faster at. */
const dlcore_products_t *dlcore_path_products(dlcore_engine_t engine, bool rounds);

typedef enum dlcore_path {
    DLCORE_PATH_LAYERS, /* layer by layer, by all workers of a team */
    DLCORE_PATH_SMALL   /* a small network, by the calling thread alone */
} dlcore_path_t;

/* For the training steps of a built network. */
dlcore_path_t dlcore_path_train(const dlcore_network_t *network,
                                const dlcore_objective_t *objective);

/* Whether the step of a small network has one sample, which counts 1 under any reduction: then its
 * units lie in the lanes, else the samples do. */
static inline bool dlcore_path_is_row(const dlcore_objective_t *objective, size_t rows)
{
    return rows == 1 && !objective->weighted;
}

/* The most rows that a predictor for `capacity` rows runs as a chain; 0: the network is none, or
 * `rounded`: its products are in fewer bits than float32, which a chain's are not. */
size_t dlcore_path_chain_rows(const dlcore_network_t *network, size_t capacity, bool rounded);
/* Floats of the weights of that chain. */
size_t dlcore_path_chain_floats(const dlcore_network_t *network);

/* A predictor multiplies `rows` rows by lists when fewer than this share of the inputs, in
 * sixteenths, is not zero; SIZE_MAX: always. `has_products`: there is another way. */
size_t dlcore_path_list_share(size_t rows, size_t units, bool has_products);
/* The same for products in fewer bits, of words (products/low.h). */
size_t dlcore_path_word_share(size_t rows);

DLCORE_HIDDEN_END

#endif
