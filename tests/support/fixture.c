/* The fixture reader: the file is split into words, and each record into a table of texts or of
 * arrays, which are then looked up by name.
 *
 * SPDX-License-Identifier: MIT */
#include "support/fixture.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#ifndef DLCORE_FIXTURES
#    define DLCORE_FIXTURES "tests/fixtures"
#endif

#define NAME_SIZE 128

typedef struct text {
    char *name;
    char *value;
} text_t;

struct fixture {
    char path[512];
    char *bytes, *cursor; /* names and texts point into bytes */
    size_t line;
    size_t text_count, array_count;
    text_t *texts;
    fixture_array_t *arrays;
    char scope[NAME_SIZE]; /* what fixture_next answered */
};

static const struct {
    const char *name;
    size_t size;
} types[] = {[FIXTURE_F32] = {"f32", 4},
             [FIXTURE_F64] = {"f64", 8},
             [FIXTURE_I32] = {"i32", 4},
             [FIXTURE_U8] = {"u8", 1}};

static void malformed(const fixture_t *fixture, const char *what)
{
    fail_msg("%s, line %zu: %s", fixture->path, fixture->line, what);
}

static void *need(void *memory)
{
    if (memory == NULL)
        fail_msg("no memory for a fixture");
    return memory;
}

static void read_file(fixture_t *fixture)
{
    FILE *file = fopen(fixture->path, "rb");
    if (file == NULL)
        fail_msg("%s: %s", fixture->path, strerror(errno));
    size_t size = 0, room = 1 << 16, got = 0;
    char *bytes = need(malloc(room));
    while ((got = fread(bytes + size, 1, room - size - 1, file)) > 0) {
        size += got;
        if (room - size < 2)
            bytes = need(realloc(bytes, room *= 2));
    }
    bool failed = ferror(file) != 0;
    fclose(file);
    bytes[size] = '\0';
    fixture->bytes = fixture->cursor = bytes;
    if (failed || strlen(bytes) != size)
        malformed(fixture, "cannot be read as text");
}

/* Cuts the next piece off at the first of `ends` and steps over it. */
static char *cut(fixture_t *fixture, const char *ends)
{
    char *begin = fixture->cursor;
    size_t length = strcspn(begin, ends);
    if (begin[length] == '\0')
        malformed(fixture, "file ends within a record");
    fixture->cursor = begin + length + 1;
    if (begin[length] == '\n')
        fixture->line++;
    begin[length] = '\0';
    return begin;
}

static uint64_t number(fixture_t *fixture, int base, uint64_t largest)
{
    const char *word = cut(fixture, " \n");
    char *end = NULL;
    errno = 0;
    unsigned long long value = strtoull(word, &end, base);
    if (*word == '\0' || *word == '-' || *end != '\0' || errno != 0 || value > largest)
        malformed(fixture, "not a number of that type");
    return value;
}

static void store(fixture_type_t type, void *data, size_t index, uint64_t word)
{
    if (type == FIXTURE_F64)
        memcpy((char *)data + 8 * index, &word, 8);
    else if (type == FIXTURE_U8)
        ((uint8_t *)data)[index] = (uint8_t)word;
    else
        memcpy((char *)data + 4 * index, &(uint32_t){(uint32_t)word}, 4);
}

static fixture_array_t *new_array(fixture_t *fixture)
{
    size_t count = fixture->array_count + 1;
    fixture->arrays = need(realloc(fixture->arrays, count * sizeof *fixture->arrays));
    fixture_array_t *array = &fixture->arrays[fixture->array_count];
    memset(array, 0, sizeof *array);
    array->name = cut(fixture, " ");
    return array;
}

static void read_array(fixture_t *fixture)
{
    fixture_array_t *array = new_array(fixture);
    const char *type = cut(fixture, " ");
    size_t kind = 0;
    while (kind < sizeof types / sizeof *types && strcmp(types[kind].name, type) != 0)
        kind++;
    if (kind == sizeof types / sizeof *types)
        malformed(fixture, "unknown type");
    array->type = (fixture_type_t)kind;
    array->rank = (size_t)number(fixture, 10, DLCORE_RANK_MAX);
    array->size = 1;
    for (size_t i = 0; i < array->rank; i++) {
        array->shape[i] = (size_t)number(fixture, 10, 1 << 20);
        array->size *= array->shape[i];
        if (array->size > 1 << 20)
            malformed(fixture, "array is too large");
    }
    size_t size = types[kind].size;
    array->data = need(malloc(array->size * size + 1));
    for (size_t i = 0; i < array->size; i++)
        store(array->type, array->data, i, number(fixture, 16, UINT64_MAX >> (64 - 8 * size)));
    fixture->array_count++;
}

static void read_same(fixture_t *fixture)
{
    fixture_array_t *array = new_array(fixture);
    char *name = array->name;
    const fixture_array_t *earlier = fixture_array(fixture, NULL, cut(fixture, "\n"));
    *array = *earlier;
    array->name = name;
    array->data = need(malloc(array->size * types[array->type].size + 1));
    memcpy(array->data, earlier->data, array->size * types[array->type].size);
    fixture->array_count++;
}

static void read_text(fixture_t *fixture)
{
    size_t count = fixture->text_count + 1;
    fixture->texts = need(realloc(fixture->texts, count * sizeof *fixture->texts));
    char *name = cut(fixture, " ");
    fixture->texts[fixture->text_count++] = (text_t){name, cut(fixture, "\n")};
}

fixture_t *fixture_load(const char *file)
{
    fixture_t *fixture = need(calloc(1, sizeof *fixture));
    snprintf(fixture->path, sizeof fixture->path, "%s/%s", DLCORE_FIXTURES, file);
    fixture->line = 1;
    read_file(fixture);
    for (;;) {
        const char *kind = cut(fixture, " \n");
        if (strcmp(kind, "end") == 0)
            break;
        if (strcmp(kind, "#") == 0)
            cut(fixture, "\n");
        else if (strcmp(kind, "text") == 0)
            read_text(fixture);
        else if (strcmp(kind, "array") == 0)
            read_array(fixture);
        else if (strcmp(kind, "same") == 0)
            read_same(fixture);
        else
            malformed(fixture, "unknown kind of record");
    }
    if (*fixture->cursor != '\0')
        malformed(fixture, "text after the end");
    return fixture;
}

void fixture_free(fixture_t *fixture)
{
    if (fixture == NULL)
        return;
    for (size_t i = 0; i < fixture->array_count; i++)
        free(fixture->arrays[i].data);
    free(fixture->arrays);
    free(fixture->texts);
    free(fixture->bytes);
    free(fixture);
}

static void join(char name[NAME_SIZE], const char *scope, const char *key)
{
    snprintf(name, NAME_SIZE, "%s%s%s", scope ? scope : "", scope ? "/" : "", key);
}

const char *fixture_text(const fixture_t *fixture, const char *scope, const char *key)
{
    char name[NAME_SIZE];
    join(name, scope, key);
    for (size_t i = 0; i < fixture->text_count; i++)
        if (strcmp(fixture->texts[i].name, name) == 0)
            return fixture->texts[i].value;
    return NULL;
}

const fixture_array_t *fixture_find(const fixture_t *fixture, const char *scope, const char *key)
{
    char name[NAME_SIZE];
    const char *other = fixture_text(fixture, scope, key);
    join(name, other ? NULL : scope, other ? other : key);
    for (size_t i = 0; i < fixture->array_count; i++)
        if (strcmp(fixture->arrays[i].name, name) == 0)
            return &fixture->arrays[i];
    return NULL;
}

const fixture_array_t *fixture_array(const fixture_t *fixture, const char *scope, const char *key)
{
    const fixture_array_t *array = fixture_find(fixture, scope, key);
    if (array == NULL)
        fail_msg("%s has no array %s/%s", fixture->path, scope ? scope : "", key);
    return array;
}

const float *fixture_floats(const fixture_array_t *array)
{
    if (array->type != FIXTURE_F32)
        fail_msg("fixture array %s is not f32", array->name);
    return array->data;
}

size_t fixture_count(const fixture_t *fixture, const char *scope, const char *key)
{
    const fixture_array_t *array = fixture_array(fixture, scope, key);
    if (array->type != FIXTURE_I32 || array->rank != 0 || *(int32_t *)array->data < 0)
        fail_msg("fixture array %s is not a count", array->name);
    return (size_t) * (int32_t *)array->data;
}

dlcore_tensor_t *fixture_rows(const fixture_array_t *array, size_t begin, size_t rows)
{
    static const dlcore_dtype_t dtypes[] = {[FIXTURE_F32] = DLCORE_DTYPE_FLOAT32,
                                            [FIXTURE_F64] = (dlcore_dtype_t)0,
                                            [FIXTURE_I32] = DLCORE_DTYPE_INT32,
                                            [FIXTURE_U8] = DLCORE_DTYPE_UINT8};
    size_t shape[DLCORE_RANK_MAX];
    memcpy(shape, array->shape, sizeof shape);
    assert_true(array->rank > 0 && begin <= shape[0]);
    size_t row = types[array->type].size * (array->size / shape[0]);
    shape[0] -= begin;
    if (shape[0] > rows)
        shape[0] = rows;
    dlcore_tensor_t *tensor = NULL;
    dlcore_status status =
        dlcore_tensor_borrow_const(NULL, dtypes[array->type], array->rank, shape,
                                   (const char *)array->data + begin * row, 0, &tensor, NULL);
    assert_int_equal(status, DLCORE_OK);
    return tensor;
}

dlcore_tensor_t *fixture_tensor(const fixture_array_t *array)
{
    return fixture_rows(array, 0, array->shape[0]);
}

const char *fixture_next(fixture_t *fixture, const char *key, size_t *position)
{
    while (*position < fixture->text_count) {
        const char *name = fixture->texts[(*position)++].name;
        const char *slash = strrchr(name, '/');
        if (slash != NULL && strcmp(slash + 1, key) == 0) {
            snprintf(fixture->scope, sizeof fixture->scope, "%.*s", (int)(slash - name), name);
            return fixture->scope;
        }
    }
    return NULL;
}
