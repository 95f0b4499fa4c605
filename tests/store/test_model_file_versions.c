/* Files that earlier versions wrote are never written again: every later version reads them.
 * version1_training.safetensors has a layer of every kind, an optimizer with all the state it can
 * have, and a run in its midst; version1_training_end.safetensors is what the weights were at its
 * end. model_files.c wrote both.
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

#include "base/little_endian.h"
#include "model/model.h"
#include "model/run_state.h"
#include "support/running_model.h"

#define TRAINING DLCORE_FIXTURES "/version1_training.safetensors"
#define END DLCORE_FIXTURES "/version1_training_end.safetensors"

static dlcore_model_t *load(dlcore_load_report_t *report)
{
    dlcore_load_options_t how = dlcore_load_options_default();
    dlcore_error_record_t error = {.message = ""};
    dlcore_model_t *model = NULL;

    how.self_test = how.require_checksum = true;
    how.report = report;
    how.error = &error;
    if (dlcore_model_load(TRAINING, &how, &model) != DLCORE_OK)
        fail_msg("%s", error.message);
    return model;
}

static void test_model_file_versions_1_has_its_settings(void **state)
{
    dlcore_load_report_t report;
    dlcore_model_t *model = load(&report), *made = running_model(NULL, true);
    const dlcore_optimizer_t *adam = &model->settings.optimizer;

    (void)state;
    assert_non_null(made);
    assert_string_equal(report.library_version, "0.1.0");
    assert_true(report.compiled && report.training_state && report.self_tested);
    assert_true(report.self_test_difference < 1e-5);
    assert_int_equal(dlcore_model_layer_count(model), dlcore_model_layer_count(made));
    for (size_t i = 0; i < model->network.node_count; i++) {
        const dlcore_layer_t *got = &model->network.nodes[i].layer;
        const dlcore_layer_t *expected = &made->network.nodes[i].layer;

        assert_string_equal(got->name, expected->name);
        assert_int_equal(got->kind, expected->kind);
        assert_int_equal(got->units, expected->units);
        assert_true(got->rate == expected->rate && got->stddev == expected->stddev);
        assert_true(got->scale == expected->scale && got->offset == expected->offset);
        assert_memory_equal(&got->kernel_regularizer, &expected->kernel_regularizer,
                            sizeof got->kernel_regularizer);
        assert_memory_equal(&got->activity_regularizer, &expected->activity_regularizer,
                            sizeof got->activity_regularizer);
        assert_int_equal(got->kernel_constraint.kind, expected->kernel_constraint.kind);
        assert_int_equal(got->bias_constraint.kind, expected->bias_constraint.kind);
    }
    assert_int_equal(adam->kind, DLCORE_OPTIMIZER_ADAM);
    assert_true(adam->amsgrad && adam->use_ema && adam->ema_momentum == 0.9);
    assert_int_equal(adam->schedule.kind, made->settings.optimizer.schedule.kind);
    assert_int_equal(model->settings.metric_count, 2);
    assert_int_equal(model->settings.metrics[1].num_thresholds, 5);
    dlcore_model_free(made);
    dlcore_model_free(model);
}

static void test_model_file_versions_1_has_its_run(void **state)
{
    dlcore_load_report_t report;
    dlcore_model_t *model = load(&report);
    const dlcore_run_state_t *run = model->stopped;

    (void)state;
    assert_non_null(run);
    assert_int_equal(run->position.epoch, 1);
    assert_int_equal(run->position.batch, 2);
    assert_int_equal(run->rows, 1);
    assert_int_equal(run->callback_count, 2);
    assert_string_equal(run->callbacks[0].name, "early_stopping");
    assert_non_null(run->callbacks[0].weights);
    assert_string_equal(run->callbacks[1].name, "witness");
    assert_int_equal(run->callbacks[1].count, 3);
    assert_true(run->callbacks[1].numbers[0] == 1.0 && run->callbacks[1].numbers[2] == 0.5);
    assert_int_equal(model->steps_trained, RUNNING_BATCHES + 2);
    assert_int_equal(model->trainer.clock.iterations, RUNNING_BATCHES + 2);
    dlcore_model_free(model);
}

static unsigned char *read_file(const char *path, size_t *size)
{
    enum { ROOM = 100000 };
    unsigned char *bytes = malloc(ROOM);
    FILE *file = fopen(path, "rb");

    assert_true(bytes != NULL && file != NULL);
    *size = fread(bytes, 1, ROOM, file);
    assert_in_range(*size, 9, ROOM - 1);
    fclose(file);
    return bytes;
}

/* Weights, the optimizer's state, and what callbacks keep: saved again they are the same bytes. The
 * self-test is at the end. */
static void test_model_file_versions_1_has_its_numbers(void **state)
{
    enum { SELF_TEST = 2 * (RUNNING_INPUTS + 1) * sizeof(float) };
    dlcore_save_options_t how = dlcore_save_options_default();
    dlcore_load_report_t report;
    dlcore_model_t *model = load(&report);
    size_t size, again_size, data, again_data;
    unsigned char *file = read_file(TRAINING, &size);
    void *again;

    (void)state;
    how.self_test = false;
    assert_int_equal(dlcore_model_save_memory(model, &how, &again, &again_size), DLCORE_OK);
    data = 8 + (size_t)dlcore_load_u64(file);
    again_data = 8 + (size_t)dlcore_load_u64(again);
    assert_int_equal(size - data, again_size - again_data + SELF_TEST);
    assert_memory_equal(file + data, (unsigned char *)again + again_data, again_size - again_data);
    free(again);
    free(file);
    dlcore_model_free(model);
}

static void test_model_file_versions_1_goes_on_to_its_end(void **state)
{
    dlcore_load_report_t report;
    running_fit_t fit = {.resume = true};
    dlcore_model_t *model = load(&report), *end = running_model(NULL, true);
    size_t count = dlcore_model_parameter_count(model);
    float *got = malloc(count * sizeof *got), *expected = malloc(count * sizeof *expected);

    (void)state;
    if (end == NULL || got == NULL || expected == NULL)
        abort();
    assert_int_equal(running_model_fit(model, &fit), DLCORE_OK);
    assert_int_equal(fit.batches, 2 * RUNNING_BATCHES - 2);
    assert_int_equal(dlcore_model_load_weights(end, END), DLCORE_OK);
    assert_int_equal(dlcore_model_get_weights(model, got, count), DLCORE_OK);
    assert_int_equal(dlcore_model_get_weights(end, expected, count), DLCORE_OK);
    for (size_t i = 0; i < count; i++) { /* other engines and CPUs round otherwise */
        if (!(fabsf(got[i] - expected[i]) <= 2e-4f))
            fail_msg("weight %zu: %.9g, was %.9g", i, (double)got[i], (double)expected[i]);
    }
    free(expected);
    free(got);
    dlcore_model_free(end);
    dlcore_model_free(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_model_file_versions_1_has_its_settings),
        cmocka_unit_test(test_model_file_versions_1_has_its_run),
        cmocka_unit_test(test_model_file_versions_1_has_its_numbers),
        cmocka_unit_test(test_model_file_versions_1_goes_on_to_its_end),
    };

    return cmocka_run_group_tests_name("model_file_versions", tests, NULL, NULL);
}
