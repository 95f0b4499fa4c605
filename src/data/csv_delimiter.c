/* What messages say of the delimiter: the one that was used, and the one that a file looks to have.
 *
 * SPDX-License-Identifier: MIT */
#include "data/csv_delimiter.h"

#include <stdio.h>
#include <string.h>

#include "base/ascii.h"
#include "base/decimal.h"
#include "base/error.h"
#include "data/csv_reader.h"

const char *dlcore_csv_show_delimiter(char to[DLCORE_CSV_DELIMITER_SIZE], char delimiter)
{
    snprintf(to, DLCORE_CSV_DELIMITER_SIZE,
             delimiter == '\t'                    ? "'\\t'"
             : delimiter < ' ' || delimiter > '~' ? "0x%02x"
                                                  : "'%c'",
             (unsigned char)delimiter);
    return to;
}

dlcore_status dlcore_csv_check_marks(const char *what, char delimiter, char quote, char decimal,
                                     char comment, dlcore_error_record_t *error)
{
    char shown[DLCORE_CSV_DELIMITER_SIZE];

    if ((decimal != '.' && decimal != ',') || decimal == delimiter || decimal == quote)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT,
                           "%s: decimal is %s: it is '.' or ',', and neither the delimiter nor the "
                           "quote",
                           what, dlcore_csv_show_delimiter(shown, decimal));
    if (comment == '\0')
        return DLCORE_OK;
    if (comment <= ' ' || comment > '~' || dlcore_is_digit(comment) || comment == delimiter ||
        comment == quote || strchr("+-.,\t", comment) != NULL || dlcore_is_letter(comment))
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT,
                           "%s: comment is %s: it cannot be a blank, letter, digit, sign, point, "
                           "comma, nor the delimiter or the quote",
                           what, dlcore_csv_show_delimiter(shown, comment));
    return DLCORE_OK;
}

/* Whether `delimiter` would part the field: behind a number, or anywhere in a row of one field. */
static bool parts(const dlcore_csv_field_t *field, char delimiter, bool whole_row)
{
    const char *at = memchr(field->text, delimiter, field->length);
    float value;

    if (at == NULL || at == field->text)
        return false;
    if (whole_row && delimiter != ' ')
        return true;
    return dlcore_decimal_float(field->text, at, &value) == at;
}

/* "5,1", which a comma would part as well. */
static bool has_decimal_comma(const dlcore_csv_field_t *field)
{
    const char *comma = memchr(field->text, ',', field->length);
    size_t digits = strspn(field->text + (field->text[0] == '-'), "0123456789");

    if (comma == NULL || comma != field->text + (field->text[0] == '-') + digits)
        return false;
    digits = strspn(comma + 1, "0123456789");
    return digits > 0 && comma + 1 + digits == field->text + field->length;
}

const char *dlcore_csv_hint_delimiter(char to[DLCORE_CSV_HINT_SIZE],
                                      const dlcore_csv_reader_t *reader,
                                      const dlcore_csv_field_t *field, bool whole_row)
{
    static const char delimiters[] = {';', '\t', '|', ',', ' '};
    char used[DLCORE_CSV_DELIMITER_SIZE], seen[DLCORE_CSV_DELIMITER_SIZE];

    to[0] = '\0';
    if (reader->blank_runs)
        return to;
    if (field->quoted || field->length == 0)
        return to;
    if (!whole_row && reader->decimal != ',' && has_decimal_comma(field)) {
        snprintf(to, DLCORE_CSV_HINT_SIZE,
                 "; numbers have a decimal point: set options.decimal to ','");
        return to;
    }
    for (size_t i = 0; i < sizeof delimiters && to[0] == '\0'; i++)
        if (delimiters[i] != reader->delimiter && parts(field, delimiters[i], whole_row))
            snprintf(to, DLCORE_CSV_HINT_SIZE,
                     "; options.delimiter is %s, the text has %s between its fields",
                     dlcore_csv_show_delimiter(used, reader->delimiter),
                     dlcore_csv_show_delimiter(seen, delimiters[i]));
    return to;
}
