/* CSV files: from rows of text to tensors.
 *
 * SPDX-License-Identifier: MIT */
#include "data/csv_rows.h"

#include <math.h>
#include <string.h>

#include "base/decimal.h"
#include "base/error.h"
#include "base/size.h"
#include "data/csv_classes.h"
#include "data/csv_columns.h"
#include "data/csv_delimiter.h"
#include "data/csv_label.h"
#include "data/csv_reader.h"
#include "tensor/tensor.h"

/* A number at the reader's place, when it stands there without quotes or blanks. */
static inline bool quick_number(dlcore_csv_reader_t *reader, float *value)
{
    const char *at =
        reader->decimal == '.' ? dlcore_decimal_float(reader->next, reader->end, value) : NULL;

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
            status =
                read_csv_number(csv, reader, column, (float *)y + (DLCORE_CSV_LABEL - role), error);
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

/* Reads all rows; into one row of `x` and `y`, again and again, when `dry`. `y` NULL: no labels. */
static dlcore_status read_csv_rows(dlcore_csv_t *csv, dlcore_csv_reader_t *reader, size_t rows,
                                   float *x, unsigned char *y, bool dry,
                                   dlcore_error_record_t *error)
{
    dlcore_status status = skip_header(csv, reader, error);
    const size_t label_size = 4 * csv->columns.labels; /* without labels y is one unused place */
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
        status = read_row(csv, reader, x + at * csv->columns.features, y + label_size * at, error);
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
                   csv->columns.labels;
    size_t total;

    return !dlcore_size_multiply(rows, least, &total) || total > reader->input->size + 1;
}

dlcore_status dlcore_csv_read_tensors(dlcore_csv_t *csv, dlcore_csv_reader_t *reader, size_t rows,
                                      dlcore_error_record_t *error)
{
    bool labels = csv->label_kind != DLCORE_CSV_LABEL_NONE;
    bool classes = csv->label_kind == DLCORE_CSV_LABEL_CLASSES;
    bool dry = rows_are_too_short(csv, reader, rows);
    size_t room = dry ? 1 : rows;
    size_t shape[2] = {room, csv->columns.features}, y_shape[2] = {room, csv->columns.labels};
    unsigned char none[4];
    dlcore_status status =
        dlcore_tensor_create_unset(&csv->allocator, DLCORE_DTYPE_FLOAT32, 2, shape, &csv->x, error);

    if (status == DLCORE_OK && labels)
        status = dlcore_tensor_create_unset(&csv->allocator,
                                            classes ? DLCORE_DTYPE_INT32 : DLCORE_DTYPE_FLOAT32,
                                            csv->labels_listed ? 2 : 1, y_shape, &csv->y, error);
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
