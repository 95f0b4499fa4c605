/* The lines of a CSV logger's file.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_REPORT_CSV_LOGGER_LINE_H
#define DLCORE_REPORT_CSV_LOGGER_LINE_H

#include "system/compiler.h"

#include <stddef.h>

#include "dlcore/callbacks.h"
#include "fit/history.h"
#include "store/path_pattern.h"

DLCORE_HIDDEN_BEGIN

#define DLCORE_CSV_LOGGER_COLUMNS_MAX (DLCORE_HISTORY_VALUES_MAX + 1) /* besides epoch */
/* of the header, names in quotes, and a line */
#define DLCORE_CSV_LOGGER_LINE_SIZE \
    (DLCORE_CSV_LOGGER_COLUMNS_MAX * (2 * DLCORE_HISTORY_NAME_SIZE + 4 + DLCORE_SHORTEST_SIZE))

typedef struct dlcore_csv_logger_line {
    char text[DLCORE_CSV_LOGGER_LINE_SIZE]; /* not terminated */
    size_t used;
} dlcore_csv_logger_line_t;

/* All put behind what the line has; what does not fit is cut. */
void dlcore_csv_logger_put(dlcore_csv_logger_line_t *line, const char *text);
/* The names of the columns, and the values of the event's epoch; with CR LF. */
void dlcore_csv_logger_put_header(dlcore_csv_logger_line_t *line, const dlcore_csv_logger_t *logger,
                                  const dlcore_training_event_t *event);
void dlcore_csv_logger_put_values(dlcore_csv_logger_line_t *line, const dlcore_csv_logger_t *logger,
                                  const dlcore_training_event_t *event);

DLCORE_HIDDEN_END

#endif
