/* The columns of a CSV file: the header, and which column is for what.
 *
 * SPDX-License-Identifier: MIT */
#include "data/csv_columns.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/allocator.h"
#include "base/error.h"
#include "base/shown.h"
#include "data/csv_delimiter.h"
#include "data/csv_field.h"
#include "data/csv_header.h"
#include "data/csv_reader.h"

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
    char shown[DLCORE_SHOWN_SIZE];

    if (name != NULL)
        snprintf(text, DLCORE_CSV_WHERE_SIZE, "%s: line %zu, column %zu (%s)", reader->input->name,
                 line, column + 1, dlcore_show(shown, name, strlen(name)));
    else
        snprintf(text, DLCORE_CSV_WHERE_SIZE, "%s: line %zu, column %zu", reader->input->name, line,
                 column + 1);
    return text;
}

/* What may help with a field that should be a number; `column` is its own, SIZE_MAX where the value
 * is missing. */
static const char *hint(char to[DLCORE_CSV_HINT_SIZE], const dlcore_csv_reader_t *reader,
                        const dlcore_csv_columns_t *columns, size_t column,
                        const dlcore_csv_field_t *field)
{
    if (dlcore_csv_hint_delimiter(to, reader, field, columns->count == 1)[0] != '\0')
        return to;
    if (column == columns->label && strchr("0123456789+-.", field->text[0]) == NULL)
        return "; for labels set label_kind, to DLCORE_CSV_LABEL_CLASSES for words";
    return !columns->header && field->line == 1
               ? "; if this row is a header, set options.header to DLCORE_CSV_HEADER_YES"
               : "";
}

dlcore_status dlcore_csv_number(const dlcore_csv_reader_t *reader,
                                const dlcore_csv_columns_t *columns, size_t column,
                                const dlcore_csv_field_t *field, float *value,
                                dlcore_error_record_t *error)
{
    char where[DLCORE_CSV_WHERE_SIZE], helps[DLCORE_CSV_HINT_SIZE];
    char shown[DLCORE_SHOWN_SIZE];
    bool number = dlcore_csv_is_number(field, value);

    if (number && isfinite(*value))
        return DLCORE_OK;
    dlcore_csv_where(where, reader, columns, field->line, column);
    if (number)
        return dlcore_fail(error, DLCORE_ERROR_RANGE, "%s: %s is too large for float32", where,
                           dlcore_show(shown, field->text, field->length));
    if (dlcore_csv_is_missing(field))
        return dlcore_fail(error, DLCORE_ERROR_FORMAT, "%s: missing value%s", where,
                           hint(helps, reader, columns, SIZE_MAX, field));
    return dlcore_fail(error, DLCORE_ERROR_FORMAT, "%s: \"%s\" is not a number%s", where,
                       dlcore_show(shown, field->text, field->length),
                       hint(helps, reader, columns, column, field));
}

/* ---- the first row ---- */

static dlcore_status keep_names(dlcore_csv_reader_t *reader, const dlcore_allocator_t *allocator,
                                const dlcore_csv_first_row_t *first, dlcore_csv_columns_t *columns,
                                dlcore_error_record_t *error)
{
    dlcore_status status;
    size_t at = 0;

    columns->names = dlcore_allocate_raw(allocator, columns->count, sizeof *columns->names);
    columns->text = dlcore_allocate_raw(allocator, first->bytes, 1);
    if (columns->names == NULL || columns->text == NULL)
        return dlcore_fail_memory(error, reader->input->name,
                                  columns->count * sizeof *columns->names + first->bytes);
    status = dlcore_csv_keep_first_row(reader, first, columns->text, error);
    for (size_t i = 0; i < columns->count && status == DLCORE_OK; i++) {
        columns->names[i] = (uint32_t)at;
        at += strlen(columns->text + at) + 1;
    }
    return status;
}

/* ---- roles ---- */

/* A row that is one column is one that another delimiter would part. */
static dlcore_status refuse_only_column(dlcore_csv_reader_t *reader, dlcore_status status,
                                        const char *what, dlcore_error_record_t *error)
{
    char shown[DLCORE_SHOWN_SIZE], delimiter[DLCORE_CSV_DELIMITER_SIZE];
    char helps[DLCORE_CSV_HINT_SIZE];
    dlcore_csv_field_t field;
    dlcore_status reading = dlcore_csv_rewind(reader, error);

    if (reading == DLCORE_OK)
        reading = dlcore_csv_next_field(reader, 0, &field, error);
    if (reading != DLCORE_OK)
        return reading;
    if (dlcore_csv_hint_delimiter(helps, reader, &field, true)[0] == '\0')
        snprintf(helps, sizeof helps, "; the delimiter is %s: another is set by options.delimiter",
                 dlcore_csv_show_delimiter(delimiter, reader->delimiter));
    return dlcore_fail(error, status, "%s: %s: the first row has one column, \"%s\"%s",
                       reader->input->name, what, dlcore_show(shown, field.text, field.length),
                       helps);
}

static dlcore_status refuse_name(dlcore_csv_reader_t *reader, const dlcore_csv_columns_t *columns,
                                 const char *name, bool twice, dlcore_error_record_t *error)
{
    dlcore_shown_names_t names = {.used = 0};
    char what[DLCORE_SHOWN_SIZE + 40], shown[DLCORE_SHOWN_SIZE];

    snprintf(what, sizeof what, "%s column is named \"%s\"", twice ? "more than one" : "no",
             dlcore_show(shown, name, strlen(name)));
    if (twice)
        return dlcore_fail(error, DLCORE_ERROR_NAME, "%s: %s", reader->input->name, what);
    if (columns->count == 1)
        return refuse_only_column(reader, DLCORE_ERROR_NAME, what, error);
    for (size_t i = 0; i < columns->count && !names.cut; i++)
        dlcore_shown_add(&names, dlcore_csv_name_of(columns, i));
    return dlcore_fail(error, DLCORE_ERROR_NAME, "%s: %s; there are %s", reader->input->name, what,
                       names.text);
}

static dlcore_status find_by_name(dlcore_csv_reader_t *reader, const dlcore_csv_columns_t *columns,
                                  const char *name, size_t *found, dlcore_error_record_t *error)
{
    size_t times = 0;

    for (size_t i = 0; i < columns->count; i++)
        if (strcmp(columns->text + columns->names[i], name) == 0) {
            *found = i;
            times++;
        }
    return times == 1 ? DLCORE_OK : refuse_name(reader, columns, name, times > 1, error);
}

static dlcore_status find_column(dlcore_csv_reader_t *reader, const dlcore_csv_columns_t *columns,
                                 dlcore_csv_column_t wanted, size_t *found,
                                 dlcore_error_record_t *error)
{
    long long number = wanted.number;

    if (wanted.name != NULL)
        return find_by_name(reader, columns, wanted.name, found, error);
    if (number < 0)
        number += (long long)columns->count;
    if (number < 0 || (size_t)number >= columns->count)
        return dlcore_fail(error, DLCORE_ERROR_RANGE,
                           "%s: a column is asked for by number %d: the file has columns 0 to %zu",
                           reader->input->name, wanted.number, columns->count - 1);
    *found = (size_t)number;
    return DLCORE_OK;
}

static dlcore_status choose_features(dlcore_csv_reader_t *reader,
                                     const dlcore_csv_options_t *options,
                                     dlcore_csv_columns_t *columns, dlcore_error_record_t *error)
{
    for (size_t i = 0; i < options->feature_count; i++) {
        size_t column = 0;
        dlcore_status status = find_column(reader, columns, options->features[i], &column, error);

        if (status != DLCORE_OK)
            return status;
        if (columns->roles[column] != DLCORE_CSV_SKIP)
            return dlcore_fail(error, DLCORE_ERROR_ARGUMENT,
                               "%s: column %zu is chosen twice, as two features or as a feature "
                               "and the label",
                               reader->input->name, column + 1);
        columns->roles[column] = (int32_t)i;
    }
    columns->features = options->feature_count;
    return DLCORE_OK;
}

static dlcore_status choose_labels(dlcore_csv_reader_t *reader, const dlcore_csv_options_t *options,
                                   dlcore_csv_columns_t *columns, dlcore_error_record_t *error)
{
    for (size_t i = 0; i < options->label_count; i++) {
        size_t column = 0;
        dlcore_status status = find_column(reader, columns, options->labels[i], &column, error);

        if (status != DLCORE_OK)
            return status;
        if (columns->roles[column] != DLCORE_CSV_SKIP)
            return dlcore_fail(error, DLCORE_ERROR_ARGUMENT,
                               "%s: column %zu is chosen twice, as two labels", reader->input->name,
                               column + 1);
        columns->roles[column] = DLCORE_CSV_LABEL - (int32_t)i;
    }
    columns->labels = options->label_count;
    return DLCORE_OK;
}

/* Without a label the last column is one by default, unless features are chosen. */
static dlcore_status choose_label(dlcore_csv_reader_t *reader, const dlcore_csv_options_t *options,
                                  dlcore_csv_columns_t *columns, dlcore_error_record_t *error)
{
    dlcore_status status;

    columns->label = columns->count;
    if (options->label_kind == DLCORE_CSV_LABEL_NONE) {
        if (options->feature_count == 0)
            columns->label = columns->count - 1;
        return DLCORE_OK;
    }
    if (options->label_count > 0)
        return choose_labels(reader, options, columns, error);
    status = find_column(reader, columns, options->label, &columns->label, error);
    if (status != DLCORE_OK)
        return status;
    columns->roles[columns->label] = DLCORE_CSV_LABEL;
    columns->labels = 1;
    return DLCORE_OK;
}

static dlcore_status choose(dlcore_csv_reader_t *reader, const dlcore_csv_options_t *options,
                            dlcore_csv_columns_t *columns, dlcore_error_record_t *error)
{
    dlcore_status status;

    for (size_t i = 0; i < columns->count; i++)
        columns->roles[i] = DLCORE_CSV_SKIP;
    status = choose_label(reader, options, columns, error);
    if (status != DLCORE_OK)
        return status;
    if (options->feature_count > 0)
        return choose_features(reader, options, columns, error);
    for (size_t i = 0; i < columns->count; i++)
        if (columns->roles[i] == DLCORE_CSV_SKIP)
            columns->roles[i] = (int32_t)columns->features++;
    if (columns->features == 0)
        return refuse_only_column(reader, DLCORE_ERROR_FORMAT, "no column but the label", error);
    return DLCORE_OK;
}

/* Whether a column is asked for by its name. */
static bool names_are_needed(const dlcore_csv_options_t *options)
{
    bool needed = options->label_kind != DLCORE_CSV_LABEL_NONE && options->label_count == 0 &&
                  options->label.name != NULL;

    for (size_t i = 0; i < options->label_count; i++)
        needed = needed || options->labels[i].name != NULL;
    for (size_t i = 0; i < options->feature_count; i++)
        needed = needed || options->features[i].name != NULL;
    return needed;
}

dlcore_status dlcore_csv_read_columns(dlcore_csv_reader_t *reader,
                                      const dlcore_csv_options_t *options,
                                      const dlcore_allocator_t *allocator,
                                      dlcore_csv_columns_t *columns, dlcore_error_record_t *error)
{
    bool named = names_are_needed(options);
    dlcore_csv_first_row_t first;
    dlcore_status status = dlcore_csv_survey_first_row(reader, &first, NULL, NULL, error);

    if (status != DLCORE_OK)
        return status;
    columns->count = first.columns;
    if (named && options->header == DLCORE_CSV_HEADER_NO)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT,
                           "%s: columns cannot be named in a file without a header",
                           reader->input->name);
    columns->roles = dlcore_allocate_raw(allocator, columns->count, sizeof *columns->roles);
    if (columns->roles == NULL)
        return dlcore_fail_memory(error, reader->input->name,
                                  columns->count * sizeof *columns->roles);
    columns->header = named || options->header == DLCORE_CSV_HEADER_YES;
    if (!named)
        status = choose(reader, options, columns, error);
    if (status == DLCORE_OK && !columns->header && options->header == DLCORE_CSV_HEADER_AUTO)
        status = dlcore_csv_find_header(reader, options, columns, &columns->header, error);
    if (status == DLCORE_OK && columns->header)
        status = keep_names(reader, allocator, &first, columns, error);
    if (status == DLCORE_OK && named)
        status = choose(reader, options, columns, error);
    return status;
}

void dlcore_csv_release_columns(dlcore_csv_columns_t *columns, const dlcore_allocator_t *allocator)
{
    dlcore_release(allocator, columns->roles);
    dlcore_release(allocator, columns->names);
    dlcore_release(allocator, columns->text);
}
