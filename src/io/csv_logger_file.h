/* The file of a CSV logger.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_IO_CSV_LOGGER_FILE_H
#define DLCORE_IO_CSV_LOGGER_FILE_H

#include "io/csv_logger_line.h"

/* Before training: that the file opens. */
dlcore_status dlcore_csv_logger_begin(dlcore_csv_logger_t *logger, dlcore_error_record_t *error);
/* The line of the event's epoch, with the header where it is the file's first. Errors in the event.
 */
dlcore_status dlcore_csv_logger_write(dlcore_csv_logger_t *logger,
                                      const dlcore_training_event_t *event);

#endif
