/* One tensor in the header of a safetensors file: checked.
 *
 * SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/error.h"
#include "base/shown.h"
#include "base/size.h"
#include "store/safetensors_parser.h"

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

static const char *shown_name(const dlcore_json_t *name, char text[NAME_SHOWN])
{
    char whole[NAME_SHOWN + 8];
    size_t length = dlcore_json_string(name, whole, sizeof whole);

    return dlcore_show_in(text, NAME_SHOWN, whole, dlcore_size_min(length, sizeof whole - 1));
}

dlcore_status dlcore_safetensors_refuse(const dlcore_safetensors_parser_t *parser,
                                        const dlcore_json_t *name, const char *what)
{
    char text[NAME_SHOWN];

    return dlcore_fail(parser->error, DLCORE_ERROR_FORMAT, "%s: tensor \"%s\": %s", parser->name,
                       shown_name(name, text), what);
}

/* Exactly dtype, shape and data_offsets, once each. */
static dlcore_status members(const dlcore_safetensors_parser_t *parser, const dlcore_json_t *name,
                             const dlcore_json_t *value, dlcore_json_t found[3])
{
    static const char *const names[3] = {"dtype", "shape", "data_offsets"};
    static const dlcore_json_kind_t kinds[3] = {DLCORE_JSON_STRING, DLCORE_JSON_ARRAY,
                                                DLCORE_JSON_ARRAY};
    dlcore_json_steps_t steps = dlcore_json_steps(value);
    dlcore_json_t key, member;

    if (value->kind != DLCORE_JSON_OBJECT)
        return dlcore_safetensors_refuse(parser, name, "is not described by an object");
    memset(found, 0, 3 * sizeof found[0]);
    while (dlcore_json_step(&steps, &key, &member)) {
        size_t i = 0;

        while (i < 3 && !dlcore_json_is(&key, names[i]))
            i++;
        if (i == 3)
            return dlcore_safetensors_refuse(parser, name,
                                             "has a member besides dtype, shape and data_offsets");
        if (found[i].kind != DLCORE_JSON_NONE)
            return dlcore_safetensors_refuse(parser, name, "has a member twice");
        if (member.kind != kinds[i])
            return dlcore_safetensors_refuse(parser, name, "has a member of the wrong kind");
        found[i] = member;
    }
    for (size_t i = 0; i < 3; i++) {
        if (found[i].kind == DLCORE_JSON_NONE)
            return dlcore_safetensors_refuse(parser, name, "lacks dtype, shape or data_offsets");
    }
    return DLCORE_OK;
}

/* The rank, and in *elements the product of the lengths. */
static dlcore_status shape_of(const dlcore_safetensors_parser_t *parser, const dlcore_json_t *name,
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
            return dlcore_safetensors_refuse(parser, name, "has a length that is not a valid size");
        empty = empty || number == 0;
        fits = fits && (number == 0 || dlcore_size_multiply(product, number, &product));
    }
    if (!fits && !empty)
        return dlcore_safetensors_refuse(parser, name, "has a shape whose product overflows");
    *elements = empty ? 0 : product;
    return DLCORE_OK;
}

static dlcore_status range_of(const dlcore_safetensors_parser_t *parser, const dlcore_json_t *name,
                              const dlcore_json_t *offsets, dlcore_safetensors_entry_t *entry)
{
    dlcore_json_steps_t steps = dlcore_json_steps(offsets);
    dlcore_json_t number;
    char text[NAME_SHOWN];

    if (!dlcore_json_step(&steps, NULL, &number) || !dlcore_json_size(&number, &entry->begin) ||
        !dlcore_json_step(&steps, NULL, &number) || !dlcore_json_size(&number, &entry->end) ||
        dlcore_json_step(&steps, NULL, &number))
        return dlcore_safetensors_refuse(parser, name, "data_offsets are not two sizes");
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

dlcore_status dlcore_safetensors_parse_entry(const dlcore_safetensors_parser_t *parser,
                                             const dlcore_json_t *name, const dlcore_json_t *value,
                                             dlcore_safetensors_entry_t *entry)
{
    size_t elements = 0, bytes = 0, unit;
    dlcore_json_t found[3];
    dlcore_status status;
    char text[NAME_SHOWN];

    if (dlcore_json_string(name, NULL, 0) > DLCORE_SAFETENSORS_NAME_MAX)
        return dlcore_safetensors_refuse(parser, name, "its name is too long");
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
