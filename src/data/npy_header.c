/* The header of a .npy file: magic, version, and a dict literal of Python, of which this reads what
 * NumPy writes for plain arrays and nothing more.
 *
 * SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/allocator.h"
#include "base/ascii.h"
#include "base/error.h"
#include "base/size.h"
#include "data/npy.h"

#define MAGIC_SIZE 6
/* bytes of the dict: 10000; NumPy reads no longer ones by itself, either */
#define HEADER_MAX (DLCORE_NPY_START_MAX - 12)

typedef struct cursor {
    const char *next, *end;
} cursor_t;

static void skip_blanks(cursor_t *at)
{
    while (at->next < at->end && (*at->next == ' ' || *at->next == '\t'))
        at->next++;
}

/* Whether the next token is `c`, which is then passed. */
static bool take_char(cursor_t *at, char c)
{
    skip_blanks(at);
    if (at->next == at->end || *at->next != c)
        return false;
    at->next++;
    return true;
}

static bool take_word(cursor_t *at, const char *word)
{
    size_t length = strlen(word);

    skip_blanks(at);
    if ((size_t)(at->end - at->next) < length || memcmp(at->next, word, length) != 0)
        return false;
    at->next += length;
    return true;
}

/* A string in either kind of quotes, without escapes. */
static bool take_string(cursor_t *at, const char **text, size_t *length)
{
    const char *close;

    skip_blanks(at);
    if (at->next == at->end || (*at->next != '\'' && *at->next != '"'))
        return false;
    close = memchr(at->next + 1, *at->next, (size_t)(at->end - at->next) - 1);
    if (close == NULL)
        return false;
    *text = at->next + 1;
    *length = (size_t)(close - *text);
    at->next = close + 1;
    return memchr(*text, '\\', *length) == NULL && memchr(*text, '\n', *length) == NULL;
}

/* A decimal number without sign or leading zeros; Python 2 put an L behind it. */
static dlcore_status take_length(cursor_t *at, const char *name, size_t *length,
                                 dlcore_error_record_t *error)
{
    const char *first;

    skip_blanks(at);
    first = at->next;
    *length = 0;
    for (; at->next < at->end && dlcore_is_digit(*at->next); at->next++)
        if (!dlcore_size_multiply(*length, 10, length) ||
            !dlcore_size_add(*length, (size_t)(*at->next - '0'), length))
            return dlcore_fail(error, DLCORE_ERROR_OVERFLOW, "%s: a length in shape is too large",
                               name);
    if (at->next == first || (*first == '0' && at->next - first > 1))
        return dlcore_fail(error, DLCORE_ERROR_FORMAT,
                           "%s: header: shape is not a tuple of whole numbers", name);
    if (at->next < at->end && *at->next == 'L')
        at->next++;
    return DLCORE_OK;
}

static dlcore_status take_shape(cursor_t *at, const char *name, dlcore_file_elements_t *elements,
                                dlcore_error_record_t *error)
{
    bool comma = true;

    elements->rank = 0;
    if (!take_char(at, '('))
        return dlcore_fail(error, DLCORE_ERROR_FORMAT, "%s: header: shape is not a tuple", name);
    while (!take_char(at, ')')) {
        dlcore_status status;

        if (!comma)
            return dlcore_fail(error, DLCORE_ERROR_FORMAT,
                               "%s: header: shape is not a tuple of whole numbers", name);
        if (elements->rank == DLCORE_RANK_MAX)
            return dlcore_fail(error, DLCORE_ERROR_UNSUPPORTED, "%s: rank is more than %d", name,
                               DLCORE_RANK_MAX);
        status = take_length(at, name, &elements->shape[elements->rank], error);
        if (status != DLCORE_OK)
            return status;
        elements->rank++;
        comma = take_char(at, ',');
    }
    if (elements->rank == 1 && !comma) /* (3) is a number to Python, (3,) a tuple */
        return dlcore_fail(error, DLCORE_ERROR_FORMAT, "%s: header: shape is not a tuple", name);
    return DLCORE_OK;
}

static const struct {
    char text[3];
    unsigned char type; /* dlcore_element_type_t */
} npy_types[] = {
    {"f4", DLCORE_ELEMENT_FLOAT32}, {"u1", DLCORE_ELEMENT_UINT8},   {"i4", DLCORE_ELEMENT_INT32},
    {"i8", DLCORE_ELEMENT_INT64},   {"f8", DLCORE_ELEMENT_FLOAT64}, {"b1", DLCORE_ELEMENT_BOOL},
    {"i1", DLCORE_ELEMENT_INT8},    {"i2", DLCORE_ELEMENT_INT16},   {"u2", DLCORE_ELEMENT_UINT16},
    {"u4", DLCORE_ELEMENT_UINT32},  {"u8", DLCORE_ELEMENT_UINT64},  {"f2", DLCORE_ELEMENT_FLOAT16},
};

static dlcore_status take_descr(cursor_t *at, const char *name, dlcore_file_elements_t *elements,
                                dlcore_error_record_t *error)
{
    const char *text;
    size_t length;

    if (take_char(at, '['))
        return dlcore_fail(error, DLCORE_ERROR_UNSUPPORTED,
                           "%s: a structured array: only plain numbers are read", name);
    if (!take_string(at, &text, &length))
        return dlcore_fail(error, DLCORE_ERROR_FORMAT, "%s: header: descr is not a string", name);
    for (size_t i = 0; length == 3 && i < sizeof npy_types / sizeof npy_types[0]; i++) {
        if (memcmp(text + 1, npy_types[i].text, 2) != 0)
            continue;
        dlcore_elements_set_type(elements, (dlcore_element_type_t)npy_types[i].type);
        elements->big_endian = text[0] == '>';
        if (text[0] == '<' || text[0] == '>' || (text[0] == '|' && elements->item == 1))
            return DLCORE_OK;
    }
    for (size_t i = 0; i < length; i++)
        if (text[i] < ' ' || text[i] > '~')
            return dlcore_fail(error, DLCORE_ERROR_FORMAT, "%s: header: descr is not a type", name);
    return dlcore_fail(error, DLCORE_ERROR_UNSUPPORTED,
                       "%s: type '%.*s': only f2, f4, f8, i1, i2, i4, i8, u1, u2, u4, u8 and b1 "
                       "are read",
                       name, (int)dlcore_size_min(length, 20), text);
}

enum { KEY_DESCR, KEY_ORDER, KEY_SHAPE, KEYS };

static dlcore_status take_entry(cursor_t *at, const char *name, bool seen[KEYS],
                                dlcore_file_elements_t *elements, dlcore_error_record_t *error)
{
    static const char *const keys[KEYS] = {"descr", "fortran_order", "shape"};
    const char *text;
    size_t length;
    int key = 0;

    if (!take_string(at, &text, &length))
        return dlcore_fail(error, DLCORE_ERROR_FORMAT, "%s: header is not a dict of strings", name);
    while (key < KEYS && (strlen(keys[key]) != length || memcmp(keys[key], text, length) != 0))
        key++;
    if (key == KEYS || seen[key] || !take_char(at, ':'))
        return dlcore_fail(error, DLCORE_ERROR_FORMAT, "%s: header: %s", name,
                           key == KEYS ? "a key that is not descr, fortran_order or shape"
                           : seen[key] ? "a key comes twice"
                                       : "a key without a colon");
    seen[key] = true;
    if (key == KEY_DESCR)
        return take_descr(at, name, elements, error);
    if (key == KEY_SHAPE)
        return take_shape(at, name, elements, error);
    elements->fortran_order = take_word(at, "True");
    if (!elements->fortran_order && !take_word(at, "False"))
        return dlcore_fail(error, DLCORE_ERROR_FORMAT,
                           "%s: header: fortran_order is neither True nor False", name);
    return DLCORE_OK;
}

dlcore_status dlcore_npy_parse_dict(const char *text, size_t length, const char *name,
                                    dlcore_file_elements_t *elements, dlcore_error_record_t *error)
{
    cursor_t at = {.next = text, .end = text + length};
    bool seen[KEYS] = {false};
    bool comma = true;

    if (length == 0 || text[length - 1] != '\n')
        return dlcore_fail(error, DLCORE_ERROR_FORMAT, "%s: header does not end with a newline",
                           name);
    at.end--;
    if (!take_char(&at, '{'))
        return dlcore_fail(error, DLCORE_ERROR_FORMAT, "%s: header is not a dict", name);
    while (!take_char(&at, '}')) {
        dlcore_status status;

        if (!comma)
            return dlcore_fail(error, DLCORE_ERROR_FORMAT,
                               "%s: header: no comma between two entries", name);
        status = take_entry(&at, name, seen, elements, error);
        if (status != DLCORE_OK)
            return status;
        comma = take_char(&at, ',');
    }
    skip_blanks(&at);
    if (at.next != at.end)
        return dlcore_fail(error, DLCORE_ERROR_FORMAT, "%s: header goes on behind its dict", name);
    if (!seen[KEY_DESCR] || !seen[KEY_ORDER] || !seen[KEY_SHAPE])
        return dlcore_fail(error, DLCORE_ERROR_FORMAT,
                           "%s: header lacks one of descr, fortran_order and shape", name);
    return DLCORE_OK;
}

/* Reads exactly `want` bytes of what comes before the elements. */
static dlcore_status read_whole(dlcore_input_t *input, void *to, size_t want,
                                dlcore_error_record_t *error)
{
    size_t got;
    dlcore_status status = dlcore_input_read(input, to, want, &got, error);

    if (status == DLCORE_OK && got < want)
        return dlcore_fail(error, DLCORE_ERROR_FORMAT, "%s: %zu bytes, cut within its header",
                           input->name, input->size);
    return status;
}

/* Magic, version and the length of the dict that follows. */
static dlcore_status read_start(dlcore_input_t *input, size_t *length, dlcore_error_record_t *error)
{
    static const char magic[] = "\x93NUMPY";
    unsigned char start[MAGIC_SIZE + 2 + 4];
    size_t width;
    dlcore_status status = read_whole(input, start, MAGIC_SIZE + 2, error);

    if (status != DLCORE_OK)
        return status;
    if (memcmp(start, magic, MAGIC_SIZE) != 0)
        return dlcore_fail(error, DLCORE_ERROR_FORMAT,
                           "%s: not a .npy file: does not begin with "
                           "\\x93NUMPY",
                           input->name);
    if (start[MAGIC_SIZE] < 1 || start[MAGIC_SIZE] > 3 || start[MAGIC_SIZE + 1] != 0)
        return dlcore_fail(error, DLCORE_ERROR_UNSUPPORTED,
                           "%s: .npy version %d.%d: only 1.0, 2.0 and 3.0 are read", input->name,
                           start[MAGIC_SIZE], start[MAGIC_SIZE + 1]);
    width = start[MAGIC_SIZE] == 1 ? 2 : 4;
    status = read_whole(input, start + MAGIC_SIZE + 2, width, error);
    *length = 0;
    for (size_t i = width; status == DLCORE_OK && i-- > 0;)
        *length = *length << 8 | start[MAGIC_SIZE + 2 + i];
    return status;
}

static dlcore_status check_sizes(const dlcore_input_t *input, dlcore_file_elements_t *elements,
                                 dlcore_error_record_t *error)
{
    dlcore_status status = dlcore_elements_set_size(elements, input->name, error);

    if (status == DLCORE_OK && input->size - input->position != elements->content)
        return dlcore_fail(error, DLCORE_ERROR_FORMAT,
                           "%s: %zu bytes of elements, the header says %zu", input->name,
                           input->size - input->position, elements->content);
    return status;
}

dlcore_status dlcore_npy_read_header(dlcore_input_t *input, const dlcore_allocator_t *allocator,
                                     dlcore_file_elements_t *elements, dlcore_error_record_t *error)
{
    char *text;
    size_t length = 0;
    dlcore_status status = read_start(input, &length, error);

    if (status != DLCORE_OK)
        return status;
    if (length > input->size - input->position)
        return dlcore_fail(error, DLCORE_ERROR_FORMAT,
                           "%s: %zu bytes, a header of %zu does not fit", input->name, input->size,
                           length);
    if (length > HEADER_MAX)
        return dlcore_fail(error, DLCORE_ERROR_UNSUPPORTED,
                           "%s: a header of %zu bytes: more than %d", input->name, length,
                           HEADER_MAX);
    text = dlcore_allocate_raw(allocator, length + 1, 1); /* 1: not nothing */
    if (text == NULL)
        return dlcore_fail_memory(error, input->name, length);
    status = read_whole(input, text, length, error);
    if (status == DLCORE_OK)
        status = dlcore_npy_parse_dict(text, length, input->name, elements, error);
    if (status == DLCORE_OK)
        status = check_sizes(input, elements, error);
    dlcore_release(allocator, text);
    return status;
}
