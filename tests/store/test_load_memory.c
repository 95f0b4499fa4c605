/* What a file says beforehand of the memory that its model takes.
 *
 * SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "dlcore.h"
#include "support/classifier.h"
#include "support/failing_allocator.h"
#include "support/idx_bytes.h"
#include "support/models.h"
#include "support/tensors.h"

static const size_t widths[] = {20, 300, 3, 0};

enum { ROWS = 24 };

/* Saves a model that made a step. */
static void save_trained(const char *path, samples_t samples)
{
    model_t *model = classifier(NULL, widths, optimizer_adam());

    assert_non_null(model);
    assert_accepted(model, model_train_on_batch(model, samples.x, samples.y, NULL));
    assert_int_equal(model_save(model, path, NULL), DLCORE_OK);
    model_free(model);
}

/* Layers, weights and state are what loading leaves, beside less than 16 KiB for the model itself;
 * training then takes the rest. */
static void test_load_memory_is_what_the_model_takes(void **state)
{
    const char *path = scratch_path("load_memory.safetensors");
    samples_t samples = samples_of_floats(ROWS, widths[0], widths[2]);
    failing_allocator_t memory;
    load_options_t how = load_options_default();
    model_memory_t told;
    model_t *loaded = NULL, *empty = NULL;
    size_t live, expected, most;

    (void)state;
    save_trained(path, samples);
    failing_allocator_init(&memory);
    how.model.allocator = failing_allocator(&memory);
    how.model.threads = 1;
    assert_int_equal(load_memory(path, &how, ROWS, &told), DLCORE_OK);
    failing_allocator_assert_clean(&memory);
    failing_allocator_init(&memory);
    assert_int_equal(model_create(&how.model, &empty), DLCORE_OK);
    live = memory.live_bytes;
    assert_int_equal(model_load(path, &how, &loaded), DLCORE_OK);
    expected = told.layers + told.weights + told.optimizer;
    most = expected + 16384;
    assert_in_range(memory.live_bytes - live, expected, most);
    live = memory.live_bytes;
    assert_accepted(loaded, model_train_on_batch(loaded, samples.x, samples.y, NULL));
    assert_int_equal(memory.live_bytes - live, told.training);
    model_free(loaded);
    model_free(empty);
    samples_free(samples);
    (void)remove(path);
}

static void test_load_memory_without_training_has_none_of_it(void **state)
{
    const char *path = scratch_path("load_memory_plain.safetensors");
    samples_t samples = samples_of_floats(ROWS, widths[0], widths[2]);
    load_options_t how = load_options_default();
    error_record_t error = {0};
    model_memory_t with, without;

    (void)state;
    how.error = &error;
    save_trained(path, samples);
    assert_int_equal(load_memory(path, NULL, ROWS, &with), DLCORE_OK);
    how.compile = how.training_state = false;
    assert_int_equal(load_memory(path, &how, ROWS, &without), DLCORE_OK);
    assert_int_equal(without.weights, with.weights);
    assert_int_equal(without.parameters, 20 * 300 + 300 + 300 * 3 + 3);
    assert_int_equal(without.optimizer + without.training, 0);
    assert_true(with.optimizer > with.weights && with.training > with.weights / 2);
    assert_failed(load_memory("no such file", &how, ROWS, &without), DLCORE_ERROR_IO, &error,
                  "no such file");
    assert_failed(load_memory(path, &how, ROWS, NULL), DLCORE_ERROR_ARGUMENT, &error,
                  "memory is NULL");
    assert_failed(load_memory(path, &how, 0, &without), DLCORE_ERROR_ARGUMENT, &error,
                  "batch_size is 0");
    samples_free(samples);
    (void)remove(path);
}

static void test_load_memory_with_options_of_another_size_is_refused(void **state)
{
    load_options_t how = load_options_default();
    error_record_t error = {0};
    model_memory_t told;

    (void)state;
    how.error = &error;
    how.structure_size = 0;
    assert_failed(load_memory("no such file", &how, ROWS, &told), DLCORE_ERROR_ARGUMENT, &error,
                  "load_options_default");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_load_memory_is_what_the_model_takes),
        cmocka_unit_test(test_load_memory_without_training_has_none_of_it),
        cmocka_unit_test(test_load_memory_with_options_of_another_size_is_refused),
    };

    return cmocka_run_group_tests_name("load_memory", tests, NULL, NULL);
}
