/* Settings of schemas: what does not go together is refused by name, what does is described, and
 * the scaling of any of them is undone.
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

#include "dlcore.h"
#include "support/tables.h"
#include "support/tensors.h"
#include "table/table.h"

static const char rows[] = "a,p,d\n1,u,2026-01-01\n2,v,2026-01-02\n2,v,2026-01-02\n";

static void test_schema_settings_of_another_kind_are_refused(void **state)
{
    static const dlcore_schema_column_t misfits[] = {
        {.name = "a", .fill = DLCORE_FILL_PLACE},
        {.name = "d", .fill = DLCORE_FILL_PLACE},
        {.name = "p", .scale = DLCORE_SCALE_NONE},
        {.name = "a", .encode = DLCORE_ENCODE_INDEX},
        {.name = "d", .rare_below = 2},
        {.name = "p", .date_cycles = true},
    };
    static const char *const messages[] = {
        "column \"a\": fill place does not go with", "column \"d\": fill place does not go with",
        "column \"p\": scale does not go with",      "column \"a\": encode does not go with",
        "column \"d\": rare_below does not go with", "column \"p\": date_cycles does not go with"};
    dlcore_schema_options_t options = dlcore_schema_options_default();
    dlcore_table_t *table = table_of(rows, NULL);
    dlcore_schema_column_t column;

    (void)state;
    options.columns = &column;
    options.column_count = 1;
    for (size_t i = 0; i < sizeof misfits / sizeof *misfits; i++) {
        column = misfits[i];
        assert_no_fit(table, &options, DLCORE_ERROR_ARGUMENT, messages[i]);
    }
    column = dlcore_schema_column("a");
    column.scale = (dlcore_schema_scale_t)9;
    assert_no_fit(table, &options, DLCORE_ERROR_ARGUMENT, "scale 9 is unknown");
    column.scale = DLCORE_SCALE_DEFAULT;
    column.encode = (dlcore_schema_encode_t)-1;
    assert_no_fit(table, &options, DLCORE_ERROR_ARGUMENT, "encode -1 is unknown");
    column = dlcore_schema_column(NULL);
    assert_no_fit(table, &options, DLCORE_ERROR_ARGUMENT, "the name of columns[0] is NULL");
    options.columns = NULL;
    assert_no_fit(table, &options, DLCORE_ERROR_ARGUMENT, "columns is NULL");
    {
        const dlcore_schema_column_t twice[] = {dlcore_schema_column("a"),
                                                dlcore_schema_column("a")};

        options.columns = twice;
        options.column_count = 2;
        assert_no_fit(table, &options, DLCORE_ERROR_ARGUMENT, "\"a\" is twice in columns");
    }
    dlcore_table_free(table);
}

static void test_schema_lists_of_targets_that_cannot_be_are_refused(void **state)
{
    static const char *const some[] = {"a", NULL};
    dlcore_schema_options_t options = dlcore_schema_options_default();
    dlcore_table_t *table = table_of(rows, NULL);

    (void)state;
    options.target_count = 1;
    assert_no_fit(table, &options, DLCORE_ERROR_ARGUMENT, "targets is NULL and target_count is 1");
    options.targets = some;
    options.target_count = 0;
    assert_no_fit(table, &options, DLCORE_ERROR_ARGUMENT, "targets is given");
    options.target = "a";
    options.target_count = 1;
    assert_no_fit(table, &options, DLCORE_ERROR_ARGUMENT, "target is given");
    options.target = NULL;
    options.target_count = 2;
    assert_no_fit(table, &options, DLCORE_ERROR_ARGUMENT, "targets[1] is NULL");
    options.target_count = 1;
    options.target_scale = (dlcore_schema_scale_t)7;
    assert_no_fit(table, &options, DLCORE_ERROR_ARGUMENT, "scale 7 is unknown");
    dlcore_table_free(table);
}

static void test_schema_settings_are_described(void **state)
{
    static const char *const pieces[] = {
        "a: number, not scaled, with indicator\n",
        "index of 1 and rare: \"v\", gaps: \"v\"",
        "(x - 20454) / 1, gaps: 20455, with cycles",
    };
    dlcore_schema_column_t columns[] = {dlcore_schema_column("a"), dlcore_schema_column("p"),
                                        dlcore_schema_column("d")};
    dlcore_schema_options_t options = dlcore_schema_options_default();
    dlcore_table_t *table =
        table_of("a,p,d\n1,u,2026-01-01\n2,v,2026-01-02\n2,v,2026-01-02\n3,,2026-01-02\n", NULL);
    dlcore_schema_t *schema;
    FILE *stream = tmpfile();
    char found[1024] = "";

    (void)state;
    assert_non_null(stream);
    columns[0].scale = DLCORE_SCALE_NONE;
    columns[0].fill = DLCORE_FILL_REFUSE;
    columns[0].indicator = true;
    columns[1].encode = DLCORE_ENCODE_INDEX;
    columns[1].fill = DLCORE_FILL_MOST_FREQUENT;
    columns[1].rare_below = 2;
    columns[2].date_cycles = true;
    columns[2].scale = DLCORE_SCALE_MIN_MAX;
    columns[2].fill = DLCORE_FILL_MOST_FREQUENT;
    options.columns = columns;
    options.column_count = 3;
    schema = schema_of(table, NULL, &options);
    assert_int_equal(dlcore_schema_describe(schema, stream, NULL), DLCORE_OK);
    rewind(stream);
    found[fread(found, 1, sizeof found - 1, stream)] = '\0';
    for (size_t i = 0; i < 3; i++)
        if (strstr(found, pieces[i]) == NULL)
            fail_msg("\"%s\" is not in:\n%s", pieces[i], found);
    assert_feature_name(schema, 2, "p index");
    assert_int_equal(dlcore_schema_feature_index_count(schema, 2), 3);
    assert_int_equal(dlcore_schema_feature_index_count(schema, 0), 0);
    fclose(stream);
    dlcore_schema_free(schema);
    dlcore_table_free(table);
}

static void test_schema_unscaling_takes_what_applying_gives(void **state)
{
    dlcore_schema_t *schema = schema_of_text("a,y\n1,2\n2,3\n", "y");
    dlcore_tensor_t *ints = tensor_of_ints(SHAPE(1, 1), (const int32_t[]){1});
    dlcore_tensor_t *wide = tensor_of_floats(SHAPE(1, 2), (const float[]){1, 2});
    dlcore_tensor_t *scalar = tensor_of_floats(NO_SHAPE, (const float[]){1});
    dlcore_tensor_t *rank1 = tensor_of_floats(SHAPE(2), (const float[]){-1, 1});
    dlcore_error_record_t error = {.message = ""};
    dlcore_tensor_t *out = ints;

    (void)state;
    assert_failed(dlcore_schema_unscale_x(NULL, wide, &out, &error), DLCORE_ERROR_ARGUMENT, &error,
                  "schema_unscale_x: schema is NULL");
    assert_null(out);
    assert_failed(dlcore_schema_unscale_y(NULL, wide, &out, &error), DLCORE_ERROR_ARGUMENT, &error,
                  "schema_unscale_y: schema is NULL");
    assert_failed(dlcore_schema_unscale_x(schema, NULL, &out, &error), DLCORE_ERROR_ARGUMENT,
                  &error, "the tensor is NULL");
    assert_failed(dlcore_schema_unscale_x(schema, wide, NULL, &error), DLCORE_ERROR_ARGUMENT,
                  &error, "out is NULL");
    assert_failed(dlcore_schema_unscale_x(schema, ints, &out, &error), DLCORE_ERROR_DTYPE, &error,
                  "expects float32, got int32");
    assert_failed(dlcore_schema_unscale_x(schema, wide, &out, &error), DLCORE_ERROR_SHAPE, &error,
                  "expects rows of 1 numbers, got (1, 2)");
    assert_failed(dlcore_schema_unscale_y(schema, scalar, &out, &error), DLCORE_ERROR_SHAPE, &error,
                  "expects rows of 1 numbers");
    assert_int_equal(dlcore_schema_unscale_y(schema, rank1, &out, NULL), DLCORE_OK);
    assert_floats(out, SHAPE(2), (const float[]){2, 3});
    dlcore_tensor_free(out);
    dlcore_tensor_free(ints);
    dlcore_tensor_free(wide);
    dlcore_tensor_free(scalar);
    dlcore_tensor_free(rank1);
    dlcore_schema_free(schema);
}

/* Values that do not fit a schema that was learned from others. */
static void test_schema_values_that_do_not_fit_are_refused_by_their_place(void **state)
{
    dlcore_schema_options_t options = dlcore_schema_options_default();
    dlcore_table_t *table = table_of("a,d,y\n1,2026-01-01,2\n2,2026-01-02,3\n", NULL);
    dlcore_schema_t *schema;

    (void)state;
    options.target = "y";
    schema = schema_of(table, NULL, &options);
    assert_not_applied(schema, "a,d,y\n1e999,2026-01-01,2\n", true, DLCORE_ERROR_RANGE,
                       "line 2, column 1 (a): 1e999 is too large");
    assert_not_applied(schema, "a,d,y\n1,2026-13-01,2\n", true, DLCORE_ERROR_FORMAT,
                       "\"2026-13-01\" is not a date (year, month, day)");
    assert_not_applied(schema, "a,d,y\n1,2026-01-01,x\n", true, DLCORE_ERROR_FORMAT,
                       "\"x\" is not a number");
    assert_not_applied(schema, "a,d,y\n1,2026-01-01,?\n", true, DLCORE_ERROR_RANGE,
                       "missing value");
    dlcore_schema_free(schema);
    dlcore_table_free(table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_schema_settings_of_another_kind_are_refused),
        cmocka_unit_test(test_schema_lists_of_targets_that_cannot_be_are_refused),
        cmocka_unit_test(test_schema_settings_are_described),
        cmocka_unit_test(test_schema_unscaling_takes_what_applying_gives),
        cmocka_unit_test(test_schema_values_that_do_not_fit_are_refused_by_their_place),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
