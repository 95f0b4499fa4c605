/* Reading .npz files: zip archives whose entries are .npy files.
 *
 * SPDX-License-Identifier: MIT */
#include "exchange/npz.h"

#include <stdio.h>
#include <string.h>

#include "base/allocator.h"
#include "base/error.h"
#include "base/shown.h"
#include "base/traces.h"
#include "data/npy.h"
#include "exchange/zip.h"
#include "files/input.h"

/* The arrays are entries of the archive; their names are one block behind the struct. */
typedef struct npz_place {
    size_t index; /* of the entry */
    char *name;
} npz_place_t;

#define NPZ_ENTRIES_MAX ((size_t)16384)

struct dlcore_npz {
    dlcore_allocator_t allocator;
    dlcore_input_t input;
    dlcore_zip_t *zip;
    size_t count;
    npz_place_t *places;
    char *names;
};

static size_t array_name_length(const char *entry)
{
    size_t length = strlen(entry);
    size_t suffix = strlen(DLCORE_NPZ_SUFFIX);

    if (length < suffix || memcmp(entry + length - suffix, DLCORE_NPZ_SUFFIX, suffix) != 0)
        return SIZE_MAX;
    return length - suffix;
}

/* Places and names of the entries that end in ".npy". */
static dlcore_status list_arrays(dlcore_npz_t *npz, dlcore_error_record_t *error)
{
    size_t entries = dlcore_zip_count(npz->zip);
    size_t used = 0;

    for (size_t i = 0; i < entries; i++) {
        size_t length = array_name_length(dlcore_zip_entry(npz->zip, i).name);

        if (length == SIZE_MAX)
            continue;
        npz->count++;
        used += length + 1;
    }
    npz->places = dlcore_allocate(&npz->allocator, npz->count, sizeof *npz->places);
    npz->names = dlcore_allocate(&npz->allocator, used, 1);
    if (npz->places == NULL || npz->names == NULL)
        return dlcore_fail_memory(error, npz->input.name, used + npz->count * sizeof *npz->places);
    used = 0;
    for (size_t i = 0, array = 0; i < entries; i++) {
        const char *name = dlcore_zip_entry(npz->zip, i).name;
        size_t length = array_name_length(name);

        if (length == SIZE_MAX)
            continue;
        npz->places[array++] = (npz_place_t){.index = i, .name = npz->names + used};
        memcpy(npz->names + used, name, length);
        used += length + 1;
    }
    return DLCORE_OK;
}

static dlcore_status begin_npz(const dlcore_allocator_t *allocator, dlcore_npz_t **npz,
                               dlcore_error_record_t *error)
{
    dlcore_allocator_t memory = dlcore_allocator_or_default(allocator);

    *npz = dlcore_allocate(&memory, 1, sizeof **npz);
    if (*npz == NULL)
        return dlcore_fail_memory(error, "npz", sizeof **npz);
    (*npz)->allocator = memory;
    (*npz)->input.file = DLCORE_FILE_NONE;
    return DLCORE_OK;
}

static void free_npz(dlcore_npz_t *npz)
{
    dlcore_allocator_t allocator;

    if (npz == NULL)
        return;
    dlcore_zip_close(npz->zip);
    dlcore_input_close(&npz->input);
    allocator = npz->allocator;
    dlcore_release(&allocator, npz->places);
    dlcore_release(&allocator, npz->names);
    dlcore_release(&allocator, npz);
}

/* A path, or with path NULL memory. */
typedef struct npz_origin {
    const char *path;
    const void *bytes;
    size_t size;
} npz_origin_t;

static dlcore_status open_npz(const npz_origin_t *origin, const dlcore_allocator_t *allocator,
                              dlcore_npz_t **out, dlcore_error_record_t *error)
{
    dlcore_npz_t *npz = NULL;
    dlcore_status status = begin_npz(allocator, &npz, error);

    if (status != DLCORE_OK)
        return status;
    if (origin->path != NULL)
        status = dlcore_input_open(&npz->input, origin->path, error);
    else
        dlcore_input_from_memory(&npz->input, origin->bytes, origin->size, ".npz data");
    if (status == DLCORE_OK)
        status = dlcore_zip_open(&npz->input, NPZ_ENTRIES_MAX, &npz->allocator, &npz->zip, error);
    if (status == DLCORE_OK)
        status = list_arrays(npz, error);
    if (status == DLCORE_OK)
        *out = npz;
    else
        free_npz(npz);
    return status;
}

static dlcore_status check_opening(const void *from, const char *what,
                                   const dlcore_allocator_t *allocator, const void *out,
                                   dlcore_error_record_t *error)
{
    if (from == NULL || out == NULL)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "%s is NULL", out == NULL ? "out" : what);
    return dlcore_check_allocator(allocator, error);
}

/* ---- arrays ---- */

const char *dlcore_npz_shown_name(const dlcore_npz_t *npz)
{
    return npz->input.name;
}

size_t dlcore_npz_find(const dlcore_npz_t *npz, const char *name)
{
    size_t array = 0;

    while (array < npz->count && strcmp(npz->places[array].name, name) != 0)
        array++;
    return array;
}

dlcore_status dlcore_npz_read_start(dlcore_npz_t *npz, size_t array, void *bytes, size_t room,
                                    size_t *got, size_t *size, dlcore_error_record_t *error)
{
    size_t place = npz->places[array].index;

    *size = dlcore_zip_entry(npz->zip, place).size;
    return dlcore_zip_read_start(npz->zip, place, bytes, room, got, error);
}

static dlcore_status fail_name(const dlcore_npz_t *npz, const char *name,
                               dlcore_error_record_t *error)
{
    dlcore_shown_names_t names = {.used = 0};
    char shown[DLCORE_SHOWN_SIZE];

    for (size_t i = 0; i < npz->count && !names.cut; i++)
        dlcore_shown_add(&names, npz->places[i].name);
    if (npz->count == 0)
        return dlcore_fail(error, DLCORE_ERROR_NAME, "%s: has no arrays", npz->input.name);
    if (name == NULL)
        return dlcore_fail(error, DLCORE_ERROR_NAME, "%s: has %zu arrays, name one of %s",
                           npz->input.name, npz->count, names.text);
    return dlcore_fail(error, DLCORE_ERROR_NAME, "%s: has no array \"%s\", but %s", npz->input.name,
                       dlcore_show(shown, name, strlen(name)), names.text);
}

/* "mnist.npz: x_train", for messages. */
static void name_array(char to[DLCORE_SHOWN_PATH_SIZE], const dlcore_npz_t *npz, size_t array)
{
    char shown[DLCORE_SHOWN_SIZE];
    const char *name = npz->places[array].name;
    char text[DLCORE_SHOWN_PATH_SIZE + 2 + DLCORE_SHOWN_SIZE];

    snprintf(text, sizeof text, "%s: %s", npz->input.name, dlcore_show(shown, name, strlen(name)));
    dlcore_show_path(to, DLCORE_SHOWN_PATH_SIZE, text);
}

static dlcore_status read_array(dlcore_npz_t *npz, size_t array, dlcore_tensor_t **out,
                                dlcore_error_record_t *error)
{
    char name[DLCORE_SHOWN_PATH_SIZE];
    dlcore_input_t input;
    void *bytes;
    size_t size;
    dlcore_status status = dlcore_zip_read(npz->zip, npz->places[array].index, DLCORE_ZIP_NO_LIMIT,
                                           &bytes, &size, error);

    if (status != DLCORE_OK)
        return status;
    name_array(name, npz, array);
    dlcore_input_from_memory(&input, bytes, size, name);
    status = dlcore_npy_read(&input, &npz->allocator, out, error);
    dlcore_release(&npz->allocator, bytes);
    return status;
}

static dlcore_status read_named(dlcore_npz_t *npz, const char *name, dlcore_tensor_t **out,
                                dlcore_error_record_t *error)
{
    size_t array = name != NULL ? dlcore_npz_find(npz, name) : 0;

    if (name == NULL && npz->count != 1)
        return fail_name(npz, name, error);
    if (array == npz->count)
        return fail_name(npz, name, error);
    return read_array(npz, array, out, error);
}

static dlcore_status load_npz(const npz_origin_t *origin, const char *name,
                              const dlcore_allocator_t *allocator, dlcore_tensor_t **out,
                              dlcore_error_record_t *error)
{
    dlcore_npz_t *npz = NULL;
    dlcore_status status = open_npz(origin, allocator, &npz, error);

    if (status == DLCORE_OK)
        status = read_named(npz, name, out, error);
    free_npz(npz);
    return status;
}

/* The input claims the entry's size, of which only the start is there: no more than a header is
 * read of it. */
static dlcore_status inspect_npz(dlcore_npz_t *npz, size_t index, dlcore_npz_array_t *array,
                                 dlcore_error_record_t *error)
{
    size_t place = npz->places[index].index;
    dlcore_zip_entry_t entry = dlcore_zip_entry(npz->zip, place);
    dlcore_file_elements_t elements;
    char name[DLCORE_SHOWN_PATH_SIZE];
    dlcore_input_t input;
    unsigned char *start = dlcore_allocate_raw(&npz->allocator, DLCORE_NPY_START_MAX, 1);
    size_t got;
    dlcore_status status;

    if (start == NULL)
        return dlcore_fail_memory(error, npz->input.name, DLCORE_NPY_START_MAX);
    name_array(name, npz, index);
    status = dlcore_zip_read_start(npz->zip, place, start, DLCORE_NPY_START_MAX, &got, error);
    dlcore_input_from_memory(&input, start, entry.size, name);
    if (status == DLCORE_OK)
        status = dlcore_npy_read_header(&input, &npz->allocator, &elements, error);
    dlcore_release(&npz->allocator, start);
    if (status != DLCORE_OK)
        return status;
    *array = (dlcore_npz_array_t){.dtype = elements.dtype,
                                  .rank = elements.rank,
                                  .item_size = elements.item,
                                  .big_endian = elements.big_endian,
                                  .fortran_order = elements.fortran_order,
                                  .compressed = entry.compressed};
    memcpy(array->shape, elements.shape, elements.rank * sizeof elements.shape[0]);
    return DLCORE_OK;
}

/* ---- what users call ---- */

static dlcore_status open_checked(const npz_origin_t *origin, const void *from, const char *what,
                                  const dlcore_allocator_t *allocator, dlcore_npz_t **out,
                                  dlcore_error_record_t *error)
{
    dlcore_status status = check_opening(from, what, allocator, out, error);

    if (out != NULL)
        *out = NULL;
    return status == DLCORE_OK ? open_npz(origin, allocator, out, error) : status;
}

dlcore_status dlcore_npz_open(const char *path, const dlcore_allocator_t *allocator,
                              dlcore_npz_t **out, dlcore_error_record_t *error)
{
    dlcore_traces_t before = dlcore_traces_note();
    npz_origin_t origin = {.path = path};

    return dlcore_traces_end(before, open_checked(&origin, path, "path", allocator, out, error));
}

dlcore_status dlcore_npz_open_memory(const void *bytes, size_t size,
                                     const dlcore_allocator_t *allocator, dlcore_npz_t **out,
                                     dlcore_error_record_t *error)
{
    dlcore_traces_t before = dlcore_traces_note();
    npz_origin_t origin = {.bytes = bytes, .size = size};

    return dlcore_traces_end(before, open_checked(&origin, bytes, "bytes", allocator, out, error));
}

static dlcore_status load_checked(const npz_origin_t *origin, const void *from, const char *what,
                                  const char *name, const dlcore_allocator_t *allocator,
                                  dlcore_tensor_t **out, dlcore_error_record_t *error)
{
    dlcore_status status = check_opening(from, what, allocator, out, error);

    if (out != NULL)
        *out = NULL;
    return status == DLCORE_OK ? load_npz(origin, name, allocator, out, error) : status;
}

dlcore_status dlcore_npz_load(const char *path, const char *name,
                              const dlcore_allocator_t *allocator, dlcore_tensor_t **out,
                              dlcore_error_record_t *error)
{
    dlcore_traces_t before = dlcore_traces_note();
    npz_origin_t origin = {.path = path};

    return dlcore_traces_end(before,
                             load_checked(&origin, path, "path", name, allocator, out, error));
}

dlcore_status dlcore_npz_parse(const void *bytes, size_t size, const char *name,
                               const dlcore_allocator_t *allocator, dlcore_tensor_t **out,
                               dlcore_error_record_t *error)
{
    dlcore_traces_t before = dlcore_traces_note();
    npz_origin_t origin = {.bytes = bytes, .size = size};

    return dlcore_traces_end(before,
                             load_checked(&origin, bytes, "bytes", name, allocator, out, error));
}

size_t dlcore_npz_count(const dlcore_npz_t *npz)
{
    return npz != NULL ? npz->count : 0;
}

const char *dlcore_npz_name(const dlcore_npz_t *npz, size_t index)
{
    return index < dlcore_npz_count(npz) ? npz->places[index].name : NULL;
}

static dlcore_status inspect_checked(dlcore_npz_t *npz, size_t index, dlcore_npz_array_t *array,
                                     dlcore_error_record_t *error)
{
    if (npz == NULL || array == NULL)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "%s is NULL",
                           npz == NULL ? "npz" : "array");
    if (index >= npz->count)
        return dlcore_fail(error, DLCORE_ERROR_RANGE, "%s: array %zu of %zu", npz->input.name,
                           index, npz->count);
    return inspect_npz(npz, index, array, error);
}

dlcore_status dlcore_npz_inspect(dlcore_npz_t *npz, size_t index, dlcore_npz_array_t *array,
                                 dlcore_error_record_t *error)
{
    dlcore_traces_t before = dlcore_traces_note();

    return dlcore_traces_end(before, inspect_checked(npz, index, array, error));
}

static dlcore_status read_checked(dlcore_npz_t *npz, const char *name, dlcore_tensor_t **out,
                                  dlcore_error_record_t *error)
{
    if (npz == NULL || out == NULL)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "%s is NULL", npz == NULL ? "npz" : "out");
    *out = NULL;
    return read_named(npz, name, out, error);
}

dlcore_status dlcore_npz_read(dlcore_npz_t *npz, const char *name, dlcore_tensor_t **out,
                              dlcore_error_record_t *error)
{
    dlcore_traces_t before = dlcore_traces_note();

    return dlcore_traces_end(before, read_checked(npz, name, out, error));
}

void dlcore_npz_free(dlcore_npz_t *npz)
{
    dlcore_traces_t before = dlcore_traces_note();

    free_npz(npz);
    (void)dlcore_traces_end(before, DLCORE_OK);
}
