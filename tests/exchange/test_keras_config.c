/* The config of a file for Keras: every activation, loss, metric and optimizer by itself is written
 * so that it is read again, or refused by name. That Keras reads them, tests/keras_files.sh looks
 * at.
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

#include "nn/metric.h"
#include "support/models.h"

/* A dense layer that is compiled. */
static model_t *model_with(activation_t activation, const compile_options_t *options)
{
    model_t *model = NULL;

    assert_int_equal(model_create(NULL, &model), DLCORE_OK);
    assert_accepted(model, model_add(model, layer_dense(4, activation)));
    assert_accepted(model, model_compile_with(model, options));
    assert_accepted(model, model_build(model, 3));
    return model;
}

static compile_options_t options_with(loss_kind_t loss)
{
    compile_options_t options = compile_options_default();

    options.loss = loss_default(loss);
    return options;
}

/* Saves, and loads what was saved; frees the model. */
static model_t *round_trip(model_t *model, void **bytes, size_t *size)
{
    error_record_t error = {0};
    save_options_t how = save_options_default();
    load_options_t load = load_options_default();
    model_t *again = NULL;

    how.error = load.error = &error;
    if (keras_save_memory(model, &how, bytes, size) != DLCORE_OK ||
        keras_load_memory(*bytes, *size, &load, &again) != DLCORE_OK)
        fail_msg("%s", error.message);
    model_free(model);
    return again;
}

/* What is loaded gives the same file each time. The first may differ: its model has no name. */
static void check_round_trip(model_t *model)
{
    void *bytes[3];
    size_t size[3];

    for (int i = 0; i < 3; i++)
        model = round_trip(model, &bytes[i], &size[i]);
    model_free(model);
    assert_int_equal(size[1], size[2]);
    assert_memory_equal(bytes[1], bytes[2], size[1]);
    for (int i = 0; i < 3; i++)
        free(bytes[i]);
}

static void check_refusal(model_t *model, const char *message)
{
    error_record_t error = {0};
    save_options_t how = save_options_default();
    void *bytes = NULL;
    size_t size = 0;

    how.error = &error;
    assert_int_equal(keras_save_memory(model, &how, &bytes, &size), DLCORE_ERROR_UNSUPPORTED);
    assert_non_null(strstr(error.message, message));
    model_free(model);
}

static void check(model_t *model, const char *refusal)
{
    if (refusal != NULL)
        check_refusal(model, refusal);
    else
        check_round_trip(model);
}

static const char *refused_activation(activation_t activation)
{
    return activation == ACTIVATION_SPARSEMAX   ? "dense has the activation sparsemax"
           : activation == ACTIVATION_GELU_TANH ? "dense has the activation gelu_tanh"
                                                : NULL;
}

static void test_keras_config_activations_are_read_again_or_refused_by_name(void **state)
{
    compile_options_t options = options_with(LOSS_MEAN_SQUARED_ERROR);

    (void)state;
    for (int i = 1; strcmp(activation_name((activation_t)i), "unknown") != 0; i++)
        check(model_with((activation_t)i, &options), refused_activation((activation_t)i));
}

static void test_keras_config_losses_are_read_again_or_refused_by_name(void **state)
{
    (void)state;
    for (int i = 1; i < LOSS_FUNCTION; i++) {
        compile_options_t options = options_with((loss_kind_t)i);

        check(model_with(ACTIVATION_SOFTMAX, &options),
              i == LOSS_QUANTILE ? "Keras has no loss quantile" : NULL);
    }
}

static void test_keras_config_metrics_are_read_again(void **state)
{
    (void)state;
    for (int i = 1; i < DLCORE_METRIC_KIND_COUNT; i++) {
        metric_t metric = metric_default((metric_kind_t)i);
        bool sparse = strncmp(metric_name(metric.kind), "sparse", 6) == 0;
        compile_options_t options = options_with(sparse ? LOSS_SPARSE_CATEGORICAL_CROSSENTROPY
                                                        : LOSS_CATEGORICAL_CROSSENTROPY);

        if (metric.kind == METRIC_FUNCTION)
            continue;
        if (metric.at < 0.0)
            metric.at = 0.5;
        options.metrics[0] = metric;
        options.metric_count = 1;
        check(model_with(ACTIVATION_SOFTMAX, &options), NULL);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keras_config_activations_are_read_again_or_refused_by_name),
        cmocka_unit_test(test_keras_config_losses_are_read_again_or_refused_by_name),
        cmocka_unit_test(test_keras_config_metrics_are_read_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
