/* Names: Keras's spellings, aliases, round trips, and that no two of a table collide.
 *
 * SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

#define DLCORE_NO_SHORT_NAMES
#include "base/name.h"
#include "dlcore.h"
#include "nn/layer.h"
#include "nn/loss.h"
#include "nn/metric.h"
#include "nn/optimizer.h"
#include "store/model_config.h"

static void test_name_is_ignores_case_and_underscores_alone(void **state)
{
    (void)state;
    assert_true(dlcore_name_is("MeanSquaredError", "mean_squared_error"));
    assert_true(dlcore_name_is("_mean__squared_error_", "mean_squared_error"));
    assert_true(dlcore_name_is("", "_") && dlcore_name_is("L1L2", "l1_l2"));
    assert_false(dlcore_name_is("mean-squared-error", "mean_squared_error"));
    assert_false(dlcore_name_is("mean squared error", "mean_squared_error"));
    assert_false(dlcore_name_is("meansquarederro", "mean_squared_error"));
    assert_false(dlcore_name_is("meansquarederrors", "mean_squared_error"));
    assert_false(dlcore_name_is(NULL, "") || dlcore_name_is("", "a"));
    assert_true(dlcore_name_begins("VAL_loss", "val_"));
    assert_false(dlcore_name_begins("valloss", "val_") || dlcore_name_begins("val", "val_"));
}

/* One table: kinds first .. last, each by its name, and back. */
typedef struct table {
    const char *what;
    int first, last, unknown;
    const char *(*name)(int kind);
    int (*find)(const char *name);
} table_t;

#define TABLE_FUNCTIONS(table, type, member)                 \
    static const char *table##_name(int kind)                \
    {                                                        \
        return dlcore_##table##_name((type)kind);            \
    }                                                        \
    static int table##_find(const char *name)                \
    {                                                        \
        return (int)dlcore_##table##_from_name(name) member; \
    }

TABLE_FUNCTIONS(activation, dlcore_activation_t, )
TABLE_FUNCTIONS(initializer, dlcore_initializer_kind_t, .kind)
TABLE_FUNCTIONS(constraint, dlcore_constraint_kind_t, .kind)
TABLE_FUNCTIONS(loss, dlcore_loss_kind_t, .kind)
TABLE_FUNCTIONS(reduction, dlcore_reduction_t, )
TABLE_FUNCTIONS(metric, dlcore_metric_kind_t, .kind)
TABLE_FUNCTIONS(average, dlcore_average_t, )
TABLE_FUNCTIONS(curve, dlcore_curve_t, )
TABLE_FUNCTIONS(summation, dlcore_summation_t, )
TABLE_FUNCTIONS(aggregation, dlcore_aggregation_t, )
TABLE_FUNCTIONS(optimizer, dlcore_optimizer_kind_t, .kind)
TABLE_FUNCTIONS(schedule, dlcore_schedule_kind_t, .kind)

static const char *layer_name(int kind)
{
    return dlcore_layer_kind_name((dlcore_layer_kind_t)kind);
}

static int layer_find(const char *name)
{
    return (int)dlcore_layer_from_name(name).kind;
}

#define ROW(table, first, last, unknown)                         \
    {                                                            \
#        table, first, last, unknown, table##_name, table##_find \
    }

static const table_t tables[] = {
    ROW(activation, 1, DLCORE_ACTIVATION_RELU_GENERAL, DLCORE_ACTIVATION_UNKNOWN),
    ROW(initializer, 1, DLCORE_INITIALIZER_IDENTITY, DLCORE_INITIALIZER_UNKNOWN),
    ROW(constraint, 1, DLCORE_CONSTRAINT_MIN_MAX_NORM, DLCORE_CONSTRAINT_UNKNOWN),
    ROW(loss, 1, DLCORE_LOSS_SPARSE_FUNCTION, DLCORE_LOSS_UNKNOWN),
    ROW(reduction, 0, DLCORE_REDUCTION_MEAN_WITH_SAMPLE_WEIGHT, DLCORE_REDUCTION_UNKNOWN),
    ROW(metric, 1, DLCORE_METRIC_FUNCTION, DLCORE_METRIC_UNKNOWN),
    ROW(average, 0, DLCORE_AVERAGE_WEIGHTED, DLCORE_AVERAGE_UNKNOWN),
    ROW(curve, 0, DLCORE_CURVE_PR, DLCORE_CURVE_UNKNOWN),
    ROW(summation, 0, DLCORE_SUMMATION_MAJORING, DLCORE_SUMMATION_UNKNOWN),
    ROW(aggregation, 0, DLCORE_AGGREGATION_VARIANCE_WEIGHTED_AVERAGE, DLCORE_AGGREGATION_UNKNOWN),
    ROW(optimizer, 1, DLCORE_OPTIMIZER_FTRL, DLCORE_OPTIMIZER_UNKNOWN),
    ROW(schedule, 1, DLCORE_SCHEDULE_ONE_CYCLE, DLCORE_SCHEDULE_UNKNOWN),
    ROW(layer, 1, DLCORE_LAYER_GROUPED_SOFTMAX, DLCORE_LAYER_UNKNOWN),
};

enum { TABLE_COUNT = sizeof tables / sizeof tables[0] };

/* Each name, and its class name, is found as its own kind: so no two of a table are
 * the same without case and underscores. */
static void test_name_every_kind_round_trips_and_none_collide(void **state)
{
    char other[128];

    (void)state;
    for (size_t t = 0; t < TABLE_COUNT; t++) {
        const table_t *table = &tables[t];

        for (int kind = table->first; kind <= table->last; kind++) {
            const char *name = table->name(kind);

            assert_string_not_equal(name, "unknown");
            assert_int_equal(table->find(name), kind);
            dlcore_class_name(name, other, sizeof other);
            assert_int_equal(table->find(other), kind);
            for (int k = table->first; k < kind; k++)
                assert_false(dlcore_name_is(name, table->name(k)));
        }
        assert_int_equal(table->find(NULL), table->unknown);
        assert_int_equal(table->find(""), table->unknown);
        assert_int_equal(table->find("no such thing"), table->unknown);
        assert_int_equal(table->find("unknown"), table->unknown);
        assert_string_equal(table->name(table->last + 2), "unknown");
        assert_string_equal(table->name(-7), "unknown");
    }
}

/* No alias of one kind is any name of another. */
static void test_name_aliases_of_losses_and_metrics_do_not_collide(void **state)
{
    (void)state;
    for (int kind = 1; kind <= DLCORE_LOSS_QUANTILE; kind++) {
        const dlcore_loss_type_t *type = dlcore_loss_type((dlcore_loss_kind_t)kind);
        const char *names[] = {type->name, type->short_name, type->other_name, type->class_name};

        for (size_t i = 0; i < 4; i++)
            assert_true(names[i] == NULL || loss_find(names[i]) == kind);
    }
    for (int kind = 1; kind <= DLCORE_METRIC_CONCORDANCE_CORRELATION; kind++) {
        const dlcore_metric_type_t *type = dlcore_metric_type((dlcore_metric_kind_t)kind);
        const char *names[] = {type->name, type->short_name, type->other_name, type->class_name};

        for (size_t i = 0; i < 4; i++)
            assert_true(names[i] == NULL || metric_find(names[i]) == kind ||
                        (kind == DLCORE_METRIC_EQUAL_ACCURACY && i == 3)); /* Accuracy: configs */
    }
    for (int kind = 1; kind <= DLCORE_OPTIMIZER_FTRL; kind++)
        assert_int_equal(
            optimizer_find(dlcore_optimizer_type((dlcore_optimizer_kind_t)kind)->class_name), kind);
    for (int kind = 1; kind <= DLCORE_LAYER_PRELU; kind++)
        assert_int_equal(layer_find(dlcore_layer_type((dlcore_layer_kind_t)kind)->base_name), kind);
}

/* The strings of keras.*.get, whose kinds are here, that are no names of kinds themselves. */
static void test_name_spellings_of_keras_are_found(void **state)
{
    static const struct {
        int (*find)(const char *name);
        const char *name;
        int kind;
    } known[] = {
        {loss_find, "KLD", DLCORE_LOSS_KL_DIVERGENCE},
        {loss_find, "KLDivergence", DLCORE_LOSS_KL_DIVERGENCE},
        {loss_find, "LogCosh", DLCORE_LOSS_LOG_COSH},
        {loss_find, "BCE", DLCORE_LOSS_BINARY_CROSSENTROPY},
        {loss_find, "BinaryCrossentropy", DLCORE_LOSS_BINARY_CROSSENTROPY},
        {loss_find, "MSE", DLCORE_LOSS_MEAN_SQUARED_ERROR},
        {loss_find, "MeanSquaredError", DLCORE_LOSS_MEAN_SQUARED_ERROR},
        {loss_find, "mae", DLCORE_LOSS_MEAN_ABSOLUTE_ERROR},
        {loss_find, "MAPE", DLCORE_LOSS_MEAN_ABSOLUTE_PERCENTAGE_ERROR},
        {loss_find, "msle", DLCORE_LOSS_MEAN_SQUARED_LOGARITHMIC_ERROR},
        {loss_find, "CategoricalHinge", DLCORE_LOSS_CATEGORICAL_HINGE},
        {metric_find, "acc", DLCORE_METRIC_ACCURACY},
        {metric_find, "bce", DLCORE_METRIC_BINARY_CROSSENTROPY},
        {metric_find, "F1Score", DLCORE_METRIC_F1_SCORE},
        {metric_find, "R2Score", DLCORE_METRIC_R2_SCORE},
        {metric_find, "AUC", DLCORE_METRIC_AUC},
        {metric_find, "log_cosh_error", DLCORE_METRIC_LOG_COSH},
        {metric_find, "LogCoshError", DLCORE_METRIC_LOG_COSH},
        {metric_find, "RootMeanSquaredError", DLCORE_METRIC_ROOT_MEAN_SQUARED_ERROR},
        {metric_find, "TopKCategoricalAccuracy", DLCORE_METRIC_TOP_K_CATEGORICAL_ACCURACY},
        {metric_find, "KLDivergence", DLCORE_METRIC_KL_DIVERGENCE},
        {initializer_find, "zero", DLCORE_INITIALIZER_ZEROS},
        {initializer_find, "one", DLCORE_INITIALIZER_ONES},
        {initializer_find, "GlorotUniform", DLCORE_INITIALIZER_GLOROT_UNIFORM},
        {constraint_find, "MaxNorm", DLCORE_CONSTRAINT_MAX_NORM},
        {constraint_find, "NonNeg", DLCORE_CONSTRAINT_NON_NEG},
        {activation_find, "swish", DLCORE_ACTIVATION_SILU},
        {activation_find, "hard_swish", DLCORE_ACTIVATION_HARD_SILU},
        {activation_find, "LeakyReLU", DLCORE_ACTIVATION_LEAKY_RELU},
        {optimizer_find, "RMSprop", DLCORE_OPTIMIZER_RMSPROP},
        {optimizer_find, "AdamW", DLCORE_OPTIMIZER_ADAMW},
        {schedule_find, "exponential_decay", DLCORE_SCHEDULE_EXPONENTIAL_DECAY},
        {reduction_find, "mean", DLCORE_REDUCTION_SUM_OVER_BATCH_SIZE},
        {layer_find, "PReLU", DLCORE_LAYER_PRELU},
        {layer_find, "GaussianNoise", DLCORE_LAYER_GAUSSIAN_NOISE},
        {curve_find, "pr", DLCORE_CURVE_PR},
    };

    (void)state;
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (known[i].find(known[i].name) != known[i].kind)
            fail_msg("\"%s\" is kind %d, not %d", known[i].name, known[i].find(known[i].name),
                     known[i].kind);
    }
}

static void test_name_regularizers_have_the_defaults_of_keras(void **state)
{
    dlcore_regularizer_t l1 = dlcore_regularizer_from_name("l1");
    dlcore_regularizer_t l2 = dlcore_regularizer_from_name("L2");
    dlcore_regularizer_t both = dlcore_regularizer_from_name("L1L2");
    dlcore_layer_t layer = dlcore_layer_dense(1, DLCORE_ACTIVATION_LINEAR);
    dlcore_model_t *model = NULL;

    (void)state;
    assert_true(l1.l1 == 0.01 && l1.l2 == 0.0 && l2.l1 == 0.0 && l2.l2 == 0.01);
    assert_true(both.l1 == 0.01 && both.l2 == 0.01);
    layer.kernel_regularizer = dlcore_regularizer_from_name("l3");
    assert_int_equal(dlcore_model_create(NULL, &model), DLCORE_OK);
    assert_int_equal(dlcore_model_add(model, layer), DLCORE_ERROR_ARGUMENT);
    assert_non_null(strstr(dlcore_model_error(model),
                           "dense: kernel_regularizer: l1 and l2 must lie in 0 .. 1.70141e+38, got "
                           "nan (a name that was not found?)"));
    assert_true(isnan(dlcore_regularizer_from_name(NULL).l1));
    dlcore_model_free(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_name_is_ignores_case_and_underscores_alone),
        cmocka_unit_test(test_name_every_kind_round_trips_and_none_collide),
        cmocka_unit_test(test_name_aliases_of_losses_and_metrics_do_not_collide),
        cmocka_unit_test(test_name_spellings_of_keras_are_found),
        cmocka_unit_test(test_name_regularizers_have_the_defaults_of_keras),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
