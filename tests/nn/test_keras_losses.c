/* Losses against Keras's as functions of y_pred: values and gradients, with weights of samples,
 * label smoothing, every reduction and every other option, in both layouts of a batch and with
 * every table of kernels that this CPU runs; and what is not finite.
 *
 * Errors are measured as in test_keras.c.
 *
 * SPDX-License-Identifier: MIT */
#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kernels/cpu.h"
#include "nn/loss.h"
#include "support/agreement.h"
#include "support/denormals.h"
#include "support/fixture.h"

#define LIMIT 4.0
#define EPSILON ((double)FLT_EPSILON)
#define ROWS_MAX 32
#define WIDTH_MAX 48

/* "huber delta 0x1p-2 reduction sum" */
static dlcore_loss_t loss_of(const char *line)
{
    char words[9][48] = {""};
    int count = sscanf(line, "%47s %47s %47s %47s %47s %47s %47s %47s %47s", words[0], words[1],
                       words[2], words[3], words[4], words[5], words[6], words[7], words[8]);
    dlcore_loss_t loss = dlcore_loss_from_name(words[0]);
    for (int i = 1; i < count; i++) {
        if (strcmp(words[i], "from_logits") == 0)
            loss.from_logits = true;
        else if (strcmp(words[i], "label_smoothing") == 0)
            loss.label_smoothing = strtod(words[++i], NULL);
        else if (strcmp(words[i], "delta") == 0)
            loss.delta = strtod(words[++i], NULL);
        else if (strcmp(words[i], "gamma") == 0)
            loss.gamma = strtod(words[++i], NULL);
        else if (strcmp(words[i], "alpha") == 0)
            loss.alpha = strtod(words[++i], NULL);
        else if (strcmp(words[i], "beta") == 0)
            loss.beta = strtod(words[++i], NULL);
        else if (strcmp(words[i], "apply_class_balancing") == 0)
            loss.apply_class_balancing = true;
        else if (strcmp(words[i], "per_sample") == 0)
            loss.per_sample = true;
        else if (strcmp(words[i], "reduction") == 0)
            loss.reduction = dlcore_reduction_from_name(words[++i]);
        else
            fail_msg("\"%s\"?", line);
    }
    return loss;
}

/* One batch in one layout. */
typedef struct batch {
    float y[ROWS_MAX * WIDTH_MAX], dy[ROWS_MAX * WIDTH_MAX];
    float labels[ROWS_MAX * WIDTH_MAX], targets[ROWS_MAX * WIDTH_MAX];
    float row_loss[ROWS_MAX], gradient[ROWS_MAX * WIDTH_MAX];
    int32_t classes[ROWS_MAX];
} batch_t;

static dlcore_matrix_t matrix_over(float *data, size_t rows, size_t columns, bool panels)
{
    size_t panel = panels ? 16 : (columns + 15) / 16 * 16;
    return (dlcore_matrix_t){.data = data,
                             .rows = rows,
                             .columns = columns,
                             .panel = panel,
                             .panel_stride = panel * rows};
}

static float *at(const dlcore_matrix_t *m, size_t row, size_t column)
{
    return dlcore_matrix_at(m, row, column / m->panel) + column % m->panel;
}

/* Answers the batch's loss; rows' losses and the gradient, row-major, are left in the batch. */
static double run(const dlcore_kernels_t *kernels, dlcore_loss_t loss,
                  const fixture_array_t *y_pred, const fixture_array_t *y, const float *weights,
                  bool panels, batch_t *batch)
{
    const dlcore_loss_type_t *type = dlcore_loss_type(loss.kind);
    size_t rows = y_pred->shape[0], units = y_pred->shape[1];
    dlcore_matrix_t output = matrix_over(batch->y, rows, units, panels);
    dlcore_matrix_t dy = matrix_over(batch->dy, rows, units, panels);
    dlcore_labels_t labels = {.values = batch->labels, .width = units};
    double total = 0;

    assert_true(rows <= ROWS_MAX && units <= WIDTH_MAX);
    memset(batch, 0x7f, sizeof *batch); /* what is not written is seen */
    memset(batch->y, 0, sizeof batch->y);
    for (size_t i = 0; i < rows * units; i++)
        *at(&output, i / units, i % units) = fixture_floats(y_pred)[i];
    if (type->labels == DLCORE_LABELS_CLASSES) {
        labels = (dlcore_labels_t){.classes = batch->classes, .width = 1};
        memcpy(batch->classes, y->data, rows * sizeof(int32_t));
    } else {
        memcpy(batch->labels, fixture_floats(y), rows * units * sizeof(float));
    }
    dlcore_loss_pass_t pass = {.kernels = kernels,
                               .training_kernels = dlcore_training_kernels(kernels),
                               .loss = &loss,
                               .output = dlcore_loss_output_form(&loss, DLCORE_ACTIVATION_LINEAR),
                               .y = &output,
                               .labels = &labels,
                               .targets = batch->targets,
                               .weights = weights,
                               .gradient = true,
                               .dy = &dy,
                               .weight = dlcore_loss_factor(&loss, NULL, weights, rows),
                               .row_loss = batch->row_loss};
    dlcore_loss_rows(type, &pass, 0, rows / 2); /* two workers' shares */
    dlcore_loss_rows(type, &pass, rows / 2, rows);
    for (size_t row = 0; row < rows; row++)
        total += (double)batch->row_loss[row];
    for (size_t i = 0; i < rows * units; i++)
        batch->gradient[i] = *at(&dy, i / units, i % units);
    for (size_t row = 0; row < rows; row++)
        for (size_t c = units; c % dy.panel != 0; c++)
            assert_true(*at(&dy, row, c) == 0.0f); /* padding */
    return total * dlcore_loss_scale(&loss, NULL, weights, rows) / (double)rows;
}

typedef struct worst {
    double loss, gradient;
} worst_t;

static void check(const fixture_t *fixture, const char *name, const dlcore_kernels_t *kernels,
                  bool panels, worst_t *worst)
{
    static batch_t batch;
    dlcore_loss_t loss = loss_of(fixture_text(fixture, name, "loss_options"));
    const fixture_array_t *y_pred = fixture_array(fixture, name, "y_pred");
    const fixture_array_t *expected = fixture_array(fixture, name, "expected_gradient");
    const fixture_array_t *weights = fixture_find(fixture, name, "weights");
    size_t rows = y_pred->shape[0], units = y_pred->shape[1];
    double norm, value,
        reference = (double)fixture_floats(fixture_array(fixture, name, "expected_loss"))[0];

    assert_int_not_equal(loss.kind, DLCORE_LOSS_UNKNOWN);
    value = run(kernels, loss, y_pred, fixture_array(fixture, name, "y"),
                weights != NULL ? fixture_floats(weights) : NULL, panels, &batch);
    norm = (double)units * EPSILON * fmax(1, fabs(reference));
    worst->loss = fmax(worst->loss, fabs(value - reference) / norm);
    worst->gradient =
        fmax(worst->gradient, agreement_grouped(batch.gradient, fixture_floats(expected),
                                                rows * units, units, 1 / (double)(rows * units)) /
                                  ((double)units * EPSILON));
}

/* The tables of kernels that this CPU runs. */
static size_t find_kernels(const dlcore_kernels_t *tables[3])
{
    size_t count = 0;
    tables[count++] = dlcore_kernels_portable();
    if (dlcore_cpu_has_avx2() && dlcore_kernels_avx2() != NULL)
        tables[count++] = dlcore_kernels_avx2();
    if (dlcore_cpu_has_avx512() && dlcore_kernels_avx512() != NULL)
        tables[count++] = dlcore_kernels_avx512();
    return count;
}

static void check_all(const char *file, const char *title, size_t expected)
{
    const dlcore_kernels_t *tables[3];
    size_t table_count = find_kernels(tables), position = 0, cases = 0;
    fixture_t *fixture = fixture_load(file);
    agreement_t table = agreement_begin(title, "error / (K eps norm)");
    const char *name = NULL;
    while ((name = fixture_next(fixture, "loss_options", &position)) != NULL) {
        worst_t worst = {0};
        for (size_t i = 0; i < 2 * table_count; i++)
            check(fixture, name, tables[i / 2], i % 2 == 1, &worst);
        agreement_add(&table, name, "loss", worst.loss, LIMIT);
        agreement_add(&table, name, "gradient", worst.gradient, LIMIT);
        cases++;
    }
    agreement_end(&table);
    assert_int_equal(cases, expected);
    fixture_free(fixture);
}

static void test_keras_losses_agree_with_every_option(void **state)
{
    (void)state;
    check_all("loss_options.txt", "losses: every option", 164);
}

static void test_keras_losses_that_came_later_agree_with_every_option(void **state)
{
    (void)state;
    check_all("more_losses.txt", "more losses: every option", 135);
}

/* ---- not finite ---- */

static bool same(float value, float expected)
{
    if (isnan(expected) || isinf(expected))
        return isnan(expected) ? (bool)isnan(value) : value == expected;
    return fabs((double)value - (double)expected) <= 8 * EPSILON * fmax(1, fabs((double)expected));
}

/* Keras's x + softplus(-2x) - log 2 overflows where x is far below 0; by symmetry it is the loss of
 * the row with -x, two rows before. */
static size_t reference_row(dlcore_loss_kind_t kind, float y_pred, size_t row)
{
    return kind == DLCORE_LOSS_LOG_COSH && y_pred <= -FLT_MAX ? row - 2 : row;
}

static void test_keras_losses_of_awkward_predictions_agree_row_by_row(void **state)
{
    (void)state;
    if (process_flushes_denormals())
        skip();
    static batch_t batch;
    const dlcore_kernels_t *tables[3];
    size_t table_count = find_kernels(tables), differing = 0;
    fixture_t *fixture = fixture_load("loss_options.txt");
    const fixture_array_t *y = fixture_array(fixture, "awkward", "y");
    const fixture_array_t *y_pred = fixture_array(fixture, "awkward", "y_pred");
    int32_t classes[ROWS_MAX];
    fixture_array_t sparse = {.data = classes};
    for (size_t row = 0; row < y->shape[0]; row++)
        classes[row] = (int32_t)(row % 2);
    for (int kind = 1; kind <= (int)DLCORE_LOSS_CATEGORICAL_HINGE; kind++) {
        dlcore_loss_t loss = dlcore_loss_default((dlcore_loss_kind_t)kind);
        const char *name = dlcore_loss_name(loss.kind);
        const float *expected = fixture_floats(fixture_array(fixture, "awkward", name));
        bool takes_classes = dlcore_loss_type(loss.kind)->labels == DLCORE_LABELS_CLASSES;
        for (size_t t = 0; t < table_count; t++) {
            (void)run(tables[t], loss, y_pred, takes_classes ? &sparse : y, NULL, true, &batch);
            for (size_t row = 0; row < y->shape[0]; row++) {
                float prediction = fixture_floats(y_pred)[2 * row];
                float reference = expected[reference_row(loss.kind, prediction, row)];
                if (same(batch.row_loss[row], reference))
                    continue;
                differing++;
                print_message("%s, %s, y_pred %g, label %d: %g, expected %g\n", name,
                              tables[t]->name, (double)prediction, classes[row],
                              (double)batch.row_loss[row], (double)reference);
            }
        }
    }
    assert_int_equal(differing, 0);
    fixture_free(fixture);
}

/* ---- kinks ---- */

static bool same_slope(float value, float expected)
{
    return fabs((double)value - (double)expected) <= 1e-5 * fabs((double)expected) + 1e-12;
}

/* Element by element: of two slopes that are both right, Keras's. */
static void test_keras_losses_have_its_slopes_at_kinks(void **state)
{
    static batch_t batch;
    const dlcore_kernels_t *tables[3];
    size_t table_count = find_kernels(tables), position = 0, cases = 0, differing = 0;
    fixture_t *fixture = fixture_load("kinks.txt");
    const char *name = NULL;

    (void)state;
    while ((name = fixture_next(fixture, "loss_options", &position)) != NULL) {
        dlcore_loss_t loss = loss_of(fixture_text(fixture, name, "loss_options"));
        const fixture_array_t *y = fixture_array(fixture, name, "y");
        const fixture_array_t *y_pred = fixture_array(fixture, name, "y_pred");
        const float *expected = fixture_floats(fixture_array(fixture, name, "expected_gradient"));

        cases++;
        for (size_t i = 0; i < 2 * table_count; i++) {
            (void)run(tables[i / 2], loss, y_pred, y, NULL, i % 2 == 1, &batch);
            for (size_t k = 0; k < y_pred->size; k++) {
                if (same_slope(batch.gradient[k], expected[k]))
                    continue;
                differing++;
                print_message("%s, %s, y_pred %.9g, y %.9g: %.9g, expected %.9g\n", name,
                              tables[i / 2]->name, (double)fixture_floats(y_pred)[k],
                              (double)fixture_floats(y)[k], (double)batch.gradient[k],
                              (double)expected[k]);
            }
        }
    }
    assert_int_equal(differing, 0);
    assert_int_equal(cases, 14);
    fixture_free(fixture);
}

/* ---- large logits ---- */

/* With all but certain logits against the label a focal loss is the crossentropy, not a clipped
 * one: the distance of the logits, and a slope of 1. */
static void test_keras_losses_focal_of_large_logits_are_not_clipped(void **state)
{
    static batch_t batch;
    const dlcore_kernels_t *tables[3];
    size_t table_count = find_kernels(tables);
    float logits[] = {-60, 60, 500, 0}, labels[] = {1, 0, 0, 1};
    fixture_array_t y_pred = {.data = logits, .rank = 2, .shape = {2, 2}, .size = 4};
    fixture_array_t y = {.data = labels, .rank = 2, .shape = {2, 2}, .size = 4};
    dlcore_loss_t binary = dlcore_loss_binary_focal_crossentropy();
    dlcore_loss_t categorical = dlcore_loss_categorical_focal_crossentropy();

    (void)state;
    binary.from_logits = categorical.from_logits = true;
    categorical.alpha = 1;
    for (size_t t = 0; t < table_count; t++) {
        (void)run(tables[t], binary, &y_pred, &y, NULL, false, &batch);
        assert_true(batch.row_loss[0] == 60 && batch.row_loss[1] > 250 - 0.5f);
        assert_true(batch.gradient[0] == -0.25f && batch.gradient[1] == 0.25f);
        (void)run(tables[t], categorical, &y_pred, &y, NULL, false, &batch);
        assert_true(batch.row_loss[0] == 120 && batch.row_loss[1] == 500);
        assert_true(batch.gradient[0] == -0.5f && batch.gradient[1] == 0.5f);
        assert_true(batch.gradient[2] == 0.5f && batch.gradient[3] == -0.5f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keras_losses_agree_with_every_option),
        cmocka_unit_test(test_keras_losses_that_came_later_agree_with_every_option),
        cmocka_unit_test(test_keras_losses_of_awkward_predictions_agree_row_by_row),
        cmocka_unit_test(test_keras_losses_have_its_slopes_at_kinks),
        cmocka_unit_test(test_keras_losses_focal_of_large_logits_are_not_clipped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
