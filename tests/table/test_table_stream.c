/* Streams: each row comes once in a pass, shuffled or not; any batch can be gone to again.
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
#include "support/idx_bytes.h"
#include "support/tables.h"
#include "support/tensors.h"

enum { ROWS = 103 };
static char text[ROWS * 24];

static dlcore_table_t *numbered_rows(void)
{
    dlcore_table_options_t options = dlcore_table_options_default();
    dlcore_table_t *table = NULL;
    size_t used = (size_t)snprintf(text, sizeof text, "a,y\n");

    for (int i = 0; i < ROWS; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, "%d,%d\n", i, 2 * i);
    scratch_file("stream.csv", text, used);
    options.in_memory = false;
    assert_int_equal(dlcore_table_load(scratch_path("stream.csv"), &options, NULL, &table, NULL),
                     DLCORE_OK);
    return table;
}

static dlcore_schema_t *raw_schema(const dlcore_table_t *table)
{
    dlcore_schema_options_t options = dlcore_schema_options_default();

    options.target = "y";
    options.all.scale = options.target_scale = DLCORE_SCALE_NONE;
    return schema_of(table, NULL, &options);
}

/* The rows of a pass from a batch on, by their number. */
static size_t read_pass(const dlcore_dataset_t *dataset, size_t pass, size_t batch, int *rows)
{
    size_t count = 0;

    assert_int_equal(dataset->begin(dataset->user, pass, batch, NULL), DLCORE_OK);
    for (;;) {
        dlcore_dataset_batch_t got = {.x = NULL};
        dlcore_error_record_t error = {.message = ""};

        if (dataset->next(dataset->user, &got, &error) != DLCORE_OK)
            fail_msg("%s", error.message);
        if (got.x == NULL)
            return count;
        for (size_t i = 0; i < dlcore_tensor_length(got.x, 0); i++) {
            float x = ((const float *)dlcore_tensor_data_const(got.x))[i];

            assert_true(((const float *)dlcore_tensor_data_const(got.y))[i] == 2 * x);
            rows[count++] = (int)x;
        }
    }
}

static void test_table_stream_rows_come_once_in_a_pass(void **state)
{
    static const size_t shuffles[] = {0, 1, 20, 1000};
    dlcore_table_t *table = numbered_rows();
    dlcore_schema_t *schema = raw_schema(table);

    (void)state;
    for (size_t k = 0; k < 4; k++) {
        dlcore_table_stream_options_t options = dlcore_table_stream_options_default();
        dlcore_table_stream_t *stream = NULL;
        dlcore_dataset_t dataset;
        int first[ROWS] = {0}, again[ROWS] = {0}, second[ROWS] = {0}, seen[ROWS] = {0};

        options.batch_size = 10;
        options.shuffle_rows = shuffles[k];
        assert_int_equal(dlcore_table_stream_create(schema, table, NULL, &options, &stream, NULL),
                         DLCORE_OK);
        dataset = dlcore_table_stream_dataset(stream);
        assert_int_equal(dataset.batches, 11);
        assert_int_equal(read_pass(&dataset, 0, 0, first), ROWS);
        assert_int_equal(read_pass(&dataset, 1, 0, second), ROWS);
        for (size_t i = 0; i < ROWS; i++) {
            assert_int_equal(seen[first[i]]++, 0);
            if (shuffles[k] == 0)
                assert_int_equal(first[i], i);
        }
        assert_true((memcmp(first, second, sizeof first) == 0) == (shuffles[k] == 0));
        if (shuffles[k] == 20) { /* pieces of 20 rows, each in an order of its own */
            bool alike = true;

            for (size_t i = 20; i < 100; i++)
                alike = alike && first[i] % 20 == first[i % 20] % 20;
            assert_false(alike);
        }
        assert_int_equal(read_pass(&dataset, 0, 7, again), ROWS - 70);
        assert_memory_equal(again, first + 70, (ROWS - 70) * sizeof(int));
        assert_int_equal(read_pass(&dataset, 1, 10, again), 3);
        assert_memory_equal(again, second + 100, 3 * sizeof(int));
        dlcore_table_stream_free(stream);
    }
    dlcore_schema_free(schema);
    dlcore_table_free(table);
}

static void test_table_stream_trains_as_tensors_do(void **state)
{
    dlcore_table_t *table = numbered_rows();
    dlcore_schema_t *schema = schema_of_text(text, "y");
    dlcore_table_stream_options_t options = dlcore_table_stream_options_default();
    dlcore_fit_options_t how = dlcore_fit_options_default();
    dlcore_optimizer_t sgd = dlcore_optimizer_sgd();
    dlcore_table_stream_t *stream = NULL;
    dlcore_tensor_t *x, *y;
    float weights[2][2];

    (void)state;
    how.epochs = 3;
    how.shuffle = false;
    assert_int_equal(dlcore_schema_apply(schema, table, NULL, &x, &y, NULL), DLCORE_OK);
    assert_int_equal(dlcore_table_stream_create(schema, table, NULL, &options, &stream, NULL),
                     DLCORE_OK);
    for (size_t i = 0; i < 2; i++) {
        dlcore_dataset_t dataset = dlcore_table_stream_dataset(stream);
        dlcore_model_t *model = NULL;

        assert_int_equal(dlcore_model_create(NULL, &model), DLCORE_OK);
        dlcore_model_add(model, dlcore_layer_dense(1, DLCORE_ACTIVATION_LINEAR));
        assert_int_equal(
            dlcore_model_compile(model, &sgd, DLCORE_LOSS_MEAN_SQUARED_ERROR, DLCORE_METRIC_NONE),
            DLCORE_OK);
        assert_int_equal(i == 0 ? dlcore_model_fit(model, x, y, &how, NULL)
                                : dlcore_model_fit_dataset(model, &dataset, &how, NULL),
                         DLCORE_OK);
        assert_int_equal(dlcore_model_get_weights(model, weights[i], 2), DLCORE_OK);
        dlcore_model_free(model);
    }
    assert_memory_equal(weights[0], weights[1], sizeof weights[0]);
    dlcore_tensor_free(x);
    dlcore_tensor_free(y);
    dlcore_table_stream_free(stream);
    dlcore_schema_free(schema);
    dlcore_table_free(table);
}

static void test_table_stream_tables_without_targets_have_no_labels(void **state)
{
    dlcore_table_t *table = table_of("a\n1\n2\n", NULL);
    dlcore_schema_t *schema = schema_of_text("a,y\n1,1\n2,2\n", "y");
    dlcore_table_stream_t *stream = NULL;
    dlcore_dataset_batch_t batch = {.x = NULL};
    dlcore_dataset_t dataset;

    (void)state;
    assert_int_equal(dlcore_table_stream_create(schema, table, NULL, NULL, &stream, NULL),
                     DLCORE_OK);
    dataset = dlcore_table_stream_dataset(stream);
    assert_int_equal(dataset.begin(dataset.user, 0, 0, NULL), DLCORE_OK);
    assert_int_equal(dataset.next(dataset.user, &batch, NULL), DLCORE_OK);
    assert_int_equal(dlcore_tensor_length(batch.x, 0), 2);
    assert_null(batch.y);
    dlcore_table_stream_free(stream);
    dlcore_schema_free(schema);
    dlcore_table_free(table);
}

static void test_table_stream_rows_of_a_list_that_changed_are_refused(void **state)
{
    static const double numbers[3] = {1.0, 2.0, 3.0};
    const dlcore_table_column_t columns[2] = {{.name = "a", .numbers = numbers},
                                              {.name = "y", .numbers = numbers}};
    dlcore_table_t *tables[2] = {numbered_rows(), NULL};

    (void)state;
    assert_int_equal(dlcore_table_from_columns(columns, 2, 3, NULL, &tables[1], NULL), DLCORE_OK);
    for (size_t i = 0; i < 2; i++) {
        size_t list[3] = {2, 0, 1};
        dlcore_table_rows_t rows = {.list = list, .count = 3};
        dlcore_schema_t *schema = raw_schema(tables[i]);
        dlcore_error_record_t error = {.message = ""};
        dlcore_table_stream_t *stream = NULL;
        dlcore_dataset_batch_t batch = {.x = NULL};
        dlcore_dataset_t dataset;

        assert_int_equal(
            dlcore_table_stream_create(schema, tables[i], &rows, NULL, &stream, &error), DLCORE_OK);
        list[1] = dlcore_table_row_count(tables[i]);
        dataset = dlcore_table_stream_dataset(stream);
        assert_int_equal(dataset.begin(dataset.user, 0, 0, &error), DLCORE_OK);
        assert_failed(dataset.next(dataset.user, &batch, &error), DLCORE_ERROR_RANGE, &error,
                      i == 0 ? "row 103 of a table of 103 rows" : "row 3 of a table of 3 rows");
        dlcore_table_stream_free(stream);
        dlcore_schema_free(schema);
        dlcore_table_free(tables[i]);
    }
}

static void test_table_stream_what_cannot_be_is_refused(void **state)
{
    dlcore_table_t *table = table_of("a,y\n1,1\nx,2\n", NULL), *empty = table_of("a,y\n", NULL);
    dlcore_schema_t *schema = schema_of_text("a,y\n1,1\n2,2\n", "y");
    dlcore_table_stream_options_t options = dlcore_table_stream_options_default();
    dlcore_error_record_t error = {.message = ""};
    dlcore_table_stream_t *stream = NULL;
    dlcore_dataset_batch_t batch = {.x = NULL};
    dlcore_dataset_t dataset;

    (void)state;
    assert_failed(dlcore_table_stream_create(schema, empty, NULL, NULL, &stream, &error),
                  DLCORE_ERROR_SHAPE, &error, "no rows");
    options.batch_size = 0;
    assert_failed(dlcore_table_stream_create(schema, table, NULL, &options, &stream, &error),
                  DLCORE_ERROR_ARGUMENT, &error, "batch_size");
    assert_int_equal(dlcore_table_stream_create(schema, table, NULL, NULL, &stream, &error),
                     DLCORE_OK);
    dataset = dlcore_table_stream_dataset(stream);
    assert_int_equal(dataset.begin(dataset.user, 0, 0, &error), DLCORE_OK);
    assert_failed(dataset.next(dataset.user, &batch, &error), DLCORE_ERROR_FORMAT, &error,
                  "line 3, column 1 (a): \"x\" is not a number");
    dlcore_table_stream_free(stream);
    dlcore_table_stream_free(NULL);
    dlcore_schema_free(schema);
    dlcore_table_free(table);
    dlcore_table_free(empty);
}

static dlcore_status stream_with(const dlcore_allocator_t *allocator, void *context)
{
    dlcore_schema_t *schema = (dlcore_schema_t *)context;
    dlcore_table_stream_options_t options = dlcore_table_stream_options_default();
    dlcore_dataset_batch_t batch = {.x = NULL};
    dlcore_table_stream_t *stream = NULL;
    dlcore_table_t *table = NULL;
    dlcore_status status = dlcore_table_parse("a,y\n1,1\n3,2\n", 12, NULL, allocator, &table, NULL);

    options.shuffle_rows = 1;
    if (status == DLCORE_OK)
        status = dlcore_table_stream_create(schema, table, NULL, &options, &stream, NULL);
    if (status == DLCORE_OK) {
        dlcore_dataset_t dataset = dlcore_table_stream_dataset(stream);

        (void)dataset.begin(dataset.user, 0, 0, NULL);
        status = dataset.next(dataset.user, &batch, NULL);
    }
    dlcore_table_stream_free(stream);
    dlcore_table_free(table);
    return status;
}

static void test_table_stream_survives_every_failing_allocation(void **state)
{
    dlcore_schema_t *schema = schema_of_text("a,y\n1,1\n2,2\n", "y");

    (void)state;
    assert_in_range(failing_allocator_sweep(stream_with, schema), 15, 40);
    dlcore_schema_free(schema);
}

/* ---- memory ---- */

/* Most bytes at a time of loading a file of so many rows of two numbers, of learning a schema, and
 * of a pass over its batches. */
typedef struct peaks {
    size_t load, fit, pass;
} peaks_t;

static size_t peak_since(failing_allocator_t *memory)
{
    size_t peak = memory->peak_bytes;

    memory->peak_bytes = memory->live_bytes;
    return peak;
}

static void pass_over(dlcore_table_stream_t *stream, size_t rows)
{
    dlcore_dataset_t dataset = dlcore_table_stream_dataset(stream);
    dlcore_dataset_batch_t batch;

    assert_int_equal(dataset.begin(dataset.user, 0, 0, NULL), DLCORE_OK);
    for (size_t seen = 0; seen < rows; seen += dlcore_tensor_length(batch.x, 0)) {
        assert_int_equal(dataset.next(dataset.user, &batch, NULL), DLCORE_OK);
        assert_non_null(batch.x);
    }
}

static peaks_t peaks_of(size_t rows, dlcore_schema_fill_t fill)
{
    size_t size = 32 * rows + 8, used = 0;
    char *lines = malloc(size);
    failing_allocator_t memory;
    dlcore_allocator_t allocator;
    dlcore_table_options_t options = dlcore_table_options_default();
    dlcore_schema_options_t how = dlcore_schema_options_default();
    dlcore_table_stream_options_t batches = dlcore_table_stream_options_default();
    dlcore_table_t *table = NULL;
    dlcore_schema_t *schema = NULL;
    dlcore_table_stream_t *stream = NULL;
    peaks_t peaks;

    assert_non_null(lines);
    used = (size_t)snprintf(lines, size, "a,b\n");
    for (size_t i = 0; i < rows; i++)
        used += (size_t)snprintf(lines + used, size - used, "%zu,%zu\n", i * 7919 % rows, i % 97);
    scratch_file("many.csv", lines, used);
    free(lines);
    failing_allocator_init(&memory);
    allocator = failing_allocator(&memory);
    options.in_memory = false;
    how.all.fill = fill;
    batches.shuffle_rows = 1000;
    assert_int_equal(
        dlcore_table_load(scratch_path("many.csv"), &options, &allocator, &table, NULL), DLCORE_OK);
    peaks.load = peak_since(&memory);
    assert_int_equal(dlcore_schema_fit(table, NULL, &how, &schema, NULL), DLCORE_OK);
    peaks.fit = peak_since(&memory);
    assert_int_equal(dlcore_table_stream_create(schema, table, NULL, &batches, &stream, NULL),
                     DLCORE_OK);
    pass_over(stream, rows);
    peaks.pass = peak_since(&memory);
    dlcore_table_stream_free(stream);
    dlcore_schema_free(schema);
    dlcore_table_free(table);
    failing_allocator_assert_clean(&memory);
    return peaks;
}

/* As table.h and schema.h say: of 80 times the rows the places of each 32nd, the order of pieces,
 * and, for medians, the numbers. */
static void test_table_stream_memory_is_that_of_a_piece(void **state)
{
    enum { FEW = 1000, MANY = 80000, ORDER = 8 * MANY / 1000 };
    enum { PLACES = 16 * MANY / 32, VALUES = 2 * 24 * 1024 }; /* room for places is doubled */
    peaks_t few = peaks_of(FEW, DLCORE_FILL_REFUSE), many = peaks_of(MANY, DLCORE_FILL_REFUSE);
    peaks_t medians = peaks_of(MANY, DLCORE_FILL_MEDIAN);

    (void)state;
    assert_in_range(many.load, 0, few.load + 3 * PLACES + VALUES);
    assert_in_range(many.fit, 0, few.fit + 2 * PLACES);
    assert_in_range(many.pass, 0, few.pass + 2 * PLACES + ORDER);
    assert_in_range(medians.fit, many.fit + 2 * 8 * MANY, many.fit + 2 * 8 * MANY + 256);
    assert_in_range(medians.pass, 0, many.pass + 256);
}

/* Pieces of whole batches change places, the last among them. */
static void test_table_stream_whole_pieces_are_all_shuffled(void **state)
{
    dlcore_table_t *table = table_of("a,y\n0,1\n1,2\n2,1\n3,2\n4,1\n5,2\n6,1\n7,2\n", NULL);
    dlcore_schema_options_t how = dlcore_schema_options_default();
    dlcore_table_stream_options_t options = dlcore_table_stream_options_default();
    dlcore_error_record_t error = {.message = ""};
    dlcore_table_stream_t *stream = NULL;
    bool last_moved = false;
    dlcore_schema_t *schema;

    (void)state;
    how.target = "y";
    how.all.scale = DLCORE_SCALE_NONE;
    schema = schema_of(table, NULL, &how);
    options.batch_size = options.shuffle_rows = 2;
    for (size_t pass = 0; pass < 10; pass++) {
        unsigned seen = 0;
        dlcore_dataset_batch_t batch = {.x = NULL};
        dlcore_dataset_t dataset;

        assert_int_equal(dlcore_table_stream_create(schema, table, NULL, &options, &stream, &error),
                         DLCORE_OK);
        dataset = dlcore_table_stream_dataset(stream);
        assert_int_equal(dataset.begin(dataset.user, pass, 0, NULL), DLCORE_OK);
        for (size_t i = 0; i < 4; i++) {
            assert_int_equal(dataset.next(dataset.user, &batch, NULL), DLCORE_OK);
            for (size_t k = 0; k < 2; k++)
                seen |= 1u << (int)((const float *)dlcore_tensor_data_const(batch.x))[k];
        }
        last_moved |= ((const float *)dlcore_tensor_data_const(batch.x))[0] < 6;
        assert_int_equal(seen, 0xff);
        dlcore_table_stream_free(stream);
    }
    assert_true(last_moved);
    options.structure_size = 0;
    assert_failed(dlcore_table_stream_create(schema, table, NULL, &options, &stream, &error),
                  DLCORE_ERROR_ARGUMENT, &error, "table_stream");
    assert_null(stream);
    dlcore_schema_free(schema);
    dlcore_table_free(table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table_stream_rows_come_once_in_a_pass),
        cmocka_unit_test(test_table_stream_trains_as_tensors_do),
        cmocka_unit_test(test_table_stream_tables_without_targets_have_no_labels),
        cmocka_unit_test(test_table_stream_rows_of_a_list_that_changed_are_refused),
        cmocka_unit_test(test_table_stream_what_cannot_be_is_refused),
        cmocka_unit_test(test_table_stream_survives_every_failing_allocation),
        cmocka_unit_test(test_table_stream_memory_is_that_of_a_piece),
        cmocka_unit_test(test_table_stream_whole_pieces_are_all_shuffled),
    };

    return cmocka_run_group_tests(tests, NULL, scratch_remove);
}
