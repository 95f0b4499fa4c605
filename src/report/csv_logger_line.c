/* The lines of a CSV logger's file: columns in order of their names, as Python's csv writes them.
 *
 * SPDX-License-Identifier: MIT */
#include "report/csv_logger_line.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/name.h"
#include "base/size.h"
#include "dlcore/model.h"
#include "fit/callback.h"

/* ---- columns ---- */

typedef struct columns {
    const char *names[DLCORE_CSV_LOGGER_COLUMNS_MAX];
    size_t count;
} columns_t;

static void insert_column(columns_t *columns, const char *name)
{
    size_t at = columns->count++;

    for (; at > 0 && strcmp(columns->names[at - 1], name) > 0; at--)
        columns->names[at] = columns->names[at - 1];
    columns->names[at] = name;
}

static columns_t columns_of(const dlcore_csv_logger_t *logger, const dlcore_training_event_t *event)
{
    columns_t columns = {.count = 0};
    const char *const *names;
    size_t count = dlcore_event_names(event, &names);
    bool validates = dlcore_event_ever_validates(event);

    for (size_t i = 0; i < dlcore_size_min(count, DLCORE_HISTORY_VALUES_MAX); i++)
        if (validates || !dlcore_name_begins(names[i], "val_"))
            insert_column(&columns, names[i]);
    if (logger->has_rate)
        insert_column(&columns, "learning_rate");
    return columns;
}

/* ---- lines ---- */

void dlcore_csv_logger_put(dlcore_csv_logger_line_t *line, const char *text)
{
    size_t length = dlcore_size_min(strlen(text), sizeof line->text - line->used);

    memcpy(line->text + line->used, text, length);
    line->used += length;
}

/* A name with a separator or a quote goes into quotes (RFC 4180). */
static void put_name(dlcore_csv_logger_line_t *line, const char *name, const char *separator)
{
    if (strpbrk(name, "\"\r\n") == NULL && strstr(name, separator) == NULL) {
        dlcore_csv_logger_put(line, name);
        return;
    }
    dlcore_csv_logger_put(line, "\"");
    for (; *name != '\0'; name++)
        dlcore_csv_logger_put(line, *name == '"' ? "\"\"" : (const char[2]){*name, '\0'});
    dlcore_csv_logger_put(line, "\"");
}

void dlcore_csv_logger_put_header(dlcore_csv_logger_line_t *line, const dlcore_csv_logger_t *logger,
                                  const dlcore_training_event_t *event)
{
    const char separator[2] = {logger->parted_by, '\0'};
    columns_t columns = columns_of(logger, event);

    dlcore_csv_logger_put(line, "epoch");
    for (size_t i = 0; i < columns.count; i++) {
        dlcore_csv_logger_put(line, separator);
        put_name(line, columns.names[i], separator);
    }
    dlcore_csv_logger_put(line, "\r\n");
}

void dlcore_csv_logger_put_values(dlcore_csv_logger_line_t *line, const dlcore_csv_logger_t *logger,
                                  const dlcore_training_event_t *event)
{
    double rate = isnan(logger->rate) ? dlcore_model_learning_rate(event->model) : logger->rate;
    const char separator[2] = {logger->parted_by, '\0'};
    columns_t columns = columns_of(logger, event);
    char number[DLCORE_SHORTEST_SIZE];

    snprintf(number, sizeof number, "%zu", event->epoch);
    dlcore_csv_logger_put(line, number);
    for (size_t i = 0; i < columns.count; i++) {
        dlcore_monitor_t value = {.name = columns.names[i]};
        double x;

        dlcore_csv_logger_put(line, separator);
        if (logger->has_rate && strcmp(columns.names[i], "learning_rate") == 0)
            dlcore_csv_logger_put(line, dlcore_shortest(number, rate));
        else
            dlcore_csv_logger_put(
                line, dlcore_monitor_value(&value, event, &x) ? dlcore_shortest(number, x) : "NA");
    }
    dlcore_csv_logger_put(line, "\r\n");
}
