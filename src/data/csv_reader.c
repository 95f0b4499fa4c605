/* CSV as a stream of fields (RFC 4180), and the number of its rows.
 *
 * SPDX-License-Identifier: MIT */
#include "data/csv_reader.h"

#include <string.h>

#include "base/error.h"
#include "base/size.h"

#define SEEK_BLOCK (DLCORE_CSV_FIELD_MAX + (size_t)4 * 1024) /* a field, and some rows */

dlcore_status dlcore_csv_refill(dlcore_csv_reader_t *reader, dlcore_error_record_t *error)
{
    size_t kept = (size_t)(reader->end - reader->next);
    size_t got;
    dlcore_status status;

    if (reader->input->position == reader->input->size) { /* all is there */
        *reader->end = '\n';
        return DLCORE_OK;
    }
    memmove(reader->buffer, reader->next, kept);
    reader->next = reader->buffer;
    reader->end = reader->buffer + kept;
    if (reader->block == 0)
        reader->block = DLCORE_CSV_BLOCK;
    status = dlcore_input_read(reader->input, reader->end, reader->block - kept, &got, error);
    reader->block = dlcore_size_min(2 * reader->block, DLCORE_CSV_BLOCK);
    reader->end += got;
    *reader->end = '\n';
    return status;
}

/* How lines end, by the first block: of returns alone, those that stand at its end tell nothing. */
static bool ends_with_returns(const dlcore_csv_reader_t *reader)
{
    size_t size = (size_t)(reader->end - reader->next);
    const char *found = size > 0 ? memchr(reader->next, '\r', size) : NULL;

    return found != NULL && found + 1 < reader->end && memchr(reader->next, '\n', size) == NULL;
}

/* One look at a byte in place of six. */
static void set_stops(dlcore_csv_reader_t *reader)
{
    memset(reader->stops, 0, sizeof reader->stops);
    reader->stops['\n'] = reader->stops['\r'] = true;
    reader->stops[(unsigned char)(reader->quote != '\0' ? reader->quote : '\n')] = true;
    reader->stops[(unsigned char)(reader->comment != '\0' ? reader->comment : '\n')] = true;
    if (reader->blank_runs)
        reader->stops[' '] = reader->stops['\t'] = true;
    else
        reader->stops[(unsigned char)reader->delimiter] = true;
}

dlcore_status dlcore_csv_seek(dlcore_csv_reader_t *reader, size_t place, size_t line,
                              dlcore_error_record_t *error)
{
    reader->input->position = place;
    reader->line = line;
    reader->in_comment = reader->row_ended = false;
    reader->block = SEEK_BLOCK;
    reader->next = reader->end = reader->buffer;
    set_stops(reader);
    return dlcore_csv_refill(reader, error);
}

/* A line of a comment, or the rest of one, with its end. */
static dlcore_status pass_comment(dlcore_csv_reader_t *reader, dlcore_error_record_t *error)
{
    char mark = reader->returns ? '\r' : '\n';

    reader->in_comment = false;
    for (;;) {
        char *found = memchr(reader->next, mark, (size_t)(reader->end - reader->next));
        dlcore_status status;

        if (found != NULL) {
            reader->next = found + 1;
            reader->line++;
            return DLCORE_OK;
        }
        reader->next = reader->end;
        status = dlcore_csv_refill(reader, error);
        if (status != DLCORE_OK || reader->next == reader->end)
            return status;
    }
}

static bool is_blank(const dlcore_csv_reader_t *reader, char c)
{
    return (c == ' ' || c == '\t') && (c != reader->delimiter || reader->blank_runs);
}

/* Passes lines that are comments alone. */
static dlcore_status pass_comments(dlcore_csv_reader_t *reader, dlcore_error_record_t *error)
{
    dlcore_status status = DLCORE_OK;

    if (reader->in_comment)
        status = pass_comment(reader, error);
    while (status == DLCORE_OK && reader->comment != '\0') {
        const char *at;

        status = dlcore_csv_fill(reader, error);
        for (at = reader->next; at < reader->end && is_blank(reader, *at);)
            at++;
        if (status != DLCORE_OK || at == reader->end || *at != reader->comment)
            return status;
        status = pass_comment(reader, error);
    }
    return status;
}

dlcore_status dlcore_csv_rewind(dlcore_csv_reader_t *reader, dlcore_error_record_t *error)
{
    dlcore_status status;

    reader->input->position = 0;
    reader->line = 1;
    reader->block = 0;
    reader->in_comment = false;
    reader->next = reader->end = reader->buffer;
    set_stops(reader);
    status = dlcore_csv_refill(reader, error);
    if (status != DLCORE_OK)
        return status;
    if (reader->end - reader->next >= 2 &&
        (memcmp(reader->next, "\xFF\xFE", 2) == 0 || memcmp(reader->next, "\xFE\xFF", 2) == 0))
        return dlcore_fail(error, DLCORE_ERROR_UNSUPPORTED, "%s: UTF-16 text: only UTF-8 is read",
                           reader->input->name);
    if (reader->end - reader->next >= 3 && memcmp(reader->next, "\xEF\xBB\xBF", 3) == 0)
        reader->next += 3;
    reader->returns = ends_with_returns(reader);
    return pass_comments(reader, error);
}

/* The length of a line's end at `at`: 2, 1, or 0 when there is none. */
static size_t line_end(const dlcore_csv_reader_t *reader, const char *at)
{
    if (*at == '\n' || (*at == '\r' && reader->returns))
        return 1;
    return *at == '\r' && at[1] == '\n' ? 2 : 0; /* behind the end there is a newline */
}

/* Past blanks, where they part fields; *any: there were some. */
static char *pass_blank_run(const dlcore_csv_reader_t *reader, char *at, bool *any)
{
    char *from = at;

    while (reader->blank_runs && at < reader->end && is_blank(reader, *at))
        at++;
    *any = at > from;
    return at;
}

bool dlcore_csv_pass_end(dlcore_csv_reader_t *reader, char *at)
{
    bool blanks;
    size_t length;

    reader->row_ended = false;
    /* behind the end stands a newline, which no mark is */
    if (*at == reader->delimiter && !reader->blank_runs) {
        reader->next = at + 1;
        return true;
    }
    at = pass_blank_run(reader, at, &blanks);
    if (blanks && at == reader->end && reader->input->position < reader->input->size)
        return false; /* more of them than a field may have bytes */
    if (*at == reader->comment && reader->comment != '\0') {
        reader->next = at;
        reader->row_ended = reader->in_comment = true;
        return true;
    }
    length = line_end(reader, at);
    if (length == 0) {
        reader->next = blanks ? at : reader->next;
        return blanks;
    }
    reader->row_ended = true;
    reader->line++;
    reader->next = at + length < reader->end ? at + length : reader->end;
    return true;
}

dlcore_status dlcore_csv_next_row(dlcore_csv_reader_t *reader, bool *follows,
                                  dlcore_error_record_t *error)
{
    size_t blank = 0; /* the first such line */

    *follows = false;
    for (;;) {
        dlcore_status status = pass_comments(reader, error);
        size_t length;
        bool any;

        if (status == DLCORE_OK)
            status = dlcore_csv_fill(reader, error);
        if (status != DLCORE_OK || reader->next == reader->end)
            return status;
        reader->next = pass_blank_run(reader, reader->next, &any);
        length = line_end(reader, reader->next);
        if (length == 0)
            break;
        blank = blank == 0 ? reader->line : blank;
        reader->next += length;
        if (reader->next > reader->end) /* a return was the file's last byte */
            reader->next = reader->end;
        reader->line++;
    }
    if (blank != 0)
        return dlcore_fail(error, DLCORE_ERROR_FORMAT, "%s: line %zu is blank", reader->input->name,
                           blank);
    *follows = true;
    return DLCORE_OK;
}

static dlcore_status refuse_line(const dlcore_csv_reader_t *reader, size_t line, size_t column,
                                 const char *what, dlcore_error_record_t *error)
{
    return dlcore_fail(error, DLCORE_ERROR_FORMAT, "%s: line %zu, column %zu: %s",
                       reader->input->name, line, column + 1, what);
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

    while (end != NULL && !reader->blank_runs && end < reader->end && is_blank(reader, *end))
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

/* What most fields are: no quote, no blanks around it, and a delimiter behind it. */
static bool take_plain(dlcore_csv_reader_t *reader, dlcore_csv_field_t *field)
{
    char *text = reader->next, *at = text;

    while (!reader->stops[(unsigned char)*at])
        at++; /* the newline behind the end is one */
    if (*at != reader->delimiter || reader->blank_runs ||
        (size_t)(at - text) > DLCORE_CSV_FIELD_MAX ||
        (at > text && (is_blank(reader, *text) || is_blank(reader, at[-1]))))
        return false;
    field->text = text;
    field->length = (size_t)(at - text);
    reader->next = at + 1;
    reader->row_ended = false;
    return true;
}

dlcore_status dlcore_csv_next_field(dlcore_csv_reader_t *reader, size_t column,
                                    dlcore_csv_field_t *field, dlcore_error_record_t *error)
{
    dlcore_status status = dlcore_csv_fill(reader, error);
    char *at = reader->next, *last;
    const char quote = reader->quote;

    field->line = reader->line;
    field->decimal = reader->decimal;
    field->quoted = false;
    if (status != DLCORE_OK || take_plain(reader, field))
        return status;
    while (at < reader->end && is_blank(reader, *at))
        at++;
    if (quote != '\0' && at < reader->end && *at == quote)
        return next_quoted(reader, column, at, field, error);
    field->text = at;
    while (!reader->stops[(unsigned char)*at])
        at++; /* the newline behind the end is one */
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
        return refuse_line(
            reader, field->line, column,
            *at == '\r' ? "a carriage return without a newline" : "more than 32768 blanks", error);
    return DLCORE_OK;
}

/* ---- counting ---- */

typedef struct line_counter {
    size_t rows;
    bool inside;  /* quotes */
    bool content; /* in the current line */
    bool comment; /* the line's rest is one */
    bool blanks;  /* the line has some, and they are a field */
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

/* Of a file with comments, or whose lines are blank where they have blanks, or end in another way.
 * What stands at a line's begin decides what it is. */
static void count_otherwise(const dlcore_csv_reader_t *reader, line_counter_t *counter)
{
    for (const char *at = reader->next; at < reader->end; at++) {
        bool ends = *at == (reader->returns ? '\r' : '\n');

        if (ends && !counter->inside) {
            counter->rows += counter->content || (counter->blanks && !counter->comment);
            counter->content = counter->comment = counter->blanks = false;
        } else if (*at == reader->comment && reader->comment != '\0' && !counter->inside) {
            counter->comment = true;
        } else if (is_blank(reader, *at)) {
            counter->blanks = !reader->blank_runs;
        } else if (!counter->comment && *at != '\r') {
            counter->content = true;
            counter->inside ^= *at == reader->quote && reader->quote != '\0';
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

        if (reader->comment != '\0' || reader->blank_runs || reader->returns)
            count_otherwise(reader, &counter);
        else if (quote != '\0' && (counter.inside || memchr(reader->next, quote, size) != NULL))
            count_quoted(&counter, reader->next, reader->end, quote);
        else
            count_lines(&counter, reader->next, reader->end);
        reader->next = reader->end;
        status = dlcore_csv_refill(reader, error);
    }
    *rows = counter.rows + (counter.content || (counter.blanks && !counter.comment));
    return status;
}
