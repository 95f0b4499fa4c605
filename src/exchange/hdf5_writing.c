/* Writing HDF5 files into memory, in the oldest form: what h5py writes, and every version reads.
 *
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "base/allocator.h"
#include "base/error.h"
#include "base/size.h"
#include "exchange/hdf5_seam.h"

#define INCREMENT_LEAST ((size_t)1 << 16) /* by which libhdf5's memory grows */
#define INCREMENT_MOST ((size_t)1 << 30)

/* libhdf5 says why only in a stack of its own; mostly it has no memory. */
static dlcore_status fail_writing(const dlcore_hdf5_t *file, const char *path)
{
    return dlcore_fail(file->error, DLCORE_ERROR_MEMORY, "%s: libhdf5 cannot write %s", file->name,
                       path);
}

static hid_t create_in_memory(const dlcore_hdf5_t *file, size_t expected)
{
    char unique[64]; /* libhdf5 takes files in memory of one name for one file */
    size_t increment = dlcore_size_min(dlcore_size_max(expected, INCREMENT_LEAST), INCREMENT_MOST);
    hid_t access = H5Pcreate(H5P_FILE_ACCESS), made = -1;

    snprintf(unique, sizeof unique, "dlcore %p", (const void *)file);
    if (access >= 0 && H5Pset_fapl_core(access, increment, 0) >= 0)
        made = H5Fcreate(unique, DLCORE_HDF5_TRUNCATE, H5P_DEFAULT, access);
    (void)H5Pclose(access);
    return made;
}

dlcore_status dlcore_hdf5_create(dlcore_hdf5_t *file, size_t expected, const char *name,
                                 dlcore_error_record_t *error)
{
    dlcore_hdf5_turn_t turn = dlcore_hdf5_enter();
    dlcore_status status = dlcore_hdf5_check_version(error);

    *file = (dlcore_hdf5_t){.file = -1, .name = name, .error = error};
    if (status == DLCORE_OK) {
        file->file = create_in_memory(file, expected);
        if (file->file < 0)
            status = fail_writing(file, "a new file");
    }
    return dlcore_hdf5_leave(turn, status);
}

static bool put_groups(const dlcore_hdf5_t *file, const char *path)
{
    hid_t links = H5Pcreate(H5P_LINK_CREATE), group = -1;

    if (links >= 0 && H5Pset_create_intermediate_group(links, 1) >= 0)
        group = H5Gcreate2(file->file, path, links, H5P_DEFAULT, H5P_DEFAULT);
    (void)H5Pclose(links);
    return group >= 0 && H5Gclose(group) >= 0;
}

dlcore_status dlcore_hdf5_put_group(const dlcore_hdf5_t *file, const char *path)
{
    dlcore_hdf5_turn_t turn = dlcore_hdf5_enter();

    return dlcore_hdf5_leave(turn, put_groups(file, path) ? DLCORE_OK : fail_writing(file, path));
}

/* An array without the time of its making, so that the same model is the same file. */
static bool put_array(const dlcore_hdf5_t *file, const char *path, hid_t stored, hid_t given,
                      size_t rank, const size_t *shape, const void *from)
{
    hsize_t lengths[DLCORE_HDF5_RANK_MAX] = {0};
    hid_t plan = H5Pcreate(H5P_DATASET_CREATE), space, set = -1;
    bool good = plan >= 0 && H5Pset_obj_track_times(plan, false) >= 0;

    for (size_t i = 0; i < rank; i++)
        lengths[i] = shape[i];
    space = rank > 0 ? H5Screate_simple((int)rank, lengths, NULL) : H5Screate(H5S_SCALAR);
    if (good && space >= 0)
        set = H5Dcreate2(file->file, path, stored, space, H5P_DEFAULT, plan, H5P_DEFAULT);
    good = set >= 0 && H5Dwrite(set, given, H5S_ALL, H5S_ALL, H5P_DEFAULT, from) >= 0;
    if (set >= 0)
        good = H5Dclose(set) >= 0 && good;
    (void)H5Sclose(space);
    (void)H5Pclose(plan);
    return good;
}

dlcore_status dlcore_hdf5_put_floats(const dlcore_hdf5_t *file, const char *path, size_t rank,
                                     const size_t *shape, const float *from)
{
    dlcore_hdf5_turn_t turn = dlcore_hdf5_enter();
    bool good = put_array(file, path, H5T_IEEE_F32LE, H5T_NATIVE_FLOAT, rank, shape, from);

    return dlcore_hdf5_leave(turn, good ? DLCORE_OK : fail_writing(file, path));
}

dlcore_status dlcore_hdf5_put_count(const dlcore_hdf5_t *file, const char *path, uint64_t count)
{
    dlcore_hdf5_turn_t turn = dlcore_hdf5_enter();
    bool good = put_array(file, path, H5T_STD_I64LE, H5T_NATIVE_UINT64, 0, NULL, &count);

    return dlcore_hdf5_leave(turn, good ? DLCORE_OK : fail_writing(file, path));
}

static dlcore_status take_image(const dlcore_hdf5_t *file, const dlcore_allocator_t *allocator,
                                void **bytes, size_t *size)
{
    ssize_t length =
        H5Fflush(file->file, H5F_SCOPE_GLOBAL) >= 0 ? H5Fget_file_image(file->file, NULL, 0) : -1;

    if (length <= 0)
        return fail_writing(file, "the file");
    *size = (size_t)length;
    *bytes = dlcore_allocate_bytes(allocator, *size);
    if (*bytes == NULL)
        return dlcore_fail_memory(file->error, file->name, *size);
    if (H5Fget_file_image(file->file, *bytes, *size) == length)
        return DLCORE_OK;
    dlcore_release_bytes(allocator, *bytes);
    *bytes = NULL;
    return fail_writing(file, "the file");
}

dlcore_status dlcore_hdf5_bytes(const dlcore_hdf5_t *file, const dlcore_allocator_t *allocator,
                                void **bytes, size_t *size)
{
    dlcore_hdf5_turn_t turn = dlcore_hdf5_enter();

    *bytes = NULL;
    *size = 0;
    return dlcore_hdf5_leave(turn, take_image(file, allocator, bytes, size));
}
