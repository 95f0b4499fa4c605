/* Tables of text: how it is written, the header, where rows are, and what columns look like.
 *
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "base/allocator.h"
#include "base/ascii.h"
#include "base/error.h"
#include "base/float_mode.h"
#include "base/shown.h"
#include "base/traces.h"
#include "base/utf8.h"
#include "data/csv_delimiter.h"
#include "table/date.h"
#include "table/table.h"
#include "table/table_sniff.h"

#define GIVEN_NAME_SIZE ((size_t)20) /* "column_65536" */

dlcore_table_options_t dlcore_table_options_default(void)
{
    return (dlcore_table_options_t){
        .structure_size = sizeof(dlcore_table_options_t), .quote = '"', .in_memory = true};
}

/* ---- options ---- */

static const char *table_header_choice(int value)
{
    static const char *const names[] = {"auto", "yes", "no"};

    return names[value];
}

static bool can_be_delimiter(char sign)
{
    return sign != '\n' && sign != '\r' && !dlcore_is_digit(sign) && !dlcore_is_letter(sign) &&
           strchr("+-.", sign) == NULL;
}

static dlcore_status check_table_options(const dlcore_table_options_t *options,
                                         dlcore_error_record_t *error)
{
    char delimiter = options->blank_runs ? ' ' : options->delimiter, decimal = options->decimal;
    char shown[DLCORE_CSV_DELIMITER_SIZE], quote[DLCORE_CSV_DELIMITER_SIZE];
    dlcore_status status = dlcore_check_choice("table", "header", (int)options->header, 0,
                                               DLCORE_CSV_HEADER_NO, table_header_choice, error);

    if (status != DLCORE_OK)
        return status;
    if ((delimiter != '\0' && !can_be_delimiter(delimiter)) ||
        (options->quote != '\0' && !can_be_delimiter(options->quote)) ||
        (delimiter == options->quote && delimiter != '\0'))
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT,
                           "table: the delimiter %s and the quote %s must differ, and neither may "
                           "be a letter, digit, sign, point or line end",
                           dlcore_csv_show_delimiter(shown, delimiter),
                           dlcore_csv_show_delimiter(quote, options->quote));
    if (decimal == '\0')
        decimal = '.'; /* which no delimiter is */
    status = dlcore_csv_check_marks("table", delimiter, options->quote, decimal, options->comment,
                                    error);
    if (status == DLCORE_OK && options->missing != NULL && !dlcore_utf8_is_text(options->missing))
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "table: missing is not UTF-8");
    return status;
}

static dlcore_status keep_missing(dlcore_table_t *table, const char *missing,
                                  dlcore_error_record_t *error)
{
    size_t size = missing != NULL ? strlen(missing) + 1 : 0;

    if (missing == NULL || size == 1)
        return DLCORE_OK;
    table->missing = dlcore_allocate_raw(&table->allocator, size, 1);
    if (table->missing == NULL)
        return dlcore_fail_memory(error, "table", size);
    memcpy(table->missing, missing, size);
    return DLCORE_OK;
}

/* ---- the first row ---- */

/* Whether the first row looks like names. */
typedef struct first_look {
    const dlcore_table_t *table;
    bool names;
} first_look_t;

/* Without a name the first column may be, as an index is. */
static void look_at_first(void *user, size_t column, const dlcore_csv_field_t *field)
{
    first_look_t *look = user;
    dlcore_cell_t cell = {.field = *field};
    double number;

    if (column == 0 && field->length == 0)
        return;
    if (dlcore_cell_number(&cell, look->table->missing, &number) != DLCORE_CELL_WRONG ||
        dlcore_date_forms(field->text, field->length) != 0)
        look->names = false;
}

static dlcore_status read_header_names(dlcore_table_t *table, dlcore_csv_reader_t *reader,
                                       const dlcore_csv_first_row_t *first,
                                       dlcore_error_record_t *error)
{
    dlcore_status status = dlcore_csv_keep_first_row(reader, first, table->name_text, error);
    const char *name = table->name_text;

    for (size_t i = 0; i < table->columns && status == DLCORE_OK; i++) {
        if (!dlcore_utf8_is_text(name))
            return dlcore_fail(error, DLCORE_ERROR_FORMAT,
                               "%s: line %zu, column %zu: the name is not UTF-8",
                               reader->input->name, first->line, i + 1);
        table->names[i] = name;
        name += strlen(name) + 1;
    }
    return status;
}

static void give_header_names(dlcore_table_t *table)
{
    for (size_t i = 0; i < table->columns; i++) {
        char *name = table->name_text + i * GIVEN_NAME_SIZE;

        snprintf(name, GIVEN_NAME_SIZE, "column_%u", (unsigned)i + 1);
        table->names[i] = name;
    }
}

static dlcore_status make_header(dlcore_table_t *table, dlcore_csv_reader_t *reader,
                                 const dlcore_table_options_t *options,
                                 dlcore_error_record_t *error)
{
    first_look_t look = {.table = table, .names = true};
    dlcore_csv_first_row_t first;
    dlcore_status status = dlcore_csv_survey_first_row(reader, &first, look_at_first, &look, error);

    if (status != DLCORE_OK)
        return status;
    table->header = options->header == DLCORE_CSV_HEADER_YES ||
                    (options->header == DLCORE_CSV_HEADER_AUTO && look.names);
    status = dlcore_table_make_columns(
        table, first.columns, table->header ? first.bytes : first.columns * GIVEN_NAME_SIZE, error);
    if (status == DLCORE_OK && table->header)
        status = read_header_names(table, reader, &first, error);
    else if (status == DLCORE_OK)
        give_header_names(table);
    if (status == DLCORE_OK)
        dlcore_table_sort_names(table);
    if (status == DLCORE_OK && !table->header)
        status = dlcore_csv_rewind(reader, error);
    return status;
}

/* ---- all rows ---- */

static dlcore_status note_place(dlcore_table_t *table, const dlcore_csv_reader_t *reader,
                                dlcore_error_record_t *error)
{
    if (table->place_count == table->place_room) {
        size_t room = table->place_room > 0 ? 2 * table->place_room : 16;
        dlcore_table_place_t *places = dlcore_allocate_raw(&table->allocator, room, sizeof *places);

        if (places == NULL)
            return dlcore_fail_memory(error, "table", room * sizeof *places);
        if (table->place_count > 0)
            memcpy(places, table->places, table->place_count * sizeof *places);
        dlcore_release(&table->allocator, table->places);
        table->places = places;
        table->place_room = room;
    }
    table->places[table->place_count++] =
        (dlcore_table_place_t){.at = dlcore_csv_place(reader), .line = reader->line};
    return DLCORE_OK;
}

static dlcore_status refuse_width(const dlcore_table_t *table, dlcore_csv_reader_t *reader,
                                  size_t line, size_t count, dlcore_error_record_t *error)
{
    char delimiter[DLCORE_CSV_DELIMITER_SIZE];
    dlcore_csv_field_t field;

    for (; !reader->row_ended; count++) {
        dlcore_status status = dlcore_csv_next_field(reader, count, &field, error);

        if (status != DLCORE_OK)
            return status;
    }
    return dlcore_fail(error, DLCORE_ERROR_FORMAT,
                       "%s: line %zu: %zu column%s, but the first row has %zu (delimiter %s)",
                       reader->input->name, line, count, count == 1 ? "" : "s", table->columns,
                       reader->blank_runs
                           ? "runs of blanks"
                           : dlcore_csv_show_delimiter(delimiter, reader->delimiter));
}

static dlcore_status survey_row(dlcore_table_t *table, dlcore_csv_reader_t *reader,
                                dlcore_error_record_t *error)
{
    size_t line = reader->line, column = 0;

    reader->row_ended = false;
    for (; column < table->columns && !reader->row_ended; column++) {
        dlcore_cell_t cell = {.numeric = false};
        dlcore_status status = dlcore_csv_next_field(reader, column, &cell.field, error);

        if (status == DLCORE_OK)
            status = dlcore_table_note(table, &table->facts[column], &cell, error);
        if (status != DLCORE_OK)
            return status;
    }
    if (column < table->columns || !reader->row_ended)
        return refuse_width(table, reader, line, column, error);
    return DLCORE_OK;
}

static dlcore_status survey_rows(dlcore_table_t *table, dlcore_csv_reader_t *reader,
                                 dlcore_error_record_t *error)
{
    for (;; table->rows++) {
        bool follows;
        dlcore_status status = dlcore_csv_next_row(reader, &follows, error);

        if (status != DLCORE_OK || !follows)
            return status;
        if (table->rows % DLCORE_TABLE_STRIDE == 0)
            status = note_place(table, reader, error);
        if (status == DLCORE_OK)
            status = survey_row(table, reader, error);
        if (status != DLCORE_OK)
            return status;
    }
}

static dlcore_status survey_table(dlcore_table_t *table, const dlcore_table_options_t *options,
                                  dlcore_error_record_t *error)
{
    dlcore_csv_reader_t reader = {.input = &table->input,
                                  .delimiter = options->delimiter,
                                  .blank_runs = options->blank_runs,
                                  .quote = options->quote,
                                  .decimal = options->decimal,
                                  .comment = options->comment};
    dlcore_status status;

    reader.buffer = dlcore_allocate_raw(&table->allocator, DLCORE_CSV_BLOCK + 1, 1);
    if (reader.buffer == NULL)
        return dlcore_fail_memory(error, table->input.name, DLCORE_CSV_BLOCK);
    status = dlcore_table_sniff(&reader, error);
    if (status == DLCORE_OK)
        status = make_header(table, &reader, options, error);
    if (status == DLCORE_OK)
        status = survey_rows(table, &reader, error);
    if (status == DLCORE_OK)
        dlcore_table_guess(table);
    dlcore_release(&table->allocator, reader.buffer);
    table->how = reader;
    table->how.buffer = NULL;
    return status;
}

/* ---- from files and memory ---- */

static dlcore_status copy_text(dlcore_table_t *table, dlcore_error_record_t *error)
{
    size_t size = table->input.size, got = 0;
    dlcore_status status;

    table->text = dlcore_allocate_raw(&table->allocator, size, 1);
    if (table->text == NULL)
        return dlcore_fail_memory(error, table->input.name, size);
    status = dlcore_input_read(&table->input, table->text, size, &got, error);
    if (table->open)
        dlcore_input_close(&table->input);
    table->open = false;
    table->input.bytes = (const unsigned char *)table->text; /* the name stays */
    table->input.file = DLCORE_FILE_NONE;
    table->input.position = 0;
    return status;
}

static dlcore_status make_table(dlcore_input_t *input, bool open,
                                const dlcore_table_options_t *options,
                                const dlcore_allocator_t *allocator, dlcore_table_t **out,
                                dlcore_error_record_t *error)
{
    dlcore_allocator_t memory = dlcore_allocator_or_default(allocator);
    dlcore_table_t *table = dlcore_allocate(&memory, 1, sizeof *table);
    dlcore_status status;

    if (table == NULL) {
        if (open)
            dlcore_input_close(input);
        return dlcore_fail_memory(error, "table", sizeof *table);
    }
    table->allocator = memory;
    table->input = *input;
    table->open = open;
    status = keep_missing(table, options->missing, error);
    if (status == DLCORE_OK && (options->in_memory || !open))
        status = copy_text(table, error);
    if (status == DLCORE_OK)
        status = survey_table(table, options, error);
    if (status == DLCORE_OK)
        *out = table;
    else
        dlcore_table_free(table);
    return status;
}

static dlcore_status begin_table(const void *source, const char *what,
                                 dlcore_table_options_t *options,
                                 const dlcore_table_options_t *given,
                                 const dlcore_allocator_t *allocator, dlcore_table_t **out,
                                 dlcore_error_record_t *error)
{
    if (out == NULL)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "table: out is NULL");
    *out = NULL;
    if (source == NULL)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "table: %s is NULL", what);
    if (dlcore_check_allocator(allocator, error) != DLCORE_OK)
        return DLCORE_ERROR_ARGUMENT;
    *options = dlcore_table_options_default();
    if (given == NULL)
        return DLCORE_OK;
    if (dlcore_check_options(given, "table", error) != DLCORE_OK)
        return DLCORE_ERROR_ARGUMENT;
    *options = *given;
    return check_table_options(options, error);
}

dlcore_status dlcore_table_load(const char *path, const dlcore_table_options_t *options,
                                const dlcore_allocator_t *allocator, dlcore_table_t **out,
                                dlcore_error_record_t *error)
{
    dlcore_traces_t before = dlcore_traces_note();
    dlcore_float_mode_t mode = dlcore_float_mode_enter(false);
    dlcore_table_options_t how;
    dlcore_input_t input;
    dlcore_status status = begin_table(path, "path", &how, options, allocator, out, error);

    if (status == DLCORE_OK)
        status = dlcore_input_open(&input, path, error);
    if (status == DLCORE_OK)
        status = make_table(&input, true, &how, allocator, out, error);
    dlcore_float_mode_leave(mode);
    return dlcore_traces_end(before, status);
}

dlcore_status dlcore_table_parse(const void *bytes, size_t size,
                                 const dlcore_table_options_t *options,
                                 const dlcore_allocator_t *allocator, dlcore_table_t **out,
                                 dlcore_error_record_t *error)
{
    dlcore_traces_t before = dlcore_traces_note();
    dlcore_float_mode_t mode = dlcore_float_mode_enter(false);
    dlcore_table_options_t how;
    dlcore_input_t input;
    dlcore_status status = begin_table(bytes, "bytes", &how, options, allocator, out, error);

    if (status == DLCORE_OK) {
        dlcore_input_from_memory(&input, bytes, size, "CSV data");
        status = make_table(&input, false, &how, allocator, out, error);
    }
    dlcore_float_mode_leave(mode);
    return dlcore_traces_end(before, status);
}
