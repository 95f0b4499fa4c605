/* Reading zip archives. libzip gets the bytes by a callback that reads from our own input, so that
 * files and memory are alike, errors of the system are ours, and nothing of a file is held that is
 * not asked for.
 *
 * SPDX-License-Identifier: MIT */
#include "exchange/zip.h"

#include <stdio.h>
#include <string.h>
#include <zip.h>

#include "base/allocator.h"
#include "base/error.h"
#include "base/shown.h"
#include "base/size.h"
#include "exchange/zip_claim.h"

/* What deflate can make of a byte at most is 1032 (zlib's technical details). The constant lets a
 * small entry have its one block. */
#define INFLATED_MAX 1032
#define ARCHIVE_MIN 22 /* bytes of the record that ends every archive */

struct dlcore_zip {
    dlcore_allocator_t allocator;
    dlcore_input_t *input;
    size_t position;              /* of libzip in the input */
    zip_error_t source_error;     /* what libzip is told of the callback's errors */
    dlcore_error_record_t failed; /* the first error of the input */
    zip_source_t *source;
    zip_t *archive;
    size_t count;
};

/* ---- the input, as libzip wants it ---- */

static zip_int64_t source_read(dlcore_zip_t *zip, void *to, zip_uint64_t want)
{
    size_t got;

    zip->input->position = zip->position;
    if (dlcore_input_read(zip->input, to, want < SIZE_MAX ? (size_t)want : SIZE_MAX, &got,
                          &zip->failed) != DLCORE_OK) {
        zip_error_set(&zip->source_error, ZIP_ER_READ, 0);
        return -1;
    }
    zip->position += got;
    return (zip_int64_t)got;
}

static zip_int64_t source_seek(dlcore_zip_t *zip, void *arguments, zip_uint64_t length)
{
    zip_int64_t offset = zip_source_seek_compute_offset(zip->position, zip->input->size, arguments,
                                                        length, &zip->source_error);

    if (offset < 0)
        return -1;
    zip->position = (size_t)offset;
    return 0;
}

static zip_int64_t source_stat(const dlcore_zip_t *zip, void *to)
{
    zip_stat_t *stat = to;

    zip_stat_init(stat);
    stat->valid = ZIP_STAT_SIZE;
    stat->size = zip->input->size;
    return sizeof *stat;
}

static zip_int64_t source_call(void *user, void *data, zip_uint64_t length,
                               zip_source_cmd_t command)
{
    dlcore_zip_t *zip = user;

    switch (command) {
    case ZIP_SOURCE_OPEN:
        zip->position = 0;
        return 0;
    case ZIP_SOURCE_READ:
        return source_read(zip, data, length);
    case ZIP_SOURCE_SEEK:
        return source_seek(zip, data, length);
    case ZIP_SOURCE_TELL:
        return (zip_int64_t)zip->position;
    case ZIP_SOURCE_STAT:
        return source_stat(zip, data);
    case ZIP_SOURCE_ERROR:
        return zip_error_to_data(&zip->source_error, data, length);
    case ZIP_SOURCE_CLOSE:
    case ZIP_SOURCE_FREE:
        return 0;
    case ZIP_SOURCE_SUPPORTS:
        return zip_source_make_command_bitmap(
            ZIP_SOURCE_OPEN, ZIP_SOURCE_READ, ZIP_SOURCE_SEEK, ZIP_SOURCE_TELL, ZIP_SOURCE_STAT,
            ZIP_SOURCE_ERROR, ZIP_SOURCE_CLOSE, ZIP_SOURCE_FREE, ZIP_SOURCE_SUPPORTS, -1);
    default:
        zip_error_set(&zip->source_error, ZIP_ER_OPNOTSUPP, 0);
        return -1;
    }
}

/* ---- errors ---- */

/* What libzip says, or what stopped the input; `name` is the entry's, NULL: of the archive. */
static dlcore_status fail_as_libzip(const dlcore_zip_t *zip, const char *name, zip_error_t *said,
                                    dlcore_error_record_t *error)
{
    const char *file = zip->input->name;
    char shown[DLCORE_SHOWN_SIZE] = "the archive";

    if (name != NULL)
        dlcore_show(shown, name, strlen(name));
    if (zip->failed.status != DLCORE_OK) {
        if (error != NULL)
            *error = zip->failed;
        return zip->failed.status;
    }
    if (zip_error_code_zip(said) == ZIP_ER_MEMORY)
        return dlcore_fail(error, DLCORE_ERROR_MEMORY, "%s: libzip has no memory for %s", file,
                           shown);
    if (zip_error_code_zip(said) == ZIP_ER_NOZIP)
        return dlcore_fail(error, DLCORE_ERROR_FORMAT, "%s: not a zip archive, or cut short", file);
    return dlcore_fail(error, DLCORE_ERROR_FORMAT, "%s: %s: %s", file, shown,
                       zip_error_strerror(said));
}

/* ---- the list ---- */

/* libzip finds a name's first entry in a hash table. */
static dlcore_status check_names(const dlcore_zip_t *zip, dlcore_error_record_t *error)
{
    char shown[DLCORE_SHOWN_SIZE];

    for (size_t i = 0; i < zip->count; i++) {
        const char *name = zip_get_name(zip->archive, i, 0);
        size_t first;

        if (name == NULL)
            return dlcore_fail(error, DLCORE_ERROR_FORMAT, "%s: entry %zu has no name",
                               zip->input->name, i);
        if (!dlcore_zip_find(zip, name, &first) || first != i)
            return dlcore_fail(error, DLCORE_ERROR_FORMAT, "%s: two entries are called \"%s\"",
                               zip->input->name, dlcore_show(shown, name, strlen(name)));
    }
    return DLCORE_OK;
}

static dlcore_status fail_entries(const dlcore_zip_t *zip, uint64_t count, size_t most,
                                  dlcore_error_record_t *error)
{
    return dlcore_fail(error, DLCORE_ERROR_UNSUPPORTED, "%s: %llu entries: more than %zu",
                       zip->input->name, (unsigned long long)count, most);
}

static dlcore_status open_archive(dlcore_zip_t *zip, size_t most, dlcore_error_record_t *error)
{
    zip_error_t said;
    dlcore_status status;
    uint64_t claimed;
    zip_int64_t count;

    if (zip->input->size < ARCHIVE_MIN) /* libzip takes nothing for an empty archive */
        return dlcore_fail(error, DLCORE_ERROR_FORMAT, "%s: not a zip archive: %zu bytes",
                           zip->input->name, zip->input->size);
    status = dlcore_zip_claim(zip->input, &zip->allocator, &claimed, error);
    if (status == DLCORE_OK && claimed > most)
        status = fail_entries(zip, claimed, most, error);
    if (status != DLCORE_OK)
        return status;
    zip_error_init(&said);
    zip->source = zip_source_function_create(source_call, zip, &said);
    if (zip->source != NULL)
        zip->archive = zip_open_from_source(zip->source, ZIP_RDONLY, &said);
    if (zip->archive == NULL)
        status = fail_as_libzip(zip, NULL, &said, error);
    zip_error_fini(&said);
    if (status != DLCORE_OK)
        return status;
    zip->source = NULL; /* the archive's now */
    count = zip_get_num_entries(zip->archive, 0);
    if ((uint64_t)count > most)
        return fail_entries(zip, (uint64_t)count, most, error);
    zip->count = (size_t)count;
    return check_names(zip, error);
}

dlcore_status dlcore_zip_open(dlcore_input_t *input, size_t most,
                              const dlcore_allocator_t *allocator, dlcore_zip_t **out,
                              dlcore_error_record_t *error)
{
    dlcore_zip_t *zip = dlcore_allocate(allocator, 1, sizeof *zip);
    dlcore_status status;

    *out = NULL;
    if (zip == NULL)
        return dlcore_fail_memory(error, input->name, sizeof *zip);
    zip->allocator = *allocator;
    zip->input = input;
    zip_error_init(&zip->source_error);
    status = open_archive(zip, most, error);
    if (status == DLCORE_OK)
        *out = zip;
    else
        dlcore_zip_close(zip);
    return status;
}

size_t dlcore_zip_count(const dlcore_zip_t *zip)
{
    return zip->count;
}

/* Without those fields that the archive does not tell: an entry of 0 bytes. */
static zip_stat_t stat_entry(const dlcore_zip_t *zip, size_t index)
{
    zip_stat_t stat;

    zip_stat_init(&stat);
    (void)zip_stat_index(zip->archive, index, 0, &stat);
    return stat;
}

dlcore_zip_entry_t dlcore_zip_entry(const dlcore_zip_t *zip, size_t index)
{
    zip_stat_t stat = stat_entry(zip, index);

    return (dlcore_zip_entry_t){.name = zip_get_name(zip->archive, index, 0),
                                .size = stat.size < SIZE_MAX ? (size_t)stat.size : SIZE_MAX,
                                .packed =
                                    stat.comp_size < SIZE_MAX ? (size_t)stat.comp_size : SIZE_MAX,
                                .compressed = stat.comp_method != ZIP_CM_STORE,
                                .encrypted = stat.encryption_method != ZIP_EM_NONE};
}

bool dlcore_zip_find(const dlcore_zip_t *zip, const char *name, size_t *index)
{
    zip_int64_t found = zip_name_locate(zip->archive, name, 0);

    if (found < 0)
        return false;
    *index = (size_t)found;
    return true;
}

/* ---- content ---- */

/* What can be told before a byte is read. */
static dlcore_status check_entry(const dlcore_zip_t *zip, size_t index, const char *shown,
                                 dlcore_zip_entry_t *entry, dlcore_error_record_t *error)
{
    const char *file = zip->input->name;
    zip_stat_t stat = stat_entry(zip, index);
    size_t most;

    *entry = dlcore_zip_entry(zip, index);
    if (entry->encrypted)
        return dlcore_fail(error, DLCORE_ERROR_UNSUPPORTED, "%s: %s is encrypted", file, shown);
    if (entry->compressed && stat.comp_method != ZIP_CM_DEFLATE)
        return dlcore_fail(error, DLCORE_ERROR_UNSUPPORTED,
                           "%s: %s: compression method %d: only stored and deflated entries are "
                           "read",
                           file, shown, stat.comp_method);
    if (entry->packed > zip->input->size)
        return dlcore_fail(error, DLCORE_ERROR_FORMAT, "%s: %zu bytes, of which %s would take %zu",
                           file, zip->input->size, shown, entry->packed);
    if (!entry->compressed)
        most = entry->packed;
    else if (!dlcore_size_multiply(entry->packed, INFLATED_MAX, &most))
        most = SIZE_MAX;
    if (entry->size > most)
        return dlcore_fail(error, DLCORE_ERROR_FORMAT,
                           "%s: %s declares %zu bytes, which %zu packed ones cannot be", file,
                           shown, entry->size, entry->packed);
    return DLCORE_OK;
}

/* `want` bytes, which the entry declares. Where these are the `whole`, also sees that no more come:
 * at the end libzip compares the checksum. */
static dlcore_status read_open_file(const dlcore_zip_t *zip, const char *name, zip_file_t *file,
                                    void *to, size_t want, bool whole, dlcore_error_record_t *error)
{
    char shown[DLCORE_SHOWN_SIZE];
    unsigned char *next = to;
    unsigned char more;
    size_t left = want;
    zip_int64_t got = 1;

    for (; left > 0 && got > 0; left -= (size_t)got, next += got) {
        got = zip_fread(file, next, left);
        if (got < 0)
            return fail_as_libzip(zip, name, zip_file_get_error(file), error);
    }
    if (left == 0 && whole)
        got = zip_fread(file, &more, 1);
    if (left == 0 && whole && got < 0)
        return fail_as_libzip(zip, name, zip_file_get_error(file), error);
    if (left > 0 || (whole && got > 0))
        return dlcore_fail(error, DLCORE_ERROR_FORMAT, "%s: %s has %s than the %zu bytes declared",
                           zip->input->name, dlcore_show(shown, name, strlen(name)),
                           left > 0 ? "fewer" : "more", want);
    return DLCORE_OK;
}

static dlcore_status read_entry(const dlcore_zip_t *zip, size_t index, const char *name, void *to,
                                size_t want, bool whole, dlcore_error_record_t *error)
{
    zip_file_t *file = zip_fopen_index(zip->archive, index, 0);
    dlcore_status status;

    if (file == NULL)
        return fail_as_libzip(zip, name, zip_get_error(zip->archive), error);
    status = read_open_file(zip, name, file, to, want, whole, error);
    (void)zip_fclose(file);
    return status;
}

dlcore_status dlcore_zip_read(dlcore_zip_t *zip, size_t index, size_t limit, void **bytes,
                              size_t *size, dlcore_error_record_t *error)
{
    char shown[DLCORE_SHOWN_SIZE];
    dlcore_zip_entry_t entry = dlcore_zip_entry(zip, index);
    dlcore_status status =
        check_entry(zip, index, dlcore_show(shown, entry.name, strlen(entry.name)), &entry, error);

    *bytes = NULL;
    *size = 0;
    if (status != DLCORE_OK)
        return status;
    if (entry.size > limit)
        return dlcore_fail(error, DLCORE_ERROR_OVERFLOW, "%s: %s has %zu bytes: more than %zu",
                           zip->input->name, shown, entry.size, limit);
    *bytes = dlcore_allocate_raw(&zip->allocator, entry.size, 1);
    if (*bytes == NULL)
        return dlcore_fail_memory(error, zip->input->name, entry.size);
    status = read_entry(zip, index, entry.name, *bytes, entry.size, true, error);
    if (status == DLCORE_OK) {
        *size = entry.size;
        return DLCORE_OK;
    }
    dlcore_release(&zip->allocator, *bytes);
    *bytes = NULL;
    return status;
}

dlcore_status dlcore_zip_read_start(dlcore_zip_t *zip, size_t index, void *to, size_t want,
                                    size_t *got, dlcore_error_record_t *error)
{
    char shown[DLCORE_SHOWN_SIZE];
    dlcore_zip_entry_t entry = dlcore_zip_entry(zip, index);
    dlcore_status status =
        check_entry(zip, index, dlcore_show(shown, entry.name, strlen(entry.name)), &entry, error);

    *got = 0;
    if (status != DLCORE_OK)
        return status;
    want = dlcore_size_min(want, entry.size);
    status = read_entry(zip, index, entry.name, to, want, false, error);
    if (status == DLCORE_OK)
        *got = want;
    return status;
}

void dlcore_zip_close(dlcore_zip_t *zip)
{
    dlcore_allocator_t allocator;

    if (zip == NULL)
        return;
    if (zip->archive != NULL)
        zip_discard(zip->archive);
    if (zip->source != NULL)
        zip_source_free(zip->source);
    zip_error_fini(&zip->source_error);
    allocator = zip->allocator;
    dlcore_release(&allocator, zip);
}
