/* Headers of safetensors files: checked and listed.
 *
 * SPDX-License-Identifier: MIT */
#include "store/safetensors.h"

#include <string.h>

#include "base/allocator.h"
#include "base/error.h"
#include "base/little_endian.h"
#include "store/safetensors_parser.h"

/* Files of other formats that a part reads, by how they begin; NULL: none of these. */
static const char *foreign_format(const unsigned char prefix[DLCORE_SAFETENSORS_PREFIX])
{
    if (memcmp(prefix, "\x89HDF\r\n\x1a\n", 8) == 0)
        return "HDF5, as Keras's .h5 files: keras_load of dlcore/keras.h (the part keras) reads it";
    if (memcmp(prefix, "PK\3\4", 4) == 0)
        return "a ZIP: keras_load of dlcore/keras.h (the part keras) reads .keras files; what "
               "torch.save wrote, save by safetensors.torch.save_file";
    if (prefix[0] == 0x80 && prefix[1] >= 2 && prefix[1] <= 5 && /* and no length of a header */
        dlcore_load_u64(prefix) > DLCORE_SAFETENSORS_HEADER_MAX)
        return "a pickle of Python's: save weights of PyTorch by safetensors.torch.save_file";
    /* a version below 64, then a text, a graph or a set of operators; no length of a header */
    if (prefix[0] == 0x08 && prefix[1] < 64 &&
        (prefix[2] == 0x12 || prefix[2] == 0x3A || prefix[2] == 0x42) &&
        dlcore_load_u64(prefix) > DLCORE_SAFETENSORS_HEADER_MAX)
        return "perhaps an ONNX model: onnx_load of dlcore/onnx.h (the part onnx) reads these";
    return NULL;
}

dlcore_status dlcore_safetensors_prefix(const unsigned char prefix[DLCORE_SAFETENSORS_PREFIX],
                                        size_t file_size, const char *name, size_t *text_size,
                                        dlcore_error_record_t *error)
{
    uint64_t size;

    *text_size = 0;
    if (file_size < DLCORE_SAFETENSORS_PREFIX)
        return dlcore_fail(error, DLCORE_ERROR_FORMAT,
                           "%s: %zu bytes, a safetensors file has at least 8", name, file_size);
    if (foreign_format(prefix) != NULL)
        return dlcore_fail(error, DLCORE_ERROR_FORMAT, "%s: not a safetensors file, but %s", name,
                           foreign_format(prefix));
    size = dlcore_load_u64(prefix);
    /* eight letters of a text are a number, too, but none that says anything */
    if (size > DLCORE_SAFETENSORS_HEADER_MAX && size > file_size)
        return dlcore_fail(
            error, DLCORE_ERROR_FORMAT,
            "%s: not a safetensors file: it does not begin with the length of a header", name);
    if (size > DLCORE_SAFETENSORS_HEADER_MAX)
        return dlcore_fail(error, DLCORE_ERROR_FORMAT,
                           "%s: not a safetensors file: a header of %llu bytes is more than %d",
                           name, (unsigned long long)size, DLCORE_SAFETENSORS_HEADER_MAX);
    if (size > file_size - DLCORE_SAFETENSORS_PREFIX)
        return dlcore_fail(error, DLCORE_ERROR_FORMAT,
                           "%s: file is cut short: %zu bytes, at least %llu expected", name,
                           file_size, (unsigned long long)size + DLCORE_SAFETENSORS_PREFIX);
    *text_size = (size_t)size;
    return DLCORE_OK;
}

/* Text of strings: what other programs may put there, such as {"format": "pt"}. */
static dlcore_status check_metadata(const dlcore_safetensors_parser_t *parser,
                                    const dlcore_json_t *metadata)
{
    dlcore_json_steps_t steps = dlcore_json_steps(metadata);
    dlcore_json_t key, text;

    if (metadata->kind != DLCORE_JSON_OBJECT)
        return dlcore_fail(parser->error, DLCORE_ERROR_FORMAT, "%s: __metadata__ is not an object",
                           parser->name);
    while (dlcore_json_step(&steps, &key, &text)) {
        if (text.kind != DLCORE_JSON_STRING)
            return dlcore_fail(parser->error, DLCORE_ERROR_FORMAT,
                               "%s: __metadata__ has a value that is not a string", parser->name);
    }
    return DLCORE_OK;
}

/* Every byte of the data belongs to exactly one tensor, and is there. */
static dlcore_status check_cover(const dlcore_safetensors_parser_t *parser)
{
    const dlcore_safetensors_t *file = parser->file;
    size_t covered = 0;

    for (size_t i = 0; i < file->count; i++) {
        const dlcore_safetensors_entry_t *entry = &file->entries[i];
        dlcore_json_t name = dlcore_safetensors_name_at(file->text, entry->name);

        if (entry->begin < covered)
            return dlcore_safetensors_refuse(parser, &name, "overlaps the one before it");
        if (entry->begin > covered)
            return dlcore_safetensors_refuse(parser, &name, "begins after a hole");
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

static dlcore_status check_tensor_names(const dlcore_safetensors_parser_t *parser)
{
    const dlcore_safetensors_t *file = parser->file;

    for (size_t i = 1; i < file->count; i++) {
        dlcore_json_t before = dlcore_safetensors_name_at(file->text, file->entries[i - 1].name);
        dlcore_json_t name = dlcore_safetensors_name_at(file->text, file->entries[i].name);

        if (dlcore_json_compare(&before, &name) == 0)
            return dlcore_safetensors_refuse(parser, &name, "is there twice");
    }
    return DLCORE_OK;
}

/* Behind what may fill it up: some writers have the data begin at a page. */
static bool begins_with_brace(const char *text, size_t size)
{
    size_t at = 0;

    while (at < size && dlcore_json_is_space(text[at]))
        at++;
    return at < size && text[at] == '{';
}

static dlcore_status read_header(const dlcore_safetensors_parser_t *parser, dlcore_json_t *header)
{
    const dlcore_safetensors_t *file = parser->file;
    dlcore_json_problem_t problem;

    if (!begins_with_brace(file->text, file->text_size))
        return dlcore_fail(parser->error, DLCORE_ERROR_FORMAT,
                           "%s: not a safetensors file: the header does not begin with {",
                           parser->name);
    if (!dlcore_json_check(file->text, file->text_size, header, &problem))
        return dlcore_fail(parser->error, DLCORE_ERROR_FORMAT, "%s: byte %zu of the header: %s",
                           parser->name, problem.at, problem.what);
    return DLCORE_OK;
}

/* How many tensors the header lists; its metadata is noted on the way. */
static dlcore_status count_entries(const dlcore_safetensors_parser_t *parser,
                                   const dlcore_json_t *header, size_t *count)
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

static dlcore_status list_entries(const dlcore_safetensors_parser_t *parser,
                                  const dlcore_json_t *header)
{
    dlcore_json_steps_t steps = dlcore_json_steps(header);
    dlcore_safetensors_t *file = parser->file;
    dlcore_json_t name, value;
    dlcore_status status = DLCORE_OK;

    while (status == DLCORE_OK && dlcore_json_step(&steps, &name, &value)) {
        if (dlcore_json_is(&name, "__metadata__"))
            continue;
        file->entries[file->count] = (dlcore_safetensors_entry_t){0};
        status =
            dlcore_safetensors_parse_entry(parser, &name, &value, &file->entries[file->count++]);
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
    dlcore_safetensors_parser_t parser = {.file = file, .name = name, .error = error};
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
