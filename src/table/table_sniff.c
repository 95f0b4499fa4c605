/* Delimiter and decimal sign by trial: the first delimiter that cuts all of the first rows into the
 * same number of fields, two or more. Commas come behind those that seldom stand within texts and
 * numbers ("5,1;3,5"), runs of blanks last.
 *
 * SPDX-License-Identifier: MIT */
#include "table/table_sniff.h"

#include <string.h>

#include "base/ascii.h"

#define SNIFFED_ROWS 64

/* What the first rows look like when they are cut that way. */
typedef struct cut_rows {
    size_t fields; /* of each; 0: they differ, or are no CSV */
    bool commas;   /* a number has one for a point */
    bool points;   /* a number has one */
} cut_rows_t;

static bool is_number_with(const dlcore_csv_field_t *field, char sign)
{
    size_t at = field->length > 0 && (field->text[0] == '-' || field->text[0] == '+');
    size_t signs = 0, digits = 0;

    for (; at < field->length; at++) {
        if (dlcore_is_digit(field->text[at]))
            digits++;
        else if (field->text[at] == sign)
            signs++;
        else
            return false;
    }
    return digits > 0 && signs == 1;
}

/* Counts the fields of a row. */
static dlcore_status cut_row(dlcore_csv_reader_t *reader, cut_rows_t *cut, size_t *count,
                             dlcore_error_record_t *error)
{
    dlcore_csv_field_t field;

    *count = 0;
    do {
        dlcore_status status = dlcore_csv_next_field(reader, *count, &field, error);

        if (status != DLCORE_OK)
            return status;
        cut->commas = cut->commas || is_number_with(&field, ',');
        cut->points = cut->points || is_number_with(&field, '.');
        ++*count;
    } while (!reader->row_ended);
    return DLCORE_OK;
}

static dlcore_status cut_rows(dlcore_csv_reader_t *reader, cut_rows_t *cut,
                              dlcore_error_record_t *error)
{
    dlcore_status status = dlcore_csv_rewind(reader, error);

    *cut = (cut_rows_t){.fields = 0};
    for (size_t row = 0; row < SNIFFED_ROWS && status == DLCORE_OK; row++) {
        bool follows = false;
        size_t count = 0;

        status = dlcore_csv_next_row(reader, &follows, error);
        if (status != DLCORE_OK || !follows)
            return status;
        status = cut_row(reader, cut, &count, error);
        cut->fields = row == 0 || count == cut->fields ? count : 0;
        if (cut->fields == 0)
            return status;
    }
    return status;
}

/* What is no CSV when it is cut that way may be when it is cut otherwise; what cannot be read may
 * not. */
static dlcore_status cut_file(dlcore_csv_reader_t *reader, cut_rows_t *cut,
                              dlcore_error_record_t *error)
{
    dlcore_error_record_t here = {.message = ""};
    dlcore_status status = cut_rows(reader, cut, &here);

    if (status == DLCORE_ERROR_IO) {
        if (error != NULL)
            *error = here;
        return status;
    }
    if (status != DLCORE_OK)
        cut->fields = 0;
    return DLCORE_OK;
}

dlcore_status dlcore_table_sniff(dlcore_csv_reader_t *reader, dlcore_error_record_t *error)
{
    static const char signs[] = "\t;|, ";
    bool given = reader->delimiter != '\0' || reader->blank_runs;
    dlcore_status status = DLCORE_OK;
    cut_rows_t cut = {.fields = 0};

    if (given && reader->decimal != '\0')
        return DLCORE_OK;
    if (given)
        status = cut_file(reader, &cut, error);
    for (size_t i = 0; !given && i < sizeof signs - 1 && status == DLCORE_OK; i++) {
        if (signs[i] == reader->quote || signs[i] == reader->comment || signs[i] == reader->decimal)
            continue;
        reader->delimiter = signs[i];
        reader->blank_runs = signs[i] == ' ';
        status = cut_file(reader, &cut, error);
        if (cut.fields > 1)
            break;
    }
    if (!given && cut.fields <= 1) { /* one column */
        reader->delimiter = reader->decimal == ',' ? ';' : ',';
        reader->blank_runs = false;
    }
    if (reader->decimal == '\0')
        reader->decimal =
            cut.fields > 1 && cut.commas && !cut.points && reader->delimiter != ',' ? ',' : '.';
    return status;
}
