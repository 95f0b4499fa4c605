/* A schema, told to people.
 *
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/shown.h"
#include "base/traces.h"
#include "table/date.h"
#include "table/schema.h"

#define SCHEMA_NAME 40

static void describe_number(const dlcore_schema_step_t *step, bool target, FILE *stream)
{
    char fill[DLCORE_CELL_TEXT_SIZE], offset[DLCORE_CELL_TEXT_SIZE], divisor[DLCORE_CELL_TEXT_SIZE];

    if (step->kind == DLCORE_COLUMN_DATE)
        fprintf(stream, " (%s, zone %+d min)", dlcore_date_form_name((int)step->form),
                step->zone_minutes);
    if (step->scale == DLCORE_SCALE_NONE)
        fputs(", not scaled", stream);
    else
        fprintf(stream, ", (x - %s) / %s", dlcore_short_number(offset, step->offset),
                dlcore_short_number(divisor, step->divisor));
    if (!target && step->fill != DLCORE_FILL_REFUSE)
        fprintf(stream, ", gaps: %s", dlcore_short_number(fill, step->fill_value));
    fputs(step->indicator ? ", with indicator" : "", stream);
    fputs(step->cycles ? ", with cycles" : "", stream);
}

static void describe_category(const dlcore_schema_step_t *step, bool target, FILE *stream)
{
    dlcore_shown_names_t names = {.used = 0};
    char fill[DLCORE_SHOWN_SIZE];

    for (size_t i = 0; i < step->count && !names.cut; i++)
        dlcore_shown_add(&names, step->names[i]);
    if (target) {
        fprintf(stream, ", %zu classes: %s", step->count, names.text);
        return;
    }
    fprintf(stream, ", %s of %zu%s%s: %s",
            step->encode == DLCORE_ENCODE_INDEX ? "index" : "one-hot", step->count,
            step->rare ? " and rare" : "", step->missing ? " and missing" : "", names.text);
    if (step->fill == DLCORE_FILL_MOST_FREQUENT && step->count > 0)
        fprintf(stream, ", gaps: \"%s\"",
                dlcore_show(fill, step->names[step->fill_class],
                            strlen(step->names[step->fill_class])));
}

static void describe_step(const dlcore_schema_t *schema, const dlcore_schema_step_t *step,
                          FILE *stream)
{
    bool target = dlcore_step_is_target(schema, step);
    char name[SCHEMA_NAME];

    fprintf(stream, "  %s%s: %s", target ? "target " : "",
            dlcore_show_in(name, sizeof name, step->name, strlen(step->name)),
            dlcore_column_kind_name(step->kind));
    if (step->kind == DLCORE_COLUMN_CATEGORY)
        describe_category(step, target, stream);
    else
        describe_number(step, target, stream);
    fputc('\n', stream);
}

dlcore_status dlcore_schema_describe(const dlcore_schema_t *schema, FILE *stream,
                                     dlcore_error_record_t *error)
{
    dlcore_traces_t before = dlcore_traces_note();
    dlcore_status status = DLCORE_OK;

    if (schema == NULL || stream == NULL)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "schema_describe: %s is NULL",
                           schema == NULL ? "schema" : "stream");
    fprintf(stream, "schema: %zu columns, %zu features\n", schema->inputs, schema->features);
    for (size_t i = 0; i < schema->inputs + schema->targets; i++)
        describe_step(schema, &schema->steps[i], stream);
    if (ferror(stream))
        status = dlcore_fail(error, DLCORE_ERROR_IO, "schema_describe: cannot write");
    return dlcore_traces_end(before, status);
}
