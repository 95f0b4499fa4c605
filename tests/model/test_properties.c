/* What must hold whatever the network, on random ones with every layer and activation: samples of
 * weight 0 count for nothing, the order of a batch changes nothing, a batch in pieces is the batch,
 * softmax does not see what all logits have in common, zeros that are not stored are zeros, the
 * engines agree, and a file of a file is that file.
 *
 * The seed is printed; DLCORE_PROPERTY_SEED is another, DLCORE_PROPERTIES the number of networks.
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

#include "support/agreement.h"
#include "support/models.h"
#include "support/property.h"
#include "support/random_numbers.h"

enum { PIECES = 3 };

/* ---- weights and order of samples ---- */

static void zero_weight(size_t number, model_t *model, model_t *twin, property_samples_t *sample)
{
    float weights[PROPERTY_ROWS] = {0};
    for (size_t row = 0; row < PROPERTY_ROWS - 4; row++)
        weights[row] = 1;
    property_compile(model, 0, REDUCTION_SUM);
    property_compile(twin, 0, REDUCTION_SUM);
    property_step(model, sample, 0, PROPERTY_ROWS, weights);
    property_step(twin, sample, 0, PROPERTY_ROWS - 4, NULL);
    assert_moved_alike(number, model, twin, NULL);
}

static void test_properties_samples_of_weight_0_count_for_nothing(void **state)
{
    (void)state;
    property_holds(zero_weight, true);
}

/* The rows in the opposite order. */
static void turn(float *values, size_t width)
{
    for (size_t row = 0; row < PROPERTY_ROWS / 2; row++)
        for (size_t k = 0; k < width; k++) {
            float *a = &values[row * width + k],
                  *b = &values[(PROPERTY_ROWS - 1 - row) * width + k], t = *a;
            *a = *b;
            *b = t;
        }
}

static void order(size_t number, model_t *model, model_t *twin, property_samples_t *sample)
{
    static float before[PROPERTY_NUMBERS], after[PROPERTY_NUMBERS];
    property_compile(model, 0, REDUCTION_SUM_OVER_BATCH_SIZE);
    property_compile(twin, 0, REDUCTION_SUM_OVER_BATCH_SIZE);
    property_predict(model, sample, before);
    property_step(model, sample, 0, PROPERTY_ROWS, NULL);
    turn(sample->x, sample->inputs);
    turn(sample->y, sample->units);
    property_predict(twin, sample, after);
    turn(after, sample->units);
    double error = agreement_norm(before, after, PROPERTY_ROWS * sample->units);
    if (!(error <= 1e-6))
        fail_msg("network %zu: outputs of the same samples are %g apart", number, error);
    property_step(twin, sample, 0, PROPERTY_ROWS, NULL);
    assert_moved_alike(number, model, twin, sample);
}

static void test_properties_the_order_of_a_batch_changes_nothing(void **state)
{
    (void)state;
    property_holds(order, true);
}

static void pieces(size_t number, model_t *model, model_t *twin, property_samples_t *sample)
{
    property_compile(model, 0, REDUCTION_SUM_OVER_BATCH_SIZE);
    property_compile(twin, PIECES, REDUCTION_SUM_OVER_BATCH_SIZE);
    property_step(model, sample, 0, PROPERTY_ROWS, NULL);
    for (size_t i = 0; i < PIECES; i++)
        property_step(twin, sample, i * PROPERTY_ROWS / PIECES, (i + 1) * PROPERTY_ROWS / PIECES,
                      NULL);
    assert_moved_alike(number, model, twin, sample);
}

static void test_properties_a_batch_in_pieces_that_are_accumulated_is_the_batch(void **state)
{
    (void)state;
    property_holds(pieces, true);
}

/* ---- other ways to the same numbers ---- */

/* Where zeros lead to exponentials of exponentials, which both refuse. */
static size_t refused, asked;

static void sparse_rows(size_t number, model_t *model, model_t *twin, property_samples_t *sample)
{
    for (size_t i = 0; i < PROPERTY_ROWS * sample->inputs; i++)
        if (random_below(3) > 0)
            sample->x[i] = 0;
    tensor_t *x = borrow_floats(sample->x, PROPERTY_ROWS, sample->inputs), *lists = NULL;
    tensor_t *y = borrow_floats(sample->y, PROPERTY_ROWS, sample->units);
    assert_int_equal(sparse_from_dense(x, &lists, NULL), DLCORE_OK);
    property_compile(model, 0, REDUCTION_SUM_OVER_BATCH_SIZE);
    property_compile(twin, 0, REDUCTION_SUM_OVER_BATCH_SIZE);
    dlcore_status status = model_train_on_batch(model, x, y, NULL);
    assert_int_equal(model_train_on_batch(twin, lists, y, NULL), status);
    if (status != DLCORE_OK)
        assert_int_equal(status, DLCORE_ERROR_NOT_FINITE);
    refused += status != DLCORE_OK;
    asked++;
    assert_moved_alike(number, model, twin, NULL);
    tensor_free(x);
    tensor_free(y);
    tensor_free(lists);
}

static void test_properties_sparse_samples_train_as_dense_ones(void **state)
{
    (void)state;
    refused = asked = 0;
    property_holds(sparse_rows, false);
    print_message("%zu have no step with these zeros\n", refused);
    assert_true(refused * 1000 <= asked);
}

static void saved(const model_t *model, void **bytes, size_t *size)
{
    assert_int_equal(model_save_memory(model, NULL, bytes, size), DLCORE_OK);
}

static void engines(size_t number, model_t *model, model_t *twin, property_samples_t *sample)
{
    load_options_t how = load_options_default();
    void *bytes;
    size_t size;
    (void)twin;
    property_compile(model, 0, REDUCTION_SUM_OVER_BATCH_SIZE);
    saved(model, &bytes, &size);
    model_t *blas = NULL;
    how.model.engine = ENGINE_BLAS;
    assert_int_equal(model_load_memory(bytes, size, &how, &blas), DLCORE_OK);
    free(bytes);
    property_step(model, sample, 0, PROPERTY_ROWS, NULL);
    property_step(blas, sample, 0, PROPERTY_ROWS, NULL);
    assert_moved_alike(number, model, blas, sample);
    model_free(blas);
}

static void test_properties_the_engines_agree(void **state)
{
    (void)state;
    property_holds(engines, false);
}

static void file_of_a_file(size_t number, model_t *model, model_t *twin, property_samples_t *sample)
{
    void *bytes, *again;
    size_t size, size_again;
    model_t *loaded = NULL;
    (void)twin;
    property_compile(model, 0, REDUCTION_SUM_OVER_BATCH_SIZE);
    property_step(model, sample, 0, PROPERTY_ROWS, NULL);
    saved(model, &bytes, &size);
    assert_int_equal(model_load_memory(bytes, size, NULL, &loaded), DLCORE_OK);
    saved(loaded, &again, &size_again);
    if (size != size_again || memcmp(bytes, again, size) != 0)
        fail_msg("network %zu: its file, loaded and saved, has other bytes", number);
    free(bytes);
    free(again);
    model_free(loaded);
}

static void test_properties_a_file_that_is_loaded_and_saved_has_the_same_bytes(void **state)
{
    (void)state;
    property_holds(file_of_a_file, false);
}

static void shift(size_t number, model_t *model, model_t *twin, property_samples_t *sample)
{
    static float before[PROPERTY_NUMBERS], after[PROPERTY_NUMBERS];
    size_t units = sample->units;
    for (size_t i = 0; i < PROPERTY_ROWS * units; i++)
        before[i] = (float)random_below(64) / 8;
    model_t *softmax = NULL;
    (void)model;
    (void)twin;
    assert_int_equal(model_create(NULL, &softmax), DLCORE_OK);
    assert_accepted(softmax, model_add(softmax, layer_activation(ACTIVATION_SOFTMAX)));
    assert_accepted(softmax, model_build(softmax, units));
    for (size_t i = 0; i < PROPERTY_ROWS * units; i++)
        after[i] = before[i] + (number % 2 == 0 ? 1024 : -4096); /* exact */
    sample->inputs = units;
    memcpy(sample->x, before, sizeof before);
    property_predict(softmax, sample, before);
    memcpy(sample->x, after, sizeof after);
    property_predict(softmax, sample, after);
    if (memcmp(before, after, PROPERTY_ROWS * units * sizeof *after) != 0)
        fail_msg("%zu units: a shift of all logits changes the softmax", units);
    model_free(softmax);
}

static void test_properties_softmax_does_not_see_what_all_logits_have_in_common(void **state)
{
    (void)state;
    property_holds(shift, false);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_properties_samples_of_weight_0_count_for_nothing),
        cmocka_unit_test(test_properties_the_order_of_a_batch_changes_nothing),
        cmocka_unit_test(test_properties_a_batch_in_pieces_that_are_accumulated_is_the_batch),
        cmocka_unit_test(test_properties_sparse_samples_train_as_dense_ones),
        cmocka_unit_test(test_properties_the_engines_agree),
        cmocka_unit_test(test_properties_a_file_that_is_loaded_and_saved_has_the_same_bytes),
        cmocka_unit_test(test_properties_softmax_does_not_see_what_all_logits_have_in_common),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
