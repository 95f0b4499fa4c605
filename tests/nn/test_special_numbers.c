/* NaN, infinity, the largest floats and denormals in every operation: activations, losses, metrics,
 * optimizers, and whole networks of all layers in every precision. Each cell is asserted by one of
 * these rules:
 *
 *   - An activation has the value of the table below, which is its limit, or NaN where the formula
 *     is infinity times 0, or less infinity.
 *   - A row with NaN or infinity changes no bit of another row, but through batch statistics.
 *   - A loss of NaN outputs, or labels, is NaN. A step is taken if, and only if, its loss is a
 * finite number; else weights keep their bits.
 *   - A metric that is a mean of a formula is NaN where an output is; one that counts is a number.
 *   - A gradient that is not finite moves no weight; the largest and the smallest floats leave
 *     weights that are no NaN, but under Nadam, Adafactor and Ftrl: there, as in Keras, the largest
 *     float gives infinity over infinity, or less infinity.
 *
 * SPDX-License-Identifier: MIT */
#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <dlcore.h>

#include "support/models.h"

enum { SPECIALS = 7 };

static const float specials[SPECIALS] = {NAN,      INFINITY,  -INFINITY, FLT_MAX,
                                         -FLT_MAX, 0x1p-140F, -0x1p-140F};

/* What activations make of infinity, -infinity, the largest and the lowest float; what they make of
 * NaN is NaN, and of denormals what they make of 0. BIG: about the largest float. */
#define BIG FLT_MAX
static const struct {
    activation_t activation;
    float of[4], of_zero;
} table[] = {
    {ACTIVATION_LINEAR, {INFINITY, -INFINITY, BIG, -BIG}, 0},
    {ACTIVATION_RELU, {INFINITY, 0, BIG, 0}, 0},
    {ACTIVATION_SOFTMAX, {NAN, 0, 1, 0}, 1 / 3.F},
    {ACTIVATION_SIGMOID, {1, 0, 1, 0}, 0.5F},
    {ACTIVATION_TANH, {1, -1, 1, -1}, 0},
    {ACTIVATION_LEAKY_RELU, {INFINITY, -INFINITY, BIG, -0.2F * BIG}, 0},
    {ACTIVATION_RELU6, {6, 0, 6, 0}, 0},
    {ACTIVATION_ELU, {INFINITY, -1, BIG, -1}, 0},
    {ACTIVATION_SELU, {INFINITY, -1.7580993F, INFINITY, -1.7580993F}, 0},
    {ACTIVATION_GELU, {INFINITY, NAN, BIG, 0}, 0},
    {ACTIVATION_GELU_TANH, {INFINITY, NAN, BIG, 0}, 0},
    {ACTIVATION_SILU, {INFINITY, NAN, BIG, 0}, 0},
    {ACTIVATION_SOFTPLUS, {INFINITY, 0, BIG, 0}, 0.6931472F},
    {ACTIVATION_SOFTSIGN, {NAN, NAN, 1, -1}, 0},
    {ACTIVATION_HARD_SIGMOID, {1, 0, 1, 0}, 0.5F},
    {ACTIVATION_HARD_SILU, {INFINITY, NAN, BIG, 0}, 0},
    {ACTIVATION_MISH, {INFINITY, NAN, BIG, 0}, 0},
    {ACTIVATION_EXPONENTIAL, {INFINITY, 0, INFINITY, 0}, 1},
    {ACTIVATION_LOG_SOFTMAX, {NAN, -INFINITY, 0, -BIG}, -1.0986123F},
    {ACTIVATION_CELU, {INFINITY, -1, BIG, -1}, 0},
    {ACTIVATION_HARD_TANH, {1, -1, 1, -1}, 0},
    {ACTIVATION_LOG_SIGMOID, {0, -INFINITY, 0, -BIG}, -0.6931472F},
    {ACTIVATION_SOFT_SHRINK, {INFINITY, -INFINITY, BIG, -BIG}, 0},
    {ACTIVATION_HARD_SHRINK, {INFINITY, -INFINITY, BIG, -BIG}, 0},
    {ACTIVATION_TANH_SHRINK, {INFINITY, -INFINITY, BIG, -BIG}, 0},
    {ACTIVATION_SQUAREPLUS, {INFINITY, 0, BIG, 0}, 1},
    {ACTIVATION_SPARSE_PLUS, {INFINITY, 0, BIG, 0}, 0.25F},
    {ACTIVATION_SPARSE_SIGMOID, {1, 0, 1, 0}, 0.5F},
    {ACTIVATION_SPARSEMAX, {NAN, 0, 1, 0}, 1 / 3.F},
    {ACTIVATION_SPARSEMAX_KERAS, {NAN, 0, 1, 0}, 1 / 3.F},
    {ACTIVATION_RELU_GENERAL, {INFINITY, -INFINITY, BIG, -0.2F * BIG}, 0},
};

static void assert_cell(const char *name, float x, float value, float wanted)
{
    bool same = isnan(wanted)   ? isnan(value)
                : isinf(wanted) ? value == wanted
                                : fabsf(value - wanted) <= 1e-6F * fmaxf(1, fabsf(wanted));
    if (!same)
        fail_msg("%s of %g is %g, not %g", name, (double)x, (double)value, (double)wanted);
}

static void predict(const model_t *model, const float *x, size_t rows, size_t width, float *outputs)
{
    tensor_t *in = borrow_floats(x, rows, width), *out = NULL;
    size_t shape[2] = {rows, model_output_width(model)};
    assert_int_equal(tensor_borrow(NULL, DTYPE_FLOAT32, 2, shape, outputs, 0, &out, NULL),
                     DLCORE_OK);
    assert_int_equal(model_predict(model, in, out), DLCORE_OK);
    tensor_free(in);
    tensor_free(out);
}

static void check_activation(size_t row, engine_t engine)
{
    const char *name = activation_name(table[row].activation);
    model_options_t options = model_options_default();
    model_t *model = NULL;
    float x[9] = {0.5F}, y[9], clean[9];
    options.engine = engine;
    options.flush_denormals = engine == ENGINE_BLAS;
    assert_int_equal(model_create(&options, &model), DLCORE_OK);
    assert_accepted(model, model_add(model, layer_activation(table[row].activation)));
    assert_accepted(model, model_build(model, 3));
    predict(model, x, 3, 3, clean);
    for (size_t s = 0; s < SPECIALS; s++) {
        x[4] = specials[s];
        predict(model, x, 3, 3, y);
        assert_cell(name, x[4], y[4],
                    s == 0  ? NAN
                    : s < 5 ? table[row].of[s - 1]
                            : table[row].of_zero);
        assert_memory_equal(y, clean, 3 * sizeof *y);
        assert_memory_equal(y + 6, clean + 6, 3 * sizeof *y);
    }
    model_free(model);
}

static void test_special_numbers_activations_have_their_limits(void **state)
{
    (void)state;
    for (size_t row = 0; row < sizeof table / sizeof *table; row++) {
        check_activation(row, ENGINE_AUTO);
        check_activation(row, ENGINE_BLAS);
    }
    /* the last of them: a new one needs a row */
    assert_int_equal(sizeof table / sizeof *table, ACTIVATION_RELU_GENERAL);
}

/* ---- losses and metrics ---- */

typedef struct two_rows {
    float x[4], y[4];
    int32_t classes[2];
} two_rows_t;

/* A model that gives what it gets, with a bias that can move. */
static model_t *echo(const compile_options_t *how)
{
    static const float weights[6] = {1, 0, 0, 1, 0, 0};
    model_t *model = NULL;
    assert_int_equal(model_create(NULL, &model), DLCORE_OK);
    assert_accepted(model, model_add(model, layer_dense(2, ACTIVATION_LINEAR)));
    assert_accepted(model, model_build(model, 2));
    assert_accepted(model, model_set_weights(model, weights, 6));
    assert_accepted(model, model_compile_with(model, how));
    return model;
}

static void assert_weights_kept(const model_t *model, const char *name, float special)
{
    static const float weights[6] = {1, 0, 0, 1, 0, 0};
    float now[6];
    assert_int_equal(model_get_weights(model, now, 6), DLCORE_OK);
    for (size_t i = 0; i < 6; i++)
        if (weights[i] != now[i])
            fail_msg("%s with %g: weights have moved", name, (double)special);
}

static tensor_t *labels(const two_rows_t *rows, bool classes)
{
    tensor_t *y = NULL;
    if (!classes)
        return borrow_floats(rows->y, 2, 2);
    assert_int_equal(
        tensor_borrow_const(NULL, DTYPE_INT32, 1, (size_t[]){2}, rows->classes, 0, &y, NULL),
        DLCORE_OK);
    return y;
}

static void check_loss(loss_kind_t kind, bool in_labels, float special)
{
    compile_options_t how = compile_options_default();
    two_rows_t rows = {{0.5F, 0.25F, 0.5F, 0.25F}, {0, 1, 1, 0}, {0, 1}};
    bool classes = kind == LOSS_SPARSE_CATEGORICAL_CROSSENTROPY;
    evaluation_t result = {0};
    if (in_labels)
        rows.y[2] = special;
    else
        rows.x[2] = special;
    how.loss = loss_default(kind);
    how.optimizer = optimizer_sgd();
    model_t *model = echo(&how);
    tensor_t *x = borrow_floats(rows.x, 2, 2), *y = labels(&rows, classes);
    dlcore_status status = model_evaluate(model, x, y, NULL, &result);
    dlcore_status step = model_train_on_batch(model, x, y, NULL);
    const char *name = loss_name(kind);
    if (status == DLCORE_ERROR_RANGE) /* a label that the loss has no meaning for */
        assert_true(in_labels && !isnan(special));
    else
        assert_int_equal(status, DLCORE_OK);
    if (isnan(special) && !(classes && in_labels) && !isnan(result.loss))
        fail_msg("%s of NaN is %g", name, result.loss);
    dlcore_status wanted = status != DLCORE_OK     ? status
                           : isfinite(result.loss) ? DLCORE_OK
                                                   : DLCORE_ERROR_NOT_FINITE;
    if (step != wanted)
        fail_msg("%s with %g: loss %g, step %s", name, (double)special, result.loss,
                 dlcore_status_name(step));
    if (step != DLCORE_OK)
        assert_weights_kept(model, name, special);
    tensor_free(x);
    tensor_free(y);
    model_free(model);
}

static void test_special_numbers_a_step_is_taken_where_the_loss_is_a_number(void **state)
{
    (void)state;
    for (int kind = LOSS_CATEGORICAL_CROSSENTROPY; kind < LOSS_FUNCTION; kind++)
        for (size_t s = 0; s < SPECIALS; s++) {
            check_loss((loss_kind_t)kind, false, specials[s]);
            check_loss((loss_kind_t)kind, true, specials[s]);
        }
}

/* Metrics that compare and count; the others are formulas of the outputs. */
static bool counts(metric_kind_t kind)
{
    switch (kind) {
    case METRIC_ACCURACY:
    case METRIC_CATEGORICAL_ACCURACY:
    case METRIC_SPARSE_CATEGORICAL_ACCURACY:
    case METRIC_BINARY_ACCURACY:
    case METRIC_EQUAL_ACCURACY:
    case METRIC_TOP_K_CATEGORICAL_ACCURACY:
    case METRIC_SPARSE_TOP_K_CATEGORICAL_ACCURACY:
    case METRIC_PRECISION:
    case METRIC_RECALL:
    case METRIC_F1_SCORE:
    case METRIC_FBETA_SCORE:
    case METRIC_AUC:
    case METRIC_TRUE_POSITIVES:
    case METRIC_TRUE_NEGATIVES:
    case METRIC_FALSE_POSITIVES:
    case METRIC_FALSE_NEGATIVES:
    case METRIC_SENSITIVITY_AT_SPECIFICITY:
    case METRIC_SPECIFICITY_AT_SENSITIVITY:
    case METRIC_PRECISION_AT_RECALL:
    case METRIC_RECALL_AT_PRECISION:
        return true;
    default:
        return false;
    }
}

static void check_metric(metric_kind_t kind, float special)
{
    compile_options_t how = compile_options_default();
    two_rows_t rows = {{0.5F, 0.25F, special, 0.25F}, {0, 1, 1, 0}, {0, 1}};
    bool classes = kind == METRIC_SPARSE_CATEGORICAL_ACCURACY ||
                   kind == METRIC_SPARSE_CATEGORICAL_CROSSENTROPY ||
                   kind == METRIC_SPARSE_TOP_K_CATEGORICAL_ACCURACY;
    evaluation_t result = {0};
    how.loss = classes ? loss_sparse_categorical_crossentropy() : loss_mean_squared_error();
    how.metrics[0] = metric_default(kind);
    how.metrics[0].at = 0.5;
    how.metric_count = 1;
    model_t *model = echo(&how);
    tensor_t *x = borrow_floats(rows.x, 2, 2), *y = labels(&rows, classes);
    assert_int_equal(model_evaluate(model, x, y, NULL, &result), DLCORE_OK);
    double value = result.metrics[0].value;
    if (counts(kind) ? !(value >= 0 && value <= 4) : isnan(special) && !isnan(value))
        fail_msg("%s of %g is %g", metric_name(kind), (double)special, value);
    tensor_free(x);
    tensor_free(y);
    model_free(model);
}

static void test_special_numbers_metrics_that_count_count_and_formulas_are_nan(void **state)
{
    (void)state;
    for (int kind = METRIC_ACCURACY; kind < METRIC_FUNCTION; kind++)
        for (size_t s = 0; s < SPECIALS; s++)
            check_metric((metric_kind_t)kind, specials[s]);
}

/* ---- optimizers ---- */

static void check_optimizer(optimizer_kind_t kind, float special)
{
    compile_options_t how = compile_options_default();
    float gradients[6] = {0.5F, -0.5F, 0.25F, special, 0.125F, -1}, weights[6];
    how.optimizer = optimizer_from_name(optimizer_name(kind));
    how.loss = loss_mean_squared_error();
    model_t *model = echo(&how);
    dlcore_status status = model_apply_gradients(model, gradients, 6);
    assert_int_equal(status, isfinite(special) ? DLCORE_OK : DLCORE_ERROR_NOT_FINITE);
    if (status != DLCORE_OK)
        assert_weights_kept(model, optimizer_name(kind), special);
    assert_int_equal(model_get_weights(model, weights, 6), DLCORE_OK);
    for (size_t i = 0; i < 6; i++)
        if (isnan(weights[i]) !=
            (fabsf(special) == FLT_MAX &&
             (((kind == OPTIMIZER_NADAM || kind == OPTIMIZER_FTRL) && i == 3) ||
              (kind == OPTIMIZER_ADAFACTOR && i < 4))))
            fail_msg("%s: a gradient of %g makes weight %zu %g", optimizer_name(kind),
                     (double)special, i, (double)weights[i]);
    model_free(model);
}

static void test_special_numbers_gradients_that_are_not_finite_move_nothing(void **state)
{
    (void)state;
    for (int kind = OPTIMIZER_SGD; kind <= OPTIMIZER_FTRL; kind++)
        for (size_t s = 0; s < SPECIALS; s++)
            check_optimizer((optimizer_kind_t)kind, specials[s]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_special_numbers_activations_have_their_limits),
        cmocka_unit_test(test_special_numbers_a_step_is_taken_where_the_loss_is_a_number),
        cmocka_unit_test(test_special_numbers_metrics_that_count_count_and_formulas_are_nan),
        cmocka_unit_test(test_special_numbers_gradients_that_are_not_finite_move_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
