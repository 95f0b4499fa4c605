/* CSV files: what users call.
 *
 * SPDX-License-Identifier: MIT */
#include "data/csv_rows.h"

#include "base/allocator.h"
#include "base/ascii.h"
#include "base/error.h"
#include "base/traces.h"
#include "data/csv_delimiter.h"
#include "data/csv_reader.h"
#include "tensor/tensor.h"

dlcore_csv_options_t dlcore_csv_options_default(void)
{
    return (dlcore_csv_options_t){.structure_size = sizeof(dlcore_csv_options_t),
                                  .delimiter = ',',
                                  .quote = '"',
                                  .decimal = '.',
                                  .label = {.number = -1}};
}

static bool belongs_to_numbers(char c)
{
    return dlcore_is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '+' ||
           c == '-' || c == '.' || c == '\n' || c == '\r';
}

static const char *csv_header_choice(int value)
{
    static const char *const names[] = {"auto", "yes", "no"};

    return names[value];
}

static const char *csv_label_choice(int value)
{
    static const char *const names[] = {"none", "classes", "number"};

    return names[value];
}

static dlcore_status check_signs(const dlcore_csv_options_t *options, dlcore_error_record_t *error)
{
    const char sign = options->blank_runs ? ' ' : options->delimiter;
    char delimiter[DLCORE_CSV_DELIMITER_SIZE], quote[DLCORE_CSV_DELIMITER_SIZE];

    if (sign == '\0')
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "csv: the delimiter is a zero byte");
    if (sign != options->quote && !belongs_to_numbers(sign) && !belongs_to_numbers(options->quote))
        return DLCORE_OK;
    return dlcore_fail(error, DLCORE_ERROR_ARGUMENT,
                       "csv: the delimiter %s and the quote %s must differ, and neither may be a "
                       "letter, digit, sign, point or line end",
                       dlcore_csv_show_delimiter(delimiter, sign),
                       dlcore_csv_show_delimiter(quote, options->quote));
}

static dlcore_status check_label_list(const dlcore_csv_options_t *options,
                                      dlcore_error_record_t *error)
{
    if ((options->labels == NULL) != (options->label_count == 0))
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT,
                           "csv: labels is %s, but label_count is %zu",
                           options->labels == NULL ? "NULL" : "given", options->label_count);
    if (options->label_count > DLCORE_CSV_COLUMNS_MAX)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT,
                           "csv: label_count is %zu, files have up to %zu columns",
                           options->label_count, DLCORE_CSV_COLUMNS_MAX);
    if (options->labels != NULL && options->label_kind != DLCORE_CSV_LABEL_NUMBER)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT,
                           "csv: several label columns are numbers: label_kind is %s, set it to "
                           "DLCORE_CSV_LABEL_NUMBER",
                           csv_label_choice((int)options->label_kind));
    return DLCORE_OK;
}

static dlcore_status check_csv_options(const dlcore_csv_options_t *options,
                                       dlcore_error_record_t *error)
{
    dlcore_status status = dlcore_check_choice("csv", "header", (int)options->header, 0,
                                               DLCORE_CSV_HEADER_NO, csv_header_choice, error);

    if (status == DLCORE_OK)
        status = dlcore_check_choice("csv", "label_kind", (int)options->label_kind, 0,
                                     DLCORE_CSV_LABEL_NUMBER, csv_label_choice, error);
    if (status != DLCORE_OK)
        return status;
    status = check_signs(options, error);
    if (status == DLCORE_OK)
        status = dlcore_csv_check_marks("csv", options->blank_runs ? ' ' : options->delimiter,
                                        options->quote, options->decimal, options->comment, error);
    if (status == DLCORE_OK)
        status = check_label_list(options, error);
    if (status != DLCORE_OK)
        return status;
    if ((options->features == NULL) != (options->feature_count == 0))
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT,
                           "csv: features is %s, but feature_count is %zu",
                           options->features == NULL ? "NULL" : "given", options->feature_count);
    if (options->feature_count > DLCORE_CSV_COLUMNS_MAX)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT,
                           "csv: feature_count is %zu, files have up to %zu columns",
                           options->feature_count, DLCORE_CSV_COLUMNS_MAX);
    if (options->class_count > DLCORE_CSV_CLASSES_MAX)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT,
                           "csv: class_count is %zu, more than %d classes", options->class_count,
                           DLCORE_CSV_CLASSES_MAX);
    if ((options->classes == NULL) != (options->class_count == 0))
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT,
                           "csv: classes is %s, but class_count is %zu",
                           options->classes == NULL ? "NULL" : "given", options->class_count);
    return DLCORE_OK;
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
        return dlcore_fail(
            error, DLCORE_ERROR_FORMAT, "%s: no rows below the header%s", reader->input->name,
            options->header == DLCORE_CSV_HEADER_YES
                ? ""
                : "; if line 1 is not a header, set options.header to DLCORE_CSV_HEADER_NO");
    csv->label_kind = options->label_kind;
    csv->labels_listed = options->label_count > 0;
    status = dlcore_csv_start_classes(&csv->classes, options, &csv->allocator, error);
    if (status != DLCORE_OK)
        return status;
    return dlcore_csv_read_tensors(csv, reader, rows - csv->columns.header, error);
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

    reader.blank_runs = options->blank_runs;
    reader.decimal = options->decimal;
    reader.comment = options->comment;
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
                           const dlcore_csv_options_t *given, const dlcore_allocator_t *allocator,
                           dlcore_csv_t **out, dlcore_error_record_t *error)
{
    if (out == NULL)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "out is NULL");
    *out = NULL;
    if (source == NULL)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "%s is NULL", what);
    if (dlcore_check_allocator(allocator, error) != DLCORE_OK)
        return DLCORE_ERROR_ARGUMENT;
    *options = dlcore_csv_options_default();
    if (given == NULL)
        return DLCORE_OK;
    if (dlcore_check_options(given, "csv", error) != DLCORE_OK)
        return DLCORE_ERROR_ARGUMENT;
    *options = *given;
    return check_csv_options(options, error);
}

static dlcore_status read_csv_file(const char *path, const dlcore_csv_options_t *options,
                                   const dlcore_allocator_t *allocator, dlcore_csv_t **out,
                                   dlcore_error_record_t *error)
{
    dlcore_csv_options_t how;
    dlcore_input_t input;
    dlcore_status status = start(path, "path", &how, options, allocator, out, error);

    if (status == DLCORE_OK)
        status = dlcore_input_open(&input, path, error);
    if (status != DLCORE_OK)
        return status;
    status = load_csv(&input, &how, allocator, out, error);
    dlcore_input_close(&input);
    return status;
}

dlcore_status dlcore_csv_load(const char *path, const dlcore_csv_options_t *options,
                              const dlcore_allocator_t *allocator, dlcore_csv_t **out,
                              dlcore_error_record_t *error)
{
    dlcore_traces_t before = dlcore_traces_note();

    return dlcore_traces_end(before, read_csv_file(path, options, allocator, out, error));
}

static dlcore_status parse_csv(const void *bytes, size_t size, const dlcore_csv_options_t *options,
                               const dlcore_allocator_t *allocator, dlcore_csv_t **out,
                               dlcore_error_record_t *error)
{
    dlcore_csv_options_t how;
    dlcore_input_t input;
    dlcore_status status = start(bytes, "bytes", &how, options, allocator, out, error);

    if (status != DLCORE_OK)
        return status;
    dlcore_input_from_memory(&input, bytes, size, "CSV data");
    return load_csv(&input, &how, allocator, out, error);
}

dlcore_status dlcore_csv_parse(const void *bytes, size_t size, const dlcore_csv_options_t *options,
                               const dlcore_allocator_t *allocator, dlcore_csv_t **out,
                               dlcore_error_record_t *error)
{
    dlcore_traces_t before = dlcore_traces_note();

    return dlcore_traces_end(before, parse_csv(bytes, size, options, allocator, out, error));
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
