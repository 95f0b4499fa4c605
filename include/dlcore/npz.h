/* .npz files: archives of NumPy arrays, by name. A part of dlcore with an archive of its own: link
 * dlcore::npz (or pkg-config dlcore-npz), which brings libzip and dlcore along.
 *
 *     #include <dlcore.h>
 *     #include <dlcore/npz.h>
 *
 *     tensor_t *images = NULL;
 *     error_record_t error;
 *     if (npz_load("mnist.npz", "x_train", NULL, &images, &error) != DLCORE_OK)
 *         fprintf(stderr, "%s\n", error.message);
 *
 * What numpy.savez and numpy.savez_compressed write is read: entries stored or deflated, whose
 * arrays have the types, orders and versions that npy_load reads (data.h). An array is called as
 * its entry without ".npy"; other entries and folders are passed by. Names are never used as paths.
 *
 * Files are treated as hostile. A wrong size or checksum, two arrays of one name and an archive
 * that is cut short are DLCORE_ERROR_FORMAT; encrypted entries and other ways of compression are
 * DLCORE_ERROR_UNSUPPORTED. Sizes are checked before memory is allocated. Of a stored array, memory
 * is at most that of npy_load. A deflated one may be 1032 times as large as its bytes in the file,
 * which no check can tell from an attack: for files of strangers give an allocator that has a
 * limit. The list of the archive is read by libzip, which allocates with malloc: at most some
 * hundred bytes for each entry, of which there may be 16384.
 *
 * Ownership: tensors are the caller's. Threads: any; one dlcore_npz_t is used by one thread at a
 * time.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_NPZ_H
#define DLCORE_NPZ_H

#include <stdbool.h>
#include <stddef.h>

#include "api.h"
#include "status.h"
#include "tensor.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- one call ---- */

/* The array of that name; `name` NULL: the only one. DLCORE_ERROR_NAME lists the names there are
 * when there is none of that name, or when there are several and `name` is NULL. `allocator` NULL:
 * malloc. On failure *out is NULL. */
DLCORE_API dlcore_status dlcore_npz_load(const char *path, const char *name,
                                         const dlcore_allocator_t *allocator, dlcore_tensor_t **out,
                                         dlcore_error_record_t *error);
/* The same from memory, which is borrowed for the call. */
DLCORE_API dlcore_status dlcore_npz_parse(const void *bytes, size_t size, const char *name,
                                          const dlcore_allocator_t *allocator,
                                          dlcore_tensor_t **out, dlcore_error_record_t *error);

/* Writes `count` arrays, stored, as numpy.savez does; numpy.load reads them. A name is UTF-8 of 1
 * to 250 bytes without control characters, and no other array's. The file is there whole or not at
 * all; it is not forced to the disk. `allocator` (NULL: malloc) is for the archive's list. */
DLCORE_API dlcore_status dlcore_npz_save(const char *path, const char *const *names,
                                         const dlcore_tensor_t *const *tensors, size_t count,
                                         const dlcore_allocator_t *allocator,
                                         dlcore_error_record_t *error);

/* A matrix that scipy.sparse.save_npz wrote in the format CSR, as a sparse tensor
 * (dlcore/sparse.h): float32 (rows, columns), without values if all are 1. Values of other types
 * are converted as in data.h. As in SciPy's files indices need not be sorted, these are
 * DLCORE_ERROR_ARGUMENT, with a hint; call sort_indices() and sum_duplicates() before save_npz.
 * DLCORE_ERROR_UNSUPPORTED for other formats (tocsr() converts), DLCORE_ERROR_FORMAT for another
 * archive and for arrays that do not go together, DLCORE_ERROR_RANGE for an index outside the
 * columns, a value that is NaN or infinite, and for more than 2^31 - 1 entries or columns. */
DLCORE_API dlcore_status dlcore_npz_load_sparse(const char *path,
                                                const dlcore_allocator_t *allocator,
                                                dlcore_tensor_t **out,
                                                dlcore_error_record_t *error);
/* The same from memory, which is borrowed for the call. */
DLCORE_API dlcore_status dlcore_npz_parse_sparse(const void *bytes, size_t size,
                                                 const dlcore_allocator_t *allocator,
                                                 dlcore_tensor_t **out,
                                                 dlcore_error_record_t *error);

/* ---- several arrays, and what there is ---- */

typedef struct dlcore_npz dlcore_npz_t;

/* What the header of an array says, before anything is loaded. */
typedef struct dlcore_npz_array {
    dlcore_dtype_t dtype; /* of the tensor that it becomes */
    size_t rank;
    size_t shape[DLCORE_RANK_MAX];
    size_t item_size;   /* bytes of an element in the file; another dtype's are converted */
    bool big_endian;    /* in the file */
    bool fortran_order; /* in the file; tensors are row-major */
    bool compressed;
} dlcore_npz_array_t;

/* Opens a file, which stays open until npz_free, or memory, which is borrowed until then. On
 * failure *out is NULL. */
DLCORE_API dlcore_status dlcore_npz_open(const char *path, const dlcore_allocator_t *allocator,
                                         dlcore_npz_t **out, dlcore_error_record_t *error);
DLCORE_API dlcore_status dlcore_npz_open_memory(const void *bytes, size_t size,
                                                const dlcore_allocator_t *allocator,
                                                dlcore_npz_t **out, dlcore_error_record_t *error);
/* Arrays, in the order of the file, and the name of one; NULL beyond the last. */
DLCORE_API size_t dlcore_npz_count(const dlcore_npz_t *npz);
DLCORE_API const char *dlcore_npz_name(const dlcore_npz_t *npz, size_t index);
/* What it is, from its header. Errors are those of loading it, but for those of its elements. */
DLCORE_API dlcore_status dlcore_npz_inspect(dlcore_npz_t *npz, size_t index,
                                            dlcore_npz_array_t *array,
                                            dlcore_error_record_t *error);
/* Loads one, as npz_load does, with the allocator that was given on opening. */
DLCORE_API dlcore_status dlcore_npz_read(dlcore_npz_t *npz, const char *name, dlcore_tensor_t **out,
                                         dlcore_error_record_t *error);
/* NULL is fine. */
DLCORE_API void dlcore_npz_free(dlcore_npz_t *npz);

#ifdef __cplusplus
}
#endif

#endif
