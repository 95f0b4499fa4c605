/* The columns of a CSV file: the header, and which column is for what.
 *
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/allocator.h"
#include "base/decimal.h"
#include "base/error.h"
#include "base/name.h"
#include "io/csv.h"

#define SHOWN_MAX 30 /* bytes of a field or a name in a message */

/* A copy for messages: short, and nothing that would move a terminal's cursor. */
static const char *show(char to[SHOWN_MAX + 4], const char *text, size_t length)
{
    size_t used = 0;

    for (; used < SHOWN_MAX && used < length; used++)
        to[used] = (unsigned char)text[used] < ' ' || text[used] == 0x7F ? '?' : text[used];
    memcpy(to + used, used < length ? "..." : "", used < length ? 4 : 1);
    return to;
}

const char *dlcore_csv_name_of(const dlcore_csv_columns_t *columns, size_t column)
{
    return columns->names != NULL && column < columns->count
               ? columns->text + columns->names[column]
               : NULL;
}

const char *dlcore_csv_where(char text[DLCORE_CSV_WHERE_SIZE], const dlcore_csv_reader_t *reader,
                             const dlcore_csv_columns_t *columns, size_t line, size_t column)
{
    const char *name = dlcore_csv_name_of(columns, column);
    char shown[SHOWN_MAX + 4];

    if (name != NULL)
        snprintf(text, DLCORE_CSV_WHERE_SIZE, "%s: line %zu, column %zu (%s)", reader->input->name,
                 line, column + 1, show(shown, name, strlen(name)));
    else
        snprintf(text, DLCORE_CSV_WHERE_SIZE, "%s: line %zu, column %zu", reader->input->name, line,
                 column + 1);
    return text;
}

bool dlcore_csv_is_missing(const dlcore_csv_field_t *field)
{
    static const char *const words[] = {"", "na", "n/a", "nan", "null", "?"};
    char copy[8] = "";

    if (field->length >= sizeof copy)
        return false;
    memcpy(copy, field->text, field->length);
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strlen(words[i]) == field->length && dlcore_name_is(copy, words[i]))
            return true;
    return false;
}

static bool is_number(const dlcore_csv_field_t *field, float *value)
{
    const char *end = field->text + field->length;

    return dlcore_decimal_float(field->text, end, value) == end && field->length > 0;
}

dlcore_status dlcore_csv_number(const dlcore_csv_reader_t *reader,
                                const dlcore_csv_columns_t *columns, size_t column,
                                const dlcore_csv_field_t *field, float *value,
                                dlcore_error_record_t *error)
{
    char where[DLCORE_CSV_WHERE_SIZE];
    char shown[SHOWN_MAX + 4];
    bool number = is_number(field, value);

    if (number && isfinite(*value))
        return DLCORE_OK;
    dlcore_csv_where(where, reader, columns, field->line, column);
    if (number)
        return dlcore_fail(error, DLCORE_ERROR_RANGE, "%s: %s is too large for float32", where,
                           show(shown, field->text, field->length));
    if (dlcore_csv_is_missing(field))
        return dlcore_fail(error, DLCORE_ERROR_FORMAT, "%s: missing value", where);
    return dlcore_fail(error, DLCORE_ERROR_FORMAT, "%s: \"%s\" is no number", where,
                       show(shown, field->text, field->length));
}

/* ---- the first row ---- */

/* Counts columns and the bytes that their names need; a header has no field that is a number or
 * missing. */
static dlcore_status survey(dlcore_csv_reader_t *reader, dlcore_csv_columns_t *columns,
                            bool *all_words, dlcore_error_record_t *error)
{
    bool follows;
    dlcore_status status = dlcore_csv_rewind(reader, error);

    if (status == DLCORE_OK)
        status = dlcore_csv_next_row(reader, &follows, error);
    if (status == DLCORE_OK && !follows)
        return dlcore_fail(error, DLCORE_ERROR_FORMAT, "%s: empty", reader->input->name);
    *all_words = true;
    do {
        dlcore_csv_field_t field;
        float value;

        if (status == DLCORE_OK)
            status = dlcore_csv_next_field(reader, columns->count, &field, error);
        if (status != DLCORE_OK)
            return status;
        if (columns->count++ == DLCORE_CSV_COLUMNS_MAX)
            return dlcore_fail(error, DLCORE_ERROR_OVERFLOW, "%s: more than %zu columns",
                               reader->input->name, DLCORE_CSV_COLUMNS_MAX);
        columns->text_size += field.length + 1;
        if (is_number(&field, &value) || dlcore_csv_is_missing(&field))
            *all_words = false;
    } while (!reader->row_ended);
    return DLCORE_OK;
}

static dlcore_status keep_names(dlcore_csv_reader_t *reader, const dlcore_allocator_t *allocator,
                                dlcore_csv_columns_t *columns, dlcore_error_record_t *error)
{
    dlcore_status status = dlcore_csv_rewind(reader, error);
    size_t used = 0;

    columns->names = dlcore_allocate_raw(allocator, columns->count, sizeof *columns->names);
    columns->text = dlcore_allocate_raw(allocator, columns->text_size, 1);
    if (columns->names == NULL || columns->text == NULL)
        return dlcore_fail_memory(error, reader->input->name,
                                  columns->count * sizeof *columns->names + columns->text_size);
    for (size_t i = 0; i < columns->count && status == DLCORE_OK; i++) {
        dlcore_csv_field_t field;

        status = dlcore_csv_next_field(reader, i, &field, error);
        if (status != DLCORE_OK)
            return status;
        if (field.length >= columns->text_size - used)
            return dlcore_fail(error, DLCORE_ERROR_IO, "%s: changed while it was read",
                               reader->input->name);
        if (memchr(field.text, '\0', field.length) != NULL)
            return dlcore_fail(error, DLCORE_ERROR_FORMAT, "%s: line 1, column %zu: a zero byte",
                               reader->input->name, i + 1);
        columns->names[i] = (uint32_t)used;
        memcpy(columns->text + used, field.text, field.length);
        columns->text[used + field.length] = '\0';
        used += field.length + 1;
    }
    return status;
}

/* ---- roles ---- */

static dlcore_status find_by_name(const dlcore_csv_columns_t *columns, const char *name,
                                  size_t *found, dlcore_error_record_t *error)
{
    size_t times = 0;

    for (size_t i = 0; i < columns->count; i++)
        if (strcmp(columns->text + columns->names[i], name) == 0) {
            *found = i;
            times++;
        }
    if (times == 1)
        return DLCORE_OK;
    return dlcore_fail(error, DLCORE_ERROR_NAME,
                       times == 0 ? "no column is named \"%.60s\""
                                  : "more than one column is named \"%.60s\"",
                       name);
}

static dlcore_status find_column(const dlcore_csv_columns_t *columns, dlcore_csv_column_t wanted,
                                 size_t *found, dlcore_error_record_t *error)
{
    long long number = wanted.number;

    if (wanted.name != NULL)
        return find_by_name(columns, wanted.name, found, error);
    if (number < 0)
        number += (long long)columns->count;
    if (number < 0 || (size_t)number >= columns->count)
        return dlcore_fail(error, DLCORE_ERROR_RANGE, "column %d: the file has %zu", wanted.number,
                           columns->count);
    *found = (size_t)number;
    return DLCORE_OK;
}

static dlcore_status choose_features(const dlcore_csv_options_t *options,
                                     dlcore_csv_columns_t *columns, dlcore_error_record_t *error)
{
    for (size_t i = 0; i < options->feature_count; i++) {
        size_t column;
        dlcore_status status = find_column(columns, options->features[i], &column, error);

        if (status != DLCORE_OK)
            return status;
        if (columns->roles[column] != DLCORE_CSV_SKIP)
            return dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "column %zu is chosen twice", column);
        columns->roles[column] = (int32_t)i;
    }
    columns->features = options->feature_count;
    return DLCORE_OK;
}

static dlcore_status choose(const dlcore_csv_options_t *options, dlcore_csv_columns_t *columns,
                            dlcore_error_record_t *error)
{
    dlcore_status status;
    size_t label;

    for (size_t i = 0; i < columns->count; i++)
        columns->roles[i] = DLCORE_CSV_SKIP;
    if (options->label_kind != DLCORE_CSV_LABEL_NONE) {
        status = find_column(columns, options->label, &label, error);
        if (status != DLCORE_OK)
            return status;
        columns->roles[label] = DLCORE_CSV_LABEL;
    }
    if (options->feature_count > 0)
        return choose_features(options, columns, error);
    for (size_t i = 0; i < columns->count; i++)
        if (columns->roles[i] == DLCORE_CSV_SKIP)
            columns->roles[i] = (int32_t)columns->features++;
    if (columns->features == 0)
        return dlcore_fail(error, DLCORE_ERROR_FORMAT, "no column but the label");
    return DLCORE_OK;
}

/* Whether a column is asked for by its name. */
static bool names_are_needed(const dlcore_csv_options_t *options)
{
    bool needed = options->label_kind != DLCORE_CSV_LABEL_NONE && options->label.name != NULL;

    for (size_t i = 0; i < options->feature_count; i++)
        needed = needed || options->features[i].name != NULL;
    return needed;
}

dlcore_status dlcore_csv_read_columns(dlcore_csv_reader_t *reader,
                                      const dlcore_csv_options_t *options,
                                      const dlcore_allocator_t *allocator,
                                      dlcore_csv_columns_t *columns, dlcore_error_record_t *error)
{
    bool all_words;
    dlcore_status status = survey(reader, columns, &all_words, error);

    if (status != DLCORE_OK)
        return status;
    columns->header =
        options->header == DLCORE_CSV_HEADER_YES ||
        (options->header == DLCORE_CSV_HEADER_AUTO && (all_words || names_are_needed(options)));
    if (!columns->header && names_are_needed(options))
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT,
                           "columns cannot be named in a file without a header");
    if (columns->header)
        status = keep_names(reader, allocator, columns, error);
    if (status != DLCORE_OK)
        return status;
    columns->roles = dlcore_allocate_raw(allocator, columns->count, sizeof *columns->roles);
    if (columns->roles == NULL)
        return dlcore_fail_memory(error, reader->input->name,
                                  columns->count * sizeof *columns->roles);
    return choose(options, columns, error);
}

void dlcore_csv_release_columns(dlcore_csv_columns_t *columns, const dlcore_allocator_t *allocator)
{
    dlcore_release(allocator, columns->roles);
    dlcore_release(allocator, columns->names);
    dlcore_release(allocator, columns->text);
}
