/* What a schema must not depend on: the order of the rows that it is learned from, and the order of
 * the columns, which moves its features and nothing else. On random tables with numbers, words,
 * dates and gaps; the seed is printed.
 *
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "support/random_numbers.h"
#include "support/tables.h"

enum { TABLES = 100, COLUMNS = 6, ROWS_MAX = 60, CELL = 24, TEXT = 40000, NAME = 64 };

typedef struct any_table {
    size_t rows;
    char cells[COLUMNS][ROWS_MAX][CELL];
} any_table_t;

static void fill(any_table_t *table)
{
    static const char *const words[] = {"oak", "elm", "beech", "yew", "lime", "rowan"};

    table->rows = 20 + random_below(ROWS_MAX - 20);
    for (size_t column = 0; column < COLUMNS; column++)
        for (size_t row = 0; row < table->rows; row++) {
            char *cell = table->cells[column][row];

            if (column > 0 && random_below(8) == 0)
                snprintf(cell, CELL, "%s", random_below(2) == 0 ? "" : "NA");
            else if (column == 2 || column == 3)
                snprintf(cell, CELL, "%s", words[random_below(column == 2 ? 3 : 6)]);
            else if (column == 4)
                snprintf(cell, CELL, "20%02zu-%02zu-%02zu", 10 + random_below(15),
                         1 + random_below(12), 1 + random_below(28));
            else
                snprintf(cell, CELL, "%.4g", random_normal() * (column == 1 ? 1e4 : 1));
        }
}

/* The table as CSV, its rows and columns in these orders. */
static const char *text_of(const any_table_t *table, const size_t *rows, const size_t *columns)
{
    static char text[TEXT];
    size_t length = 0;

    for (size_t i = 0; i < COLUMNS; i++)
        length +=
            (size_t)snprintf(text + length, TEXT - length, "%sc%zu", i > 0 ? "," : "", columns[i]);
    for (size_t row = 0; row < table->rows; row++) {
        length += (size_t)snprintf(text + length, TEXT - length, "\n");
        for (size_t i = 0; i < COLUMNS; i++)
            length += (size_t)snprintf(text + length, TEXT - length, "%s%s", i > 0 ? "," : "",
                                       table->cells[columns[i]][rows[row]]);
    }
    snprintf(text + length, TEXT - length, "\n");
    return text;
}

static void shuffle(size_t *order, size_t count)
{
    for (size_t i = count; i > 1; i--) {
        size_t k = random_below(i), kept = order[i - 1];

        order[i - 1] = order[k];
        order[k] = kept;
    }
}

static void in_order(size_t *order, size_t count)
{
    for (size_t i = 0; i < count; i++)
        order[i] = i;
}

/* The feature of `schema` with the name that feature `index` of `other` has. */
static size_t feature_named(const dlcore_schema_t *schema, const dlcore_schema_t *other,
                            size_t index)
{
    char wanted[NAME], name[NAME];

    dlcore_schema_feature_name(other, index, wanted, NAME);
    for (size_t i = 0; i < dlcore_schema_feature_count(schema); i++) {
        dlcore_schema_feature_name(schema, i, name, NAME);
        if (strcmp(name, wanted) == 0)
            return i;
    }
    fail_msg("there is no feature \"%s\"", wanted);
    return 0;
}

/* Both give the rows of `text` the same features, by their names. */
static void assert_same(const dlcore_schema_t *one, const dlcore_schema_t *other, const char *text)
{
    dlcore_table_t *table = table_of(text, NULL);
    dlcore_tensor_t *a = NULL, *b = NULL;
    size_t features = dlcore_schema_feature_count(one);

    assert_int_equal(features, dlcore_schema_feature_count(other));
    assert_int_equal(dlcore_schema_apply(one, table, NULL, &a, NULL, NULL), DLCORE_OK);
    assert_int_equal(dlcore_schema_apply(other, table, NULL, &b, NULL, NULL), DLCORE_OK);
    for (size_t i = 0; i < features; i++) {
        size_t k = feature_named(other, one, i);

        for (size_t row = 0; row < dlcore_table_row_count(table); row++) {
            float left = ((const float *)dlcore_tensor_data_const(a))[row * features + i];
            float right = ((const float *)dlcore_tensor_data_const(b))[row * features + k];

            if (!(fabsf(left - right) <= 1e-6F * (1 + fabsf(left))))
                fail_msg("row %zu, feature %zu: %g and %g", row, i, (double)left, (double)right);
        }
    }
    dlcore_tensor_free(a);
    dlcore_tensor_free(b);
    dlcore_table_free(table);
}

static void permuted(size_t seed, bool moves_rows, bool moves_columns)
{
    static any_table_t table;
    size_t rows[ROWS_MAX], columns[COLUMNS];
    dlcore_schema_t *schema, *other;
    static char text[TEXT];

    random_seed(seed);
    fill(&table);
    in_order(rows, table.rows);
    in_order(columns, COLUMNS);
    snprintf(text, TEXT, "%s", text_of(&table, rows, columns));
    schema = schema_of_text(text, NULL);
    if (moves_rows)
        shuffle(rows, table.rows);
    if (moves_columns)
        shuffle(columns, COLUMNS);
    other = schema_of_text(text_of(&table, rows, columns), NULL);
    if (!moves_columns)
        for (size_t i = 0; i < dlcore_schema_feature_count(schema); i++)
            assert_int_equal(feature_named(other, schema, i), i);
    assert_same(schema, other, text);
    dlcore_schema_free(schema);
    dlcore_schema_free(other);
}

static void test_schema_of_rows_in_another_order_is_the_same(void **state)
{
    (void)state;
    print_message("seeds 0 .. %d\n", TABLES - 1);
    for (size_t seed = 0; seed < TABLES; seed++)
        permuted(seed, true, false);
}

static void test_schema_of_columns_in_another_order_has_its_features_there(void **state)
{
    (void)state;
    print_message("seeds 0 .. %d\n", TABLES - 1);
    for (size_t seed = 0; seed < TABLES; seed++)
        permuted(seed, true, true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_schema_of_rows_in_another_order_is_the_same),
        cmocka_unit_test(test_schema_of_columns_in_another_order_has_its_features_there),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
