/* Writing SVG.
 *
 * SPDX-License-Identifier: MIT */
#include "report/svg.h"

#include <stdbool.h>
#include <string.h>

#include "base/number.h"
#include "base/size.h"

dlcore_status dlcore_svg_open(dlcore_svg_t *svg, const dlcore_system_t *system, const char *path,
                              dlcore_error_record_t *error)
{
    svg->error = error;
    svg->used = 0;
    svg->status = dlcore_output_open(&svg->output, system, path, error);
    return svg->status;
}

static void flush(dlcore_svg_t *svg)
{
    if (svg->status == DLCORE_OK)
        svg->status = dlcore_output_write(&svg->output, svg->buffer, svg->used, svg->error);
    svg->used = 0;
}

dlcore_status dlcore_svg_close(dlcore_svg_t *svg)
{
    flush(svg);
    if (svg->status == DLCORE_OK)
        svg->status = dlcore_output_commit(&svg->output, false, svg->error);
    dlcore_output_close(&svg->output);
    return svg->status;
}

static void put_bytes(dlcore_svg_t *svg, const char *text, size_t length)
{
    while (length > 0) {
        size_t part = dlcore_size_min(length, sizeof svg->buffer - svg->used);

        memcpy(svg->buffer + svg->used, text, part);
        svg->used += part;
        text += part;
        length -= part;
        if (svg->used == sizeof svg->buffer)
            flush(svg);
    }
}

void dlcore_svg_put(dlcore_svg_t *svg, const char *text)
{
    put_bytes(svg, text, strlen(text));
}

void dlcore_svg_draw(dlcore_svg_t *svg, const char *format, const double *numbers)
{
    for (const char *at = format; *at != '\0'; at++) {
        char text[DLCORE_NUMBER_SIZE];
        size_t length;

        if (*at != '%') {
            put_bytes(svg, at, 1);
            continue;
        }
        dlcore_number(text, *numbers++, 2, 0);
        length = strlen(text);
        while (text[length - 1] == '0')
            length--;
        put_bytes(svg, text, text[length - 1] == '.' ? length - 1 : length);
    }
}

/* Whether XML 1.0 may hold the character. */
static bool is_allowed(unsigned code)
{
    if (code < 0x20)
        return code == '\t' || code == '\n';
    return (code < 0xD800 || code >= 0xE000) && code != 0xFFFE && code != 0xFFFF &&
           code <= 0x10FFFF;
}

/* Bytes of the UTF-8 sequence at `text`; 0 when it is none, or a character that is not allowed. */
static size_t sequence(const unsigned char *text)
{
    static const unsigned smallest[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t length = 0;
    unsigned code;

    if (text[0] < 0x80)
        length = 1;
    else if (text[0] >= 0xC0)
        length = text[0] < 0xE0 ? 2 : text[0] < 0xF0 ? 3 : text[0] < 0xF8 ? 4 : 0;
    if (length < 2)
        return length == 1 && is_allowed(text[0]) ? 1 : 0;
    code = text[0] & (0x7Fu >> length);
    for (size_t i = 1; i < length; i++) {
        if ((text[i] & 0xC0) != 0x80)
            return 0;
        code = code << 6 | (text[i] & 0x3Fu);
    }
    return code >= smallest[length] && is_allowed(code) ? length : 0;
}

static const char *escape_of(char c)
{
    switch (c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    default:
        return NULL;
    }
}

void dlcore_svg_text(dlcore_svg_t *svg, const char *text)
{
    while (*text != '\0') {
        size_t length = sequence((const unsigned char *)text);
        const char *instead = length == 0 ? "\xEF\xBF\xBD" : escape_of(*text);

        if (instead != NULL)
            dlcore_svg_put(svg, instead);
        else
            put_bytes(svg, text, length);
        text += length > 0 ? length : 1;
    }
}
