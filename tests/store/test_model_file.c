/* Models in files: what is saved comes back, and training goes on as if nothing had happened.
 *
 * SPDX-License-Identifier: MIT */
#define _XOPEN_SOURCE 700

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dlcore/file.h"
#include "dlcore/version.h"
#include "model/model.h"
#include "store/model_config.h"
#include "support/classifier.h"
#include "support/failing_allocator.h"
#include "support/small_model.h"
#include "support/tensors.h"

#define OPTIMIZERS 6

static dlcore_optimizer_t optimizer_of(size_t index)
{
    dlcore_optimizer_t optimizer = index < 3 ? dlcore_optimizer_sgd() : dlcore_optimizer_rmsprop();

    optimizer.momentum = index == 1 || index == 2 || index == 5 ? 0.9 : 0.0;
    optimizer.nesterov = index == 2;
    optimizer.centered = index == 4 || index == 5;
    if (index == 3)
        optimizer.learning_rate = 0.1 / 3.0; /* not a short number */
    return optimizer;
}

static dlcore_model_t *model_with(const dlcore_model_options_t *options, size_t optimizer)
{
    dlcore_optimizer_t chosen = optimizer_of(optimizer);
    dlcore_model_t *model = small_model(options, &chosen);

    assert_non_null(model);
    return model;
}

/* Through memory; the caller frees the model. */
static dlcore_model_t *saved_and_loaded(const dlcore_model_t *model,
                                        const dlcore_load_options_t *options)
{
    dlcore_model_t *loaded = NULL;
    dlcore_error_record_t error = {0};
    dlcore_save_options_t how = dlcore_save_options_default();
    void *bytes;
    size_t size;

    how.error = &error;
    if (dlcore_model_save_memory(model, &how, &bytes, &size) != DLCORE_OK)
        fail_msg("%s", error.message);
    assert_int_equal(dlcore_model_load_memory(bytes, size, options, &loaded), DLCORE_OK);
    free(bytes);
    return loaded;
}

static void assert_same_optimizer(const dlcore_optimizer_t *a, const dlcore_optimizer_t *b)
{
    assert_int_equal(a->kind, b->kind);
    assert_true(a->learning_rate == b->learning_rate && a->momentum == b->momentum);
    assert_true(a->rho == b->rho && a->epsilon == b->epsilon);
    assert_true(a->nesterov == b->nesterov && a->centered == b->centered);
}

static void assert_same_model(const dlcore_model_t *a, const dlcore_model_t *b)
{
    assert_int_equal(dlcore_model_layer_count(a), dlcore_model_layer_count(b));
    for (size_t i = 0; i < dlcore_model_layer_count(a); i++) {
        const dlcore_layer_t *x = dlcore_model_layer(a, i), *y = dlcore_model_layer(b, i);

        assert_int_equal(x->kind, y->kind);
        assert_string_equal(x->name, y->name);
        assert_int_equal(x->input_width, y->input_width);
        assert_int_equal(x->units, y->units);
        assert_int_equal(x->use_bias, y->use_bias);
        assert_int_equal(x->activation, y->activation);
        assert_int_equal(x->kernel_initializer.kind, y->kernel_initializer.kind);
        assert_int_equal(x->bias_initializer.kind, y->bias_initializer.kind);
        assert_true(x->bias_initializer.value == y->bias_initializer.value);
        assert_true(x->scale == y->scale && x->offset == y->offset);
        assert_int_equal(a->network.nodes[i].declared_width, b->network.nodes[i].declared_width);
    }
    assert_int_equal(a->compiled, b->compiled);
    assert_same_optimizer(&a->settings.optimizer, &b->settings.optimizer);
    assert_int_equal(a->settings.loss.kind, b->settings.loss.kind);
    assert_int_equal(a->settings.loss.from_logits, b->settings.loss.from_logits);
    assert_int_equal(a->settings.metric_count, b->settings.metric_count);
    for (size_t i = 0; i < a->settings.metric_count; i++) {
        assert_int_equal(a->settings.metrics[i].kind, b->settings.metrics[i].kind);
        assert_true(a->settings.metrics[i].threshold == b->settings.metrics[i].threshold);
    }
    assert_true(same_weights(a, b));
}

/* ---- round trips ---- */

static void check_round_trip(dlcore_engine_t engine)
{
    for (size_t i = 0; i < OPTIMIZERS; i++) {
        dlcore_load_options_t how = dlcore_load_options_default();
        dlcore_load_report_t report;
        dlcore_model_options_t options = engine_options(engine, 1);
        dlcore_model_t *model, *loaded;

        options.seed = UINT64_MAX - 5; /* needs all of its digits */
        how.model = engine_options(engine, 1);
        how.report = &report;
        how.self_test = how.require_checksum = true;
        model = model_with(&options, i);
        assert_int_equal(small_model_fit(model, 0, 2), DLCORE_OK);
        loaded = saved_and_loaded(model, &how);
        assert_same_model(model, loaded);
        assert_int_equal(loaded->epochs_trained, 2);
        assert_true(loaded->options.seed == UINT64_MAX - 5);
        assert_int_equal(report.checksum, DLCORE_CHECKSUM_MATCHES);
        assert_true(report.compiled && report.training_state && report.self_tested);
        assert_true(report.self_test_difference == 0.0);
        assert_string_equal(report.library_version, dlcore_version_string());
        dlcore_model_free(loaded);
        dlcore_model_free(model);
    }
}

static void test_model_file_round_trip_keeps_everything(void **state)
{
    (void)state;
    with_every_engine(check_round_trip);
}

/* Every initializer, activation, loss and metric by its Keras name. */
static void test_model_file_round_trip_knows_every_kind(void **state)
{
    static const dlcore_loss_kind_t losses[] = {
        DLCORE_LOSS_CATEGORICAL_CROSSENTROPY, DLCORE_LOSS_BINARY_CROSSENTROPY,
        DLCORE_LOSS_MEAN_SQUARED_ERROR, DLCORE_LOSS_SPARSE_CATEGORICAL_CROSSENTROPY};

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        dlcore_compile_options_t settings = dlcore_compile_options_default();
        dlcore_model_t *model = NULL, *loaded;

        assert_int_equal(dlcore_model_create(NULL, &model), DLCORE_OK);
        for (int kind = DLCORE_INITIALIZER_GLOROT_UNIFORM; kind <= DLCORE_INITIALIZER_CONSTANT;
             kind++) {
            dlcore_layer_t layer = dlcore_layer_dense(3 + (size_t)kind, DLCORE_ACTIVATION_LINEAR);

            layer.activation = (dlcore_activation_t)(1 + kind % DLCORE_ACTIVATION_RELU_GENERAL);
            layer.kernel_initializer.kind = (dlcore_initializer_kind_t)kind;
            layer.bias_initializer = dlcore_initializer_constant(0.1 * kind);
            dlcore_model_add(model, layer);
        }
        settings.loss.kind = losses[i];
        settings.loss.from_logits = i < 2;
        settings.metrics[settings.metric_count++] =
            (dlcore_metric_t){.kind = DLCORE_METRIC_ACCURACY, .threshold = i < 1 ? 0.5 : 0.3};
        settings.metrics[settings.metric_count++] = dlcore_metric_default(
            i == 3 ? DLCORE_METRIC_SPARSE_CATEGORICAL_ACCURACY : DLCORE_METRIC_MEAN_SQUARED_ERROR);
        if (i < 3) {
            settings.metrics[settings.metric_count++] =
                dlcore_metric_default(DLCORE_METRIC_MEAN_ABSOLUTE_ERROR);
            settings.metrics[settings.metric_count++] =
                (dlcore_metric_t){.kind = DLCORE_METRIC_BINARY_ACCURACY, .threshold = 1 / 3.0};
            settings.metrics[settings.metric_count++] =
                dlcore_metric_default(DLCORE_METRIC_CATEGORICAL_ACCURACY);
        }
        assert_int_equal(dlcore_model_build(model, 5), DLCORE_OK);
        if (dlcore_model_compile_with(model, &settings) != DLCORE_OK)
            fail_msg("%s", dlcore_model_error(model));
        loaded = saved_and_loaded(model, NULL);
        assert_same_model(model, loaded);
        dlcore_model_free(loaded);
        dlcore_model_free(model);
    }
}

static void test_model_file_of_a_model_that_is_not_compiled(void **state)
{
    dlcore_load_options_t how = dlcore_load_options_default();
    dlcore_load_report_t report;
    dlcore_model_t *model = NULL, *loaded;

    (void)state;
    how.report = &report;
    assert_int_equal(dlcore_model_create(NULL, &model), DLCORE_OK);
    dlcore_model_add(model, dlcore_layer_dense(2, DLCORE_ACTIVATION_LOG_SOFTMAX));
    assert_int_equal(dlcore_model_build(model, 3), DLCORE_OK);
    loaded = saved_and_loaded(model, &how);
    assert_true(same_weights(model, loaded));
    assert_false(loaded->compiled || report.compiled || report.training_state);
    assert_false(report.self_tested);
    assert_true(isnan(report.self_test_difference));
    dlcore_model_free(loaded);
    dlcore_model_free(model);
}

/* A file does not know who multiplied. */
static void test_model_file_moves_between_engines(void **state)
{
    dlcore_load_options_t how = dlcore_load_options_default();
    dlcore_model_options_t options = engine_options(DLCORE_ENGINE_AUTO, 1);
    dlcore_load_report_t report;
    dlcore_model_t *model, *loaded;

    (void)state;
    how.model.engine = DLCORE_ENGINE_BLAS;
    how.report = &report;
    how.self_test = true;
    model = model_with(&options, 5);
    assert_int_equal(small_model_fit(model, 0, 2), DLCORE_OK);
    loaded = saved_and_loaded(model, &how);
    assert_true(same_weights(model, loaded));
    assert_true(report.self_test_difference < 1e-5);
    assert_int_equal(report.checksum, DLCORE_CHECKSUM_MATCHES);
    dlcore_model_free(loaded);
    dlcore_model_free(model);
}

/* Tensors above a megabyte pass through the buffer in pieces, of which the last is shorter. */
static void check_large(dlcore_engine_t engine)
{
    dlcore_load_options_t how = dlcore_load_options_default();
    dlcore_model_options_t options = engine_options(engine, 1);
    failing_allocator_t memory;
    dlcore_model_t *model = NULL, *loaded;

    failing_allocator_init(&memory);
    how.model = options;
    how.model.allocator = failing_allocator(&memory);
    how.require_checksum = true;
    assert_int_equal(dlcore_model_create(&options, &model), DLCORE_OK);
    dlcore_model_add(model, dlcore_layer_dense(1001, DLCORE_ACTIVATION_RELU));
    dlcore_model_add(model, dlcore_layer_dense(3, DLCORE_ACTIVATION_SOFTMAX));
    assert_int_equal(dlcore_model_build(model, 601), DLCORE_OK);
    loaded = saved_and_loaded(model, &how);
    assert_true(same_weights(model, loaded));
    /* weights, padded, and a buffer of a megabyte */
    assert_true(memory.peak_bytes < 601 * 1024 * sizeof(float) + ((size_t)3 << 19));
    dlcore_model_free(loaded);
    dlcore_model_free(model);
    failing_allocator_assert_clean(&memory);
}

static void test_model_file_streams_large_tensors(void **state)
{
    (void)state;
    with_every_engine(check_large);
}

/* ---- training goes on ---- */

static void check_continue(dlcore_engine_t engine)
{
    for (size_t i = 0; i < OPTIMIZERS; i++) {
        dlcore_model_options_t options = engine_options(engine, 1);
        dlcore_load_options_t how = dlcore_load_options_default();
        dlcore_model_t *straight, *model, *loaded;

        options.seed = 7 + i;
        how.model = engine_options(engine, 1);
        straight = model_with(&options, i);
        model = model_with(&options, i);
        assert_int_equal(small_model_fit(straight, 0, 4), DLCORE_OK);
        for (size_t epoch = 0; epoch < 4; epoch++) {
            loaded = saved_and_loaded(model, &how); /* before the first one, too */
            dlcore_model_free(model);
            model = loaded;
            assert_int_equal(small_model_fit(model, epoch, epoch + 1), DLCORE_OK);
        }
        assert_true(same_weights(straight, model));
        dlcore_model_free(model);
        dlcore_model_free(straight);
    }
}

static void test_model_file_training_goes_on_bit_by_bit(void **state)
{
    (void)state;
    with_every_engine(check_continue);
}

static void test_model_file_without_training_state_is_smaller_and_begins_anew(void **state)
{
    dlcore_model_t *model = model_with(NULL, 4), *loaded = NULL;
    dlcore_save_options_t how = dlcore_save_options_default();
    dlcore_load_options_t ask = dlcore_load_options_default();
    dlcore_load_report_t report;
    void *whole, *part;
    size_t whole_size, part_size;

    (void)state;
    ask.report = &report;
    assert_int_equal(small_model_fit(model, 0, 1), DLCORE_OK);
    assert_int_equal(dlcore_model_save_memory(model, &how, &whole, &whole_size), DLCORE_OK);
    how.training_state = false;
    how.self_test = false;
    assert_int_equal(dlcore_model_save_memory(model, &how, &part, &part_size), DLCORE_OK);
    assert_true(part_size < whole_size);
    assert_int_equal(dlcore_model_load_memory(part, part_size, &ask, &loaded), DLCORE_OK);
    assert_true(report.compiled && !report.training_state);
    assert_int_equal(report.checksum, DLCORE_CHECKSUM_MATCHES);
    assert_null(loaded->trainer.slots);
    assert_true(same_weights(model, loaded));
    dlcore_model_free(loaded);

    ask.training_state = false; /* it is there, but not wanted */
    assert_int_equal(dlcore_model_load_memory(whole, whole_size, &ask, &loaded), DLCORE_OK);
    assert_int_equal(report.checksum, DLCORE_CHECKSUM_MATCHES);
    assert_null(loaded->trainer.slots);
    assert_int_equal(loaded->epochs_trained, 0);
    dlcore_model_free(loaded);
    ask.compile = false;
    assert_int_equal(dlcore_model_load_memory(whole, whole_size, &ask, &loaded), DLCORE_OK);
    assert_false(loaded->compiled);
    assert_true(same_weights(model, loaded));
    dlcore_model_free(loaded);
    free(whole);
    free(part);
    dlcore_model_free(model);
}

/* Names that a file could not keep are refused as the layer is added. */
static void test_model_file_names_are_kept_or_refused_when_added(void **state)
{
    static const struct {
        const char *name, *problem;
    } names[] = {{"\"\\ \xC3\xA9\xF0\x9F\x98\x80", NULL},
                 {"\xE9", "layer 0: its name is not UTF-8"},
                 {"\xC3", "not UTF-8"},
                 {"\xED\xA0\x80", "not UTF-8"},
                 {"\xC0\x80", "not UTF-8"},
                 {"\xF4\x90\x80\x80", "not UTF-8"},
                 {"a\n", "layer 0: its name has a control character"},
                 {"\x7F", "control character"}};

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        dlcore_layer_t layer = dlcore_layer_dense(2, DLCORE_ACTIVATION_LINEAR);
        dlcore_model_t *model = NULL, *loaded;

        snprintf(layer.name, sizeof layer.name, "%s", names[i].name);
        layer.input_width = 3;
        assert_int_equal(dlcore_model_create(NULL, &model), DLCORE_OK);
        if (names[i].problem != NULL) {
            assert_int_equal(dlcore_model_add(model, layer), DLCORE_ERROR_ARGUMENT);
            assert_non_null(strstr(dlcore_model_error(model), names[i].problem));
        } else {
            dlcore_model_add(model, layer);
            assert_int_equal(dlcore_model_build(model, 0), DLCORE_OK);
            loaded = saved_and_loaded(model, NULL);
            assert_same_model(model, loaded);
            dlcore_model_free(loaded);
        }
        dlcore_model_free(model);
    }
}

static void test_model_file_class_names_are_kerass(void **state)
{
    static const char *const names[][2] = {
        {"glorot_uniform", "GlorotUniform"},
        {"zeros", "Zeros"},
        {"mean_squared_error", "MeanSquaredError"},
        {"top_k_categorical_accuracy", "TopKCategoricalAccuracy"},
        {"r2_score", "R2Score"}};
    char text[64];

    (void)state;
    for (size_t i = 0; i < 5; i++) {
        dlcore_class_name(names[i][0], text, sizeof text);
        assert_string_equal(text, names[i][1]);
    }
    dlcore_class_name("glorot_uniform", text, 5);
    assert_string_equal(text, "Glor");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_model_file_round_trip_keeps_everything),
        cmocka_unit_test(test_model_file_round_trip_knows_every_kind),
        cmocka_unit_test(test_model_file_of_a_model_that_is_not_compiled),
        cmocka_unit_test(test_model_file_moves_between_engines),
        cmocka_unit_test(test_model_file_streams_large_tensors),
        cmocka_unit_test(test_model_file_training_goes_on_bit_by_bit),
        cmocka_unit_test(test_model_file_without_training_state_is_smaller_and_begins_anew),
        cmocka_unit_test(test_model_file_names_are_kept_or_refused_when_added),
        cmocka_unit_test(test_model_file_class_names_are_kerass),
    };

    return cmocka_run_group_tests_name("model_file", tests, NULL, NULL);
}
