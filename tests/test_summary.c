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

static void test_summary_without_model_or_stream_is_an_argument_error(void **state)
{
    dlcore_model_t *model = mnist_model();

    (void)state;
    assert_int_equal(dlcore_model_summary(NULL, stdout), DLCORE_ERROR_ARGUMENT);
    assert_int_equal(dlcore_model_summary(model, NULL), DLCORE_ERROR_ARGUMENT);
    dlcore_model_free(model);
}

static void test_summary_on_a_stream_that_fails_is_an_io_error(void **state)
{
    dlcore_model_t *model = mnist_model();
    FILE *stream = fopen("/dev/full", "w");

    (void)state;
    if (stream == NULL) {
        dlcore_model_free(model);
        skip();
    }
    assert_int_equal(dlcore_model_summary(model, stream), DLCORE_ERROR_IO);
    fclose(stream);
    dlcore_model_free(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_summary_of_784_512_10_is_keras_table),
        cmocka_unit_test(test_summary_before_build_says_unbuilt),
        cmocka_unit_test(test_summary_long_name_widens_its_column),
        cmocka_unit_test(test_summary_without_model_or_stream_is_an_argument_error),
        cmocka_unit_test(test_summary_on_a_stream_that_fails_is_an_io_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
