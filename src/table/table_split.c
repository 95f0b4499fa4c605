/* Rows of a table for training, validation and testing: dlcore_train_test_split of their numbers.
 *
 * SPDX-License-Identifier: MIT */
#include <limits.h>

#include "base/allocator.h"
#include "base/error.h"
#include "base/float_mode.h"
#include "base/traces.h"
#include "data/csv_classes.h"
#include "table/table_cursor.h"
#include "tensor/split.h"

typedef struct table_splitting {
    const dlcore_table_t *table;
    dlcore_split_options_t options;
    size_t target;                /* a column; that many: none */
    dlcore_csv_classes_t classes; /* of the target, with stratify */
    size_t *rows;                 /* that have a value there */
    int32_t *numbers;             /* the same, for tensors */
    int32_t *codes;               /* their classes */
    size_t count;
    dlcore_tensor_t *x, *y, *groups;
    dlcore_error_record_t *error;
} table_splitting_t;

/* ---- rows with a target ---- */

static dlcore_status refuse_split_class(const table_splitting_t *s,
                                        const dlcore_table_cursor_t *cursor,
                                        const dlcore_cell_t *cell, dlcore_status status)
{
    char where[DLCORE_CURSOR_WHERE_SIZE];

    if (status == DLCORE_ERROR_MEMORY)
        return dlcore_fail_memory(s->error, "table_split", sizeof(size_t));
    return dlcore_fail(s->error, status,
                       "%s: table_split: a class of more than 255 bytes, or more than %d classes",
                       dlcore_table_cursor_where(cursor, s->target, cell, where),
                       DLCORE_CSV_CLASSES_MAX);
}

/* Takes the row, if the cell of its target has a value. */
static dlcore_status take_split_row(table_splitting_t *s, const dlcore_table_cursor_t *cursor,
                                    const dlcore_cell_t *cell)
{
    dlcore_column_kind_t kind = s->table->facts[s->target].kind;
    char number_text[DLCORE_CELL_TEXT_SIZE];
    dlcore_status status = DLCORE_OK;
    bool missing;
    double value;

    if (kind == DLCORE_COLUMN_NUMBER || kind == DLCORE_COLUMN_DATE)
        missing = dlcore_cell_number(cell, s->table->missing, &value) == DLCORE_CELL_MISSING;
    else
        missing = dlcore_cell_is_missing(cell, s->table->missing);
    if (missing)
        return DLCORE_OK;
    if (s->options.stratify) {
        size_t length;
        const char *text = dlcore_cell_text(cell, number_text, &length);

        status = dlcore_csv_class_code(&s->classes, text, length, &s->codes[s->count]);
        if (status != DLCORE_OK)
            return refuse_split_class(s, cursor, cell, status);
    }
    s->rows[s->count++] = cursor->row;
    return DLCORE_OK;
}

static dlcore_status find_split_rows(table_splitting_t *s)
{
    const dlcore_table_t *table = s->table;
    dlcore_table_cursor_t cursor;
    dlcore_cell_t cell;
    dlcore_status status = dlcore_table_cursor_begin(&cursor, table, &table->allocator, s->error);

    for (size_t row = 0; row < table->rows && status == DLCORE_OK; row++) {
        status = dlcore_table_cursor_go(&cursor, row, s->error);
        for (size_t i = 0; i < table->columns && status == DLCORE_OK; i++) {
            status = dlcore_table_cursor_cell(&cursor, i, &cell, s->error);
            if (status == DLCORE_OK && i == s->target)
                status = take_split_row(s, &cursor, &cell);
        }
    }
    dlcore_table_cursor_end(&cursor);
    return status;
}

/* ---- the split ---- */

static dlcore_status check_split_options(table_splitting_t *s, const char *target)
{
    if (s->options.stratify &&
        (target == NULL || s->table->facts[s->target].kind != DLCORE_COLUMN_CATEGORY))
        return dlcore_fail(s->error, DLCORE_ERROR_ARGUMENT,
                           "table_split: stratify needs a target that is a category; "
                           "table_set_kind makes it one");
    if (s->options.groups != NULL && (dlcore_tensor_rank(s->options.groups) != 1 ||
                                      dlcore_tensor_length(s->options.groups, 0) != s->table->rows))
        return dlcore_fail(s->error, DLCORE_ERROR_SHAPE,
                           "table_split: groups needs a number for each of the %zu rows",
                           s->table->rows);
    if (s->table->rows > INT32_MAX)
        return dlcore_fail(s->error, DLCORE_ERROR_OVERFLOW, "table_split: more than %d rows",
                           INT32_MAX);
    return DLCORE_OK;
}

static dlcore_status make_split_tensors(table_splitting_t *s)
{
    const dlcore_allocator_t *allocator = &s->table->allocator;
    dlcore_status status;

    for (size_t i = 0; i < s->count; i++)
        s->numbers[i] = (int32_t)s->rows[i];
    status = dlcore_tensor_borrow(allocator, DLCORE_DTYPE_INT32, 1, &s->count, s->numbers, 0, &s->x,
                                  s->error);
    if (status == DLCORE_OK && s->options.stratify)
        status = dlcore_tensor_borrow(allocator, DLCORE_DTYPE_INT32, 1, &s->count, s->codes, 0,
                                      &s->y, s->error);
    if (status == DLCORE_OK && s->options.groups != NULL)
        status = dlcore_take_rows(s->options.groups, s->rows, s->count, &s->groups, s->error);
    s->options.groups = s->groups;
    return status;
}

static void list_part(const dlcore_tensor_t *numbers, size_t *list, size_t *used,
                      dlcore_table_rows_t *part)
{
    size_t count = dlcore_tensor_length(numbers, 0);
    const int32_t *from = dlcore_tensor_data_const(numbers);

    *part = (dlcore_table_rows_t){.list = list + *used, .count = count};
    for (size_t i = 0; i < count; i++)
        list[(*used)++] = (size_t)from[i];
}

/* The lists take the place of the rows. */
static dlcore_status split_numbers(table_splitting_t *s, dlcore_table_split_t *out)
{
    dlcore_split_t parts;
    size_t used = 0;
    dlcore_status status = dlcore_train_test_split(s->x, s->y, &s->options, &parts, s->error);

    if (status != DLCORE_OK)
        return status;
    list_part(parts.train_x, s->rows, &used, &out->train);
    list_part(parts.validation_x, s->rows, &used, &out->validation);
    list_part(parts.test_x, s->rows, &used, &out->test);
    out->allocator = s->table->allocator;
    s->rows = NULL;
    dlcore_split_free(&parts);
    return DLCORE_OK;
}

static dlcore_status run_splitting(table_splitting_t *s, const char *target,
                                   dlcore_table_split_t *out)
{
    size_t room = s->table->rows;
    const dlcore_allocator_t *allocator = &s->table->allocator;
    dlcore_status status = DLCORE_OK;

    s->target = s->table->columns;
    if (target != NULL)
        status = dlcore_table_find_one(s->table, "table_split", target, &s->target, s->error);
    if (status == DLCORE_OK)
        status = check_split_options(s, target);
    if (status != DLCORE_OK)
        return status;
    s->classes.allocator = *allocator;
    s->rows = dlcore_allocate_raw(allocator, room, sizeof *s->rows);
    s->numbers = dlcore_allocate_raw(allocator, room, sizeof *s->numbers);
    s->codes = dlcore_allocate_raw(allocator, s->options.stratify ? room : 0, sizeof *s->codes);
    if (s->rows == NULL || s->numbers == NULL || s->codes == NULL)
        return dlcore_fail_memory(s->error, "table_split", room * 2 * sizeof *s->rows);
    if (target != NULL)
        status = find_split_rows(s);
    for (; target == NULL && s->count < room; s->count++)
        s->rows[s->count] = s->count;
    if (status == DLCORE_OK)
        status = make_split_tensors(s);
    return status == DLCORE_OK ? split_numbers(s, out) : status;
}

static dlcore_status split_table(const dlcore_table_t *table, const char *target,
                                 const dlcore_split_options_t *given, dlcore_table_split_t *out,
                                 dlcore_error_record_t *error)
{
    table_splitting_t s = {
        .table = table, .options = dlcore_split_options_default(), .error = error};
    dlcore_status status;

    if (table == NULL || out == NULL)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "table_split: %s is NULL",
                           table == NULL ? "table" : "out");
    *out = (dlcore_table_split_t){.train = {.list = NULL}};
    if (given != NULL && dlcore_check_options(given, "split", error) != DLCORE_OK)
        return DLCORE_ERROR_ARGUMENT;
    if (given != NULL)
        s.options = *given;
    status = run_splitting(&s, target, out);
    dlcore_tensor_free(s.x);
    dlcore_tensor_free(s.y);
    dlcore_tensor_free(s.groups);
    dlcore_csv_release_classes(&s.classes);
    dlcore_release(&table->allocator, s.rows);
    dlcore_release(&table->allocator, s.numbers);
    dlcore_release(&table->allocator, s.codes);
    return status;
}

dlcore_status dlcore_table_split(const dlcore_table_t *table, const char *target,
                                 const dlcore_split_options_t *options, dlcore_table_split_t *out,
                                 dlcore_error_record_t *error)
{
    dlcore_traces_t before = dlcore_traces_note();
    dlcore_float_mode_t mode = dlcore_float_mode_enter(false);
    dlcore_status status = split_table(table, target, options, out, error);

    dlcore_float_mode_leave(mode);
    return dlcore_traces_end(before, status);
}

void dlcore_table_split_free(dlcore_table_split_t *split)
{
    union { /* the list is ours: made above */
        const size_t *given;
        size_t *list;
    } rows;

    if (split == NULL || split->train.list == NULL)
        return;
    rows.given = split->train.list;
    dlcore_release(&split->allocator, rows.list);
    *split = (dlcore_table_split_t){.train = {.list = NULL}};
}
