/* Means, variances and what is made of them, where numbers lie far from zero: sums of squares have
 * no digits left there, and a float lacks some of the mean's. References in long double, in two
 * passes.
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

#include "dlcore/data.h"
#include "dlcore/model.h"
#include "support/models.h"
#include "support/random_numbers.h"
#include "support/tensors.h"

static const float offsets[] = {0.0f, -1e4f, 1e8f};
enum { OFFSETS = 3 };

static float *floats(size_t count)
{
    float *memory = calloc(count + 1, sizeof *memory);

    assert_non_null(memory);
    return memory;
}

static long double mean_of(const float *x, size_t rows, size_t stride)
{
    long double sum = 0.0L;

    for (size_t r = 0; r < rows; r++)
        sum += (long double)x[r * stride];
    return sum / (long double)rows;
}

static long double variance_of(const float *x, size_t rows, size_t stride)
{
    long double mean = mean_of(x, rows, stride), sum = 0.0L;

    for (size_t r = 0; r < rows; r++)
        sum += ((long double)x[r * stride] - mean) * ((long double)x[r * stride] - mean);
    return sum / (long double)rows;
}

static void assert_close(const char *what, float offset, size_t rows, double got,
                         long double expected, double tolerance)
{
    if (!(fabs(got - (double)expected) <= tolerance))
        fail_msg("%s at offset %g, %zu rows: %.9g, not %.9Lg", what, (double)offset, rows, got,
                 expected);
}

/* ---- metrics: a model whose outputs are its inputs ---- */

static double metric_of(dlcore_metric_kind_t kind, const float *predictions, const float *labels,
                        size_t rows, size_t units)
{
    dlcore_optimizer_t sgd = dlcore_optimizer_sgd();
    dlcore_tensor_t *x = borrow_floats(predictions, rows, units);
    dlcore_tensor_t *y = borrow_floats(labels, rows, units);
    dlcore_model_t *model = NULL;
    dlcore_evaluate_options_t how = dlcore_evaluate_options_default();
    dlcore_evaluation_t result;

    how.batch_size = rows < 100 ? rows : 32;
    assert_int_equal(dlcore_model_create(NULL, &model), DLCORE_OK);
    assert_accepted(model, dlcore_model_add(model, dlcore_layer_rescaling(1.0, 0.0)));
    assert_accepted(model, dlcore_model_build(model, units));
    assert_accepted(model, dlcore_model_compile(model, &sgd, DLCORE_LOSS_MEAN_SQUARED_ERROR, kind));
    assert_accepted(model, dlcore_model_evaluate(model, x, y, &how, &result));
    dlcore_model_free(model);
    dlcore_tensor_free(x);
    dlcore_tensor_free(y);
    return result.metrics[0].value;
}

static void test_r2_score_of_equal_labels_is_0_with_errors_and_1_without(void **state)
{
    enum { ROWS = 57 };
    float labels[ROWS], predictions[ROWS];

    (void)state;
    for (size_t i = 0; i < ROWS; i++) {
        labels[i] = 0.1f;
        predictions[i] = 0.2f;
    }
    assert_true(metric_of(DLCORE_METRIC_R2_SCORE, predictions, labels, ROWS, 1) == 0.0);
    assert_true(metric_of(DLCORE_METRIC_R2_SCORE, labels, labels, ROWS, 1) == 1.0);
}

static void test_r2_score_far_from_zero_keeps_its_digits(void **state)
{
    static const size_t counts[] = {2, 1000, 1000000};

    (void)state;
    random_seed(41);
    for (size_t i = 0; i < OFFSETS * 3; i++) {
        float offset = offsets[i % OFFSETS], spread = fabsf(offset) * 1e-6f + 1.0f;
        size_t rows = counts[i / OFFSETS];
        float *labels = floats(rows), *predictions = floats(rows);
        long double errors = 0.0L;

        for (size_t r = 0; r < rows; r++) {
            labels[r] = offset + spread * (float)random_normal();
            predictions[r] = labels[r] + 0.5f * spread * (float)random_normal();
            errors += ((long double)labels[r] - (long double)predictions[r]) *
                      ((long double)labels[r] - (long double)predictions[r]) / (long double)rows;
        }
        assert_close("r2_score", offset, rows,
                     metric_of(DLCORE_METRIC_R2_SCORE, predictions, labels, rows, 1),
                     1.0L - errors / variance_of(labels, rows, 1), 1e-10);
        free(labels);
        free(predictions);
    }
}

static void test_cosine_similarity_of_nearly_orthogonal_rows_keeps_its_digits(void **state)
{
    enum { UNITS = 1001 };
    static const float sizes[] = {1e-3f, 1.0f, 1e8f, 1e25f};

    (void)state;
    random_seed(42);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        float labels[UNITS], predictions[UNITS];
        long double product = 0.0L, a = 0.0L, b = 0.0L;

        for (size_t u = 0; u < UNITS; u++) { /* pairs cancel, all but a little */
            labels[u] = sizes[i] * (1.0f + 0.5f * (float)random_unit());
            predictions[u] = u % 2 ? -labels[u - 1] : labels[u];
            labels[u] = u % 2 ? labels[u - 1] : labels[u];
        }
        predictions[UNITS - 1] *= 1e-3f;
        for (size_t u = 0; u < UNITS; u++) {
            product += (long double)labels[u] * (long double)predictions[u];
            a += (long double)labels[u] * (long double)labels[u];
            b += (long double)predictions[u] * (long double)predictions[u];
        }
        product /= sqrtl(a) * sqrtl(b);
        assert_close("cosine_similarity", sizes[i], 1,
                     metric_of(DLCORE_METRIC_COSINE_SIMILARITY, predictions, labels, 1, UNITS),
                     product, 1e-7 * (double)fabsl(product));
    }
}

/* Whole numbers, that an offset leaves what they are. */
static void test_correlations_far_from_zero_keep_their_digits(void **state)
{
    enum { UNITS = 1001 };
    static const float bases[] = {0.0f, 1e4f, 1e8f, -1e8f};

    (void)state;
    random_seed(44);
    for (size_t i = 0; i < sizeof bases / sizeof *bases; i++) {
        float labels[UNITS], predictions[UNITS];
        long double mean[2] = {0.0L, 0.0L}, squares[2] = {0.0L, 0.0L}, products = 0.0L, whole;

        for (size_t u = 0; u < UNITS; u++) {
            labels[u] = bases[i] + 8.0f * (float)random_below(50);
            predictions[u] = labels[u] + 8.0f * (float)random_below(30);
            mean[0] += (long double)labels[u] / UNITS;
            mean[1] += (long double)predictions[u] / UNITS;
        }
        for (size_t u = 0; u < UNITS; u++) {
            long double t = (long double)labels[u] - mean[0];
            long double p = (long double)predictions[u] - mean[1];
            squares[0] += t * t / UNITS;
            squares[1] += p * p / UNITS;
            products += t * p / UNITS;
        }
        whole = squares[0] + squares[1] + (mean[0] - mean[1]) * (mean[0] - mean[1]);
        assert_close("pearson_correlation", bases[i], 1,
                     metric_of(DLCORE_METRIC_PEARSON_CORRELATION, predictions, labels, 1, UNITS),
                     products / sqrtl(squares[0] * squares[1]), 1e-7);
        assert_close(
            "concordance_correlation", bases[i], 1,
            metric_of(DLCORE_METRIC_CONCORDANCE_CORRELATION, predictions, labels, 1, UNITS),
            2.0L * products / whole, 1e-7);
    }
}

/* Pairs of a positive and a negative that are in order, ties by half: exact. */
static void test_auc_of_a_million_ties_is_that_of_all_pairs(void **state)
{
    enum { ROWS = 1000000, LEVELS = 5 };
    float *labels = floats(ROWS), *predictions = floats(ROWS);
    long double counts[2][LEVELS] = {{0}}, pairs = 0.0L, all = 0.0L;

    (void)state;
    random_seed(43);
    for (size_t r = 0; r < ROWS; r++) {
        size_t level = random_below(LEVELS), positive = random_below(LEVELS + 3) < level + 1;
        labels[r] = (float)positive;
        predictions[r] = (float)level / (LEVELS - 1);
        counts[positive][level] += 1.0L;
    }
    for (size_t p = 0; p < LEVELS; p++) {
        for (size_t n = 0; n < LEVELS; n++) {
            all += counts[1][p] * counts[0][n];
            pairs += counts[1][p] * counts[0][n] * (p > n ? 1.0L : p == n ? 0.5L : 0.0L);
        }
    }
    assert_close("auc", 0.0f, ROWS, metric_of(DLCORE_METRIC_AUC, predictions, labels, ROWS, 1),
                 pairs / all, 1e-12);
    free(labels);
    free(predictions);
}

/* ---- normalizations that measure their batch ---- */

/* x (rows, 1), then z = x kernel + bias, then y = gamma (z - mean) / sqrt(variance + epsilon) +
 * beta, then the mean squared error against labels, which the gradients are of. */
typedef struct normalized {
    bool by_rows; /* each row by itself */
    size_t rows, units;
    float offset;
    float *x, *labels, *z, *weights; /* kernel, bias, gamma, beta: `units` each */
    double *gradients;               /* likewise */
    double *scales;                  /* what rounding errors of these go by */
    double loss;
} normalized_t;

static normalized_t normalized_create(bool by_rows, size_t rows, size_t units, float offset)
{
    normalized_t n = {by_rows,
                      rows,
                      units,
                      offset,
                      floats(rows),
                      floats(rows * units),
                      floats(rows * units),
                      floats(6 * units),
                      calloc(4 * units, sizeof(double)),
                      calloc(4 * units, sizeof(double)),
                      0.0};

    assert_true(n.gradients != NULL && n.scales != NULL);
    for (size_t r = 0; r < rows; r++)
        n.x[r] = (float)(1 + random_below(15));
    for (size_t u = 0; u < units; u++) {
        n.weights[u] = (float)(8 * (1 + random_below(9))); /* so that products are exact */
        n.weights[units + u] = offset;
        n.weights[2 * units + u] = 0.5f + (float)random_unit();
        n.weights[3 * units + u] = (float)random_normal();
    }
    for (size_t i = 0; i < rows * units; i++) {
        n.labels[i] = (float)random_normal();
        n.z[i] = n.x[i / units] * n.weights[i % units] + offset;
    }
    return n;
}

static void normalized_free(normalized_t *n)
{
    free(n->x);
    free(n->labels);
    free(n->z);
    free(n->weights);
    free(n->gradients);
    free(n->scales);
}

/* A group of z that is normalized together: a column, or a row. */
static void add_group(normalized_t *n, size_t first, size_t count, size_t stride)
{
    const float *z = n->z + first;
    const size_t units = n->units;
    long double mean = mean_of(z, count, stride), sum_g = 0.0L, sum_gn = 0.0L;
    long double k = 1.0L / sqrtl(variance_of(z, count, stride) + (long double)1e-3f);

    for (int pass = 0; pass < 2; pass++) {
        for (size_t i = 0; i < count; i++) {
            size_t at = first + i * stride, u = at % units;
            long double normal = ((long double)n->z[at] - mean) * k;
            long double gamma = (long double)n->weights[2 * units + u];
            long double y = gamma * normal + (long double)n->weights[3 * units + u];
            long double e = y - (long double)n->labels[at];
            long double dy = 2.0L * e / (long double)(n->rows * units), g = dy * gamma, dz;

            if (pass == 0) {
                sum_g += g;
                sum_gn += g * normal;
                continue;
            }
            dz = k * (g - sum_g / (long double)count - normal * sum_gn / (long double)count);
            n->loss += (double)(e * e / (long double)(n->rows * units));
            n->gradients[u] += (double)(dz * (long double)n->x[at / units]);
            n->gradients[units + u] += (double)dz;
            n->gradients[2 * units + u] += (double)(dy * normal);
            n->gradients[3 * units + u] += (double)dy;
            n->scales[u] += (double)(k * fabsl(g) * (long double)n->x[at / units]);
            n->scales[units + u] += (double)(k * fabsl(g));
            n->scales[2 * units + u] += (double)fabsl(dy * normal);
            n->scales[3 * units + u] += (double)fabsl(dy);
        }
    }
}

static void check_normalized(normalized_t *n, dlcore_engine_t engine)
{
    dlcore_optimizer_t sgd = dlcore_optimizer_sgd();
    dlcore_model_options_t options = dlcore_model_options_default();
    dlcore_layer_t layer =
        n->by_rows ? dlcore_layer_layer_normalization() : dlcore_layer_batch_normalization();
    dlcore_tensor_t *x = borrow_floats(n->x, n->rows, 1);
    dlcore_tensor_t *y = borrow_floats(n->labels, n->rows, n->units);
    size_t count = (n->by_rows ? 4 : 6) * n->units;
    float *gradients = floats(count);
    dlcore_model_t *model = NULL;
    double loss;

    options.engine = engine;
    layer.momentum = 0.0;
    sgd.learning_rate = 0.0;
    assert_int_equal(dlcore_model_create(&options, &model), DLCORE_OK);
    dlcore_model_add(model, dlcore_layer_dense(n->units, DLCORE_ACTIVATION_LINEAR));
    dlcore_model_add(model, layer);
    assert_accepted(model, dlcore_model_build(model, 1));
    assert_accepted(model, dlcore_model_compile(model, &sgd, DLCORE_LOSS_MEAN_SQUARED_ERROR,
                                                DLCORE_METRIC_NONE));
    assert_int_equal(dlcore_model_parameter_count(model), count);
    assert_accepted(model, dlcore_model_set_weights(model, n->weights, count));
    assert_accepted(model, dlcore_model_gradients(model, x, y, gradients, count, &loss));
    assert_close("loss", n->offset, n->rows, loss, (long double)n->loss, 2e-5 * n->loss);
    for (size_t i = 0; i < 4 * n->units; i++) {
        const char *what = (const char *[]){"kernel", "bias", "gamma", "beta"}[i / n->units];
        assert_close(what, n->offset, n->rows, (double)gradients[i], (long double)n->gradients[i],
                     (n->rows > 10000 ? 2e-4 : 2e-5) * n->scales[i]); /* sums over rows in float */
    }
    if (!n->by_rows) {
        assert_accepted(model, dlcore_model_train_on_batch(model, x, y, NULL));
        assert_accepted(model, dlcore_model_get_weights(model, gradients, count));
        for (size_t u = 0; u < n->units; u++) {
            long double variance = variance_of(n->z + u, n->rows, n->units);
            long double mean = mean_of(n->z + u, n->rows, n->units);

            assert_close("moving mean", n->offset, n->rows, (double)gradients[4 * n->units + u],
                         mean, 6e-8 * (double)fabsl(mean) + 1e-6 * sqrt((double)variance));
            assert_close("moving variance", n->offset, n->rows, (double)gradients[5 * n->units + u],
                         variance, 1e-5 * (double)variance);
        }
    }
    free(gradients);
    dlcore_model_free(model);
    dlcore_tensor_free(x);
    dlcore_tensor_free(y);
}

static void test_batch_normalization_far_from_zero_keeps_its_digits(void **state)
{
    static const size_t counts[] = {5, 57, 4096, 1000000};

    (void)state;
    random_seed(44);
    for (size_t i = 0; i < OFFSETS * 4; i++) {
        size_t units = i / OFFSETS == 1 ? 40 : 2;
        normalized_t n = normalized_create(false, counts[i / OFFSETS], units, offsets[i % OFFSETS]);

        for (size_t u = 0; u < units; u++)
            add_group(&n, u, n.rows, units);
        check_normalized(&n, i % 2 ? DLCORE_ENGINE_BLAS : DLCORE_ENGINE_AUTO);
        normalized_free(&n);
    }
}

static void test_layer_normalization_far_from_zero_keeps_its_digits(void **state)
{
    static const size_t widths[] = {3, 40, 1000, 20000};

    (void)state;
    random_seed(45);
    for (size_t i = 0; i < OFFSETS * 4 * 2; i++) {
        normalized_t n = normalized_create(true, 7, widths[i / 2 % 4], offsets[i / 8]);

        for (size_t r = 0; r < n.rows; r++)
            add_group(&n, r * n.units, n.units, 1);
        check_normalized(&n, i % 2 ? DLCORE_ENGINE_BLAS : DLCORE_ENGINE_AUTO);
        normalized_free(&n);
    }
}

/* ---- statistics of data ---- */

static void check_statistics(float offset, size_t rows)
{
    enum { WIDTH = 3 };
    float *numbers = floats(rows * WIDTH), weights[2 * WIDTH];
    dlcore_tensor_t *x, *means = NULL, *deviations = NULL;
    dlcore_model_t *model = NULL;

    for (size_t r = 0; r < rows; r++) {
        numbers[r * WIDTH] = offset + 64.0f * (float)random_normal();
        numbers[r * WIDTH + 1] = offset + (r == rows / 2 ? 8.0f : 0.0f);
        numbers[r * WIDTH + 2] = offset + 0.1f;
    }
    x = borrow_floats(numbers, rows, WIDTH);
    assert_int_equal(dlcore_model_create(NULL, &model), DLCORE_OK);
    dlcore_model_add(model, dlcore_layer_normalization());
    assert_accepted(model, dlcore_model_adapt(model, 0, x));
    assert_accepted(model, dlcore_model_get_weights(model, weights, 2 * WIDTH));
    assert_int_equal(dlcore_standardize_fit(x, &means, &deviations, NULL), DLCORE_OK);
    for (size_t c = 0; c < WIDTH; c++) {
        float mean = ((const float *)dlcore_tensor_data_const(means))[c];
        float deviation = ((const float *)dlcore_tensor_data_const(deviations))[c];
        long double exact = mean_of(numbers + c, rows, WIDTH);
        long double variance = variance_of(numbers + c, rows, WIDTH);
        double spacing = fabs((double)offset) * 6e-8 + 1e-7;

        assert_close("mean of standardize", offset, rows, (double)mean, exact, spacing);
        assert_close("mean of adapt", offset, rows, (double)weights[c], exact, spacing);
        assert_close("variance of adapt", offset, rows, (double)weights[WIDTH + c], variance,
                     1e-6 * (double)variance);
        assert_close("deviation", offset, rows, (double)deviation, c == 2 ? 1.0L : sqrtl(variance),
                     1e-6 * (double)sqrtl(variance));
    }
    dlcore_tensor_free(means);
    dlcore_tensor_free(deviations);
    dlcore_tensor_free(x);
    dlcore_model_free(model);
    free(numbers);
}

static void test_statistics_of_data_far_from_zero_keep_their_digits(void **state)
{
    (void)state;
    random_seed(46);
    for (size_t i = 0; i < OFFSETS; i++) {
        check_statistics(offsets[i], 2);
        check_statistics(offsets[i], 1000);
        check_statistics(offsets[i], 1000000);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_r2_score_of_equal_labels_is_0_with_errors_and_1_without),
        cmocka_unit_test(test_r2_score_far_from_zero_keeps_its_digits),
        cmocka_unit_test(test_cosine_similarity_of_nearly_orthogonal_rows_keeps_its_digits),
        cmocka_unit_test(test_correlations_far_from_zero_keep_their_digits),
        cmocka_unit_test(test_auc_of_a_million_ties_is_that_of_all_pairs),
        cmocka_unit_test(test_batch_normalization_far_from_zero_keeps_its_digits),
        cmocka_unit_test(test_layer_normalization_far_from_zero_keeps_its_digits),
        cmocka_unit_test(test_statistics_of_data_far_from_zero_keep_their_digits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
