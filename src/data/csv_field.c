/* What a field says: a number, a missing value, one of some words.
 *
 * SPDX-License-Identifier: MIT */
#include "data/csv_field.h"

#include <string.h>

#include "base/decimal.h"
#include "base/name.h"
#include "data/csv_reader.h"

/* Where the field has a comma for a point: it becomes one while a number is read. NULL: there is
 * none; *fits: the field has no point, either. */
static char *find_comma(const dlcore_csv_field_t *field, bool *fits)
{
    bool comma = field->decimal == ',' && field->length > 0;

    *fits = !comma || memchr(field->text, '.', field->length) == NULL;
    return comma && *fits ? memchr(field->text, ',', field->length) : NULL;
}

bool dlcore_csv_is_number(const dlcore_csv_field_t *field, float *value)
{
    const char *end = field->text + field->length;
    bool fits, number;
    char *comma = find_comma(field, &fits);

    if (comma != NULL)
        *comma = '.';
    number = fits && field->length > 0 && dlcore_decimal_float(field->text, end, value) == end;
    if (comma != NULL)
        *comma = ',';
    return number;
}

bool dlcore_csv_is_double(const dlcore_csv_field_t *field, double *value)
{
    const char *end = field->text + field->length;
    bool fits, number;
    char *comma = find_comma(field, &fits);

    if (comma != NULL)
        *comma = '.';
    number = fits && field->length > 0 && dlcore_decimal_double(field->text, end, value) == end;
    if (comma != NULL)
        *comma = ',';
    return number;
}

bool dlcore_csv_is_one_of(const dlcore_csv_field_t *field, const char *words)
{
    while (*words != '\0') {
        size_t length = strcspn(words, " "), at = 0;

        while (at < length && at < field->length && dlcore_lower(field->text[at]) == words[at])
            at++;
        if (at == length && at == field->length)
            return true;
        words += length + (words[length] == ' ');
    }
    return false;
}

/* Tells most values from the words below by their first byte. */
static bool begins_as_missing(const dlcore_csv_field_t *field)
{
    char first = dlcore_lower(field->text[0]);

    return field->length <= 5 &&
           (first == 'n' || first == '?' || first == '<' || first == '#' || first == '-');
}

bool dlcore_csv_is_missing(const dlcore_csv_field_t *field)
{
    if (field->length == 0)
        return true;
    return begins_as_missing(field) &&
           dlcore_csv_is_one_of(field, "? na n/a nan -nan null none <na> #n/a");
}

bool dlcore_csv_is_missing_class(const dlcore_csv_field_t *field)
{
    if (field->length == 0)
        return true;
    return !field->quoted && begins_as_missing(field) &&
           dlcore_csv_is_one_of(field, "? n/a nan null <na> #n/a");
}

bool dlcore_csv_is_na(const dlcore_csv_field_t *field)
{
    return !field->quoted && field->length == 2 && dlcore_csv_is_one_of(field, "na");
}
