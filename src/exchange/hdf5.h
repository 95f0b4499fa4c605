/* HDF5 files in memory, as far as Keras uses them: groups, arrays of numbers, attributes of text.
 * hdf5*.c alone call libhdf5.
 *
 * A file is hostile. Only what is asked for by its path is looked at, so loops of links lead
 * nowhere. Soft and external links are refused, and so are arrays whose numbers do not lie whole
 * within the file: virtual or external ones, chunks, filters. What all arrays that were looked at
 * have together never exceeds the file, so that whoever allocates for them stays within its size.
 *
 * Any thread: each function has libhdf5 for itself while it runs, and keeps it silent.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_EXCHANGE_HDF5_H
#define DLCORE_EXCHANGE_HDF5_H

#include "system/compiler.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dlcore/status.h"

DLCORE_HIDDEN_BEGIN

#define DLCORE_HDF5_RANK_MAX 8
#define DLCORE_HDF5_PATH_SIZE 512

typedef struct dlcore_hdf5 {
    int64_t file; /* libhdf5's number of it */
    const unsigned char *bytes;
    size_t size;
    size_t unclaimed; /* bytes of the file that no array was found to have yet */
    const char *name; /* for messages; borrowed */
    dlcore_error_record_t *error;
} dlcore_hdf5_t;

typedef enum dlcore_hdf5_numbers {
    DLCORE_HDF5_OTHER = 0,
    DLCORE_HDF5_FLOAT32,
    DLCORE_HDF5_INTEGER
} dlcore_hdf5_numbers_t;

typedef struct dlcore_hdf5_array {
    dlcore_hdf5_numbers_t numbers;
    size_t rank;
    size_t shape[DLCORE_HDF5_RANK_MAX];
    size_t count;   /* product of the shape */
    size_t bytes;   /* in the file */
    char shown[64]; /* the type and the shape for messages: "float32 (3, 4)" */
} dlcore_hdf5_array_t;

/* Whether the bytes begin as an HDF5 file does. */
bool dlcore_hdf5_is(const void *bytes, size_t size);

/* ---- reading ---- */

/* Opens a file whose bytes are borrowed until it is closed. DLCORE_ERROR_FORMAT. On failure there
 * is nothing to close. */
dlcore_status dlcore_hdf5_open(dlcore_hdf5_t *file, const void *bytes, size_t size,
                               const char *name, dlcore_error_record_t *error);
void dlcore_hdf5_close(dlcore_hdf5_t *file);

/* Whether something is there. DLCORE_ERROR_FORMAT for a link, DLCORE_ERROR_UNSUPPORTED for a path
 * of DLCORE_HDF5_PATH_SIZE or more. */
dlcore_status dlcore_hdf5_has(const dlcore_hdf5_t *file, const char *path, bool *there);
/* Members of a group; 0 where nothing is there. */
dlcore_status dlcore_hdf5_members(const dlcore_hdf5_t *file, const char *path, size_t *count);

/* What an array is; its bytes are claimed. DLCORE_ERROR_NAME where nothing is there. */
dlcore_status dlcore_hdf5_look(dlcore_hdf5_t *file, const char *path, dlcore_hdf5_array_t *array);
/* All numbers of a float32 array that has `count` of them. */
dlcore_status dlcore_hdf5_floats(const dlcore_hdf5_t *file, const char *path, float *to,
                                 size_t count);
/* The number of an array of one integer, 0 or more. */
dlcore_status dlcore_hdf5_count(const dlcore_hdf5_t *file, const char *path, uint64_t *count);

/* The text of a group's attribute, of one string, terminated; *text NULL where there is none. To be
 * released to the allocator. */
dlcore_status dlcore_hdf5_text(const dlcore_hdf5_t *file, const char *group, const char *attribute,
                               const dlcore_allocator_t *allocator, char **text, size_t *size);
/* The strings of an attribute, one after the other, each terminated; *names NULL where there is
 * none, or none in it. Lists that h5py had to split ("names0", "names1", ...) come as one. */
dlcore_status dlcore_hdf5_names(const dlcore_hdf5_t *file, const char *group, const char *attribute,
                                const dlcore_allocator_t *allocator, char **names, size_t *count);

/* ---- writing, in the oldest form, as h5py does ---- */

/* A new file in libhdf5's memory, for about `expected` bytes. */
dlcore_status dlcore_hdf5_create(dlcore_hdf5_t *file, size_t expected, const char *name,
                                 dlcore_error_record_t *error);
/* A new group, and those above it that are not there yet. */
dlcore_status dlcore_hdf5_put_group(const dlcore_hdf5_t *file, const char *path);
/* Arrays in groups that are there: float32, and single numbers. */
dlcore_status dlcore_hdf5_put_floats(const dlcore_hdf5_t *file, const char *path, size_t rank,
                                     const size_t *shape, const float *from);
dlcore_status dlcore_hdf5_put_count(const dlcore_hdf5_t *file, const char *path, uint64_t count);
/* The file's bytes, from the allocator's own functions (dlcore_allocate_bytes). */
dlcore_status dlcore_hdf5_bytes(const dlcore_hdf5_t *file, const dlcore_allocator_t *allocator,
                                void **bytes, size_t *size);

DLCORE_HIDDEN_END

#endif
