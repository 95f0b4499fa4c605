/* The precision of training in files: saved, shown, loaded, chosen, and what goes on in no other.
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

#include "dlcore.h"
#include "model/model.h"
#include "support/classifier.h"
#include "support/folder.h"
#include "support/models.h"

enum { ROWS = 40, INPUTS = 9, CLASSES = 3, BATCH = 8 };

/* 0: float32, 1: bfloat16. */
static const dlcore_model_precision_t *precision_of(int i)
{
    return i == 0 ? NULL : DLCORE_PRECISION_BFLOAT16;
}

static dlcore_model_t *model_in(const dlcore_model_precision_t *precision)
{
    dlcore_model_options_t options = dlcore_model_options_default();
    size_t widths[] = {INPUTS, 20, CLASSES, 0};
    dlcore_model_t *model;

    options.precision = precision;
    model = classifier(&options, widths, dlcore_optimizer_adam());
    assert_non_null(model);
    return model;
}

/* Ends the run after that many batches; 0: never. */
static dlcore_callback_action_t count_down(void *user, const dlcore_training_event_t *event)
{
    size_t *left = user;

    (void)event;
    return *left > 0 && --*left == 0 ? DLCORE_CALLBACK_STOP : DLCORE_CALLBACK_CONTINUE;
}

static dlcore_status train(dlcore_model_t *model, size_t stops_after, bool resume)
{
    samples_t samples = samples_of_floats(ROWS, INPUTS, CLASSES);
    dlcore_callback_t callback = {.user = &stops_after, .on_batch_end = count_down};
    dlcore_fit_options_t how = batches_of(BATCH);
    dlcore_status status;

    how.epochs = 2;
    how.resume = resume;
    how.callbacks = &callback;
    how.callback_count = 1;
    status = dlcore_model_fit(model, samples.x, samples.y, &how, NULL);
    samples_free(samples);
    return status;
}

typedef struct saved {
    void *bytes;
    size_t size;
} saved_t;

/* A model in that precision in the middle of a run. */
static saved_t saved_run(const dlcore_model_precision_t *precision)
{
    dlcore_model_t *model = model_in(precision);
    saved_t saved;

    assert_accepted(model, train(model, 3, false));
    assert_int_equal(dlcore_model_save_memory(model, NULL, &saved.bytes, &saved.size), DLCORE_OK);
    dlcore_model_free(model);
    return saved;
}

static dlcore_model_t *loaded_with(const saved_t *saved, const dlcore_load_options_t *options)
{
    dlcore_model_t *model = NULL;

    assert_int_equal(dlcore_model_load_memory(saved->bytes, saved->size, options, &model),
                     DLCORE_OK);
    return model;
}

static void test_precision_is_saved_and_loaded(void **state)
{
    saved_t saved = saved_run(DLCORE_PRECISION_BFLOAT16);
    dlcore_model_t *whole = model_in(DLCORE_PRECISION_BFLOAT16);
    dlcore_model_t *loaded = loaded_with(&saved, NULL), *clone = NULL;

    (void)state;
    assert_accepted(whole, train(whole, 0, false));
    assert_int_equal(dlcore_model_clone(loaded, &clone), DLCORE_OK);
    assert_ptr_equal(clone->options.precision, DLCORE_PRECISION_BFLOAT16);
    assert_accepted(loaded, train(loaded, 0, true));
    assert_true(same_weights(loaded, whole));
    dlcore_model_free(whole);
    dlcore_model_free(loaded);
    dlcore_model_free(clone);
    free(saved.bytes);
}

static void test_precision_of_a_load_may_be_chosen_and_the_run_is_then_refused(void **state)
{
    (void)state;
    for (int to = 0; to < 2; to++) {
        saved_t saved = saved_run(precision_of(1 - to));
        dlcore_load_options_t options = dlcore_load_options_default();
        dlcore_model_t *loaded;

        options.precision = false;
        options.model.precision = precision_of(to);
        loaded = loaded_with(&saved, &options);
        assert_ptr_equal(loaded->options.precision, precision_of(to));
        assert_int_equal(train(loaded, 0, true), DLCORE_ERROR_STATE);
        assert_string_equal(
            dlcore_model_error(loaded),
            to == 0 ? "resume: the run trained in bfloat16, this model trains in float32"
                    : "resume: the run trained in float32, this model trains in "
                      "bfloat16");
        assert_accepted(loaded, train(loaded, 0, false));
        dlcore_model_free(loaded);
        free(saved.bytes);
    }
}

static void test_precision_of_files_without_one_is_that_of_the_options(void **state)
{
    saved_t saved = saved_run(NULL);
    dlcore_load_options_t options = dlcore_load_options_default();
    dlcore_model_t *loaded;

    (void)state;
    options.model.precision = DLCORE_PRECISION_BFLOAT16;
    loaded = loaded_with(&saved, &options);
    assert_ptr_equal(loaded->options.precision, DLCORE_PRECISION_BFLOAT16);
    dlcore_model_free(loaded);
    free(saved.bytes);
}

static void test_precision_is_no_matter_to_who_predicts(void **state)
{
    saved_t saved = saved_run(DLCORE_PRECISION_BFLOAT16);
    dlcore_load_options_t options = dlcore_load_options_default();
    dlcore_model_t *loaded = NULL;

    (void)state;
    options.model.engine = DLCORE_ENGINE_BLAS;
    assert_int_equal(
        dlcore_model_load_memory_to_predict(saved.bytes, saved.size, &options, &loaded), DLCORE_OK);
    dlcore_model_free(loaded);
    free(saved.bytes);
}

/* A file names the precision alone: who multiplies is for the loading model to say. */
static void test_precision_goes_on_with_another_engine(void **state)
{
    saved_t saved = saved_run(DLCORE_PRECISION_BFLOAT16);
    dlcore_load_options_t options = dlcore_load_options_default();
    dlcore_model_t *loaded;

    (void)state;
    options.model.engine = DLCORE_ENGINE_BLAS;
    loaded = loaded_with(&saved, &options);
    assert_ptr_equal(loaded->options.precision, DLCORE_PRECISION_BFLOAT16);
    assert_string_equal(loaded->network.half->name, "portable");
    assert_accepted(loaded, train(loaded, 0, true));
    dlcore_model_free(loaded);
    free(saved.bytes);
}

static void test_precision_that_is_not_known_is_refused_by_name(void **state)
{
    saved_t saved = saved_run(DLCORE_PRECISION_BFLOAT16);
    dlcore_load_options_t options = dlcore_load_options_default();
    dlcore_error_record_t error = {0};
    dlcore_model_t *loaded = NULL;
    char *text = saved.bytes;

    (void)state;
    for (size_t i = 0; i + 30 < saved.size; i++) {
        if (memcmp(text + i, "\"dlcore.precision\":\"bfloat16\"", 29) == 0)
            text[i + 27] = '9';
    }
    options.error = &error;
    assert_int_equal(dlcore_model_load_memory(saved.bytes, saved.size, &options, &loaded),
                     DLCORE_ERROR_UNSUPPORTED);
    assert_non_null(strstr(error.message, "precision \"bfloat19\" is not known here"));
    free(saved.bytes);
}

static void test_precision_of_a_backup_must_be_the_models(void **state)
{
    (void)state;
    for (int ours = 0; ours < 2; ours++) {
        samples_t samples = samples_of_floats(ROWS, INPUTS, CLASSES);
        dlcore_backup_and_restore_t backup =
            dlcore_backup_and_restore_default(folder_path(ours == 0 ? "half" : "full"));
        dlcore_fit_options_t how = batches_of(BATCH);
        dlcore_callback_t callback;
        dlcore_model_t *before = model_in(precision_of(1 - ours));
        dlcore_model_t *after = model_in(precision_of(ours));

        callback = dlcore_backup_and_restore_callback(&backup);
        how.epochs = 3;
        how.callbacks = &callback;
        how.callback_count = 1;
        assert_accepted(before, train(before, 3, false));
        assert_int_equal(dlcore_model_save(before, folder_path(ours == 0 ? "half" : "full"), NULL),
                         DLCORE_OK);
        assert_int_equal(dlcore_model_fit(after, samples.x, samples.y, &how, NULL),
                         DLCORE_ERROR_STATE);
        assert_non_null(strstr(dlcore_model_error(after),
                               ours == 0 ? "precision is float32 in the model, bfloat16 in the file"
                                         : "precision is bfloat16 in the model, float32 in the "
                                           "file"));
        dlcore_model_free(before);
        dlcore_model_free(after);
        samples_free(samples);
    }
}

/* What is printed to a stream, for the caller to free. */
static char *printed(const dlcore_model_t *model, const dlcore_inspection_t *inspection)
{
    char *text = calloc(1, 20000);
    FILE *stream = tmpfile();

    assert_true(text != NULL && stream != NULL);
    assert_int_equal(model != NULL ? dlcore_model_summary(model, stream)
                                   : dlcore_inspection_print(inspection, stream),
                     DLCORE_OK);
    rewind(stream);
    assert_true(fread(text, 1, 19999, stream) > 0);
    fclose(stream);
    return text;
}

static void test_precision_is_shown_by_summary_and_inspect(void **state)
{
    (void)state;
    for (int to = 0; to < 2; to++) {
        saved_t saved = saved_run(precision_of(to));
        dlcore_model_t *model = loaded_with(&saved, NULL);
        dlcore_inspection_t *found = NULL;
        char *summary = printed(model, NULL), *inspected;

        assert_int_equal(dlcore_model_inspect_memory(saved.bytes, saved.size, NULL, &found),
                         DLCORE_OK);
        assert_string_equal(found->precision, to == 0 ? "" : "bfloat16");
        inspected = printed(NULL, found);
        assert_int_equal(strstr(summary, " Training precision: bfloat16\n") != NULL, to);
        assert_int_equal(strstr(inspected, "training precision: bfloat16\n") != NULL, to);
        assert_null(strstr(inspected, "dlcore.precision"));
        free(summary);
        free(inspected);
        dlcore_inspection_free(found);
        dlcore_model_free(model);
        free(saved.bytes);
    }
}

static void test_precision_of_lbfgs_is_float32(void **state)
{
    samples_t samples = samples_of_floats(ROWS, INPUTS, CLASSES);
    dlcore_model_t *model = model_in(DLCORE_PRECISION_BFLOAT16);

    (void)state;
    assert_int_equal(dlcore_model_fit_lbfgs(model, samples.x, samples.y, NULL, NULL),
                     DLCORE_ERROR_UNSUPPORTED);
    assert_non_null(strstr(dlcore_model_error(model), "the precision is bfloat16"));
    dlcore_model_free(model);
    samples_free(samples);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_precision_is_saved_and_loaded),
        cmocka_unit_test(test_precision_of_a_load_may_be_chosen_and_the_run_is_then_refused),
        cmocka_unit_test(test_precision_of_files_without_one_is_that_of_the_options),
        cmocka_unit_test(test_precision_is_no_matter_to_who_predicts),
        cmocka_unit_test(test_precision_goes_on_with_another_engine),
        cmocka_unit_test(test_precision_that_is_not_known_is_refused_by_name),
        cmocka_unit_test(test_precision_of_a_backup_must_be_the_models),
        cmocka_unit_test(test_precision_is_shown_by_summary_and_inspect),
        cmocka_unit_test(test_precision_of_lbfgs_is_float32),
    };

    return cmocka_run_group_tests(tests, folder_make, folder_remove);
}
