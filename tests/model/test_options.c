/* Options structs: each begins with structure_size, and a zeroed one is told the function that
 * makes it. And enumerators: no field takes a number that is none.
 *
 * SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <limits.h>
#include <string.h>

#define DLCORE_NO_SHORT_NAMES
#include "dlcore.h"
#include "support/callback_case.h"
#include "support/tensors.h"

/* What the function that takes the options says to zeroed ones. `made` calls the one that the
 * message must name, so that it exists. */
#define ASSERT_REFUSED(name, made, call)                                                      \
    do {                                                                                      \
        dlcore_##name##_t zero = {0}, fine = dlcore_##name##_default made;                    \
        dlcore_error_record_t error = {0};                                                    \
                                                                                              \
        assert_int_equal(offsetof(dlcore_##name##_t, structure_size), 0);                     \
        assert_int_equal(fine.structure_size, sizeof fine);                                   \
        assert_failed(call, DLCORE_ERROR_ARGUMENT, &error, "begin with " #name "_default()"); \
    } while (0)

/* The message of a const call is in the record of the options. */
#define WITH_RECORD(call) (zero.error = &error, (call))
/* That of the others in the model. */
#define OF_MODEL(call) of_model(model, (call), &error)

static dlcore_status of_model(const dlcore_model_t *model, dlcore_status status,
                              dlcore_error_record_t *error)
{
    error->status = status;
    strcpy(error->message, dlcore_model_error(model));
    return status;
}

static void test_options_zeroed_are_told_the_function_that_makes_them(void **state)
{
    dlcore_model_t *model = case_model(NULL, NULL, 0.1), *made;
    const size_t shape[1] = {4};
    dlcore_tensor_t *x = NULL;
    dlcore_predictor_t *predictor;
    dlcore_evaluation_t result;
    dlcore_split_t split;
    dlcore_csv_t *csv;
    void *bytes;
    size_t size;

    (void)state;
    assert_int_equal(dlcore_tensor_create(NULL, DLCORE_DTYPE_FLOAT32, 1, shape, &x, NULL),
                     DLCORE_OK);
    ASSERT_REFUSED(model_options, (), WITH_RECORD(dlcore_model_create(&zero, &made)));
    ASSERT_REFUSED(compile_options, (), OF_MODEL(dlcore_model_compile_with(model, &zero)));
    ASSERT_REFUSED(fit_options, (), OF_MODEL(dlcore_model_fit(model, x, x, &zero, NULL)));
    ASSERT_REFUSED(evaluate_options, (),
                   WITH_RECORD(dlcore_model_evaluate(model, x, x, &zero, &result)));
    ASSERT_REFUSED(predict_options, (), WITH_RECORD(dlcore_model_predict_with(model, x, x, &zero)));
    ASSERT_REFUSED(predictor_options, (),
                   WITH_RECORD(dlcore_predictor_create(model, &zero, &predictor)));
    ASSERT_REFUSED(save_options, (),
                   WITH_RECORD(dlcore_model_save_memory(model, &zero, &bytes, &size)));
    ASSERT_REFUSED(load_options, (), WITH_RECORD(dlcore_model_load_memory("", 0, &zero, &made)));
    ASSERT_REFUSED(csv_options, (), dlcore_csv_parse("1", 1, &zero, NULL, &csv, &error));
    ASSERT_REFUSED(split_options, (), dlcore_train_test_split(x, NULL, &zero, &split, &error));
    ASSERT_REFUSED(k_fold_options, (), dlcore_k_fold(x, NULL, &zero, 0, &split, &error));
    ASSERT_REFUSED(curves_options, (), dlcore_history_save_svg(NULL, "x.svg", &zero, &error));
    dlcore_tensor_free(x);
    dlcore_model_free(model);
}

static double same(void *user, size_t epoch, double rate)
{
    (void)user;
    (void)epoch;
    return rate;
}

#define ASSERT_CALLBACK_REFUSED(name, made)                                                      \
    do {                                                                                         \
        dlcore_##name##_t zero = {0}, fine = dlcore_##name##_default made;                       \
        dlcore_callback_t callback = dlcore_##name##_callback(&zero);                            \
                                                                                                 \
        assert_int_equal(offsetof(dlcore_##name##_t, structure_size), 0);                        \
        assert_int_equal(fine.structure_size, sizeof fine);                                      \
        case_assert_refused(&callback, DLCORE_ERROR_ARGUMENT, "begin with " #name "_default()"); \
    } while (0)

static void test_options_of_callbacks_zeroed_are_told_likewise(void **state)
{
    (void)state;
    ASSERT_CALLBACK_REFUSED(early_stopping, ());
    ASSERT_CALLBACK_REFUSED(reduce_lr_on_plateau, ());
    ASSERT_CALLBACK_REFUSED(learning_rate_scheduler, (same, NULL));
    ASSERT_CALLBACK_REFUSED(roll_back, ());
    ASSERT_CALLBACK_REFUSED(model_checkpoint, ("x"));
    ASSERT_CALLBACK_REFUSED(csv_logger, ("x"));
    ASSERT_CALLBACK_REFUSED(backup_and_restore, ("x"));
}

/* ---- enumerators ---- */

static const int wrong[] = {-1, -2, INT_MIN, 64, INT_MAX};
enum { WRONG_COUNT = sizeof wrong / sizeof wrong[0] };

static void assert_layer_refused(dlcore_layer_t layer)
{
    dlcore_model_t *model = NULL;

    assert_int_equal(dlcore_model_create(NULL, &model), DLCORE_OK);
    assert_int_equal(dlcore_model_add(model, layer), DLCORE_ERROR_ARGUMENT);
    assert_non_null(strstr(dlcore_model_error(model), "unknown"));
    dlcore_model_free(model);
}

#define ASSERT_LAYER_REFUSED(constructor, field, type, value) \
    do {                                                      \
        dlcore_layer_t changed = constructor;                 \
        changed.field = (type)(value);                        \
        assert_layer_refused(changed);                        \
    } while (0)

static void test_options_enumerators_of_layers_that_are_none_are_refused(void **state)
{
    const dlcore_layer_t dense = dlcore_layer_dense(2, DLCORE_ACTIVATION_RELU);
    const dlcore_layer_t bn = dlcore_layer_batch_normalization(),
                         ln = dlcore_layer_layer_normalization();

    (void)state;
    for (size_t i = 0; i < WRONG_COUNT; i++) {
        int v = wrong[i];

        ASSERT_LAYER_REFUSED(dense, kind, dlcore_layer_kind_t, v);
        ASSERT_LAYER_REFUSED(dense, activation, dlcore_activation_t, v);
        ASSERT_LAYER_REFUSED(dlcore_layer_activation(DLCORE_ACTIVATION_RELU), activation,
                             dlcore_activation_t, v);
        ASSERT_LAYER_REFUSED(dense, kernel_initializer.kind, dlcore_initializer_kind_t, v);
        ASSERT_LAYER_REFUSED(dense, bias_initializer.kind, dlcore_initializer_kind_t, v);
        ASSERT_LAYER_REFUSED(dense, kernel_constraint.kind, dlcore_constraint_kind_t, v);
        ASSERT_LAYER_REFUSED(dense, bias_constraint.kind, dlcore_constraint_kind_t, v);
        ASSERT_LAYER_REFUSED(bn, gamma_initializer.kind, dlcore_initializer_kind_t, v);
        ASSERT_LAYER_REFUSED(bn, beta_initializer.kind, dlcore_initializer_kind_t, v);
        ASSERT_LAYER_REFUSED(ln, gamma_initializer.kind, dlcore_initializer_kind_t, v);
        ASSERT_LAYER_REFUSED(ln, beta_initializer.kind, dlcore_initializer_kind_t, v);
        ASSERT_LAYER_REFUSED(dlcore_layer_prelu(), alpha_initializer.kind,
                             dlcore_initializer_kind_t, v);
    }
}

#define ASSERT_COMPILE_REFUSED(field, type, value)                                           \
    do {                                                                                     \
        dlcore_compile_options_t changed = how;                                              \
        changed.field = (type)(value);                                                       \
        assert_int_equal(dlcore_model_compile_with(model, &changed), DLCORE_ERROR_ARGUMENT); \
        assert_non_null(strstr(dlcore_model_error(model), "unknown"));                       \
    } while (0)

static void test_options_enumerators_of_compile_that_are_none_are_refused(void **state)
{
    dlcore_model_t *model = case_model(NULL, NULL, 0.1);
    dlcore_compile_options_t how = dlcore_compile_options_default();
    dlcore_optimizer_t sgd = dlcore_optimizer_sgd();

    (void)state;
    how.loss = dlcore_loss_mean_squared_error();
    how.metrics[0] = dlcore_metric_default(DLCORE_METRIC_F1_SCORE);
    how.weighted_metrics[0] = dlcore_metric_default(DLCORE_METRIC_AUC);
    how.metric_count = how.weighted_metric_count = 1;
    assert_int_equal(dlcore_model_compile_with(model, &how), DLCORE_OK);
    for (size_t i = 0; i < WRONG_COUNT; i++) {
        int v = wrong[i];

        ASSERT_COMPILE_REFUSED(loss.kind, dlcore_loss_kind_t, v);
        ASSERT_COMPILE_REFUSED(loss.reduction, dlcore_reduction_t, v);
        ASSERT_COMPILE_REFUSED(optimizer.kind, dlcore_optimizer_kind_t, v);
        ASSERT_COMPILE_REFUSED(optimizer.schedule.kind, dlcore_schedule_kind_t, v);
        ASSERT_COMPILE_REFUSED(metrics[0].kind, dlcore_metric_kind_t, v);
        ASSERT_COMPILE_REFUSED(metrics[0].average, dlcore_average_t, v);
        ASSERT_COMPILE_REFUSED(weighted_metrics[0].kind, dlcore_metric_kind_t, v);
        ASSERT_COMPILE_REFUSED(weighted_metrics[0].curve, dlcore_curve_t, v);
        assert_int_equal(
            dlcore_model_compile(model, &sgd, (dlcore_loss_kind_t)v, DLCORE_METRIC_NONE),
            DLCORE_ERROR_ARGUMENT);
        assert_int_equal(dlcore_model_compile(model, &sgd, DLCORE_LOSS_MEAN_SQUARED_ERROR,
                                              (dlcore_metric_kind_t)v),
                         DLCORE_ERROR_ARGUMENT);
    }
    /* none is none, a name that was not found is an error */
    assert_int_equal(
        dlcore_model_compile(model, &sgd, DLCORE_LOSS_MEAN_SQUARED_ERROR, DLCORE_METRIC_NONE),
        DLCORE_OK);
    assert_int_equal(dlcore_model_compile(model, &sgd, DLCORE_LOSS_MEAN_SQUARED_ERROR,
                                          dlcore_metric_from_name("acuracy").kind),
                     DLCORE_ERROR_ARGUMENT);
    assert_non_null(strstr(dlcore_model_error(model),
                           "compile: metric 0: metric: kind -1 is unknown (a name that was not "
                           "found?): known are accuracy, "));
    how.metrics[1].kind = DLCORE_METRIC_NONE;
    how.weighted_metrics[0].kind = DLCORE_METRIC_NONE;
    how.metrics[0] = dlcore_metric_default(DLCORE_METRIC_MEAN_ABSOLUTE_ERROR);
    how.metric_count = 2;
    assert_int_equal(dlcore_model_compile_with(model, &how), DLCORE_ERROR_ARGUMENT);
    assert_string_equal(dlcore_model_error(model),
                        "compile: metric 1 is not set; metric_count is 2");
    how.metric_count = 1;
    how.weighted_metric_count = 1;
    assert_int_equal(dlcore_model_compile_with(model, &how), DLCORE_ERROR_ARGUMENT);
    assert_string_equal(dlcore_model_error(model),
                        "compile: weighted metric 0 is not set; weighted_metric_count is 1");
    dlcore_model_free(model);
}

static void test_options_enumerators_of_the_rest_that_are_none_are_refused(void **state)
{
    const size_t shape[1] = {4};

    (void)state;
    for (size_t i = 0; i < WRONG_COUNT; i++) {
        dlcore_model_options_t options = dlcore_model_options_default();
        dlcore_csv_options_t csv_options = dlcore_csv_options_default();
        dlcore_early_stopping_t stopping = dlcore_early_stopping_default();
        dlcore_reduce_lr_on_plateau_t reduce = dlcore_reduce_lr_on_plateau_default();
        dlcore_model_checkpoint_t checkpoint = dlcore_model_checkpoint_default("x");
        dlcore_callback_t callback;
        dlcore_model_t *model;
        dlcore_tensor_t *tensor = NULL;
        dlcore_csv_t *csv;

        options.engine = (dlcore_engine_t)wrong[i];
        assert_int_equal(dlcore_model_create(&options, &model), DLCORE_ERROR_ARGUMENT);
        csv_options.header = (dlcore_csv_header_t)wrong[i];
        assert_int_equal(dlcore_csv_parse("1", 1, &csv_options, NULL, &csv, NULL),
                         DLCORE_ERROR_ARGUMENT);
        csv_options = dlcore_csv_options_default();
        csv_options.label_kind = (dlcore_csv_label_t)wrong[i];
        assert_int_equal(dlcore_csv_parse("1", 1, &csv_options, NULL, &csv, NULL),
                         DLCORE_ERROR_ARGUMENT);
        assert_int_not_equal(
            dlcore_tensor_create(NULL, (dlcore_dtype_t)wrong[i], 1, shape, &tensor, NULL),
            DLCORE_OK);
        stopping.mode = (dlcore_monitor_mode_t)wrong[i];
        callback = dlcore_early_stopping_callback(&stopping);
        case_assert_refused(&callback, DLCORE_ERROR_ARGUMENT, "mode must be auto, min or max");
        reduce.mode = (dlcore_monitor_mode_t)wrong[i];
        callback = dlcore_reduce_lr_on_plateau_callback(&reduce);
        case_assert_refused(&callback, DLCORE_ERROR_ARGUMENT, "mode must be auto, min or max");
        checkpoint.mode = (dlcore_monitor_mode_t)wrong[i];
        checkpoint.save_best_only = i % 2 == 0;
        callback = dlcore_model_checkpoint_callback(&checkpoint);
        case_assert_refused(&callback, DLCORE_ERROR_ARGUMENT, "mode must be auto, min or max");
    }
}

/* Lists that are filled in, and a count that was forgotten. */
static void test_options_lists_that_are_given_but_not_counted_are_refused(void **state)
{
    static const dlcore_csv_column_t features[] = {{.number = 0}};
    static const char *const names[] = {"loss"};
    const dlcore_callback_t callback = {.user = NULL};
    dlcore_compile_options_t how = dlcore_compile_options_default();
    dlcore_fit_options_t fit = case_options(&callback, 0, 1);
    dlcore_csv_options_t csv = dlcore_csv_options_default();
    dlcore_curves_options_t curves = dlcore_curves_options_default();
    dlcore_model_t *model = case_model(NULL, NULL, 0.1);
    dlcore_history_t *history = NULL;
    dlcore_error_record_t error = {0};
    dlcore_csv_t *table;

    (void)state;
    how.loss = dlcore_loss_mean_squared_error();
    how.metrics[0] = dlcore_metric_default(DLCORE_METRIC_MEAN_ABSOLUTE_ERROR);
    assert_failed(OF_MODEL(dlcore_model_compile_with(model, &how)), DLCORE_ERROR_ARGUMENT, &error,
                  "compile: metrics[0] is set, but metric_count is 0");
    how.metrics[1] = dlcore_metric_default(DLCORE_METRIC_R2_SCORE);
    how.metric_count = 1;
    assert_failed(OF_MODEL(dlcore_model_compile_with(model, &how)), DLCORE_ERROR_ARGUMENT, &error,
                  "compile: metrics[1] is set, but metric_count is 1");
    how = dlcore_compile_options_default();
    how.loss = dlcore_loss_mean_squared_error();
    how.weighted_metrics[0] = dlcore_metric_default(DLCORE_METRIC_MEAN_ABSOLUTE_ERROR);
    assert_failed(OF_MODEL(dlcore_model_compile_with(model, &how)), DLCORE_ERROR_ARGUMENT, &error,
                  "compile: weighted_metrics[0] is set, but weighted_metric_count is 0");
    assert_failed(OF_MODEL(case_fit(model, &fit, NULL)), DLCORE_ERROR_ARGUMENT, &error,
                  "fit: callbacks is given, but callback_count is 0");
    fit.callbacks = NULL;
    fit.class_weight = (const float[]){1.0f};
    assert_failed(OF_MODEL(case_fit(model, &fit, NULL)), DLCORE_ERROR_ARGUMENT, &error,
                  "class_weight is given, but the number of classes is 0");
    fit.class_weight = NULL;
    assert_int_equal(case_fit(model, &fit, &history), DLCORE_OK);
    curves.names = names;
    assert_failed(dlcore_history_save_svg(history, "none.svg", &curves, &error),
                  DLCORE_ERROR_ARGUMENT, &error, "names is given, but name_count is 0");
    curves.names = NULL;
    curves.log_names = names;
    assert_failed(dlcore_history_save_svg(history, "none.svg", &curves, &error),
                  DLCORE_ERROR_ARGUMENT, &error, "log_names is given, but log_name_count is 0");
    csv.features = features;
    assert_failed(dlcore_csv_parse("1\n", 2, &csv, NULL, &table, &error), DLCORE_ERROR_ARGUMENT,
                  &error, "csv: features is given, but feature_count is 0");
    csv.features = NULL;
    csv.classes = names;
    assert_failed(dlcore_csv_parse("1\n", 2, &csv, NULL, &table, &error), DLCORE_ERROR_ARGUMENT,
                  &error, "csv: classes is given, but class_count is 0");
    dlcore_history_free(history);
    dlcore_model_free(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_options_zeroed_are_told_the_function_that_makes_them),
        cmocka_unit_test(test_options_of_callbacks_zeroed_are_told_likewise),
        cmocka_unit_test(test_options_enumerators_of_layers_that_are_none_are_refused),
        cmocka_unit_test(test_options_enumerators_of_compile_that_are_none_are_refused),
        cmocka_unit_test(test_options_enumerators_of_the_rest_that_are_none_are_refused),
        cmocka_unit_test(test_options_lists_that_are_given_but_not_counted_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
