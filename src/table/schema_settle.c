/* From options and the kinds of columns to steps that have no default any more.
 *
 * SPDX-License-Identifier: MIT */
#include "table/schema_settle.h"

#include <string.h>

#include "base/allocator.h"
#include "base/error.h"
#include "base/shown.h"

dlcore_schema_column_t dlcore_schema_column(const char *name)
{
    return (dlcore_schema_column_t){.name = name};
}

dlcore_schema_options_t dlcore_schema_options_default(void)
{
    return (dlcore_schema_options_t){.structure_size = sizeof(dlcore_schema_options_t)};
}

typedef struct settling {
    const dlcore_table_t *table;
    const dlcore_schema_options_t *options;
    dlcore_schema_t *schema;
    size_t *which;
    size_t *rare_below;
    size_t *listed; /* of each column: its place in options.columns, and 1; 0: not there */
    dlcore_error_record_t *error;
} settling_t;

/* ---- settings ---- */

static const char *fill_name(int value)
{
    static const char *const names[] = {"default", "median", "most_frequent", "place", "refuse"};

    return names[value];
}

static const char *scale_name(int value)
{
    static const char *const names[] = {"default", "standardize", "min_max", "none"};

    return names[value];
}

static const char *encode_name(int value)
{
    static const char *const names[] = {"default", "one_hot", "index"};

    return names[value];
}

static dlcore_status check_column_settings(const dlcore_schema_column_t *column,
                                           dlcore_error_record_t *error)
{
    dlcore_status status = dlcore_check_choice("schema_column", "fill", (int)column->fill, 0,
                                               DLCORE_FILL_REFUSE, fill_name, error);

    if (status == DLCORE_OK)
        status = dlcore_check_choice("schema_column", "scale", (int)column->scale, 0,
                                     DLCORE_SCALE_NONE, scale_name, error);
    if (status == DLCORE_OK)
        status = dlcore_check_choice("schema_column", "encode", (int)column->encode, 0,
                                     DLCORE_ENCODE_INDEX, encode_name, error);
    return status;
}

/* What a setting of a column in the list does not go with; NULL: all do. */
static const char *find_misfit(const dlcore_schema_column_t *column, dlcore_column_kind_t kind)
{
    bool category = kind == DLCORE_COLUMN_CATEGORY;

    if (category && column->fill == DLCORE_FILL_MEDIAN)
        return "fill median";
    if (!category && column->fill == DLCORE_FILL_PLACE)
        return "fill place";
    if (category && column->indicator)
        return "indicator";
    if (category && column->scale != DLCORE_SCALE_DEFAULT)
        return "scale";
    if (!category && column->encode != DLCORE_ENCODE_DEFAULT)
        return "encode";
    if (!category && column->rare_below > 0)
        return "rare_below";
    return kind != DLCORE_COLUMN_DATE && column->date_cycles ? "date_cycles" : NULL;
}

static dlcore_status check_list(settling_t *settling)
{
    const dlcore_schema_options_t *options = settling->options;
    dlcore_status status = check_column_settings(&options->all, settling->error);

    if (status == DLCORE_OK && (options->columns == NULL) != (options->column_count == 0))
        return dlcore_fail(settling->error, DLCORE_ERROR_ARGUMENT,
                           "schema_fit: columns is %s, but column_count is %zu",
                           options->columns == NULL ? "NULL" : "given", options->column_count);
    for (size_t i = 0; i < options->column_count && status == DLCORE_OK; i++) {
        const dlcore_schema_column_t *given = &options->columns[i];
        char shown[DLCORE_SHOWN_SIZE];
        const char *misfit;
        size_t column = 0;

        if (given->name == NULL)
            return dlcore_fail(settling->error, DLCORE_ERROR_ARGUMENT,
                               "schema_fit: the name of columns[%zu] is NULL", i);
        status = check_column_settings(given, settling->error);
        if (status == DLCORE_OK)
            status = dlcore_table_find_one(settling->table, "schema_fit", given->name, &column,
                                           settling->error);
        if (status != DLCORE_OK)
            return status;
        dlcore_show(shown, given->name, strlen(given->name));
        misfit = find_misfit(given, settling->table->facts[column].kind);
        if (settling->listed[column] != 0)
            return dlcore_fail(settling->error, DLCORE_ERROR_ARGUMENT,
                               "schema_fit: column \"%s\" is twice in columns", shown);
        if (settling->which[column] != DLCORE_NO_STEP)
            return dlcore_fail(settling->error, DLCORE_ERROR_ARGUMENT,
                               "schema_fit: column \"%s\" is in columns, and a target", shown);
        if (misfit != NULL)
            return dlcore_fail(settling->error, DLCORE_ERROR_ARGUMENT,
                               "schema_fit: column \"%s\": %s does not go with a column that is %s",
                               shown, misfit,
                               dlcore_column_kind_name(settling->table->facts[column].kind));
        settling->listed[column] = i + 1;
    }
    return status;
}

/* ---- steps ---- */

static dlcore_status settle_step(settling_t *settling, size_t column, size_t step,
                                 const dlcore_schema_column_t *given)
{
    const dlcore_column_facts_t *facts = &settling->table->facts[column];
    dlcore_schema_step_t *of = &settling->schema->steps[step];
    const char *name = settling->table->names[column];
    bool category = facts->kind == DLCORE_COLUMN_CATEGORY;
    char shown[DLCORE_SHOWN_SIZE];
    size_t same;

    dlcore_show(shown, name, strlen(name));
    if (dlcore_table_find(settling->table, name, &same) > 1)
        return dlcore_fail(settling->error, DLCORE_ERROR_NAME,
                           "schema_fit: more than one column is named \"%s\"", shown);
    if (facts->kind == DLCORE_COLUMN_DATE && facts->form == DLCORE_DATE_GUESSED)
        return dlcore_fail(settling->error, DLCORE_ERROR_FORMAT,
                           "schema_fit: column \"%s\": dates such as %s are of more than one form, "
                           "or of none; table_set_date says which",
                           shown, facts->first);
    if (!dlcore_schema_keep(settling->schema, name, &of->name))
        return dlcore_fail_memory(settling->error, "schema_fit", strlen(name) + 1);
    settling->which[column] = step;
    settling->rare_below[step] = category ? given->rare_below : 0;
    of->kind = facts->kind;
    of->fill = given->fill;
    if (category && (of->fill == DLCORE_FILL_DEFAULT || of->fill == DLCORE_FILL_MEDIAN))
        of->fill = DLCORE_FILL_PLACE;
    if (!category && (of->fill == DLCORE_FILL_DEFAULT || of->fill == DLCORE_FILL_PLACE))
        of->fill = DLCORE_FILL_MEDIAN;
    of->indicator = !category && given->indicator;
    of->cycles = facts->kind == DLCORE_COLUMN_DATE && given->date_cycles;
    of->form = facts->kind == DLCORE_COLUMN_DATE ? facts->form : DLCORE_DATE_GUESSED;
    of->zone_minutes = facts->kind == DLCORE_COLUMN_DATE ? facts->zone_minutes : 0;
    of->scale = given->scale == DLCORE_SCALE_DEFAULT ? DLCORE_SCALE_STANDARDIZE : given->scale;
    of->encode = given->encode == DLCORE_ENCODE_DEFAULT ? DLCORE_ENCODE_ONE_HOT : given->encode;
    of->divisor = 1;
    return DLCORE_OK;
}

static size_t count_targets(const dlcore_schema_options_t *options)
{
    return options->target != NULL ? 1 : options->target_count;
}

static const char *target_name_of(const dlcore_schema_options_t *options, size_t target)
{
    return options->target != NULL ? options->target : options->targets[target];
}

/* Finds the targets, before the schema is there: *which is the number of the target. */
static dlcore_status find_targets(settling_t *settling)
{
    const dlcore_schema_options_t *options = settling->options;
    size_t count = count_targets(options);

    if ((options->targets == NULL) != (options->target_count == 0) ||
        (options->target != NULL && options->targets != NULL))
        return dlcore_fail(settling->error, DLCORE_ERROR_ARGUMENT,
                           "schema_fit: target is %s, targets is %s and target_count is %zu",
                           options->target == NULL ? "NULL" : "given",
                           options->targets == NULL ? "NULL" : "given", options->target_count);
    for (size_t i = 0; i < count; i++) {
        const char *name = target_name_of(options, i);
        char shown[DLCORE_SHOWN_SIZE];
        dlcore_column_kind_t kind;
        dlcore_status status;
        size_t column = 0;

        if (name == NULL)
            return dlcore_fail(settling->error, DLCORE_ERROR_ARGUMENT,
                               "schema_fit: targets[%zu] is NULL", i);
        status =
            dlcore_table_find_one(settling->table, "schema_fit", name, &column, settling->error);
        if (status != DLCORE_OK)
            return status;
        kind = settling->table->facts[column].kind;
        dlcore_show(shown, name, strlen(name));
        if (settling->which[column] != DLCORE_NO_STEP)
            return dlcore_fail(settling->error, DLCORE_ERROR_ARGUMENT,
                               "schema_fit: \"%s\" is a target twice", shown);
        if (kind == DLCORE_COLUMN_LEFT_OUT || (kind == DLCORE_COLUMN_CATEGORY && count > 1))
            return dlcore_fail(settling->error, DLCORE_ERROR_ARGUMENT,
                               "schema_fit: the target \"%s\" is a column that is %s; "
                               "table_set_kind says what it is%s",
                               shown, dlcore_column_kind_name(kind),
                               count > 1 ? ", several targets are numbers" : "");
        settling->which[column] = i;
    }
    return DLCORE_OK;
}

static dlcore_status settle_steps(settling_t *settling)
{
    const dlcore_table_t *table = settling->table;
    const dlcore_schema_options_t *options = settling->options;
    dlcore_schema_column_t target = {.scale = options->target_scale, .fill = DLCORE_FILL_REFUSE};
    dlcore_status status = check_column_settings(&target, settling->error);
    size_t step = 0;

    for (size_t i = 0; i < table->columns && status == DLCORE_OK; i++) {
        size_t listed = settling->listed[i];

        if (settling->which[i] != DLCORE_NO_STEP) {
            status =
                settle_step(settling, i, settling->schema->inputs + settling->which[i], &target);
        } else if (table->facts[i].kind != DLCORE_COLUMN_LEFT_OUT) {
            status = settle_step(settling, i, step++,
                                 listed > 0 ? &options->columns[listed - 1] : &options->all);
        }
    }
    return status;
}

static dlcore_status make_steps(settling_t *settling)
{
    const dlcore_table_t *table = settling->table;
    size_t targets = count_targets(settling->options), inputs = 0;
    dlcore_schema_t *schema;

    for (size_t i = 0; i < table->columns; i++)
        inputs +=
            table->facts[i].kind != DLCORE_COLUMN_LEFT_OUT && settling->which[i] == DLCORE_NO_STEP;
    settling->schema = schema = dlcore_schema_make(&table->allocator, inputs, targets);
    settling->rare_below =
        dlcore_allocate(&table->allocator, inputs + targets, sizeof *settling->rare_below);
    if (schema == NULL || settling->rare_below == NULL)
        return dlcore_fail_memory(settling->error, "schema_fit",
                                  (inputs + targets) * sizeof *schema->steps);
    schema->decimal = table->how.decimal;
    if (table->missing != NULL && !dlcore_schema_keep(schema, table->missing, &schema->missing))
        return dlcore_fail_memory(settling->error, "schema_fit", strlen(table->missing) + 1);
    return settle_steps(settling);
}

dlcore_status dlcore_schema_settle(const dlcore_table_t *table,
                                   const dlcore_schema_options_t *options, dlcore_schema_t **out,
                                   size_t **which, size_t **rare_below,
                                   dlcore_error_record_t *error)
{
    settling_t settling = {.table = table, .options = options, .error = error};
    dlcore_status status = DLCORE_OK;

    settling.which = dlcore_allocate_raw(&table->allocator, table->columns, sizeof *settling.which);
    settling.listed = dlcore_allocate(&table->allocator, table->columns, sizeof *settling.listed);
    if (settling.which == NULL || settling.listed == NULL)
        status = dlcore_fail_memory(error, "schema_fit", table->columns * sizeof(size_t));
    for (size_t i = 0; i < table->columns && status == DLCORE_OK; i++)
        settling.which[i] = DLCORE_NO_STEP;
    if (status == DLCORE_OK)
        status = find_targets(&settling);
    if (status == DLCORE_OK)
        status = check_list(&settling);
    if (status == DLCORE_OK)
        status = make_steps(&settling);
    dlcore_release(&table->allocator, settling.listed);
    *out = settling.schema;
    *which = settling.which;
    *rare_below = settling.rare_below;
    return status;
}
