/* Saving a model over another one while the system fails: the old file stays whole, or the new one
 * is; and every way of saving and loading while memory fails.
 *
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "model/model.h"
#include "store/model_save.h"
#include "support/failing_allocator.h"
#include "support/failing_io.h"
#include "support/folder.h"
#include "support/running_model.h"

/* ---- the system fails ---- */

/* Two models that differ in weights, state and run, and their files. */
typedef struct pair {
    dlcore_model_t *old, *new;
    void *old_bytes, *new_bytes;
    size_t old_size, new_size;
} pair_t;

static dlcore_model_t *stopped_model(size_t batches)
{
    running_fit_t fit = {.save_at = batches, .stops = true};
    dlcore_model_t *model = running_model(NULL, false);

    assert_non_null(model);
    assert_int_equal(running_model_fit(model, &fit), DLCORE_OK);
    free(fit.bytes);
    return model;
}

static pair_t make_pair(void)
{
    pair_t pair = {.old = stopped_model(1), .new = stopped_model(RUNNING_BATCHES + 2)};

    assert_int_equal(dlcore_model_save_memory(pair.old, NULL, &pair.old_bytes, &pair.old_size),
                     DLCORE_OK);
    assert_int_equal(dlcore_model_save_memory(pair.new, NULL, &pair.new_bytes, &pair.new_size),
                     DLCORE_OK);
    assert_int_not_equal(pair.old_size, pair.new_size);
    return pair;
}

static void free_pair(pair_t *pair)
{
    dlcore_model_free(pair->old);
    dlcore_model_free(pair->new);
    free(pair->old_bytes);
    free(pair->new_bytes);
}

static bool file_is(const void *bytes, size_t size)
{
    FILE *file = fopen(folder_path("model"), "rb");
    char *content = malloc(size + 1);
    bool same;

    assert_true(file != NULL && content != NULL);
    same = fread(content, 1, size + 1, file) == size && memcmp(content, bytes, size) == 0;
    fclose(file);
    free(content);
    return same;
}

/* Saves the new model over the old one, while `io` fails; answers whether it did fail. */
static bool save_while(const pair_t *pair, failing_io_t *io)
{
    dlcore_save_options_t how = dlcore_save_options_default();
    dlcore_error_record_t error = {0};
    dlcore_system_t system = failing_io(io);
    dlcore_status status;
    bool replaced;

    how.error = &error;
    how.sync = false;
    assert_int_equal(dlcore_model_save(pair->old, folder_path("model"), &how), DLCORE_OK);
    how.sync = true;
    status = dlcore_model_save_with(&system, pair->new, folder_path("model"),
                                    (dlcore_model_saving_how_t){.whole = true, .options = &how});
    replaced = status == DLCORE_OK || strstr(error.message, "was written") != NULL;
    if (status != DLCORE_OK && (status != DLCORE_ERROR_IO || error.status != status ||
                                strstr(error.message, strerror(io->error)) == NULL ||
                                strstr(error.message, "/model: ") == NULL))
        fail_msg("%s: status %d, \"%s\"", io->failed, status, error.message);
    if (status != DLCORE_OK && io->failures == 0)
        fail_msg("%s", error.message);
    if (!(replaced ? file_is(pair->new_bytes, pair->new_size)
                   : file_is(pair->old_bytes, pair->old_size)))
        fail_msg("%s: the file is not the %s one", io->failed, replaced ? "new" : "old");
    assert_int_equal(io->opened, io->closed);
    assert_int_equal(folder_files(false), 1); /* no temporary one */
    return io->failures > 0;
}

static void fail_each(const pair_t *pair, const char *only, int number, bool for_ever)
{
    failing_io_t io;
    size_t n = 1;

    do {
        failing_io_init(&io);
        io.only = only;
        io.fail_at = n++;
        io.fail_for_ever = for_ever;
        io.error = number;
        assert_true(n < 100);
    } while (save_while(pair, &io));
    assert_true(n > 2); /* there are such calls */
}

static void test_model_save_calls_that_fail_leave_the_old_file_or_the_new(void **state)
{
    static const char *const calls[] = {NULL,    "open",  "openat",   "write",
                                        "fsync", "close", "renameat", "lock"};
    static const int numbers[] = {ENOSPC, EIO};
    pair_t pair = make_pair();

    (void)state;
    for (size_t c = 0; c < sizeof calls / sizeof calls[0]; c++) {
        for (size_t e = 0; e < 2; e++) {
            fail_each(&pair, calls[c], numbers[e], false);
            fail_each(&pair, calls[c], numbers[e], true);
        }
    }
    free_pair(&pair);
}

static void test_model_save_short_and_slow_calls_change_nothing(void **state)
{
    static const char *const calls[] = {"write", "fsync", "renameat"};
    pair_t pair = make_pair();

    (void)state;
    for (size_t c = 0; c < 3; c++) {
        for (size_t n = 1; n < 40; n += 3) {
            failing_io_t io;

            failing_io_init(&io);
            io.only = calls[c];
            io.shorten_at = io.delay_at = n;
            io.delay_ms = 1;
            assert_false(save_while(&pair, &io));
            assert_true(file_is(pair.new_bytes, pair.new_size));
            if (c == 0 && n == 1)
                assert_int_equal(io.shortened, 1);
        }
    }
    free_pair(&pair);
}

/* ---- memory fails ---- */

/* A file of a run in its midst. */
typedef struct file {
    unsigned char *bytes;
    size_t size, at;
} file_t;

static size_t read_some(void *user, void *to, size_t want)
{
    file_t *file = user;
    size_t count = want < 700 ? want : 700;

    memcpy(to, file->bytes + file->at, count);
    file->at += count;
    return count;
}

static bool write_nowhere(void *user, const void *bytes, size_t size)
{
    (void)bytes;
    *(size_t *)user += size;
    return true;
}

typedef enum from { FROM_MEMORY, FROM_PATH, FROM_READER } from_t;

static dlcore_status load(const dlcore_allocator_t *allocator, file_t *file, from_t from,
                          dlcore_model_t **model)
{
    dlcore_load_options_t how = dlcore_load_options_default();
    dlcore_byte_reader_t reader = {read_some, file, file->size};
    dlcore_error_record_t error = {0};
    dlcore_load_report_t report;
    dlcore_status status;

    how.model.allocator = *allocator;
    how.model.threads = 1;
    how.self_test = true;
    how.report = &report;
    how.error = &error;
    file->at = 0;
    if (from == FROM_PATH)
        status = dlcore_model_load(folder_path("seed"), &how, model);
    else if (from == FROM_READER)
        status = dlcore_model_load_from(&reader, &how, model);
    else
        status = dlcore_model_load_memory(file->bytes, file->size, &how, model);
    assert_int_equal(error.status, status);
    assert_true((*model != NULL) == (status == DLCORE_OK));
    if (status != DLCORE_OK || *model == NULL)
        return status;
    assert_true(report.training_state && report.checksum == DLCORE_CHECKSUM_MATCHES);
    assert_non_null((*model)->stopped);
    return status;
}

static dlcore_status load_path(const dlcore_allocator_t *allocator, void *context)
{
    dlcore_model_t *model;
    dlcore_status status = load(allocator, context, FROM_PATH, &model);

    dlcore_model_free(model);
    return status;
}

static dlcore_status load_reader(const dlcore_allocator_t *allocator, void *context)
{
    dlcore_model_t *model;
    dlcore_status status = load(allocator, context, FROM_READER, &model);

    dlcore_model_free(model);
    return status;
}

/* What is loaded has slots, a run, and copies of weights: all of it is saved, each way. */
static dlcore_status save_each_way(const dlcore_allocator_t *allocator, void *context)
{
    dlcore_save_options_t how = dlcore_save_options_default();
    const char *const path = folder_path("saved");
    dlcore_byte_writer_t writer;
    dlcore_model_t *model;
    size_t written = 0, size;
    void *bytes = NULL;
    dlcore_status status = load(allocator, context, FROM_MEMORY, &model);

    how.sync = false;
    writer = (dlcore_byte_writer_t){write_nowhere, &written};
    if (status == DLCORE_OK)
        status = dlcore_model_save(model, path, &how);
    if (status == DLCORE_OK)
        status = dlcore_model_save_to(model, &writer, &how);
    if (status == DLCORE_OK)
        status = dlcore_model_save_weights(model, path, &how);
    if (status == DLCORE_OK)
        status = dlcore_model_save_memory(model, &how, &bytes, &size);
    if (status == DLCORE_OK)
        assert_int_equal(written, size);
    if (status == DLCORE_OK) /* which ends the run */
        status = dlcore_model_load_weights(model, path);
    if (bytes != NULL)
        allocator->release(allocator->user, bytes);
    dlcore_model_free(model);
    return status;
}

/* The whole way: training, saving in its midst, going on. */
static dlcore_status train_and_save(const dlcore_allocator_t *allocator, void *context)
{
    dlcore_model_options_t options = dlcore_model_options_default();
    running_fit_t fit = {.save_at = RUNNING_BATCHES + 2, .stops = true};
    dlcore_model_t *model;
    dlcore_status status;

    (void)context;
    options.allocator = *allocator;
    options.threads = 1;
    model = running_model(&options, false);
    if (model == NULL)
        return DLCORE_ERROR_MEMORY;
    status = running_model_fit(model, &fit);
    if (status != DLCORE_OK && fit.status != DLCORE_OK) /* a callback failed, of no memory */
        status = fit.status;
    if (fit.bytes != NULL)
        allocator->release(allocator->user, fit.bytes);
    if (status == DLCORE_OK) {
        fit = (running_fit_t){.resume = true};
        status = running_model_fit(model, &fit);
    }
    dlcore_model_free(model);
    return status;
}

static void test_model_save_every_allocation_may_fail(void **state)
{
    file_t file;
    FILE *seed = fopen(folder_path("seed"), "wb");

    (void)state;
    file.bytes = running_model_file(false, &file.size);
    assert_non_null(seed);
    assert_int_equal(fwrite(file.bytes, 1, file.size, seed), file.size);
    assert_int_equal(fclose(seed), 0);
    assert_true(failing_allocator_sweep(load_path, &file) >= 12);
    assert_true(failing_allocator_sweep(load_reader, &file) >= 12);
    assert_true(failing_allocator_sweep(save_each_way, &file) >= 24);
    failing_allocator_sweep(train_and_save, NULL);
    free(file.bytes);
    assert_int_equal(folder_files(true), 3); /* the two, and the model of the tests before */
}

static double no_rate(void *user, uint64_t step)
{
    (void)user;
    (void)step;
    return (double)INFINITY;
}

/* JSON has no such numbers. */
static void test_model_save_of_a_rate_that_is_not_finite_is_refused(void **state)
{
    dlcore_model_t *model = NULL;
    dlcore_optimizer_t sgd = dlcore_optimizer_sgd();
    dlcore_save_options_t how = dlcore_save_options_default();
    dlcore_error_record_t error = {0};
    void *bytes = NULL;
    size_t size;

    (void)state;
    sgd.schedule = dlcore_schedule_function(no_rate, NULL);
    how.error = &error;
    assert_int_equal(dlcore_model_create(NULL, &model), DLCORE_OK);
    assert_int_equal(dlcore_model_add(model, dlcore_layer_dense(1, DLCORE_ACTIVATION_LINEAR)),
                     DLCORE_OK);
    assert_int_equal(dlcore_model_build(model, 2), DLCORE_OK);
    assert_int_equal(
        dlcore_model_compile(model, &sgd, DLCORE_LOSS_MEAN_SQUARED_ERROR, DLCORE_METRIC_NONE),
        DLCORE_OK);
    assert_int_equal(dlcore_model_save_memory(model, &how, &bytes, &size), DLCORE_ERROR_RANGE);
    assert_null(bytes);
    assert_string_equal(error.message, "save: learning_rate must be finite, got inf");
    dlcore_model_free(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_model_save_calls_that_fail_leave_the_old_file_or_the_new),
        cmocka_unit_test(test_model_save_short_and_slow_calls_change_nothing),
        cmocka_unit_test(test_model_save_of_a_rate_that_is_not_finite_is_refused),
        cmocka_unit_test(test_model_save_every_allocation_may_fail),
    };

    return cmocka_run_group_tests_name("model_save", tests, folder_make, folder_remove);
}
