/* Every combination of load options over every kind of file that the library writes: an intact file
 * loads, its checksum matches and its weights are those that were saved, whatever of it is wanted;
 * a file with one bit changed, in a tensor that is wanted or not, is told from it.
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

#include "base/little_endian.h"
#include "model/model.h"
#include "support/models.h"
#include "support/running_model.h"
#include "support/small_model.h"

/* ---- the files ---- */

typedef struct file {
    unsigned char *bytes;
    size_t size;
} file_t;

static file_t save(const dlcore_model_t *model, const dlcore_save_options_t *options)
{
    file_t file = {0};
    void *bytes = NULL;

    assert_int_equal(dlcore_model_save_memory(model, options, &bytes, &file.size), DLCORE_OK);
    file.bytes = bytes;
    return file;
}

/* The small model with an optimizer, trained or not, saved with what the options say. */
static file_t file_of(optimizer_t optimizer, size_t epochs, bool training_state, bool self_test)
{
    save_options_t how = save_options_default();
    model_t *model = small_model(NULL, &optimizer);
    file_t file;

    assert_non_null(model);
    how.training_state = training_state;
    how.self_test = self_test;
    assert_int_equal(small_model_fit(model, 0, epochs), DLCORE_OK);
    file = save(model, &how);
    model_free(model);
    return file;
}

static file_t not_compiled(void)
{
    model_t *model = NULL;
    file_t file;

    assert_int_equal(model_create(NULL, &model), DLCORE_OK);
    assert_accepted(model, model_add(model, layer_dense(20, ACTIVATION_RELU)));
    assert_accepted(model, model_add(model, layer_batch_normalization()));
    assert_accepted(model, model_build(model, 3));
    file = save(model, NULL);
    model_free(model);
    return file;
}

static file_t not_trained(void)
{
    return file_of(optimizer_adam(), 0, true, true);
}

static file_t no_state(void)
{
    return file_of(optimizer_adam(), 1, false, true);
}

static file_t no_self_test(void)
{
    return file_of(optimizer_adam(), 1, true, false);
}

static file_t of_sgd(void)
{
    return file_of(optimizer_sgd(), 1, true, true);
}

static file_t of_adam(void)
{
    return file_of(optimizer_adam(), 1, true, true);
}

static file_t of_rmsprop(void)
{
    optimizer_t optimizer = optimizer_rmsprop();

    optimizer.centered = true;
    optimizer.momentum = 0.5;
    return file_of(optimizer, 1, true, true);
}

/* averages, and gradients that wait for the rest of their group */
static file_t of_averages(void)
{
    optimizer_t optimizer = optimizer_nadam();

    optimizer.use_ema = true;
    optimizer.gradient_accumulation_steps = 2;
    return file_of(optimizer, 1, true, true);
}

/* in the middle of a run, with weights that callbacks keep */
static file_t of_a_run(void)
{
    file_t file;

    file.bytes = running_model_file(false, &file.size);
    return file;
}

static file_t of_a_run_of_every_layer(void)
{
    file_t file;

    file.bytes = running_model_file(true, &file.size);
    return file;
}

/* after a stop, where averages, or the best weights, have taken the place of those that train on */
static file_t of_a_stopped_run(void)
{
    running_fit_t fit = {.save_at = RUNNING_BATCHES + 2, .stops = true};
    model_t *model = running_model(NULL, true);
    file_t file;

    assert_non_null(model);
    assert_accepted(model, running_model_fit(model, &fit));
    free(fit.bytes);
    file = save(model, NULL);
    model_free(model);
    return file;
}

static callback_action_t save_there(void *user, const training_event_t *event)
{
    file_t *file = user;

    if (file->bytes != NULL)
        return CALLBACK_CONTINUE;
    *file = save(event->model, NULL);
    return CALLBACK_STOP;
}

/* Nothing in it trains: statistics have no optimizer's state, but callbacks keep copies of them. */
static file_t of_normalization_alone(void)
{
    const float data[8] = {1, 2, 3, 4, 5, 6, 7, 8};
    tensor_t *x = borrow_floats(data, 4, 2);
    early_stopping_t stopping = early_stopping_default();
    optimizer_t sgd = optimizer_sgd();
    fit_options_t how = fit_options_default();
    file_t file = {0};
    callback_t callbacks[2];
    model_t *model = NULL;

    stopping.restore_best_weights = true;
    stopping.monitor = "loss";
    sgd.momentum = 0.9;
    assert_int_equal(model_create(NULL, &model), DLCORE_OK);
    assert_accepted(model, model_add(model, layer_normalization()));
    assert_accepted(model, model_adapt(model, 0, x));
    assert_accepted(model, model_compile(model, &sgd, LOSS_MEAN_SQUARED_ERROR, METRIC_NONE));
    callbacks[0] = early_stopping_callback(&stopping);
    callbacks[1] = (callback_t){.user = &file, .on_epoch_end = save_there};
    how.callbacks = callbacks;
    how.callback_count = 2;
    how.epochs = 3;
    assert_accepted(model, model_fit(model, x, x, &how, NULL));
    assert_non_null(file.bytes);
    model_free(model);
    tensor_free(x);
    return file;
}

static file_t of_a_frozen_layer(void)
{
    optimizer_t adam = optimizer_adam();
    model_t *model = small_model(NULL, &adam);
    file_t file;

    assert_non_null(model);
    assert_accepted(model, model_set_trainable(model, 2, false));
    assert_int_equal(small_model_fit(model, 0, 1), DLCORE_OK);
    file = save(model, NULL);
    model_free(model);
    return file;
}

static const struct {
    const char *name;
    file_t (*make)(void);
} files[] = {
    {"not compiled", not_compiled},
    {"not trained", not_trained},
    {"without state", no_state},
    {"without self-test", no_self_test},
    {"sgd", of_sgd},
    {"adam", of_adam},
    {"rmsprop", of_rmsprop},
    {"averages", of_averages},
    {"a run", of_a_run},
    {"a run of every layer", of_a_run_of_every_layer},
    {"a stopped run", of_a_stopped_run},
    {"normalization alone", of_normalization_alone},
    {"a frozen layer", of_a_frozen_layer},
};
enum { FILES = sizeof files / sizeof *files };

/* ---- loading ---- */

enum { COMBINATIONS = 2 * 2 * 2 * 2 * 2 };

static load_options_t options_of(size_t combination, load_report_t *report)
{
    load_options_t options = load_options_default();

    options.compile = (combination & 1) == 0;
    options.training_state = (combination & 2) == 0;
    options.self_test = (combination & 4) != 0;
    options.require_checksum = (combination & 8) != 0;
    options.report = (combination & 16) == 0 ? report : NULL;
    return options;
}

typedef struct position {
    const file_t *file;
    size_t at;
} position_t;

static size_t read_some(void *user, void *to, size_t want)
{
    position_t *position = user;

    memcpy(to, position->file->bytes + position->at, want);
    position->at += want;
    return want;
}

static dlcore_status load(const file_t *file, bool by_reader, const load_options_t *options,
                          model_t **model)
{
    position_t position = {.file = file};
    byte_reader_t reader = {.read = read_some, .user = &position, .size = file->size};

    return by_reader ? model_load_from(&reader, options, model)
                     : model_load_memory(file->bytes, file->size, options, model);
}

static void check_intact(const file_t *file, const model_t *whole, size_t combination,
                         bool by_reader)
{
    load_report_t report = {0};
    load_options_t options = options_of(combination, &report);
    error_record_t error = {0};
    model_t *model = NULL;

    options.error = &error;
    if (load(file, by_reader, &options, &model) != DLCORE_OK)
        fail_msg("options %zu: %s", combination, error.message);
    assert_int_equal(model_parameter_count(model), model_parameter_count(whole));
    assert_memory_equal(model->network.values, whole->network.values,
                        whole->network.value_floats * sizeof(float));
    if (options.report != NULL) {
        assert_int_equal(report.checksum, CHECKSUM_MATCHES);
        assert_true(!report.self_tested || report.self_test_difference == 0.0);
    }
    model_free(model);
}

static void test_model_load_options_take_every_intact_file(void **state)
{
    (void)state;
    for (size_t f = 0; f < FILES; f++) {
        file_t file = files[f].make();
        model_t *whole = NULL;

        assert_int_equal(load(&file, false, NULL, &whole), DLCORE_OK);
        for (size_t i = 0; i < COMBINATIONS * 2; i++)
            check_intact(&file, whole, i / 2, i % 2 == 1);
        model_free(whole);
        free(file.bytes);
    }
}

/* One bit in each of the places over all tensors, the last byte among them. */
static void test_model_load_options_tell_every_changed_tensor(void **state)
{
    (void)state;
    for (size_t f = 0; f < FILES; f++) {
        file_t file = files[f].make();
        size_t first = 8 + (size_t)dlcore_load_u64(file.bytes);

        for (size_t at = first; at < file.size; at += at + 4 < file.size ? 4 : 1) {
            size_t combination = at / 4 % 8; /* all but whether it is required and told */
            load_report_t report = {0};
            load_options_t options = options_of(combination, &report);
            model_t *model = NULL;

            file.bytes[at] ^= 1; /* of the lowest digits: no number becomes another kind */
            assert_int_equal(load(&file, at % 8 == 4, &options, &model), DLCORE_OK);
            assert_int_equal(report.checksum, CHECKSUM_DIFFERS);
            model_free(model);
            options.require_checksum = true;
            assert_int_equal(load(&file, at % 8 == 0, &options, &model), DLCORE_ERROR_FORMAT);
            file.bytes[at] ^= 1;
        }
        free(file.bytes);
    }
}

/* ---- to predict ---- */

static void assert_same_outputs(const model_t *a, const model_t *b)
{
    float x[3] = {0.25f, -1.0f, 3.0f}, of_a[2] = {1.0f}, of_b[2] = {2.0f};
    tensor_t *from = NULL, *to_a = NULL, *to_b = NULL;

    tensor_borrow(NULL, DTYPE_FLOAT32, 2, (size_t[]){1, 3}, x, 0, &from, NULL);
    tensor_borrow(NULL, DTYPE_FLOAT32, 2, (size_t[]){1, 2}, of_a, 0, &to_a, NULL);
    tensor_borrow(NULL, DTYPE_FLOAT32, 2, (size_t[]){1, 2}, of_b, 0, &to_b, NULL);
    assert_int_equal(model_predict(a, from, to_a), DLCORE_OK);
    assert_int_equal(model_predict(b, from, to_b), DLCORE_OK);
    assert_memory_equal(of_a, of_b, sizeof of_a);
    tensor_free(from);
    tensor_free(to_a);
    tensor_free(to_b);
}

static void test_model_load_to_predict_leaves_out_what_trains(void **state)
{
    file_t file = file_of(optimizer_adam(), 2, true, true);
    load_report_t report = {0};
    load_options_t options = load_options_default();
    model_t *whole = NULL, *model = NULL;
    optimizer_t sgd = optimizer_sgd();

    (void)state;
    options.report = &report;
    options.self_test = true;
    options.require_checksum = true;
    assert_int_equal(model_load_memory(file.bytes, file.size, NULL, &whole), DLCORE_OK);
    assert_int_equal(model_load_memory_to_predict(file.bytes, file.size, &options, &model),
                     DLCORE_OK);
    assert_same_outputs(whole, model);
    assert_true(report.self_tested && !report.compiled && !report.training_state);
    assert_int_equal(report.checksum, CHECKSUM_MATCHES);
    assert_false(model->compiled);
    assert_null(model->trainer.slots);
    assert_int_equal(model->epochs_trained, 0);
    assert_int_equal(small_model_fit(model, 0, 1), DLCORE_ERROR_STATE);

    /* compiled by the program, it trains */
    assert_int_equal(model_compile(model, &sgd, LOSS_SPARSE_CATEGORICAL_CROSSENTROPY, METRIC_NONE),
                     DLCORE_OK);
    assert_int_equal(small_model_fit(model, 0, 1), DLCORE_OK);
    model_free(model);
    model_free(whole);
    free(file.bytes);
}

static void test_model_load_to_predict_damaged_file_is_refused(void **state)
{
    file_t file = not_trained();
    error_record_t error = {0};
    load_options_t options = load_options_default();
    model_t *model = NULL;

    (void)state;
    options.error = &error;
    options.require_checksum = true;
    file.bytes[file.size - 1] ^= 1;
    assert_int_equal(model_load_memory_to_predict(file.bytes, file.size, &options, &model),
                     DLCORE_ERROR_FORMAT);
    assert_null(model);
    assert_non_null(strstr(error.message, "checksum"));
    assert_int_equal(model_load_to_predict("no/such.safetensors", &options, &model),
                     DLCORE_ERROR_IO);
    assert_int_equal(model_load_to_predict(NULL, &options, &model), DLCORE_ERROR_ARGUMENT);
    free(file.bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_model_load_options_take_every_intact_file),
        cmocka_unit_test(test_model_load_options_tell_every_changed_tensor),
        cmocka_unit_test(test_model_load_to_predict_leaves_out_what_trains),
        cmocka_unit_test(test_model_load_to_predict_damaged_file_is_refused),
    };

    return cmocka_run_group_tests_name("model_load_options", tests, NULL, NULL);
}
