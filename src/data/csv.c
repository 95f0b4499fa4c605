/* CSV files: from rows of text to tensors.
 *
 * SPDX-License-Identifier: MIT */
#include "data/csv.h"

#include <math.h>
#include <string.h>

#include "base/allocator.h"
#include "base/decimal.h"
#include "base/error.h"
#include "base/size.h"
#include "tensor/tensor.h"

struct dlcore_csv {
    dlcore_allocator_t allocator;
    dlcore_tensor_t *x, *y;
    dlcore_csv_columns_t columns;
    dlcore_csv_classes_t classes;
    dlcore_csv_label_t label_kind;
};

dlcore_csv_options_t dlcore_csv_options_default(void)
{
    return (dlcore_csv_options_t){.structure_size = sizeof(dlcore_csv_options_t),
                                  .delimiter = ',',
                                  .quote = '"',
                                  .label = {.number = -1}};
}

static bool belongs_to_numbers(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '+' ||
           c == '-' || c == '.' || c == '\n' || c == '\r';
}

static dlcore_status check_csv_options(const dlcore_csv_options_t *options,
                                       dlcore_error_record_t *error)
{
    if (options->delimiter == '\0' || options->delimiter == options->quote ||
        belongs_to_numbers(options->delimiter) || belongs_to_numbers(options->quote))
        return dlcore_fail(
            error, DLCORE_ERROR_ARGUMENT,
            "delimiter 0x%02x and quote 0x%02x: must differ and be no part of numbers",
            (unsigned char)options->delimiter, (unsigned char)options->quote);
    if ((unsigned)options->header > DLCORE_CSV_HEADER_NO ||
        (unsigned)options->label_kind > DLCORE_CSV_LABEL_NUMBER)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT,
                           "csv: header must lie in 0 .. %d and label_kind in 0 .. %d, got %d and "
                           "%d",
                           DLCORE_CSV_HEADER_NO, DLCORE_CSV_LABEL_NUMBER, (int)options->header,
                           (int)options->label_kind);
    if ((options->features == NULL && options->feature_count > 0) ||
        (options->classes == NULL && options->class_count > 0))
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "%s is NULL",
                           options->class_count > 0 && options->classes == NULL ? "classes"
                                                                                : "features");
    return DLCORE_OK;
}

/* ---- rows ---- */

/* A number at the reader's place, when it stands there without quotes or blanks. */
static inline bool quick_number(dlcore_csv_reader_t *reader, float *value)
{
    const char *at = dlcore_decimal_float(reader->next, reader->end, value);

    return at != NULL && (size_t)(at - reader->next) <= DLCORE_CSV_FIELD_MAX && isfinite(*value) &&
           dlcore_csv_pass_end(reader, reader->next + (at - reader->next));
}

static dlcore_status read_csv_number(dlcore_csv_t *csv, dlcore_csv_reader_t *reader, size_t column,
                                     float *value, dlcore_error_record_t *error)
{
    dlcore_csv_field_t field;
    dlcore_status status = dlcore_csv_fill(reader, error);

    if (status == DLCORE_OK && quick_number(reader, value))
        return DLCORE_OK;
    if (status == DLCORE_OK)
        status = dlcore_csv_next_field(reader, column, &field, error);
    if (status != DLCORE_OK)
        return status;
    return dlcore_csv_number(reader, &csv->columns, column, &field, value, error);
}

/* What may help with a row of `count` fields. */
static const char *hint_at(char to[DLCORE_CSV_HINT_SIZE], const dlcore_csv_t *csv,
                           const dlcore_csv_reader_t *reader, size_t count)
{
    const dlcore_csv_columns_t *columns = &csv->columns;

    if (columns->header && columns->count == 1) {
        dlcore_csv_field_t name = {.text = columns->text, .length = strlen(columns->text)};

        if (dlcore_csv_hint_delimiter(to, reader, &name, true)[0] != '\0')
            return to;
    }
    return columns->header && count == columns->count + 1 ? "; does the header lack a name?" : "";
}

/* A row that has not as many fields as the first; `count` of them were read. */
static dlcore_status refuse_row(const dlcore_csv_t *csv, dlcore_csv_reader_t *reader, size_t line,
                                size_t count, dlcore_error_record_t *error)
{
    char delimiter[DLCORE_CSV_DELIMITER_SIZE], helps[DLCORE_CSV_HINT_SIZE];
    dlcore_csv_field_t field;

    for (; !reader->row_ended; count++) {
        dlcore_status status = dlcore_csv_next_field(reader, count, &field, error);

        if (status != DLCORE_OK)
            return status;
    }
    return dlcore_fail(error, DLCORE_ERROR_FORMAT,
                       "%s: line %zu: %zu column%s, but the first row has %zu (delimiter %s)%s",
                       reader->input->name, line, count, count == 1 ? "" : "s", csv->columns.count,
                       dlcore_csv_show_delimiter(delimiter, reader->delimiter),
                       hint_at(helps, csv, reader, count));
}

static dlcore_status read_row(dlcore_csv_t *csv, dlcore_csv_reader_t *reader, float *x, void *y,
                              dlcore_error_record_t *error)
{
    const dlcore_csv_columns_t *columns = &csv->columns;
    size_t line = reader->line, column;
    dlcore_status status = DLCORE_OK;

    reader->row_ended = false;
    for (column = 0; column < columns->count && !reader->row_ended; column++) {
        int32_t role = columns->roles[column];
        dlcore_csv_field_t field;

        if (role == DLCORE_CSV_SKIP)
            status = dlcore_csv_next_field(reader, column, &field, error);
        else if (role >= 0)
            status = read_csv_number(csv, reader, column, &x[role], error);
        else if (csv->label_kind == DLCORE_CSV_LABEL_NUMBER)
            status = read_csv_number(csv, reader, column, y, error);
        else
            status = dlcore_csv_read_class(&csv->classes, &csv->columns, reader, y, error);
        if (status != DLCORE_OK)
            return status;
    }
    if (column < columns->count || !reader->row_ended)
        return refuse_row(csv, reader, line, column, error);
    return DLCORE_OK;
}

static dlcore_status skip_header(dlcore_csv_t *csv, dlcore_csv_reader_t *reader,
                                 dlcore_error_record_t *error)
{
    dlcore_status status = dlcore_csv_rewind(reader, error);

    for (size_t i = 0; csv->columns.header && i < csv->columns.count && status == DLCORE_OK; i++) {
        dlcore_csv_field_t field;

        status = dlcore_csv_next_field(reader, i, &field, error);
    }
    return status;
}

/* Reads all rows; into one row of `x` and `y`, again and again, when `dry`. */
static dlcore_status read_csv_rows(dlcore_csv_t *csv, dlcore_csv_reader_t *reader, size_t rows,
                                   float *x, unsigned char *y, bool dry,
                                   dlcore_error_record_t *error)
{
    dlcore_status status = skip_header(csv, reader, error);
    size_t row = 0;

    for (; status == DLCORE_OK; row++) {
        size_t at = dry ? 0 : row;
        bool follows;

        status = dlcore_csv_next_row(reader, &follows, error);
        if (status != DLCORE_OK || !follows)
            break;
        if (row == rows && !dry)
            return dlcore_fail(error, DLCORE_ERROR_IO, "%s: changed while it was read",
                               reader->input->name);
        status = read_row(csv, reader, x + at * csv->columns.features, y + 4 * at, error);
    }
    if (status == DLCORE_OK && (row != rows || dry))
        return dlcore_fail(error, DLCORE_ERROR_IO, "%s: changed while it was read",
                           reader->input->name);
    return status;
}

/* Rows that are too short for what they are to hold: one of them is at fault, and is found before
 * memory is taken for all. */
static bool rows_are_too_short(const dlcore_csv_t *csv, const dlcore_csv_reader_t *reader,
                               size_t rows)
{
    size_t least = csv->columns.count + csv->columns.features + /* each number, each delimiter */
                   (csv->label_kind != DLCORE_CSV_LABEL_NONE);
    size_t total;

    return !dlcore_size_multiply(rows, least, &total) || total > reader->input->size + 1;
}

static dlcore_status read_csv_tensors(dlcore_csv_t *csv, dlcore_csv_reader_t *reader, size_t rows,
                                      dlcore_error_record_t *error)
{
    bool labels = csv->label_kind != DLCORE_CSV_LABEL_NONE;
    bool classes = csv->label_kind == DLCORE_CSV_LABEL_CLASSES;
    bool dry = rows_are_too_short(csv, reader, rows);
    size_t room = dry ? 1 : rows;
    size_t shape[2] = {room, csv->columns.features};
    dlcore_status status =
        dlcore_tensor_create_unset(&csv->allocator, DLCORE_DTYPE_FLOAT32, 2, shape, &csv->x, error);
    unsigned char none[4];

    if (status == DLCORE_OK && labels)
        status = dlcore_tensor_create_unset(&csv->allocator,
                                            classes ? DLCORE_DTYPE_INT32 : DLCORE_DTYPE_FLOAT32, 1,
                                            shape, &csv->y, error);
    if (status == DLCORE_OK)
        status = read_csv_rows(csv, reader, rows, (float *)(void *)csv->x->data,
                               labels ? csv->y->data : none, dry, error);
    if (status == DLCORE_OK && classes)
        status = dlcore_csv_check_na(&csv->classes, &csv->columns, reader, error);
    if (status == DLCORE_OK && classes)
        status =
            dlcore_csv_finish_classes(&csv->classes, (int32_t *)(void *)csv->y->data, rows, error);
    return status;
}

static dlcore_status read_file(dlcore_csv_t *csv, dlcore_csv_reader_t *reader,
                               const dlcore_csv_options_t *options, dlcore_error_record_t *error)
{
    size_t rows;
    dlcore_status status =
        dlcore_csv_read_columns(reader, options, &csv->allocator, &csv->columns, error);

    if (status == DLCORE_OK)
        status = dlcore_csv_count_rows(reader, &rows, error);
    if (status != DLCORE_OK)
        return status;
    if (rows <= csv->columns.header)
        return dlcore_fail(error, DLCORE_ERROR_FORMAT, "%s: no rows below the header%s",
                           reader->input->name,
                           options->header == DLCORE_CSV_HEADER_YES
                               ? ""
                               : "; if line 1 is none, set options.header to DLCORE_CSV_HEADER_NO");
    csv->label_kind = options->label_kind;
    status = dlcore_csv_start_classes(&csv->classes, options, &csv->allocator, error);
    if (status != DLCORE_OK)
        return status;
    return read_csv_tensors(csv, reader, rows - csv->columns.header, error);
}

static dlcore_status load_csv(dlcore_input_t *input, const dlcore_csv_options_t *options,
                              const dlcore_allocator_t *allocator, dlcore_csv_t **out,
                              dlcore_error_record_t *error)
{
    dlcore_allocator_t memory = dlcore_allocator_or_default(allocator);
    dlcore_csv_reader_t reader = {
        .input = input, .delimiter = options->delimiter, .quote = options->quote};
    dlcore_csv_t *csv = dlcore_allocate(&memory, 1, sizeof *csv);
    dlcore_status status = DLCORE_ERROR_MEMORY;

    reader.buffer = dlcore_allocate_raw(&memory, DLCORE_CSV_BLOCK + 1, 1);
    if (csv != NULL) {
        csv->allocator = memory;
        csv->classes.allocator = memory;
    }
    if (csv == NULL || reader.buffer == NULL)
        status = dlcore_fail_memory(error, input->name, DLCORE_CSV_BLOCK);
    else
        status = read_file(csv, &reader, options, error);
    dlcore_release(&memory, reader.buffer);
    if (status == DLCORE_OK)
        *out = csv;
    else
        dlcore_csv_free(csv);
    return status;
}

/* Checks what both ways of reading are given. */
static dlcore_status start(const void *source, const char *what, dlcore_csv_options_t *options,
                           const dlcore_csv_options_t *given, dlcore_csv_t **out,
                           dlcore_error_record_t *error)
{
    if (out == NULL)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "out is NULL");
    *out = NULL;
    if (source == NULL)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "%s is NULL", what);
    *options = dlcore_csv_options_default();
    if (given == NULL)
        return DLCORE_OK;
    if (dlcore_check_options(given, "csv", error) != DLCORE_OK)
        return DLCORE_ERROR_ARGUMENT;
    *options = *given;
    return check_csv_options(options, error);
}

dlcore_status dlcore_csv_load(const char *path, const dlcore_csv_options_t *options,
                              const dlcore_allocator_t *allocator, dlcore_csv_t **out,
                              dlcore_error_record_t *error)
{
    dlcore_csv_options_t how;
    dlcore_input_t input;
    dlcore_status status = start(path, "path", &how, options, out, error);

    if (status == DLCORE_OK)
        status = dlcore_input_open(&input, path, error);
    if (status != DLCORE_OK)
        return status;
    status = load_csv(&input, &how, allocator, out, error);
    dlcore_input_close(&input);
    return status;
}

dlcore_status dlcore_csv_parse(const void *bytes, size_t size, const dlcore_csv_options_t *options,
                               const dlcore_allocator_t *allocator, dlcore_csv_t **out,
                               dlcore_error_record_t *error)
{
    dlcore_csv_options_t how;
    dlcore_input_t input;
    dlcore_status status = start(bytes, "bytes", &how, options, out, error);

    if (status != DLCORE_OK)
        return status;
    dlcore_input_from_memory(&input, bytes, size, "CSV data");
    return load_csv(&input, &how, allocator, out, error);
}

void dlcore_csv_free(dlcore_csv_t *csv)
{
    if (csv != NULL) {
        dlcore_allocator_t allocator = csv->allocator;

        dlcore_tensor_free(csv->x);
        dlcore_tensor_free(csv->y);
        dlcore_csv_release_columns(&csv->columns, &allocator);
        dlcore_csv_release_classes(&csv->classes);
        dlcore_release(&allocator, csv);
    }
}

/* ---- queries ---- */

dlcore_tensor_t *dlcore_csv_x(dlcore_csv_t *csv)
{
    return csv != NULL ? csv->x : NULL;
}

dlcore_tensor_t *dlcore_csv_y(dlcore_csv_t *csv)
{
    return csv != NULL ? csv->y : NULL;
}

size_t dlcore_csv_column_count(const dlcore_csv_t *csv)
{
    return csv != NULL ? csv->columns.count : 0;
}

const char *dlcore_csv_column_name(const dlcore_csv_t *csv, size_t column)
{
    return csv != NULL ? dlcore_csv_name_of(&csv->columns, column) : NULL;
}

const char *dlcore_csv_feature_name(const dlcore_csv_t *csv, size_t feature)
{
    for (size_t i = 0; csv != NULL && i < csv->columns.count; i++)
        if (csv->columns.roles[i] >= 0 && (size_t)csv->columns.roles[i] == feature)
            return dlcore_csv_name_of(&csv->columns, i);
    return NULL;
}

size_t dlcore_csv_class_count(const dlcore_csv_t *csv)
{
    return csv != NULL ? csv->classes.count : 0;
}

const char *dlcore_csv_class_name(const dlcore_csv_t *csv, size_t class_index)
{
    return csv != NULL && class_index < csv->classes.count ? csv->classes.names[class_index] : NULL;
}

const char *const *dlcore_csv_class_names(const dlcore_csv_t *csv)
{
    return csv != NULL ? csv->classes.names : NULL;
}
