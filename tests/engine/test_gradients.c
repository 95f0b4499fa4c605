/* Gradients of small random networks against central differences of a double-precision reference,
 * for every last activation under every loss, with every activation inside. test_gradients_layers.c
 * has the other layers.
 *
 * Networks whose relus or clipped probabilities lie near a kink are drawn again. The check itself
 * is checked: a sign, a scale and two swapped units, planted in the gradients of the same networks,
 * must all be caught.
 *
 * SPDX-License-Identifier: MIT */
#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <dlcore.h>

#include "support/gradient_check.h"
#include "support/models.h"
#include "support/random_network.h"
#include "support/random_numbers.h"
#include "support/reference.h"
#include "support/sanitizers.h"

#define NETS_PER_PAIR (ADDRESS_SANITIZER || THREAD_SANITIZER || EMULATED ? 1 : 3)
#define FLOOR 1e-3

static const dlcore_activation_t activations[] = {
    DLCORE_ACTIVATION_LINEAR,         DLCORE_ACTIVATION_RELU,        DLCORE_ACTIVATION_SOFTMAX,
    DLCORE_ACTIVATION_SIGMOID,        DLCORE_ACTIVATION_TANH,        DLCORE_ACTIVATION_LEAKY_RELU,
    DLCORE_ACTIVATION_RELU6,          DLCORE_ACTIVATION_ELU,         DLCORE_ACTIVATION_SELU,
    DLCORE_ACTIVATION_GELU,           DLCORE_ACTIVATION_GELU_TANH,   DLCORE_ACTIVATION_SILU,
    DLCORE_ACTIVATION_SOFTPLUS,       DLCORE_ACTIVATION_SOFTSIGN,    DLCORE_ACTIVATION_HARD_SIGMOID,
    DLCORE_ACTIVATION_HARD_SILU,      DLCORE_ACTIVATION_MISH,        DLCORE_ACTIVATION_EXPONENTIAL,
    DLCORE_ACTIVATION_LOG_SOFTMAX,    DLCORE_ACTIVATION_CELU,        DLCORE_ACTIVATION_HARD_TANH,
    DLCORE_ACTIVATION_LOG_SIGMOID,    DLCORE_ACTIVATION_SOFT_SHRINK, DLCORE_ACTIVATION_HARD_SHRINK,
    DLCORE_ACTIVATION_TANH_SHRINK,    DLCORE_ACTIVATION_SQUAREPLUS,  DLCORE_ACTIVATION_SPARSE_PLUS,
    DLCORE_ACTIVATION_SPARSE_SIGMOID, DLCORE_ACTIVATION_RELU_GENERAL};
#define ACTIVATIONS (sizeof activations / sizeof *activations)

static const dlcore_loss_t losses[] = {
    {.kind = DLCORE_LOSS_CATEGORICAL_CROSSENTROPY},
    {.kind = DLCORE_LOSS_CATEGORICAL_CROSSENTROPY, .from_logits = true},
    {.kind = DLCORE_LOSS_SPARSE_CATEGORICAL_CROSSENTROPY},
    {.kind = DLCORE_LOSS_SPARSE_CATEGORICAL_CROSSENTROPY, .from_logits = true},
    {.kind = DLCORE_LOSS_BINARY_CROSSENTROPY},
    {.kind = DLCORE_LOSS_BINARY_CROSSENTROPY, .from_logits = true},
    {.kind = DLCORE_LOSS_MEAN_SQUARED_ERROR},
    {.kind = DLCORE_LOSS_CATEGORICAL_CROSSENTROPY, .label_smoothing = 0.2},
    {.kind = DLCORE_LOSS_CATEGORICAL_CROSSENTROPY, .from_logits = true, .label_smoothing = 0.2},
    {.kind = DLCORE_LOSS_BINARY_CROSSENTROPY, .label_smoothing = 0.3},
    {.kind = DLCORE_LOSS_BINARY_CROSSENTROPY, .from_logits = true, .label_smoothing = 0.3},
    {.kind = DLCORE_LOSS_MEAN_SQUARED_ERROR, .reduction = DLCORE_REDUCTION_SUM},
    {.kind = DLCORE_LOSS_MEAN_ABSOLUTE_ERROR},
    {.kind = DLCORE_LOSS_MEAN_ABSOLUTE_PERCENTAGE_ERROR},
    {.kind = DLCORE_LOSS_MEAN_SQUARED_LOGARITHMIC_ERROR},
    {.kind = DLCORE_LOSS_HUBER, .delta = 0.5},
    {.kind = DLCORE_LOSS_QUANTILE, .quantile = 0.9},
    {.kind = DLCORE_LOSS_LOG_COSH},
    {.kind = DLCORE_LOSS_KL_DIVERGENCE},
    {.kind = DLCORE_LOSS_POISSON},
    {.kind = DLCORE_LOSS_HINGE},
    {.kind = DLCORE_LOSS_SQUARED_HINGE},
    {.kind = DLCORE_LOSS_CATEGORICAL_HINGE, .reduction = DLCORE_REDUCTION_MEAN_WITH_SAMPLE_WEIGHT},
    {.kind = DLCORE_LOSS_COSINE_SIMILARITY},
    {.kind = DLCORE_LOSS_BINARY_FOCAL_CROSSENTROPY, .gamma = 2},
    {.kind = DLCORE_LOSS_BINARY_FOCAL_CROSSENTROPY,
     .gamma = 1.5,
     .from_logits = true,
     .label_smoothing = 0.2,
     .apply_class_balancing = true,
     .alpha = 0.3},
    {.kind = DLCORE_LOSS_CATEGORICAL_FOCAL_CROSSENTROPY, .gamma = 1, .alpha = 2},
    {.kind = DLCORE_LOSS_CATEGORICAL_FOCAL_CROSSENTROPY,
     .gamma = 2.5,
     .alpha = 1,
     .from_logits = true},
    {.kind = DLCORE_LOSS_DICE},
    {.kind = DLCORE_LOSS_DICE, .reduction = DLCORE_REDUCTION_SUM, .per_sample = true},
    {.kind = DLCORE_LOSS_TVERSKY, .alpha = 0.3, .beta = 0.6},
    {.kind = DLCORE_LOSS_TVERSKY, .alpha = 0.5, .beta = 0.5, .per_sample = true},
};
#define LOSSES (sizeof losses / sizeof *losses)

/* dlcore's gradients and loss of the reference's network. */
static double computed_gradients(const reference_t *net, bool pixels, float *gradients)
{
    dlcore_model_t *model = gradient_model(net, NULL, 0);
    dlcore_tensor_t *x, *y;
    double loss = 0;

    gradient_data(net, pixels, &x, &y);
    assert_accepted(model, dlcore_model_gradients(model, x, y, gradients,
                                                  net->offsets[net->layer_count], &loss));
    dlcore_tensor_free(x);
    dlcore_tensor_free(y);
    dlcore_model_free(model);
    return loss;
}

/* One network of a pair; answers its error. */
static double check_net(reference_t *net, dlcore_activation_t last, dlcore_loss_t loss,
                        gradient_controls_t *controls)
{
    static double exact[REFERENCE_PARAMETERS];
    static float gradients[REFERENCE_PARAMETERS];
    bool pixels = random_below(5) == 0;
    uint64_t seed = random_network(net, last, loss, pixels);
    reference_gradients(net, exact);
    double expected = reference_loss(net, 0);
    double value = computed_gradients(net, pixels, gradients);
    double error = gradient_error(net, exact, gradients, FLOOR);
    double limit = gradient_limit(net, exact, error, FLOOR);
    if (!(fabs(value - expected) <= 1e-5 * (1 + fabs(expected))))
        fail_msg("loss %.9g, expected %.9g; %s under %s%s, seed %#llx", value, expected,
                 dlcore_activation_name(last), dlcore_loss_name(loss.kind),
                 loss.from_logits ? " from logits" : "", (unsigned long long)seed);
    if (!(error < limit))
        fail_msg("gradients off by %.3g, limit %.3g; %zu layers, %s under %s%s, seed %#llx", error,
                 limit, net->layer_count, dlcore_activation_name(last), dlcore_loss_name(loss.kind),
                 loss.from_logits ? " from logits" : "", (unsigned long long)seed);
    gradient_plant(net, exact, gradients, FLOOR, limit, controls);
    return error;
}

/* Outputs that are 0 or below where the loss divides by them or takes their logarithm. */
static bool is_undefined(const dlcore_loss_t *loss, dlcore_activation_t last)
{
    bool small = last == DLCORE_ACTIVATION_LOG_SIGMOID || last == DLCORE_ACTIVATION_SOFT_SHRINK ||
                 last == DLCORE_ACTIVATION_HARD_SHRINK || last == DLCORE_ACTIVATION_TANH_SHRINK ||
                 last == DLCORE_ACTIVATION_SPARSEMAX_KERAS;

    if (loss->kind == DLCORE_LOSS_POISSON && last == DLCORE_ACTIVATION_LOG_SOFTMAX)
        return true;
    return small && !loss->from_logits && loss->kind != DLCORE_LOSS_MEAN_SQUARED_ERROR &&
           loss->kind != DLCORE_LOSS_MEAN_ABSOLUTE_ERROR && loss->kind != DLCORE_LOSS_HUBER &&
           loss->kind != DLCORE_LOSS_LOG_COSH && loss->kind != DLCORE_LOSS_QUANTILE;
}

static void test_gradients_of_random_networks_equal_central_differences(void **state)
{
    (void)state;
    reference_t *net = calloc(1, sizeof *net);
    gradient_controls_t controls[GRADIENT_NAMES] = {{0}};
    size_t count = 0;
    assert_non_null(net);
    random_seed(303);
    print_message("worst error, largest gradient 1; least limit %.0e\n", GRADIENT_LEAST);
    for (size_t l = 0; l < LOSSES; l++) {
        print_message("  %-32s%s", dlcore_loss_name(losses[l].kind),
                      losses[l].from_logits ? " logits" : "       ");
        for (size_t a = 0; a < ACTIVATIONS; a++) {
            double worst = 0;
            if (is_undefined(&losses[l], activations[a]))
                continue;
            for (size_t i = 0; i < NETS_PER_PAIR; i++, count++)
                worst = fmax(worst, check_net(net, activations[a], losses[l], controls));
            print_message(" %s %.1e", dlcore_activation_name(activations[a]), worst);
        }
        print_message("\n");
    }
    free(net);
    print_message("%zu networks\n", count);
    assert_true(count >= 500);
    gradient_controls_end(controls, 2, count / 2); /* kernels and biases */
}

/* By itself, so that the networks above stay what they were. */
static void test_gradients_through_sparsemax_equal_central_differences(void **state)
{
    (void)state;
    reference_t *net = calloc(1, sizeof *net);
    gradient_controls_t controls[GRADIENT_NAMES] = {{0}};
    assert_non_null(net);
    random_seed(304);
    for (size_t l = 0; l < LOSSES; l++) {
        for (size_t i = 0; i < NETS_PER_PAIR; i++)
            (void)check_net(net, DLCORE_ACTIVATION_SPARSEMAX, losses[l], controls);
    }
    for (size_t l = 0; l < LOSSES; l++) {
        for (size_t i = 0;
             i < NETS_PER_PAIR && !is_undefined(&losses[l], DLCORE_ACTIVATION_SPARSEMAX_KERAS); i++)
            (void)check_net(net, DLCORE_ACTIVATION_SPARSEMAX_KERAS, losses[l], controls);
    }
    free(net);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gradients_of_random_networks_equal_central_differences),
        cmocka_unit_test(test_gradients_through_sparsemax_equal_central_differences),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
