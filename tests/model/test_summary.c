/* The table of a model, letter by letter.
 *
 * SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "dlcore/model.h"

static char text[8192];

/* The summary of the model in `text`. */
static void summarize(const dlcore_model_t *model)
{
    FILE *stream = tmpfile();
    size_t length;

    assert_non_null(stream);
    assert_int_equal(dlcore_model_summary(model, stream), DLCORE_OK);
    rewind(stream);
    length = fread(text, 1, sizeof text - 1, stream);
    text[length] = '\0';
    fclose(stream);
}

static dlcore_model_t *mnist_model(void)
{
    dlcore_model_t *model = NULL;

    assert_int_equal(dlcore_model_create(NULL, &model), DLCORE_OK);
    dlcore_model_add(model, dlcore_layer_dense(512, DLCORE_ACTIVATION_RELU));
    dlcore_model_add(model, dlcore_layer_dense(10, DLCORE_ACTIVATION_SOFTMAX));
    return model;
}

static void test_summary_of_784_512_10_is_keras_table(void **state)
{
    dlcore_model_t *model = mnist_model();

    (void)state;
    assert_int_equal(dlcore_model_build(model, 784), DLCORE_OK);
    summarize(model);
    assert_string_equal(
        text, "Model: \"sequential\"\n"
              "┏━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━┓\n"
              "┃ Layer (type)                    ┃ Output Shape           ┃       Param # ┃\n"
              "┡━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━┩\n"
              "│ dense (Dense)                   │ (None, 512)            │       401,920 │\n"
              "├─────────────────────────────────┼────────────────────────┼───────────────┤\n"
              "│ dense_1 (Dense)                 │ (None, 10)             │         5,130 │\n"
              "└─────────────────────────────────┴────────────────────────┴───────────────┘\n"
              " Total params: 407,050 (1.55 MB)\n"
              " Trainable params: 407,050 (1.55 MB)\n"
              " Non-trainable params: 0 (0.00 B)\n");
    dlcore_model_free(model);
}

static void test_summary_before_build_says_unbuilt(void **state)
{
    dlcore_model_t *model = mnist_model();

    (void)state;
    dlcore_model_add(model, dlcore_layer_flatten());
    summarize(model);
    assert_non_null(strstr(
        text, "│ dense (Dense)                   │ ?                      │   0 (unbuilt) │\n"));
    assert_non_null(strstr(
        text, "│ flatten (Flatten)               │ ?                      │             0 │\n"));
    assert_non_null(strstr(text, " Total params: 0 (0.00 B)\n"));
    dlcore_model_free(model);
}

/* Every line of the box as wide as the longest name needs. */
static void test_summary_long_name_widens_its_column(void **state)
{
    dlcore_layer_t layer = dlcore_layer_dense(1, DLCORE_ACTIVATION_LINEAR);
    dlcore_model_t *model = NULL;

    (void)state;
    memset(layer.name, 'n', 40);
    assert_int_equal(dlcore_model_create(NULL, &model), DLCORE_OK);
    dlcore_model_add(model, layer);
    assert_int_equal(dlcore_model_build(model, 1000), DLCORE_OK);
    summarize(model);
    assert_non_null(strstr(text, "nnn (Dense) │ (None, 1)              │         1,001 │\n"));
    assert_non_null(strstr(text, "┃ Layer (type)                                     ┃ Output"));
    assert_non_null(strstr(text, " Total params: 1,001 (3.91 KB)\n"));
    dlcore_model_free(model);
}

/* As keras.Sequential.summary(show_trainable=True) with 80 columns, but for the last title, which
 * Keras cuts to "Trai…". */
static void test_summary_of_frozen_layers_marks_each_layer(void **state)
{
    dlcore_model_t *model = mnist_model();

    (void)state;
    dlcore_model_add(model, dlcore_layer_flatten());
    assert_int_equal(dlcore_model_build(model, 784), DLCORE_OK);
    assert_int_equal(dlcore_model_set_trainable(model, 0, false), DLCORE_OK);
    summarize(model);
    assert_string_equal(
        text, "Model: \"sequential\"\n"
              "┏━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━┳━━━━━━━━━━━┓\n"
              "┃ Layer (type)                ┃ Output Shape          ┃    Param # ┃ Trainable ┃\n"
              "┡━━━━━━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━╇━━━━━━━━━━━┩\n"
              "│ dense (Dense)               │ (None, 512)           │    401,920 │     N     │\n"
              "├─────────────────────────────┼───────────────────────┼────────────┼───────────┤\n"
              "│ dense_1 (Dense)             │ (None, 10)            │      5,130 │     Y     │\n"
              "├─────────────────────────────┼───────────────────────┼────────────┼───────────┤\n"
              "│ flatten (Flatten)           │ (None, 10)            │          0 │     -     │\n"
              "└─────────────────────────────┴───────────────────────┴────────────┴───────────┘\n"
              " Total params: 407,050 (1.55 MB)\n"
              " Trainable params: 5,130 (20.04 KB)\n"
              " Non-trainable params: 401,920 (1.53 MB)\n");
    assert_int_equal(dlcore_model_set_trainable(model, 0, true), DLCORE_OK);
    summarize(model);
    assert_null(strstr(text, "Trainable ┃"));
    dlcore_model_free(model);
}

/* The numbers that Keras prints for the same model, 4 inputs, dense 3 frozen, batch normalization,
 * dense 1. */
static void test_summary_of_a_trained_model_counts_the_optimizer(void **state)
{
    dlcore_optimizer_t nadam = dlcore_optimizer_nadam(), sgd = dlcore_optimizer_sgd();
    const size_t shape[2] = {8, 4}, y_shape[1] = {8};
    dlcore_tensor_t *x = NULL, *y = NULL;
    dlcore_layer_t frozen = dlcore_layer_dense(3, DLCORE_ACTIVATION_LINEAR);
    dlcore_model_t *model = NULL;

    (void)state;
    nadam.use_ema = true;
    nadam.gradient_accumulation_steps = 2;
    frozen.trainable = false;
    frozen.input_width = 4;
    assert_int_equal(dlcore_tensor_create(NULL, DLCORE_DTYPE_FLOAT32, 2, shape, &x, NULL), 0);
    assert_int_equal(dlcore_tensor_create(NULL, DLCORE_DTYPE_FLOAT32, 1, y_shape, &y, NULL), 0);
    assert_int_equal(dlcore_model_create(NULL, &model), DLCORE_OK);
    dlcore_model_add(model, frozen);
    dlcore_model_add(model, dlcore_layer_batch_normalization());
    dlcore_model_add(model, dlcore_layer_dense(1, DLCORE_ACTIVATION_LINEAR));
    dlcore_model_compile(model, &nadam, DLCORE_LOSS_MEAN_SQUARED_ERROR, DLCORE_METRIC_NONE);
    summarize(model);
    assert_null(strstr(text, "Optimizer"));
    assert_non_null(strstr(text, " Total params: 31 (124.00 B)\n"));
    assert_int_equal(dlcore_model_fit(model, x, y, NULL, NULL), DLCORE_OK);
    summarize(model);
    assert_non_null(strstr(text, " Total params: 74 (300.00 B)\n Trainable params: 10 (40.00 B)\n"
                                 " Non-trainable params: 21 (84.00 B)\n"
                                 " Optimizer params: 43 (176.00 B)\n"));
    dlcore_model_compile(model, &sgd, DLCORE_LOSS_MEAN_SQUARED_ERROR, DLCORE_METRIC_NONE);
    summarize(model);
    assert_null(strstr(text, "Optimizer"));
    assert_int_equal(dlcore_model_fit(model, x, y, NULL, NULL), DLCORE_OK);
    assert_int_equal(dlcore_model_set_trainable(model, 0, false), DLCORE_OK);
    summarize(model);
    assert_non_null(strstr(text, " Total params: 33 (136.00 B)\n"));
    assert_non_null(strstr(text, " Optimizer params: 2 (12.00 B)\n"));
    dlcore_model_free(model);
    dlcore_tensor_free(x);
    dlcore_tensor_free(y);
}

static void test_summary_without_model_or_stream_is_an_argument_error(void **state)
{
    dlcore_model_t *model = mnist_model();

    (void)state;
    assert_int_equal(dlcore_model_summary(NULL, stdout), DLCORE_ERROR_ARGUMENT);
    assert_int_equal(dlcore_model_summary(model, NULL), DLCORE_ERROR_ARGUMENT);
    dlcore_model_free(model);
}

/* With a buffer the last write fails; without, each has failed before. */
static void test_summary_on_a_stream_that_fails_is_an_io_error(void **state)
{
    dlcore_model_t *model = mnist_model();

    (void)state;
    for (int buffered = 0; buffered < 2; buffered++) {
        FILE *stream = fopen("/dev/full", "w");

        if (stream == NULL) {
            dlcore_model_free(model);
            skip();
        }
        if (!buffered)
            setvbuf(stream, NULL, _IONBF, 0);
        assert_int_equal(dlcore_model_summary(model, stream), DLCORE_ERROR_IO);
        fclose(stream);
    }
    dlcore_model_free(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_summary_of_784_512_10_is_keras_table),
        cmocka_unit_test(test_summary_before_build_says_unbuilt),
        cmocka_unit_test(test_summary_long_name_widens_its_column),
        cmocka_unit_test(test_summary_of_frozen_layers_marks_each_layer),
        cmocka_unit_test(test_summary_of_a_trained_model_counts_the_optimizer),
        cmocka_unit_test(test_summary_without_model_or_stream_is_an_argument_error),
        cmocka_unit_test(test_summary_on_a_stream_that_fails_is_an_io_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
