/* Splitting the rows of tables: what cannot be split, and running out of memory.
 *
 * SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dlcore.h"
#include "support/failing_allocator.h"
#include "support/tables.h"
#include "support/tensors.h"

static void assert_no_split(const dlcore_table_t *table, const char *target,
                            const dlcore_split_options_t *options, dlcore_status status,
                            const char *message)
{
    dlcore_error_record_t error = {.message = ""};
    dlcore_table_split_t split;

    assert_failed(dlcore_table_split(table, target, options, &split, &error), status, &error,
                  message);
    if (table != NULL)
        assert_null(split.train.list);
}

static void test_table_split_what_cannot_be_is_refused(void **state)
{
    dlcore_table_t *table = table_of("a,y\n1,u\n2,v\n3,u\n4,v\n", NULL);
    dlcore_tensor_t *flat = tensor_of_ints(SHAPE(2, 2), (int32_t[]){1, 2, 3, 4});
    dlcore_split_options_t options = dlcore_split_options_default();
    dlcore_error_record_t error = {.message = ""};

    (void)state;
    assert_no_split(NULL, NULL, NULL, DLCORE_ERROR_ARGUMENT, "table_split: table is NULL");
    assert_failed(dlcore_table_split(table, NULL, NULL, NULL, &error), DLCORE_ERROR_ARGUMENT,
                  &error, "table_split: out is NULL");
    assert_no_split(table, "b", NULL, DLCORE_ERROR_NAME, "no column is named \"b\"");
    options.structure_size = 0;
    assert_no_split(table, NULL, &options, DLCORE_ERROR_ARGUMENT, "split");
    options = dlcore_split_options_default();
    options.stratify = true;
    assert_no_split(table, NULL, &options, DLCORE_ERROR_ARGUMENT, "stratify needs a target");
    options.stratify = false;
    options.groups = flat;
    assert_no_split(table, NULL, &options, DLCORE_ERROR_SHAPE, "for each of the 4 rows");
    dlcore_tensor_free(flat);
    dlcore_table_free(table);
}

/* All rows by default; those without a date are in no part. */
static void test_table_split_rows_without_their_target_are_in_no_part(void **state)
{
    dlcore_table_t *table = table_of("a,d\n1,2026-01-01\n2,?\n3,2026-01-03\n4,2026-01-04\n", NULL);
    dlcore_table_split_t split;

    (void)state;
    assert_int_equal(dlcore_table_column_kind(table, 1), DLCORE_COLUMN_DATE);
    assert_int_equal(dlcore_table_split(table, NULL, NULL, &split, NULL), DLCORE_OK);
    assert_int_equal(split.train.count + split.test.count, 4);
    dlcore_table_split_free(&split);
    assert_int_equal(dlcore_table_split(table, "d", NULL, &split, NULL), DLCORE_OK);
    assert_int_equal(split.train.count + split.test.count, 3);
    for (size_t i = 0; i < 3; i++)
        assert_int_not_equal(split.train.list[i], 1);
    dlcore_table_split_free(&split);
    dlcore_table_free(table);
}

static void test_table_split_classes_have_a_limit(void **state)
{
    size_t room = (size_t)10001 * 12, used = 2;
    char *text = malloc(room);
    dlcore_split_options_t options = dlcore_split_options_default();
    dlcore_table_t *table;

    (void)state;
    assert_non_null(text);
    options.stratify = true;
    memcpy(text, "y\n", 2);
    for (int i = 0; i <= 10000; i++)
        used += (size_t)snprintf(text + used, room - used, "class%d\n", i);
    text[used] = '\0';
    table = table_of(text, NULL);
    assert_int_equal(dlcore_table_set_kind(table, "y", DLCORE_COLUMN_CATEGORY, NULL), DLCORE_OK);
    assert_no_split(table, "y", &options, DLCORE_ERROR_OVERFLOW, "more than 10000 classes");
    {
        dlcore_schema_options_t how = dlcore_schema_options_default();

        assert_no_fit(table, &how, DLCORE_ERROR_OVERFLOW, "more than 10000 categories");
    }
    dlcore_table_free(table);
    memset(text + 2, 'x', 300);
    memcpy(text + 302, "\nu\n", 4);
    table = table_of(text, NULL);
    assert_int_equal(dlcore_table_set_kind(table, "y", DLCORE_COLUMN_CATEGORY, NULL), DLCORE_OK);
    assert_no_split(table, "y", &options, DLCORE_ERROR_FORMAT, "a class of more than 255 bytes");
    {
        dlcore_schema_options_t how = dlcore_schema_options_default();

        assert_no_fit(table, &how, DLCORE_ERROR_RANGE, "a category of more than 255 bytes");
    }
    dlcore_table_free(table);
    free(text);
}

/* With groups where there is a context, else by classes. */
static dlcore_status split_with(const dlcore_allocator_t *allocator, void *context)
{
    static const char text[] = "a,y\n1,u\n2,v\n3,u\n4,v\n5,\n";
    dlcore_split_options_t options = dlcore_split_options_default();
    dlcore_table_split_t split = {.train = {.list = NULL}};
    dlcore_tensor_t *groups = NULL;
    dlcore_table_t *table = NULL;
    dlcore_status status = dlcore_table_parse(text, sizeof text - 1, NULL, allocator, &table, NULL);

    options.stratify = context == NULL;
    if (status == DLCORE_OK && context != NULL)
        status = dlcore_tensor_create(allocator, DLCORE_DTYPE_INT32, SHAPE(5), &groups, NULL);
    for (int32_t i = 0; groups != NULL && i < 5; i++)
        ((int32_t *)dlcore_tensor_data(groups))[i] = i;
    options.groups = groups;
    if (status == DLCORE_OK)
        status = dlcore_table_split(table, "y", &options, &split, NULL);
    dlcore_table_split_free(&split);
    dlcore_tensor_free(groups);
    dlcore_table_free(table);
    return status;
}

static void test_table_split_survives_every_failing_allocation(void **state)
{
    int grouped;

    (void)state;
    assert_in_range(failing_allocator_sweep(split_with, NULL), 20, 60);
    assert_in_range(failing_allocator_sweep(split_with, &grouped), 20, 60);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table_split_what_cannot_be_is_refused),
        cmocka_unit_test(test_table_split_rows_without_their_target_are_in_no_part),
        cmocka_unit_test(test_table_split_classes_have_a_limit),
        cmocka_unit_test(test_table_split_survives_every_failing_allocation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
