/* JSON text, byte by byte into a buffer that may be too small.
 *
 * SPDX-License-Identifier: MIT */
#include "json/json_writer.h"
#include "base/ascii.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

dlcore_json_writer_t dlcore_json_writer(char *to, size_t room)
{
    return (dlcore_json_writer_t){.to = to, .room = room};
}

static void put_byte(dlcore_json_writer_t *writer, char c)
{
    if (writer->size < writer->room)
        writer->to[writer->size] = c;
    writer->size++;
}

/* A byte of the text, escaped once more within a string. */
static void put_char(dlcore_json_writer_t *writer, char c)
{
    if (writer->quoted && (c == '"' || c == '\\'))
        put_byte(writer, '\\');
    put_byte(writer, c);
}

static void put_all(dlcore_json_writer_t *writer, const char *text)
{
    for (; *text != '\0'; text++)
        put_char(writer, *text);
}

static void put_quoted(dlcore_json_writer_t *writer, const char *text)
{
    put_char(writer, '"');
    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;
        char code[8];

        if (c == '"' || c == '\\')
            put_char(writer, '\\');
        if (c >= 0x20) {
            put_char(writer, *text);
        } else {
            snprintf(code, sizeof code, "\\u%04x", c);
            put_all(writer, code);
        }
    }
    put_char(writer, '"');
}

static void begin_item(dlcore_json_writer_t *writer, const char *name)
{
    if (writer->comma)
        put_char(writer, ',');
    writer->comma = true;
    if (name != NULL) {
        put_quoted(writer, name);
        put_char(writer, ':');
    }
}

void dlcore_json_open(dlcore_json_writer_t *writer, const char *name, char bracket)
{
    begin_item(writer, name);
    put_char(writer, bracket);
    writer->comma = false;
}

void dlcore_json_close(dlcore_json_writer_t *writer, char bracket)
{
    put_char(writer, bracket);
    writer->comma = true;
}

void dlcore_json_put_string(dlcore_json_writer_t *writer, const char *name, const char *text)
{
    begin_item(writer, name);
    put_quoted(writer, text);
}

void dlcore_json_put_uint64(dlcore_json_writer_t *writer, const char *name, uint64_t number)
{
    char text[24];

    begin_item(writer, name);
    snprintf(text, sizeof text, "%" PRIu64, number);
    put_all(writer, text);
}

void dlcore_json_put_double(dlcore_json_writer_t *writer, const char *name, double number)
{
    char text[40];
    int digits = 15;

    if (!isfinite(number)) {
        if (!writer->not_finite) {
            writer->number = number;
            writer->name = name;
        }
        writer->not_finite = true;
        number = 0.0;
    }
    do /* printf and strtod agree on the locale's decimal point */
        snprintf(text, sizeof text, "%.*g", digits, number);
    while (strtod(text, NULL) != number && ++digits <= 17);
    begin_item(writer, name);
    for (const char *next = text; *next != '\0'; next++) {
        bool usual = dlcore_is_digit(*next) || *next == '-' || *next == '+' || *next == 'e';

        if (usual)
            put_char(writer, *next);
        else if (next[1] == '\0' || dlcore_is_digit(next[1]))
            put_char(writer, '.'); /* the last byte of a decimal point of any length */
    }
    if (writer->for_keras && strspn(text, "-0123456789") == strlen(text)) {
        put_char(writer, '.');
        put_char(writer, '0');
    }
}

void dlcore_json_put_point(dlcore_json_writer_t *writer, const char *name, double number)
{
    dlcore_json_put_double(writer, name, number);
    if (!writer->for_keras && fabs(number) < 1e15 && number == floor(number)) /* there it has one */
        put_all(writer, ".0");
}

void dlcore_json_put_bool(dlcore_json_writer_t *writer, const char *name, bool value)
{
    begin_item(writer, name);
    put_all(writer, value ? "true" : "false");
}

void dlcore_json_put_null(dlcore_json_writer_t *writer, const char *name)
{
    begin_item(writer, name);
    put_all(writer, "null");
}

void dlcore_json_open_text(dlcore_json_writer_t *writer, const char *name)
{
    begin_item(writer, name);
    put_byte(writer, '"');
    writer->quoted = true;
    writer->comma = false;
}

void dlcore_json_close_text(dlcore_json_writer_t *writer)
{
    writer->quoted = false;
    put_byte(writer, '"');
    writer->comma = true;
}
