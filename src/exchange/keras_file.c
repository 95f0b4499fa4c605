/* Taking apart what Keras writes.
 *
 * SPDX-License-Identifier: MIT */
#include "exchange/keras_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/allocator.h"
#include "base/error.h"
#include "base/size.h"
#include "exchange/hdf5_heap.h"
#include "exchange/zip.h"
#include "files/file_path.h"
#include "files/input.h"
#include "system/files.h"

/* Texts of models have some kilobytes for each layer, of which there are 1000 at most. */
#define TEXT_MOST ((size_t)64 << 20)
/* Of what is unpacked to the file. */
#define EXPANSION_FREE ((size_t)64 << 20)
#define EXPANSION_MOST ((size_t)100)

/* Keras writes three, and the files of layers that dlcore does not have. */
#define KERAS_ENTRIES_MAX ((size_t)1024)

#define CONFIG_NAME "config.json"
#define METADATA_NAME "metadata.json"
#define NUMBERS_NAME "model.weights.h5"

/* ---- texts ---- */

static dlcore_status check_text(const dlcore_keras_file_t *file, const char *what,
                                dlcore_keras_text_t *text)
{
    dlcore_json_problem_t problem;

    if (text->bytes == NULL || dlcore_json_check(text->bytes, text->size, &text->json, &problem))
        return DLCORE_OK;
    return dlcore_fail(file->error, DLCORE_ERROR_FORMAT, "%s: %s: byte %zu: %s", file->name, what,
                       problem.at, problem.what);
}

static void note_version(dlcore_keras_file_t *file, const char *version)
{
    char shown[DLCORE_SHOWN_SIZE];

    snprintf(file->version, sizeof file->version, "Keras %.20s",
             dlcore_show(shown, version, strlen(version)));
}

/* Metadata that cannot be read do no harm: Keras itself does not read them. */
static void read_metadata(dlcore_keras_file_t *file)
{
    dlcore_json_problem_t problem;
    dlcore_json_t version;
    char text[24];

    if (file->metadata.bytes == NULL ||
        !dlcore_json_check(file->metadata.bytes, file->metadata.size, &file->metadata.json,
                           &problem))
        return;
    if (dlcore_json_member(&file->metadata.json, "keras_version", &version) &&
        dlcore_json_string(&version, text, sizeof text) > 0)
        note_version(file, text);
    file->is_own = !dlcore_json_member(&file->metadata.json, "dlcore_version", &version) ||
                   version.kind != DLCORE_JSON_NONE;
}

/* ---- HDF5 ---- */

static dlcore_status read_attributes(dlcore_keras_file_t *file)
{
    char *version = NULL;
    size_t size;
    dlcore_status status = dlcore_hdf5_text(&file->hdf5, "/", "model_config", &file->allocator,
                                            &file->model.bytes, &file->model.size);

    if (status == DLCORE_OK)
        status = dlcore_hdf5_text(&file->hdf5, "/", "training_config", &file->allocator,
                                  &file->training.bytes, &file->training.size);
    if (status == DLCORE_OK)
        status = dlcore_hdf5_text(&file->hdf5, file->layers, "keras_version", &file->allocator,
                                  &version, &size);
    if (version != NULL)
        note_version(file, version);
    dlcore_release(&file->allocator, version);
    if (status == DLCORE_OK)
        status = check_text(file, "model_config", &file->model);
    return status == DLCORE_OK ? check_text(file, "training_config", &file->training) : status;
}

/* Opens the numbers and finds out how layers lie in them. */
static dlcore_status open_numbers(dlcore_keras_file_t *file, const void *bytes, size_t size)
{
    static const char *const groups[] = {"layers", "_layer_checkpoint_dependencies",
                                         "model_weights"};
    const char *problem = NULL;
    bool there = false;
    dlcore_status status = dlcore_hdf5_open(&file->hdf5, bytes, size, file->name, file->error);

    file->layers = "/";
    for (size_t i = 0; i < sizeof groups / sizeof groups[0] && status == DLCORE_OK && !there; i++) {
        status = dlcore_hdf5_has(&file->hdf5, groups[i], &there);
        if (there)
            file->layers = groups[i];
    }
    file->by_name = file->layers == groups[2] || file->layers[0] == '/';
    if (status == DLCORE_OK && file->by_name) /* then texts will be read */
        problem = dlcore_hdf5_heap_problem(bytes, size);
    if (problem != NULL)
        return dlcore_fail(file->error, DLCORE_ERROR_FORMAT, "%s: %s", file->name, problem);
    return status;
}

/* ---- ZIP ---- */

static dlcore_status read_text(dlcore_keras_file_t *file, dlcore_zip_t *zip, const char *name,
                               dlcore_keras_text_t *text)
{
    size_t index;
    void *bytes = NULL;
    dlcore_status status = DLCORE_OK;

    if (dlcore_zip_find(zip, name, &index))
        status = dlcore_zip_read(zip, index, TEXT_MOST, &bytes, &text->size, file->error);
    text->bytes = bytes;
    return status;
}

/* Numbers pack to two thirds at best, zeros of an optimizer that was not used to a thousandth. */
static size_t most_numbers(size_t zip_size)
{
    size_t most;

    if (!dlcore_size_multiply(zip_size, EXPANSION_MOST, &most))
        most = SIZE_MAX;
    return dlcore_size_max(most, EXPANSION_FREE);
}

static dlcore_status read_keras_entries(dlcore_keras_file_t *file, dlcore_zip_t *zip,
                                        size_t zip_size)
{
    size_t index, size = 0;
    dlcore_status status;

    if (!dlcore_zip_find(zip, CONFIG_NAME, &index) || !dlcore_zip_find(zip, NUMBERS_NAME, &index))
        return dlcore_fail(file->error, DLCORE_ERROR_FORMAT,
                           "%s: has no " CONFIG_NAME " or no " NUMBERS_NAME ", which a .keras "
                           "file has",
                           file->name);
    status = read_text(file, zip, CONFIG_NAME, &file->model);
    if (status == DLCORE_OK)
        status = check_text(file, CONFIG_NAME, &file->model);
    if (status == DLCORE_OK)
        status = read_text(file, zip, METADATA_NAME, &file->metadata);
    if (status == DLCORE_OK)
        status =
            dlcore_zip_read(zip, index, most_numbers(zip_size), &file->numbers, &size, file->error);
    if (status == DLCORE_OK)
        status = open_numbers(file, file->numbers, size);
    read_metadata(file);
    return status;
}

static dlcore_status open_zip(dlcore_keras_file_t *file, dlcore_input_t *input)
{
    dlcore_zip_t *zip;
    dlcore_status status =
        dlcore_zip_open(input, KERAS_ENTRIES_MAX, &file->allocator, &zip, file->error);

    if (status != DLCORE_OK)
        return status;
    status = read_keras_entries(file, zip, input->size);
    dlcore_zip_close(zip);
    return status;
}

/* ---- all of it ---- */

/* All of a file, into memory; *bytes is the caller's to release in any case. */
static dlcore_status read_keras_input(const dlcore_keras_file_t *file, dlcore_input_t *input,
                                      void **bytes, size_t *size)
{
    *size = input->size;
    *bytes = dlcore_allocate_raw(&file->allocator, input->size, 1);
    if (*bytes == NULL)
        return dlcore_fail_memory(file->error, file->name, input->size);
    return dlcore_input_read(input, *bytes, input->size, size, file->error);
}

static dlcore_status open_input(dlcore_keras_file_t *file, dlcore_input_t *input)
{
    static const unsigned char zip_signature[4] = {'P', 'K', 3, 4};
    unsigned char first[8];
    const void *bytes = input->bytes;
    size_t size = input->size;
    dlcore_status status = dlcore_input_read(input, first, sizeof first, &size, file->error);

    if (status != DLCORE_OK)
        return status;
    input->position = 0;
    if (size >= sizeof zip_signature && memcmp(first, zip_signature, sizeof zip_signature) == 0)
        return open_zip(file, input);
    if (!dlcore_hdf5_is(first, size))
        return dlcore_fail(file->error, DLCORE_ERROR_FORMAT,
                           "%s: is no file of Keras: neither ZIP (.keras) nor HDF5 (.h5)",
                           file->name);
    size = input->size;
    if (bytes == NULL) {
        status = read_keras_input(file, input, &file->numbers, &size);
        bytes = file->numbers;
    }
    if (status == DLCORE_OK)
        status = open_numbers(file, bytes, size);
    return status == DLCORE_OK && file->by_name ? read_attributes(file) : status;
}

static dlcore_status begin_file(dlcore_keras_file_t *file, const char *name,
                                const dlcore_allocator_t *allocator, dlcore_error_record_t *error)
{
    *file = (dlcore_keras_file_t){.allocator = *allocator, .hdf5 = {.file = -1}, .error = error};
    dlcore_show_path(file->name, sizeof file->name, name);
    return dlcore_check_allocator(allocator, error);
}

/* The path of a file of the folder `path`; false: it is too long, or of no folder. */
static bool member_of(char member[DLCORE_PATH_SIZE], const char *path, const char *name)
{
    return path[0] != '\0' &&
           snprintf(member, DLCORE_PATH_SIZE, "%s/%s", path, name) < DLCORE_PATH_SIZE;
}

static dlcore_status read_folder_member(const dlcore_keras_file_t *file, const char *path,
                                        const char *name, void **bytes, size_t *size)
{
    char member[DLCORE_PATH_SIZE];
    dlcore_input_t input;
    dlcore_status status;

    if (!member_of(member, path, name))
        return dlcore_fail(file->error, DLCORE_ERROR_UNSUPPORTED, "%s: is too long a path",
                           file->name);
    status = dlcore_input_open(&input, member, file->error);
    if (status != DLCORE_OK)
        return status;
    status = read_keras_input(file, &input, bytes, size);
    dlcore_input_close(&input);
    return status;
}

/* Whether there is such a file, whatever it is: one that cannot be read is not passed over. */
static dlcore_status look_for_member(const dlcore_keras_file_t *file, const char *path,
                                     const char *name, bool *there)
{
    const dlcore_system_t *system = dlcore_system();
    char member[DLCORE_PATH_SIZE];
    dlcore_file_info_t info;

    *there = false;
    if (!member_of(member, path, name))
        return DLCORE_OK;
    *there = system->fstatat(system->user, DLCORE_FILE_HERE, member, &info) == 0;
    if (!*there && errno != ENOENT && errno != ENOTDIR && errno != ENAMETOOLONG)
        return dlcore_fail_errno(file->error, errno, "%s: cannot look for %s", file->name, name);
    return DLCORE_OK;
}

static dlcore_status open_keras_folder(dlcore_keras_file_t *file, const char *path)
{
    void *text = NULL, *metadata = NULL;
    bool has_metadata = false;
    size_t size = 0;
    dlcore_status status = read_folder_member(file, path, CONFIG_NAME, &text, &file->model.size);

    file->model.bytes = text;
    if (status == DLCORE_OK)
        status = check_text(file, CONFIG_NAME, &file->model);
    if (status == DLCORE_OK)
        status = read_folder_member(file, path, NUMBERS_NAME, &file->numbers, &size);
    if (status == DLCORE_OK)
        status = look_for_member(file, path, METADATA_NAME, &has_metadata);
    if (status == DLCORE_OK && has_metadata) {
        status = read_folder_member(file, path, METADATA_NAME, &metadata, &file->metadata.size);
        file->metadata.bytes = metadata;
        read_metadata(file);
    }
    return status == DLCORE_OK ? open_numbers(file, file->numbers, size) : status;
}

dlcore_status dlcore_keras_file_open(dlcore_keras_file_t *file, const char *path,
                                     const dlcore_allocator_t *allocator,
                                     dlcore_error_record_t *error)
{
    dlcore_input_t input;
    bool is_folder = false;
    dlcore_status status = begin_file(file, path, allocator, error);

    if (status == DLCORE_OK)
        status = look_for_member(file, path, CONFIG_NAME, &is_folder);
    if (status != DLCORE_OK)
        return status;
    if (is_folder)
        return open_keras_folder(file, path);
    status = dlcore_input_open(&input, path, error);
    if (status != DLCORE_OK)
        return status;
    status = open_input(file, &input);
    dlcore_input_close(&input);
    return status;
}

dlcore_status dlcore_keras_file_open_memory(dlcore_keras_file_t *file, const void *bytes,
                                            size_t size, const dlcore_allocator_t *allocator,
                                            dlcore_error_record_t *error)
{
    dlcore_input_t input;
    dlcore_status status = begin_file(file, "memory", allocator, error);

    if (status != DLCORE_OK)
        return status;
    dlcore_input_from_memory(&input, bytes, size, "memory");
    return open_input(file, &input);
}

void dlcore_keras_file_close(dlcore_keras_file_t *file)
{
    dlcore_hdf5_close(&file->hdf5);
    dlcore_release(&file->allocator, file->model.bytes);
    dlcore_release(&file->allocator, file->training.bytes);
    dlcore_release(&file->allocator, file->metadata.bytes);
    dlcore_release(&file->allocator, file->numbers);
}

bool dlcore_keras_file_is_before(const dlcore_keras_file_t *file, unsigned long major,
                                 unsigned long minor)
{
    char *end;
    unsigned long found;

    if (file->is_own || strncmp(file->version, "Keras ", 6) != 0)
        return false;
    found = strtoul(file->version + 6, &end, 10);
    if (*end != '.')
        return false;
    return found < major || (found == major && strtoul(end + 1, NULL, 10) < minor);
}
