/* dlcore against Keras on TensorFlow, call by call: activations, layers, losses, metrics, gradients
 * and what initializers draw. The cases lie in tests/fixtures and say themselves what model, data
 * and results they are; test_keras_training.c has what takes several steps.
 *
 * Single operations are measured as LAPACK's tests do, error / (K * eps * norm) with K the length
 * of the sums behind a number and eps = 2^-23, and must stay below 4; networks in the Euclidean
 * norm, 1e-5.
 *
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <dlcore.h>

#include "support/agreement.h"
#include "support/fixture.h"
#include "support/models.h"
#include "support/network.h"

#define OPERATION_LIMIT 4.0
#define NETWORK_LIMIT 1e-5
#define EPSILON ((double)FLT_EPSILON)

/* A case of a fixture file, opened: the model with its weights, compiled when there is a loss. */
typedef struct opened {
    const fixture_t *fixture;
    const char *name;
    dlcore_model_t *model;
    dlcore_tensor_t *x, *y;
    size_t rows, width, units;
} opened_t;

static opened_t open_case(const fixture_t *fixture, const char *name)
{
    opened_t c = {.fixture = fixture, .name = name};
    c.x = fixture_tensor(fixture_array(fixture, name, "x"));
    c.rows = dlcore_tensor_length(c.x, 0);
    c.width = dlcore_tensor_row_size(c.x);
    c.model = network_model(fixture, name, c.width);
    c.units = dlcore_model_output_width(c.model);
    if (fixture_text(fixture, name, "loss") != NULL) {
        dlcore_compile_options_t options = network_compile_options(fixture, name);
        assert_accepted(c.model, dlcore_model_compile_with(c.model, &options));
        c.y = fixture_tensor(fixture_array(fixture, name, "y"));
    }
    return c;
}

static void close_case(opened_t *c)
{
    dlcore_model_free(c->model);
    dlcore_tensor_free(c->x);
    dlcore_tensor_free(c->y);
}

/* The caller frees it: (rows, units). */
static float *predict(const opened_t *c)
{
    float *values = calloc(c->rows * c->units, sizeof *values);
    dlcore_tensor_t *out = NULL;
    assert_non_null(values);
    assert_int_equal(dlcore_tensor_borrow(NULL, DLCORE_DTYPE_FLOAT32, 2,
                                          (size_t[]){c->rows, c->units}, values, 0, &out, NULL),
                     DLCORE_OK);
    assert_accepted(c->model, dlcore_model_predict(c->model, c->x, out));
    dlcore_tensor_free(out);
    return values;
}

static dlcore_evaluation_t evaluate(const opened_t *c)
{
    dlcore_evaluate_options_t how = dlcore_evaluate_options_default();
    dlcore_error_record_t error = {0};
    dlcore_evaluation_t result;
    if (fixture_find(c->fixture, c->name, "batch_size") != NULL)
        how.batch_size = fixture_count(c->fixture, c->name, "batch_size");
    how.error = &error;
    if (dlcore_model_evaluate(c->model, c->x, c->y, &how, &result) != DLCORE_OK)
        fail_msg("%s: %s", c->name, error.message);
    return result;
}

static float expected_number(const opened_t *c, const char *key)
{
    return fixture_floats(fixture_array(c->fixture, c->name, key))[0];
}

/* ---- forward ---- */

/* Keras forms elu of exp(x) - 1, gelu of 1 + erf, tanh_shrink of x - tanh(x), which cancel: there,
 * errors are measured by 1 and by x. Denormals may be 0. */
static double element_error(const opened_t *c, const char *line, const float *values,
                            const float *reference)
{
    const float *x = fixture_floats(fixture_array(c->fixture, c->name, "x"));
    bool by_one = strstr(line, " elu") != NULL || strstr(line, " selu") != NULL;
    bool by_input = strstr(line, "lu") != NULL || strstr(line, "mish") != NULL ||
                    strstr(line, "shrink") != NULL;

    return agreement_elements(values, reference, by_input && !by_one ? x : NULL, c->rows * c->units,
                              by_one ? 1 : 1e-30);
}

static void add_predictions(agreement_t *table, const opened_t *c)
{
    const char *first = fixture_text(c->fixture, c->name, "layer0");
    bool by_element = strncmp(first, "activation", 10) == 0 && strstr(first, "softmax") == NULL &&
                      strstr(first, "sparsemax") == NULL;
    double sums = by_element ? 1 : (double)c->width;
    float *values = predict(c);
    const float *reference = fixture_floats(fixture_array(c->fixture, c->name, "y_pred"));
    double error = by_element
                       ? element_error(c, first, values, reference)
                       : agreement_grouped(values, reference, c->rows * c->units, c->units, 0);
    agreement_add(table, c->name, "outputs", error / (sums * EPSILON), OPERATION_LIMIT);
    free(values);
}

static void check_predictions(const char *file, const char *title)
{
    fixture_t *fixture = fixture_load(file);
    agreement_t table = agreement_begin(title, "error / (K eps norm)");
    size_t position = 0;
    const char *name = NULL;
    while ((name = fixture_next(fixture, "layer0", &position)) != NULL) {
        opened_t c = open_case(fixture, name);
        add_predictions(&table, &c);
        close_case(&c);
    }
    agreement_end(&table);
    fixture_free(fixture);
}

static void test_keras_activations_and_layers_agree(void **state)
{
    (void)state;
    check_predictions("activations.txt", "activations: alone and in layers");
    check_predictions("more_activations.txt", "activations: more");
    check_predictions("sparsemax.txt", "activations: Keras's sparsemax");
}

/* ---- losses ---- */

static float *gradients(const opened_t *c, double *loss)
{
    size_t count = dlcore_model_parameter_count(c->model);
    float *values = calloc(count, sizeof *values);
    assert_non_null(values);
    assert_accepted(c->model, dlcore_model_gradients(c->model, c->x, c->y, values, count, loss));
    return values;
}

/* Relative to the loss, or to 1, the scale of probabilities and of logits' differences. */
static double loss_error(const opened_t *c, double loss)
{
    double expected = (double)expected_number(c, "expected_loss");
    return fabs(loss - expected) / ((double)c->units * EPSILON * fmax(1, fabs(expected)));
}

static void add_loss(agreement_t *table, const opened_t *c)
{
    agreement_add(table, c->name, "loss", loss_error(c, evaluate(c).loss), OPERATION_LIMIT);
    const fixture_array_t *expected = fixture_find(c->fixture, c->name, "expected_gradients");
    if (expected == NULL)
        return;
    double loss = 0;
    float *values = gradients(c, &loss);
    double error = agreement_grouped(values, fixture_floats(expected), expected->size, c->units,
                                     1 / (double)(c->rows * c->units));
    agreement_add(table, c->name, "again", loss_error(c, loss), OPERATION_LIMIT);
    agreement_add(table, c->name, "gradient", error / ((double)c->units * EPSILON),
                  OPERATION_LIMIT);
    free(values);
}

static void check_losses(const char *file, const char *title)
{
    fixture_t *fixture = fixture_load(file);
    agreement_t table = agreement_begin(title, "error / (K eps norm)");
    size_t position = 0;
    const char *name = NULL;
    while ((name = fixture_next(fixture, "loss", &position)) != NULL) {
        opened_t c = open_case(fixture, name);
        add_loss(&table, &c);
        close_case(&c);
    }
    agreement_end(&table);
    fixture_free(fixture);
}

static void test_keras_losses_agree_in_value_and_gradient(void **state)
{
    (void)state;
    check_losses("losses.txt", "losses: of networks");
}

static void test_keras_loss_under_another_activation_is_of_the_outputs(void **state)
{
    (void)state;
    check_losses("mismatched.txt", "losses: under another loss's activation");
}

/* ---- metrics ---- */

static bool is_count(const char *metric)
{
    return strstr(metric, "accuracy") != NULL;
}

/* Accuracies are counts over a number of samples: equal once rounded to Keras's float32. */
static void add_metrics(agreement_t *table, const opened_t *c, const dlcore_evaluation_t *result)
{
    char key[48], expected_key[48];
    for (size_t i = 0; i < result->metric_count; i++) {
        snprintf(key, sizeof key, "metric%zu", i);
        snprintf(expected_key, sizeof expected_key, "expected_metric%zu", i);
        assert_non_null(fixture_text(c->fixture, c->name, key));
        const char *name = network_metric_name(c->fixture, c->name, i);
        double expected = (double)expected_number(c, expected_key);
        double value = dlcore_evaluation_value(result, result->metrics[i].name);
        assert_true(value == result->metrics[i].value);
        if (is_count(name))
            agreement_add(table, c->name, "count off by",
                          fabs((double)(float)value - expected) * (double)(c->rows * c->units),
                          1e-9);
        else
            agreement_add(table, c->name, name,
                          fabs(value - expected) / (EPSILON * (double)c->units * fabs(expected)),
                          OPERATION_LIMIT);
    }
    snprintf(key, sizeof key, "metric%zu", result->metric_count);
    assert_null(fixture_text(c->fixture, c->name, key));
}

static void test_keras_metrics_agree_counts_exactly(void **state)
{
    (void)state;
    fixture_t *fixture = fixture_load("metrics.txt");
    agreement_t table =
        agreement_begin("metrics: of networks", "error / (K eps norm), counts exact");
    size_t position = 0;
    const char *name = NULL;
    while ((name = fixture_next(fixture, "loss", &position)) != NULL) {
        opened_t c = open_case(fixture, name);
        dlcore_evaluation_t result = evaluate(&c);
        double expected = (double)expected_number(&c, "expected_loss");
        double error = fabs(result.loss - expected) / (EPSILON * (double)c.units * fabs(expected));
        agreement_add(&table, name, "loss", error, OPERATION_LIMIT);
        add_metrics(&table, &c, &result);
        close_case(&c);
    }
    agreement_end(&table);
    fixture_free(fixture);
}

/* ---- gradients of networks ---- */

static void check_gradients(const char *file, const char *title)
{
    fixture_t *fixture = fixture_load(file);
    agreement_t table = agreement_begin(title, "norm of difference / norm");
    size_t position = 0;
    const char *name = NULL;
    while ((name = fixture_next(fixture, "loss", &position)) != NULL) {
        opened_t c = open_case(fixture, name);
        double loss = 0, expected = (double)expected_number(&c, "expected_loss");
        float *outputs = predict(&c), *values = gradients(&c, &loss);
        const fixture_array_t *reference = fixture_array(fixture, name, "expected_gradients");
        assert_int_equal(reference->size, dlcore_model_parameter_count(c.model));
        double error = agreement_norm(
            outputs, fixture_floats(fixture_array(fixture, name, "y_pred")), c.rows * c.units);
        agreement_add(&table, name, "outputs", error, NETWORK_LIMIT);
        agreement_add(&table, name, "loss", fabs(loss - expected) / fabs(expected), NETWORK_LIMIT);
        error = agreement_norm(values, fixture_floats(reference), reference->size);
        agreement_add(&table, name, "gradients", error, NETWORK_LIMIT);
        dlcore_evaluation_t result = evaluate(&c);
        add_metrics(&table, &c, &result);
        free(outputs);
        free(values);
        close_case(&c);
    }
    agreement_end(&table);
    fixture_free(fixture);
}

static void test_keras_gradients_of_networks_agree(void **state)
{
    (void)state;
    check_gradients("gradients.txt", "networks: gradients");
    check_gradients("activation_gradients.txt", "networks: gradients through more activations");
    check_gradients("sparsemax.txt", "networks: gradients through Keras's sparsemax");
}

/* ---- initializers ---- */

typedef struct drawn {
    const char *name; /* of the fixture */
    dlcore_initializer_t initializer;
    bool endless; /* its largest value depends on the draw */
} drawn_t;

/* Numbers of a large kernel as drawn by a model: in the order of the fixture. */
static void measure_draw(const dlcore_initializer_t *initializer, size_t inputs, size_t units,
                         double found[4])
{
    size_t count = inputs * units;
    float *values = calloc(count, sizeof *values);
    dlcore_layer_t layer = dlcore_layer_dense(units, DLCORE_ACTIVATION_LINEAR);
    dlcore_model_t *model = NULL;
    double square = 0;

    memset(found, 0, 4 * sizeof *found);
    layer.kernel_initializer = *initializer;
    assert_int_equal(dlcore_model_create(NULL, &model), DLCORE_OK);
    assert_accepted(model, dlcore_model_add(model, layer));
    assert_accepted(model, dlcore_model_build(model, inputs));
    assert_accepted(model, dlcore_model_get_weight(model, 0, values, count));
    for (size_t i = 0; i < count; i++) {
        double value = (double)values[i];
        found[0] = fmax(found[0], fabs(value));
        found[1] += value / (double)count;
        square += value * value / (double)count;
        found[3] += fabs(value) / (double)count;
    }
    found[2] = sqrt(square - found[1] * found[1]);
    dlcore_model_free(model);
    free(values);
}

static void test_keras_initializers_draw_from_the_same_distributions(void **state)
{
    const drawn_t cases[] = {
        {"glorot_uniform", dlcore_initializer_glorot_uniform(), false},
        {"glorot_normal", dlcore_initializer_glorot_normal(), false},
        {"he_uniform", dlcore_initializer_he_uniform(), false},
        {"he_normal", dlcore_initializer_he_normal(), false},
        {"lecun_uniform", dlcore_initializer_lecun_uniform(), false},
        {"lecun_normal", dlcore_initializer_lecun_normal(), false},
        {"random_uniform", dlcore_initializer_from_name("uniform"), false},
        {"random_uniform_within", dlcore_initializer_random_uniform(0.5, 2.0), false},
        {"random_normal", dlcore_initializer_from_name("normal"), true},
        {"random_normal_about", dlcore_initializer_random_normal(-0.25, 0.5), true},
        {"truncated_normal", dlcore_initializer_from_name("truncated_normal"), false},
        {"truncated_normal_about", dlcore_initializer_truncated_normal(0.25, 0.5), false},
        {"variance_scaling", dlcore_initializer_from_name("variance_scaling"), false},
        {"scaled_out_uniform",
         dlcore_initializer_variance_scaling(3.0, DLCORE_INITIALIZER_FAN_OUT,
                                             DLCORE_INITIALIZER_DRAWS_UNIFORM),
         false},
        {"scaled_average_untruncated",
         dlcore_initializer_variance_scaling(0.5, DLCORE_INITIALIZER_FAN_AVG,
                                             DLCORE_INITIALIZER_DRAWS_UNTRUNCATED_NORMAL),
         true},
    };
    fixture_t *fixture = fixture_load("initializers.txt");
    const int32_t *shape = fixture_array(fixture, NULL, "shape")->data;
    double count = (double)shape[0] * (double)shape[1], found[4];
    agreement_t table =
        agreement_begin("initializers: large draws", "relative to Keras's own draw");

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const double *expected = fixture_array(fixture, NULL, cases[i].name)->data;

        measure_draw(&cases[i].initializer, (size_t)shape[0], (size_t)shape[1], found);
        agreement_add(&table, cases[i].name, "largest", fabs(found[0] / expected[0] - 1),
                      cases[i].endless ? 0.2 : 1e-3);
        agreement_add(&table, cases[i].name, "mean", fabs(found[1] - expected[1]) / found[2],
                      7 / sqrt(count)); /* both have an error of 1 / sqrt(count) */
        agreement_add(&table, cases[i].name, "deviation", fabs(found[2] / expected[2] - 1), 0.01);
        agreement_add(&table, cases[i].name, "absolute", fabs(found[3] / expected[3] - 1), 0.01);
    }
    agreement_end(&table);
    fixture_free(fixture);
}

/* ---- numbers that Keras publishes in its own tests ---- */

/* Mean categorical cross-entropy of three outputs, given as the kernel of a model over the
 * identity. */
static double published_loss(const float outputs[9], bool from_logits, size_t first, size_t rows)
{
    static const float identity[9] = {1, 0, 0, 0, 1, 0, 0, 0, 1};
    dlcore_model_t *model = NULL;
    dlcore_tensor_t *x = NULL;
    dlcore_layer_t layer = dlcore_layer_dense(3, DLCORE_ACTIVATION_LINEAR);
    dlcore_compile_options_t options = dlcore_compile_options_default();
    dlcore_evaluation_t result;
    layer.use_bias = false;
    options.loss = dlcore_loss_categorical_crossentropy();
    options.loss.from_logits = from_logits;
    assert_int_equal(dlcore_model_create(NULL, &model), DLCORE_OK);
    assert_accepted(model, dlcore_model_add(model, layer));
    assert_accepted(model, dlcore_model_build(model, 3));
    assert_accepted(model, dlcore_model_set_weights(model, outputs, 9));
    assert_accepted(model, dlcore_model_compile_with(model, &options));
    assert_int_equal(dlcore_tensor_borrow_const(NULL, DLCORE_DTYPE_FLOAT32, 2, (size_t[]){rows, 3},
                                                identity + 3 * first, 0, &x, NULL),
                     DLCORE_OK);
    assert_int_equal(dlcore_model_evaluate(model, x, x, NULL, &result), DLCORE_OK);
    dlcore_tensor_free(x);
    dlcore_model_free(model);
    return result.loss;
}

static void test_keras_published_crossentropies_agree_to_their_digits(void **state)
{
    (void)state;
    static const float logits[9] = {8, 1, 1, 0, 9, 1, 2, 3, 5};
    static const float outputs[9] = {.9f, .05f, .05f, .5f, .89f, .6f, .05f, .01f, .94f};
    static const double rows[3] = {0.001822, 0.000459, 0.169846};
    for (size_t i = 0; i < 3; i++)
        assert_true(fabs(published_loss(logits, true, i, 1) - rows[i]) < 1e-6);
    assert_true(fabs(published_loss(logits, true, 0, 3) - 0.0573) < 1e-4);
    assert_true(fabs(published_loss(outputs, false, 0, 3) - 0.3239) < 1e-4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keras_activations_and_layers_agree),
        cmocka_unit_test(test_keras_losses_agree_in_value_and_gradient),
        cmocka_unit_test(test_keras_loss_under_another_activation_is_of_the_outputs),
        cmocka_unit_test(test_keras_metrics_agree_counts_exactly),
        cmocka_unit_test(test_keras_gradients_of_networks_agree),
        cmocka_unit_test(test_keras_initializers_draw_from_the_same_distributions),
        cmocka_unit_test(test_keras_published_crossentropies_agree_to_their_digits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
