/* The file of a CSV logger.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_REPORT_CSV_LOGGER_FILE_H
#define DLCORE_REPORT_CSV_LOGGER_FILE_H

#include "system/compiler.h"

#include "report/csv_logger_line.h"

DLCORE_HIDDEN_BEGIN

/* Before training: that the file opens, and, where lines are to be appended, that its first line is
 * `header`, with CR LF, LF or nothing behind it, or that it is empty; else DLCORE_ERROR_FORMAT. A
 * `header` without bytes is not known, and not looked for. Streams are not read. `found` is room
 * for what the file begins with. */
dlcore_status dlcore_csv_logger_begin(const dlcore_csv_logger_t *logger,
                                      const dlcore_csv_logger_line_t *header,
                                      dlcore_csv_logger_line_t *found,
                                      dlcore_error_record_t *error);
/* Before a run goes on: that the file's first line is `header`, unless the file is gone, empty, a
 * stream, or may not be read. */
dlcore_status dlcore_csv_logger_go_on(const dlcore_csv_logger_t *logger,
                                      const dlcore_csv_logger_line_t *header,
                                      dlcore_csv_logger_line_t *found,
                                      dlcore_error_record_t *error);
/* The line of the event's epoch, with the header where it is the file's first; the first one of a
 * fit ends a line that has no end before it. Errors in the event. */
dlcore_status dlcore_csv_logger_write(dlcore_csv_logger_t *logger,
                                      const dlcore_training_event_t *event);

DLCORE_HIDDEN_END

#endif
