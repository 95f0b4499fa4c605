/* Parts of a training step, for training loops of your own: gradients in and out, by the inputs and
 * by the outputs, and the outputs of inner layers.
 *
 *     model_predict(actor, x, actions);                      critic's inputs are (x, actions)
 *     model_input_gradients_of(critic, inputs, ones, slopes, NULL);
 *     ...                                                    dy: minus the slopes by the actions
 *     model_train_on_gradient(actor, x, dy);
 *
 * Calls on a const model (input gradients, predicting) may run on any number of threads at once,
 * like dlcore_model_predict, while nothing writes to the model. They write their message to `error`
 * (NULL: no message wanted); the others to the model. All rows are computed at once: memory grows
 * with their number.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_STEPS_H
#define DLCORE_STEPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "api.h"
#include "model.h"
#include "status.h"
#include "tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- training by gradients ---- */

/* One step of the optimizer on a gradient that you computed: dy (batch, units), float32, is the
 * gradient of whatever you minimize by the model's outputs for x, after the last activation. It is
 * used as it is: divide it by the batch yourself where a mean is meant. Layers work as in training
 * (dropout draws, batch normalization moves its statistics); outputs for x are computed again, so
 * with dropout they are not those that model_predict gave. Regularizers add their share. The model
 * must be compiled; its loss is not used. DLCORE_ERROR_NOT_FINITE, and no step, for a gradient that
 * is not finite. */
DLCORE_API dlcore_status dlcore_model_train_on_gradient(dlcore_model_t *model,
                                                        const dlcore_tensor_t *x,
                                                        const dlcore_tensor_t *dy);

/* One step of the optimizer on gradients of all weights, in the order and layout of
 * dlcore_model_gradients and dlcore_model_get_weights, which you may have changed or summed.
 * What gradients of frozen layers and of statistics say is not used. Regularizers of weights are
 * not added again, as dlcore_model_gradients has them already; clipping, weight decay, averages and
 * constraints are those of compile. dlcore_model_gradients and this call together are
 * dlcore_model_train_on_batch, but for what batch normalization learns of the batch.
 * DLCORE_ERROR_NOT_FINITE, and no step, for a gradient that is not finite. */
DLCORE_API dlcore_status dlcore_model_apply_gradients(dlcore_model_t *model, const float *gradients,
                                                      size_t count);

/* ---- models of the same shape, and beginning anew ---- */

/* Whether two built models have as many weights, of the same shapes in the same order. `error` says
 * what differs. */
DLCORE_API bool dlcore_model_same_shape(const dlcore_model_t *a, const dlcore_model_t *b,
                                        dlcore_error_record_t *error);
/* Every weight, statistics included, becomes (1 - share) its own + share that of `other`: share in
 * 0 .. 1. For target networks (share 0.005) and averages of models. The models have the same shape
 * and engine; `other` is only read. Also on the thread of a callback. */
DLCORE_API dlcore_status dlcore_model_blend(dlcore_model_t *model, const dlcore_model_t *other,
                                            double share);
/* Begins a built model anew with another seed: initial weights are drawn again, the optimizer's
 * state, counts of epochs and a stopped run are forgotten. Layers, freezing, compile settings and
 * what model_adapt found stay. Training then has the bits of a new model of that seed. */
DLCORE_API dlcore_status dlcore_model_reset(dlcore_model_t *model, uint64_t seed);

/* ---- gradients by the inputs ---- */

/* dx (batch, inputs), float32 and writable, becomes the gradient of the loss of this batch by x.
 * Layers work as in predicting: no dropout, and batch normalization uses its statistics. The loss
 * is compile's, without regularizers; *loss (may be NULL) gets it. x may be of any dtype; the
 * gradient is by the numbers that the first layer gets. dx must not overlap x or y. */
DLCORE_API dlcore_status dlcore_model_input_gradients(const dlcore_model_t *model,
                                                      const dlcore_tensor_t *x,
                                                      const dlcore_tensor_t *y, dlcore_tensor_t *dx,
                                                      double *loss, dlcore_error_record_t *error);
/* The same of sum(dy * outputs), for dy (batch, units), float32: with a 1 for one unit and zeros
 * otherwise, the gradient of that output. The model need not be compiled. */
DLCORE_API dlcore_status dlcore_model_input_gradients_of(const dlcore_model_t *model,
                                                         const dlcore_tensor_t *x,
                                                         const dlcore_tensor_t *dy,
                                                         dlcore_tensor_t *dx,
                                                         dlcore_error_record_t *error);

/* ---- inner layers ---- */

/* The outputs of layer number `layer` (0 is the first) for x: y is float32, writable, (batch, units
 * of that layer). For the last layer it is dlcore_model_predict. */
DLCORE_API dlcore_status dlcore_model_predict_layer(const dlcore_model_t *model, size_t layer,
                                                    const dlcore_tensor_t *x, dlcore_tensor_t *y,
                                                    dlcore_error_record_t *error);
/* The model's outputs from layer number `layer` on: x (batch, inputs of that layer) is what that
 * layer gets. For layer 0 it is dlcore_model_predict. */
DLCORE_API dlcore_status dlcore_model_predict_from(const dlcore_model_t *model, size_t layer,
                                                   const dlcore_tensor_t *x,
                                                   dlcore_tensor_t *y_pred,
                                                   dlcore_error_record_t *error);
/* Numbers that layer number `layer` gives for a sample; 0 before the model is built, and for a
 * layer that is not there. */
DLCORE_API size_t dlcore_model_layer_width(const dlcore_model_t *model, size_t layer);

#ifdef __cplusplus
}
#endif

#endif
