/* The learning-rate range test: which learning rates a model can be trained with (Smith, Cyclical
 * Learning Rates for Training Neural Networks, 2015).
 *
 *     rate_curve_t curve;
 *     if (model_try_rates(network, x, y, NULL, &curve) == DLCORE_OK)
 *         adam.learning_rate = curve.suggestion;
 *
 * A copy of the model trains with a rate that rises from batch to batch; the model itself is left
 * as it was.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_LEARNING_RATE_H
#define DLCORE_LEARNING_RATE_H

#include <stddef.h>

#include "api.h"
#include "model.h"
#include "status.h"
#include "tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

#define DLCORE_RATE_STEPS_MAX 256

typedef struct dlcore_rate_options {
    size_t structure_size;  /* set by ..._default() */
    double lowest, highest; /* rates, above 0, lowest below highest; 1e-7 and 10 */
    size_t steps;           /* batches, 2 .. DLCORE_RATE_STEPS_MAX; 100 */
    size_t batch_size;      /* 32 */
    double smoothing;       /* of the losses, 0 (none) .. below 1; 0.9 */
    /* Ends when a loss is so many times the least one, and above the first; above 1; 4. */
    double divergence;
    dlcore_error_record_t *error; /* NULL: no message wanted */
} dlcore_rate_options_t;

DLCORE_API dlcore_rate_options_t dlcore_rate_options_default(void);

/* rates[i] is that of batch i, losses[i] the mean of the losses up to it, newer ones counting more:
 * a_i = smoothing a_(i-1) + (1 - smoothing) loss_i, over 1 - smoothing^(i+1), as fastai has it. */
typedef struct dlcore_rate_curve {
    size_t count; /* of batches: options.steps, or fewer when the losses ran away */
    double rates[DLCORE_RATE_STEPS_MAX], losses[DLCORE_RATE_STEPS_MAX];
    double best;       /* the rate of the least loss: about the largest that still works */
    double steepest;   /* the rate at which the loss falls fastest, by the logarithm of the rate */
    double suggestion; /* best / 10 */
} dlcore_rate_curve_t;

/* `options` NULL: the defaults. The model must be compiled; it is not changed, and other threads
 * may predict with it meanwhile. The copy begins with its weights, without its optimizer's state;
 * its optimizer's schedule is not used. x and y as for dlcore_model_fit. *curve is written on
 * success. */
DLCORE_API dlcore_status dlcore_model_try_rates(const dlcore_model_t *model,
                                                const dlcore_tensor_t *x, const dlcore_tensor_t *y,
                                                const dlcore_rate_options_t *options,
                                                dlcore_rate_curve_t *curve);

#ifdef __cplusplus
}
#endif

#endif
