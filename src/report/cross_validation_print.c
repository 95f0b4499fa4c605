/* The table of a cross-validation as text.
 *
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/number.h"
#include "base/size.h"
#include "base/traces.h"
#include "dlcore/cross_validation.h"
#include "fit/cross_validation.h"

enum { CELL = 20 };

/* Characters, not bytes. */
static size_t characters_of(const char *text)
{
    size_t count = 0;

    for (; *text != '\0'; text++)
        count += ((unsigned char)*text & 0xc0) != 0x80;
    return count;
}

static void put_cell(FILE *stream, const char *text, size_t width, bool left)
{
    size_t length = characters_of(text);
    int gap = (int)(width > length ? width - length : 0);

    fprintf(stream, "%*s%s%*s", left ? 0 : gap, "", text, left ? gap : 0, "");
}

/* "0.9312 +- 0.0123" */
static void put_mean(FILE *stream, double mean, double deviation)
{
    char a[DLCORE_NUMBER_SIZE], b[DLCORE_NUMBER_SIZE], text[2 * DLCORE_NUMBER_SIZE + 8];

    if (mean != mean) {
        put_cell(stream, "-", CELL, false);
        return;
    }
    snprintf(text, sizeof text, "%s +- %s", dlcore_number(a, mean, 4, 0),
             dlcore_number(b, deviation, 4, 0));
    put_cell(stream, text, CELL, false);
}

static void put_candidate(const dlcore_cross_validation_t *table, size_t candidate, size_t width,
                          FILE *stream)
{
    const dlcore_evaluation_t *first = &table->cells[0].result;
    char text[DLCORE_NUMBER_SIZE];

    put_cell(stream, table->names[candidate], width, true);
    put_mean(stream, dlcore_cross_validation_mean(table, candidate, "loss"),
             dlcore_cross_validation_deviation(table, candidate, "loss"));
    for (size_t i = 0; i < first->metric_count; i++)
        put_mean(stream, dlcore_cross_validation_mean(table, candidate, first->metrics[i].name),
                 dlcore_cross_validation_deviation(table, candidate, first->metrics[i].name));
    put_cell(stream,
             dlcore_number(text, dlcore_cross_validation_mean(table, candidate, "seconds"), 3, 0),
             10, false);
    fputc('\n', stream);
}

static dlcore_status print_table(const dlcore_cross_validation_t *table, FILE *stream,
                                 dlcore_error_record_t *error)
{
    size_t width = strlen("candidate");

    if (table == NULL || stream == NULL)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "cross_validation: %s is NULL",
                           table == NULL ? "table" : "stream");
    for (size_t i = 0; i < table->candidates; i++)
        width = dlcore_size_max(width, characters_of(table->names[i]));
    put_cell(stream, "candidate", width, true);
    put_cell(stream, "loss", CELL, false);
    for (size_t i = 0; i < table->cells[0].result.metric_count; i++)
        put_cell(stream, table->cells[0].result.metrics[i].name, CELL, false);
    put_cell(stream, "seconds", 10, false);
    fputc('\n', stream);
    for (size_t i = 0; i < table->candidates; i++)
        put_candidate(table, i, width, stream);
    if (fflush(stream) != 0 || ferror(stream))
        return dlcore_fail(error, DLCORE_ERROR_IO, "cross_validation: the stream failed");
    return DLCORE_OK;
}

dlcore_status dlcore_cross_validation_print(const dlcore_cross_validation_t *table, FILE *stream,
                                            dlcore_error_record_t *error)
{
    dlcore_traces_t before = dlcore_traces_note();

    return dlcore_traces_end(before, print_table(table, stream, error));
}
