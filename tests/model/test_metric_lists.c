/* Lists of numbers that metrics have: whose they are, and what they may be.
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

#include "model/metric_lists.h"
#include "support/failing_allocator.h"
#include "support/models.h"
#include "support/tensors.h"

enum { ROWS = 12, UNITS = 3 };

static float numbers[3], weights[UNITS];

/* Answers its input. */
static model_t *new_model(void)
{
    model_t *model = NULL;

    assert_int_equal(model_create(NULL, &model), DLCORE_OK);
    assert_accepted(model, model_add(model, layer_activation(ACTIVATION_LINEAR)));
    assert_accepted(model, model_build(model, UNITS));
    return model;
}

/* Numbers that go when it has returned. */
static dlcore_status compile(model_t *model, bool lists)
{
    static compile_options_t how;
    dlcore_status status;

    numbers[0] = 0.2F;
    numbers[1] = 0.5F;
    numbers[2] = 0.6F;
    weights[0] = 1.0F;
    weights[1] = 0.25F;
    weights[2] = 3.0F;
    how = compile_options_default();
    how.loss = loss_mean_squared_error();
    how.weighted_metrics[0] = metric_default(METRIC_AUC);
    how.weighted_metric_count = 1;
    if (lists) {
        how.weighted_metrics[0].multi_label = true;
        how.weighted_metrics[0].thresholds = (metric_list_t){.count = 3, .values = numbers};
        how.weighted_metrics[0].label_weights = (metric_list_t){.count = UNITS, .values = weights};
    }
    status = model_compile_with(model, &how);
    memset(numbers, 0, sizeof numbers);
    memset(weights, 0, sizeof weights);
    return status;
}

static double area(model_t *model)
{
    static float x[ROWS * UNITS], y[ROWS * UNITS];
    tensor_t *inputs, *labels;
    evaluation_t found;

    for (size_t i = 0; i < ROWS * UNITS; i++) {
        x[i] = (float)(i * 37 % 101) / 100.0F;
        y[i] = (float)(i * 13 % 7 < 3);
    }
    inputs = borrow_floats(x, ROWS, UNITS);
    labels = borrow_floats(y, ROWS, UNITS);
    assert_accepted(model, model_evaluate(model, inputs, labels, NULL, &found));
    tensor_free(inputs);
    tensor_free(labels);
    return evaluation_value(&found, "auc");
}

static void test_metric_lists_are_the_model_s_own_and_travel_with_it(void **state)
{
    model_t *model = new_model(), *clone = NULL, *loaded = NULL;
    void *bytes = NULL;
    size_t size = 0;
    double plain, with;

    (void)state;
    assert_accepted(model, compile(model, false));
    plain = area(model);
    assert_accepted(model, compile(model, true));
    with = area(model);
    assert_true(with > 0 && with < 1 && with != plain);
    assert_int_equal(model_clone(model, &clone), DLCORE_OK);
    assert_int_equal(model_save_memory(model, NULL, &bytes, &size), DLCORE_OK);
    model_free(model);
    assert_true(area(clone) == with);
    assert_accepted(clone, compile(clone, false));
    assert_true(area(clone) == plain);
    model_free(clone);
    assert_int_equal(model_load_memory(bytes, size, NULL, &loaded), DLCORE_OK);
    assert_true(area(loaded) == with);
    model_free(loaded);
    free(bytes);
}

static void test_metric_lists_that_cannot_be_are_refused_with_their_numbers(void **state)
{
    static const float ascending[] = {0.25F, 0.5F}, descending[] = {0.5F, 0.25F}, beyond[] = {1.5F},
                       none[UNITS], negative[] = {1, -1, 1};
    static const struct {
        metric_list_t thresholds, label_weights;
        const char *message;
    } cases[] = {
        {{2, descending}, {0, NULL}, "thresholds must ascend, but number 1 is 0.25 after 0.5"},
        {{1, beyond}, {0, NULL}, "thresholds: number 0 is 1.5, not in 0 .. 1"},
        {{1, NULL}, {0, NULL}, "thresholds: count is 1, and values is NULL"},
        {{10001, ascending}, {0, NULL}, "at most 10000 numbers"},
        {{0, NULL}, {2, ascending}, "has 2 label_weights for 3 units"},
        {{0, NULL}, {UNITS, none}, "label_weights are all 0"},
        {{0, NULL}, {UNITS, negative}, "label_weights: number 1 is -1"},
    };
    static compile_options_t how;
    model_t *model = new_model();

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        how = compile_options_default();
        how.loss = loss_mean_squared_error();
        how.metrics[0] = metric_default(METRIC_AUC);
        how.metrics[0].thresholds = cases[i].thresholds;
        how.metrics[0].label_weights = cases[i].label_weights;
        how.metric_count = 1;
        assert_int_equal(model_compile_with(model, &how), DLCORE_ERROR_ARGUMENT);
        if (strstr(model_error(model), cases[i].message) == NULL)
            fail_msg("%zu: \"%s\"", i, model_error(model));
    }
    model_free(model);
}

/* As when settings of auc are used again for a metric that does not look at them. */
static void test_metric_lists_of_other_metrics_are_not_looked_at(void **state)
{
    static const float thresholds[] = {0.2F, 0.5F};
    static compile_options_t how;
    metric_t other = metric_default(METRIC_AUC);
    model_t *model = new_model(), *clone = NULL;

    (void)state;
    how = compile_options_default();
    how.loss = loss_mean_squared_error();
    other.kind = METRIC_PRECISION;
    other.thresholds.count = 3; /* of NULL */
    other.label_weights.count = SIZE_MAX;
    how.metrics[0] = how.weighted_metrics[0] = other;
    how.metrics[1] = metric_default(METRIC_AUC);
    how.metrics[1].thresholds = (metric_list_t){.count = 2, .values = thresholds};
    how.weighted_metrics[0].kind = METRIC_RECALL;
    how.metric_count = 2;
    how.weighted_metric_count = 1;
    assert_accepted(model, model_compile_with(model, &how));
    assert_true(area(model) > 0);
    assert_int_equal(model_clone(model, &clone), DLCORE_OK);
    assert_true(area(clone) == area(model));
    model_free(clone);
    how.metric_count = 0; /* no lists at all */
    how.metrics[0].kind = how.metrics[1].kind = METRIC_NONE;
    assert_accepted(model, model_compile_with(model, &how));
    assert_int_equal(model_clone(model, &clone), DLCORE_OK);
    model_free(clone);
    model_free(model);
}

/* Compiling with lists builds a model that knows its inputs: what fails leaves it as it was. */
static dlcore_status compile_and_add(const allocator_t *allocator, void *context)
{
    static const float thresholds[] = {0.2F, 0.5F};
    static compile_options_t how;
    model_options_t options = model_options_default();
    layer_t first = layer_dense(UNITS, ACTIVATION_SIGMOID);
    model_t *model = NULL;
    dlcore_status status;

    (void)context;
    options.allocator = *allocator;
    status = model_create(&options, &model);
    if (status != DLCORE_OK)
        return status;
    first.input_width = UNITS;
    status = model_add(model, first);
    how = compile_options_default();
    how.loss = loss_mean_squared_error();
    how.metrics[0] = metric_default(METRIC_AUC);
    how.metrics[0].thresholds = (metric_list_t){.count = 2, .values = thresholds};
    how.metric_count = 1;
    if (status == DLCORE_OK) {
        status = model_compile_with(model, &how);
        if (status == DLCORE_ERROR_MEMORY) /* which may fail again; a built model is a state */
            assert_int_not_equal(model_add(model, layer_flatten()), DLCORE_ERROR_STATE);
    }
    model_free(model);
    return status;
}

static void test_metric_lists_without_memory_leave_a_model_that_takes_layers(void **state)
{
    (void)state;
    assert_true(failing_allocator_sweep(compile_and_add, NULL) > 4);
}

/* What lies behind them is not a metric's. */
static void test_metric_lists_of_as_many_as_there_may_be_are_all_that_is_written(void **state)
{
    static compile_options_t before[2], after[2];

    (void)state;
    for (int weighted = 0; weighted < 2; weighted++) {
        memset(before, 0x5a, sizeof before);
        before->metric_count = weighted ? 0 : DLCORE_METRICS_MAX;
        before->weighted_metric_count = weighted ? DLCORE_METRICS_MAX : 0;
        for (size_t i = 0; i < DLCORE_METRICS_MAX; i++)
            before->metrics[i] = before->weighted_metrics[i] = metric_default(METRIC_RECALL);
        if (!weighted)
            memset(before->weighted_metrics, 0x5a, sizeof before->weighted_metrics);
        memcpy(after, before, sizeof before);
        dlcore_metric_lists_point(after, NULL);
        assert_memory_equal(after, before, sizeof before);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_metric_lists_are_the_model_s_own_and_travel_with_it),
        cmocka_unit_test(test_metric_lists_that_cannot_be_are_refused_with_their_numbers),
        cmocka_unit_test(test_metric_lists_of_other_metrics_are_not_looked_at),
        cmocka_unit_test(test_metric_lists_without_memory_leave_a_model_that_takes_layers),
        cmocka_unit_test(test_metric_lists_of_as_many_as_there_may_be_are_all_that_is_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
