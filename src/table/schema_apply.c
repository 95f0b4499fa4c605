/* Rows to tensors, row by row: nothing is carried from one to the next.
 *
 * SPDX-License-Identifier: MIT */
#include "table/schema_apply.h"

#include <stdio.h>
#include <string.h>

#include "base/allocator.h"
#include "base/error.h"
#include "base/float_mode.h"
#include "base/shown.h"
#include "base/traces.h"
#include "table/schema_put.h"
#include "tensor/tensor.h"

/* ---- a way through a table ---- */

/* Of a schema from a file. */
static dlcore_status refuse_twice(const char *call, const char *name, dlcore_error_record_t *error)
{
    char shown[DLCORE_SHOWN_SIZE];

    return dlcore_fail(error, DLCORE_ERROR_NAME, "%s: \"%s\" is twice in the schema", call,
                       dlcore_show(shown, name, strlen(name)));
}

static dlcore_status find_steps(dlcore_applying_t *applying, const char *call,
                                dlcore_error_record_t *error)
{
    const dlcore_schema_t *schema = applying->schema;
    size_t steps = schema->inputs + (applying->labels ? schema->targets : 0);

    for (size_t i = 0; i < applying->table->columns; i++)
        applying->which[i] = DLCORE_NO_STEP;
    for (size_t i = 0; i < steps; i++) {
        size_t column = 0;
        dlcore_status status =
            dlcore_table_find_one(applying->table, call, schema->steps[i].name, &column, error);

        if (status == DLCORE_OK && applying->which[column] != DLCORE_NO_STEP)
            status = refuse_twice(call, schema->steps[i].name, error);
        if (status != DLCORE_OK)
            return status;
        applying->which[column] = i;
    }
    return DLCORE_OK;
}

dlcore_status dlcore_applying_begin(dlcore_applying_t *applying, const dlcore_schema_t *schema,
                                    const dlcore_table_t *table, bool labels, const char *call,
                                    dlcore_error_record_t *error)
{
    dlcore_status status;

    *applying = (dlcore_applying_t){.schema = schema, .table = table, .labels = labels};
    status = dlcore_table_cursor_begin(&applying->cursor, table, &table->allocator, error);
    if (status != DLCORE_OK)
        return status;
    applying->which =
        dlcore_allocate_raw(&table->allocator, table->columns, sizeof *applying->which);
    if (applying->which == NULL)
        return dlcore_fail_memory(error, call, table->columns * sizeof *applying->which);
    return find_steps(applying, call, error);
}

void dlcore_applying_end(dlcore_applying_t *applying)
{
    /* by an allocator of its own: the table may be freed before a stream of it */
    dlcore_release(&applying->cursor.allocator, applying->which);
    dlcore_table_cursor_end(&applying->cursor);
    applying->which = NULL;
}

static dlcore_status refuse_cell(const dlcore_applying_t *applying, size_t column,
                                 const dlcore_cell_t *cell, dlcore_put_problem_t problem,
                                 dlcore_error_record_t *error)
{
    char where[DLCORE_CURSOR_WHERE_SIZE];

    dlcore_table_cursor_where(&applying->cursor, column, cell, where);
    return dlcore_step_refuse(&applying->schema->steps[applying->which[column]], problem, cell,
                              where, error);
}

dlcore_status dlcore_applying_row(dlcore_applying_t *applying, size_t row, float *x,
                                  unsigned char *y, dlcore_error_record_t *error)
{
    const dlcore_schema_t *schema = applying->schema;
    const char *missing = applying->table->missing;
    dlcore_status status = dlcore_table_cursor_go(&applying->cursor, row, error);

    for (size_t column = 0; column < applying->table->columns && status == DLCORE_OK; column++) {
        size_t which = applying->which[column];
        const dlcore_schema_step_t *step;
        dlcore_put_problem_t problem;
        dlcore_cell_t cell;

        status = dlcore_table_cursor_cell(&applying->cursor, column, &cell, error);
        if (status != DLCORE_OK || which == DLCORE_NO_STEP)
            continue;
        step = &schema->steps[which];
        problem = which < schema->inputs
                      ? dlcore_step_put(step, &cell, missing, x + step->feature)
                      : dlcore_step_put_target(step, &cell, missing, y + 4 * step->feature);
        if (problem != DLCORE_PUT_DONE)
            return refuse_cell(applying, column, &cell, problem, error);
    }
    return status;
}

/* ---- tensors ---- */

dlcore_status dlcore_schema_make_labels(const dlcore_schema_t *schema,
                                        const dlcore_allocator_t *allocator, size_t count,
                                        dlcore_tensor_t **y, dlcore_error_record_t *error)
{
    size_t shape[2] = {count, schema->targets};
    dlcore_dtype_t dtype =
        dlcore_schema_has_classes(schema) ? DLCORE_DTYPE_INT32 : DLCORE_DTYPE_FLOAT32;

    return dlcore_tensor_create_unset(allocator, dtype, schema->targets > 1 ? 2 : 1, shape, y,
                                      error);
}

dlcore_status dlcore_schema_make_tensors(const dlcore_schema_t *schema,
                                         const dlcore_allocator_t *allocator, size_t count,
                                         dlcore_tensor_t **x, dlcore_tensor_t **y,
                                         dlcore_error_record_t *error)
{
    size_t shape[2] = {count, schema->features};
    dlcore_status status =
        dlcore_tensor_create_unset(allocator, DLCORE_DTYPE_FLOAT32, 2, shape, x, error);

    if (status == DLCORE_OK && y != NULL)
        status = dlcore_schema_make_labels(schema, allocator, count, y, error);
    return status;
}

static dlcore_status fill_tensors(dlcore_applying_t *applying, const dlcore_table_rows_t *rows,
                                  dlcore_tensor_t *x, dlcore_tensor_t *y,
                                  dlcore_error_record_t *error)
{
    const dlcore_schema_t *schema = applying->schema;
    float *features = (float *)(void *)x->data;
    unsigned char *labels = y != NULL ? y->data : NULL;
    dlcore_status status = DLCORE_OK;

    for (size_t i = 0; i < rows->count && status == DLCORE_OK; i++)
        status = dlcore_applying_row(
            applying, dlcore_table_row(rows, i), features + i * schema->features,
            labels != NULL ? labels + 4 * i * schema->targets : NULL, error);
    return status;
}

static dlcore_status apply_schema(const dlcore_schema_t *schema, const dlcore_table_t *table,
                                  const dlcore_table_rows_t *asked, dlcore_tensor_t **x,
                                  dlcore_tensor_t **y, dlcore_error_record_t *error)
{
    dlcore_applying_t applying;
    dlcore_table_rows_t rows;
    dlcore_status status = dlcore_table_check_rows(table, "schema_apply", asked, &rows, error);

    if (status == DLCORE_OK && y != NULL && schema->targets == 0)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT,
                           "schema_apply: y is asked for, but the schema has no target");
    if (status != DLCORE_OK)
        return status;
    status = dlcore_applying_begin(&applying, schema, table, y != NULL, "schema_apply", error);
    if (status == DLCORE_OK)
        status = dlcore_schema_make_tensors(schema, &table->allocator, rows.count, x, y, error);
    if (status == DLCORE_OK)
        status = fill_tensors(&applying, &rows, *x, y != NULL ? *y : NULL, error);
    dlcore_applying_end(&applying);
    if (status == DLCORE_OK)
        return status;
    dlcore_tensor_free(*x);
    *x = NULL;
    if (y != NULL) {
        dlcore_tensor_free(*y);
        *y = NULL;
    }
    return status;
}

dlcore_status dlcore_schema_apply_by(const char *name, dlcore_schema_applier_t *applier,
                                     const dlcore_schema_t *schema, const dlcore_table_t *table,
                                     const dlcore_table_rows_t *rows, dlcore_tensor_t **x,
                                     dlcore_tensor_t **y, dlcore_error_record_t *error)
{
    dlcore_traces_t before = dlcore_traces_note();
    dlcore_float_mode_t mode;
    dlcore_status status;

    if (x != NULL)
        *x = NULL;
    if (y != NULL)
        *y = NULL;
    if (schema == NULL || table == NULL || x == NULL)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "%s: %s is NULL", name,
                           schema == NULL  ? "schema"
                           : table == NULL ? "table"
                                           : "x");
    mode = dlcore_float_mode_enter(false);
    status = applier(schema, table, rows, x, y, error);
    dlcore_float_mode_leave(mode);
    return dlcore_traces_end(before, status);
}

dlcore_status dlcore_schema_apply(const dlcore_schema_t *schema, const dlcore_table_t *table,
                                  const dlcore_table_rows_t *rows, dlcore_tensor_t **x,
                                  dlcore_tensor_t **y, dlcore_error_record_t *error)
{
    return dlcore_schema_apply_by("schema_apply", apply_schema, schema, table, rows, x, y, error);
}

/* ---- a row as texts ---- */

/* The value given for a column; *twice: there are two. */
static bool find_row_value(const char *const *names, size_t count, const char *name, size_t *at,
                           bool *twice)
{
    bool found = false;

    *twice = false;
    for (size_t i = 0; i < count; i++)
        if (names[i] != NULL && strcmp(names[i], name) == 0) {
            *twice = found;
            found = true;
            *at = i;
        }
    return found;
}

static dlcore_status refuse_row_name(const char *const *names, size_t count, const char *name,
                                     bool twice, dlcore_error_record_t *error)
{
    dlcore_shown_names_t there = {.used = 0};
    char shown[DLCORE_SHOWN_SIZE];

    dlcore_show(shown, name, strlen(name));
    if (twice)
        return dlcore_fail(error, DLCORE_ERROR_NAME, "row: \"%s\" is given twice", shown);
    for (size_t i = 0; i < count && !there.cut; i++)
        if (names[i] != NULL)
            dlcore_shown_add(&there, names[i]);
    return dlcore_fail(error, DLCORE_ERROR_NAME,
                       "row: no value is called \"%s\"; there are %s; a gap is NULL", shown,
                       there.text);
}

/* A value in a buffer, in which a comma may become a point for a moment. Only numbers are short:
 * longer texts are none that have a comma. */
static dlcore_put_problem_t put_row_text(const dlcore_schema_t *schema,
                                         const dlcore_schema_step_t *step, const char *value,
                                         dlcore_cell_t *cell, float *x)
{
    char copy[256];
    size_t length = value != NULL ? strlen(value) : 0;
    union { /* what is not copied is not written to */
        const char *given;
        char *text;
    } from = {.given = value != NULL ? value : ""};

    *cell =
        (dlcore_cell_t){.field = {.text = from.text, .length = length}, .absent = value == NULL};
    if (length < sizeof copy) {
        memcpy(copy, from.given, length);
        cell->field.text = copy;
        cell->field.decimal = schema->decimal;
    }
    {
        dlcore_put_problem_t problem =
            dlcore_step_put(step, cell, schema->missing, x + step->feature);

        cell->field.text = from.text;
        return problem;
    }
}

static dlcore_status apply_row(const dlcore_schema_t *schema, const char *const *names,
                               const char *const *values, size_t count, float *x,
                               dlcore_error_record_t *error)
{
    for (size_t i = 0; i < schema->inputs; i++) {
        const dlcore_schema_step_t *step = &schema->steps[i];
        char shown[DLCORE_SHOWN_SIZE], where[DLCORE_SHOWN_SIZE + 8];
        dlcore_put_problem_t problem;
        dlcore_cell_t cell;
        size_t at = 0;
        bool twice;

        if (!find_row_value(names, count, step->name, &at, &twice) || twice)
            return refuse_row_name(names, count, step->name, twice, error);
        problem = put_row_text(schema, step, values[at], &cell, x);
        if (problem == DLCORE_PUT_DONE)
            continue;
        snprintf(where, sizeof where, "row: %s",
                 dlcore_show(shown, step->name, strlen(step->name)));
        return dlcore_step_refuse(step, problem, &cell, where, error);
    }
    return DLCORE_OK;
}

dlcore_status dlcore_schema_apply_row(const dlcore_schema_t *schema, const char *const *names,
                                      const char *const *values, size_t count, float *x,
                                      dlcore_error_record_t *error)
{
    dlcore_traces_t before = dlcore_traces_note();
    dlcore_float_mode_t mode;
    dlcore_status status;

    if (schema == NULL || names == NULL || values == NULL || x == NULL)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "schema_apply_row: %s is NULL",
                           schema == NULL   ? "schema"
                           : names == NULL  ? "names"
                           : values == NULL ? "values"
                                            : "x");
    mode = dlcore_float_mode_enter(false);
    status = apply_row(schema, names, values, count, x, error);
    dlcore_float_mode_leave(mode);
    return dlcore_traces_end(before, status);
}
