/* Whether the first row of a CSV file is a header, where the caller has not said so.
 *
 * It is one when it cannot be a sample, because a column that is to be a number has a word in it.
 * Beside numbers with a point that word is rather a mistake in a sample.
 *
 * Two kinds of header could be samples as well: "0,1,2" and "0,1,2,label", as pandas writes columns
 * without names. The first counts its columns, and the second row, which is then read too, does
 * not; the last ends in a word for a label that is not the name of a class.
 *
 * SPDX-License-Identifier: MIT */
#include "data/csv_header.h"

#include <string.h>

#include "base/ascii.h"
#include "data/csv_classes.h"
#include "data/csv_columns.h"
#include "data/csv_field.h"
#include "data/csv_reader.h"

#define COUNTED_LEAST 3  /* "0,1" may well be a sample */
#define COUNTED_ENOUGH 8 /* columns counted to here are no chance */
#define NO_NUMBER SIZE_MAX

/* What the fields of a row are. A word that begins like a number, "5.1x", is a damaged number
 * rather than a name. */
typedef struct line_look {
    size_t numbers, damaged, words, missing; /* in the columns that are to be numbers */
    size_t counted;                          /* numbers in all columns that follow each other */
    size_t first, last;                      /* of those */
    size_t greatest;                         /* of the whole numbers */
    bool follows;                            /* all numbers do: n, n + 1, n + 2, which are whole */
    bool whole;                              /* all numbers are whole, without sign or point */
    bool broken;                             /* some number has a point, a sign or an exponent */
    char label[DLCORE_CSV_CLASS_SIZE];       /* the word in the column of classes; else "" */
} line_look_t;

/* Of a field that is not empty; also what stands for a number that is not known. */
static bool begins_as_number(const dlcore_csv_field_t *field)
{
    return strchr("0123456789+-.", field->text[0]) != NULL ||
           dlcore_csv_is_one_of(field, "inf infinity unknown missing undefined nil n.a. nd");
}

/* Of a number: as counting writes it; NO_NUMBER for others. */
static size_t plain_number(const dlcore_csv_field_t *field)
{
    size_t value = 0;

    if (field->length > 6 || (field->text[0] == '0' && field->length > 1))
        return NO_NUMBER;
    for (size_t i = 0; i < field->length; i++) {
        if (!dlcore_is_digit(field->text[i]))
            return NO_NUMBER;
        value = 10 * value + (size_t)(field->text[i] - '0');
    }
    return value;
}

static void look_at_number(line_look_t *look, const dlcore_csv_field_t *field)
{
    size_t value = plain_number(field);

    for (size_t i = 0; i < field->length; i++)
        look->broken = look->broken || !dlcore_is_digit(field->text[i]);

    if (value == NO_NUMBER) {
        look->follows = look->whole = false;
        return;
    }
    if (look->counted == 0)
        look->first = value;
    else if (value != look->last + 1)
        look->follows = false;
    look->counted++;
    look->last = value;
    look->greatest = value > look->greatest ? value : look->greatest;
}

static void look_at_field(line_look_t *look, const dlcore_csv_field_t *field, bool to_be_number)
{
    float value;

    if (dlcore_csv_is_number(field, &value)) {
        look_at_number(look, field);
        look->numbers += to_be_number;
    } else if (!to_be_number) {
        return;
    } else if (dlcore_csv_is_missing(field)) {
        look->missing++;
    } else if (begins_as_number(field)) {
        look->damaged++;
    } else {
        look->words++;
    }
}

static void look_at_label(line_look_t *look, const dlcore_csv_field_t *field)
{
    float value;

    if (field->length >= DLCORE_CSV_CLASS_SIZE || dlcore_csv_is_number(field, &value))
        return;
    memcpy(look->label, field->text, field->length);
    look->label[field->length] = '\0';
}

/* Looks at a row, of which there is one. */
static dlcore_status look_at_row(dlcore_csv_reader_t *reader, const dlcore_csv_columns_t *columns,
                                 bool classes, line_look_t *look, dlcore_error_record_t *error)
{
    *look = (line_look_t){.follows = true, .whole = true};
    reader->row_ended = false;
    for (size_t i = 0; !reader->row_ended; i++) {
        int32_t role = i < columns->count ? columns->roles[i] : DLCORE_CSV_SKIP;
        bool label = role == DLCORE_CSV_LABEL && classes;
        dlcore_csv_field_t field;
        dlcore_status status = dlcore_csv_next_field(reader, i, &field, error);

        if (status != DLCORE_OK)
            return status;
        if (label)
            look_at_label(look, &field);
        look_at_field(look, &field, role != DLCORE_CSV_SKIP && !label);
    }
    return DLCORE_OK;
}

/* Whether the first row counts its columns from 0 and the second is of another kind: does not count
 * as well, nor consists of whole numbers that are as small. */
static bool counts_columns(const line_look_t *first, const line_look_t *second)
{
    return first->follows && first->counted >= COUNTED_LEAST && first->first == 0 &&
           !second->follows &&
           (first->counted >= COUNTED_ENOUGH || !second->whole ||
            second->greatest >= first->counted);
}

/* Whether a label is what columns of labels are called. */
static bool names_labels(const line_look_t *look)
{
    char label[DLCORE_CSV_CLASS_SIZE];
    dlcore_csv_field_t field = {.text = label, .length = strlen(look->label)};

    memcpy(label, look->label, sizeof label);
    return dlcore_csv_is_one_of(&field,
                                "label labels class target category type kind species outcome");
}

/* Whether a class has that name: one of those that are given, or else that of a row behind the
 * second, `found` being what is known of that one. */
static dlcore_status find_label(dlcore_csv_reader_t *reader, const dlcore_csv_options_t *options,
                                const dlcore_csv_columns_t *columns, const char *label, bool *found,
                                dlcore_error_record_t *error)
{
    dlcore_status status = DLCORE_OK;
    bool follows = options->class_count == 0;
    size_t length = strlen(label);

    for (size_t i = 0; i < options->class_count && !*found; i++)
        *found = options->classes[i] != NULL && strcmp(options->classes[i], label) == 0;
    while (status == DLCORE_OK && follows && !*found) {
        status = dlcore_csv_next_row(reader, &follows, error);
        reader->row_ended = !follows;
        for (size_t i = 0; status == DLCORE_OK && !reader->row_ended; i++) {
            dlcore_csv_field_t field;

            status = dlcore_csv_next_field(reader, i, &field, error);
            if (status == DLCORE_OK && i == columns->label && field.length == length &&
                memcmp(field.text, label, length) == 0)
                *found = true;
        }
    }
    return status;
}

/* Of a first row that could be a sample, or one with a value missing: one that counts its columns
 * or ends in the word "label" is a header, unless that word is a class. */
static dlcore_status decide_by_others(dlcore_csv_reader_t *reader,
                                      const dlcore_csv_options_t *options,
                                      const dlcore_csv_columns_t *columns, const line_look_t *first,
                                      bool *header, dlcore_error_record_t *error)
{
    bool classes = options->label_kind == DLCORE_CSV_LABEL_CLASSES, follows, found;
    dlcore_status status = dlcore_csv_next_row(reader, &follows, error);
    line_look_t second;

    if (status != DLCORE_OK || !follows)
        return status;
    status = look_at_row(reader, columns, classes, &second, error);
    if (status != DLCORE_OK)
        return status;
    *header = counts_columns(first, &second) || (first->missing == 0 && names_labels(first));
    if (!*header || first->label[0] == '\0')
        return DLCORE_OK;
    found = options->class_count == 0 && strcmp(first->label, second.label) == 0;
    status = find_label(reader, options, columns, first->label, &found, error);
    *header = !found;
    return status;
}

dlcore_status dlcore_csv_find_header(dlcore_csv_reader_t *reader,
                                     const dlcore_csv_options_t *options,
                                     const dlcore_csv_columns_t *columns, bool *header,
                                     dlcore_error_record_t *error)
{
    bool classes = options->label_kind == DLCORE_CSV_LABEL_CLASSES;
    dlcore_status status = dlcore_csv_rewind(reader, error);
    line_look_t first;

    *header = false;
    if (status == DLCORE_OK)
        status = look_at_row(reader, columns, classes, &first, error);
    if (status != DLCORE_OK)
        return status;
    *header = (first.words > 0 && !first.broken) || (first.damaged > 0 && first.numbers == 0);
    if (*header || first.damaged > 0 || first.words > 0)
        return DLCORE_OK;
    return decide_by_others(reader, options, columns, &first, header, error);
}
