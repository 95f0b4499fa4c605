/* Any bytes as a table: read, learned from, applied, its schema written and read again; and any
 * bytes as the text of a schema. The first byte chooses which, and the options.
 *
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "dlcore/schema.h"
#include "dlcore/sparse.h"
#include "fuzz/budget.h"
#include "table/schema_json.h"

#define COLUMN_BYTES 3072 /* of a table, a schema, and fitting it */

static dlcore_table_options_t table_options_of(uint8_t choice)
{
    static const char delimiters[] = "\0,;\t";
    dlcore_table_options_t options = dlcore_table_options_default();

    options.delimiter = delimiters[choice & 3];
    options.blank_runs = choice % 7 == 3;
    options.comment = choice % 5 == 2 ? '#' : '\0';
    options.decimal = choice % 11 == 5 && options.delimiter != ',' ? ',' : '\0';
    options.missing = choice % 3 == 1 ? "- -1" : NULL;
    options.header = (dlcore_csv_header_t)((choice >> 2 & 3) % 3);
    return options;
}

static dlcore_schema_options_t schema_options_of(uint8_t choice, const dlcore_table_t *table)
{
    dlcore_schema_options_t options = dlcore_schema_options_default();

    if (choice & 16)
        options.target = dlcore_table_column_name(table, choice % 3);
    options.all.encode = choice & 32 ? DLCORE_ENCODE_INDEX : DLCORE_ENCODE_ONE_HOT;
    options.all.indicator = choice % 13 > 6;
    options.all.fill = choice % 4 == 1 ? DLCORE_FILL_MOST_FREQUENT : DLCORE_FILL_DEFAULT;
    options.all.scale = (dlcore_schema_scale_t)(choice % 4);
    options.all.rare_below = choice % 3;
    options.all.date_cycles = choice % 2 == 1;
    return options;
}

/* What a schema makes of a table: numbers that are finite, and the same of the schema as text. */
static void apply_twice(const dlcore_schema_t *schema, const dlcore_table_t *table, bool labels)
{
    dlcore_allocator_t allocator = dlcore_allocator_default();
    size_t size = dlcore_schema_put(schema, NULL, 0);
    dlcore_error_record_t error = {.message = ""};
    dlcore_schema_t *again = NULL;
    dlcore_tensor_t *x = NULL, *y = NULL, *x2 = NULL, *sparse = NULL, *back = NULL;
    char *text = malloc(size);
    dlcore_status status;

    fuzz_require(text != NULL && dlcore_schema_put(schema, text, size) == size, "no text");
    status = dlcore_schema_read(text, &allocator, &again, &error);
    fuzz_require(status == DLCORE_OK, "a schema that cannot be read again");
    status = dlcore_schema_apply(schema, table, NULL, &x, labels ? &y : NULL, &error);
    fuzz_require(dlcore_schema_apply_sparse(schema, table, NULL, &sparse, NULL, NULL) ==
                         DLCORE_OK ||
                     status != DLCORE_OK,
                 "sparse rows are refused, dense ones not");
    fuzz_require((status == DLCORE_OK) == (x != NULL), "status and result disagree");
    if (status == DLCORE_OK) {
        const float *numbers = dlcore_tensor_data_const(x);

        for (size_t i = 0; i < dlcore_tensor_size(x); i++)
            fuzz_require(isfinite(numbers[i]), "a number that is not finite");
        status = dlcore_schema_apply(again, table, NULL, &x2, NULL, &error);
        fuzz_require(status == DLCORE_OK && memcmp(dlcore_tensor_data_const(x2), numbers,
                                                   dlcore_tensor_size(x) * sizeof *numbers) == 0,
                     "another number from the schema as text");
        fuzz_require(dlcore_sparse_to_dense(sparse, &back, NULL) == DLCORE_OK &&
                         dlcore_tensor_equal(back, x, 0.0),
                     "other numbers in sparse rows");
    }
    dlcore_tensor_free(x);
    dlcore_tensor_free(y);
    dlcore_tensor_free(x2);
    dlcore_tensor_free(sparse);
    dlcore_tensor_free(back);
    dlcore_schema_free(again);
    free(text);
}

static void read_table(uint8_t choice, const uint8_t *data, size_t size,
                       const dlcore_allocator_t *allocator)
{
    dlcore_table_options_t options = table_options_of(choice);
    dlcore_error_record_t error = {.message = ""};
    dlcore_schema_options_t how;
    dlcore_schema_t *schema = NULL;
    dlcore_table_t *table = NULL;
    dlcore_status status = dlcore_table_parse(data, size, &options, allocator, &table, &error);

    fuzz_require((status == DLCORE_OK) == (table != NULL), "status and result disagree");
    fuzz_require((status == DLCORE_OK) == (error.message[0] == '\0'), "no message");
    if (status != DLCORE_OK)
        return;
    how = schema_options_of(choice, table);
    status = dlcore_schema_fit(table, NULL, &how, &schema, &error);
    fuzz_require((status == DLCORE_OK) == (schema != NULL), "status and result disagree");
    if (status == DLCORE_OK && dlcore_table_row_count(table) < 1000 &&
        dlcore_schema_feature_count(schema) < 1000)
        apply_twice(schema, table, how.target != NULL);
    dlcore_schema_free(schema);
    dlcore_table_free(table);
}

static void read_schema(const uint8_t *data, size_t size, const dlcore_allocator_t *allocator)
{
    static const char row[] = "a,b,c\n1,x,2026-01-02\n,,\n";
    dlcore_error_record_t error = {.message = ""};
    dlcore_schema_t *schema = NULL;
    dlcore_table_t *table = NULL;
    char *text = malloc(size + 1);
    dlcore_status status;

    if (text == NULL)
        return;
    memcpy(text, data, size);
    text[size] = '\0';
    status = dlcore_schema_read(text, allocator, &schema, &error);
    fuzz_require((status == DLCORE_OK) == (schema != NULL), "status and result disagree");
    free(text);
    if (status != DLCORE_OK)
        return;
    fuzz_require(dlcore_table_parse(row, sizeof row - 1, NULL, NULL, &table, NULL) == DLCORE_OK,
                 "no table");
    apply_twice(schema, table, false);
    dlcore_table_free(table);
    dlcore_schema_free(schema);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    budget_t budget = budget_for(size);
    dlcore_allocator_t allocator = budget_allocator(&budget);

    budget.limit += 1024 * 1024 + COLUMN_BYTES * size; /* columns: at most as many */

    if (size == 0)
        return 0;
    if (data[0] == '{')
        read_schema(data, size, &allocator);
    else
        read_table(data[0], data + 1, size - 1, &allocator);
    budget_check(&budget);
    return 0;
}
