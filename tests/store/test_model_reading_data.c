/* Large tensors, read by the threads of a model.
 *
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dlcore/callbacks.h"
#include "dlcore/file.h"
#include "dlcore/model.h"
#include "dlcore/weights.h"
#include "model/model.h"
#include "support/failing_allocator.h"
#include "support/failing_read.h"
#include "support/folder.h"
#include "support/models.h"
#include "support/sanitizers.h"
#include "support/tensors.h"

/* So large that it is read by threads and around the caches, with a last panel and a last piece
 * that are not whole. Where each access takes long, just so large that it is read by threads. */
enum { INPUTS = THREAD_SANITIZER ? 1499 : 2999, UNITS = 2803 };

static float *weights;
static size_t count;

static dlcore_model_t *made_with(const dlcore_model_options_t *options)
{
    dlcore_model_t *model = NULL;

    assert_int_equal(dlcore_model_create(options, &model), DLCORE_OK);
    dlcore_model_add(model, dlcore_layer_dense(UNITS, DLCORE_ACTIVATION_RELU));
    dlcore_model_add(model, dlcore_layer_dense(2, DLCORE_ACTIVATION_SOFTMAX));
    assert_int_equal(dlcore_model_build(model, INPUTS), DLCORE_OK);
    return model;
}

static dlcore_model_t *made(uint64_t seed, dlcore_engine_t engine)
{
    dlcore_model_options_t options = dlcore_model_options_default();

    options.seed = seed;
    options.engine = engine;
    options.threads = 2;
    return made_with(&options);
}

/* By the engine that packs nothing. */
static int make_file(void **state)
{
    dlcore_save_options_t options = dlcore_save_options_default();
    dlcore_model_t *model = made(1, DLCORE_ENGINE_BLAS);

    folder_make(state);
    count = (size_t)(INPUTS + 1) * UNITS + (UNITS + 1) * 2;
    weights = malloc(count * sizeof *weights);
    assert_non_null(weights);
    assert_int_equal(dlcore_model_get_weights(model, weights, count), DLCORE_OK);
    options.self_test = options.sync = false;
    assert_int_equal(dlcore_model_save(model, folder_path("large"), &options), DLCORE_OK);
    dlcore_model_free(model);
    return 0;
}

static int remove_file(void **state)
{
    free(weights);
    return folder_remove(state);
}

/* Not where BLAS can only be called by one thread at a time. */
static bool has_team(void)
{
    dlcore_model_t *model = made(1, DLCORE_ENGINE_AUTO);
    dlcore_team_t *team = dlcore_model_acquire_team(model, HUGE_VAL);
    bool has = dlcore_team_size(team) > 1;

    dlcore_model_release_team(model, team);
    dlcore_model_free(model);
    return has;
}

static int reset(void **state)
{
    (void)state;
    read_faults = (read_faults_t){0};
    return 0;
}

static void check_weights(const dlcore_model_t *model)
{
    float *got = malloc(count * sizeof *got);

    assert_non_null(got);
    assert_int_equal(dlcore_model_get_weights(model, got, count), DLCORE_OK);
    assert_memory_equal(got, weights, count * sizeof *got);
    free(got);
}

static void test_model_reading_data_any_number_of_threads_reads_the_same(void **state)
{
    static const size_t threads[] = {1, 2, 3, 13};
    static const dlcore_engine_t engines[] = {DLCORE_ENGINE_AUTO, DLCORE_ENGINE_BLAS};

    (void)state;
    for (size_t i = 0; i < 2 * sizeof threads / sizeof threads[0]; i += THREAD_SANITIZER ? 3 : 1) {
        dlcore_load_options_t options = dlcore_load_options_default();
        dlcore_model_t *model = NULL;

        options.model.threads = threads[i / 2];
        options.model.engine = engines[i % 2];
        assert_int_equal(dlcore_model_load(folder_path("large"), &options, &model), DLCORE_OK);
        check_weights(model);
        dlcore_model_free(model);
    }
}

static void test_model_reading_data_weights_alone_are_read_the_same(void **state)
{
    dlcore_model_t *model = made(2, DLCORE_ENGINE_AUTO);

    (void)state;
    assert_int_equal(dlcore_model_load_weights(model, folder_path("large")), DLCORE_OK);
    check_weights(model);
    dlcore_model_free(model);
}

/* PyTorch's kernels, whose rows are the columns of panels; also by threads. */
static void test_model_reading_data_transposed_kernels_are_read_the_same(void **state)
{
    static const size_t threads[] = {1, 2, 3, 13};
    dlcore_save_weights_options_t how = dlcore_save_weights_options_default();
    dlcore_model_t *model = made(1, DLCORE_ENGINE_BLAS);

    (void)state;
    how.style = DLCORE_WEIGHT_STYLE_PYTORCH;
    how.sync = false;
    assert_int_equal(dlcore_model_save_weights_with(model, folder_path("torch"), &how), DLCORE_OK);
    dlcore_model_free(model);
    for (size_t i = 0; i < 8; i += THREAD_SANITIZER ? 3 : 1) {
        dlcore_model_options_t options = dlcore_model_options_default();

        options.threads = threads[i / 2];
        options.engine = i % 2 == 0 ? DLCORE_ENGINE_AUTO : DLCORE_ENGINE_BLAS;
        model = made_with(&options);
        assert_accepted(model, dlcore_model_load_weights(model, folder_path("torch")));
        check_weights(model);
        dlcore_model_free(model);
    }
}

static dlcore_status load_with(const read_faults_t *faults, dlcore_model_t **model,
                               dlcore_error_record_t *error)
{
    dlcore_load_options_t options = dlcore_load_options_default();

    options.model.threads = 2;
    options.error = error;
    read_faults = *faults;
    return dlcore_model_load(folder_path("large"), &options, model);
}

static size_t reads_of_a_load(void)
{
    dlcore_model_t *model = NULL;

    assert_int_equal(load_with(&(read_faults_t){0}, &model, NULL), DLCORE_OK);
    dlcore_model_free(model);
    return read_faults.reads;
}

/* What a thread could not read, the caller tries alone. */
static void test_model_reading_data_one_failed_read_of_a_thread_loses_nothing(void **state)
{
    size_t reads = reads_of_a_load();

    (void)state;
    for (size_t at = 6; at + 6 < reads; at += reads / 4) {
        dlcore_error_record_t error = {0};
        dlcore_model_t *model = NULL;
        read_faults_t faults = {.fault_at = at, .fault = EIO};

        assert_int_equal(load_with(&faults, &model, &error), DLCORE_OK);
        assert_true(read_faults.reads > reads);
        check_weights(model);
        dlcore_model_free(model);
    }
}

static void test_model_reading_data_reads_that_fail_for_ever_are_an_io_error(void **state)
{
    size_t reads = reads_of_a_load();

    (void)state;
    for (size_t at = 6; at <= reads; at += reads / 4) {
        dlcore_error_record_t error = {0};
        dlcore_model_t *model = NULL;
        read_faults_t faults = {.fault_at = at, .for_ever = true, .fault = EIO};

        assert_failed(load_with(&faults, &model, &error), DLCORE_ERROR_IO, &error, strerror(EIO));
        assert_null(model);
    }
}

/* The team, its threads and the buffers are not needed. */
static void test_model_reading_data_without_memory_for_threads_the_caller_reads(void **state)
{
    size_t survived = 0;

    (void)state;
    if (!has_team())
        skip();
    for (size_t nth = 1;; nth++) {
        dlcore_load_options_t options = dlcore_load_options_default();
        dlcore_model_t *model = NULL;
        failing_allocator_t memory;
        dlcore_status status;

        failing_allocator_init(&memory);
        memory.fail_at = nth;
        options.model.allocator = failing_allocator(&memory);
        options.model.threads = 2;
        status = dlcore_model_load(folder_path("large"), &options, &model);
        assert_true(status == DLCORE_OK || status == DLCORE_ERROR_MEMORY);
        if (status == DLCORE_OK)
            check_weights(model);
        dlcore_model_free(model);
        failing_allocator_assert_clean(&memory);
        if (memory.calls < nth)
            break;
        survived += status == DLCORE_OK;
    }
    assert_in_range(survived, 3, 3);
}

static void test_model_reading_data_of_few_long_rows_stays_below_twice_the_file(void **state)
{
    static const size_t inputs[] = {1, 4, 17};

    (void)state;
    if (THREAD_SANITIZER) /* nothing that the others have not */
        skip();
    for (size_t i = 0; i < sizeof inputs / sizeof inputs[0]; i++) {
        dlcore_save_options_t saving = dlcore_save_options_default();
        dlcore_load_options_t options = dlcore_load_options_default();
        dlcore_model_t *model = NULL;
        failing_allocator_t memory;
        void *bytes;
        size_t size;

        assert_int_equal(dlcore_model_create(NULL, &model), DLCORE_OK);
        dlcore_model_add(model, dlcore_layer_dense(4500000 / inputs[i], DLCORE_ACTIVATION_RELU));
        assert_int_equal(dlcore_model_build(model, inputs[i]), DLCORE_OK);
        saving.self_test = false;
        assert_int_equal(dlcore_model_save_memory(model, &saving, &bytes, &size), DLCORE_OK);
        dlcore_model_free(model);
        failing_allocator_init(&memory);
        options.model.allocator = failing_allocator(&memory);
        options.model.threads = 8;
        assert_int_equal(dlcore_model_load_memory(bytes, size, &options, &model), DLCORE_OK);
        assert_in_range(memory.peak_bytes, size, 2 * size + (1 << 20));
        dlcore_model_free(model);
        failing_allocator_assert_clean(&memory);
        free(bytes);
    }
}

/* Weights, the optimizer's state and what callbacks keep, in long rows. */
static void test_model_reading_data_of_a_run_any_number_of_threads_reads_the_same(void **state)
{
    enum { WIDE_INPUTS = 1050, WIDE_UNITS = 4200, SAMPLES = 4 };
    dlcore_early_stopping_t stopping = dlcore_early_stopping_default();
    dlcore_model_checkpoint_t checkpoint = dlcore_model_checkpoint_default(folder_path("run"));
    dlcore_callback_t callbacks[2];
    dlcore_fit_options_t how = dlcore_fit_options_default();
    dlcore_optimizer_t rmsprop = dlcore_optimizer_rmsprop();
    float *x = calloc((size_t)SAMPLES * WIDE_INPUTS, sizeof *x), y[SAMPLES] = {1, 2, 3, 4};
    dlcore_tensor_t *inputs = tensor_of_floats(SHAPE(SAMPLES, WIDE_INPUTS), x);
    dlcore_tensor_t *outputs = tensor_of_floats(SHAPE(SAMPLES, 1), y);
    dlcore_load_report_t report;
    dlcore_model_t *model = NULL;
    void *bytes[3];
    size_t sizes[3];

    (void)state;
    assert_int_equal(dlcore_model_create(NULL, &model), DLCORE_OK);
    dlcore_model_add(model, dlcore_layer_dense(WIDE_UNITS, DLCORE_ACTIVATION_RELU));
    dlcore_model_add(model, dlcore_layer_dense(1, DLCORE_ACTIVATION_LINEAR));
    assert_accepted(model, dlcore_model_compile(model, &rmsprop, DLCORE_LOSS_MEAN_SQUARED_ERROR,
                                                DLCORE_METRIC_NONE));
    stopping.monitor = "loss";
    stopping.restore_best_weights = true;
    checkpoint.save.sync = false;
    callbacks[0] = dlcore_early_stopping_callback(&stopping);
    callbacks[1] = dlcore_model_checkpoint_callback(&checkpoint);
    how.epochs = 2;
    how.callbacks = callbacks;
    how.callback_count = 2;
    assert_accepted(model, dlcore_model_fit(model, inputs, outputs, &how, NULL));
    dlcore_model_free(model);
    for (size_t i = 0; i < 3; i++) {
        dlcore_load_options_t options = dlcore_load_options_default();

        options.model.threads = i == 0 ? 1 : 3;
        options.report = i == 2 ? &report : NULL; /* with the checksum, in order */
        assert_int_equal(dlcore_model_load(folder_path("run"), &options, &model), DLCORE_OK);
        assert_int_equal(dlcore_model_save_memory(model, NULL, &bytes[i], &sizes[i]), DLCORE_OK);
        dlcore_model_free(model);
    }
    assert_int_equal(report.checksum, DLCORE_CHECKSUM_MATCHES);
    for (size_t i = 1; i < 3; i++) {
        assert_int_equal(sizes[i], sizes[0]);
        assert_memory_equal(bytes[i], bytes[0], sizes[0]);
    }
    for (size_t i = 0; i < 3; i++)
        free(bytes[i]);
    dlcore_tensor_free(inputs);
    dlcore_tensor_free(outputs);
    free(x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_model_reading_data_any_number_of_threads_reads_the_same),
        cmocka_unit_test(test_model_reading_data_weights_alone_are_read_the_same),
        cmocka_unit_test(test_model_reading_data_transposed_kernels_are_read_the_same),
        cmocka_unit_test_teardown(test_model_reading_data_one_failed_read_of_a_thread_loses_nothing,
                                  reset),
        cmocka_unit_test_teardown(test_model_reading_data_reads_that_fail_for_ever_are_an_io_error,
                                  reset),
        cmocka_unit_test(test_model_reading_data_without_memory_for_threads_the_caller_reads),
        cmocka_unit_test(test_model_reading_data_of_few_long_rows_stays_below_twice_the_file),
        cmocka_unit_test(test_model_reading_data_of_a_run_any_number_of_threads_reads_the_same),
    };

    return cmocka_run_group_tests(tests, make_file, remove_file);
}
