/* A table, told to people.
 *
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/shown.h"
#include "base/traces.h"
#include "data/csv_delimiter.h"
#include "table/date.h"
#include "table/table.h"

#define DESCRIBED_NAME 40

static void describe_text(const dlcore_table_t *table, FILE *stream)
{
    char delimiter[DLCORE_CSV_DELIMITER_SIZE];

    if (table->arrays != NULL) {
        fprintf(stream, "table: %zu rows, %zu columns\n", table->rows, table->columns);
        return;
    }
    fprintf(stream, "%s: %zu rows, %zu columns; %s, delimiter %s, decimal '%c'\n",
            table->input.name, table->rows, table->columns,
            table->header ? "line 1 is the header" : "no header",
            table->how.blank_runs ? "runs of blanks"
                                  : dlcore_csv_show_delimiter(delimiter, table->how.delimiter),
            table->how.decimal);
}

static void describe_column(const dlcore_table_t *table, size_t column, FILE *stream)
{
    const dlcore_column_facts_t *facts = &table->facts[column];
    const char *name = table->names[column];
    char shown[DESCRIBED_NAME];

    dlcore_show_in(shown, sizeof shown, name, strlen(name));
    fprintf(stream, "  %-20s %-9s", shown, dlcore_column_kind_name(facts->kind));
    if (facts->kind != facts->guessed)
        fprintf(stream, " (guessed: %s)", dlcore_column_kind_name(facts->guessed));
    fprintf(stream, " %s%zu different, %zu missing", facts->many ? "over " : "",
            facts->different - facts->many, dlcore_table_missing(facts));
    if (facts->first[0] != '\0')
        fprintf(stream, ", first \"%s\"", facts->first);
    if (facts->kind == DLCORE_COLUMN_DATE && facts->form == DLCORE_DATE_GUESSED)
        fputs("; of more than one form: table_set_date says which", stream);
    else if (facts->kind == DLCORE_COLUMN_DATE)
        fprintf(stream, "; %s, zone %+d min", dlcore_date_form_name((int)facts->form),
                facts->zone_minutes);
    fputc('\n', stream);
}

dlcore_status dlcore_table_describe(const dlcore_table_t *table, FILE *stream,
                                    dlcore_error_record_t *error)
{
    dlcore_traces_t before = dlcore_traces_note();

    if (table == NULL || stream == NULL)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "table_describe: %s is NULL",
                           table == NULL ? "table" : "stream");
    describe_text(table, stream);
    for (size_t i = 0; i < table->columns; i++)
        describe_column(table, i, stream);
    if (ferror(stream))
        return dlcore_traces_end(
            before, dlcore_fail(error, DLCORE_ERROR_IO, "table_describe: cannot write"));
    return dlcore_traces_end(before, DLCORE_OK);
}
