/* Steps in bfloat16 under every loss, and with every optimizer: weights move, to the same bits on
 * one thread and on two, and near where float32 takes them.
 *
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dlcore.h"
#include "nn/optimizer.h"
#include "support/classifier.h"
#include "support/models.h"

/* A step is work enough for two threads. */
enum { SAMPLES = 96, NUMBERS = 100, HIDDEN = 96, KINDS = 7, STEPS = 2 };

/* Gradients have errors of half a unit in the last of 8 places, in each factor: 0.0025 to 0.0072 of
 * a path's length here. */
#define NEAR 0.02
/* Where a gradient's sign, or a largest output, decides, and rounding changes some: 0.03 to 0.05.
 */
#define NEAR_BUT_FOR_SIGNS 0.1

static dlcore_engine_t engine; /* of all models here */

typedef struct data {
    float *inputs, *shares;
    int32_t *classes;
    dlcore_tensor_t *x, *y, *sparse_y; /* y: 0.7 for the class, 0.05 for each other one */
} data_t;

static data_t make_data(void)
{
    data_t data = {.inputs = calloc((size_t)SAMPLES * NUMBERS, sizeof(float)),
                   .shares = calloc((size_t)SAMPLES * KINDS, sizeof(float)),
                   .classes = calloc(SAMPLES, sizeof(int32_t))};

    assert_true(data.inputs != NULL && data.shares != NULL && data.classes != NULL);
    for (size_t i = 0; i < (size_t)SAMPLES * NUMBERS; i++)
        data.inputs[i] = (float)((i * 7919) % 1009) / 504.0f - 1.0f;
    for (size_t i = 0; i < SAMPLES; i++) {
        data.classes[i] = (int32_t)(i * 31 % KINDS);
        for (size_t k = 0; k < KINDS; k++)
            data.shares[i * KINDS + k] = k == (size_t)data.classes[i] ? 0.7f : 0.05f;
    }
    data.x = borrow_floats(data.inputs, SAMPLES, NUMBERS);
    data.y = borrow_floats(data.shares, SAMPLES, KINDS);
    assert_int_equal(dlcore_tensor_borrow(NULL, DLCORE_DTYPE_INT32, 1, (size_t[]){SAMPLES},
                                          data.classes, 0, &data.sparse_y, NULL),
                     DLCORE_OK);
    return data;
}

static void free_data(data_t *data)
{
    dlcore_tensor_free(data->x);
    dlcore_tensor_free(data->y);
    dlcore_tensor_free(data->sparse_y);
    free(data->inputs);
    free(data->shares);
    free(data->classes);
}

/* Minus the probability of the class, or the probabilities by their labels. */
static void minus_agreement(const dlcore_function_batch_t *batch, void *user)
{
    (void)user;
    for (size_t r = 0; r < batch->rows; r++) {
        batch->row_values[r] = 0.0f;
        for (size_t k = 0; k < batch->units; k++) {
            float label = batch->classes != NULL ? (float)((size_t)batch->classes[r] == k)
                                                 : batch->y_true[r * batch->units + k];

            batch->row_values[r] -= label * batch->y_pred[r * batch->units + k];
            if (batch->gradient != NULL)
                batch->gradient[r * batch->units + k] = -label;
        }
    }
}

static dlcore_loss_t loss_of(dlcore_loss_kind_t kind)
{
    return kind == DLCORE_LOSS_FUNCTION ? dlcore_loss_function(minus_agreement, NULL)
           : kind == DLCORE_LOSS_SPARSE_FUNCTION
               ? dlcore_loss_sparse_function(minus_agreement, NULL)
               : dlcore_loss_default(kind);
}

static bool takes_classes(dlcore_loss_kind_t kind)
{
    return kind == DLCORE_LOSS_SPARSE_CATEGORICAL_CROSSENTROPY ||
           kind == DLCORE_LOSS_SPARSE_FUNCTION;
}

/* The weights before and behind STEPS steps. */
typedef struct path {
    float *before, *after;
    size_t count;
} path_t;

static void free_path(path_t *path)
{
    free(path->before);
    free(path->after);
}

static path_t run(const data_t *data, const dlcore_model_precision_t *precision, size_t threads,
                  dlcore_loss_kind_t kind, const dlcore_optimizer_t *optimizer)
{
    dlcore_model_options_t options = engine_options(engine, threads);
    dlcore_compile_options_t how = dlcore_compile_options_default();
    dlcore_model_t *model;
    path_t path = {NULL, NULL, 0};

    options.precision = precision;
    how.loss = loss_of(kind);
    how.optimizer = *optimizer;
    assert_int_equal(dlcore_model_create(&options, &model), DLCORE_OK);
    dlcore_model_add(model, dlcore_layer_dense(HIDDEN, DLCORE_ACTIVATION_TANH));
    dlcore_model_add(model, dlcore_layer_dense(KINDS, DLCORE_ACTIVATION_SOFTMAX));
    assert_accepted(model, dlcore_model_build(model, NUMBERS));
    assert_accepted(model, dlcore_model_compile_with(model, &how));
    path.count = dlcore_model_parameter_count(model);
    path.before = weights_of(model);
    for (size_t i = 0; i < STEPS; i++) {
        dlcore_evaluation_t result = {0};

        assert_accepted(
            model, dlcore_model_train_on_batch(
                       model, data->x, takes_classes(kind) ? data->sparse_y : data->y, &result));
        assert_true(isfinite(result.loss));
    }
    path.after = weights_of(model);
    dlcore_model_free(model);
    return path;
}

/* How far the ends of two paths from the same weights are apart, in lengths of the first. */
static double apart(const path_t *path, const path_t *other)
{
    double length = 0.0, difference = 0.0;

    for (size_t i = 0; i < path->count; i++) {
        length += pow((double)path->after[i] - (double)path->before[i], 2.0);
        difference += pow((double)path->after[i] - (double)other->after[i], 2.0);
    }
    return sqrt(difference / length);
}

static void check(const data_t *data, dlcore_loss_kind_t kind, const dlcore_optimizer_t *optimizer,
                  double limit)
{
    path_t full = run(data, NULL, 1, kind, optimizer);
    path_t half = run(data, DLCORE_PRECISION_BFLOAT16, 1, kind, optimizer);
    path_t shared = run(data, DLCORE_PRECISION_BFLOAT16, 2, kind, optimizer);
    size_t bytes = half.count * sizeof(float);
    double error = apart(&full, &half);

    assert_memory_equal(half.before, full.before, bytes);
    assert_memory_not_equal(half.after, half.before, bytes);
    assert_memory_not_equal(half.after, full.after, bytes);
    assert_memory_equal(half.after, shared.after, bytes);
    if (!(error <= limit))
        fail_msg("%s, %s: %.4f of the path's length from float32", dlcore_loss_name(kind),
                 dlcore_optimizer_name(optimizer->kind), error);
    free_path(&full);
    free_path(&half);
    free_path(&shared);
}

static void test_halves_steps_under_every_loss_are_near_those_of_float32(void **state)
{
    data_t data = make_data();
    dlcore_optimizer_t sgd = dlcore_optimizer_sgd();

    (void)state;
    for (int kind = 1; kind <= DLCORE_LOSS_SPARSE_FUNCTION; kind++)
        check(&data, (dlcore_loss_kind_t)kind, &sgd,
              kind == DLCORE_LOSS_CATEGORICAL_HINGE ? NEAR_BUT_FOR_SIGNS : NEAR);
    /* which is the last one */
    assert_string_equal(dlcore_loss_name((dlcore_loss_kind_t)(DLCORE_LOSS_SPARSE_FUNCTION + 1)),
                        "unknown");
    free_data(&data);
}

/* First steps of these are about as long whatever the size of a gradient. */
static bool goes_by_signs(dlcore_optimizer_kind_t kind)
{
    return kind == DLCORE_OPTIMIZER_ADAM || kind == DLCORE_OPTIMIZER_ADAMW ||
           kind == DLCORE_OPTIMIZER_ADAMAX || kind == DLCORE_OPTIMIZER_NADAM ||
           kind == DLCORE_OPTIMIZER_LION;
}

static void test_halves_steps_of_every_optimizer_are_near_those_of_float32(void **state)
{
    data_t data = make_data();

    (void)state;
    for (int number = 1; number < DLCORE_OPTIMIZER_KIND_COUNT; number++) {
        dlcore_optimizer_kind_t kind = (dlcore_optimizer_kind_t)number;
        dlcore_optimizer_t optimizer = dlcore_optimizer_from_name(dlcore_optimizer_name(kind));

        check(&data, DLCORE_LOSS_CATEGORICAL_CROSSENTROPY, &optimizer,
              goes_by_signs(kind) ? NEAR_BUT_FOR_SIGNS : NEAR);
    }
    free_data(&data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_halves_steps_under_every_loss_are_near_those_of_float32),
        cmocka_unit_test(test_halves_steps_of_every_optimizer_are_near_those_of_float32),
    };
    int failed = 0;

    for (size_t i = 0; i < ENGINES; i++) {
        engine = engines[i];
        if (engine_is_here(engine))
            failed += cmocka_run_group_tests_name(engine_name(engine), tests, NULL, NULL);
    }
    return failed;
}
