/* Tables and schemas for tests.
 *
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "support/tables.h"
#include "support/tensors.h"

dlcore_table_t *table_of(const char *text, const dlcore_table_options_t *options)
{
    dlcore_error_record_t error = {.message = ""};
    dlcore_table_t *table = NULL;

    if (dlcore_table_parse(text, strlen(text), options, NULL, &table, &error) != DLCORE_OK)
        fail_msg("%s", error.message);
    return table;
}

dlcore_schema_t *schema_of(const dlcore_table_t *table, const dlcore_table_rows_t *rows,
                           const dlcore_schema_options_t *options)
{
    dlcore_error_record_t error = {.message = ""};
    dlcore_schema_t *schema = NULL;

    if (dlcore_schema_fit(table, rows, options, &schema, &error) != DLCORE_OK)
        fail_msg("%s", error.message);
    return schema;
}

dlcore_schema_t *schema_of_text(const char *text, const char *target)
{
    dlcore_schema_options_t options = dlcore_schema_options_default();
    dlcore_table_t *table = table_of(text, NULL);
    dlcore_schema_t *schema;

    options.target = target;
    schema = schema_of(table, NULL, &options);
    dlcore_table_free(table);
    return schema;
}

void assert_features(const dlcore_schema_t *schema, const char *text, size_t rows, size_t features,
                     const float *expected)
{
    dlcore_error_record_t error = {.message = ""};
    dlcore_table_t *table = table_of(text, NULL);
    dlcore_tensor_t *x = NULL;
    const float *got;

    if (dlcore_schema_apply(schema, table, NULL, &x, NULL, &error) != DLCORE_OK)
        fail_msg("%s", error.message);
    assert_int_equal(dlcore_tensor_rank(x), 2);
    assert_int_equal(dlcore_tensor_length(x, 0), rows);
    assert_int_equal(dlcore_tensor_length(x, 1), features);
    assert_int_equal(dlcore_schema_feature_count(schema), features);
    got = dlcore_tensor_data_const(x);
    for (size_t i = 0; i < rows * features; i++)
        if (!(fabsf(got[i] - expected[i]) <= 1e-6F * (1 + fabsf(expected[i]))))
            fail_msg("row %zu, feature %zu: %.9g, expected %.9g", i / features, i % features,
                     (double)got[i], (double)expected[i]);
    dlcore_tensor_free(x);
    dlcore_table_free(table);
}

void assert_no_fit(const dlcore_table_t *table, const dlcore_schema_options_t *options,
                   dlcore_status status, const char *message)
{
    dlcore_error_record_t error = {.message = ""};
    dlcore_schema_t *schema = (dlcore_schema_t *)(void *)&error;

    assert_failed(dlcore_schema_fit(table, NULL, options, &schema, &error), status, &error,
                  message);
    assert_null(schema);
}

void assert_not_applied(const dlcore_schema_t *schema, const char *text, bool labels,
                        dlcore_status status, const char *message)
{
    dlcore_error_record_t error = {.message = ""};
    dlcore_table_t *table = table_of(text, NULL);
    dlcore_tensor_t *x = (dlcore_tensor_t *)(void *)&error, *y = x;

    assert_failed(dlcore_schema_apply(schema, table, NULL, &x, labels ? &y : NULL, &error), status,
                  &error, message);
    assert_null(x);
    if (labels)
        assert_null(y);
    dlcore_table_free(table);
}

void assert_feature_name(const dlcore_schema_t *schema, size_t feature, const char *name)
{
    char text[64];

    assert_int_equal(dlcore_schema_feature_name(schema, feature, text, sizeof text), strlen(name));
    assert_string_equal(text, name);
}
