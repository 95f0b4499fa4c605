/* Headers of safetensors files: checked and listed.
 *
 * SPDX-License-Identifier: MIT */
#include "store/safetensors.h"

#include <string.h>

#include "base/allocator.h"
#include "base/error.h"
#include "base/little_endian.h"
#include "base/size.h"

/* Bytes of an element; 0 where that is not known. */
static const struct {
    const char *name;
    size_t size;
} file_dtypes[] = {
    [DLCORE_SAFETENSORS_OTHER] = {"", 0},          [DLCORE_SAFETENSORS_BOOL] = {"BOOL", 1},
    [DLCORE_SAFETENSORS_U8] = {"U8", 1},           [DLCORE_SAFETENSORS_I8] = {"I8", 1},
    [DLCORE_SAFETENSORS_F8_E5M2] = {"F8_E5M2", 1}, [DLCORE_SAFETENSORS_F8_E4M3] = {"F8_E4M3", 1},
    [DLCORE_SAFETENSORS_I16] = {"I16", 2},         [DLCORE_SAFETENSORS_U16] = {"U16", 2},
    [DLCORE_SAFETENSORS_F16] = {"F16", 2},         [DLCORE_SAFETENSORS_BF16] = {"BF16", 2},
    [DLCORE_SAFETENSORS_I32] = {"I32", 4},         [DLCORE_SAFETENSORS_U32] = {"U32", 4},
    [DLCORE_SAFETENSORS_F32] = {"F32", 4},         [DLCORE_SAFETENSORS_F64] = {"F64", 8},
    [DLCORE_SAFETENSORS_I64] = {"I64", 8},         [DLCORE_SAFETENSORS_U64] = {"U64", 8},
};

enum { DTYPE_COUNT = sizeof file_dtypes / sizeof file_dtypes[0], NAME_SHOWN = 48 };

#define ALL_HEADER_MAX ((size_t)DLCORE_SAFETENSORS_HEADER_MAX + DLCORE_SAFETENSORS_PREFIX)

/* What parsing carries along. */
typedef struct parser {
    dlcore_safetensors_t *file;
    const char *name; /* of the file */
    dlcore_error_record_t *error;
} parser_t;

dlcore_status dlcore_safetensors_prefix(const unsigned char prefix[DLCORE_SAFETENSORS_PREFIX],
                                        size_t file_size, const char *name, size_t *text_size,
                                        dlcore_error_record_t *error)
{
    uint64_t size;

    *text_size = 0;
    if (file_size < DLCORE_SAFETENSORS_PREFIX)
        return dlcore_fail(error, DLCORE_ERROR_FORMAT,
                           "%s: %zu bytes, a safetensors file has at least 8", name, file_size);
    size = dlcore_load_u64(prefix);
    /* eight letters of a text are a number, too, but none that says anything */
    if (size > DLCORE_SAFETENSORS_HEADER_MAX && size > file_size)
        return dlcore_fail(error, DLCORE_ERROR_FORMAT,
                           "%s: no safetensors file: it does not begin with the length of a header",
                           name);
    if (size > DLCORE_SAFETENSORS_HEADER_MAX)
        return dlcore_fail(error, DLCORE_ERROR_FORMAT,
                           "%s: no safetensors file: a header of %llu bytes is more than %d", name,
                           (unsigned long long)size, DLCORE_SAFETENSORS_HEADER_MAX);
    if (size > file_size - DLCORE_SAFETENSORS_PREFIX)
        return dlcore_fail(error, DLCORE_ERROR_FORMAT,
                           "%s: file is cut short: %zu bytes, at least %llu expected", name,
                           file_size, (unsigned long long)size + DLCORE_SAFETENSORS_PREFIX);
    *text_size = (size_t)size;
    return DLCORE_OK;
}

/* ---- one entry ---- */

/* A tensor's name for a message: cut, and bytes that would upset a terminal made harmless. */
static const char *shown_name(const dlcore_json_t *name, char text[NAME_SHOWN])
{
    dlcore_json_string(name, text, NAME_SHOWN);
    for (char *next = text; *next != '\0'; next++) {
        if ((unsigned char)*next < 0x20 || *next == 0x7F)
            *next = '?';
    }
    return text;
}

static dlcore_status refuse_tensor(const parser_t *parser, const dlcore_json_t *name,
                                   const char *what)
{
    char text[NAME_SHOWN];

    return dlcore_fail(parser->error, DLCORE_ERROR_FORMAT, "%s: tensor \"%s\": %s", parser->name,
                       shown_name(name, text), what);
}

/* Exactly dtype, shape and data_offsets, once each. */
static dlcore_status members(const parser_t *parser, const dlcore_json_t *name,
                             const dlcore_json_t *value, dlcore_json_t found[3])
{
    static const char *const names[3] = {"dtype", "shape", "data_offsets"};
    static const dlcore_json_kind_t kinds[3] = {DLCORE_JSON_STRING, DLCORE_JSON_ARRAY,
                                                DLCORE_JSON_ARRAY};
    dlcore_json_steps_t steps = dlcore_json_steps(value);
    dlcore_json_t key, member;

    if (value->kind != DLCORE_JSON_OBJECT)
        return refuse_tensor(parser, name, "is described by no object");
    memset(found, 0, 3 * sizeof found[0]);
    while (dlcore_json_step(&steps, &key, &member)) {
        size_t i = 0;

        while (i < 3 && !dlcore_json_is(&key, names[i]))
            i++;
        if (i == 3)
            return refuse_tensor(parser, name,
                                 "has a member besides dtype, shape and data_offsets");
        if (found[i].kind != DLCORE_JSON_NONE)
            return refuse_tensor(parser, name, "has a member twice");
        if (member.kind != kinds[i])
            return refuse_tensor(parser, name, "has a member of the wrong kind");
        found[i] = member;
    }
    for (size_t i = 0; i < 3; i++) {
        if (found[i].kind == DLCORE_JSON_NONE)
            return refuse_tensor(parser, name, "lacks dtype, shape or data_offsets");
    }
    return DLCORE_OK;
}

/* The rank, and in *elements the product of the lengths. */
static dlcore_status shape_of(const parser_t *parser, const dlcore_json_t *name,
                              const dlcore_json_t *shape, uint8_t *rank, size_t *elements)
{
    dlcore_json_steps_t steps = dlcore_json_steps(shape);
    dlcore_json_t length;
    size_t number, product = 1;
    bool empty = false, fits = true;
    char text[NAME_SHOWN];

    for (*rank = 0; dlcore_json_step(&steps, NULL, &length); ++*rank) {
        if (*rank == DLCORE_RANK_MAX)
            return dlcore_fail(parser->error, DLCORE_ERROR_UNSUPPORTED,
                               "%s: tensor \"%s\": has more than %d axes", parser->name,
                               shown_name(name, text), DLCORE_RANK_MAX);
        if (!dlcore_json_size(&length, &number))
            return refuse_tensor(parser, name, "has a length that is no size");
        empty = empty || number == 0;
        fits = fits && (number == 0 || dlcore_size_multiply(product, number, &product));
    }
    if (!fits && !empty)
        return refuse_tensor(parser, name, "has a shape whose product overflows");
    *elements = empty ? 0 : product;
    return DLCORE_OK;
}

static dlcore_status range_of(const parser_t *parser, const dlcore_json_t *name,
                              const dlcore_json_t *offsets, dlcore_safetensors_entry_t *entry)
{
    dlcore_json_steps_t steps = dlcore_json_steps(offsets);
    dlcore_json_t number;
    char text[NAME_SHOWN];

    if (!dlcore_json_step(&steps, NULL, &number) || !dlcore_json_size(&number, &entry->begin) ||
        !dlcore_json_step(&steps, NULL, &number) || !dlcore_json_size(&number, &entry->end) ||
        dlcore_json_step(&steps, NULL, &number))
        return refuse_tensor(parser, name, "data_offsets are not two sizes");
    if (entry->begin > entry->end || entry->end > SIZE_MAX - ALL_HEADER_MAX)
        return dlcore_fail(parser->error, DLCORE_ERROR_FORMAT,
                           "%s: tensor \"%s\": bytes %zu to %zu of %zu", parser->name,
                           shown_name(name, text), entry->begin, entry->end,
                           parser->file->data_size);
    return DLCORE_OK;
}

static uint8_t dtype_of(const dlcore_json_t *text)
{
    for (size_t i = 1; i < DTYPE_COUNT; i++) {
        if (dlcore_json_is(text, file_dtypes[i].name))
            return (uint8_t)i;
    }
    return DLCORE_SAFETENSORS_OTHER;
}

static dlcore_status parse_entry(const parser_t *parser, const dlcore_json_t *name,
                                 const dlcore_json_t *value, dlcore_safetensors_entry_t *entry)
{
    size_t elements = 0, bytes = 0, unit;
    dlcore_json_t found[3];
    dlcore_status status;
    char text[NAME_SHOWN];

    if (dlcore_json_string(name, NULL, 0) > DLCORE_SAFETENSORS_NAME_MAX)
        return refuse_tensor(parser, name, "its name is too long");
    status = members(parser, name, value, found);
    if (status == DLCORE_OK)
        status = shape_of(parser, name, &found[1], &entry->rank, &elements);
    if (status == DLCORE_OK)
        status = range_of(parser, name, &found[2], entry);
    if (status != DLCORE_OK)
        return status;
    entry->name = (uint32_t)(name->begin - parser->file->text);
    entry->value = (uint32_t)(value->begin - parser->file->text);
    entry->dtype = dtype_of(&found[0]);
    unit = file_dtypes[entry->dtype].size;
    if (unit == 0) /* of a dtype to come: its bytes are skipped */
        return DLCORE_OK;
    if (!dlcore_size_multiply(elements, unit, &bytes) || bytes != entry->end - entry->begin)
        return dlcore_fail(parser->error, DLCORE_ERROR_FORMAT,
                           "%s: tensor \"%s\": %zu elements of %s do not fill bytes %zu to %zu",
                           parser->name, shown_name(name, text), elements,
                           file_dtypes[entry->dtype].name, entry->begin, entry->end);
    return DLCORE_OK;
}

/* ---- the whole header ---- */

/* Text of strings: what other programs may put there, such as {"format": "pt"}. */
static dlcore_status check_metadata(const parser_t *parser, const dlcore_json_t *metadata)
{
    dlcore_json_steps_t steps = dlcore_json_steps(metadata);
    dlcore_json_t key, text;

    if (metadata->kind != DLCORE_JSON_OBJECT)
        return dlcore_fail(parser->error, DLCORE_ERROR_FORMAT, "%s: __metadata__ is no object",
                           parser->name);
    while (dlcore_json_step(&steps, &key, &text)) {
        if (text.kind != DLCORE_JSON_STRING)
            return dlcore_fail(parser->error, DLCORE_ERROR_FORMAT,
                               "%s: __metadata__ has a value that is no string", parser->name);
    }
    return DLCORE_OK;
}

/* Every byte of the data belongs to exactly one tensor, and is there. */
static dlcore_status check_cover(const parser_t *parser)
{
    const dlcore_safetensors_t *file = parser->file;
    size_t covered = 0;

    for (size_t i = 0; i < file->count; i++) {
        const dlcore_safetensors_entry_t *entry = &file->entries[i];
        dlcore_json_t name = dlcore_safetensors_name_at(file->text, entry->name);

        if (entry->begin < covered)
            return refuse_tensor(parser, &name, "overlaps the one before it");
        if (entry->begin > covered)
            return refuse_tensor(parser, &name, "begins after a hole");
        covered = entry->end;
    }
    if (covered > file->data_size)
        return dlcore_fail(parser->error, DLCORE_ERROR_FORMAT,
                           "%s: file is cut short: %zu bytes, at least %zu expected", parser->name,
                           DLCORE_SAFETENSORS_PREFIX + file->text_size + file->data_size,
                           DLCORE_SAFETENSORS_PREFIX + file->text_size + covered);
    if (covered != file->data_size)
        return dlcore_fail(parser->error, DLCORE_ERROR_FORMAT,
                           "%s: tensors have %zu bytes, the file has %zu for them", parser->name,
                           covered, file->data_size);
    return DLCORE_OK;
}

static dlcore_status check_tensor_names(const parser_t *parser)
{
    const dlcore_safetensors_t *file = parser->file;

    for (size_t i = 1; i < file->count; i++) {
        dlcore_json_t before = dlcore_safetensors_name_at(file->text, file->entries[i - 1].name);
        dlcore_json_t name = dlcore_safetensors_name_at(file->text, file->entries[i].name);

        if (dlcore_json_compare(&before, &name) == 0)
            return refuse_tensor(parser, &name, "is there twice");
    }
    return DLCORE_OK;
}

static dlcore_status read_header(const parser_t *parser, dlcore_json_t *header)
{
    const dlcore_safetensors_t *file = parser->file;
    dlcore_json_problem_t problem;

    if (file->text_size == 0 || file->text[0] != '{')
        return dlcore_fail(parser->error, DLCORE_ERROR_FORMAT,
                           "%s: no safetensors file: the header does not begin with {",
                           parser->name);
    if (!dlcore_json_check(file->text, file->text_size, header, &problem))
        return dlcore_fail(parser->error, DLCORE_ERROR_FORMAT, "%s: byte %zu of the header: %s",
                           parser->name, problem.at, problem.what);
    return DLCORE_OK;
}

/* How many tensors the header lists; its metadata is noted on the way. */
static dlcore_status count_entries(const parser_t *parser, const dlcore_json_t *header,
                                   size_t *count)
{
    dlcore_json_steps_t steps = dlcore_json_steps(header);
    dlcore_json_t name, value;
    dlcore_status status;

    *count = 0;
    while (dlcore_json_step(&steps, &name, &value)) {
        if (!dlcore_json_is(&name, "__metadata__")) {
            ++*count;
            continue;
        }
        if (parser->file->metadata.kind != DLCORE_JSON_NONE)
            return dlcore_fail(parser->error, DLCORE_ERROR_FORMAT,
                               "%s: __metadata__ is there twice", parser->name);
        status = check_metadata(parser, &value);
        if (status != DLCORE_OK)
            return status;
        parser->file->metadata = value;
    }
    return DLCORE_OK;
}

static dlcore_status list_entries(const parser_t *parser, const dlcore_json_t *header)
{
    dlcore_json_steps_t steps = dlcore_json_steps(header);
    dlcore_safetensors_t *file = parser->file;
    dlcore_json_t name, value;
    dlcore_status status = DLCORE_OK;

    while (status == DLCORE_OK && dlcore_json_step(&steps, &name, &value)) {
        if (dlcore_json_is(&name, "__metadata__"))
            continue;
        file->entries[file->count] = (dlcore_safetensors_entry_t){0};
        status = parse_entry(parser, &name, &value, &file->entries[file->count++]);
    }
    if (status != DLCORE_OK)
        return status;
    dlcore_safetensors_sort_by_place(file);
    status = check_cover(parser);
    if (status != DLCORE_OK)
        return status;
    dlcore_safetensors_sort_by_name(file);
    return check_tensor_names(parser);
}

dlcore_status dlcore_safetensors_parse(const char *text, size_t text_size, size_t data_size,
                                       const char *name, const dlcore_allocator_t *allocator,
                                       dlcore_safetensors_t *file, dlcore_error_record_t *error)
{
    parser_t parser = {.file = file, .name = name, .error = error};
    dlcore_json_t header;
    dlcore_status status;
    size_t count;

    *file = (dlcore_safetensors_t){.text = text, .text_size = text_size, .data_size = data_size};
    status = read_header(&parser, &header);
    if (status == DLCORE_OK)
        status = count_entries(&parser, &header, &count);
    if (status != DLCORE_OK)
        return status;
    file->entries = dlcore_allocate_raw(allocator, count, sizeof *file->entries);
    if (file->entries == NULL)
        return dlcore_fail_memory(error, name, count * sizeof *file->entries);
    status = list_entries(&parser, &header);
    if (status != DLCORE_OK)
        dlcore_safetensors_clear(file, allocator);
    return status;
}

void dlcore_safetensors_clear(dlcore_safetensors_t *file, const dlcore_allocator_t *allocator)
{
    dlcore_release(allocator, file->entries);
    file->entries = NULL;
    file->count = 0;
}
