/* Layers that work differently while training: dropout, noise, batch normalization; frozen layers;
 * all of them in files; what their options refuse.
 *
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <dlcore.h>

#include "support/classifier.h"
#include "support/models.h"

enum { ROWS = 64, WIDTH = 100 };

static model_t *model_of(const layer_t *layers, size_t count, size_t threads)
{
    model_options_t options = model_options_default();
    optimizer_t sgd = optimizer_sgd();
    model_t *model = NULL;

    options.threads = threads;
    assert_int_equal(model_create(&options, &model), DLCORE_OK);
    for (size_t i = 0; i < count; i++)
        assert_accepted(model, model_add(model, layers[i]));
    assert_accepted(model, model_build(model, WIDTH));
    assert_accepted(model, model_compile(model, &sgd, LOSS_MEAN_SQUARED_ERROR, METRIC_NONE));
    return model;
}

static tensor_t *rows_of(size_t width, float value)
{
    tensor_t *tensor = NULL;

    assert_int_equal(tensor_create(NULL, DTYPE_FLOAT32, 2, (size_t[]){ROWS, width}, &tensor, NULL),
                     DLCORE_OK);
    tensor_fill(tensor, value, NULL);
    return tensor;
}

/* What a layer makes of ones while training: a dense layer of ones in front carries one input to
 * each unit, and the gradient by its bias is the mean over rows of 2 y times the mask, / WIDTH. */
static void masked_gradients(layer_t layer, size_t threads, float gradients[WIDTH], double *loss)
{
    layer_t dense = layer_dense(WIDTH, ACTIVATION_LINEAR), stack[2];
    model_t *model;
    tensor_t *x = rows_of(WIDTH, 0), *y = rows_of(WIDTH, 0);
    static float all[WIDTH * WIDTH + WIDTH];

    dense.bias_initializer = initializer_ones();
    stack[0] = dense;
    stack[1] = layer;
    model = model_of(stack, 2, threads);
    assert_accepted(model, model_gradients(model, x, y, all, WIDTH * WIDTH + WIDTH, loss));
    memcpy(gradients, all + WIDTH * WIDTH, WIDTH * sizeof *gradients);
    model_free(model);
    tensor_free(x);
    tensor_free(y);
}

/* Each y is 0 or 1 / (1 - rate), so the loss tells how many stayed: N (1 - rate) of N, plus or
 * minus some standard deviations; the backward pass must use the same mask, so that the gradients
 * add up to 2 loss. */
static void test_layers_dropout_keeps_its_share_and_scales_it(void **state)
{
    (void)state;
    for (int percent = 10; percent < 100; percent += 20) {
        double rate = percent / 100.0, loss = 0, sum = 0, kept;
        double deviation = sqrt(rate * (1 - rate) / (ROWS * WIDTH));
        float gradients[WIDTH];

        masked_gradients(layer_dropout(rate), 1, gradients, &loss);
        kept = loss * (1 - rate) * (1 - rate);
        assert_true(fabs(kept - (1 - rate)) < 5 * deviation);
        for (size_t i = 0; i < WIDTH; i++)
            sum += (double)gradients[i];
        /* d loss / d b_u = mean over rows of 2 y mask / WIDTH, and y = mask: in sum 2 loss */
        assert_true(fabs(sum - 2 * loss) < 1e-4 * loss);
    }
}

static void test_layers_dropout_of_nothing_and_of_all(void **state)
{
    float gradients[WIDTH];
    double loss = 0;

    (void)state;
    masked_gradients(layer_dropout(0), 1, gradients, &loss);
    assert_true(loss == 1.0);
    masked_gradients(layer_dropout(1), 1, gradients, &loss);
    assert_true(loss == 0.0);
}

static void test_layers_noise_has_its_deviation(void **state)
{
    float gradients[WIDTH];
    double loss = 0;

    (void)state;
    masked_gradients(layer_gaussian_noise(0.5), 1, gradients, &loss);
    /* mean of (1 + 0.5 n)^2 = 1 + 0.25, with deviation sqrt((4 0.25 + 2 0.0625) / N) */
    assert_true(fabs(loss - 1.25) < 5 * sqrt(1.125 / (ROWS * WIDTH)));
}

/* ---- training ---- */

static const size_t epochs = 3;

/* Wide enough that the team works. */
static model_t *deep_model(size_t threads, engine_t engine, uint64_t seed)
{
    layer_t layers[] = {layer_normalization(),
                        layer_dense(300, ACTIVATION_RELU),
                        layer_batch_normalization(),
                        layer_dropout(0.3),
                        layer_dense(300, ACTIVATION_LINEAR),
                        layer_layer_normalization(),
                        layer_prelu(),
                        layer_gaussian_noise(0.1),
                        layer_dense(4, ACTIVATION_SOFTMAX)};
    model_options_t options = model_options_default();
    optimizer_t rmsprop = optimizer_rmsprop();
    model_t *model = NULL;

    options.threads = threads;
    options.engine = engine;
    options.seed = seed;
    assert_int_equal(model_create(&options, &model), DLCORE_OK);
    for (size_t i = 0; i < sizeof layers / sizeof layers[0]; i++)
        assert_accepted(model, model_add(model, layers[i]));
    assert_accepted(model, model_compile(model, &rmsprop, LOSS_SPARSE_CATEGORICAL_CROSSENTROPY,
                                         METRIC_ACCURACY));
    return model;
}

static model_t *trained(size_t threads, engine_t engine, uint64_t seed)
{
    samples_t samples = samples_of_floats(300, WIDTH, 4);
    fit_options_t how = fit_options_default();
    model_t *model = deep_model(threads, engine, seed);

    how.batch_size = 128;
    how.epochs = epochs;
    assert_accepted(model, model_adapt(model, 0, samples.x));
    assert_accepted(model, model_fit(model, samples.x, samples.y, &how, NULL));
    samples_free(samples);
    return model;
}

static void check_threads(dlcore_engine_t engine)
{
    model_t *one = trained(1, engine, 5);

    for (size_t threads = 2; threads <= 8; threads += threads > 3 ? 4 : 1) {
        model_t *other = trained(threads, engine, 5);

        assert_true(same_weights(one, other));
        model_free(other);
    }
    model_free(one);
}

static void test_layers_train_to_the_same_bits_on_any_number_of_threads(void **state)
{
    (void)state;
    with_every_engine(check_threads);
}

static void test_layers_random_numbers_follow_from_the_seed(void **state)
{
    model_t *a = trained(1, ENGINE_AUTO, 5), *b = trained(1, ENGINE_AUTO, 6);

    (void)state;
    assert_false(same_weights(a, b));
    model_free(a);
    model_free(b);
}

/* Every layer in a file: the same predictions, and training goes on to the same bits. */
static void test_layers_of_every_kind_are_kept_in_files(void **state)
{
    samples_t samples = samples_of_floats(300, WIDTH, 4);
    fit_options_t how = fit_options_default();
    model_t *model = trained(2, ENGINE_AUTO, 5), *loaded = NULL;
    tensor_t *expected = predictions(model, samples);
    void *bytes = NULL;
    size_t size = 0;

    (void)state;
    assert_int_equal(model_save_memory(model, NULL, &bytes, &size), DLCORE_OK);
    assert_int_equal(model_load_memory(bytes, size, NULL, &loaded), DLCORE_OK);
    assert_true(predicts(loaded, samples, expected));
    assert_int_equal(model_layer(loaded, 3)->kind, LAYER_DROPOUT);
    assert_true(model_layer(loaded, 3)->rate == 0.3);
    how.batch_size = 128;
    how.initial_epoch = epochs;
    how.epochs = epochs + 2;
    assert_accepted(model, model_fit(model, samples.x, samples.y, &how, NULL));
    assert_accepted(loaded, model_fit(loaded, samples.x, samples.y, &how, NULL));
    assert_true(same_weights(model, loaded));
    free(bytes);
    tensor_free(expected);
    model_free(model);
    model_free(loaded);
    samples_free(samples);
}

/* ---- freezing ---- */

static size_t moved_weights(model_t *model, samples_t samples)
{
    size_t count = model_parameter_count(model), moved = 0;
    float *before = malloc(count * sizeof *before), *after = malloc(count * sizeof *after);
    fit_options_t how = fit_options_default();
    weight_t weight;

    if (before == NULL || after == NULL)
        abort();
    assert_accepted(model, model_get_weights(model, before, count));
    assert_accepted(model, model_fit(model, samples.x, samples.y, &how, NULL));
    assert_accepted(model, model_get_weights(model, after, count));
    for (size_t i = 0, at = 0; model_weight(model, i, &weight); at += weight.size, i++) {
        bool moves = memcmp(before + at, after + at, weight.size * sizeof *before) != 0;

        if (moves)
            moved |= (size_t)1 << i;
    }
    free(before);
    free(after);
    return moved;
}

/* Weights: 0, 1 of the normalization; 2, 3 dense; 4 .. 7 batch normalization; 8, 9 dense; 10, 11
 * layer normalization; 12 prelu; 13, 14 dense. */
static void test_layers_that_are_frozen_keep_their_weights(void **state)
{
    samples_t samples = samples_of_floats(100, WIDTH, 4);
    model_t *model = deep_model(2, ENGINE_AUTO, 1);
    weight_t weight;

    (void)state;
    assert_accepted(model, model_adapt(model, 0, samples.x));
    assert_int_equal(moved_weights(model, samples), 0x7ffc);
    assert_accepted(model, model_set_trainable(model, 1, false));
    assert_accepted(model, model_set_trainable(model, 2, false));
    assert_int_equal(moved_weights(model, samples), 0x7f00);
    assert_true(model_weight(model, 2, &weight) && !weight.trainable);
    assert_true(model_weight(model, 8, &weight) && weight.trainable);
    assert_accepted(model, model_set_trainable(model, 1, true));
    assert_int_equal(moved_weights(model, samples), 0x7f0c);
    assert_int_equal(model_set_trainable(model, 9, true), DLCORE_ERROR_ARGUMENT);
    assert_non_null(strstr(model_error(model), "has 9 layers, got layer 9"));
    model_free(model);
    samples_free(samples);
}

static void test_layers_summary_counts_what_is_not_trainable(void **state)
{
    layer_t layers[] = {layer_dense(10, ACTIVATION_RELU), layer_batch_normalization(),
                        layer_dense(1, ACTIVATION_LINEAR)};
    char text[8192] = "";
    FILE *stream = tmpfile();
    model_t *model;

    (void)state;
    layers[2].trainable = false;
    model = model_of(layers, 3, 1);
    assert_non_null(stream);
    assert_int_equal(model_summary(model, stream), DLCORE_OK);
    rewind(stream);
    assert_true(fread(text, 1, sizeof text - 1, stream) > 0);
    assert_non_null(strstr(text, " Total params: 1,061 (4.14 KB)\n"
                                 " Trainable params: 1,030 (4.02 KB)\n"
                                 " Non-trainable params: 31 (124.00 B)\n"));
    fclose(stream);
    model_free(model);
}

/* ---- what is refused ---- */

static void refuse(layer_t layer, const char *text)
{
    model_t *model = NULL;

    assert_int_equal(model_create(NULL, &model), DLCORE_OK);
    assert_int_equal(model_add(model, layer), DLCORE_ERROR_ARGUMENT);
    if (strstr(model_error(model), text) == NULL)
        fail_msg("\"%s\", not \"%s\"", model_error(model), text);
    model_free(model);
}

static void test_layers_with_bad_options_are_refused(void **state)
{
    layer_t layer = layer_batch_normalization();

    (void)state;
    refuse(layer_dropout(1.5), "dropout: rate must lie in 0 .. 1, got 1.5");
    refuse(layer_dropout(-0.1), "dropout: rate must lie in 0 .. 1, got -0.1");
    refuse(layer_dropout((double)NAN), "rate must lie in 0 .. 1, got");
    refuse(layer_gaussian_noise(-1), "gaussian_noise: stddev must lie in 0 .. 3.40282e+38, got -1");
    refuse(layer_gaussian_noise((double)INFINITY), "stddev must lie in 0 .. 3.40282e+38, got inf");
    layer.epsilon = 0;
    refuse(layer, "batch_normalization: epsilon must lie in 1.17549e-38 .. 3.40282e+38, got 0");
    layer.epsilon = 1e-50; /* 0 as a float */
    refuse(layer, "got 1e-50");
    layer = layer_layer_normalization();
    layer.epsilon = 1e-50;
    refuse(layer, "layer_normalization: epsilon must lie in");
    layer = layer_dense(1, ACTIVATION_LINEAR);
    layer.kernel_initializer = initializer_constant(1e300);
    refuse(layer, "dense: kernel_initializer: value must lie in -3.40282e+38 .. 3.40282e+38");
    layer = layer_dense(1, ACTIVATION_LINEAR);
    layer.use_bias = false; /* but a file would keep it */
    layer.bias_initializer = initializer_constant((double)NAN);
    refuse(layer, "bias_initializer: value");
    layer = layer_batch_normalization();
    layer.momentum = 1.01;
    refuse(layer, "momentum must lie in 0 .. 1, got 1.01");
    layer = layer_layer_normalization();
    layer.gamma_initializer.kind = INITIALIZER_UNKNOWN;
    refuse(layer, "layer_normalization: gamma");
    layer = layer_prelu();
    layer.alpha_initializer.kind = INITIALIZER_UNKNOWN;
    refuse(layer, "p_re_lu: alpha");
}

static void test_layers_adapt_to_bad_data_is_refused(void **state)
{
    layer_t layers[] = {layer_rescaling(0.5, 1), layer_normalization(),
                        layer_dense(3, ACTIVATION_RELU), layer_normalization()};
    model_t *model = model_of(layers, 4, 1);
    tensor_t *x = rows_of(WIDTH, 2);
    float statistics[2 * WIDTH];

    (void)state;
    assert_accepted(model, model_adapt(model, 1, x));
    assert_accepted(model, model_get_weight(model, 0, statistics, WIDTH));
    assert_accepted(model, model_get_weight(model, 1, statistics + WIDTH, WIDTH));
    assert_true(statistics[0] == 2.0F && statistics[WIDTH] == 0.0F);
    assert_int_equal(model_adapt(model, 3, x), DLCORE_ERROR_UNSUPPORTED);
    assert_non_null(strstr(model_error(model), "only flatten and rescaling may"));
    assert_int_equal(model_adapt(model, 2, x), DLCORE_ERROR_ARGUMENT);
    assert_non_null(strstr(model_error(model), "adapt: layer 2, "));
    assert_non_null(strstr(model_error(model),
                           " is not a normalization layer; make one with layer_normalization()"));
    assert_int_equal(model_adapt(model, 7, x), DLCORE_ERROR_ARGUMENT);
    ((float *)tensor_data(x))[WIDTH + 5] = NAN;
    assert_int_equal(model_adapt(model, 1, x), DLCORE_ERROR_RANGE);
    assert_string_equal(model_error(model),
                        "adapt: number 5 of sample 1 is NaN behind the layers before");
    assert_accepted(model, model_get_weight(model, 0, statistics, WIDTH));
    assert_true(statistics[5] == 2.0F);
    tensor_free(x);
    model_free(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_layers_dropout_keeps_its_share_and_scales_it),
        cmocka_unit_test(test_layers_dropout_of_nothing_and_of_all),
        cmocka_unit_test(test_layers_noise_has_its_deviation),
        cmocka_unit_test(test_layers_train_to_the_same_bits_on_any_number_of_threads),
        cmocka_unit_test(test_layers_random_numbers_follow_from_the_seed),
        cmocka_unit_test(test_layers_of_every_kind_are_kept_in_files),
        cmocka_unit_test(test_layers_that_are_frozen_keep_their_weights),
        cmocka_unit_test(test_layers_summary_counts_what_is_not_trainable),
        cmocka_unit_test(test_layers_with_bad_options_are_refused),
        cmocka_unit_test(test_layers_adapt_to_bad_data_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
