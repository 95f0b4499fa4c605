/* Foreign text and lists of names in messages.
 *
 * SPDX-License-Identifier: MIT */
#include "base/shown.h"

#include <string.h>

/* Whether a byte goes on with a character of UTF-8 that began before. */
static bool goes_on(char byte)
{
    return ((unsigned char)byte & 0xC0) == 0x80;
}

static char harmless(char byte)
{
    return (char)((unsigned char)byte < ' ' || byte == 0x7F ? '?' : byte);
}

/* Bytes of the character of `text` at `at`. */
static size_t character_size(const char *text, size_t at, size_t length)
{
    size_t end = at + 1;

    while (text[at] != '\t' && end < length && goes_on(text[end]))
        end++;
    return end - at;
}

/* `most` bytes of the shown text, and "..." where they are not all. */
static size_t put_shown(char *to, const char *text, size_t length, size_t most)
{
    size_t used = 0, at = 0;

    while (at < length) {
        bool tab = text[at] == '\t';
        size_t size = character_size(text, at, length), end = at + size;

        if (used + (tab ? 2 : size) > most)
            break;
        if (tab) {
            to[used++] = '\\';
            to[used++] = 't';
            at = end;
        }
        for (; at < end; at++)
            to[used++] = harmless(text[at]);
    }
    if (at < length) {
        memcpy(to + used, "...", 3);
        used += 3;
    }
    to[used] = '\0';
    return used;
}

const char *dlcore_show(char to[DLCORE_SHOWN_SIZE], const char *text, size_t length)
{
    put_shown(to, text, length, DLCORE_SHOWN_MAX);
    return to;
}

const char *dlcore_show_in(char *to, size_t size, const char *text, size_t length)
{
    size_t shown = length;

    for (size_t i = 0; i < length; i++)
        shown += text[i] == '\t';
    put_shown(to, text, length, shown < size ? shown : size - 4);
    return to;
}

const char *dlcore_show_path(char *to, size_t size, const char *path)
{
    size_t length = strlen(path), from = 0, used = 0;

    if (length >= size) {
        for (from = length - (size - 4); goes_on(path[from]);)
            from++;
        memcpy(to, "...", 3);
        used = 3;
    }
    for (; from < length; from++)
        to[used++] = harmless(path[from]);
    to[used] = '\0';
    return to;
}

void dlcore_shown_add(dlcore_shown_names_t *names, const char *name)
{
    enum { QUOTES = 2, COMMA = 2, MORE = sizeof ", ..." };
    char shown[DLCORE_SHOWN_LONG + 4];
    size_t length = put_shown(shown, name, strlen(name), DLCORE_SHOWN_LONG);
    bool first = names->used == 0;

    if (names->cut)
        return;
    if (names->used + COMMA + QUOTES + length + MORE > sizeof names->text) {
        memcpy(names->text + names->used, first ? "..." : ", ...", first ? 4 : 6);
        names->cut = true;
        return;
    }
    memcpy(names->text + names->used, first ? "\"" : ", \"", first ? 2 : 4);
    names->used += first ? 1 : 3;
    memcpy(names->text + names->used, shown, length);
    names->used += length;
    memcpy(names->text + names->used, "\"", 2);
    names->used++;
}
