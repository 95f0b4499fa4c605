/* Words of an svmlight file, one after the other.
 *
 * A file is read twice, as a stream, so that no more than a block of it is in memory: once to count
 * samples and entries, and once for the numbers, straight into their arrays.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_DATA_SVMLIGHT_READER_H
#define DLCORE_DATA_SVMLIGHT_READER_H

#include "system/compiler.h"

#include <stdbool.h>
#include <stddef.h>

#include "files/input.h"

DLCORE_HIDDEN_BEGIN

#define DLCORE_SVMLIGHT_WORD_MAX ((size_t)1024)    /* bytes of a word */
#define DLCORE_SVMLIGHT_BLOCK ((size_t)128 * 1024) /* bytes that are read at a time */

typedef struct dlcore_svmlight_reader {
    dlcore_input_t *input;
    char *buffer; /* a block */
    const char *next, *end;
    size_t line; /* of the next word, from 1 */
} dlcore_svmlight_reader_t;

/* A word: what stands between blanks; without bytes: the line has ended. In the reader's buffer,
 * until the next one is asked for. */
typedef struct dlcore_svmlight_word {
    const char *text;
    size_t length;
} dlcore_svmlight_word_t;

/* Goes to the start of the file. */
void dlcore_svmlight_rewind(dlcore_svmlight_reader_t *reader);

/* The first word of the next line that has one, past empty lines and comments; without bytes at the
 * file's end. */
dlcore_status dlcore_svmlight_first_word(dlcore_svmlight_reader_t *reader,
                                         dlcore_svmlight_word_t *word,
                                         dlcore_error_record_t *error);
/* The next one of the line. */
dlcore_status dlcore_svmlight_next_word(dlcore_svmlight_reader_t *reader,
                                        dlcore_svmlight_word_t *word, dlcore_error_record_t *error);

DLCORE_HIDDEN_END

#endif
