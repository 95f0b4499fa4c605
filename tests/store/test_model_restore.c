/* Going on from files: what the model's program says, and what the file says.
 *
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "model/take_over.h"
#include "store/model_restore.h"
#include "support/callback_case.h"
#include "support/failing_allocator.h"
#include "support/folder.h"

enum { EPOCHS = 6 };

/* Fails when that many batches have begun; 0: never. */
static dlcore_callback_action_t die(void *user, const dlcore_training_event_t *event)
{
    size_t *left = user;

    (void)event;
    return *left > 0 && --*left == 0 ? DLCORE_CALLBACK_FAIL : DLCORE_CALLBACK_CONTINUE;
}

/* Runs with a model of that optimizer and seed, and dies in epoch 2 when `dies`; the rest. */
static dlcore_status run_with(const dlcore_optimizer_t *optimizer, uint64_t seed, size_t batch_size,
                              bool dies, float weights[CASE_WEIGHTS], dlcore_error_record_t *error)
{
    dlcore_model_options_t made = dlcore_model_options_default();
    dlcore_layer_t hidden = dlcore_layer_dense(5, DLCORE_ACTIVATION_TANH);
    dlcore_backup_and_restore_t backup = dlcore_backup_and_restore_default(folder_path("backup"));
    size_t left = dies ? 2 * CASE_BATCHES + 2 : 0;
    dlcore_callback_t callbacks[] = {dlcore_backup_and_restore_callback(&backup),
                                     {.user = &left, .on_batch_begin = die}};
    dlcore_fit_options_t options = case_options(callbacks, 2, EPOCHS);
    dlcore_model_t *model = NULL;
    dlcore_status status;

    if (batch_size > 0)
        options.batch_size = batch_size;
    if (dies && batch_size > 0)
        left = 3; /* an epoch is a batch */
    options.shuffle_before_split = true;
    made.seed = seed;
    hidden.input_width = 3;
    assert_int_equal(dlcore_model_create(&made, &model), DLCORE_OK);
    dlcore_model_add(model, hidden);
    dlcore_model_add(model, dlcore_layer_dropout(0.3));
    dlcore_model_add(model, dlcore_layer_dense(1, DLCORE_ACTIVATION_LINEAR));
    assert_int_equal(dlcore_model_compile(model, optimizer, DLCORE_LOSS_MEAN_SQUARED_ERROR,
                                          DLCORE_METRIC_MEAN_ABSOLUTE_ERROR),
                     DLCORE_OK);
    status = case_fit(model, &options, NULL);
    case_weights(model, weights);
    snprintf(error->message, sizeof error->message, "%s", dlcore_model_error(model));
    dlcore_model_free(model);
    return status;
}

/* Dies with one, goes on with another. */
static void assert_goes_on(const dlcore_optimizer_t *optimizer, uint64_t second, size_t batch_size)
{
    float expected[CASE_WEIGHTS], got[CASE_WEIGHTS];
    dlcore_error_record_t error;

    folder_files(true);
    assert_int_equal(run_with(optimizer, 1, batch_size, false, expected, &error), DLCORE_OK);
    assert_int_equal(run_with(optimizer, 1, batch_size, true, got, &error), DLCORE_ERROR_STATE);
    assert_true(folder_has("backup"));
    if (run_with(optimizer, second, batch_size, false, got, &error) != DLCORE_OK)
        fail_msg("%s", error.message);
    assert_memory_equal(got, expected, sizeof got);
}

static double falling(void *user, uint64_t step)
{
    return *(const double *)user / (1.0 + (double)step);
}

static void test_model_restore_of_a_function_schedule_goes_on_with_the_function(void **state)
{
    dlcore_optimizer_t adam = dlcore_optimizer_adam();
    double first = 0.1;

    (void)state;
    adam.schedule = dlcore_schedule_function(falling, &first);
    assert_goes_on(&adam, 1, 0);
}

/* Dropout, the shuffling and the share that validates all follow the seed of the file. */
static void
test_model_restore_in_a_model_of_another_seed_goes_on_with_that_of_the_file(void **state)
{
    dlcore_optimizer_t adam = dlcore_optimizer_adam();

    (void)state;
    assert_goes_on(&adam, 99, 0);
}

static void test_model_restore_of_a_full_batch_goes_on(void **state)
{
    dlcore_optimizer_t adam = dlcore_optimizer_adam();

    (void)state;
    assert_goes_on(&adam, 1, SIZE_MAX);
}

static void test_model_restore_of_other_settings_is_an_error_that_names_them(void **state)
{
    float weights[CASE_WEIGHTS];
    dlcore_error_record_t error;
    dlcore_optimizer_t sgd = dlcore_optimizer_sgd(), other = sgd;
    dlcore_backup_and_restore_t backup = dlcore_backup_and_restore_default(folder_path("backup"));
    dlcore_callback_t callback = dlcore_backup_and_restore_callback(&backup);
    dlcore_model_t *other_model = case_model(NULL, NULL, 0.1); /* without dropout */

    (void)state;
    folder_files(true);
    sgd.momentum = 0.5;
    assert_int_equal(run_with(&sgd, 1, 0, true, weights, &error), DLCORE_ERROR_STATE);
    assert_int_equal(run_with(&other, 1, 0, false, weights, &error), DLCORE_ERROR_STATE);
    assert_non_null(strstr(error.message, "optimizer: momentum is 0 in the model, 0.5 in the "
                                          "file"));
    other.momentum = 0.5;
    other.schedule = dlcore_schedule_exponential_decay(0.01, 10, 0.5);
    assert_int_equal(run_with(&other, 1, 0, false, weights, &error), DLCORE_ERROR_STATE);
    assert_non_null(strstr(error.message, "optimizer: learning_rate is {"));
    other = dlcore_optimizer_adam();
    assert_int_equal(run_with(&other, 1, 0, false, weights, &error), DLCORE_ERROR_STATE);
    assert_non_null(strstr(error.message, "class_name is \"Adam\" in the model, \"SGD\" in the"));
    assert_int_equal(case_run(other_model, &callback, 1, 2), DLCORE_ERROR_SHAPE);
    assert_non_null(strstr(dlcore_model_error(other_model), "the file has 3 and 4"));
    assert_true(folder_has("backup"));
    sgd.learning_rate = 0.5; /* a rate is state, that of the file */
    assert_int_equal(run_with(&sgd, 1, 0, false, weights, &error), DLCORE_OK);
    dlcore_model_free(other_model);
}

static dlcore_model_t *case_model_of(dlcore_activation_t activation)
{
    dlcore_optimizer_t sgd = dlcore_optimizer_sgd();
    dlcore_layer_t hidden = dlcore_layer_dense(5, activation);
    dlcore_model_t *model = NULL;

    hidden.input_width = 3;
    assert_int_equal(dlcore_model_create(NULL, &model), DLCORE_OK);
    dlcore_model_add(model, hidden);
    dlcore_model_add(model, dlcore_layer_dense(1, DLCORE_ACTIVATION_LINEAR));
    assert_int_equal(dlcore_model_compile(model, &sgd, DLCORE_LOSS_MEAN_SQUARED_ERROR,
                                          DLCORE_METRIC_MEAN_ABSOLUTE_ERROR),
                     DLCORE_OK);
    return model;
}

static void
test_model_restore_of_other_layers_of_the_same_shapes_is_an_error_that_keeps_all(void **state)
{
    dlcore_backup_and_restore_t backup = dlcore_backup_and_restore_default(folder_path("backup"));
    dlcore_callback_t callback = dlcore_backup_and_restore_callback(&backup);
    dlcore_model_t *first = case_model_of(DLCORE_ACTIVATION_TANH);
    dlcore_model_t *second = case_model_of(DLCORE_ACTIVATION_RELU);
    float before[CASE_WEIGHTS], after[CASE_WEIGHTS];

    (void)state;
    folder_files(true);
    backup.delete_checkpoint = false;
    case_weights(second, before);
    assert_int_equal(case_run(first, &callback, 1, 2), DLCORE_OK);
    assert_int_equal(case_run(second, &callback, 1, 2), DLCORE_ERROR_STATE);
    assert_non_null(strstr(dlcore_model_error(second),
                           "layers: activation is \"relu\" in the model, \"tanh\" in the file"));
    case_weights(second, after);
    assert_memory_equal(before, after, sizeof before);
    dlcore_model_free(first);
    dlcore_model_free(second);
}

/* The file of a run of such a model. */
static void leave_file(dlcore_model_t *model)
{
    dlcore_backup_and_restore_t backup = dlcore_backup_and_restore_default(folder_path("backup"));
    dlcore_callback_t callback = dlcore_backup_and_restore_callback(&backup);

    folder_files(true);
    backup.delete_checkpoint = false;
    assert_int_equal(case_run(model, &callback, 1, 2), DLCORE_OK);
}

/* A rate that is a number now was a schedule, or there was another number of metrics. */
static void test_model_restore_of_other_lists_and_schedules_names_them(void **state)
{
    dlcore_compile_options_t how = dlcore_compile_options_default();
    dlcore_model_t *first = case_model_of(DLCORE_ACTIVATION_TANH), *loaded = NULL;
    dlcore_model_t *second = case_model_of(DLCORE_ACTIVATION_TANH);
    dlcore_error_record_t error = {.message = ""};

    (void)state;
    how.optimizer = dlcore_optimizer_sgd();
    how.optimizer.schedule = dlcore_schedule_exponential_decay(0.01, 10, 0.5);
    how.loss = dlcore_loss_default(DLCORE_LOSS_MEAN_SQUARED_ERROR);
    how.metrics[0] = dlcore_metric_default(DLCORE_METRIC_MEAN_ABSOLUTE_ERROR);
    how.metric_count = 1;
    if (dlcore_model_compile_with(first, &how) != DLCORE_OK)
        fail_msg("%s", dlcore_model_error(first));
    leave_file(first);
    assert_int_equal(dlcore_model_load_run(second, folder_path("backup"), &loaded, &error),
                     DLCORE_ERROR_STATE);
    assert_non_null(strstr(error.message, "optimizer: learning_rate is 0.01 in the model, {"));
    how.optimizer = dlcore_optimizer_sgd();
    how.metrics[1] = how.metrics[0];
    how.metric_count = 2;
    if (dlcore_model_compile_with(first, &how) != DLCORE_OK)
        fail_msg("%s", dlcore_model_error(first));
    leave_file(first);
    assert_int_equal(dlcore_model_load_run(second, folder_path("backup"), &loaded, &error),
                     DLCORE_ERROR_STATE);
    assert_non_null(strstr(error.message, "metrics is absent in the model, {\"module\""));
    leave_file(second);
    assert_int_equal(dlcore_model_load_run(first, folder_path("backup"), &loaded, &error),
                     DLCORE_ERROR_STATE);
    assert_non_null(strstr(error.message, "\"MeanAbsoluteError"));
    assert_non_null(strstr(error.message, " in the model, absent in the file"));
    how.weighted_metrics[0] = how.metrics[0];
    how.metrics[1] = (dlcore_metric_t){0};
    how.metric_count = how.weighted_metric_count = 1;
    assert_int_equal(dlcore_model_compile_with(first, &how), DLCORE_OK);
    leave_file(first);
    assert_int_equal(dlcore_model_load_run(second, folder_path("backup"), &loaded, &error),
                     DLCORE_ERROR_STATE);
    assert_non_null(strstr(error.message, "weighted_metrics is absent in the model, [{"));
    assert_null(loaded);
    dlcore_model_free(first);
    dlcore_model_free(second);
}

/* A setting that only one of two metrics of a kind has. */
static void test_model_restore_of_a_setting_more_names_it(void **state)
{
    static const float weight = 2.0f;
    dlcore_compile_options_t how = dlcore_compile_options_default();
    dlcore_model_t *first = case_model_of(DLCORE_ACTIVATION_TANH), *loaded = NULL;
    dlcore_model_t *second = case_model_of(DLCORE_ACTIVATION_TANH);
    dlcore_error_record_t error = {.message = ""};

    (void)state;
    how.optimizer = dlcore_optimizer_sgd();
    how.loss = dlcore_loss_default(DLCORE_LOSS_MEAN_SQUARED_ERROR);
    how.metrics[0] = dlcore_metric_default(DLCORE_METRIC_AUC);
    how.metrics[0].multi_label = true;
    how.metric_count = 1;
    if (dlcore_model_compile_with(second, &how) != DLCORE_OK)
        fail_msg("%s", dlcore_model_error(second));
    how.metrics[0].label_weights = (dlcore_metric_list_t){.count = 1, .values = &weight};
    if (dlcore_model_compile_with(first, &how) != DLCORE_OK)
        fail_msg("%s", dlcore_model_error(first));
    leave_file(first);
    assert_int_equal(dlcore_model_load_run(second, folder_path("backup"), &loaded, &error),
                     DLCORE_ERROR_STATE);
    if (strstr(error.message, ": label_weights is absent in the model, [2] in the file") == NULL)
        fail_msg("%s", error.message);
    leave_file(second);
    assert_int_equal(dlcore_model_load_run(first, folder_path("backup"), &loaded, &error),
                     DLCORE_ERROR_STATE);
    if (strstr(error.message, ": label_weights is [2] in the model, absent in the file") == NULL)
        fail_msg("%s", error.message);
    assert_null(loaded);
    dlcore_model_free(first);
    dlcore_model_free(second);
}

static dlcore_status load_run_with(const dlcore_allocator_t *allocator, void *context)
{
    dlcore_model_options_t options = dlcore_model_options_default();
    dlcore_optimizer_t sgd = dlcore_optimizer_sgd();
    dlcore_model_t *model = NULL, *loaded = NULL;
    dlcore_layer_t hidden = dlcore_layer_dense(5, DLCORE_ACTIVATION_TANH);
    dlcore_status status;

    (void)context;
    hidden.input_width = 3;
    options.allocator = *allocator;
    options.threads = 1;
    status = dlcore_model_create(&options, &model);
    if (status == DLCORE_OK)
        status = dlcore_model_add(model, hidden);
    if (status == DLCORE_OK)
        status = dlcore_model_add(model, dlcore_layer_dense(1, DLCORE_ACTIVATION_LINEAR));
    if (status == DLCORE_OK)
        status = dlcore_model_compile(model, &sgd, DLCORE_LOSS_MEAN_SQUARED_ERROR,
                                      DLCORE_METRIC_MEAN_ABSOLUTE_ERROR);
    if (status == DLCORE_OK)
        status = dlcore_model_build(model, 3);
    if (status == DLCORE_OK)
        status = dlcore_model_load_run(model, folder_path("backup"), &loaded, NULL);
    assert_true((status == DLCORE_OK) == (loaded != NULL));
    dlcore_model_free(loaded);
    dlcore_model_free(model);
    return status;
}

static void test_model_restore_survives_every_failing_allocation(void **state)
{
    dlcore_model_t *model = case_model_of(DLCORE_ACTIVATION_TANH);

    (void)state;
    leave_file(model);
    assert_in_range(failing_allocator_sweep(load_run_with, NULL), 15, 80);
    dlcore_model_free(model);
}

/* What files have of each layer reads back as what they would have of it again. */
static void test_model_restore_of_layers_of_every_kind_is_of_the_same_model(void **state)
{
    dlcore_backup_and_restore_t backup = dlcore_backup_and_restore_default(folder_path("backup"));
    dlcore_callback_t callback = dlcore_backup_and_restore_callback(&backup);
    dlcore_layer_t layers[] = {dlcore_layer_flatten(),
                               dlcore_layer_normalization(),
                               dlcore_layer_rescaling(1.0 / 3.0, -0.1),
                               dlcore_layer_dense(7, DLCORE_ACTIVATION_LEAKY_RELU),
                               dlcore_layer_batch_normalization(),
                               dlcore_layer_gaussian_noise(0.01),
                               dlcore_layer_dense(6, DLCORE_ACTIVATION_ELU),
                               dlcore_layer_layer_normalization(),
                               dlcore_layer_prelu(),
                               dlcore_layer_dropout(0.1),
                               dlcore_layer_activation(DLCORE_ACTIVATION_TANH),
                               dlcore_layer_dense(1, DLCORE_ACTIVATION_LINEAR)};
    dlcore_compile_options_t how = dlcore_compile_options_default();
    dlcore_model_t *model = NULL;

    (void)state;
    folder_files(true);
    backup.delete_checkpoint = false;
    layers[3].kernel_initializer = dlcore_initializer_he_normal();
    layers[3].bias_initializer = dlcore_initializer_constant(0.1);
    layers[3].negative_slope = 0.3;
    layers[3].kernel_regularizer = dlcore_regularizer_l1_l2(1e-5, 1e-4);
    layers[3].bias_regularizer = dlcore_regularizer_l2(1e-3);
    layers[6].kernel_constraint = dlcore_constraint_min_max_norm(0.1, 2.0);
    layers[6].bias_constraint = dlcore_constraint_max_norm(1.0);
    layers[6].alpha = 0.7;
    layers[4].momentum = 0.9;
    layers[7].center = false;
    layers[11].trainable = false;
    how.optimizer = dlcore_optimizer_adamw();
    how.optimizer.clipnorm = 1.0;
    how.optimizer.weight_decay_excludes_bias = true;
    how.loss = dlcore_loss_huber();
    how.loss.delta = 0.7;
    how.metrics[0] = dlcore_metric_default(DLCORE_METRIC_MEAN_ABSOLUTE_ERROR);
    how.metric_count = 1;
    how.weighted_metrics[0] = dlcore_metric_default(DLCORE_METRIC_R2_SCORE);
    how.weighted_metric_count = 1;
    for (size_t run = 0; run < 2; run++) {
        assert_int_equal(dlcore_model_create(NULL, &model), DLCORE_OK);
        for (size_t i = 0; i < sizeof layers / sizeof layers[0]; i++)
            dlcore_model_add(model, layers[i]);
        assert_int_equal(dlcore_model_compile_with(model, &how), DLCORE_OK);
        if (case_run(model, &callback, 1, run + 1) != DLCORE_OK)
            fail_msg("%s", dlcore_model_error(model));
        dlcore_model_free(model);
    }
    assert_true(backup.restored);
}

/* The first kernel alone is another. */
static void test_model_restore_of_another_first_width_is_an_error_that_names_it(void **state)
{
    dlcore_model_t *models[2];
    dlcore_error_record_t error = {.message = ""};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(dlcore_model_create(NULL, &models[i]), DLCORE_OK);
        dlcore_model_add(models[i], dlcore_layer_dense(5, DLCORE_ACTIVATION_RELU));
        dlcore_model_add(models[i], dlcore_layer_dense(2, DLCORE_ACTIVATION_LINEAR));
        assert_int_equal(dlcore_model_build(models[i], 3 + i), DLCORE_OK);
    }
    assert_int_equal(dlcore_model_compare(models[0], models[0], &error), DLCORE_OK);
    assert_int_equal(dlcore_model_compare(models[0], models[1], &error), DLCORE_ERROR_SHAPE);
    assert_non_null(strstr(error.message, "dense/kernel"));
    dlcore_model_free(models[0]);
    dlcore_model_free(models[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_model_restore_of_a_function_schedule_goes_on_with_the_function),
        cmocka_unit_test(
            test_model_restore_in_a_model_of_another_seed_goes_on_with_that_of_the_file),
        cmocka_unit_test(test_model_restore_of_a_full_batch_goes_on),
        cmocka_unit_test(test_model_restore_of_other_settings_is_an_error_that_names_them),
        cmocka_unit_test(
            test_model_restore_of_other_layers_of_the_same_shapes_is_an_error_that_keeps_all),
        cmocka_unit_test(test_model_restore_of_layers_of_every_kind_is_of_the_same_model),
        cmocka_unit_test(test_model_restore_of_another_first_width_is_an_error_that_names_it),
        cmocka_unit_test(test_model_restore_of_other_lists_and_schedules_names_them),
        cmocka_unit_test(test_model_restore_of_a_setting_more_names_it),
        cmocka_unit_test(test_model_restore_survives_every_failing_allocation),
    };

    return cmocka_run_group_tests(tests, folder_make, folder_remove);
}
