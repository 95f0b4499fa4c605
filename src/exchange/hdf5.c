/* Opening HDF5 files in memory, and reading their arrays.
 *
 * SPDX-License-Identifier: MIT */
#include "exchange/hdf5_seam.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/gate.h"
#include "base/shown.h"
#include "base/size.h"
#include "system/threads.h"

/* ---- turns ---- */

static dlcore_gate_t hdf5_gate = DLCORE_GATE_INITIALIZER(1);
static dlcore_once_t hdf5_watch_once;

static void hdf5_before_fork(void)
{
    dlcore_gate_enter_alone(&hdf5_gate);
}

static void hdf5_after_fork_in_parent(void)
{
    dlcore_gate_leave_alone(&hdf5_gate);
}

static void hdf5_after_fork(void)
{
    dlcore_gate_after_fork(&hdf5_gate, 0);
}

static void watch_hdf5_forks(void)
{
    dlcore_watch_forks(hdf5_before_fork, hdf5_after_fork_in_parent, hdf5_after_fork);
}

dlcore_hdf5_turn_t dlcore_hdf5_enter(void)
{
    dlcore_hdf5_turn_t turn = {.print = NULL};

    dlcore_once(&hdf5_watch_once, watch_hdf5_forks);
    dlcore_gate_enter(&hdf5_gate);
    (void)H5Eget_auto2(H5E_DEFAULT, &turn.print, &turn.user);
    (void)H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
    return turn;
}

dlcore_status dlcore_hdf5_leave(dlcore_hdf5_turn_t turn, dlcore_status status)
{
    (void)H5Eclear2(H5E_DEFAULT);
    (void)H5Eset_auto2(H5E_DEFAULT, turn.print, turn.user);
    dlcore_gate_leave(&hdf5_gate);
    return status;
}

dlcore_status dlcore_hdf5_check_version(dlcore_error_record_t *error)
{
    unsigned major = 0, minor = 0, release = 0;

    if (H5open() >= 0 && H5get_libversion(&major, &minor, &release) >= 0 &&
        major == H5_VERS_MAJOR && minor == H5_VERS_MINOR)
        return DLCORE_OK;
    return dlcore_fail(error, DLCORE_ERROR_UNSUPPORTED,
                       "libhdf5 is %u.%u.%u, dlcore was compiled for %d.%d", major, minor, release,
                       H5_VERS_MAJOR, H5_VERS_MINOR);
}

/* ---- opening ---- */

static const unsigned char hdf5_signature[8] = {0x89, 'H', 'D', 'F', '\r', '\n', 0x1A, '\n'};

bool dlcore_hdf5_is(const void *bytes, size_t size)
{
    return size >= sizeof hdf5_signature &&
           memcmp(bytes, hdf5_signature, sizeof hdf5_signature) == 0;
}

/* libhdf5 makes copies of a memory image unless it is told that they are the same memory. It is
 * opened to be read only, so nothing is written to it. */
static void *image_malloc(size_t size, H5FD_file_image_op_t operation, void *user)
{
    (void)size;
    (void)operation;
    return user;
}

static void *image_memcpy(void *to, const void *from, size_t size, H5FD_file_image_op_t operation,
                          void *user)
{
    (void)size;
    (void)operation;
    (void)user;
    return to == from ? to : NULL;
}

static void *image_realloc(void *image, size_t size, H5FD_file_image_op_t operation, void *user)
{
    (void)image;
    (void)size;
    (void)operation;
    (void)user;
    return NULL;
}

static herr_t image_free(void *image, H5FD_file_image_op_t operation, void *user)
{
    (void)image;
    (void)operation;
    (void)user;
    return 0;
}

static void *image_user_copy(void *user)
{
    return user;
}

static herr_t image_user_free(void *user)
{
    (void)user;
    return 0;
}

static hid_t open_image(const dlcore_hdf5_t *file)
{
    union {
        const unsigned char *borrowed;
        void *image;
    } bytes = {.borrowed = file->bytes};
    H5FD_file_image_callbacks_t same = {.image_malloc = image_malloc,
                                        .image_memcpy = image_memcpy,
                                        .image_realloc = image_realloc,
                                        .image_free = image_free,
                                        .udata_copy = image_user_copy,
                                        .udata_free = image_user_free,
                                        .udata = bytes.image};
    char unique[64]; /* libhdf5 takes files in memory of one name for one file */
    hid_t access = H5Pcreate(H5P_FILE_ACCESS), opened = -1;

    snprintf(unique, sizeof unique, "dlcore %p", (const void *)file);
    if (access >= 0 && H5Pset_fapl_core(access, 65536, 0) >= 0 &&
        H5Pset_file_image_callbacks(access, &same) >= 0 &&
        H5Pset_file_image(access, bytes.image, file->size) >= 0)
        opened = H5Fopen(unique, DLCORE_HDF5_READ_ONLY, access);
    (void)H5Pclose(access);
    return opened;
}

dlcore_status dlcore_hdf5_open(dlcore_hdf5_t *file, const void *bytes, size_t size,
                               const char *name, dlcore_error_record_t *error)
{
    dlcore_hdf5_turn_t turn;
    dlcore_status status;

    *file = (dlcore_hdf5_t){
        .file = -1, .bytes = bytes, .size = size, .unclaimed = size, .name = name, .error = error};
    if (!dlcore_hdf5_is(bytes, size))
        return dlcore_fail(error, DLCORE_ERROR_FORMAT, "%s: is no HDF5 file", name);
    turn = dlcore_hdf5_enter();
    status = dlcore_hdf5_check_version(error);
    if (status == DLCORE_OK) {
        file->file = open_image(file);
        if (file->file < 0)
            status = dlcore_fail(error, DLCORE_ERROR_FORMAT,
                                 "%s: libhdf5 cannot open it: damaged or cut short", name);
    }
    return dlcore_hdf5_leave(turn, status);
}

void dlcore_hdf5_close(dlcore_hdf5_t *file)
{
    dlcore_hdf5_turn_t turn;

    if (file->file < 0)
        return;
    turn = dlcore_hdf5_enter();
    (void)H5Fclose(file->file);
    (void)dlcore_hdf5_leave(turn, DLCORE_OK);
    file->file = -1;
}

/* ---- paths ---- */

static dlcore_status refuse_path(const dlcore_hdf5_t *file, dlcore_status status, const char *path,
                                 const char *what)
{
    char shown[DLCORE_SHOWN_LONG];

    return dlcore_fail(file->error, status, "%s: %s %s", file->name,
                       dlcore_show_in(shown, sizeof shown, path, strlen(path)), what);
}

dlcore_status dlcore_hdf5_walk(const dlcore_hdf5_t *file, const char *path, bool *there)
{
    char part[DLCORE_HDF5_PATH_SIZE];
    size_t length = strlen(path);
    H5L_info_t link;
    htri_t exists;

    *there = false;
    if (length >= sizeof part)
        return refuse_path(file, DLCORE_ERROR_UNSUPPORTED, path, "is too long a path");
    memcpy(part, path, length + 1);
    for (size_t end = 1; end <= length; end++) {
        if (path[end] != '/' && path[end] != '\0')
            continue;
        part[end] = '\0';
        exists = H5Lexists(file->file, part, H5P_DEFAULT);
        if (exists == 0)
            return DLCORE_OK;
        if (exists < 0 || H5Lget_info(file->file, part, &link, H5P_DEFAULT) < 0)
            return refuse_path(file, DLCORE_ERROR_FORMAT, part, "cannot be looked for: damaged");
        if (link.type != H5L_TYPE_HARD)
            return refuse_path(file, DLCORE_ERROR_FORMAT, part,
                               "is a link to somewhere else, which Keras never writes");
        part[end] = path[end];
    }
    *there = length > 0;
    return DLCORE_OK;
}

dlcore_status dlcore_hdf5_has(const dlcore_hdf5_t *file, const char *path, bool *there)
{
    dlcore_hdf5_turn_t turn = dlcore_hdf5_enter();

    return dlcore_hdf5_leave(turn, dlcore_hdf5_walk(file, path, there));
}

static dlcore_status count_members(const dlcore_hdf5_t *file, const char *path, size_t *count)
{
    H5G_info_t info;
    hid_t group;
    bool there;
    dlcore_status status = dlcore_hdf5_walk(file, path, &there);

    *count = 0;
    if (status != DLCORE_OK || !there)
        return status;
    group = H5Gopen2(file->file, path, H5P_DEFAULT);
    if (group < 0 || H5Gget_info(group, &info) < 0 || info.nlinks > file->size)
        status = refuse_path(file, DLCORE_ERROR_FORMAT, path, "is no group, or a damaged one");
    else
        *count = (size_t)info.nlinks;
    if (group >= 0)
        (void)H5Gclose(group);
    return status;
}

dlcore_status dlcore_hdf5_members(const dlcore_hdf5_t *file, const char *path, size_t *count)
{
    dlcore_hdf5_turn_t turn = dlcore_hdf5_enter();

    return dlcore_hdf5_leave(turn, count_members(file, path, count));
}

/* ---- arrays ---- */

static dlcore_hdf5_numbers_t numbers_of(hid_t type)
{
    if (H5Tequal(type, H5T_IEEE_F32LE) > 0 || H5Tequal(type, H5T_IEEE_F32BE) > 0)
        return DLCORE_HDF5_FLOAT32;
    if (H5Tget_class(type) == H5T_INTEGER && H5Tget_size(type) <= sizeof(uint64_t))
        return DLCORE_HDF5_INTEGER;
    return DLCORE_HDF5_OTHER;
}

static void show_array(dlcore_hdf5_array_t *array, hid_t type)
{
    static const char *const classes[] = {"integers", "floats", "times", "text"};
    int class = (int)H5Tget_class(type);
    const char *what = class >= 0 && class < 4 ? classes[class] : "no numbers";
    int used =
        snprintf(array->shown, sizeof array->shown, "%s of %zu bytes (", what, H5Tget_size(type));

    for (size_t i = 0; i < array->rank && used < (int)sizeof array->shown; i++)
        used += snprintf(array->shown + used, sizeof array->shown - (size_t)used, "%s%zu",
                         i > 0 ? ", " : "", array->shape[i]);
    if (used < (int)sizeof array->shown)
        snprintf(array->shown + used, sizeof array->shown - (size_t)used, ")");
}

/* The shape and what it takes; false: damaged, or too large for any memory. */
static bool measure(hid_t space, hid_t type, dlcore_hdf5_array_t *array)
{
    hsize_t lengths[DLCORE_HDF5_RANK_MAX];
    int rank = H5Sget_simple_extent_ndims(space);

    if (H5Sget_simple_extent_type(space) == H5S_NULL || rank < 0 || rank > DLCORE_HDF5_RANK_MAX ||
        H5Sget_simple_extent_dims(space, lengths, NULL) != rank)
        return false;
    array->rank = (size_t)rank;
    array->count = 1;
    for (size_t i = 0; i < array->rank; i++) {
        if (lengths[i] > SIZE_MAX ||
            !dlcore_size_multiply(array->count, (size_t)lengths[i], &array->count))
            return false;
        array->shape[i] = (size_t)lengths[i];
    }
    return dlcore_size_multiply(array->count, H5Tget_size(type), &array->bytes);
}

/* NULL: the numbers lie in the file, whole and as they are. */
static const char *storage_problem(const dlcore_hdf5_t *file, hid_t set, hid_t plan,
                                   const dlcore_hdf5_array_t *array)
{
    H5D_layout_t layout = H5Pget_layout(plan);
    haddr_t offset = HADDR_UNDEF;

    if (H5Pget_external_count(plan) != 0)
        return "has its numbers in other files, which Keras never writes";
    if (H5Pget_nfilters(plan) != 0)
        return "is compressed, which Keras never does: h5repack -f NONE takes that out";
    if (layout == H5D_CHUNKED)
        return "lies in chunks, which Keras never writes: h5repack -l CONTI joins them";
    if (layout == H5D_COMPACT)
        return H5Dget_storage_size(set) >= array->bytes ? NULL : "has fewer numbers than its shape";
    if (layout != H5D_CONTIGUOUS)
        return "is put together from other arrays, which Keras never writes";
    if (array->count > 0)
        offset = H5Dget_offset(set);
    if (array->count > 0 && (offset == HADDR_UNDEF || offset > file->size ||
                             array->bytes > file->size - (size_t)offset))
        return "has no numbers, or reaches beyond the file";
    return NULL;
}

static dlcore_status look_at(dlcore_hdf5_t *file, const char *path, hid_t set,
                             dlcore_hdf5_array_t *array)
{
    hid_t type = H5Dget_type(set), space = H5Dget_space(set), plan = H5Dget_create_plist(set);
    const char *problem = "is damaged";

    if (type >= 0 && space >= 0 && plan >= 0 && measure(space, type, array)) {
        array->numbers = numbers_of(type);
        show_array(array, type);
        problem = storage_problem(file, set, plan, array);
    }
    (void)H5Pclose(plan);
    (void)H5Sclose(space);
    (void)H5Tclose(type);
    if (problem != NULL)
        return refuse_path(file, DLCORE_ERROR_FORMAT, path, problem);
    if (array->bytes > file->unclaimed)
        return refuse_path(file, DLCORE_ERROR_FORMAT, path,
                           "and the arrays before it have more numbers than the file");
    file->unclaimed -= array->bytes;
    return DLCORE_OK;
}

/* -1 where it cannot be opened as an array; *status tells. */
static hid_t open_set(const dlcore_hdf5_t *file, const char *path, dlcore_status *status)
{
    hid_t set = -1;
    bool there;

    *status = dlcore_hdf5_walk(file, path, &there);
    if (*status == DLCORE_OK && !there)
        *status = refuse_path(file, DLCORE_ERROR_NAME, path, "is not there");
    if (*status == DLCORE_OK) {
        set = H5Dopen2(file->file, path, H5P_DEFAULT);
        if (set < 0)
            *status = refuse_path(file, DLCORE_ERROR_FORMAT, path, "is no array, or a damaged one");
    }
    return set;
}

dlcore_status dlcore_hdf5_look(dlcore_hdf5_t *file, const char *path, dlcore_hdf5_array_t *array)
{
    dlcore_hdf5_turn_t turn = dlcore_hdf5_enter();
    dlcore_status status;
    hid_t set = open_set(file, path, &status);

    *array = (dlcore_hdf5_array_t){.rank = 0};
    if (set >= 0) {
        status = look_at(file, path, set, array);
        (void)H5Dclose(set);
    }
    return dlcore_hdf5_leave(turn, status);
}

/* Reads an array that was looked at, of as many numbers as there is room for. */
static dlcore_status read_numbers(const dlcore_hdf5_t *file, const char *path, hid_t kind, void *to,
                                  size_t count)
{
    dlcore_status status;
    hid_t set = open_set(file, path, &status), space;

    if (set < 0)
        return status;
    space = H5Dget_space(set);
    if (space < 0 || H5Sget_simple_extent_npoints(space) != (hssize_t)count ||
        H5Dread(set, kind, H5S_ALL, H5S_ALL, H5P_DEFAULT, to) < 0)
        status = refuse_path(file, DLCORE_ERROR_FORMAT, path, "cannot be read");
    (void)H5Sclose(space);
    (void)H5Dclose(set);
    return status;
}

dlcore_status dlcore_hdf5_floats(const dlcore_hdf5_t *file, const char *path, float *to,
                                 size_t count)
{
    dlcore_hdf5_turn_t turn = dlcore_hdf5_enter();

    return dlcore_hdf5_leave(turn, read_numbers(file, path, H5T_NATIVE_FLOAT, to, count));
}

dlcore_status dlcore_hdf5_count(const dlcore_hdf5_t *file, const char *path, uint64_t *count)
{
    dlcore_hdf5_turn_t turn = dlcore_hdf5_enter();
    int64_t number = 0;
    dlcore_status status = read_numbers(file, path, H5T_NATIVE_INT64, &number, 1);

    if (status == DLCORE_OK && number < 0)
        status = refuse_path(file, DLCORE_ERROR_FORMAT, path, "is below 0");
    *count = (uint64_t)number;
    return dlcore_hdf5_leave(turn, status);
}
