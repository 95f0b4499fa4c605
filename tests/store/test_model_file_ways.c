/* Models in files: the ways in and out (paths, memory, callbacks), and what is said about changes.
 *
 * SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/little_endian.h"
#include "dlcore/file.h"
#include "dlcore/steps.h"
#include "support/classifier.h"
#include "support/idx_bytes.h"
#include "support/small_model.h"
#include "support/tensors.h"

static dlcore_model_t *rmsprop_model(void)
{
    dlcore_optimizer_t rmsprop = dlcore_optimizer_rmsprop();
    dlcore_model_t *model = small_model(NULL, &rmsprop);

    assert_non_null(model);
    return model;
}

/* ---- checksum and self-test ---- */

static void test_model_file_ways_reports_what_was_changed(void **state)
{
    dlcore_load_options_t how = dlcore_load_options_default();
    dlcore_load_report_t report;
    dlcore_error_record_t error;
    dlcore_model_t *loaded = NULL;
    size_t size, header;
    unsigned char *file = small_model_file(&size);

    (void)state;
    how.report = &report;
    how.error = &error;
    how.self_test = true;
    header = 8 + (size_t)dlcore_load_u64(file);
    for (size_t i = 0; i < 8; i++)
        file[header + 4 * i + 3] ^= 0x80; /* the sign of a weight */
    assert_int_equal(dlcore_model_load_memory(file, size, &how, &loaded), DLCORE_OK);
    assert_int_equal(report.checksum, DLCORE_CHECKSUM_DIFFERS);
    assert_true(report.self_test_difference > 1e-4);
    dlcore_model_free(loaded);
    how.require_checksum = true;
    assert_failed(dlcore_model_load_memory(file, size, &how, &loaded), DLCORE_ERROR_FORMAT, &error,
                  "memory: damaged or edited: the tensors do not match the checksum (the file "
                  "says xxh64:");
    assert_null(loaded);
    free(file);
}

/* ---- to and from ---- */

typedef struct pipe_end {
    unsigned char *bytes;
    size_t size, position;
    size_t most;    /* bytes of one read; 0: as many as wanted */
    size_t fail_at; /* position from which nothing goes on */
} pipe_end_t;

static bool pipe_write(void *user, const void *bytes, size_t size)
{
    pipe_end_t *end = user;

    if (end->position + size > end->fail_at)
        return false;
    memcpy(end->bytes + end->position, bytes, size);
    end->position += size;
    return true;
}

static size_t pipe_read(void *user, void *to, size_t want)
{
    pipe_end_t *end = user;
    size_t count = end->most != 0 && want > end->most ? end->most : want;

    if (end->position + count > end->fail_at)
        return 0;
    memcpy(to, end->bytes + end->position, count);
    end->position += count;
    return count;
}

static void test_model_file_ways_through_callbacks_is_the_same_file(void **state)
{
    dlcore_save_options_t how = dlcore_save_options_default();
    dlcore_load_options_t ask = dlcore_load_options_default();
    dlcore_model_t *model = rmsprop_model(), *loaded = NULL;
    dlcore_error_record_t error;
    size_t size;
    void *bytes;

    (void)state;
    how.error = ask.error = &error;
    assert_int_equal(small_model_fit(model, 0, 1), DLCORE_OK);
    assert_int_equal(dlcore_model_save_memory(model, NULL, &bytes, &size), DLCORE_OK);
    {
        pipe_end_t end = {.bytes = malloc(size), .size = size, .fail_at = size};
        dlcore_byte_writer_t writer = {pipe_write, &end};
        dlcore_byte_reader_t reader = {pipe_read, &end, size};

        assert_non_null(end.bytes);
        assert_int_equal(dlcore_model_save_to(model, &writer, &how), DLCORE_OK);
        assert_int_equal(end.position, size);
        assert_memory_equal(end.bytes, bytes, size);
        end.position = 0;
        end.fail_at = size - 1;
        assert_failed(dlcore_model_save_to(model, &writer, &how), DLCORE_ERROR_IO, &error,
                      "the writer did not take byte");
        end.fail_at = size;
        for (end.most = 0; end.most < 40; end.most += 13) {
            end.position = 0;
            assert_int_equal(dlcore_model_load_from(&reader, &ask, &loaded), DLCORE_OK);
            assert_true(same_weights(model, loaded));
            dlcore_model_free(loaded);
        }
        ask.training_state = false; /* what is skipped must be read */
        end.position = 0;
        assert_int_equal(dlcore_model_load_from(&reader, &ask, &loaded), DLCORE_OK);
        assert_true(same_weights(model, loaded));
        dlcore_model_free(loaded);
        for (size_t cut = 0; cut < size; cut += 97) {
            end.position = 0;
            end.fail_at = cut;
            assert_failed(dlcore_model_load_from(&reader, &ask, &loaded), DLCORE_ERROR_IO, &error,
                          "reader: gave 0 of");
            assert_null(loaded);
        }
        free(end.bytes);
    }
    free(bytes);
    dlcore_model_free(model);
}

/* Changes the model, or the struct of the call, in the midst of the bytes. */
typedef struct meddler {
    dlcore_model_t *model;
    dlcore_byte_writer_t writer;
    dlcore_byte_reader_t reader;
    int way;
    size_t calls;
    pipe_end_t end;
} meddler_t;

enum { MEDDLE_COMPILE, MEDDLE_FIT, MEDDLE_RESET, MEDDLE_FREEZE, MEDDLE_NOT, MEDDLE_WAYS };

static void meddle(meddler_t *meddler)
{
    dlcore_optimizer_t sgd = dlcore_optimizer_sgd();
    dlcore_model_t *model = meddler->model;

    switch (meddler->way) {
    case MEDDLE_COMPILE: /* which frees the optimizer's state */
        assert_int_equal(
            dlcore_model_compile(model, &sgd, DLCORE_LOSS_MEAN_SQUARED_ERROR, DLCORE_METRIC_NONE),
            DLCORE_OK);
        break;
    case MEDDLE_FIT:
        assert_int_equal(small_model_fit(model, 1, 2), DLCORE_OK);
        break;
    case MEDDLE_RESET:
        assert_int_equal(dlcore_model_reset(model, 3), DLCORE_OK);
        break;
    case MEDDLE_FREEZE:
        assert_int_equal(dlcore_model_set_trainable(model, 0, false), DLCORE_OK);
        break;
    default:
        break;
    }
}

static bool meddle_and_write(void *user, const void *bytes, size_t size)
{
    meddler_t *meddler = user;

    meddler->writer.write = NULL;
    if (meddler->calls++ == 1)
        meddle(meddler);
    return pipe_write(&meddler->end, bytes, size);
}

static size_t meddle_and_read(void *user, void *to, size_t want)
{
    meddler_t *meddler = user;

    meddler->reader = (dlcore_byte_reader_t){.read = NULL};
    return pipe_read(&meddler->end, to, want);
}

static void test_model_file_ways_writers_that_change_the_model_are_an_error(void **state)
{
    (void)state;
    for (int way = 0; way < MEDDLE_WAYS; way++) {
        dlcore_save_options_t how = dlcore_save_options_default();
        meddler_t meddler = {.model = rmsprop_model(), .way = way};
        dlcore_model_t *loaded = NULL;
        dlcore_error_record_t error;
        void *bytes;

        how.error = &error;
        assert_int_equal(small_model_fit(meddler.model, 0, 1), DLCORE_OK);
        assert_int_equal(
            dlcore_model_save_memory(meddler.model, NULL, &bytes, &meddler.end.fail_at), DLCORE_OK);
        meddler.end.bytes = bytes; /* written over */
        meddler.writer = (dlcore_byte_writer_t){meddle_and_write, &meddler};
        if (way < MEDDLE_NOT) {
            assert_failed(dlcore_model_save_to(meddler.model, &meddler.writer, &how),
                          DLCORE_ERROR_STATE, &error, "save: the writer trained, compiled");
        } else { /* nothing but the structs */
            assert_int_equal(dlcore_model_save_to(meddler.model, &meddler.writer, &how), DLCORE_OK);
            meddler.end.position = 0;
            meddler.reader = (dlcore_byte_reader_t){meddle_and_read, &meddler, meddler.end.fail_at};
            assert_int_equal(dlcore_model_load_from(&meddler.reader, NULL, &loaded), DLCORE_OK);
            assert_true(same_weights(meddler.model, loaded));
        }
        free(bytes);
        dlcore_model_free(loaded);
        dlcore_model_free(meddler.model);
    }
}

static void test_model_file_ways_saves_to_paths(void **state)
{
    dlcore_save_options_t how = dlcore_save_options_default();
    dlcore_load_options_t ask = dlcore_load_options_default();
    dlcore_model_t *model = rmsprop_model(), *loaded = NULL;
    dlcore_error_record_t error;

    (void)state;
    how.error = ask.error = &error;
    assert_int_equal(dlcore_model_save(model, scratch_file("model", "old", 3), &how), DLCORE_OK);
    assert_int_equal(dlcore_model_load(scratch_path("model"), &ask, &loaded), DLCORE_OK);
    assert_true(same_weights(model, loaded));
    dlcore_model_free(loaded);
    assert_failed(dlcore_model_load(scratch_path("absent"), &ask, &loaded), DLCORE_ERROR_IO, &error,
                  "No such file or directory");
    assert_null(loaded);
    assert_failed(dlcore_model_save(model, scratch_path("none/model"), &how), DLCORE_ERROR_IO,
                  &error, "No such file or directory");
    assert_failed(dlcore_model_load(scratch_file("text", "no model at all", 15), &ask, &loaded),
                  DLCORE_ERROR_FORMAT, &error, "text: not a safetensors file");
    dlcore_model_free(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_model_file_ways_reports_what_was_changed),
        cmocka_unit_test(test_model_file_ways_through_callbacks_is_the_same_file),
        cmocka_unit_test(test_model_file_ways_writers_that_change_the_model_are_an_error),
        cmocka_unit_test(test_model_file_ways_saves_to_paths),
    };

    return cmocka_run_group_tests_name("model_file_ways", tests, NULL, scratch_remove);
}
