/* NaN, infinity and the largest floats stay in the row that has them, whatever the network and the
 * precision: float32, a predictor's float32, bfloat16 and int8. The other rows keep their bits; in
 * a predictor of float32 they may be rounded otherwise, because how many zeros a batch has decides
 * whether they are left out. And a batch whose loss they spoil moves no weight, in float32 and in
 * bfloat16.
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

#include "support/agreement.h"
#include "support/models.h"
#include "support/property.h"
#include "support/random_numbers.h"

enum { POISONED = 5, SPECIALS = 5 };

static const float specials[SPECIALS] = {NAN, INFINITY, -INFINITY, FLT_MAX, -FLT_MAX};

static bool is_index(const model_t *model, size_t column)
{
    const dlcore_embeddings_t *tables = &model_layer(model, 0)->embeddings;
    size_t i = 0;

    if (model_layer(model, 0)->kind != LAYER_EMBEDDING)
        return false;
    while (i < tables->count && tables->table[i].column != column)
        i++;
    return i < tables->count;
}

/* A number of one row that may be anything: indices of tables are refused. NULL: there is none. */
static float *draw_poisoned(const model_t *model, property_samples_t *sample)
{
    size_t begin = random_below(sample->inputs);

    for (size_t i = 0; i < sample->inputs; i++) {
        size_t column = (begin + i) % sample->inputs;

        if (!is_index(model, column))
            return &sample->x[POISONED * sample->inputs + column];
    }
    return NULL;
}

/* The rows but one have the same bits, or, with `rounds`, the same numbers up to rounding. */
static void assert_others_same(size_t number, const char *where, size_t units, const float *clean,
                               const float *outputs, bool rounds)
{
    for (size_t row = 0; row < PROPERTY_ROWS; row++) {
        const float *left = clean + row * units, *right = outputs + row * units;
        if (row != POISONED && memcmp(left, right, units * sizeof *clean) != 0 &&
            !(rounds && agreement_grouped(right, left, units, units, 1) <= 1e-5))
            fail_msg("network %zu, %s: row %zu has changed", number, where, row);
    }
}

static void run(predictor_t *predictor, const property_samples_t *sample, float *outputs)
{
    assert_int_equal(predictor_run(predictor, sample->x, PROPERTY_ROWS, outputs), DLCORE_OK);
}

static void rows_stay(size_t number, model_t *model, model_t *twin, property_samples_t *sample)
{
    static float clean[4][PROPERTY_NUMBERS], outputs[PROPERTY_NUMBERS];
    static const char *const names[] = {"model", "float32", "bfloat16", "int8"};
    const predictor_precision_t *precisions[] = {NULL, NULL, predictor_bfloat16(),
                                                 predictor_int8()};
    predictor_t *predictors[4] = {NULL};
    predictor_options_t how = predictor_options_default();
    float *poisoned = draw_poisoned(model, sample);
    (void)twin;
    if (poisoned == NULL)
        return;
    how.batch_size = PROPERTY_ROWS;
    property_predict(model, sample, clean[0]);
    for (size_t i = 1; i < 4; i++) {
        how.precision = precisions[i];
        assert_int_equal(predictor_create(model, &how, &predictors[i]), DLCORE_OK);
        run(predictors[i], sample, clean[i]);
    }
    for (size_t s = 0; s < SPECIALS; s++) {
        *poisoned = specials[s];
        for (size_t i = 0; i < 4; i++) {
            if (i == 0)
                property_predict(model, sample, outputs);
            else
                run(predictors[i], sample, outputs);
            assert_others_same(number, names[i], sample->units, clean[i], outputs, i == 1);
        }
    }
    for (size_t i = 1; i < 4; i++)
        predictor_free(predictors[i]);
}

static void test_special_rows_leave_the_others_their_bits_in_every_precision(void **state)
{
    (void)state;
    property_holds(rows_stay, false);
}

/* The same network, which trains in float32 or bfloat16. */
static model_t *in_precision(const model_t *model, bool halves)
{
    load_options_t how = load_options_default();
    model_t *loaded = NULL;
    void *bytes;
    size_t size;
    how.model.precision = halves ? model_bfloat16() : NULL;
    assert_int_equal(model_save_memory(model, NULL, &bytes, &size), DLCORE_OK);
    assert_int_equal(model_load_memory(bytes, size, &how, &loaded), DLCORE_OK);
    free(bytes);
    return loaded;
}

static void check_step(size_t number, model_t *model, const property_samples_t *sample)
{
    size_t count = model_parameter_count(model);
    float *before = malloc((count + 1) * sizeof *before),
          *after = malloc((count + 1) * sizeof *after);
    tensor_t *x = borrow_floats(sample->x, PROPERTY_ROWS, sample->inputs);
    tensor_t *y = borrow_floats(sample->y, PROPERTY_ROWS, sample->units);
    evaluation_t result = {0};
    assert_non_null(before);
    assert_non_null(after);
    assert_int_equal(model_get_weights(model, before, count), DLCORE_OK);
    dlcore_status status = model_train_on_batch(model, x, y, &result);
    assert_int_equal(model_get_weights(model, after, count), DLCORE_OK);
    if (status == DLCORE_OK)
        assert_true(isfinite(result.loss));
    else if (status != DLCORE_ERROR_NOT_FINITE ||
             memcmp(before, after, count * sizeof *before) != 0)
        fail_msg("network %zu: %s, or weights have moved", number, dlcore_status_name(status));
    tensor_free(x);
    tensor_free(y);
    free(before);
    free(after);
}

static void steps_stop(size_t number, model_t *model, model_t *twin, property_samples_t *sample)
{
    float *poisoned = draw_poisoned(model, sample);
    (void)twin;
    if (poisoned == NULL)
        return;
    property_compile(model, 0, REDUCTION_SUM_OVER_BATCH_SIZE);
    for (int halves = 0; halves < 2; halves++)
        for (size_t s = 0; s < SPECIALS; s++) {
            model_t *trained = in_precision(model, halves != 0);
            *poisoned = specials[s];
            check_step(number, trained, sample);
            model_free(trained);
        }
}

static void test_special_rows_that_spoil_the_loss_move_no_weight(void **state)
{
    (void)state;
    property_holds(steps_stop, false);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_special_rows_leave_the_others_their_bits_in_every_precision),
        cmocka_unit_test(test_special_rows_that_spoil_the_loss_move_no_weight),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
