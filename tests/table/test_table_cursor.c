/* Tables that stay in their file: each read of each call failing in turn, and files that change
 * between two calls, or within one.
 *
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dlcore.h"
#include "support/failing_read.h"
#include "support/idx_bytes.h"
#include "support/tables.h"
#include "support/tensors.h"

enum { ROWS = 2000, FILLERS = 12 };

static const char large[] = "large.csv";

static dlcore_schema_t *schema;
static dlcore_model_t *model;

/* More than two blocks, of which the second begins within a row. */
static char *large_text(size_t *size)
{
    size_t room = (size_t)ROWS * 200, used;
    char *text = malloc(room);

    assert_non_null(text);
    used = (size_t)snprintf(text, room, "a,word,when");
    for (int i = 0; i < FILLERS; i++)
        used += (size_t)snprintf(text + used, room - used, ",filler%d", i);
    used += (size_t)snprintf(text + used, room - used, ",kind\n");
    for (int row = 0; row < ROWS; row++) {
        if (row % 7 == 3)
            text[used++] = '?';
        else
            used += (size_t)snprintf(text + used, room - used, "%d.5", row);
        used +=
            (size_t)snprintf(text + used, room - used, ",w%d,2026-01-%02d", row % 5, 1 + row % 28);
        for (int i = 0; i < FILLERS; i++)
            used += (size_t)snprintf(text + used, room - used, ",text%d-%d", row, i);
        used += (size_t)snprintf(text + used, room - used, ",%s\n", row % 3 == 0 ? "x" : "y");
    }
    *size = used;
    return text;
}

static dlcore_table_options_t lazily(bool given)
{
    dlcore_table_options_t options = dlcore_table_options_default();

    options.in_memory = false;
    if (given) {
        options.delimiter = ',';
        options.decimal = '.';
    }
    return options;
}

static dlcore_table_t *lazy_table(const char *name)
{
    dlcore_table_options_t options = lazily(true);
    dlcore_error_record_t error = {.message = ""};
    dlcore_table_t *table = NULL;

    if (dlcore_table_load(scratch_path(name), &options, NULL, &table, &error) != DLCORE_OK)
        fail_msg("%s", error.message);
    return table;
}

static int make_all(void **state)
{
    dlcore_schema_options_t options = dlcore_schema_options_default();
    size_t size;
    char *text = large_text(&size);
    dlcore_table_t *table;

    (void)state;
    scratch_file(large, text, size);
    free(text);
    options.target = "kind";
    table = lazy_table(large);
    schema = schema_of(table, NULL, &options);
    dlcore_table_free(table);
    assert_int_equal(dlcore_model_create(NULL, &model), DLCORE_OK);
    assert_int_equal(dlcore_model_add(model, dlcore_layer_dense(2, DLCORE_ACTIVATION_SOFTMAX)),
                     DLCORE_OK);
    assert_int_equal(dlcore_model_build(model, dlcore_schema_feature_count(schema)), DLCORE_OK);
    assert_int_equal(dlcore_model_set_schema(model, schema), DLCORE_OK);
    return 0;
}

static int free_all(void **state)
{
    read_faults = (read_faults_t){0};
    dlcore_model_free(model);
    dlcore_schema_free(schema);
    return scratch_remove(state);
}

static int reset(void **state)
{
    (void)state;
    read_faults = (read_faults_t){0};
    return 0;
}

/* ---- every read failing in turn ---- */

typedef dlcore_status table_call_t(const dlcore_table_t *table, dlcore_error_record_t *error);

static dlcore_status call_fit(const dlcore_table_t *table, dlcore_error_record_t *error)
{
    dlcore_schema_options_t options = dlcore_schema_options_default();
    dlcore_schema_t *fitted = NULL;
    dlcore_status status;

    options.target = "kind";
    options.all.fill = DLCORE_FILL_MOST_FREQUENT;
    status = dlcore_schema_fit(table, NULL, &options, &fitted, error);
    assert_true((status == DLCORE_OK) == (fitted != NULL));
    dlcore_schema_free(fitted);
    return status;
}

static dlcore_status call_apply(const dlcore_table_t *table, dlcore_error_record_t *error)
{
    dlcore_tensor_t *x = NULL, *y = NULL;
    dlcore_status status = dlcore_schema_apply(schema, table, NULL, &x, &y, error);

    assert_true((status == DLCORE_OK) == (x != NULL && y != NULL));
    dlcore_tensor_free(x);
    dlcore_tensor_free(y);
    return status;
}

/* Rows that are found from another: those before them are read, too. */
static dlcore_status call_apply_some(const dlcore_table_t *table, dlcore_error_record_t *error)
{
    dlcore_table_rows_t rows = {.list = (const size_t[]){31, 95, 703, 702, 1999}, .count = 5};
    dlcore_tensor_t *x = NULL;
    dlcore_status status = dlcore_schema_apply(schema, table, &rows, &x, NULL, error);

    assert_true((status == DLCORE_OK) == (x != NULL));
    dlcore_tensor_free(x);
    return status;
}

static dlcore_status call_split(const dlcore_table_t *table, dlcore_error_record_t *error)
{
    dlcore_split_options_t options = dlcore_split_options_default();
    dlcore_table_split_t split;
    dlcore_status status;

    options.stratify = true;
    status = dlcore_table_split(table, "kind", &options, &split, error);
    assert_true((status == DLCORE_OK) == (split.train.list != NULL));
    dlcore_table_split_free(&split);
    return status;
}

static dlcore_status call_predict(const dlcore_table_t *table, dlcore_error_record_t *error)
{
    dlcore_tensor_t *y = NULL;
    dlcore_status status = dlcore_model_predict_table(model, table, NULL, NULL, &y, error);

    assert_true((status == DLCORE_OK) == (y != NULL));
    dlcore_tensor_free(y);
    return status;
}

static void test_table_each_failed_read_is_an_io_error(void **state)
{
    static table_call_t *const calls[] = {call_fit, call_apply, call_apply_some, call_split,
                                          call_predict};
    dlcore_table_t *table = lazy_table(large);

    (void)state;
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) {
        for (size_t at = 1;; at++) {
            dlcore_error_record_t error = {.message = ""};
            dlcore_status status;

            read_faults = (read_faults_t){.fault_at = at, .fault = EIO};
            status = calls[i](table, &error);
            if (read_faults.reads < at) {
                assert_int_equal(status, DLCORE_OK);
                assert_in_range(at, 3, 40);
                break;
            }
            assert_failed(status, DLCORE_ERROR_IO, &error, "cannot read at byte");
        }
    }
    dlcore_table_free(table);
}

/* A header of more than a block. */
static void make_wide_file(void)
{
    size_t room = (size_t)4000 * 64, used = 0;
    char *text = malloc(room);

    assert_non_null(text);
    for (int i = 0; i < 4000; i++)
        used += (size_t)snprintf(text + used, room - used, "%sa name that is long enough, %d",
                                 i > 0 ? ";" : "", i);
    for (int i = 0; i < 4000; i++)
        used += (size_t)snprintf(text + used, room - used, "%c1", i > 0 ? ';' : '\n');
    scratch_file("wide.csv", text, used);
    free(text);
}

static void test_table_each_failed_read_of_loading_is_an_io_error(void **state)
{
    (void)state;
    make_wide_file();
    for (int how = 0; how < 4; how++) {
        for (size_t at = 1;; at++) {
            dlcore_table_options_t options = lazily(how % 2 == 0);
            dlcore_error_record_t error = {.message = ""};
            dlcore_table_t *table = NULL;
            dlcore_status status;

            if (how % 2 == 0 && how >= 2)
                options.delimiter = ';';
            read_faults = (read_faults_t){.fault_at = at, .fault = EIO};
            status = dlcore_table_load(scratch_path(how < 2 ? large : "wide.csv"), &options, NULL,
                                       &table, &error);
            if (read_faults.reads < at) {
                assert_int_equal(status, DLCORE_OK);
                dlcore_table_free(table);
                break;
            }
            assert_failed(status, DLCORE_ERROR_IO, &error, "cannot read at byte");
            assert_null(table);
            read_faults = (read_faults_t){.fault_at = at, .fault = EIO};
            assert_int_equal(dlcore_table_load(scratch_path(how < 2 ? large : "wide.csv"), &options,
                                               NULL, &table, NULL),
                             DLCORE_ERROR_IO);
            assert_null(table);
        }
    }
}

/* The stream can be asked again: what could not be read then can be now. */
static void fail_each_batch(const char *name, const dlcore_schema_t *of, size_t batch_size)
{
    dlcore_table_t *table = lazy_table(name);
    dlcore_table_stream_options_t options = dlcore_table_stream_options_default();
    dlcore_error_record_t error = {.message = ""};
    dlcore_table_stream_t *stream = NULL;
    dlcore_dataset_batch_t batch = {.x = NULL};
    size_t failures = 0, width = dlcore_schema_feature_count(of);
    dlcore_tensor_t *expected = NULL;
    dlcore_dataset_t dataset;

    options.batch_size = batch_size;
    assert_int_equal(dlcore_schema_apply(of, table, NULL, &expected, NULL, NULL), DLCORE_OK);
    assert_int_equal(dlcore_table_stream_create(of, table, NULL, &options, &stream, NULL),
                     DLCORE_OK);
    dataset = dlcore_table_stream_dataset(stream);
    assert_int_equal(dataset.begin(dataset.user, 0, 0, NULL), DLCORE_OK);
    for (size_t i = 0; i < dataset.batches; i++) {
        read_faults = (read_faults_t){.fault_at = 1, .fault = EIO};
        if (dataset.next(dataset.user, &batch, &error) != DLCORE_OK) {
            assert_failed(error.status, DLCORE_ERROR_IO, &error, "cannot read at byte");
            failures++;
            assert_int_equal(dataset.next(dataset.user, &batch, &error), DLCORE_OK);
        }
        assert_memory_equal(dlcore_tensor_data_const(batch.x),
                            (const float *)dlcore_tensor_data_const(expected) +
                                i * batch_size * width,
                            dlcore_tensor_size(batch.x) * sizeof(float));
    }
    assert_in_range(failures, 2, 10);
    dlcore_tensor_free(expected);
    dlcore_table_stream_free(stream);
    dlcore_table_free(table);
}

/* Reads come within rows, and of a single column between them. */
static void test_table_stream_a_failed_read_is_an_error_of_its_batch(void **state)
{
    size_t room = (size_t)40000 * 8, used;
    char *text = malloc(room);
    dlcore_schema_t *single = schema_of_text("a\n1\n2\n", NULL);

    (void)state;
    assert_non_null(text);
    used = (size_t)snprintf(text, room, "a\n");
    for (int i = 0; i < 40000; i++)
        used += (size_t)snprintf(text + used, room - used, "%d\n", i);
    scratch_file("single.csv", text, used);
    free(text);
    fail_each_batch(large, schema, 100);
    read_faults = (read_faults_t){0};
    fail_each_batch("single.csv", single, 1000);
    dlcore_schema_free(single);
}

/* ---- files that change ---- */

static void write_over(const char *name, const char *text)
{
    FILE *file = fopen(scratch_path(name), "r+b");

    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
    assert_int_equal(fclose(file), 0);
}

static void test_table_rows_of_another_form_are_a_changed_file(void **state)
{
    static const char before[] = "a,kind\n1,x\n3,y\n5,x\n";
    static const char *const after[] = {"a,kind\n1,x\n3,y\n\n\n\n\n", /* fewer rows */
                                        "a,kind\n1,x\n3,y,x\n,\n",    /* more fields */
                                        "a,kind\n1,x\n333\n5,x\n"};   /* fewer */

    (void)state;
    for (size_t i = 0; i < sizeof after / sizeof after[0]; i++) {
        static table_call_t *const calls[] = {call_fit, call_split};
        dlcore_table_t *table;

        assert_int_equal(strlen(after[i]), strlen(before));
        scratch_file("form.csv", before, strlen(before));
        table = lazy_table("form.csv");
        write_over("form.csv", after[i]);
        for (size_t k = 0; k < 2; k++) {
            dlcore_error_record_t error = {.message = ""};

            assert_failed(calls[k](table, &error), DLCORE_ERROR_IO, &error,
                          "changed since the table was made");
        }
        dlcore_table_free(table);
    }
}

/* An allocator whose n-th call writes over the file. */
typedef struct changer {
    size_t calls, at, live;
    const char *text;
} changer_t;

static void *allocate_and_change(void *user, size_t size)
{
    changer_t *changer = user;

    if (++changer->calls == changer->at)
        write_over("within.csv", changer->text);
    changer->live++;
    return malloc(size);
}

static void release_one(void *user, void *block)
{
    changer_t *changer = user;

    changer->live -= block != NULL;
    free(block);
}

/* The first pass counts numbers, the second collects them: there are as many, or it fails. */
static void test_table_other_numbers_in_the_second_pass_are_a_changed_file(void **state)
{
    static const char before[] = "a,b\n1,7\n?,8\n5,9\n4,6\n";
    static const char *const after[] = {"a,b\n1,7\n2,8\n5,9\n4,6\n",  /* a number more */
                                        "a,b\n1,7\n?,8\n5,9\n?,6\n"}; /* one fewer */

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        size_t changed = 0, fine = 0;

        for (size_t at = 1; at < 60; at++) {
            changer_t changer = {.at = at, .text = after[i]};
            dlcore_allocator_t allocator = {allocate_and_change, release_one, &changer};
            dlcore_table_options_t options = lazily(true);
            dlcore_error_record_t error = {.message = ""};
            dlcore_schema_t *fitted = NULL;
            dlcore_table_t *table = NULL;
            dlcore_status status;

            scratch_file("within.csv", before, strlen(before));
            assert_int_equal(
                dlcore_table_load(scratch_path("within.csv"), &options, &allocator, &table, &error),
                DLCORE_OK);
            status = dlcore_schema_fit(table, NULL, NULL, &fitted, &error);
            if (status != DLCORE_OK)
                assert_failed(status, DLCORE_ERROR_IO, &error, "changed while it was read");
            changed += status != DLCORE_OK;
            fine += status == DLCORE_OK;
            dlcore_schema_free(fitted);
            dlcore_table_free(table);
            assert_int_equal(changer.live, 0);
        }
        assert_true(changed > 0 && fine > 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_table_each_failed_read_is_an_io_error, reset),
        cmocka_unit_test_teardown(test_table_each_failed_read_of_loading_is_an_io_error, reset),
        cmocka_unit_test_teardown(test_table_stream_a_failed_read_is_an_error_of_its_batch, reset),
        cmocka_unit_test(test_table_rows_of_another_form_are_a_changed_file),
        cmocka_unit_test(test_table_other_numbers_in_the_second_pass_are_a_changed_file),
    };

    return cmocka_run_group_tests(tests, make_all, free_all);
}
