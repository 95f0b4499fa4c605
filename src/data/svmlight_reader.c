/* Words of an svmlight file.
 *
 * SPDX-License-Identifier: MIT */
#include "data/svmlight_reader.h"

#include <string.h>

#include "base/error.h"
#include "base/shown.h"

void dlcore_svmlight_rewind(dlcore_svmlight_reader_t *reader)
{
    reader->input->position = 0;
    reader->next = reader->end = reader->buffer;
    reader->line = 1;
}

/* Afterwards the buffer has the longest word that is allowed and what follows it, or the file's
 * end. */
static dlcore_status fill_words(dlcore_svmlight_reader_t *reader, dlcore_error_record_t *error)
{
    size_t left = (size_t)(reader->end - reader->next), got;
    dlcore_status status;

    if (left > DLCORE_SVMLIGHT_WORD_MAX || reader->input->position == reader->input->size)
        return DLCORE_OK;
    memmove(reader->buffer, reader->next, left);
    status = dlcore_input_read(reader->input, reader->buffer + left, DLCORE_SVMLIGHT_BLOCK - left,
                               &got, error);
    reader->next = reader->buffer;
    reader->end = reader->buffer + left + got;
    return status;
}

static bool separates_words(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\f' || c == '\v';
}

/* Passes blanks, and a comment up to the end of its line. */
static dlcore_status pass_blanks(dlcore_svmlight_reader_t *reader, dlcore_error_record_t *error)
{
    bool comment = false;

    for (;;) {
        dlcore_status status = fill_words(reader, error);

        if (status != DLCORE_OK || reader->next == reader->end)
            return status;
        comment |= *reader->next == '#';
        if (*reader->next == '\n' || !(comment || separates_words(*reader->next)))
            return DLCORE_OK;
        reader->next++;
    }
}

dlcore_status dlcore_svmlight_next_word(dlcore_svmlight_reader_t *reader,
                                        dlcore_svmlight_word_t *word, dlcore_error_record_t *error)
{
    char shown[DLCORE_SHOWN_SIZE];
    dlcore_status status = pass_blanks(reader, error);
    const char *at = reader->next;

    if (status != DLCORE_OK)
        return status;
    while (at < reader->end && *at != '\n' && *at != '#' && !separates_words(*at))
        at++;
    *word = (dlcore_svmlight_word_t){.text = reader->next, .length = (size_t)(at - reader->next)};
    if (word->length > DLCORE_SVMLIGHT_WORD_MAX)
        return dlcore_fail(error, DLCORE_ERROR_FORMAT,
                           "%s: line %zu: \"%s\" and what follows has more than %zu bytes",
                           reader->input->name, reader->line, dlcore_show(shown, word->text, 32),
                           DLCORE_SVMLIGHT_WORD_MAX);
    reader->next = at;
    return DLCORE_OK;
}

dlcore_status dlcore_svmlight_first_word(dlcore_svmlight_reader_t *reader,
                                         dlcore_svmlight_word_t *word, dlcore_error_record_t *error)
{
    for (;;) {
        dlcore_status status = dlcore_svmlight_next_word(reader, word, error);

        if (status != DLCORE_OK || word->length > 0 || reader->next == reader->end)
            return status;
        reader->next++; /* a newline, of an empty line or of the line before */
        reader->line++;
    }
}
