/* Fields of a CSV file, one after the other.
 *
 * A file is read three times, as a stream, so that no more than a block of it is in memory: once
 * for the first row, once to count rows, and once for the numbers, straight into their tensors.
 * Where only the labels can tell whether the first row is a header, rows are read once more before
 * that, until one has the label in question (csv_header.c).
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_DATA_CSV_READER_H
#define DLCORE_DATA_CSV_READER_H

#include "system/compiler.h"

#include <stdbool.h>
#include <stddef.h>

#include "files/input.h"

DLCORE_HIDDEN_BEGIN

#define DLCORE_CSV_FIELD_MAX ((size_t)32 * 1024) /* bytes of a field */
#define DLCORE_CSV_BLOCK ((size_t)128 * 1024)    /* bytes that are read at a time */

typedef struct dlcore_csv_reader {
    dlcore_input_t *input;
    char *buffer; /* a block, and a newline behind it */
    char *next;   /* what is read next */
    char *end;
    size_t line; /* of the next field, from 1 */
    char delimiter;
    char quote;      /* '\0': none */
    char decimal;    /* ',': numbers have one in place of a point */
    char comment;    /* begins what is passed until the line ends; '\0': nothing does */
    bool blank_runs; /* blanks and tabs part fields, any number of them, in place of a delimiter */
    size_t block;    /* bytes of the next block; grows to DLCORE_CSV_BLOCK; 0: that */
    bool returns;    /* lines end with a carriage return alone, as on old Macintoshes; found out */
    bool in_comment; /* the field read last ended at one */
    bool row_ended;  /* the field read last was its row's last */
    bool stops[256]; /* bytes at which a field without quotes may end; set as reading begins */
} dlcore_csv_reader_t;

typedef struct dlcore_csv_field {
    char *text; /* in the reader's buffer, until the next field is asked for */
    size_t length;
    size_t line; /* on which it begins */
    bool quoted;
    char decimal; /* the reader's */
} dlcore_csv_field_t;

/* Goes to the start of the file, behind a UTF-8 byte order mark and lines of comments. */
dlcore_status dlcore_csv_rewind(dlcore_csv_reader_t *reader, dlcore_error_record_t *error);

/* Goes to where a row begins: what dlcore_csv_place answered there, and the line. */
dlcore_status dlcore_csv_seek(dlcore_csv_reader_t *reader, size_t place, size_t line,
                              dlcore_error_record_t *error);
static inline size_t dlcore_csv_place(const dlcore_csv_reader_t *reader)
{
    return reader->input->position - (size_t)(reader->end - reader->next);
}

/* Refills the buffer: afterwards it has the longest field that is allowed, or the file's end. */
dlcore_status dlcore_csv_refill(dlcore_csv_reader_t *reader, dlcore_error_record_t *error);

static inline dlcore_status dlcore_csv_fill(dlcore_csv_reader_t *reader,
                                            dlcore_error_record_t *error)
{
    if ((size_t)(reader->end - reader->next) > DLCORE_CSV_FIELD_MAX + 2)
        return DLCORE_OK;
    return dlcore_csv_refill(reader, error);
}

/* Whether a row follows. Blank lines at the end of the file are passed, others are an error. */
dlcore_status dlcore_csv_next_row(dlcore_csv_reader_t *reader, bool *follows,
                                  dlcore_error_record_t *error);

/* Reads a field: without its quotes and the blanks around it. Column, from 0, is for messages. */
dlcore_status dlcore_csv_next_field(dlcore_csv_reader_t *reader, size_t column,
                                    dlcore_csv_field_t *field, dlcore_error_record_t *error);

/* Passes the end of a row or field at `at`; false when neither is there. */
bool dlcore_csv_pass_end(dlcore_csv_reader_t *reader, char *at);

/* Counts the rows of the whole file. Where quotes are out of place the number may be wrong. */
dlcore_status dlcore_csv_count_rows(dlcore_csv_reader_t *reader, size_t *rows,
                                    dlcore_error_record_t *error);

DLCORE_HIDDEN_END

#endif
