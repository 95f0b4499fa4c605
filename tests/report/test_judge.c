/* Judging models: numbers against scikit-learn's and closed forms, pictures that are whole.
 *
 * SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dlcore.h"
#include "support/failing_allocator.h"
#include "support/fixture.h"
#include "support/folder.h"
#include "support/models.h"
#include "support/tensors.h"

static double number(const fixture_t *fixture, const char *name, const char *key)
{
    return *(const double *)fixture_array(fixture, name, key)->data;
}

static const double *numbers(const fixture_t *fixture, const char *name, const char *key)
{
    return fixture_array(fixture, name, key)->data;
}

/* ---- rankings ---- */

static void check_points(const fixture_t *fixture, const char *name, const ranking_t *ranking)
{
    const fixture_array_t *precisions = fixture_array(fixture, name, "precisions");
    const double *false_rates = numbers(fixture, name, "false_positive_rates");
    const double *true_rates = numbers(fixture, name, "true_positive_rates");
    const double *thresholds = numbers(fixture, name, "thresholds");

    assert_int_equal(ranking->count, fixture_array(fixture, name, "thresholds")->size);
    assert_int_equal(ranking->count, precisions->size);
    for (size_t i = 0; i < ranking->count; i++) {
        const ranking_point_t *at = &ranking->points[i];

        assert_true(fabs(at->false_positive_rate - false_rates[i]) < 1e-12);
        assert_true(fabs(at->true_positive_rate - true_rates[i]) < 1e-12);
        assert_true(at->threshold == thresholds[i]);
        assert_true(fabs(at->precision - ((const double *)precisions->data)[i]) < 1e-12);
        assert_true(fabs(at->true_positive_rate - numbers(fixture, name, "recalls")[i]) < 1e-12);
    }
}

static void check_bins(const fixture_t *fixture, const char *name, const reliability_t *found)
{
    const fixture_array_t *observed = fixture_array(fixture, name, "observed");
    size_t at = 0;

    for (size_t b = 0; b < found->bin_count; b++) {
        if (found->bins[b].count == 0)
            continue;
        assert_true(at < observed->size);
        assert_true(fabs(found->bins[b].observed - ((const double *)observed->data)[at]) < 1e-12);
        assert_true(fabs(found->bins[b].predicted - numbers(fixture, name, "predicted")[at]) <
                    1e-6);
        at++;
    }
    assert_int_equal(at, observed->size);
}

static void test_judge_of_two_classes_has_the_numbers_of_scikit_learn(void **state)
{
    fixture_t *fixture = fixture_load("judge.txt");
    size_t position = 0, cases = 0;
    const char *name;

    (void)state;
    while ((name = fixture_next(fixture, "kind", &position)) != NULL) {
        tensor_t *y, *p;
        ranking_t *ranking = NULL;
        reliability_t reliability;
        double value;

        if (strcmp(fixture_text(fixture, name, "kind"), "binary") != 0)
            continue;
        y = fixture_tensor(fixture_array(fixture, name, "y_true"));
        p = fixture_tensor(fixture_array(fixture, name, "y_pred"));
        assert_int_equal(ranking_make(y, p, 1, NULL, &ranking, NULL), DLCORE_OK);
        check_points(fixture, name, ranking);
        assert_true(fabs(ranking->roc_area - number(fixture, name, "roc_area")) < 1e-12);
        assert_true(fabs(ranking->average_precision - number(fixture, name, "average_precision")) <
                    1e-12);
        ranking_free(ranking);
        assert_int_equal(brier_score(y, p, &value, NULL), DLCORE_OK);
        assert_true(fabs(value - number(fixture, name, "brier")) < 1e-7);
        assert_int_equal(log_loss(y, p, &value, NULL), DLCORE_OK);
        assert_true(fabs(value - number(fixture, name, "log_loss")) < 1e-6);
        assert_int_equal(reliability_of(y, p, 1, 10, &reliability, NULL), DLCORE_OK);
        check_bins(fixture, name, &reliability);
        tensor_free(y);
        tensor_free(p);
        cases++;
    }
    assert_int_equal(cases, 3);
    fixture_free(fixture);
}

static void test_judge_of_several_classes_has_the_numbers_of_scikit_learn(void **state)
{
    fixture_t *fixture = fixture_load("judge.txt");
    tensor_t *y = fixture_tensor(fixture_array(fixture, "four", "y_true")), *hot = NULL;
    tensor_t *p = fixture_tensor(fixture_array(fixture, "four", "y_pred"));
    double value, again;

    (void)state;
    assert_int_equal(tensor_one_hot(y, 4, &hot, NULL), DLCORE_OK);
    for (size_t c = 0; c < 4; c++) {
        ranking_t *ranking = NULL;

        assert_int_equal(ranking_make(c % 2 == 0 ? y : hot, p, c, NULL, &ranking, NULL), DLCORE_OK);
        assert_true(fabs(ranking->roc_area - numbers(fixture, "four", "roc_areas")[c]) < 1e-12);
        ranking_free(ranking);
    }
    assert_int_equal(brier_score(y, p, &value, NULL), DLCORE_OK);
    assert_true(fabs(value - number(fixture, "four", "brier")) < 1e-6);
    assert_int_equal(log_loss(y, p, &value, NULL), DLCORE_OK);
    assert_true(fabs(value - number(fixture, "four", "log_loss")) < 1e-6);
    assert_int_equal(log_loss(hot, p, &again, NULL), DLCORE_OK);
    assert_true(value == again);
    tensor_free(y);
    tensor_free(hot);
    tensor_free(p);
    fixture_free(fixture);
}

static void test_ranking_threshold_is_the_cheapest_of_all(void **state)
{
    /* from high to low: 1 1 0 1 0 0 1 0 */
    tensor_t *y = tensor_of_ints(SHAPE(8), (int32_t[]){1, 1, 0, 1, 0, 0, 1, 0});
    tensor_t *p = tensor_of_floats(SHAPE(8, 1), (float[]){.9f, .8f, .7f, .6f, .5f, .4f, .3f, .2f});
    ranking_t *ranking = NULL;
    ranking_choice_t choice;

    (void)state;
    assert_int_equal(ranking_make(y, p, 1, NULL, &ranking, NULL), DLCORE_OK);
    choice = ranking_threshold(ranking, 1, 1);
    assert_true(choice.point.threshold == (double).8f && choice.cost == 2); /* .6 costs 2, too */
    choice = ranking_threshold(ranking, 1, 20);
    assert_true(choice.point.threshold == (double).3f && choice.cost == 3);
    choice = ranking_threshold(ranking, 20, 1);
    assert_true(choice.point.threshold == (double).8f && choice.cost == 2);
    choice = ranking_threshold(ranking, 1, 0);
    assert_true(isinf(choice.point.threshold) && choice.cost == 0);
    assert_true(isnan(ranking_threshold(ranking, -1, 1).cost));
    assert_true(isnan(ranking_threshold(NULL, 1, 1).point.threshold));
    ranking_free(ranking);
    tensor_free(y);
    tensor_free(p);
}

/* ---- probabilities ---- */

static void test_reliability_of_the_top_class_and_the_calibration_error(void **state)
{
    tensor_t *y = tensor_of_ints(SHAPE(4), (int32_t[]){0, 1, 2, 2});
    tensor_t *p = tensor_of_floats(SHAPE(4, 3), (float[]){0.75f, 0.25f, 0, 0.25f, 0.75f, 0, 0.75f,
                                                          0, 0.25f, 0, 0.125f, 0.875f});
    reliability_t found;

    (void)state;
    assert_int_equal(reliability_of(y, p, DLCORE_TOP_CLASS, 4, &found, NULL), DLCORE_OK);
    assert_int_equal(found.bins[2].count, 3); /* 0.75 belongs to (0.5, 0.75] */
    assert_int_equal(found.bins[3].count, 1);
    assert_true(fabs(found.bins[2].observed - 2 / 3.0) < 1e-12);
    assert_true(found.bins[2].predicted == 0.75 && isnan(found.bins[0].predicted));
    assert_true(fabs(found.calibration_error - (0.75 * (0.75 - 2 / 3.0) + 0.25 * 0.125)) < 1e-12);
    assert_true(fabs(found.largest_error - 0.125) < 1e-12);
    tensor_free(y);
    tensor_free(p);
}

/* Labels that are as likely as probabilities say, and logits that are a number of times too large:
 * the temperature is that number. */
static void test_temperature_undoes_a_network_that_is_too_sure(void **state)
{
    enum { ROWS = 400, CLASSES = 3 };
    static float values[ROWS * CLASSES], of_one[ROWS];
    static int32_t classes[ROWS], bits[ROWS];
    tensor_t *y, *p, *y1, *p1;
    double temperature, before, losses[3];
    unsigned seed = 3;

    (void)state;
    for (size_t i = 0; i < ROWS; i++) {
        double logits[CLASSES], sum = 0, draw, right = 0;

        for (size_t c = 0; c < CLASSES; c++) {
            logits[c] = ((double)((seed = seed * 1103515245u + 12345u) >> 16 & 1023) / 256 - 2);
            sum += exp(logits[c]);
        }
        draw = (double)((seed = seed * 1103515245u + 12345u) >> 16 & 1023) / 1024;
        classes[i] = 0;
        while (classes[i] < CLASSES - 1 && (right += exp(logits[classes[i]]) / sum) <= draw)
            classes[i]++;
        sum = 0;
        for (size_t c = 0; c < CLASSES; c++)
            sum += exp(3 * logits[c]);
        for (size_t c = 0; c < CLASSES; c++)
            values[i * CLASSES + c] = (float)(exp(3 * logits[c]) / sum);
        of_one[i] = (float)(1 / (1 + exp(-3 * logits[0])));
        bits[i] = draw < 1 / (1 + exp(-logits[0]));
    }
    y = tensor_of_ints(SHAPE(ROWS), classes);
    p = tensor_of_floats(SHAPE(ROWS, CLASSES), values);
    y1 = tensor_of_ints(SHAPE(ROWS), bits);
    p1 = tensor_of_floats(SHAPE(ROWS), of_one);
    assert_int_equal(temperature_fit(y, p, &temperature, NULL), DLCORE_OK);
    assert_true(temperature > 2.2 && temperature < 4);
    assert_int_equal(log_loss(y, p, &before, NULL), DLCORE_OK);
    for (int i = -1; i < 2; i++) { /* the loss is least there */
        tensor_t *copy = NULL;

        assert_int_equal(tensor_copy(p, &copy, NULL), DLCORE_OK);
        assert_int_equal(temperature_apply(copy, temperature * (1 + 0.05 * i), NULL), DLCORE_OK);
        assert_int_equal(log_loss(y, copy, &losses[i + 1], NULL), DLCORE_OK);
        tensor_free(copy);
    }
    assert_true(losses[1] < losses[0] && losses[1] < losses[2] && losses[1] < before);
    assert_int_equal(temperature_fit(y1, p1, &temperature, NULL), DLCORE_OK);
    assert_true(temperature > 2 && temperature < 4.5);
    tensor_free(y);
    tensor_free(p);
    tensor_free(y1);
    tensor_free(p1);
}

/* Dividing weights is dividing logits. */
static void test_model_set_temperature_gives_the_probabilities_of_apply(void **state)
{
    const activation_t ends[] = {ACTIVATION_SOFTMAX, ACTIVATION_SIGMOID, ACTIVATION_SOFTMAX};
    float x_values[6 * 4];

    (void)state;
    for (size_t i = 0; i < 24; i++)
        x_values[i] = (float)(i * 7 % 11) / 4 - 1;
    for (size_t e = 0; e < 3; e++) {
        size_t units = e == 1 ? 1 : 3;
        model_t *model = NULL;
        tensor_t *x = borrow_floats(x_values, 6, 4), *y = NULL, *cooler = NULL;

        assert_int_equal(model_create(NULL, &model), DLCORE_OK);
        assert_accepted(model, model_add(model, layer_dense(5, ACTIVATION_TANH)));
        assert_accepted(model,
                        model_add(model, layer_dense(units, e == 2 ? ACTIVATION_LINEAR : ends[e])));
        if (e == 2)
            assert_accepted(model, model_add(model, layer_activation(ends[e])));
        assert_accepted(model, model_build(model, 4));
        assert_int_equal(tensor_create(NULL, DTYPE_FLOAT32, 2, (size_t[]){6, units}, &y, NULL),
                         DLCORE_OK);
        assert_int_equal(tensor_create(NULL, DTYPE_FLOAT32, 2, (size_t[]){6, units}, &cooler, NULL),
                         DLCORE_OK);
        assert_int_equal(model_predict(model, x, y), DLCORE_OK);
        assert_int_equal(temperature_apply(y, 2.5, NULL), DLCORE_OK);
        assert_accepted(model, model_set_temperature(model, 2.5));
        assert_int_equal(model_predict(model, x, cooler), DLCORE_OK);
        for (size_t i = 0; i < 6 * units; i++)
            assert_true(fabsf(((const float *)tensor_data_const(y))[i] -
                              ((const float *)tensor_data_const(cooler))[i]) < 2e-6f);
        model_free(model);
        tensor_free(x);
        tensor_free(y);
        tensor_free(cooler);
    }
}

static void test_judge_refuses_what_is_no_class_or_probability(void **state)
{
    tensor_t *y = tensor_of_ints(SHAPE(3), (int32_t[]){0, 1, 3});
    tensor_t *bits = tensor_of_ints(SHAPE(3), (int32_t[]){0, 1, 1});
    tensor_t *p = tensor_of_floats(SHAPE(3), (float[]){0.5f, 1.5f, 0});
    tensor_t *bad = tensor_of_floats(SHAPE(3), (float[]){0.5f, NAN, 0});
    tensor_t *few = tensor_of_floats(SHAPE(2), (float[]){0.5f, 0});
    error_record_t error = {0};
    ranking_t *ranking = NULL;
    model_t *model = NULL;
    double value = 7;

    (void)state;
    assert_failed(log_loss(bits, p, &value, &error), DLCORE_ERROR_RANGE, &error,
                  "log_loss: y_pred of sample 1, number 0, is 1.5: no probability");
    assert_int_equal(ranking_make(bits, p, 1, NULL, &ranking, NULL), DLCORE_OK); /* scores may */
    ranking_free(ranking);
    assert_failed(ranking_make(y, p, 1, NULL, &ranking, &error), DLCORE_ERROR_RANGE, &error,
                  "class 3 of sample 2 is not in 0 .. 1");
    assert_failed(ranking_make(bits, bad, 1, NULL, &ranking, &error), DLCORE_ERROR_RANGE, &error,
                  "y_pred of sample 1, number 0, is NaN");
    assert_failed(ranking_make(bits, p, 0, NULL, &ranking, &error), DLCORE_ERROR_ARGUMENT, &error,
                  "y_pred has one output, the probability of class 1, got class 0");
    assert_failed(brier_score(bits, few, &value, &error), DLCORE_ERROR_SHAPE, &error,
                  "y_true has 3 samples, y_pred has 2");
    assert_null(ranking);
    assert_true(value == 7);
    assert_int_equal(model_create(NULL, &model), DLCORE_OK);
    assert_accepted(model, model_add(model, layer_dense(2, ACTIVATION_LINEAR)));
    assert_int_equal(model_set_temperature(model, 2), DLCORE_ERROR_STATE);
    assert_accepted(model, model_build(model, 2));
    assert_int_equal(model_set_temperature(model, 2), DLCORE_ERROR_UNSUPPORTED);
    assert_int_equal(model_set_temperature(model, 0), DLCORE_ERROR_ARGUMENT);
    model_free(model);
    tensor_free(y);
    tensor_free(bits);
    tensor_free(p);
    tensor_free(bad);
    tensor_free(few);
}

/* ---- features ---- */

static model_t *linear_model(const fixture_t *fixture)
{
    const float *weights = fixture_floats(fixture_array(fixture, "linear", "weights"));
    const float *bias = fixture_floats(fixture_array(fixture, "linear", "bias"));
    optimizer_t sgd = optimizer_sgd();
    model_t *model = NULL;

    assert_int_equal(model_create(NULL, &model), DLCORE_OK);
    assert_accepted(model, model_add(model, layer_dense(1, ACTIVATION_LINEAR)));
    assert_accepted(
        model, model_compile(model, &sgd, LOSS_MEAN_SQUARED_ERROR, METRIC_MEAN_ABSOLUTE_ERROR));
    assert_accepted(model, model_build(model, 4));
    assert_accepted(model, model_set_weight(model, 0, weights, 4));
    assert_accepted(model, model_set_weight(model, 1, bias, 1));
    return model;
}

/* Shuffles are others than scikit-learn's; means of 400 agree within their errors. */
static void test_permutation_importance_is_near_that_of_scikit_learn(void **state)
{
    fixture_t *fixture = fixture_load("judge.txt");
    tensor_t *x = fixture_tensor(fixture_array(fixture, "linear", "x"));
    tensor_t *y = fixture_tensor(fixture_array(fixture, "linear", "y"));
    model_t *model = linear_model(fixture);
    importance_options_t how = importance_options_default();
    error_record_t error = {0};
    double means[4], deviations[4], again[4], of_error[4];

    (void)state;
    how.error = &error;
    how.repeats = 400;
    assert_int_equal(permutation_importance(model, x, y, &how, means, deviations), DLCORE_OK);
    for (size_t i = 0; i < 4; i++) {
        double expected = numbers(fixture, "linear", "importances")[i];
        double spread = numbers(fixture, "linear", "deviations")[i];

        assert_true(fabs(means[i] - expected) <= 5 * spread / sqrt(200) + 1e-6);
        assert_true(fabs(deviations[i] - spread) <= 0.2 * spread + 1e-6);
    }
    how.repeats = 3;
    assert_int_equal(permutation_importance(model, x, y, &how, means, NULL), DLCORE_OK);
    assert_int_equal(permutation_importance(model, x, y, &how, again, NULL), DLCORE_OK);
    assert_memory_equal(means, again, sizeof means);
    how.seed = 1;
    assert_int_equal(permutation_importance(model, x, y, &how, again, NULL), DLCORE_OK);
    assert_memory_not_equal(means, again, sizeof means);
    how.metric = "mae";
    assert_int_equal(permutation_importance(model, x, y, &how, of_error, NULL), DLCORE_OK);
    assert_true(of_error[0] > of_error[1] && of_error[1] > of_error[3]);
    how.metric = "accuracy";
    assert_failed(permutation_importance(model, x, y, &how, means, NULL), DLCORE_ERROR_NAME, &error,
                  "the model has no metric \"accuracy\"");
    model_free(model);
    tensor_free(x);
    tensor_free(y);
    fixture_free(fixture);
}

static void test_dependence_is_that_of_scikit_learn(void **state)
{
    static const char *const grids[] = {"grid1", "grid2"}, *const means[] = {"means1", "means2"};
    fixture_t *fixture = fixture_load("judge.txt");
    tensor_t *x = fixture_tensor(fixture_array(fixture, "linear", "x"));
    model_t *model = linear_model(fixture);
    dependence_options_t how = dependence_options_default();

    (void)state;
    how.points = 20;
    for (size_t i = 0; i < 2; i++) {
        const fixture_array_t *grid = fixture_array(fixture, "linear", grids[i]);
        dependence_t *found = NULL;

        assert_int_equal(dependence_make(model, x, i + 1, &how, &found), DLCORE_OK);
        assert_int_equal(found->count, grid->size);
        assert_int_equal(found->outputs, 1);
        for (size_t g = 0; g < found->count; g++) {
            assert_true(fabs(found->grid[g] - ((const double *)grid->data)[g]) < 1e-6);
            assert_true(fabs(found->means[g] - numbers(fixture, "linear", means[i])[g]) < 1e-5);
        }
        dependence_free(found);
    }
    model_free(model);
    tensor_free(x);
    fixture_free(fixture);
}

/* ---- pictures ---- */

static void assert_picture(const char *name, const char *text)
{
    static char content[200000];
    FILE *file = fopen(folder_path(name), "rb");
    size_t length;

    assert_non_null(file);
    length = fread(content, 1, sizeof content - 1, file);
    content[length] = '\0';
    fclose(file);
    assert_int_equal(strncmp(content, "<?xml", 5), 0);
    assert_non_null(strstr(content, text));
    assert_string_equal(content + length - 7, "</svg>\n");
    assert_null(strstr(content, "nan"));
}

static void test_judge_pictures_are_whole_and_name_what_they_show(void **state)
{
    fixture_t *fixture = fixture_load("judge.txt");
    tensor_t *y = fixture_tensor(fixture_array(fixture, "smooth", "y_true"));
    tensor_t *p = fixture_tensor(fixture_array(fixture, "smooth", "y_pred"));
    tensor_t *x = fixture_tensor(fixture_array(fixture, "linear", "x"));
    tensor_t *one_kind = tensor_of_ints(SHAPE(2), (int32_t[]){1, 1});
    tensor_t *two = tensor_of_floats(SHAPE(2), (float[]){0.5f, 0.25f});
    model_t *model = linear_model(fixture);
    ranking_t *ranking = NULL, *empty = NULL;
    reliability_t reliability;
    dependence_t *dependence = NULL;
    error_record_t error = {0};
    const char *const names[] = {"age & <size>", "weight", "rooms", "noise"};
    const double means[] = {7.5, 2, 0.5, -0.01}, deviations[] = {0.5, 0.2, 0.1, 0.02};

    (void)state;
    assert_int_equal(ranking_make(y, p, 1, NULL, &ranking, NULL), DLCORE_OK);
    assert_int_equal(ranking_save_roc_svg(ranking, folder_path("roc.svg"), NULL), DLCORE_OK);
    assert_picture("roc.svg", "Area under ROC 0.");
    assert_int_equal(ranking_save_pr_svg(ranking, folder_path("pr.svg"), NULL), DLCORE_OK);
    assert_picture("pr.svg", "Average precision 0.");
    assert_int_equal(reliability_of(y, p, 1, 10, &reliability, NULL), DLCORE_OK);
    assert_int_equal(reliability_save_svg(&reliability, folder_path("reliability.svg"), NULL),
                     DLCORE_OK);
    assert_picture("reliability.svg", "Expected calibration error 0.");
    assert_int_equal(
        importance_save_svg(means, deviations, names, 4, folder_path("importance.svg"), NULL),
        DLCORE_OK);
    assert_picture("importance.svg", "age &amp; &lt;size&gt;");
    assert_int_equal(dependence_make(model, x, 1, NULL, &dependence), DLCORE_OK);
    assert_int_equal(dependence_save_svg(dependence, "weight", folder_path("dependence.svg"), NULL),
                     DLCORE_OK);
    assert_picture("dependence.svg", "mean output");
    assert_int_equal(ranking_make(one_kind, two, 1, NULL, &empty, NULL), DLCORE_OK);
    assert_true(isnan(empty->roc_area));
    assert_failed(ranking_save_roc_svg(empty, folder_path("none.svg"), &error), DLCORE_ERROR_RANGE,
                  &error, "got 2 positives and 0 negatives");
    dependence_free(dependence);
    ranking_free(ranking);
    ranking_free(empty);
    model_free(model);
    tensor_free(one_kind);
    tensor_free(two);
    tensor_free(x);
    tensor_free(y);
    tensor_free(p);
    fixture_free(fixture);
}

static dlcore_status scenario(const dlcore_allocator_t *allocator, void *context)
{
    tensor_t *y = tensor_of_ints(SHAPE(4), (int32_t[]){0, 1, 1, 0});
    tensor_t *p = tensor_of_floats(SHAPE(4), (float[]){.1f, .2f, .3f, .4f});
    ranking_t *ranking = NULL;
    dlcore_status status = ranking_make(y, p, 1, allocator, &ranking, NULL);

    (void)context;
    ranking_free(ranking);
    tensor_free(y);
    tensor_free(p);
    return status;
}

static void test_ranking_without_memory_leaks_nothing(void **state)
{
    (void)state;
    assert_int_equal(failing_allocator_sweep(scenario, NULL), 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_judge_of_two_classes_has_the_numbers_of_scikit_learn),
        cmocka_unit_test(test_judge_of_several_classes_has_the_numbers_of_scikit_learn),
        cmocka_unit_test(test_ranking_threshold_is_the_cheapest_of_all),
        cmocka_unit_test(test_reliability_of_the_top_class_and_the_calibration_error),
        cmocka_unit_test(test_temperature_undoes_a_network_that_is_too_sure),
        cmocka_unit_test(test_model_set_temperature_gives_the_probabilities_of_apply),
        cmocka_unit_test(test_judge_refuses_what_is_no_class_or_probability),
        cmocka_unit_test(test_permutation_importance_is_near_that_of_scikit_learn),
        cmocka_unit_test(test_dependence_is_that_of_scikit_learn),
        cmocka_unit_test(test_judge_pictures_are_whole_and_name_what_they_show),
        cmocka_unit_test(test_ranking_without_memory_leaks_nothing),
    };

    return cmocka_run_group_tests_name("judge", tests, folder_make, folder_remove);
}
