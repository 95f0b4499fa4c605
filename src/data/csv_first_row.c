/* The first row of a CSV file is read twice: to count its columns and bytes, and to keep names.
 *
 * SPDX-License-Identifier: MIT */
#include "data/csv_first_row.h"

#include <string.h>

#include "base/error.h"

/* Goes to the row; one that is not there is an error. */
static dlcore_status begin_first_row(dlcore_csv_reader_t *reader, dlcore_error_record_t *error)
{
    bool follows = false;
    dlcore_status status = dlcore_csv_rewind(reader, error);

    if (status == DLCORE_OK)
        status = dlcore_csv_next_row(reader, &follows, error);
    if (status == DLCORE_OK && !follows)
        return dlcore_fail(error, DLCORE_ERROR_FORMAT, "%s: empty", reader->input->name);
    return status;
}

dlcore_status dlcore_csv_survey_first_row(dlcore_csv_reader_t *reader, dlcore_csv_first_row_t *row,
                                          dlcore_csv_look_t *look, void *user,
                                          dlcore_error_record_t *error)
{
    dlcore_status status = begin_first_row(reader, error);

    if (status != DLCORE_OK)
        return status;
    *row = (dlcore_csv_first_row_t){.line = reader->line};
    do {
        dlcore_csv_field_t field;

        status = dlcore_csv_next_field(reader, row->columns, &field, error);
        if (status != DLCORE_OK)
            return status;
        if (row->columns == DLCORE_CSV_COLUMNS_MAX)
            return dlcore_fail(error, DLCORE_ERROR_OVERFLOW, "%s: more than %zu columns",
                               reader->input->name, DLCORE_CSV_COLUMNS_MAX);
        if (look != NULL)
            look(user, row->columns, &field);
        row->columns++;
        row->bytes += field.length + 1;
    } while (!reader->row_ended);
    return DLCORE_OK;
}

dlcore_status dlcore_csv_keep_first_row(dlcore_csv_reader_t *reader,
                                        const dlcore_csv_first_row_t *row, char *text,
                                        dlcore_error_record_t *error)
{
    dlcore_status status = begin_first_row(reader, error);
    size_t used = 0;

    for (size_t i = 0; i < row->columns && status == DLCORE_OK; i++) {
        dlcore_csv_field_t field;

        status = dlcore_csv_next_field(reader, i, &field, error);
        if (status != DLCORE_OK)
            return status;
        if (field.length >= row->bytes - used)
            return dlcore_fail(error, DLCORE_ERROR_IO, "%s: changed while it was read",
                               reader->input->name);
        if (memchr(field.text, '\0', field.length) != NULL)
            return dlcore_fail(error, DLCORE_ERROR_FORMAT, "%s: line %zu, column %zu: a zero byte",
                               reader->input->name, field.line, i + 1);
        memcpy(text + used, field.text, field.length);
        text[used + field.length] = '\0';
        used += field.length + 1;
    }
    return status;
}
