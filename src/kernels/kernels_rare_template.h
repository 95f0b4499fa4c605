/* The rare kernels of kernels_training.h and the activations of kernels.h, written over the
 * operations of one vector_*.h. Included by kernels_rare_portable.c and its kin, each after its
 * vector header. Compiled for size: loops have one copy, the end of which goes the same way.
 *
 * SPDX-License-Identifier: MIT */
#include <float.h>
#include <math.h>

#include "kernels/always_inline.h"
#include "kernels/kernels.h"
#include "kernels/kernels_training.h"
#include "kernels/vector_crossentropy.h"
#include "kernels/vector_functions.h"
#include "kernels/vector_loops.h"
#include "kernels/vector_moments.h"
#include "kernels/vector_random.h"
#include "kernels/vector_rare.h"

#include "kernels/kernels_activations_template.h"

#include "kernels/kernels_relu_template.h"

#include "kernels/kernels_dropout_template.h"

#include "kernels/kernels_element_losses_template.h"
#include "kernels/kernels_focal_template.h" /* uses what the one before has */

#include "kernels/kernels_adaptive_template.h" /* likewise */

DLCORE_HIDDEN_BEGIN
extern const dlcore_activation_kernels_t V_TABLE(dlcore_activation_kernels);
extern const dlcore_rare_kernels_t V_TABLE(dlcore_rare_kernels);
DLCORE_HIDDEN_END

#define APPLIED(KIND, function, slope) [DLCORE_ACTIVATION_##KIND] = function,
#define SLOPED(KIND, function, slope) [DLCORE_ACTIVATION_##KIND] = slope,

const dlcore_activation_kernels_t V_TABLE(dlcore_activation_kernels) = {
    .apply = {ACTIVATION_ROWS(APPLIED)},
    .relu_general = relu_general,
};

const dlcore_rare_kernels_t V_TABLE(dlcore_rare_kernels) = {
    .activation_gradient = {ACTIVATION_ROWS(SLOPED)},
    .relu_general_gradient = relu_general_gradient,
    .element_loss = {[DLCORE_ELEMENT_ABSOLUTE_ERROR] = absolute_error,
                     [DLCORE_ELEMENT_ABSOLUTE_PERCENTAGE_ERROR] = absolute_percentage_error,
                     [DLCORE_ELEMENT_SQUARED_LOGARITHMIC_ERROR] = squared_logarithmic_error,
                     [DLCORE_ELEMENT_HUBER] = huber,
                     [DLCORE_ELEMENT_QUANTILE] = quantile,
                     [DLCORE_ELEMENT_LOG_COSH] = log_cosh,
                     [DLCORE_ELEMENT_KL_DIVERGENCE] = kl_divergence,
                     [DLCORE_ELEMENT_POISSON] = poisson,
                     [DLCORE_ELEMENT_HINGE] = hinge,
                     [DLCORE_ELEMENT_SQUARED_HINGE] = squared_hinge},
    .hinge_largest = hinge_largest,
    .hinge_ties = hinge_ties,
    .hinge_gradient = hinge_gradient,
    .binary_focal = binary_focal,
    .binary_focal_logits = binary_focal_logits,
    .categorical_focal = categorical_focal,
    .focal_of_logits = focal_of_logits,
    .focal_gradient = focal_gradient,
    .pair_sums = pair_sums,
    .combine = combine_pair,
    .gaussian_dropout = gaussian_dropout,
    .alpha_dropout = alpha_dropout,
    .noise = noise,
    .adagrad = adagrad,
    .adadelta = adadelta,
    .adamax = adamax,
    .nadam = nadam,
    .lion = lion,
    .ftrl = ftrl,
    .adafactor_vector = adafactor_vector,
    .adafactor_matrix = adafactor_matrix,
    .adafactor_move = adafactor_move,
};
