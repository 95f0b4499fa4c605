/* Filling in the fields of a path.
 *
 * SPDX-License-Identifier: MIT */
#include "store/path_pattern.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/error.h"
#include "base/name.h"
#include "base/number.h"
#include "fit/callback.h"
#include "system/files.h"

#define WIDTH_MAX 32
#define PATTERN_DECIMALS_MAX 17

/* ---- numbers ---- */

/* Puts the digits of 1.234e+05 where Python's repr has them: with a point from 1e-04 to below
 * 1e16, else with an exponent. */
static void lay_out_digits(char *text, size_t room, const char *digits, size_t count, int exponent,
                           bool negative)
{
    const char *sign = negative ? "-" : "";
    int whole = exponent + 1;

    if (exponent < -4 || exponent >= 16)
        snprintf(text, room, "%s%.1s%s%.*se%c%02d", sign, digits, count > 1 ? "." : "",
                 (int)(count - 1), digits + 1, exponent < 0 ? '-' : '+', abs(exponent));
    else if (whole <= 0)
        snprintf(text, room, "%s0.%.*s%.*s", sign, -whole, "0000", (int)count, digits);
    else if ((size_t)whole >= count)
        snprintf(text, room, "%s%.*s%.*s.0", sign, (int)count, digits, whole - (int)count,
                 "0000000000000000");
    else
        snprintf(text, room, "%s%.*s.%.*s", sign, whole, digits, (int)count - whole,
                 digits + whole);
}

/* strtod would want the locale's point, so the trial stays in the locale's text, and only the
 * digits are taken from it. */
const char *dlcore_shortest(char text[DLCORE_SHORTEST_SIZE], double value)
{
    char trial[DLCORE_SHORTEST_SIZE], digits[PATTERN_DECIMALS_MAX + 1];
    size_t count = 0;
    const char *next;
    int exponent;

    if (!isfinite(value)) {
        snprintf(text, DLCORE_SHORTEST_SIZE, "%s",
                 isnan(value) ? "nan" : (value < 0.0 ? "-inf" : "inf"));
        return text;
    }
    for (int decimals = 0; decimals < PATTERN_DECIMALS_MAX; decimals++) {
        snprintf(trial, sizeof trial, "%.*e", decimals, fabs(value));
        if (strtod(trial, NULL) == fabs(value))
            break;
    }
    for (next = trial; *next != 'e' && count < PATTERN_DECIMALS_MAX; next++) {
        if (dlcore_is_digit(*next))
            digits[count++] = *next;
    }
    exponent = (int)strtol(strchr(trial, 'e') + 1, NULL, 10);
    lay_out_digits(text, DLCORE_SHORTEST_SIZE, digits, count, exponent, signbit(value) != 0);
    return text;
}

/* ---- fields ---- */

typedef struct field {
    char name[64];
    bool zeros;
    int width, decimals; /* decimals -1: none given */
    char kind;           /* 'd', 'f', 'e'; '\0': none given */
} field_t;

/* Up to two digits; -1 where there is none, or the number is above `most`. */
static int read_precision(const char **at, int most)
{
    int number = -1;

    for (int i = 0; i < 2 && dlcore_is_digit(**at); i++, ++*at)
        number = (number < 0 ? 0 : number) * 10 + (**at - '0');
    return number <= most ? number : -1;
}

/* What stands behind the opening brace; answers where the field ended, or NULL. */
static const char *read_field(const char *at, field_t *field)
{
    size_t length = strcspn(at, "{}:");

    *field = (field_t){.decimals = -1};
    if (length == 0 || length >= sizeof field->name)
        return NULL;
    memcpy(field->name, at, length);
    at += length;
    if (*at == ':') {
        at++;
        field->zeros = *at == '0';
        if (dlcore_is_digit(*at) && (field->width = read_precision(&at, WIDTH_MAX)) < 0)
            return NULL;
        if (*at == '.') {
            at++;
            if ((field->decimals = read_precision(&at, PATTERN_DECIMALS_MAX)) < 0)
                return NULL;
        }
        if (*at == 'd' || *at == 'f' || *at == 'e')
            field->kind = *at++;
    }
    return *at == '}' ? at + 1 : NULL;
}

/* The number of a field as text, not yet padded; false when its format is for other numbers. */
static bool write_number(char text[DLCORE_NUMBER_SIZE], const field_t *field, bool counts,
                         double value)
{
    if (counts) {
        snprintf(text, DLCORE_NUMBER_SIZE, "%.0f", value);
        return (field->kind == 'd' || field->kind == '\0') && field->decimals < 0;
    }
    if (field->kind == '\0' && field->decimals < 0)
        dlcore_shortest(text, value);
    else
        dlcore_number(text, value, field->decimals < 0 ? 6 : field->decimals, field->kind == 'e');
    return field->kind == 'f' || field->kind == 'e' || (field->kind == '\0' && field->decimals < 0);
}

typedef struct expansion {
    char *to;
    size_t room, used;
} expansion_t;

static void put_text(expansion_t *path, const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++, path->used++) {
        if (path->used < path->room)
            path->to[path->used] = text[i];
    }
}

/* Zeros go behind a sign. */
static void put_padded(expansion_t *path, const field_t *field, const char *text)
{
    size_t length = strlen(text);

    if (field->zeros && text[0] == '-') {
        put_text(path, text, 1);
        text++;
    }
    for (size_t i = length; i < (size_t)field->width; i++)
        put_text(path, field->zeros ? "0" : " ", 1);
    put_text(path, text, strlen(text));
}

/* DLCORE_OK, DLCORE_ERROR_NAME, or DLCORE_ERROR_ARGUMENT for a format that does not fit. */
static dlcore_status put_field(expansion_t *path, const field_t *field,
                               const dlcore_training_event_t *event, bool by_batches)
{
    bool epoch = dlcore_name_is(field->name, "epoch");
    bool batch = by_batches && dlcore_name_is(field->name, "batch");
    char text[DLCORE_NUMBER_SIZE];
    double value = epoch   ? (double)event->epoch + 1.0
                   : batch ? (double)event->batch + 1.0
                           : dlcore_training_value(event, field->name);

    if (!epoch && !batch && !dlcore_event_has(event, field->name))
        return DLCORE_ERROR_NAME;
    if (!write_number(text, field, epoch || batch, value))
        return DLCORE_ERROR_ARGUMENT;
    put_padded(path, field, text);
    return DLCORE_OK;
}

static dlcore_status expand(expansion_t *path, const char *pattern, const char *owner,
                            const dlcore_training_event_t *event, bool by_batches)
{
    for (const char *at = pattern; *at != '\0';) {
        dlcore_status status = DLCORE_ERROR_ARGUMENT;
        field_t field;
        const char *end;

        if ((*at != '{' && *at != '}') || at[0] == at[1]) {
            put_text(path, at, 1);
            at += *at == '{' || *at == '}' ? 2 : 1;
            continue;
        }
        end = *at == '{' ? read_field(at + 1, &field) : NULL;
        if (end != NULL)
            status = put_field(path, &field, event, by_batches);
        if (status == DLCORE_ERROR_NAME)
            return dlcore_event_fail_name(event, owner, field.name);
        if (status == DLCORE_OK && by_batches && dlcore_event_validates(event, field.name))
            return dlcore_fail(event->error, DLCORE_ERROR_ARGUMENT,
                               "%s: path: {%s} has no value after a batch", owner, field.name);
        if (status != DLCORE_OK)
            return dlcore_fail(event->error, status,
                               "%s: path: \"%.40s\" is not a field like {epoch:02d} or {loss:.2f}",
                               owner, at);
        at = end;
    }
    return DLCORE_OK;
}

dlcore_status dlcore_path_expand(char *to, size_t room, const char *pattern, const char *owner,
                                 const dlcore_training_event_t *event, bool by_batches)
{
    expansion_t path = {.to = to, .room = room - 1};
    dlcore_status status;

    if (pattern == NULL || pattern[0] == '\0')
        return dlcore_fail(event->error, DLCORE_ERROR_ARGUMENT, "%s: path is %s", owner,
                           pattern == NULL ? "NULL" : "empty");
    status = expand(&path, pattern, owner, event, by_batches);
    if (status == DLCORE_OK && path.used > path.room)
        status = dlcore_fail(event->error, DLCORE_ERROR_ARGUMENT,
                             "%s: path has %zu bytes, at most %zu are possible", owner, path.used,
                             path.room);
    to[path.used < path.room ? path.used : path.room] = '\0';
    return status;
}

/* A colon is that of a format. */
static bool has_folder(const char *rest)
{
    for (; *rest != '\0'; rest++)
        if (*rest != ':' && dlcore_path_separates(*rest))
            return true;
    return false;
}

bool dlcore_path_folder_varies(const char *pattern)
{
    for (const char *at = pattern; *at != '\0'; at++) {
        if (at[0] == '{' && at[1] != '{')
            return has_folder(at);
        at += at[0] == '{';
    }
    return false;
}
