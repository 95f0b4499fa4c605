/* Models in files: weights alone, files of other programs and versions, and failures, which leave
 * things as they were.
 *
 * SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dlcore/file.h"
#include "model/model.h"
#include "support/classifier.h"
#include "support/failing_allocator.h"
#include "support/idx_bytes.h"
#include "support/running_model.h"
#include "support/small_model.h"
#include "support/tensors.h"

static dlcore_model_t *rmsprop_model(void)
{
    dlcore_optimizer_t rmsprop = dlcore_optimizer_rmsprop();
    dlcore_model_t *model = small_model(NULL, &rmsprop);

    assert_non_null(model);
    return model;
}

/* ---- weights alone ---- */

static dlcore_model_t *plain_model(size_t hidden)
{
    dlcore_model_t *model = NULL;

    assert_int_equal(dlcore_model_create(NULL, &model), DLCORE_OK);
    dlcore_model_add(model, dlcore_layer_dense(hidden, DLCORE_ACTIVATION_RELU));
    dlcore_model_add(model, dlcore_layer_dense(2, DLCORE_ACTIVATION_LINEAR));
    assert_int_equal(dlcore_model_build(model, 3), DLCORE_OK);
    return model;
}

/* Written by make_safetensors.py. */
static void test_model_file_faults_reads_weights_that_python_wrote(void **state)
{
    dlcore_model_t *model = plain_model(4);
    float weights[3 * 4 + 4 + 4 * 2 + 2];

    (void)state;
    if (dlcore_model_load_weights(model, DLCORE_FIXTURES "/python.safetensors") != DLCORE_OK)
        fail_msg("%s", dlcore_model_error(model));
    assert_int_equal(dlcore_model_get_weights(model, weights, 26), DLCORE_OK);
    for (int i = 0; i < 26; i++)
        assert_true(weights[i] == (float)(i - 12) / 8.0f);
    dlcore_model_free(model);
}

/* The file of small_model_file, as dlcore 0.1.0 wrote it. It is never written again: every later
 * version reads it. */
static void test_model_file_faults_reads_files_of_version_1(void **state)
{
    dlcore_load_options_t how = dlcore_load_options_default();
    dlcore_load_report_t report;
    dlcore_error_record_t error;
    dlcore_model_t *model = NULL;

    (void)state;
    how.self_test = how.require_checksum = true;
    how.report = &report;
    how.error = &error;
    if (dlcore_model_load(DLCORE_FIXTURES "/version1.safetensors", &how, &model) != DLCORE_OK)
        fail_msg("%s", error.message);
    assert_string_equal(report.library_version, "0.1.0");
    assert_true(report.compiled && report.training_state && report.self_tested);
    assert_true(report.self_test_difference < 1e-5);
    assert_int_equal(model->epochs_trained, 1);
    assert_int_equal(dlcore_model_layer_count(model), 5);
    assert_int_equal(small_model_fit(model, 1, 2), DLCORE_OK);
    dlcore_model_free(model);
}

static void test_model_file_faults_weights_that_do_not_fit_change_nothing(void **state)
{
    dlcore_model_t *model = plain_model(5), *before = NULL;

    (void)state;
    assert_int_equal(dlcore_model_clone(model, &before), DLCORE_OK);
    assert_int_equal(dlcore_model_load_weights(model, DLCORE_FIXTURES "/python.safetensors"),
                     DLCORE_ERROR_SHAPE);
    assert_non_null(
        strstr(dlcore_model_error(model), "dense/kernel: expected (3, 5), the file has (3, 4)"));
    assert_true(same_weights(model, before));
    assert_int_equal(dlcore_model_load_weights(model, scratch_path("nowhere")), DLCORE_ERROR_IO);
    assert_int_equal(dlcore_model_load_weights(model, NULL), DLCORE_ERROR_ARGUMENT);
    assert_int_equal(dlcore_model_load_weights(NULL, "a"), DLCORE_ERROR_ARGUMENT);
    dlcore_model_free(before);
    dlcore_model_free(model);
}

static void test_model_file_faults_weights_come_from_whole_models_and_back(void **state)
{
    dlcore_model_t *model = rmsprop_model(), *other = rmsprop_model();
    dlcore_load_options_t ask = dlcore_load_options_default();
    dlcore_model_t *loaded = NULL;
    dlcore_error_record_t error;
    uint64_t version;
    void *bytes;
    size_t size;

    (void)state;
    ask.error = &error;
    assert_int_equal(small_model_fit(model, 0, 1), DLCORE_OK);
    assert_int_equal(dlcore_model_save_memory(model, NULL, &bytes, &size), DLCORE_OK);
    version = dlcore_model_version(other);
    assert_int_equal(dlcore_model_load_weights_memory(other, bytes, size), DLCORE_OK);
    assert_true(same_weights(model, other));
    assert_true(dlcore_model_version(other) != version); /* predictors notice */
    assert_int_equal(dlcore_model_load_weights_memory(other, bytes, size - 1), DLCORE_ERROR_FORMAT);
    free(bytes);
    dlcore_model_free(other);

    other = rmsprop_model();
    assert_int_equal(dlcore_model_save_weights(model, scratch_file("weights", "", 0), NULL),
                     DLCORE_OK);
    assert_int_equal(dlcore_model_load_weights(other, scratch_path("weights")), DLCORE_OK);
    assert_true(same_weights(model, other));
    assert_failed(dlcore_model_load(scratch_path("weights"), &ask, &loaded), DLCORE_ERROR_FORMAT,
                  &error, "model_load_weights reads them");
    dlcore_model_free(other);
    dlcore_model_free(model);
}

/* ---- failures ---- */

typedef struct sweep {
    const unsigned char *file;
    size_t size;
} sweep_t;

static dlcore_status save_scenario(const dlcore_allocator_t *allocator, void *context)
{
    dlcore_model_options_t options = dlcore_model_options_default();
    dlcore_save_options_t how = dlcore_save_options_default();
    dlcore_optimizer_t rmsprop = dlcore_optimizer_rmsprop();
    dlcore_error_record_t error = {0};
    dlcore_model_t *model;
    void *bytes = NULL;
    dlcore_status status;
    size_t size;

    (void)context;
    options.allocator = *allocator;
    options.threads = 1;
    how.error = &error;
    model = small_model(&options, &rmsprop);
    if (model == NULL)
        return DLCORE_ERROR_MEMORY;
    status = dlcore_model_save_memory(model, &how, &bytes, &size);
    if (status != DLCORE_OK) {
        assert_null(bytes);
        assert_int_equal(error.status, status);
    } else {
        allocator->release(allocator->user, bytes);
    }
    dlcore_model_free(model);
    return status;
}

static dlcore_status load_scenario(const dlcore_allocator_t *allocator, void *context)
{
    const sweep_t *sweep = context;
    dlcore_load_options_t how = dlcore_load_options_default();
    dlcore_error_record_t error = {0};
    dlcore_model_t *model;
    dlcore_status status;

    how.model.allocator = *allocator;
    how.model.threads = 1;
    how.self_test = true;
    how.error = &error;
    status = dlcore_model_load_memory(sweep->file, sweep->size, &how, &model);
    assert_true((model != NULL) == (status == DLCORE_OK));
    assert_int_equal(error.status, status);
    dlcore_model_free(model);
    return status;
}

static dlcore_status weights_scenario(const dlcore_allocator_t *allocator, void *context)
{
    const sweep_t *sweep = context;
    dlcore_model_options_t options = dlcore_model_options_default();
    dlcore_optimizer_t rmsprop = dlcore_optimizer_rmsprop();
    dlcore_model_t *model;
    dlcore_status status;

    options.allocator = *allocator;
    model = small_model(&options, &rmsprop);
    if (model == NULL)
        return DLCORE_ERROR_MEMORY;
    status = dlcore_model_load_weights_memory(model, sweep->file, sweep->size);
    dlcore_model_free(model);
    return status;
}

static void test_model_file_faults_every_allocation_may_fail(void **state)
{
    sweep_t sweep;
    unsigned char *file = small_model_file(&sweep.size);

    (void)state;
    sweep.file = file;
    failing_allocator_sweep(save_scenario, NULL);
    assert_true(failing_allocator_sweep(load_scenario, &sweep) >= 8);
    failing_allocator_sweep(weights_scenario, &sweep);
    free(file);
}

/* The file with a text replaced by one of the same length. */
static void replace(unsigned char *file, size_t size, const char *from, const char *to)
{
    size_t length = strlen(from), found = 0;

    assert_int_equal(strlen(to), length);
    for (size_t i = 0; i + length <= size; i++) {
        if (memcmp(file + i, from, length) == 0) {
            memcpy(file + i, to, length);
            found++;
        }
    }
    assert_true(found > 0);
}

/* As of a program that does not know what the optimizer's tensors are. */
static void test_model_file_faults_lost_slots_are_told(void **state)
{
    for (int running = 0; running <= 1; running++) {
        dlcore_load_options_t how = dlcore_load_options_default();
        dlcore_load_report_t report;
        dlcore_model_t *model = NULL;
        size_t size;
        unsigned char *file = running ? running_model_file(false, &size) : small_model_file(&size);

        (void)state;
        how.report = &report;
        how.model.seed = 77;
        replace(file, size, "\"optimizer/", "\"discarded/");
        assert_int_equal(dlcore_model_load_memory(file, size, &how, &model), DLCORE_OK);
        assert_true(report.compiled);
        assert_false(report.training_state);
        assert_null(model->trainer.slots);
        assert_null(model->stopped);
        assert_int_equal(model->trainer.clock.iterations, 0);
        assert_int_equal(model->epochs_trained, 0);
        assert_int_equal(model->steps_trained, 0);
        assert_int_equal(model->options.seed, 77);
        dlcore_model_free(model);
        free(file);
    }
}

/* Nothing is lost of a model that was compiled and never trained, nor of one without such state. */
static void test_model_file_faults_state_that_needs_no_slots_is_restored(void **state)
{
    const dlcore_optimizer_t optimizers[] = {dlcore_optimizer_adam(), dlcore_optimizer_sgd()};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        dlcore_load_options_t how = dlcore_load_options_default();
        dlcore_load_report_t report;
        dlcore_model_t *model = small_model(NULL, &optimizers[i]), *loaded = NULL;
        void *bytes;
        size_t size;

        how.report = &report;
        assert_non_null(model);
        if (i == 1)
            assert_int_equal(small_model_fit(model, 0, 2), DLCORE_OK);
        assert_int_equal(dlcore_model_save_memory(model, NULL, &bytes, &size), DLCORE_OK);
        assert_int_equal(dlcore_model_load_memory(bytes, size, &how, &loaded), DLCORE_OK);
        assert_true(report.training_state);
        assert_int_equal(loaded->epochs_trained, i == 1 ? 2 : 0);
        assert_int_equal(loaded->trainer.clock.iterations, model->trainer.clock.iterations);
        dlcore_model_free(loaded);
        dlcore_model_free(model);
        free(bytes);
    }
}

static void test_model_file_faults_says_what_is_no_model(void **state)
{
    static const char text[] = "this is a text and no model at all\n";
    dlcore_load_options_t ask = dlcore_load_options_default();
    dlcore_model_t *model = NULL;
    dlcore_error_record_t error;
    char expected[100];
    size_t size;
    unsigned char *file = small_model_file(&size);

    (void)state;
    ask.error = &error;
    assert_failed(dlcore_model_load(scratch_file("text", text, sizeof text - 1), &ask, &model),
                  DLCORE_ERROR_FORMAT, &error,
                  "/text: not a safetensors file: it does not begin with the length of a header");
    snprintf(expected, sizeof expected, "/cut: file is cut short: %zu bytes, at least %zu expected",
             size - 100, size);
    assert_failed(dlcore_model_load(scratch_file("cut", file, size - 100), &ask, &model),
                  DLCORE_ERROR_FORMAT, &error, expected);
    free(file);
}

static void test_model_file_faults_refuses_wrong_arguments(void **state)
{
    dlcore_save_options_t how = dlcore_save_options_default(), zero = {0};
    dlcore_load_options_t ask = dlcore_load_options_default(), nothing = {0};
    dlcore_model_t *model = rmsprop_model(), *empty = NULL, *loaded = NULL;
    dlcore_byte_writer_t writer = {0};
    dlcore_byte_reader_t reader = {0};
    dlcore_error_record_t error;
    void *bytes;
    size_t size;

    (void)state;
    how.error = ask.error = zero.error = nothing.error = &error;
    assert_int_equal(dlcore_model_create(NULL, &empty), DLCORE_OK);
    assert_failed(dlcore_model_save(empty, "a", &how), DLCORE_ERROR_STATE, &error,
                  "has no weights before it is built");
    assert_failed(dlcore_model_save(NULL, "a", &how), DLCORE_ERROR_ARGUMENT, &error,
                  "the model is NULL");
    assert_failed(dlcore_model_save(model, NULL, &how), DLCORE_ERROR_ARGUMENT, &error,
                  "the path is NULL");
    assert_failed(dlcore_model_save(model, "a", &zero), DLCORE_ERROR_ARGUMENT, &error,
                  "begin with save_options_default()");
    assert_failed(dlcore_model_save_memory(model, &how, NULL, &size), DLCORE_ERROR_ARGUMENT, &error,
                  "bytes or size is NULL");
    assert_failed(dlcore_model_save_memory(model, &how, &bytes, NULL), DLCORE_ERROR_ARGUMENT,
                  &error, "bytes or size is NULL");
    assert_failed(dlcore_model_save_to(model, NULL, &how), DLCORE_ERROR_ARGUMENT, &error,
                  "the writer is NULL");
    assert_failed(dlcore_model_save_to(model, &writer, &how), DLCORE_ERROR_ARGUMENT, &error,
                  "the writer is NULL");
    assert_failed(dlcore_model_load(NULL, &ask, &loaded), DLCORE_ERROR_ARGUMENT, &error,
                  "what to load from is NULL");
    assert_failed(dlcore_model_load("a", &ask, NULL), DLCORE_ERROR_ARGUMENT, &error,
                  "model is NULL");
    assert_failed(dlcore_model_load("a", &nothing, &loaded), DLCORE_ERROR_ARGUMENT, &error,
                  "begin with load_options_default()");
    assert_failed(dlcore_model_load_memory(NULL, 5, &ask, &loaded), DLCORE_ERROR_ARGUMENT, &error,
                  "what to load from is NULL");
    assert_failed(dlcore_model_load_from(&reader, &ask, &loaded), DLCORE_ERROR_ARGUMENT, &error,
                  "what to load from is NULL");
    assert_int_equal(dlcore_model_load_weights_memory(empty, "a", 1), DLCORE_ERROR_STATE);
    dlcore_model_free(empty);
    dlcore_model_free(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_model_file_faults_reads_weights_that_python_wrote),
        cmocka_unit_test(test_model_file_faults_reads_files_of_version_1),
        cmocka_unit_test(test_model_file_faults_weights_that_do_not_fit_change_nothing),
        cmocka_unit_test(test_model_file_faults_weights_come_from_whole_models_and_back),
        cmocka_unit_test(test_model_file_faults_every_allocation_may_fail),
        cmocka_unit_test(test_model_file_faults_lost_slots_are_told),
        cmocka_unit_test(test_model_file_faults_state_that_needs_no_slots_is_restored),
        cmocka_unit_test(test_model_file_faults_says_what_is_no_model),
        cmocka_unit_test(test_model_file_faults_refuses_wrong_arguments),
    };

    return cmocka_run_group_tests_name("model_file_faults", tests, NULL, scratch_remove);
}
