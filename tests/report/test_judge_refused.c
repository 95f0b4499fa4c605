/* What the calls that judge models refuse, each with its message.
 *
 * SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "dlcore.h"
#include "support/folder.h"
#include "support/models.h"
#include "support/tensors.h"

/* Two features, one output. */
static model_t *small_model(void)
{
    optimizer_t sgd = optimizer_sgd();
    model_t *model = NULL;

    assert_int_equal(model_create(NULL, &model), DLCORE_OK);
    assert_accepted(model, model_add(model, layer_dense(1, ACTIVATION_LINEAR)));
    assert_accepted(model, model_build(model, 2));
    assert_accepted(model, model_compile(model, &sgd, LOSS_MEAN_SQUARED_ERROR, METRIC_NONE));
    return model;
}

static void test_judge_refused_predictions_of_other_forms(void **state)
{
    tensor_t *bits = tensor_of_ints(SHAPE(2), (int32_t[]){0, 1});
    tensor_t *wide = tensor_of_ints(SHAPE(2, 3), (int32_t[]){0, 1, 0, 1, 0, 0});
    tensor_t *p = tensor_of_floats(SHAPE(2, 2), (float[]){0.5f, 0.5f, 1, 0});
    tensor_t *cube = tensor_of_floats(SHAPE(2, 1, 1), (float[]){0.5f, 0.5f});
    tensor_t *fixed = NULL;
    float numbers[2] = {0.5f, 0.5f};
    size_t shape[1] = {2};
    error_record_t error = {0};
    ranking_t *ranking = NULL;
    double value;

    (void)state;
    assert_failed(log_loss(bits, bits, &value, &error), DLCORE_ERROR_DTYPE, &error,
                  "log_loss: y_pred must be float32, got int32");
    assert_failed(log_loss(bits, cube, &value, &error), DLCORE_ERROR_SHAPE, &error,
                  "got rank 3 with 2 numbers");
    assert_failed(log_loss(wide, p, &value, &error), DLCORE_ERROR_SHAPE, &error,
                  "y_true has 3 numbers for each sample, y_pred has 2");
    assert_failed(ranking_make(bits, p, 2, NULL, &ranking, &error), DLCORE_ERROR_ARGUMENT, &error,
                  "y_pred has 2 classes, got class 2");
    assert_int_equal(tensor_borrow_const(NULL, DTYPE_FLOAT32, 1, shape, numbers, 0, &fixed, &error),
                     DLCORE_OK);
    assert_failed(temperature_apply(fixed, 2, &error), DLCORE_ERROR_ARGUMENT, &error,
                  "temperature_apply: y_pred is read-only");
    tensor_free(bits);
    tensor_free(wide);
    tensor_free(p);
    tensor_free(cube);
    tensor_free(fixed);
}

static void test_judge_refused_importance_of_too_little(void **state)
{
    tensor_t *x = tensor_of_floats(SHAPE(2, 2), (float[]){1, 2, 3, 4});
    tensor_t *y = tensor_of_floats(SHAPE(2, 1), (float[]){1, 2});
    tensor_t *one_x = tensor_of_floats(SHAPE(1, 2), (float[]){1, 2});
    tensor_t *one_y = tensor_of_floats(SHAPE(1, 1), (float[]){1});
    const char *path = folder_path("importance.svg"), *names[2] = {"a", NULL};
    double means[2] = {1, 2}, deviations[2] = {0, (double)NAN};
    importance_options_t how = importance_options_default();
    error_record_t error = {0};
    model_t *model = small_model();

    (void)state;
    how.error = &error;
    assert_failed(permutation_importance(model, one_x, one_y, &how, means, NULL),
                  DLCORE_ERROR_SHAPE, &error, "1 samples cannot be shuffled");
    how.repeats = 0;
    assert_failed(permutation_importance(model, x, y, &how, means, NULL), DLCORE_ERROR_ARGUMENT,
                  &error, "importance: repeats is 0");
    assert_failed(importance_save_svg(means, deviations, NULL, 2, path, &error),
                  DLCORE_ERROR_ARGUMENT, &error, "importance: feature 1 has a mean of 2");
    assert_failed(importance_save_svg(means, NULL, names, 2, path, &error), DLCORE_ERROR_ARGUMENT,
                  &error, "importance: feature 1 has a mean of 2, or no name");
    assert_false(folder_has("importance.svg"));
    model_free(model);
    tensor_free(x);
    tensor_free(y);
    tensor_free(one_x);
    tensor_free(one_y);
}

static void test_judge_refused_dependence_without_a_grid(void **state)
{
    tensor_t *x = tensor_of_floats(SHAPE(5, 2), (float[]){1, 2, 1, 4, 1, 6, 2, 8, 3, INFINITY});
    dependence_options_t how = dependence_options_default();
    double grid[2] = {0, 1}, means[2] = {(double)NAN, (double)INFINITY};
    dependence_t empty = {.count = 2, .outputs = 1, .grid = grid, .means = means};
    error_record_t error = {0};
    dependence_t *found = NULL;
    model_t *model = small_model();

    (void)state;
    how.error = &error;
    assert_failed(dependence_make(model, x, 2, &how, &found), DLCORE_ERROR_ARGUMENT, &error,
                  "dependence: feature 2 of x with 5 samples of 2 numbers");
    assert_failed(dependence_make(model, x, 1, &how, &found), DLCORE_ERROR_RANGE, &error,
                  "dependence: feature 1 of sample 4 is infinite");
    how.points = 2;
    how.low = 0.1;
    how.high = 0.2;
    assert_failed(dependence_make(model, x, 0, &how, &found), DLCORE_ERROR_RANGE, &error,
                  "dependence: feature 0 is 1 at both ends of the grid");
    how.low = 0.3;
    assert_failed(dependence_make(model, x, 0, &how, &found), DLCORE_ERROR_ARGUMENT, &error,
                  "0 <= low < high <= 1 does not hold for 0.3 and 0.2");
    assert_null(found);
    assert_failed(dependence_save_svg(&empty, NULL, folder_path("dependence.svg"), &error),
                  DLCORE_ERROR_RANGE, &error, "dependence: no mean output is finite");
    assert_false(folder_has("dependence.svg"));
    model_free(model);
    tensor_free(x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_judge_refused_predictions_of_other_forms),
        cmocka_unit_test(test_judge_refused_importance_of_too_little),
        cmocka_unit_test(test_judge_refused_dependence_without_a_grid),
    };

    return cmocka_run_group_tests_name("judge_refused", tests, folder_make, folder_remove);
}
