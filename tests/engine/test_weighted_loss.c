/* Weights of samples and classes through a training step and an evaluation, by every reduction:
 * held against the losses and gradients of single samples, added up in double precision.
 *
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine/network_exchange.h"
#include "engine/workspace.h"
#include "model/train.h"
#include "support/tensors.h"

enum { ROWS = 19, INPUTS = 3, WEIGHTS_MAX = 400 };

typedef struct network {
    size_t hidden, units; /* hidden above 16: not the path for small networks */
    dlcore_activation_t last;
    dlcore_loss_kind_t loss;
} network_t;

static const network_t networks[] = {
    {5, 3, DLCORE_ACTIVATION_SOFTMAX, DLCORE_LOSS_CATEGORICAL_CROSSENTROPY},
    {40, 3, DLCORE_ACTIVATION_SOFTMAX, DLCORE_LOSS_CATEGORICAL_CROSSENTROPY},
    {5, 3, DLCORE_ACTIVATION_SOFTMAX, DLCORE_LOSS_SPARSE_CATEGORICAL_CROSSENTROPY},
    {40, 3, DLCORE_ACTIVATION_SOFTMAX, DLCORE_LOSS_SPARSE_CATEGORICAL_CROSSENTROPY},
    {5, 1, DLCORE_ACTIVATION_SIGMOID, DLCORE_LOSS_BINARY_CROSSENTROPY},
    {40, 1, DLCORE_ACTIVATION_SIGMOID, DLCORE_LOSS_BINARY_CROSSENTROPY},
    {5, 2, DLCORE_ACTIVATION_LINEAR, DLCORE_LOSS_HUBER},
};

typedef struct data {
    float x[ROWS * INPUTS], y[ROWS * 3], weights[ROWS];
    int32_t classes[ROWS];
    double effective[ROWS]; /* of sample and class */
} data_t;

static const float class_weights[2] = {0.5f, 3.0f}; /* a class 2 counts 1 */

static void draw(const network_t *net, data_t *data)
{
    uint32_t state = 7;
    memset(data, 0, sizeof *data);
    for (size_t i = 0; i < ROWS * INPUTS; i++) {
        state = state * 1664525u + 1013904223u;
        data->x[i] = (float)(state >> 8) / 8388608.0f - 1.0f;
    }
    for (size_t row = 0; row < ROWS; row++) {
        size_t class = row * 5 % 3 % (net->units == 1 ? 2 : net->units);
        data->classes[row] = (int32_t) class;
        if (net->units == 1)
            data->y[row] = (float)class;
        else
            data->y[row * net->units + class] = 1.0f;
        data->weights[row] = (float)(row % 4) * 0.75f;
        data->effective[row] =
            (double)data->weights[row] * (class < 2 ? (double)class_weights[class] : 1.0);
    }
}

static dlcore_model_t *model_of(const network_t *net, dlcore_reduction_t reduction)
{
    dlcore_compile_options_t options = dlcore_compile_options_default();
    dlcore_model_t *model = NULL;
    options.loss = dlcore_loss_default(net->loss);
    options.loss.reduction = reduction;
    assert_int_equal(dlcore_model_create(NULL, &model), DLCORE_OK);
    dlcore_model_add(model, dlcore_layer_dense(net->hidden, DLCORE_ACTIVATION_TANH));
    dlcore_model_add(model, dlcore_layer_dense(net->units, net->last));
    assert_int_equal(dlcore_model_build(model, INPUTS), DLCORE_OK);
    if (dlcore_model_compile_with(model, &options) != DLCORE_OK)
        fail_msg("%s", dlcore_model_error(model));
    return model;
}

static void tensors_of(const network_t *net, const data_t *data, size_t begin, size_t rows,
                       dlcore_tensor_t **x, dlcore_tensor_t **y)
{
    *x = tensor_of_floats(SHAPE(rows, INPUTS), data->x + begin * INPUTS);
    if (net->loss == DLCORE_LOSS_SPARSE_CATEGORICAL_CROSSENTROPY)
        *y = tensor_of_ints(SHAPE(rows), data->classes + begin);
    else
        *y = tensor_of_floats(SHAPE(rows, net->units), data->y + begin * net->units);
}

/* Weighted sums of the samples' own losses and gradients, reduced. */
static double expected(const network_t *net, const data_t *data, dlcore_reduction_t reduction,
                       double *gradients, size_t count)
{
    dlcore_model_t *model = model_of(net, DLCORE_REDUCTION_SUM_OVER_BATCH_SIZE);
    double total = 0, loss = 0, all = 0, divisor;
    float own[WEIGHTS_MAX];
    memset(gradients, 0, count * sizeof *gradients);
    for (size_t row = 0; row < ROWS; row++) {
        dlcore_tensor_t *x, *y;
        tensors_of(net, data, row, 1, &x, &y);
        assert_int_equal(dlcore_model_gradients(model, x, y, own, count, &loss), DLCORE_OK);
        total += data->effective[row] * loss;
        all += data->effective[row];
        for (size_t i = 0; i < count; i++)
            gradients[i] += data->effective[row] * (double)own[i];
        dlcore_tensor_free(x);
        dlcore_tensor_free(y);
    }
    dlcore_model_free(model);
    divisor = reduction == DLCORE_REDUCTION_SUM                   ? 1
              : reduction == DLCORE_REDUCTION_SUM_OVER_BATCH_SIZE ? ROWS
                                                                  : all;
    for (size_t i = 0; i < count; i++)
        gradients[i] /= divisor;
    return total / divisor;
}

static dlcore_source_t source_of(const dlcore_tensor_t *x, const dlcore_tensor_t *y,
                                 const dlcore_tensor_t *weights)
{
    return (dlcore_source_t){.x = x,
                             .y = y,
                             .weights = weights,
                             .class_weights = class_weights,
                             .class_count = 2,
                             .rows = ROWS};
}

static void assert_near(double value, double reference, double scale)
{
    if (!(fabs(value - reference) <= 2e-6 * fmax(scale, fabs(reference))))
        fail_msg("%.9g, expected %.9g", value, reference);
}

static void check_step(const network_t *net, const data_t *data, dlcore_reduction_t reduction)
{
    dlcore_model_t *model = model_of(net, reduction);
    size_t count = dlcore_model_parameter_count(model);
    dlcore_tensor_t *x, *y, *weights = tensor_of_floats(SHAPE(ROWS), data->weights);
    dlcore_store_sink_t store = {.sink = {.take = dlcore_sink_store}};
    double reference[WEIGHTS_MAX], loss, largest = 0;
    dlcore_training_t training;
    float stored[4 * WEIGHTS_MAX], *own = stored;

    assert_true(count <= WEIGHTS_MAX);
    tensors_of(net, data, 0, ROWS, &x, &y);
    loss = expected(net, data, reduction, reference, count);
    /* a workspace without room for weights is made anew */
    assert_int_equal(dlcore_training_begin(&training, model, "test", x, y, ROWS, false), DLCORE_OK);
    assert_null(model->trainer.workspace.labels[0].weights);
    training.objective.weighted = true;
    assert_int_equal(dlcore_training_reserve(&training, x, ROWS), DLCORE_OK);
    assert_true((model->trainer.workspace.small != NULL) ==
                    (net->hidden <= 16 && net->loss != DLCORE_LOSS_HUBER) ||
                dlcore_products_training(model->network.products)->small == NULL);
    store.gradients = calloc(model->network.value_floats, sizeof *store.gradients);
    assert_non_null(store.gradients);
    training.step.sink = &store.sink;
    training.step.source = source_of(x, y, weights);
    dlcore_step_run(&training.step, training.workers);
    assert_near(training.step.sums.loss / ROWS, loss, 0);
    assert_int_equal(training.step.sums.samples, ROWS);
    for (size_t i = 0; i < count; i++)
        largest = fmax(largest, fabs(reference[i]));
    for (size_t i = 0, at = 0; i < 4; i++) {
        const dlcore_parameter_t *parameter = dlcore_network_parameter(&model->network, i, NULL);
        dlcore_network_export(&model->network, parameter, store.gradients, own);
        for (size_t k = 0; k < dlcore_parameter_size(parameter); k++, at++)
            assert_near((double)own[k], reference[at], largest);
    }
    dlcore_training_end(&training);
    free(store.gradients);
    dlcore_tensor_free(x);
    dlcore_tensor_free(y);
    dlcore_tensor_free(weights);
    dlcore_model_free(model);
}

static void test_weighted_step_adds_up_single_samples(void **state)
{
    static data_t data;
    (void)state;
    for (size_t n = 0; n < sizeof networks / sizeof *networks; n++) {
        draw(&networks[n], &data);
        for (int r = 0; r <= (int)DLCORE_REDUCTION_MEAN_WITH_SAMPLE_WEIGHT; r++)
            check_step(&networks[n], &data, (dlcore_reduction_t)r);
    }
}

/* Keras's mean over batches, each counting by its rows, the short last one, too. */
static void test_weighted_evaluation_averages_batches_by_their_rows(void **state)
{
    static data_t data;
    const network_t *net = &networks[1];
    (void)state;
    draw(net, &data);
    for (int r = 0; r <= (int)DLCORE_REDUCTION_MEAN_WITH_SAMPLE_WEIGHT; r++) {
        dlcore_model_t *model = model_of(net, (dlcore_reduction_t)r);
        dlcore_tensor_t *x, *y, *weights = tensor_of_floats(SHAPE(ROWS), data.weights);
        dlcore_objective_t objective;
        dlcore_sums_t sums = {0}, batch = {0};
        double total = 0;
        tensors_of(net, &data, 0, ROWS, &x, &y);
        assert_int_equal(dlcore_model_objective(model, &objective, NULL), DLCORE_OK);
        objective.weighted = true;
        dlcore_run_t run = {.model = model,
                            .objective = &objective,
                            .source = source_of(x, y, weights),
                            .block = 8};
        assert_int_equal(dlcore_run_evaluate(&run, &sums, NULL), DLCORE_OK);
        for (size_t begin = 0; begin < ROWS; begin += 8) {
            size_t rows = ROWS - begin < 8 ? ROWS - begin : 8;
            double sum = 0, all = 0, loss;
            for (size_t row = begin; row < begin + rows; row++) {
                dlcore_run_t one = run;
                one.objective = &objective;
                objective.weighted = false;
                one.source.begin = row;
                one.source.rows = 1;
                assert_int_equal(dlcore_run_evaluate(&one, &batch, NULL), DLCORE_OK);
                objective.weighted = true;
                sum += data.effective[row] * batch.loss;
                all += data.effective[row];
            }
            loss = r == (int)DLCORE_REDUCTION_SUM                   ? sum
                   : r == (int)DLCORE_REDUCTION_SUM_OVER_BATCH_SIZE ? sum / (double)rows
                                                                    : sum / all;
            total += loss * (double)rows;
        }
        assert_near(sums.loss / ROWS, total / ROWS, 0);
        dlcore_tensor_free(x);
        dlcore_tensor_free(y);
        dlcore_tensor_free(weights);
        dlcore_model_free(model);
    }
}

static void test_weighted_zero_weights_give_zero(void **state)
{
    static data_t data;
    (void)state;
    draw(&networks[1], &data);
    memset(data.weights, 0, sizeof data.weights);
    for (int r = 0; r <= (int)DLCORE_REDUCTION_MEAN_WITH_SAMPLE_WEIGHT; r++) {
        dlcore_loss_t loss = dlcore_loss_mean_squared_error();
        loss.reduction = (dlcore_reduction_t)r;
        assert_true(isfinite(dlcore_loss_scale(&loss, NULL, data.weights, ROWS)));
    }
    assert_true(
        dlcore_loss_factor(&(dlcore_loss_t){.kind = DLCORE_LOSS_MEAN_SQUARED_ERROR,
                                            .reduction = DLCORE_REDUCTION_MEAN_WITH_SAMPLE_WEIGHT},
                           NULL, data.weights, ROWS) == 0.0f);
}

static void test_weighted_bad_weights_are_refused_with_their_place(void **state)
{
    static const float bad[4] = {1, 0, -INFINITY, 1}, infinite[2] = {1, INFINITY};
    const int32_t whole[4] = {1, 1, 1, 1};
    dlcore_error_record_t error = {0};
    dlcore_tensor_t *negative = tensor_of_floats(SHAPE(4), bad);
    dlcore_tensor_t *fine = tensor_of_floats(SHAPE(2, 1), bad);
    dlcore_tensor_t *wide = tensor_of_floats(SHAPE(2, 2), bad);
    dlcore_tensor_t *ints = tensor_of_ints(SHAPE(4), whole);
    const char *what = "sample_weight";
    (void)state;
    assert_failed(dlcore_check_sample_weights(what, negative, 4, &error), DLCORE_ERROR_RANGE,
                  &error, "sample_weight must be finite, got -inf for sample 2");
    assert_failed(dlcore_check_sample_weights(what, negative, 5, &error), DLCORE_ERROR_SHAPE,
                  &error, "one number for each of 5 samples, got 4 rows of 1");
    assert_failed(dlcore_check_sample_weights(what, wide, 2, &error), DLCORE_ERROR_SHAPE, &error,
                  "got 2 rows of 2");
    assert_failed(dlcore_check_sample_weights(what, ints, 4, &error), DLCORE_ERROR_DTYPE, &error,
                  "must be float32, got int32");
    assert_int_equal(dlcore_check_sample_weights(what, fine, 2, NULL), DLCORE_OK);
    assert_int_equal(dlcore_check_sample_weights(what, NULL, 2, NULL), DLCORE_OK);
    assert_failed(dlcore_check_class_weights("class_weight", infinite, 2, &error),
                  DLCORE_ERROR_RANGE, &error, "got inf for class 1");
    assert_failed(dlcore_check_class_weights("class_weight", NULL, 2, &error),
                  DLCORE_ERROR_ARGUMENT, &error,
                  "class_weight is NULL, but the number of classes is 2");
    assert_failed(dlcore_check_class_weights("class_weight", infinite, 0, &error),
                  DLCORE_ERROR_ARGUMENT, &error, "the number of classes is 0");
    assert_int_equal(dlcore_check_class_weights("class_weight", NULL, 0, NULL), DLCORE_OK);
    dlcore_tensor_free(negative);
    dlcore_tensor_free(fine);
    dlcore_tensor_free(wide);
    dlcore_tensor_free(ints);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_weighted_step_adds_up_single_samples),
        cmocka_unit_test(test_weighted_evaluation_averages_batches_by_their_rows),
        cmocka_unit_test(test_weighted_zero_weights_give_zero),
        cmocka_unit_test(test_weighted_bad_weights_are_refused_with_their_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
