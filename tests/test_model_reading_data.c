/* Large tensors, read by the threads of a model.
 *
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dlcore/file.h"
#include "dlcore/model.h"
#include "support/failing_allocator.h"
#include "support/failing_read.h"
#include "support/folder.h"
#include "support/tensors.h"

/* So large that it is read by threads and around the caches, with a last panel and a last piece
 * that are not whole. */
enum { INPUTS = 2999, UNITS = 2803 };

static float *weights;
static size_t count;

static dlcore_model_t *made(uint64_t seed)
{
    dlcore_model_options_t options = dlcore_model_options_default();
    dlcore_model_t *model = NULL;

    options.seed = seed;
    options.threads = 2;
    assert_int_equal(dlcore_model_create(&options, &model), DLCORE_OK);
    dlcore_model_add(model, dlcore_layer_dense(UNITS, DLCORE_ACTIVATION_RELU));
    dlcore_model_add(model, dlcore_layer_dense(2, DLCORE_ACTIVATION_SOFTMAX));
    assert_int_equal(dlcore_model_build(model, INPUTS), DLCORE_OK);
    return model;
}

static int make_file(void **state)
{
    dlcore_save_options_t options = dlcore_save_options_default();
    dlcore_model_t *model = made(1);

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
    static const size_t threads[] = {1, 2, 3, 8, 13};
    static const dlcore_engine_t engines[] = {DLCORE_ENGINE_AUTO, DLCORE_ENGINE_BLAS};

    (void)state;
    for (size_t i = 0; i < 2 * sizeof threads / sizeof threads[0]; i++) {
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
    dlcore_model_t *model = made(2);

    (void)state;
    assert_int_equal(dlcore_model_load_weights(model, folder_path("large")), DLCORE_OK);
    check_weights(model);
    dlcore_model_free(model);
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
    for (size_t at = 6; at + 6 < reads; at += 17) {
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
    for (size_t at = 6; at <= reads; at += 17) {
        dlcore_error_record_t error = {0};
        dlcore_model_t *model = NULL;
        read_faults_t faults = {.fault_at = at, .for_ever = true, .fault = EIO};

        assert_failed(load_with(&faults, &model, &error), DLCORE_ERROR_IO, &error, strerror(EIO));
        assert_null(model);
    }
}

static void test_model_reading_data_without_memory_for_threads_the_caller_reads(void **state)
{
    (void)state;
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
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_model_reading_data_any_number_of_threads_reads_the_same),
        cmocka_unit_test(test_model_reading_data_weights_alone_are_read_the_same),
        cmocka_unit_test_teardown(test_model_reading_data_one_failed_read_of_a_thread_loses_nothing,
                                  reset),
        cmocka_unit_test_teardown(test_model_reading_data_reads_that_fail_for_ever_are_an_io_error,
                                  reset),
        cmocka_unit_test(test_model_reading_data_without_memory_for_threads_the_caller_reads),
    };

    return cmocka_run_group_tests(tests, make_file, remove_file);
}
