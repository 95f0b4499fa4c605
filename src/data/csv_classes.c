/* Class names and their numbers.
 *
 * Names are kept sorted while they are collected and looked up by halving: no file can make that
 * slow, as it could a hash table.
 *
 * SPDX-License-Identifier: MIT */
#include "data/csv_classes.h"

#include <math.h>
#include <string.h>

#include "base/allocator.h"
#include "base/ascii.h"
#include "base/decimal.h"
#include "base/error.h"
#include "base/shown.h"
#include "base/size.h"

#define NAME_MAX_SIZE ((size_t)DLCORE_CSV_CLASS_SIZE - 1)
#define CHUNK_LEAST ((size_t)DLCORE_CSV_CLASS_SIZE)
#define CHUNK_MOST ((size_t)4096)
#define DIGITS_MAX 18      /* of a whole number that is sorted as one */
#define WHOLE_LIMIT 9.2e18 /* a long long holds all below */

struct dlcore_csv_chunk {
    dlcore_csv_chunk_t *next;
    size_t used, room;
    char text[];
};

static int compare_text(const char *name, const char *text, size_t length)
{
    size_t size = strlen(name);
    int order = memcmp(name, text, dlcore_size_min(size, length));

    return order != 0 ? order : (size > length) - (size < length);
}

/* Where the name is, or where it belongs. */
static bool find_class(const dlcore_csv_classes_t *classes, const char *text, size_t length,
                       size_t *at)
{
    size_t low = 0, high = classes->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = compare_text(classes->names[middle], text, length);

        if (order == 0) {
            *at = middle;
            return true;
        }
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    *at = low;
    return false;
}

static bool grow(dlcore_csv_classes_t *classes, size_t room)
{
    const char **names = dlcore_allocate(&classes->allocator, room, sizeof *names);
    int32_t *codes = dlcore_allocate(&classes->allocator, room, sizeof *codes);

    if (names == NULL || codes == NULL) {
        dlcore_release(&classes->allocator, names);
        dlcore_release(&classes->allocator, codes);
        return false;
    }
    if (classes->count > 0) {
        memcpy(names, classes->names, classes->count * sizeof *names);
        memcpy(codes, classes->codes, classes->count * sizeof *codes);
    }
    dlcore_release(&classes->allocator, classes->names);
    dlcore_release(&classes->allocator, classes->codes);
    classes->names = names;
    classes->codes = codes;
    classes->room = room;
    return true;
}

/* A copy of a name, for as long as the classes live; NULL when there is no memory. */
static const char *keep_text(dlcore_csv_classes_t *classes, const char *text, size_t length)
{
    dlcore_csv_chunk_t *chunk = classes->chunks;
    char *copy;

    if (chunk == NULL || chunk->room - chunk->used <= length) {
        size_t room = chunk == NULL ? CHUNK_LEAST : dlcore_size_min(2 * chunk->room, CHUNK_MOST);

        chunk = dlcore_allocate_raw(&classes->allocator, 1, sizeof *chunk + room);
        if (chunk == NULL)
            return NULL;
        chunk->room = room;
        chunk->next = classes->chunks;
        chunk->used = 0;
        classes->chunks = chunk;
    }
    copy = chunk->text + chunk->used;
    memcpy(copy, text, length);
    copy[length] = '\0';
    chunk->used += length + 1;
    return copy;
}

static bool insert_class(dlcore_csv_classes_t *classes, size_t at, const char *text, size_t length)
{
    const char *copy;

    if (classes->count == classes->room && !grow(classes, 2 * classes->room + 8))
        return false;
    copy = keep_text(classes, text, length);
    if (copy == NULL)
        return false;
    memmove(classes->names + at + 1, classes->names + at,
            (classes->count - at) * sizeof *classes->names);
    memmove(classes->codes + at + 1, classes->codes + at,
            (classes->count - at) * sizeof *classes->codes);
    classes->names[at] = copy;
    classes->codes[at] = (int32_t)classes->count++;
    return true;
}

static dlcore_status add_class(dlcore_csv_classes_t *classes, size_t at, const char *text,
                               size_t length)
{
    if (length > NAME_MAX_SIZE || memchr(text, '\0', length) != NULL)
        return DLCORE_ERROR_FORMAT;
    if (classes->count == DLCORE_CSV_CLASSES_MAX)
        return DLCORE_ERROR_OVERFLOW;
    return insert_class(classes, at, text, length) ? DLCORE_OK : DLCORE_ERROR_MEMORY;
}

dlcore_status dlcore_csv_class_code(dlcore_csv_classes_t *classes, const char *text, size_t length,
                                    int32_t *code)
{
    dlcore_status status = DLCORE_OK;
    size_t at;

    if (!find_class(classes, text, length, &at))
        status = classes->fixed ? DLCORE_ERROR_NAME : add_class(classes, at, text, length);
    if (status == DLCORE_OK)
        *code = classes->codes[at];
    return status;
}

/* The classes are in order of their bytes here; as many are named as there is room for. */
static dlcore_status refuse_unknown(const dlcore_csv_classes_t *classes, const char *text,
                                    size_t length, const char *where, dlcore_error_record_t *error)
{
    char shown[DLCORE_SHOWN_SIZE];
    dlcore_shown_names_t names = {.used = 0};

    for (size_t i = 0; i < classes->count && !names.cut; i++)
        dlcore_shown_add(&names, classes->names[i]);
    return dlcore_fail(error, DLCORE_ERROR_NAME, "%s: \"%s\" is none of the %zu classes %s", where,
                       dlcore_show(shown, text, length), classes->count, names.text);
}

dlcore_status dlcore_csv_refuse_class(const dlcore_csv_classes_t *classes, const char *text,
                                      size_t length, const char *where, dlcore_status status,
                                      dlcore_error_record_t *error)
{
    if (status == DLCORE_ERROR_NAME)
        return refuse_unknown(classes, text, length, where, error);
    if (status == DLCORE_ERROR_OVERFLOW)
        return dlcore_fail(error, status, "%s: more than %d classes: is this column a number?",
                           where, DLCORE_CSV_CLASSES_MAX);
    if (status == DLCORE_ERROR_FORMAT)
        return dlcore_fail(error, status,
                           "%s: a class name has a zero byte, or %zu bytes: more than %zu", where,
                           length, NAME_MAX_SIZE);
    return dlcore_fail(error, status, "%s: no memory for a class name", where);
}

dlcore_status dlcore_csv_start_classes(dlcore_csv_classes_t *classes,
                                       const dlcore_csv_options_t *options,
                                       const dlcore_allocator_t *allocator,
                                       dlcore_error_record_t *error)
{
    *classes = (dlcore_csv_classes_t){.allocator = *allocator};
    for (size_t i = 0; i < options->class_count; i++) {
        const char *name = options->classes[i];
        dlcore_status status;
        size_t at;

        if (name == NULL || find_class(classes, name, strlen(name), &at))
            return dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "csv: class %zu %s", i,
                               name == NULL ? "is NULL" : "has the name of another");
        status = add_class(classes, at, name, strlen(name));
        if (status != DLCORE_OK)
            return dlcore_csv_refuse_class(classes, name, strlen(name), "csv: classes", status,
                                           error);
    }
    classes->fixed = options->class_count > 0;
    return DLCORE_OK;
}

/* ---- the final order ---- */

typedef struct class_number {
    double value;
    long long whole; /* the same without a fraction; of a short whole number to the last digit */
} class_number_t;

static bool whole_number(const char *text, long long *value)
{
    bool negative = *text == '-';
    const char *first = text + (*text == '-' || *text == '+'), *at = first;

    for (*value = 0; dlcore_is_digit(*at) && at - first < DIGITS_MAX; at++)
        *value = *value * 10 + (*at - '0');
    if (negative)
        *value = -*value;
    if (at == first)
        return false;
    if (*at == '.') /* "10.", "10.0" */
        at += 1 + strspn(at + 1, "0");
    return *at == '\0';
}

static bool class_number_of(const char *text, class_number_t *number)
{
    const char *end = text + strlen(text);
    float value;

    if (whole_number(text, &number->whole)) {
        number->value = (double)number->whole;
        return true;
    }
    if (text == end || dlcore_decimal_float(text, end, &value) != end)
        return false;
    number->value = (double)value;
    number->whole = fabs(number->value) < WHOLE_LIMIT ? (long long)value : 0;
    return true;
}

static bool is_greater(const class_number_t *a, const class_number_t *b)
{
    return a->value > b->value || (a->value == b->value && a->whole > b->whole);
}

/* Where all names are numbers, "10" comes after "9", and "10.0" after "2.0". Few are out of place
 * by bytes alone, so each is moved to where it belongs; equal numbers stay in the order of bytes.
 */
static dlcore_status sort_numbers(dlcore_csv_classes_t *classes, dlcore_error_record_t *error)
{
    class_number_t *numbers =
        dlcore_allocate_raw(&classes->allocator, classes->count, sizeof *numbers);
    size_t i = 0;

    if (numbers == NULL)
        return dlcore_fail_memory(error, "class names", classes->count * sizeof *numbers);
    while (i < classes->count && class_number_of(classes->names[i], &numbers[i]))
        i++;
    if (i == classes->count)
        for (i = 1; i < classes->count; i++) {
            const char *name = classes->names[i];
            int32_t code = classes->codes[i];
            class_number_t number = numbers[i];
            size_t at = i;

            for (; at > 0 && is_greater(&numbers[at - 1], &number); at--) {
                numbers[at] = numbers[at - 1];
                classes->names[at] = classes->names[at - 1];
                classes->codes[at] = classes->codes[at - 1];
            }
            numbers[at] = number;
            classes->names[at] = name;
            classes->codes[at] = code;
        }
    dlcore_release(&classes->allocator, numbers);
    return DLCORE_OK;
}

/* Names that were given keep their places: code by code. */
static dlcore_status restore_order(dlcore_csv_classes_t *classes, dlcore_error_record_t *error)
{
    const char **names = dlcore_allocate(&classes->allocator, classes->count, sizeof *names);

    if (names == NULL)
        return dlcore_fail_memory(error, "class names", classes->count * sizeof *names);
    for (size_t i = 0; i < classes->count; i++)
        names[classes->codes[i]] = classes->names[i];
    dlcore_release(&classes->allocator, classes->names);
    classes->names = names;
    return DLCORE_OK;
}

dlcore_status dlcore_csv_finish_classes(dlcore_csv_classes_t *classes, int32_t *codes, size_t count,
                                        dlcore_error_record_t *error)
{
    int32_t *places;
    dlcore_status status;

    if (classes->fixed)
        return restore_order(classes, error);
    status = sort_numbers(classes, error);
    if (status != DLCORE_OK)
        return status;
    places = dlcore_allocate_raw(&classes->allocator, classes->count, sizeof *places);
    if (places == NULL)
        return dlcore_fail_memory(error, "class names", classes->count * sizeof *places);
    for (size_t i = 0; i < classes->count; i++)
        places[classes->codes[i]] = (int32_t)i;
    for (size_t i = 0; i < count; i++)
        codes[i] = places[codes[i]];
    dlcore_release(&classes->allocator, places);
    return DLCORE_OK;
}

void dlcore_csv_release_classes(dlcore_csv_classes_t *classes)
{
    while (classes->chunks != NULL) {
        dlcore_csv_chunk_t *next = classes->chunks->next;

        dlcore_release(&classes->allocator, classes->chunks);
        classes->chunks = next;
    }
    dlcore_release(&classes->allocator, classes->names);
    dlcore_release(&classes->allocator, classes->codes);
}
