/* The optimizer's state in files of Keras: "optimizer/vars/0", ..., or with names in Keras 2.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_EXCHANGE_KERAS_STATE_H
#define DLCORE_EXCHANGE_KERAS_STATE_H

#include "system/compiler.h"

#include "exchange/keras_file.h"
#include "model/model.h"

DLCORE_HIDDEN_BEGIN

/* Keras's list of variables of the optimizer of a built and compiled model:
 *
 *     iterations, learning rate (not with a schedule), averages of weights (use_ema), sums of
 *     gradients (gradient_accumulation_steps), the optimizer's own, product (nadam)
 *
 * each of the weights that train, in the order of layers. Before Keras 3.10 the average and the sum
 * of a weight stood side by side, and the product in front of the optimizer's own. Keras 2 has no
 * learning rate, no product, and nothing where Keras 3 has a number that is not used (adafactor).
 * Before 2.11 it had all first moments, then all second ones, and so on. */
typedef struct dlcore_keras_state {
    const dlcore_model_t *model;
    const dlcore_optimizer_t *optimizer;
    const dlcore_optimizer_type_t *type;
    bool has_rate;
    size_t trainable;     /* weights that train */
    size_t first;         /* number of the first that belongs to a weight */
    size_t vectors;       /* those that belong to weights */
    size_t count;         /* of all */
    bool shared_together; /* average and sum of a weight stand side by side */
    bool is_legacy;       /* no moments of a weight do */
    bool has_product;
    bool product_first; /* the product comes before the optimizer's own */
    bool lacks_unused;  /* no numbers that are not used */
} dlcore_keras_state_t;

dlcore_keras_state_t dlcore_keras_state(const dlcore_model_t *model);
/* Which state vector the k-th of state->vectors is, and its weight; or what has the shape and the
 * place of the numbers that are kept for the rows or columns of one, of rank 0 where Keras has only
 * a number that is not used. */
dlcore_parameter_t dlcore_keras_state_vector(const dlcore_keras_state_t *state, size_t k,
                                             size_t *slot);

/* Restores what the file has: state, count of steps, learning rate. *restored: whether it has it;
 * a file of a model that was not compiled has none. DLCORE_ERROR_UNSUPPORTED where the file's is of
 * another form. */
dlcore_status dlcore_keras_state_read(dlcore_keras_file_t *file, dlcore_model_t *model,
                                      bool *restored);

DLCORE_HIDDEN_END

#endif
