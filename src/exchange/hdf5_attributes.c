/* Reading text and lists of names from attributes of HDF5 groups.
 *
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "base/allocator.h"
#include "base/error.h"
#include "base/size.h"
#include "exchange/hdf5_seam.h"

/* Strings on their way out of an attribute. */
typedef struct hdf5_strings {
    const dlcore_hdf5_t *file;
    const dlcore_allocator_t *allocator;
    const char *attribute; /* for messages */
    char *text;            /* those so far, each terminated; NULL: none */
    size_t used, room;
    size_t count;
} hdf5_strings_t;

static dlcore_status refuse_strings(const hdf5_strings_t *strings, const char *what)
{
    return dlcore_fail(strings->file->error, DLCORE_ERROR_FORMAT, "%s: the attribute %s %s",
                       strings->file->name, strings->attribute, what);
}

/* Room for `more` bytes. */
static dlcore_status make_strings_room(hdf5_strings_t *strings, size_t more)
{
    size_t room = strings->room;
    char *text;

    if (more <= room - strings->used)
        return DLCORE_OK;
    if (!dlcore_size_add(strings->used, more, &room) || room > SIZE_MAX / 2)
        return refuse_strings(strings, "is too large");
    room = dlcore_size_max(room, 2 * strings->room);
    text = dlcore_allocate_raw(strings->allocator, room, 1);
    if (text == NULL)
        return dlcore_fail_memory(strings->file->error, strings->attribute, room);
    if (strings->used > 0)
        memcpy(text, strings->text, strings->used);
    dlcore_release(strings->allocator, strings->text);
    strings->text = text;
    strings->room = room;
    return DLCORE_OK;
}

static dlcore_status add_string(hdf5_strings_t *strings, const char *from, size_t length)
{
    dlcore_status status = make_strings_room(strings, length + 1);

    if (status != DLCORE_OK)
        return status;
    memcpy(strings->text + strings->used, from, length);
    strings->text[strings->used + length] = '\0';
    strings->used += length + 1;
    strings->count++;
    return DLCORE_OK;
}

/* Strings that lie elsewhere in the file, found by their places. */
static dlcore_status read_scattered(hdf5_strings_t *strings, hid_t attribute, hid_t type,
                                    hid_t space, size_t count)
{
    const dlcore_allocator_t *allocator = strings->allocator;
    char **found = dlcore_allocate(allocator, count, sizeof *found);
    hid_t memory = H5Tcopy(H5T_C_S1);
    size_t total = 0;
    dlcore_status status = DLCORE_OK;

    if (found == NULL)
        status =
            dlcore_fail_memory(strings->file->error, strings->attribute, count * sizeof *found);
    else if (H5Tset_size(memory, H5T_VARIABLE) < 0 || H5Tset_cset(memory, H5Tget_cset(type)) < 0 ||
             H5Aread(attribute, memory, found) < 0)
        status = refuse_strings(strings, "cannot be read");
    for (size_t i = 0; i < count && status == DLCORE_OK; i++) {
        size_t length = found[i] != NULL ? strlen(found[i]) : 0;

        total += length; /* one place of the file may stand for many strings */
        status = total > strings->file->size
                     ? refuse_strings(strings, "has more text than the file")
                     : add_string(strings, length > 0 ? found[i] : "", length);
    }
    if (found != NULL)
        (void)H5Dvlen_reclaim(memory, space, H5P_DEFAULT, found);
    (void)H5Tclose(memory);
    dlcore_release(allocator, found);
    return status;
}

/* Strings of one length, side by side; what fills them up is no part of them. */
static dlcore_status read_packed(hdf5_strings_t *strings, hid_t attribute, hid_t type, size_t count)
{
    size_t width = H5Tget_size(type), bytes;
    bool spaces = H5Tget_strpad(type) == H5T_STR_SPACEPAD;
    char *packed;
    dlcore_status status = DLCORE_OK;

    if (!dlcore_size_multiply(count, width, &bytes) || bytes > strings->file->size)
        return refuse_strings(strings, "has more text than the file");
    packed = dlcore_allocate_raw(strings->allocator, bytes, 1);
    if (packed == NULL)
        return dlcore_fail_memory(strings->file->error, strings->attribute, bytes);
    if (H5Aread(attribute, type, packed) < 0)
        status = refuse_strings(strings, "cannot be read");
    for (size_t i = 0; i < count && status == DLCORE_OK; i++) {
        const char *from = packed + i * width, *end = memchr(from, '\0', width);
        size_t length = end != NULL ? (size_t)(end - from) : width;

        while (spaces && length > 0 && from[length - 1] == ' ')
            length--;
        status = add_string(strings, from, length);
    }
    dlcore_release(strings->allocator, packed);
    return status;
}

/* Whether the letters of a type of texts are bytes: libhdf5 makes room for what the type says. */
static bool is_of_bytes(hid_t type)
{
    hid_t letter = H5Tget_super(type);
    bool is = letter >= 0 && H5Tget_size(letter) == 1;

    (void)H5Tclose(letter);
    return is;
}

static dlcore_status read_attribute(hdf5_strings_t *strings, hid_t attribute)
{
    hid_t type = H5Aget_type(attribute), space = H5Aget_space(attribute);
    hssize_t count = H5Sget_simple_extent_npoints(space);
    dlcore_status status = DLCORE_OK;

    if (type < 0 || count < 0 || (size_t)count > strings->file->size)
        status = refuse_strings(strings, "is damaged");
    else if (count > 0 && H5Tget_class(type) != H5T_STRING) /* h5py's empty list has numbers */
        status = refuse_strings(strings, "is no text");
    else if (count > 0 && H5Tis_variable_str(type) > 0 && !is_of_bytes(type))
        status = refuse_strings(strings, "is no text of bytes");
    else if (count > 0 && H5Tis_variable_str(type) > 0)
        status = read_scattered(strings, attribute, type, space, (size_t)count);
    else if (count > 0)
        status = read_packed(strings, attribute, type, (size_t)count);
    (void)H5Sclose(space);
    (void)H5Tclose(type);
    return status;
}

/* Adds what an attribute of that name has; *there: whether there is one. */
static dlcore_status find_attribute(hdf5_strings_t *strings, hid_t group, const char *name,
                                    bool *there)
{
    hid_t attribute;
    dlcore_status status;

    *there = H5Aexists(group, name) > 0;
    if (!*there)
        return DLCORE_OK;
    attribute = H5Aopen(group, name, H5P_DEFAULT);
    if (attribute < 0)
        return refuse_strings(strings, "is damaged");
    status = read_attribute(strings, attribute);
    (void)H5Aclose(attribute);
    return status;
}

/* *group -1, without an error, where there is none. */
static dlcore_status open_group(const dlcore_hdf5_t *file, const char *path, hid_t *group)
{
    bool there = true;
    dlcore_status status = DLCORE_OK;

    *group = -1;
    if (strcmp(path, "/") != 0)
        status = dlcore_hdf5_walk(file, path, &there);
    if (status == DLCORE_OK && there) {
        *group = H5Gopen2(file->file, path, H5P_DEFAULT);
        if (*group < 0)
            return dlcore_fail(file->error, DLCORE_ERROR_FORMAT,
                               "%s: %s is no group, or a damaged one", file->name, path);
    }
    return status;
}

static dlcore_status read_strings(hdf5_strings_t *strings, const char *path, bool is_list)
{
    char part[96];
    bool there = false;
    hid_t group;
    dlcore_status status = open_group(strings->file, path, &group);

    if (status != DLCORE_OK || group < 0)
        return status;
    status = find_attribute(strings, group, strings->attribute, &there);
    for (size_t i = 0; is_list && status == DLCORE_OK && !there; i++) {
        bool more;

        snprintf(part, sizeof part, "%s%zu", strings->attribute, i);
        status = find_attribute(strings, group, part, &more);
        if (!more)
            break;
    }
    (void)H5Gclose(group);
    if (status != DLCORE_OK) {
        dlcore_release(strings->allocator, strings->text);
        strings->text = NULL;
    }
    return status;
}

dlcore_status dlcore_hdf5_text(const dlcore_hdf5_t *file, const char *group, const char *attribute,
                               const dlcore_allocator_t *allocator, char **text, size_t *size)
{
    hdf5_strings_t strings = {.file = file, .allocator = allocator, .attribute = attribute};
    dlcore_hdf5_turn_t turn = dlcore_hdf5_enter();
    dlcore_status status = read_strings(&strings, group, false);

    if (status == DLCORE_OK && strings.count > 1) {
        dlcore_release(allocator, strings.text);
        strings.text = NULL;
        status = refuse_strings(&strings, "has several texts");
    }
    *text = strings.text;
    *size = strings.text != NULL ? strings.used - 1 : 0;
    return dlcore_hdf5_leave(turn, status);
}

dlcore_status dlcore_hdf5_names(const dlcore_hdf5_t *file, const char *group, const char *attribute,
                                const dlcore_allocator_t *allocator, char **names, size_t *count)
{
    hdf5_strings_t strings = {.file = file, .allocator = allocator, .attribute = attribute};
    dlcore_hdf5_turn_t turn = dlcore_hdf5_enter();
    dlcore_status status = read_strings(&strings, group, true);

    *names = strings.text;
    *count = strings.text != NULL ? strings.count : 0;
    return dlcore_hdf5_leave(turn, status);
}
