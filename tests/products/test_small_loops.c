/* Small networks, which train with samples in lanes, against the same networks on BLAS.
 *
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <dlcore.h>

#include "products/products_training.h"
#include "support/models.h"

enum { SAMPLES = 100, WIDTH = 16, WEIGHTS_MAX = 1200 };

typedef struct net {
    size_t inputs, hidden, units;
    activation_t inside, last;
    loss_t loss;
    metric_kind_t metric;
} net_t;

static float x_data[SAMPLES * WIDTH], y_data[SAMPLES * WIDTH];
static int32_t classes[SAMPLES];

static float random_float(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    return (float)(*state >> 8) / 8388608.0f - 1.0f;
}

static tensor_t *borrowed(dtype_t dtype, size_t rank, size_t width, const void *data)
{
    const size_t shape[2] = {SAMPLES, width};
    tensor_t *tensor = NULL;

    assert_int_equal(tensor_borrow_const(NULL, dtype, rank, shape, data, 0, &tensor, NULL),
                     DLCORE_OK);
    return tensor;
}

/* Labels that suit the loss: shares of 1, or bits, or values. */
static void draw(const net_t *net, uint32_t seed)
{
    for (size_t i = 0; i < SAMPLES * WIDTH; i++) {
        x_data[i] = random_float(&seed);
        y_data[i] = random_float(&seed);
        if (net->loss.kind != LOSS_MEAN_SQUARED_ERROR)
            y_data[i] = 0.0f;
    }
    for (size_t r = 0; r < SAMPLES; r++) {
        classes[r] = (int32_t)((size_t)((random_float(&seed) + 1.0f) * 1000.0f) % net->units);
        if (net->loss.kind != LOSS_MEAN_SQUARED_ERROR)
            y_data[r * net->units + (size_t)classes[r]] = 1.0f;
    }
}

static model_t *trained(const net_t *net, engine_t engine, size_t batch, history_t **history)
{
    model_options_t options = model_options_default();
    fit_options_t how = fit_options_default();
    compile_options_t compile = compile_options_default();
    bool sparse = net->loss.kind == LOSS_SPARSE_CATEGORICAL_CROSSENTROPY;
    tensor_t *x = borrowed(DTYPE_FLOAT32, 2, net->inputs, x_data);
    tensor_t *y = sparse ? borrowed(DTYPE_INT32, 1, 1, classes)
                         : borrowed(DTYPE_FLOAT32, 2, net->units, y_data);
    model_t *model = NULL;

    options.engine = engine;
    assert_int_equal(model_create(&options, &model), DLCORE_OK);
    model_add(model, layer_rescaling(2.0, 0.5));
    if (net->hidden > 0)
        model_add(model, layer_dense(net->hidden, net->inside));
    model_add(model, layer_dense(net->units, net->last));
    compile.loss = net->loss;
    if (net->metric != METRIC_NONE) {
        compile.metrics[0] = metric_default(net->metric);
        compile.metric_count = 1;
    }
    assert_accepted(model, model_compile_with(model, &compile));
    how.batch_size = batch;
    how.epochs = 2;
    assert_accepted(model, model_fit(model, x, y, &how, history));
    tensor_free(x);
    tensor_free(y);
    return model;
}

static void compare(const net_t *net, size_t batch)
{
    history_t *small_history = NULL, *blas_history = NULL;
    model_t *small, *blas;
    static float a[WEIGHTS_MAX], b[WEIGHTS_MAX];
    double difference = 0.0, norm = 0.0;
    size_t count;

    draw(net, (uint32_t)(batch * 7 + net->units));
    small = trained(net, ENGINE_AUTO, batch, &small_history);
    blas = trained(net, ENGINE_BLAS, batch, &blas_history);
    count = model_parameter_count(small);
    assert_true(count <= WEIGHTS_MAX);
    assert_accepted(small, model_get_weights(small, a, count));
    assert_accepted(blas, model_get_weights(blas, b, count));
    for (size_t i = 0; i < count; i++) {
        difference = fmax(difference, fabs((double)a[i] - (double)b[i]));
        norm = fmax(norm, fabs((double)b[i]));
    }
    if (!(difference <= 2e-5 * norm))
        fail_msg("weights differ by %g of %g, batch %zu, loss %d", difference, norm, batch,
                 (int)net->loss.kind);
    for (size_t v = 0; v < history_value_count(blas_history); v++) {
        const char *name = history_name(blas_history, v);
        assert_float_equal((float)history_value(small_history, name, 1),
                           (float)history_value(blas_history, name, 1), 2e-5f);
    }
    history_free(small_history);
    history_free(blas_history);
    model_free(small);
    model_free(blas);
}

static const net_t nets[] = {
    {2,
     8,
     1,
     ACTIVATION_TANH,
     ACTIVATION_SIGMOID,
     {.kind = LOSS_BINARY_CROSSENTROPY},
     METRIC_ACCURACY},
    {3,
     5,
     2,
     ACTIVATION_SIGMOID,
     ACTIVATION_LINEAR,
     {.kind = LOSS_BINARY_CROSSENTROPY, .from_logits = true},
     METRIC_NONE},
    {16,
     16,
     16,
     ACTIVATION_TANH,
     ACTIVATION_SOFTMAX,
     {.kind = LOSS_CATEGORICAL_CROSSENTROPY},
     METRIC_ACCURACY},
    {4,
     9,
     3,
     ACTIVATION_LINEAR,
     ACTIVATION_SOFTMAX,
     {.kind = LOSS_SPARSE_CATEGORICAL_CROSSENTROPY},
     METRIC_ACCURACY},
    {7,
     0,
     4,
     ACTIVATION_LINEAR,
     ACTIVATION_TANH,
     {.kind = LOSS_CATEGORICAL_CROSSENTROPY, .from_logits = true},
     METRIC_NONE},
    {1,
     13,
     1,
     ACTIVATION_TANH,
     ACTIVATION_LINEAR,
     {.kind = LOSS_MEAN_SQUARED_ERROR},
     METRIC_MEAN_ABSOLUTE_ERROR},
    {5,
     4,
     11,
     ACTIVATION_SIGMOID,
     ACTIVATION_SIGMOID,
     {.kind = LOSS_MEAN_SQUARED_ERROR},
     METRIC_NONE},
    {2,
     8,
     1,
     ACTIVATION_TANH,
     ACTIVATION_SIGMOID,
     {.kind = LOSS_BINARY_CROSSENTROPY, .label_smoothing = 0.2},
     METRIC_ACCURACY},
    {4,
     9,
     3,
     ACTIVATION_TANH,
     ACTIVATION_SOFTMAX,
     {.kind = LOSS_CATEGORICAL_CROSSENTROPY, .label_smoothing = 0.3, .reduction = REDUCTION_SUM},
     METRIC_ACCURACY},
};

static void test_small_training_agrees_with_blas(void **state)
{
    static const size_t batches[] = {1, 2, 15, 16, 17, 33, 100};

    (void)state;
    for (size_t n = 0; n < sizeof nets / sizeof *nets; n++) {
        for (size_t i = 0; i < sizeof batches / sizeof *batches; i++)
            compare(&nets[n], batches[i]);
    }
}

/* The index-th that this CPU has, NULL past the last. */
static const dlcore_small_functions_t *small_target(size_t index)
{
    const dlcore_products_t *native = dlcore_products_native(index);

    return native != NULL ? dlcore_products_training(native)->small() : NULL;
}

/* The other target's code, on the same group. */
static void test_small_targets_agree(void **state)
{
    const dlcore_small_functions_t *targets[2] = {small_target(0), small_target(1)};
    dlcore_small_t net = {.layers = {{2, 3, 0, 32, true, DLCORE_ACTIVATION_RELU},
                                     {3, 2, 48, 96, true, DLCORE_ACTIVATION_LINEAR}},
                          .layer_count = 2,
                          .loss = DLCORE_SMALL_CATEGORICAL_CROSSENTROPY};
    static float values[112], x[WIDTH], t[WIDTH], y[4][WIDTH], gradients[4][112];
    float *work = calloc(dlcore_small_work(&net), sizeof *work);
    uint32_t seed = 5;

    (void)state;
    assert_non_null(work);
    if (targets[0] == NULL || targets[1] == NULL) {
        free(work);
        skip();
    }
    for (size_t i = 0; i < 112; i++)
        values[i] = i % 16 < 2 || (i < 48 && i % 16 < 3) ? random_float(&seed) : 0.0f;
    x[0] = 0.5f;
    x[1] = -1.5f;
    t[1] = 1.0f;
    for (size_t k = 0; k < 4; k++) { /* with all lanes, then with half of them */
        dlcore_small_row_t row = {values, x, t, y[k], work, gradients[k]};
        float loss;

        net.is_narrow = k >= 2;
        loss = targets[k % 2]->run_row(&net, &row);
        assert_float_equal(loss, -logf(y[k][1]), 1e-6f);
        for (size_t i = 0; i < 112; i++)
            assert_float_equal(gradients[k][i], gradients[0][i], 1e-6f);
    }
    free(work);
}

/* An infinite input must not reach weights that do not exist. */
static void test_small_infinite_input_leaves_padding_zero(void **state)
{
    const dlcore_small_functions_t *targets[2] = {small_target(0), small_target(1)};
    const dlcore_small_t net = {.layers = {{1, 2, 0, 16, true, DLCORE_ACTIVATION_LINEAR}},
                                .layer_count = 1,
                                .loss = DLCORE_SMALL_SQUARED_ERROR};
    float values[32] = {0}, x[WIDTH] = {INFINITY}, t[WIDTH] = {0}, y[WIDTH], gradients[32];
    float *work = calloc(dlcore_small_work(&net), sizeof *work);

    (void)state;
    assert_non_null(work);
    for (size_t k = 0; k < 2; k++) {
        dlcore_small_row_t row = {values, x, t, y, work, gradients};

        if (targets[k] == NULL)
            continue;
        assert_true(isnan(targets[k]->run_row(&net, &row)));
        for (size_t i = 2; i < 16; i++)
            assert_float_equal(gradients[i], 0.0f, 0.0f);
    }
    free(work);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_small_training_agrees_with_blas),
        cmocka_unit_test(test_small_targets_agree),
        cmocka_unit_test(test_small_infinite_input_leaves_padding_zero),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
