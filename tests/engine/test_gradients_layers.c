/* Gradients of small random networks of all layers, under regularizers, weights of samples and
 * every reduction, against central differences of a double-precision reference. Masks of dropout
 * and numbers of noise are read off networks that make them visible. The check itself is checked in
 * every array of weights, as in test_gradients.c.
 *
 * SPDX-License-Identifier: MIT */
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

#include "nn/layer.h"
#include "support/classifier.h"
#include "support/gradient_check.h"
#include "support/models.h"
#include "support/random_layers.h"
#include "support/random_numbers.h"
#include "support/reference.h"

#define NETS 700
#define FLOOR 0.04 /* in front of normalizations slopes cancel, and rounding is left */
#define LOSS_TOLERANCE 1e-5
#define RATE 0x1p20 /* so large that the weights hide nothing of the step */

static const uint64_t seed = 77;

/* ---- what is drawn while training ---- */

/* What layer i makes of a batch of `input` in the first step. Keys of random numbers follow from
 * the seed, the step and the layer's place, so layers that do nothing stand before it. Behind it
 * stands a dense layer of zeros with a unit for each row, and the labels are such that the slope
 * of the loss is 1 for a row's own unit, and 0 for others: the gradient by that layer's kernel is
 * the batch, turned. */
static void made_visible(const reference_t *net, size_t i, float input, double *output)
{
    static float gradients[REFERENCE_WIDTH * REFERENCE_ROWS],
        labels[REFERENCE_ROWS * REFERENCE_ROWS];
    static float inputs[REFERENCE_ROWS * REFERENCE_WIDTH];
    size_t rows = net->rows, width = net->widths[i], shape_x[2] = {rows, width};
    size_t shape_y[2] = {rows, rows};
    dlcore_model_options_t options = dlcore_model_options_default();
    dlcore_compile_options_t how = dlcore_compile_options_default();
    dlcore_layer_t last = dlcore_layer_dense(rows, DLCORE_ACTIVATION_LINEAR);
    dlcore_model_t *model = NULL;
    dlcore_tensor_t *x = NULL, *y = NULL;

    for (size_t k = 0; k < rows * width; k++)
        inputs[k] = input;
    for (size_t k = 0; k < rows * rows; k++)
        labels[k] = k % rows == k / rows ? -0.5F * (float)rows : 0;
    options.seed = seed;
    last.use_bias = false;
    last.kernel_initializer = dlcore_initializer_zeros();
    how.loss = dlcore_loss_mean_squared_error();
    how.loss.reduction = DLCORE_REDUCTION_SUM;
    assert_int_equal(dlcore_model_create(&options, &model), DLCORE_OK);
    for (size_t k = 0; k < i; k++)
        assert_accepted(model,
                        dlcore_model_add(model, dlcore_layer_activation(DLCORE_ACTIVATION_LINEAR)));
    assert_accepted(model, dlcore_model_add(model, net->layers[i]));
    assert_accepted(model, dlcore_model_add(model, last));
    assert_accepted(model, dlcore_model_build(model, width));
    assert_accepted(model, dlcore_model_compile_with(model, &how));
    dlcore_tensor_borrow_const(NULL, DLCORE_DTYPE_FLOAT32, 2, shape_x, inputs, 0, &x, NULL);
    dlcore_tensor_borrow_const(NULL, DLCORE_DTYPE_FLOAT32, 2, shape_y, labels, 0, &y, NULL);
    assert_accepted(model, dlcore_model_gradients(model, x, y, gradients, width * rows, NULL));
    for (size_t k = 0; k < rows * width; k++)
        output[k] = (double)gradients[k % width * rows + k / width];
    dlcore_tensor_free(x);
    dlcore_tensor_free(y);
    dlcore_model_free(model);
}

static void recover(reference_t *net)
{
    for (size_t i = 0; i < net->layer_count; i++) {
        if (net->layers[i].kind == DLCORE_LAYER_DROPOUT)
            made_visible(net, i, 1, net->drawn[i]);
        else if (net->layers[i].kind == DLCORE_LAYER_GAUSSIAN_NOISE)
            made_visible(net, i, 0, net->drawn[i]);
    }
}

/* ---- one network ---- */

static bool is_still(const reference_array_t *array, const float *gradients)
{
    for (size_t i = 0; i < array->rows * array->units; i++)
        if (gradients[array->begin + i] != 0)
            return false;
    return true;
}

/* No gradient moves what is frozen, nor statistics, which a step moves in their own way. */
static void check_still(const reference_t *net, const float *gradients)
{
    reference_array_t arrays[REFERENCE_ARRAYS];
    size_t count = reference_arrays(net, arrays);

    for (size_t a = 0; a < count; a++)
        if (arrays[a].frozen || (arrays[a].is_statistic && !net->is_weighted))
            assert_true(is_still(&arrays[a], gradients));
}

/* Gradients from the call that gives them. */
static double asked(dlcore_model_t *model, const dlcore_tensor_t *x, const dlcore_tensor_t *y,
                    float *gradients, size_t count)
{
    double loss = 0;
    assert_accepted(model, dlcore_model_gradients(model, x, y, gradients, count, &loss));
    return loss;
}

/* Gradients with weights of samples, from what a step of sgd changes. */
static double stepped(const reference_t *net, dlcore_model_t *model, const dlcore_tensor_t *x,
                      const dlcore_tensor_t *y, float *gradients, size_t count)
{
    float weights[REFERENCE_ROWS];
    size_t shape[1] = {net->rows};
    dlcore_tensor_t *sample_weight = NULL;
    dlcore_evaluation_t result;

    for (size_t row = 0; row < net->rows; row++)
        weights[row] = (float)net->sample_weight[row];
    dlcore_tensor_borrow_const(NULL, DLCORE_DTYPE_FLOAT32, 1, shape, weights, 0, &sample_weight,
                               NULL);
    assert_accepted(
        model, dlcore_model_train_on_batch_weighted(model, x, y, sample_weight, NULL, 0, &result));
    assert_accepted(model, dlcore_model_get_weights(model, gradients, count));
    for (size_t i = 0; i < count; i++)
        gradients[i] = (float)((net->weights[i] - (double)gradients[i]) / RATE);
    dlcore_tensor_free(sample_weight);
    return result.loss;
}

static double computed(const reference_t *net, dlcore_engine_t engine, float *gradients)
{
    dlcore_model_options_t options = dlcore_model_options_default();
    size_t count = net->offsets[net->layer_count];
    dlcore_tensor_t *x, *y;
    dlcore_model_t *model;
    double loss;

    options.seed = seed;
    options.engine = engine;
    model = gradient_model(net, &options, RATE);
    gradient_data(net, false, &x, &y);
    loss = net->is_weighted ? stepped(net, model, x, y, gradients, count)
                            : asked(model, x, y, gradients, count);
    dlcore_tensor_free(x);
    dlcore_tensor_free(y);
    dlcore_model_free(model);
    return loss;
}

static void name_layers(const reference_t *net, char text[1024])
{
    size_t at = 0;
    for (size_t i = 0; i < net->layer_count && at < 900; i++)
        at += (size_t)snprintf(text + at, 1024 - at, "%s %s%s(%zu)", i > 0 ? "," : "",
                               net->layers[i].trainable ? "" : "frozen ",
                               dlcore_layer_kind_name(net->layers[i].kind), net->widths[i + 1]);
}

static double check_net(reference_t *net, dlcore_engine_t engine,
                        gradient_controls_t controls[GRADIENT_NAMES])
{
    static double exact[REFERENCE_PARAMETERS];
    static float gradients[REFERENCE_PARAMETERS];
    char text[1024] = "";
    uint64_t position = random_layers(net, recover);

    reference_gradients(net, exact);
    double expected = reference_loss(net, 0), value = computed(net, engine, gradients);
    double error = gradient_error(net, exact, gradients, FLOOR);
    double limit = gradient_limit(net, exact, error, FLOOR);
    name_layers(net, text);
    if (!(fabs(value - expected) <= LOSS_TOLERANCE * (1 + fabs(expected))))
        fail_msg("loss %.9g, expected %.9g; %s engine, %s, %s, %s,%s, seed %#llx", value, expected,
                 engine_name(engine), dlcore_loss_name(net->loss.kind),
                 dlcore_reduction_name(net->loss.reduction),
                 net->is_weighted ? "weighted" : "not weighted", text,
                 (unsigned long long)position);
    if (!(error < limit))
        fail_msg(
            "gradients off by %.3g, limit %.3g; %s engine, %s, %s, %s, %zu rows,%s, seed %#llx",
            error, limit, engine_name(engine), dlcore_loss_name(net->loss.kind),
            dlcore_reduction_name(net->loss.reduction),
            net->is_weighted ? "weighted" : "not weighted", net->rows, text,
            (unsigned long long)position);
    check_still(net, gradients);
    gradient_plant(net, exact, gradients, FLOOR, limit, controls);
    return error;
}

/* ---- the tests ---- */

#define KINDS DLCORE_LAYER_KIND_COUNT

typedef struct seen {
    size_t nets[KINDS], frozen[KINDS], weighted[3], plain[3];
    double worst[KINDS];
} seen_t;

static void count_net(const reference_t *net, double error, seen_t *seen)
{
    size_t reduction = (size_t)net->loss.reduction;
    bool counted[KINDS] = {false};

    (net->is_weighted ? seen->weighted : seen->plain)[reduction]++;
    for (size_t i = 0; i < net->layer_count; i++) {
        size_t kind = (size_t)net->layers[i].kind;
        if (!net->layers[i].trainable)
            seen->frozen[kind]++;
        if (counted[kind])
            continue;
        counted[kind] = true;
        seen->nets[kind]++;
        seen->worst[kind] = fmax(seen->worst[kind], error);
    }
}

static void check_engine(dlcore_engine_t engine)
{
    reference_t *net = calloc(1, sizeof *net);
    gradient_controls_t controls[GRADIENT_NAMES] = {{0}};
    seen_t seen = {.nets = {0}};

    assert_non_null(net);
    random_seed(81 + (uint64_t)engine);
    for (size_t i = 0; i < NETS / 2; i++)
        count_net(net, check_net(net, engine, controls), &seen);
    print_message("%s engine, %d networks; worst error, largest gradient 1; least limit %.0e\n",
                  engine_name(engine), NETS / 2, GRADIENT_LEAST);
    for (size_t kind = 1; kind < KINDS; kind++) {
        if (seen.nets[kind] == 0)
            continue;
        print_message("  with %-18s %.1e in %zu\n",
                      dlcore_layer_kind_name((dlcore_layer_kind_t)kind), seen.worst[kind],
                      seen.nets[kind]);
        assert_true(seen.nets[kind] >= (kind > DLCORE_LAYER_PRELU ? 20 : 40));
    }
    assert_true(seen.frozen[DLCORE_LAYER_BATCH_NORMALIZATION] >= 15);
    for (size_t i = 0; i < 3; i++)
        assert_true(seen.weighted[i] >= 30 && seen.plain[i] >= 30);
    gradient_controls_end(controls, GRADIENT_NAMES, 30);
    free(net);
}

static void test_gradients_of_all_layers_equal_central_differences(void **state)
{
    (void)state;
    with_every_engine(check_engine);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gradients_of_all_layers_equal_central_differences),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
