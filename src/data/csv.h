/* What the parts of the CSV reader share.
 *
 * A file is read three times, as a stream, so that no more than a block of it is in memory: once
 * for the first row, once to count rows, and once for the numbers, straight into their tensors.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_DATA_CSV_H
#define DLCORE_DATA_CSV_H

#include "system/compiler.h"

#include <stdbool.h>
#include <stdint.h>

#include "dlcore/data.h"
#include "files/input.h"

DLCORE_HIDDEN_BEGIN

#define DLCORE_CSV_FIELD_MAX ((size_t)32 * 1024) /* bytes of a field */
#define DLCORE_CSV_BLOCK ((size_t)128 * 1024)    /* bytes that are read at a time */
#define DLCORE_CSV_COLUMNS_MAX ((size_t)64 * 1024)
#define DLCORE_CSV_CLASSES_MAX 10000
#define DLCORE_CSV_CLASS_SIZE 256 /* of a name, with the zero behind it */
#define DLCORE_CSV_WHERE_SIZE 200

/* ---- fields, one after the other (csv_reader.c) ---- */

typedef struct dlcore_csv_reader {
    dlcore_input_t *input;
    char *buffer; /* a block, and a newline behind it */
    char *next;   /* what is read next */
    char *end;
    size_t line; /* of the next field, from 1 */
    char delimiter;
    char quote;     /* '\0': none */
    bool row_ended; /* the field read last was its row's last */
} dlcore_csv_reader_t;

typedef struct dlcore_csv_field {
    char *text; /* in the reader's buffer, until the next field is asked for */
    size_t length;
    size_t line; /* on which it begins */
    bool quoted;
} dlcore_csv_field_t;

/* Goes to the start of the file, behind a UTF-8 byte order mark. */
dlcore_status dlcore_csv_rewind(dlcore_csv_reader_t *reader, dlcore_error_record_t *error);

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

/* ---- what a field says (csv_field.c) ---- */

/* A number, also one that float32 does not reach. */
bool dlcore_csv_is_number(const dlcore_csv_field_t *field, float *value);

/* One of some words in lower case, with a blank between two, in any case. */
bool dlcore_csv_is_one_of(const dlcore_csv_field_t *field, const char *words);

/* A missing value, where a number is to be and where a class is; among classes NA, without quotes,
 * may also be a name. */
bool dlcore_csv_is_missing(const dlcore_csv_field_t *field);
bool dlcore_csv_is_missing_class(const dlcore_csv_field_t *field);
bool dlcore_csv_is_na(const dlcore_csv_field_t *field);

/* ---- columns (csv_columns.c) ---- */

enum { DLCORE_CSV_SKIP = -1, DLCORE_CSV_LABEL = -2 }; /* roles; others are columns of x */

typedef struct dlcore_csv_columns {
    size_t count;
    size_t features;
    size_t label; /* whose words may be labels: the label, or what is one by default; else count */
    bool header;
    int32_t *roles;  /* of each column */
    uint32_t *names; /* where each name begins in `text`; NULL without a header */
    char *text;
    size_t text_size;
} dlcore_csv_columns_t;

/* Reads the first row, decides whether it is a header, and gives each column its role. */
dlcore_status dlcore_csv_read_columns(dlcore_csv_reader_t *reader,
                                      const dlcore_csv_options_t *options,
                                      const dlcore_allocator_t *allocator,
                                      dlcore_csv_columns_t *columns, dlcore_error_record_t *error);
void dlcore_csv_release_columns(dlcore_csv_columns_t *columns, const dlcore_allocator_t *allocator);

/* NULL when there is no header. */
const char *dlcore_csv_name_of(const dlcore_csv_columns_t *columns, size_t column);

/* "iris.csv: line 3, column 2 (sepal_width)", written to `text`, which is also the answer. */
const char *dlcore_csv_where(char text[DLCORE_CSV_WHERE_SIZE], const dlcore_csv_reader_t *reader,
                             const dlcore_csv_columns_t *columns, size_t line, size_t column);

/* The value of a field that is to be a number; if it is none, says where and why. */
dlcore_status dlcore_csv_number(const dlcore_csv_reader_t *reader,
                                const dlcore_csv_columns_t *columns, size_t column,
                                const dlcore_csv_field_t *field, float *value,
                                dlcore_error_record_t *error);

/* ---- the header (csv_header.c) ---- */

/* Whether the first row is a header, by itself and by what follows it; roles are given. */
dlcore_status dlcore_csv_find_header(dlcore_csv_reader_t *reader,
                                     const dlcore_csv_options_t *options,
                                     const dlcore_csv_columns_t *columns, bool *header,
                                     dlcore_error_record_t *error);

/* ---- delimiters in messages (csv_delimiter.c) ---- */

#define DLCORE_CSV_DELIMITER_SIZE 8
#define DLCORE_CSV_HINT_SIZE 80

/* ',' or '\t' or 0x01, for messages: written to `to`, which is also the answer. */
const char *dlcore_csv_show_delimiter(char to[DLCORE_CSV_DELIMITER_SIZE], char delimiter);

/* "; the delimiter is ',', and the field has ';'" where another delimiter would part the field,
 * else "". A row that is one field need not begin with a number to be parted. */
const char *dlcore_csv_hint_delimiter(char to[DLCORE_CSV_HINT_SIZE],
                                      const dlcore_csv_reader_t *reader,
                                      const dlcore_csv_field_t *field, bool whole_row);

/* ---- class names (csv_classes.c) ---- */

typedef struct dlcore_csv_chunk dlcore_csv_chunk_t;

typedef struct dlcore_csv_classes {
    dlcore_allocator_t allocator;
    const char **names; /* sorted by bytes until they are finished */
    int32_t *codes;     /* of each name */
    size_t count;
    size_t room;
    bool fixed;     /* given by the caller */
    size_t na_line; /* where NA was first read as a class; 0: nowhere */
    bool quoted;    /* some class was in quotes */
    dlcore_csv_chunk_t *chunks;
} dlcore_csv_classes_t;

/* Starts with the names of the options, or with none. */
dlcore_status dlcore_csv_start_classes(dlcore_csv_classes_t *classes,
                                       const dlcore_csv_options_t *options,
                                       const dlcore_allocator_t *allocator,
                                       dlcore_error_record_t *error);

/* The code of a name, which is added when it is new. DLCORE_ERROR_NAME when names are fixed and
 * this is none of them, DLCORE_ERROR_OVERFLOW when there are too many, DLCORE_ERROR_FORMAT,
 * DLCORE_ERROR_MEMORY: the other function has the messages, `where` goes before them. */
dlcore_status dlcore_csv_class_code(dlcore_csv_classes_t *classes, const char *text, size_t length,
                                    int32_t *code);
dlcore_status dlcore_csv_refuse_class(const dlcore_csv_classes_t *classes, size_t length,
                                      const char *where, dlcore_status status,
                                      dlcore_error_record_t *error);

/* Puts the names into their final order and replaces `count` codes by places in it. */
dlcore_status dlcore_csv_finish_classes(dlcore_csv_classes_t *classes, int32_t *codes, size_t count,
                                        dlcore_error_record_t *error);
void dlcore_csv_release_classes(dlcore_csv_classes_t *classes);

/* ---- labels that are classes (csv_label.c) ---- */

/* Reads the field of the label. */
dlcore_status dlcore_csv_read_class(dlcore_csv_classes_t *classes,
                                    const dlcore_csv_columns_t *columns,
                                    dlcore_csv_reader_t *reader, int32_t *code,
                                    dlcore_error_record_t *error);

/* After the last row: DLCORE_ERROR_FORMAT where a class that was read as NA is a missing value. */
dlcore_status dlcore_csv_check_na(const dlcore_csv_classes_t *classes,
                                  const dlcore_csv_columns_t *columns,
                                  const dlcore_csv_reader_t *reader, dlcore_error_record_t *error);

/* ---- all of it (csv.c), and its rows (csv_rows.c) ---- */

struct dlcore_csv {
    dlcore_allocator_t allocator;
    dlcore_tensor_t *x, *y;
    dlcore_csv_columns_t columns;
    dlcore_csv_classes_t classes;
    dlcore_csv_label_t label_kind;
};

/* Makes the tensors and reads `rows` rows into them, once columns and classes are known. On failure
 * the caller frees *csv. */
dlcore_status dlcore_csv_read_tensors(dlcore_csv_t *csv, dlcore_csv_reader_t *reader, size_t rows,
                                      dlcore_error_record_t *error);

DLCORE_HIDDEN_END

#endif
