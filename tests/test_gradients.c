/* Gradients of small random networks against central differences of a double-precision reference,
 * for every last activation under every loss, with every activation and layer inside.
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

#include "support/random_network.h"
#include "support/reference.h"

#define NETS_PER_PAIR 3
#define TOLERANCE 5e-5   /* float32 through a few layers; the planted errors are larger */
#define SCALE_ERROR 1e-3 /* planted */

static const dlcore_activation_t activations[] = {
    DLCORE_ACTIVATION_LINEAR,     DLCORE_ACTIVATION_RELU,      DLCORE_ACTIVATION_SOFTMAX,
    DLCORE_ACTIVATION_SIGMOID,    DLCORE_ACTIVATION_TANH,      DLCORE_ACTIVATION_LEAKY_RELU,
    DLCORE_ACTIVATION_RELU6,      DLCORE_ACTIVATION_ELU,       DLCORE_ACTIVATION_SELU,
    DLCORE_ACTIVATION_GELU,       DLCORE_ACTIVATION_GELU_TANH, DLCORE_ACTIVATION_SILU,
    DLCORE_ACTIVATION_SOFTPLUS,   DLCORE_ACTIVATION_SOFTSIGN,  DLCORE_ACTIVATION_HARD_SIGMOID,
    DLCORE_ACTIVATION_HARD_SILU,  DLCORE_ACTIVATION_MISH,      DLCORE_ACTIVATION_EXPONENTIAL,
    DLCORE_ACTIVATION_LOG_SOFTMAX};
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
    {.kind = DLCORE_LOSS_LOG_COSH},
    {.kind = DLCORE_LOSS_KL_DIVERGENCE},
    {.kind = DLCORE_LOSS_POISSON},
    {.kind = DLCORE_LOSS_HINGE},
    {.kind = DLCORE_LOSS_SQUARED_HINGE},
    {.kind = DLCORE_LOSS_CATEGORICAL_HINGE, .reduction = DLCORE_REDUCTION_MEAN_WITH_SAMPLE_WEIGHT},
};
#define LOSSES (sizeof losses / sizeof *losses)

/* ---- the same network in dlcore ---- */

static void accept(const dlcore_model_t *model, dlcore_status status)
{
    if (status != DLCORE_OK)
        fail_msg("%s: %s", dlcore_status_name(status), dlcore_model_error(model));
}

static dlcore_tensor_t *tensor_of(const double *values, dlcore_dtype_t dtype, size_t rank,
                                  size_t rows, size_t width)
{
    static float floats[REFERENCE_ROWS * REFERENCE_WIDTH];
    dlcore_tensor_t *whole = NULL, *cast = NULL;
    for (size_t i = 0; i < rows * width; i++)
        floats[i] = (float)values[i];
    size_t shape[2] = {rows, width};
    assert_int_equal(dlcore_tensor_borrow_const(NULL, DLCORE_DTYPE_FLOAT32, rank, shape, floats, 0,
                                                &whole, NULL),
                     DLCORE_OK);
    assert_int_equal(dlcore_tensor_cast(whole, dtype, 1, &cast, NULL), DLCORE_OK);
    dlcore_tensor_free(whole);
    return cast;
}

/* dlcore's gradients and loss of the reference's network. */
static double computed_gradients(const reference_t *net, bool pixels, float *gradients)
{
    static float weights[REFERENCE_PARAMETERS];
    bool sparse = net->loss.kind == DLCORE_LOSS_SPARSE_CATEGORICAL_CROSSENTROPY;
    size_t count = net->offsets[net->layer_count], n = net->widths[net->layer_count];
    dlcore_model_t *model = NULL;
    dlcore_compile_options_t options = dlcore_compile_options_default();
    double loss = 0;
    options.loss = net->loss;
    assert_int_equal(dlcore_model_create(NULL, &model), DLCORE_OK);
    for (size_t i = 0; i < net->layer_count; i++)
        accept(model, dlcore_model_add(model, net->layers[i]));
    accept(model, dlcore_model_build(model, net->widths[0]));
    assert_int_equal(dlcore_model_parameter_count(model), count);
    for (size_t i = 0; i < count; i++)
        weights[i] = (float)net->weights[i];
    accept(model, dlcore_model_set_weights(model, weights, count));
    accept(model, dlcore_model_compile_with(model, &options));
    dlcore_tensor_t *x = tensor_of(net->x, pixels ? DLCORE_DTYPE_UINT8 : DLCORE_DTYPE_FLOAT32, 2,
                                   net->rows, net->widths[0]);
    dlcore_tensor_t *y = tensor_of(net->y, sparse ? DLCORE_DTYPE_INT32 : DLCORE_DTYPE_FLOAT32,
                                   sparse ? 1 : 2, net->rows, sparse ? 1 : n);
    accept(model, dlcore_model_gradients(model, x, y, gradients, count, &loss));
    dlcore_tensor_free(x);
    dlcore_tensor_free(y);
    dlcore_model_free(model);
    return loss;
}

/* ---- the check, and the check of the check ---- */

/* A kernel or a bias within the flat vector. */
typedef struct slice {
    size_t begin, rows, units;
} slice_t;

static size_t slices_of(const reference_t *net, slice_t slices[2 * REFERENCE_LAYERS])
{
    size_t count = 0;
    for (size_t i = 0; i < net->layer_count; i++) {
        size_t inputs = net->widths[i], units = net->widths[i + 1];
        if (net->layers[i].kind != DLCORE_LAYER_DENSE)
            continue;
        slices[count++] = (slice_t){net->offsets[i], inputs, units};
        if (net->layers[i].use_bias)
            slices[count++] = (slice_t){net->offsets[i] + inputs * units, 1, units};
    }
    return count;
}

static double largest(const double *values, size_t count)
{
    double result = 0;
    for (size_t i = 0; i < count; i++)
        result = fmax(result, fabs(values[i]));
    return result;
}

/* What errors of a slice are measured by: its largest gradient, but not less than a thousandth of
 * the network's, or than what is nothing at all. */
static double scale_of(const reference_t *net, const double *exact, const slice_t *slice)
{
    double all = largest(exact, net->offsets[net->layer_count]);
    double own = largest(exact + slice->begin, slice->rows * slice->units);
    return fmax(own, fmax(1e-3 * all, 1e-6));
}

/* The largest error over all slices; the networks agree when it is below TOLERANCE. */
static double gradient_error(const reference_t *net, const double *exact, const float *gradients)
{
    slice_t slices[2 * REFERENCE_LAYERS];
    size_t count = slices_of(net, slices);
    double worst = 0;
    for (size_t s = 0; s < count; s++) {
        double scale = scale_of(net, exact, &slices[s]);
        for (size_t i = 0; i < slices[s].rows * slices[s].units; i++) {
            size_t at = slices[s].begin + i;
            double error = fabs((double)gradients[at] - exact[at]) / scale;
            if (!(error <= worst))
                worst = error;
        }
    }
    return worst;
}

typedef struct controls {
    size_t signs, signs_caught, scales, scales_caught, swaps, swaps_caught;
} controls_t;

static bool caught(const reference_t *net, const double *exact, const float *planted)
{
    return !(gradient_error(net, exact, planted) < TOLERANCE);
}

/* Plants three errors, one after the other, in a random slice that has gradients to speak of. */
static void check_controls(const reference_t *net, const double *exact, const float *gradients,
                           controls_t *controls)
{
    static float planted[REFERENCE_PARAMETERS];
    slice_t slices[2 * REFERENCE_LAYERS];
    slice_t slice = slices[random_below(slices_of(net, slices))];
    size_t size = slice.rows * slice.units, top = 0;
    size_t bytes = net->offsets[net->layer_count] * sizeof *planted;
    float *own = planted + slice.begin;
    const double *truth = exact + slice.begin;
    double scale = scale_of(net, exact, &slice);
    for (size_t i = 1; i < size; i++)
        if (fabs(truth[i]) > fabs(truth[top]))
            top = i;
    if (fabs(truth[top]) < scale)
        return;

    memcpy(planted, gradients, bytes);
    own[top] = -own[top];
    controls->signs++;
    controls->signs_caught += caught(net, exact, planted) ? 1 : 0;

    memcpy(planted, gradients, bytes);
    for (size_t i = 0; i < size; i++)
        own[i] *= (float)(1 + SCALE_ERROR);
    controls->scales++;
    controls->scales_caught += caught(net, exact, planted) ? 1 : 0;

    size_t unit = top % slice.units, other = (unit + 1) % slice.units;
    if (fabs(truth[top] - truth[top - unit + other]) < 1e-3 * scale)
        return; /* one unit, or two alike: nothing to see */
    memcpy(planted, gradients, bytes);
    for (size_t row = 0; row < slice.rows; row++) {
        float kept = own[row * slice.units + unit];
        own[row * slice.units + unit] = own[row * slice.units + other];
        own[row * slice.units + other] = kept;
    }
    controls->swaps++;
    controls->swaps_caught += caught(net, exact, planted) ? 1 : 0;
}

/* One network of a pair; answers its error. */
static double check_net(reference_t *net, dlcore_activation_t last, dlcore_loss_t loss,
                        controls_t *controls)
{
    static double exact[REFERENCE_PARAMETERS];
    static float gradients[REFERENCE_PARAMETERS];
    bool pixels = random_below(5) == 0;
    uint64_t seed = random_network(net, last, loss, pixels);
    reference_gradients(net, exact);
    double expected = reference_loss(net, 0);
    double value = computed_gradients(net, pixels, gradients);
    double error = gradient_error(net, exact, gradients);
    if (!(fabs(value - expected) <= 1e-5 * (1 + fabs(expected))))
        fail_msg("loss %.9g, expected %.9g; %s under %s%s, seed %#llx", value, expected,
                 dlcore_activation_name(last), dlcore_loss_name(loss.kind),
                 loss.from_logits ? " from logits" : "", (unsigned long long)seed);
    if (!(error < TOLERANCE))
        fail_msg("gradients off by %.3g; %zu layers, %s under %s%s, seed %#llx", error,
                 net->layer_count, dlcore_activation_name(last), dlcore_loss_name(loss.kind),
                 loss.from_logits ? " from logits" : "", (unsigned long long)seed);
    check_controls(net, exact, gradients, controls);
    return error;
}

static void test_gradients_of_random_networks_equal_central_differences(void **state)
{
    (void)state;
    reference_t *net = calloc(1, sizeof *net);
    controls_t controls = {0};
    size_t count = 0;
    assert_non_null(net);
    random_seed(20240517);
    print_message("worst error, largest gradient 1; limit %.0e\n", TOLERANCE);
    for (size_t l = 0; l < LOSSES; l++) {
        print_message("  %-32s%s", dlcore_loss_name(losses[l].kind),
                      losses[l].from_logits ? " logits" : "       ");
        for (size_t a = 0; a < ACTIVATIONS; a++) {
            double worst = 0;
            /* the logarithm of outputs that are never positive */
            if (losses[l].kind == DLCORE_LOSS_POISSON &&
                activations[a] == DLCORE_ACTIVATION_LOG_SOFTMAX)
                continue;
            for (size_t i = 0; i < NETS_PER_PAIR; i++, count++)
                worst = fmax(worst, check_net(net, activations[a], losses[l], &controls));
            print_message(" %s %.1e", dlcore_activation_name(activations[a]), worst);
        }
        print_message("\n");
    }
    free(net);
    print_message(
        "%zu networks; planted and caught: signs %zu %zu, scales %zu %zu, swaps %zu %zu\n", count,
        controls.signs, controls.signs_caught, controls.scales, controls.scales_caught,
        controls.swaps, controls.swaps_caught);
    assert_true(count >= 500);
    assert_true(controls.signs > count * 3 / 4 && controls.swaps > count / 2);
    assert_int_equal(controls.signs_caught, controls.signs);
    assert_int_equal(controls.scales_caught, controls.scales);
    assert_int_equal(controls.swaps_caught, controls.swaps);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gradients_of_random_networks_equal_central_differences),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
