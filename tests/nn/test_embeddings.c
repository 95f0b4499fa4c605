/* Lists of tables: their sizes, and what is refused when a layer is added or built.
 *
 * SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "dlcore.h"
#include "support/failing_allocator.h"
#include "support/models.h"
#include "support/tensors.h"

/* fastai's emb_sz_rule: min(600, round(1.6 * n ** 0.56)) */
static void test_embedding_units_follow_the_rule_of_fastai(void **state)
{
    static const size_t expected[][2] = {{1, 2},    {2, 2},       {3, 3},       {10, 6},
                                         {100, 21}, {7, 5},       {1000, 77},   {31, 11},
                                         {0, 1},    {30000, 514}, {100000, 600}};

    (void)state;
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++)
        assert_int_equal(embedding_units(expected[i][0]), expected[i][1]);
}

static void assert_has_tables(const model_t *model)
{
    const embeddings_t *tables = &model_layer(model, 0)->embeddings;

    assert_int_equal(tables->count, 2);
    assert_int_equal(tables->table[0].units, 6);
    assert_int_equal(tables->table[1].units, 7);
    assert_int_equal(tables->table[1].column, 5);
}

/* What was borrowed is changed, and then the model that a clone has it from is gone. */
static void test_embedding_that_is_added_has_tables_of_its_own_with_a_size(void **state)
{
    embedding_t tables[] = {{.column = 2, .count = 10}, {.column = 5, .count = 4, .units = 7}};
    layer_t layer = layer_embedding(tables, 2);
    model_t *model = NULL, *clone = NULL;

    (void)state;
    assert_int_equal(layer.kind, LAYER_EMBEDDING);
    assert_ptr_equal(layer.embeddings.table, tables);
    assert_int_equal(model_create(NULL, &model), DLCORE_OK);
    assert_accepted(model, model_add(model, layer));
    assert_int_equal(tables[0].units, 0);
    memset(tables, 0xff, sizeof tables);
    assert_has_tables(model);
    assert_accepted(model, model_build(model, 6));
    assert_has_tables(model);
    assert_int_equal(model_clone(model, &clone), DLCORE_OK);
    model_free(model);
    assert_has_tables(clone);
    assert_int_equal(model_parameter_count(clone), 10 * 6 + 4 * 7);
    model_free(clone);
    assert_int_equal(layer.embeddings_initializer.kind, INITIALIZER_RANDOM_UNIFORM);
    assert_true(layer.embeddings_initializer.minval == -0.05 &&
                layer.embeddings_initializer.maxval == 0.05);
    assert_true(layer_from_name("Embedding").embeddings_initializer.maxval == 0.05);
}

static void assert_add_refused(layer_t layer, bool behind, const char *message)
{
    model_t *model = NULL;
    error_record_t error = {0};

    assert_int_equal(model_create(NULL, &model), DLCORE_OK);
    if (behind)
        assert_accepted(model, model_add(model, layer_dense(3, ACTIVATION_RELU)));
    error.status = model_add(model, layer);
    assert_int_equal(error.status, DLCORE_ERROR_ARGUMENT);
    snprintf(error.message, sizeof error.message, "%s", model_error(model));
    assert_failed(error.status, DLCORE_ERROR_ARGUMENT, &error, message);
    model_free(model);
}

static void test_embedding_without_sound_tables_is_refused(void **state)
{
    embedding_t tables[DLCORE_EMBEDDINGS_MAX + 1] = {{.column = 0}};
    const embedding_t one = {.column = 1, .count = 3, .units = 2};
    layer_t nothing = layer_embedding(&one, 1);

    (void)state;
    nothing.embeddings.table = NULL;
    assert_add_refused(nothing, false, "embedding: embeddings.table is NULL");
    for (uint32_t i = 0; i <= DLCORE_EMBEDDINGS_MAX; i++)
        tables[i] = (embedding_t){.column = i, .count = 3, .units = 2};
    assert_add_refused(layer_embedding(NULL, 3), false,
                       "embeddings.count must lie in 1 .. 64, got 0");
    assert_add_refused(layer_embedding(tables, DLCORE_EMBEDDINGS_MAX + 1), false, "got 65");
    tables[1].column = 4;
    assert_add_refused(layer_embedding(tables, 3), false,
                       "embedding: the columns of its tables must ascend, but 2 comes after 4");
    tables[1] = one;
    tables[1].column = 0;
    assert_add_refused(layer_embedding(tables, 2), false, "but 0 comes after 0");
    tables[0] = one;
    tables[0].count = 0;
    assert_add_refused(layer_embedding(tables, 1), false,
                       "the table of column 1 must have 1 .. 16777216 rows of 1 .. 65536 units, "
                       "got 0 rows of 2");
    tables[0].count = 16777217;
    assert_add_refused(layer_embedding(tables, 1), false, "got 16777217 rows of 2");
    tables[0] = one;
    tables[0].units = 65537;
    assert_add_refused(layer_embedding(tables, 1), false, "got 3 rows of 65537");
    assert_add_refused(
        layer_embedding(&one, 1), true,
        "embedding: reads columns of x, so it must be the first layer, not behind 1");
}

static void assert_build_refused(layer_t layer, dlcore_status expected, const char *message)
{
    model_t *model = NULL;
    error_record_t error = {0};
    model_options_t options = model_options_default();
    failing_allocator_t memory;

    failing_allocator_init(&memory);
    memory.live_limit = 1 << 20;
    options.allocator = failing_allocator(&memory);
    assert_int_equal(model_create(&options, &model), DLCORE_OK);
    assert_accepted(model, model_add(model, layer));
    error.status = model_build(model, 4);
    snprintf(error.message, sizeof error.message, "%s", model_error(model));
    assert_failed(error.status, expected, &error, message);
    model_free(model);
    failing_allocator_assert_clean(&memory);
}

static void test_embedding_that_does_not_fit_is_not_built(void **state)
{
    const embedding_t beyond = {.column = 4, .count = 3, .units = 2};
    const embedding_t one = {.column = 1, .count = 3, .units = 2};
    embedding_t large[4];
    layer_t layer = layer_embedding(&one, 1);

    (void)state;
    assert_build_refused(layer_embedding(&beyond, 1), DLCORE_ERROR_SHAPE,
                         "embedding: has a table for column 4, but x has the columns 0 .. 3");
    layer.embeddings_initializer = initializer_glorot_uniform();
    assert_build_refused(layer, DLCORE_ERROR_ARGUMENT,
                         "embedding: embeddings_initializer is glorot_uniform, which goes by the "
                         "shape of a kernel");
    layer.embeddings_initializer = initializer_orthogonal(1);
    assert_build_refused(layer, DLCORE_ERROR_ARGUMENT, "is orthogonal");
    for (uint32_t i = 0; i < 4; i++)
        large[i] = (embedding_t){.column = i, .count = 16777216, .units = 65536};
    assert_build_refused(layer_embedding(large, 4),
                         sizeof(size_t) > 4 ? DLCORE_ERROR_MEMORY : DLCORE_ERROR_OVERFLOW, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_embedding_units_follow_the_rule_of_fastai),
        cmocka_unit_test(test_embedding_that_is_added_has_tables_of_its_own_with_a_size),
        cmocka_unit_test(test_embedding_without_sound_tables_is_refused),
        cmocka_unit_test(test_embedding_that_does_not_fit_is_not_built),
    };

    return cmocka_run_group_tests_name("embeddings", tests, NULL, NULL);
}
