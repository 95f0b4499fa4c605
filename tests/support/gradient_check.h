/* dlcore's gradients of a reference network, how far they are from the exact ones, and whether
 * planted errors would be seen.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_TESTS_GRADIENT_CHECK_H
#define DLCORE_TESTS_GRADIENT_CHECK_H

#include <stdbool.h>
#include <stddef.h>

#include "dlcore/model.h"
#include "support/reference.h"

/* The network in dlcore, with its weights, compiled with that rate of plain sgd. */
dlcore_model_t *gradient_model(const reference_t *network, const dlcore_model_options_t *options,
                               double learning_rate);
/* Its samples and labels; `x` as uint8 with `pixels`. The caller frees them. */
void gradient_data(const reference_t *network, bool pixels, dlcore_tensor_t **x,
                   dlcore_tensor_t **y);

/* The largest error over all arrays of weights, each measured by its largest exact gradient, but
 * not less than that share of the network's; NaN where a gradient is. Frozen arrays and statistics
 * do not count. */
double gradient_error(const reference_t *network, const double *exact, const float *gradients,
                      double floor_share);

/* How far gradients with such an error may be off: GRADIENT_LEAST, and where the error is not below
 * that, GRADIENT_MOVES times as much again as the exact gradients themselves move (measured
 * likewise) when weights and samples are rounded otherwise, each by up to half a unit of float32.
 * So much does a network magnify what every one of its operations loses: the gradient by a bias is
 * a sum over rows, for example, which may cancel. */
double gradient_limit(const reference_t *network, const double *exact, double error,
                      double floor_share);
#define GRADIENT_LEAST 5e-6 /* float32 through a few layers; the planted errors are larger */
#define GRADIENT_MOVES 16

/* What was planted in arrays of one name, and seen. */
typedef struct gradient_controls {
    size_t signs, signs_caught, scales, scales_caught, swaps, swaps_caught;
} gradient_controls_t;

#define GRADIENT_NAMES 6 /* kernel, bias, gamma, beta, alpha, embeddings */

/* Plants a sign, a scale and two swapped units, one after the other, in every array that has
 * gradients to speak of; seen is what is off by `limit` or more. */
void gradient_plant(const reference_t *network, const double *exact, const float *gradients,
                    double floor_share, double limit, gradient_controls_t controls[GRADIENT_NAMES]);
/* Prints what was planted; fails unless all of it was seen, and `least` of each in arrays of each
 * of the first `names` names. */
void gradient_controls_end(const gradient_controls_t controls[GRADIENT_NAMES], size_t names,
                           size_t least);

#endif
