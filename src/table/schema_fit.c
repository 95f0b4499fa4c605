/* Learning a schema: which columns there are, one pass over the rows for sums and categories, and
 * more for medians.
 *
 * SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/allocator.h"
#include "base/error.h"
#include "base/float_mode.h"
#include "base/shown.h"
#include "base/traces.h"
#include "table/schema_learn.h"
#include "table/schema_settle.h"
#include "table/table_cursor.h"

#define COLLECTED_BYTES ((size_t)256 * 1024 * 1024) /* numbers at a time, of a column at least */

typedef struct fitting {
    const dlcore_table_t *table;
    dlcore_table_rows_t rows;
    dlcore_schema_t *schema;
    size_t *which; /* step of each column */
    size_t *rare_below;
    dlcore_learned_t *learned;
    dlcore_table_cursor_t cursor;
    /* collected numbers, of some steps: those from `first` on, before `behind` */
    double *numbers;
    size_t *used;
    size_t first, behind;
    dlcore_error_record_t *error;
} fitting_t;

typedef dlcore_status fit_cell_t(fitting_t *fitting, size_t column, size_t step,
                                 const dlcore_cell_t *cell);

static dlcore_status each_cell(fitting_t *fitting, fit_cell_t *visit)
{
    dlcore_status status = DLCORE_OK;
    dlcore_cell_t cell;

    for (size_t i = 0; i < fitting->rows.count && status == DLCORE_OK; i++) {
        status = dlcore_table_cursor_go(&fitting->cursor, dlcore_table_row(&fitting->rows, i),
                                        fitting->error);
        for (size_t column = 0; column < fitting->table->columns && status == DLCORE_OK; column++) {
            status = dlcore_table_cursor_cell(&fitting->cursor, column, &cell, fitting->error);
            if (status == DLCORE_OK && fitting->which[column] != DLCORE_NO_STEP)
                status = visit(fitting, column, fitting->which[column], &cell);
        }
    }
    return status;
}

/* ---- first pass ---- */

static dlcore_status refuse_value(fitting_t *fitting, size_t column, dlcore_status status,
                                  const dlcore_schema_step_t *step, const dlcore_cell_t *cell,
                                  dlcore_put_problem_t problem)
{
    char where[DLCORE_CURSOR_WHERE_SIZE];

    dlcore_table_cursor_where(&fitting->cursor, column, cell, where);
    if (status == DLCORE_ERROR_FORMAT)
        return dlcore_step_refuse(step, problem, cell, where, fitting->error);
    if (status == DLCORE_ERROR_OVERFLOW)
        return dlcore_fail(fitting->error, status,
                           "%s: more than %d categories; table_set_kind leaves the column out",
                           where, DLCORE_CSV_CLASSES_MAX);
    if (status == DLCORE_ERROR_MEMORY)
        return dlcore_fail_memory(fitting->error, "schema_fit", sizeof(size_t));
    return dlcore_fail(fitting->error, status,
                       "%s: a category of more than 255 bytes, or with a zero byte; "
                       "table_set_kind leaves the column out",
                       where);
}

static dlcore_status learn_cell(fitting_t *fitting, size_t column, size_t step,
                                const dlcore_cell_t *cell)
{
    const dlcore_schema_step_t *of = &fitting->schema->steps[step];
    dlcore_put_problem_t problem = DLCORE_PUT_DONE;
    dlcore_status status =
        dlcore_learn(&fitting->learned[step], of, dlcore_step_is_target(fitting->schema, of), cell,
                     fitting->table->missing, &problem);

    return status == DLCORE_OK ? status : refuse_value(fitting, column, status, of, cell, problem);
}

/* ---- medians ---- */

static bool wants_numbers(const fitting_t *fitting, size_t step)
{
    const dlcore_schema_step_t *of = &fitting->schema->steps[step];

    return of->kind != DLCORE_COLUMN_CATEGORY && fitting->learned[step].values > 0 &&
           (of->fill == DLCORE_FILL_MEDIAN || of->fill == DLCORE_FILL_MOST_FREQUENT);
}

static dlcore_status collect_cell(fitting_t *fitting, size_t column, size_t step,
                                  const dlcore_cell_t *cell)
{
    double number;

    (void)column;
    if (step < fitting->first || step >= fitting->behind || !wants_numbers(fitting, step) ||
        dlcore_step_number(&fitting->schema->steps[step], cell, fitting->table->missing, &number) !=
            DLCORE_CELL_VALUE)
        return DLCORE_OK;
    if (fitting->used[step] == fitting->learned[step].values)
        return dlcore_fail(fitting->error, DLCORE_ERROR_IO, "%s: changed while it was read",
                           fitting->table->input.name);
    fitting->numbers[fitting->learned[step].begin + fitting->used[step]++] = number;
    return DLCORE_OK;
}

/* The next steps whose numbers fit; answers how many numbers they have. */
static size_t plan_numbers(fitting_t *fitting)
{
    size_t room = 0, step = fitting->first;

    for (; step < fitting->schema->inputs; step++) {
        size_t values = wants_numbers(fitting, step) ? fitting->learned[step].values : 0;

        if (room > 0 && room + values > COLLECTED_BYTES / sizeof(double))
            break;
        if (values > 0)
            fitting->learned[step].begin = room;
        room += values;
    }
    fitting->behind = step;
    return room;
}

static dlcore_status fill_steps(fitting_t *fitting)
{
    for (size_t step = fitting->first; step < fitting->behind; step++) {
        dlcore_schema_step_t *of = &fitting->schema->steps[step];
        double *numbers = fitting->numbers + fitting->learned[step].begin;

        if (!wants_numbers(fitting, step))
            continue;
        if (fitting->used[step] != fitting->learned[step].values)
            return dlcore_fail(fitting->error, DLCORE_ERROR_IO, "%s: changed while it was read",
                               fitting->table->input.name);
        of->fill_value = of->fill == DLCORE_FILL_MEDIAN
                             ? dlcore_median(numbers, fitting->used[step])
                             : dlcore_most_frequent(numbers, fitting->used[step]);
    }
    return DLCORE_OK;
}

static dlcore_status learn_fills(fitting_t *fitting)
{
    dlcore_status status = DLCORE_OK;

    for (fitting->first = 0; fitting->first < fitting->schema->inputs && status == DLCORE_OK;
         fitting->first = fitting->behind) {
        size_t room = plan_numbers(fitting);

        if (room == 0)
            continue;
        fitting->numbers =
            dlcore_allocate_raw(&fitting->table->allocator, room, sizeof *fitting->numbers);
        if (fitting->numbers == NULL)
            return dlcore_fail_memory(fitting->error, "schema_fit", room * sizeof(double));
        status = each_cell(fitting, collect_cell);
        if (status == DLCORE_OK)
            status = fill_steps(fitting);
        dlcore_release(&fitting->table->allocator, fitting->numbers);
        fitting->numbers = NULL;
    }
    return status;
}

/* ---- all of it ---- */

static dlcore_status learn_schema(fitting_t *fitting)
{
    size_t steps = fitting->schema->inputs + fitting->schema->targets;
    const dlcore_allocator_t *allocator = &fitting->table->allocator;
    dlcore_status status;

    fitting->learned = dlcore_allocate(allocator, steps, sizeof *fitting->learned);
    fitting->used = dlcore_allocate(allocator, steps, sizeof *fitting->used);
    if (fitting->learned == NULL || fitting->used == NULL)
        return dlcore_fail_memory(fitting->error, "schema_fit", steps * sizeof *fitting->learned);
    for (size_t i = 0; i < steps; i++)
        fitting->learned[i].classes.allocator = *allocator;
    status = each_cell(fitting, learn_cell);
    if (status == DLCORE_OK)
        status = learn_fills(fitting);
    for (size_t i = 0; i < steps && status == DLCORE_OK; i++)
        status = dlcore_learn_end(&fitting->learned[i], fitting->schema, &fitting->schema->steps[i],
                                  fitting->rare_below[i], fitting->error);
    if (status == DLCORE_OK)
        status = dlcore_schema_lay_out(fitting->schema, "schema_fit", fitting->error);
    return status;
}

static void end_fitting(fitting_t *fitting)
{
    const dlcore_allocator_t *allocator = &fitting->table->allocator;
    size_t steps = fitting->schema != NULL ? fitting->schema->inputs + fitting->schema->targets : 0;

    dlcore_table_cursor_end(&fitting->cursor);
    for (size_t i = 0; fitting->learned != NULL && i < steps; i++)
        dlcore_learned_release(&fitting->learned[i]);
    dlcore_release(allocator, fitting->learned);
    dlcore_release(allocator, fitting->numbers);
    dlcore_release(allocator, fitting->used);
    dlcore_release(allocator, fitting->which);
    dlcore_release(allocator, fitting->rare_below);
}

static dlcore_status fit_schema(const dlcore_table_t *table, const dlcore_table_rows_t *rows,
                                const dlcore_schema_options_t *options, dlcore_schema_t **out,
                                dlcore_error_record_t *error)
{
    fitting_t fitting = {.table = table, .error = error};
    dlcore_status status = dlcore_table_check_rows(table, "schema_fit", rows, &fitting.rows, error);

    if (status == DLCORE_OK && fitting.rows.count == 0)
        return dlcore_fail(error, DLCORE_ERROR_SHAPE, "schema_fit: no rows to learn from");
    if (status != DLCORE_OK)
        return status;
    status = dlcore_table_cursor_begin(&fitting.cursor, table, &table->allocator, error);
    if (status == DLCORE_OK)
        status = dlcore_schema_settle(table, options, &fitting.schema, &fitting.which,
                                      &fitting.rare_below, error);
    if (status == DLCORE_OK)
        status = learn_schema(&fitting);
    end_fitting(&fitting);
    if (status == DLCORE_OK)
        *out = fitting.schema;
    else
        dlcore_schema_free(fitting.schema);
    return status;
}

dlcore_status dlcore_schema_fit(const dlcore_table_t *table, const dlcore_table_rows_t *rows,
                                const dlcore_schema_options_t *options, dlcore_schema_t **out,
                                dlcore_error_record_t *error)
{
    dlcore_traces_t before = dlcore_traces_note();
    dlcore_schema_options_t how = dlcore_schema_options_default();
    dlcore_float_mode_t mode;
    dlcore_status status;

    if (out != NULL)
        *out = NULL;
    if (table == NULL || out == NULL)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "schema_fit: %s is NULL",
                           table == NULL ? "table" : "out");
    if (options != NULL && dlcore_check_options(options, "schema", error) != DLCORE_OK)
        return DLCORE_ERROR_ARGUMENT;
    mode = dlcore_float_mode_enter(false);
    status = fit_schema(table, rows, options != NULL ? options : &how, out, error);
    dlcore_float_mode_leave(mode);
    return dlcore_traces_end(before, status);
}
