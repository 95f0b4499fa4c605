/* Normalization whose numbers Keras has in its config. What such a model predicts, and how it
 * trains, is compared in test_keras_load.c.
 *
 * SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <dlcore.h>
#include <dlcore/keras.h>

#include "support/keras_file.h"

#define MEAN "[0.25, -1.0, 0.5]"
#define VARIANCE "[4.0, 0.5, 1.5]"

/* Loads the file with another text, which is no longer, in the place of one. */
static dlcore_status load_changed(const char *from, const char *to, dlcore_error_record_t *error)
{
    keras_bytes_t file = keras_fixture_bytes("keras_constants.h5");
    load_options_t how = load_options_default();
    model_t *model = NULL;
    size_t length = strlen(from), at = 0;
    dlcore_status status;

    assert_true(strlen(to) <= length);
    while (at + length <= file.size && memcmp(file.bytes + at, from, length) != 0)
        at++;
    assert_true(at + length <= file.size);
    memset(file.bytes + at, ' ', length);
    memcpy(file.bytes + at, to, strlen(to));
    how.error = error;
    status = keras_load_memory(file.bytes, file.size, &how, &model);
    model_free(model);
    free(file.bytes);
    return status;
}

static void assert_weight(const model_t *model, const char *name, const float *expected,
                          size_t count)
{
    float found[4];
    size_t index;

    assert_int_equal(model_find_weight(model, name, &index, NULL), DLCORE_OK);
    assert_int_equal(model_get_weight(model, index, found, count), DLCORE_OK);
    assert_memory_equal(found, expected, count * sizeof *found);
}

static void test_keras_constants_are_weights_of_the_layer(void **state)
{
    const float mean[3] = {0.25f, -1.0f, 0.5f}, variance[3] = {4.0f, 0.5f, 1.5f};
    const float all[4] = {0.5f, 0.5f, 0.5f, 0.5f}; /* one number for all columns */
    model_t *model = NULL;

    (void)state;
    assert_int_equal(keras_load(keras_fixture_path("keras_constants.keras"), NULL, &model),
                     DLCORE_OK);
    assert_weight(model, "normalization/mean", mean, 3);
    assert_weight(model, "normalization/variance", variance, 3);
    assert_weight(model, "normalization_1/mean", all, 4);
    model_free(model);
}

static void test_keras_constants_of_another_form_are_refused(void **state)
{
    static const struct {
        const char *from, *to, *text;
        dlcore_status status;
    } cases[] = {
        {MEAN, "[0.25, -1.0]", "mean has 2 numbers for 3 columns", DLCORE_ERROR_SHAPE},
        {MEAN, "[]", "mean has 0 numbers for 3 columns", DLCORE_ERROR_SHAPE},
        {MEAN, "[0.25, -1.0, \"\"]", "mean is not a list of numbers", DLCORE_ERROR_FORMAT},
        {MEAN, "[[[[[[[[1]]]]]]]]", "", DLCORE_OK},
        {MEAN, "[1]", "", DLCORE_OK}, /* for all columns */
        {MEAN ", \"variance\": " VARIANCE, "[[[[[[[[[[[[1]]]]]]]]]]]], \"variance\": 1", "",
         DLCORE_OK},
        {MEAN ", \"variance\": " VARIANCE, "[[[[[[[[[[[[[1]]]]]]]]]]]]], \"variance\": 1",
         "mean is not a list of numbers", DLCORE_ERROR_FORMAT}, /* too deep */
        {VARIANCE, "[4.0, 1e99, 15]", "variance is not a list of numbers", DLCORE_ERROR_FORMAT},
        {VARIANCE, "null", "has one of mean and variance", DLCORE_ERROR_FORMAT},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        dlcore_error_record_t error = {.message = ""};
        dlcore_status status = load_changed(cases[i].from, cases[i].to, &error);

        if (status != cases[i].status || strstr(error.message, cases[i].text) == NULL)
            fail_msg("%s: %s, \"%s\"", cases[i].to, dlcore_status_string(status), error.message);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keras_constants_are_weights_of_the_layer),
        cmocka_unit_test(test_keras_constants_of_another_form_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
