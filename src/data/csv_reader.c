/* CSV as a stream of fields (RFC 4180), and the number of its rows.
 *
 * SPDX-License-Identifier: MIT */
#include "data/csv_reader.h"

#include <string.h>

#include "base/error.h"

dlcore_status dlcore_csv_refill(dlcore_csv_reader_t *reader, dlcore_error_record_t *error)
{
    size_t kept = (size_t)(reader->end - reader->next);
    size_t got;
    dlcore_status status;

    memmove(reader->buffer, reader->next, kept);
    reader->next = reader->buffer;
    reader->end = reader->buffer + kept;
    status = dlcore_input_read(reader->input, reader->end, DLCORE_CSV_BLOCK - kept, &got, error);
    reader->end += got;
    *reader->end = '\n';
    return status;
}

dlcore_status dlcore_csv_rewind(dlcore_csv_reader_t *reader, dlcore_error_record_t *error)
{
    dlcore_status status;

    reader->input->position = 0;
    reader->line = 1;
    reader->next = reader->end = reader->buffer;
    status = dlcore_csv_refill(reader, error);
    if (status != DLCORE_OK)
        return status;
    if (reader->end - reader->next >= 2 &&
        (memcmp(reader->next, "\xFF\xFE", 2) == 0 || memcmp(reader->next, "\xFE\xFF", 2) == 0))
        return dlcore_fail(error, DLCORE_ERROR_UNSUPPORTED, "%s: UTF-16 text: only UTF-8 is read",
                           reader->input->name);
    if (reader->end - reader->next >= 3 && memcmp(reader->next, "\xEF\xBB\xBF", 3) == 0)
        reader->next += 3;
    return DLCORE_OK;
}

/* The length of a line's end at `at`: 2, 1, or 0 when there is none. */
static size_t line_end(const char *at)
{
    if (*at == '\n')
        return 1;
    return *at == '\r' && at[1] == '\n' ? 2 : 0; /* behind the end there is a newline */
}

bool dlcore_csv_pass_end(dlcore_csv_reader_t *reader, char *at)
{
    size_t length;

    reader->row_ended = false;
    if (*at == reader->delimiter && at < reader->end) {
        reader->next = at + 1;
        return true;
    }
    length = line_end(at);
    if (length == 0)
        return false;
    reader->row_ended = true;
    reader->line++;
    reader->next = at + length < reader->end ? at + length : reader->end;
    return true;
}

dlcore_status dlcore_csv_next_row(dlcore_csv_reader_t *reader, bool *follows,
                                  dlcore_error_record_t *error)
{
    size_t first = reader->line;

    *follows = false;
    for (;;) {
        dlcore_status status = dlcore_csv_fill(reader, error);
        size_t length;

        if (status != DLCORE_OK || reader->next == reader->end)
            return status;
        length = line_end(reader->next);
        if (length == 0)
            break;
        reader->next += length;
        if (reader->next > reader->end) /* a return was the file's last byte */
            reader->next = reader->end;
        reader->line++;
    }
    if (reader->line != first)
        return dlcore_fail(error, DLCORE_ERROR_FORMAT, "%s: line %zu is blank", reader->input->name,
                           first);
    *follows = true;
    return DLCORE_OK;
}

static dlcore_status refuse_line(const dlcore_csv_reader_t *reader, size_t line, size_t column,
                                 const char *what, dlcore_error_record_t *error)
{
    return dlcore_fail(error, DLCORE_ERROR_FORMAT, "%s: line %zu, column %zu: %s",
                       reader->input->name, line, column + 1, what);
}

static bool is_blank(const dlcore_csv_reader_t *reader, char c)
{
    return (c == ' ' || c == '\t') && c != reader->delimiter;
}

/* Takes the quotes off in place; `at` is behind the first one. Answers where it ended. */
static char *unquote(dlcore_csv_reader_t *reader, char *at, dlcore_csv_field_t *field)
{
    char *to = at;

    field->text = at;
    field->quoted = true;
    for (; at < reader->end; at++) {
        if (*at == reader->quote) {
            if (at + 1 == reader->end || at[1] != reader->quote) {
                field->length = (size_t)(to - field->text);
                return at + 1;
            }
            at++;
        }
        reader->line += *at == '\n';
        *to++ = *at;
    }
    return NULL;
}

static dlcore_status next_quoted(dlcore_csv_reader_t *reader, size_t column, char *at,
                                 dlcore_csv_field_t *field, dlcore_error_record_t *error)
{
    char *end = unquote(reader, at + 1, field);

    while (end != NULL && end < reader->end && is_blank(reader, *end))
        end++;
    if ((size_t)((end != NULL ? end : reader->end) - reader->next) > DLCORE_CSV_FIELD_MAX)
        return refuse_line(reader, field->line, column,
                           "the field is longer than 32768 bytes, or a quote is not closed", error);
    if (end == NULL)
        return refuse_line(reader, field->line, column, "a quote is not closed", error);
    if (!dlcore_csv_pass_end(reader, end))
        return refuse_line(reader, field->line, column, "text after a closing quote", error);
    return DLCORE_OK;
}

dlcore_status dlcore_csv_next_field(dlcore_csv_reader_t *reader, size_t column,
                                    dlcore_csv_field_t *field, dlcore_error_record_t *error)
{
    dlcore_status status = dlcore_csv_fill(reader, error);
    char *at = reader->next, *last;
    const char delimiter = reader->delimiter, quote = reader->quote;

    field->line = reader->line;
    field->quoted = false;
    if (status != DLCORE_OK)
        return status;
    while (at < reader->end && is_blank(reader, *at))
        at++;
    if (quote != '\0' && at < reader->end && *at == quote)
        return next_quoted(reader, column, at, field, error);
    field->text = at;
    while (*at != delimiter && *at != '\n' && *at != '\r' && (*at != quote || quote == '\0'))
        at++; /* the newline behind the end stops it */
    if (at < reader->end && *at == quote && quote != '\0')
        return refuse_line(reader, field->line, column,
                           "a quote inside a field that does not begin with a quote", error);
    if ((size_t)(at - reader->next) > DLCORE_CSV_FIELD_MAX)
        return refuse_line(reader, field->line, column, "the field is longer than 32768 bytes",
                           error);
    for (last = at; last > field->text && is_blank(reader, last[-1]);)
        last--;
    field->length = (size_t)(last - field->text);
    if (!dlcore_csv_pass_end(reader, at))
        return refuse_line(reader, field->line, column, "a carriage return without a newline",
                           error);
    return DLCORE_OK;
}

/* ---- counting ---- */

typedef struct line_counter {
    size_t rows;
    bool inside;  /* quotes */
    bool content; /* in the current line */
} line_counter_t;

/* Line by line: `from` to `end` has no quotes and begins outside of them. */
static void count_lines(line_counter_t *counter, const char *from, const char *end)
{
    while (from < end) {
        const char *line = memchr(from, '\n', (size_t)(end - from));
        const char *stop = line != NULL ? line : end;

        if (stop - from > 1 || (stop - from == 1 && *from != '\r'))
            counter->content = true;
        if (line == NULL)
            return;
        counter->rows += counter->content;
        counter->content = false;
        from = line + 1;
    }
}

static void count_quoted(line_counter_t *counter, const char *from, const char *end, char quote)
{
    for (; from < end; from++) {
        if (*from == '\n' && !counter->inside) {
            counter->rows += counter->content;
            counter->content = false;
        } else if (*from != '\r') {
            counter->content = true;
            counter->inside ^= *from == quote;
        }
    }
}

dlcore_status dlcore_csv_count_rows(dlcore_csv_reader_t *reader, size_t *rows,
                                    dlcore_error_record_t *error)
{
    line_counter_t counter = {0};
    dlcore_status status = dlcore_csv_rewind(reader, error);
    char quote = reader->quote;

    while (status == DLCORE_OK && reader->next < reader->end) {
        size_t size = (size_t)(reader->end - reader->next);

        if (quote != '\0' && (counter.inside || memchr(reader->next, quote, size) != NULL))
            count_quoted(&counter, reader->next, reader->end, quote);
        else
            count_lines(&counter, reader->next, reader->end);
        reader->next = reader->end;
        status = dlcore_csv_refill(reader, error);
    }
    *rows = counter.rows + counter.content;
    return status;
}
