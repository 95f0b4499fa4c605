/* The seam to zlib: gunzip.c is the only file that knows it. Without DLCORE_HAVE_ZLIB every gzip
 * file is answered with DLCORE_ERROR_UNSUPPORTED.
 *
 * SPDX-License-Identifier: MIT */
#include "files/gunzip.h"

#include <limits.h>

#include "base/allocator.h"
#include "base/error.h"
#include "base/size.h"

#if DLCORE_HAVE_ZLIB

#    include <zlib.h>

#    define GZIP_ONLY (MAX_WBITS + 16) /* inflateInit2: a gzip wrapper, no other */
#    define BUFFER_SIZE 65536

struct dlcore_gunzip {
    dlcore_allocator_t allocator;
    dlcore_input_t *input;
    z_stream zlib;
    bool between_members; /* the last member ended: the end, or another one, follows */
    bool ended;
    unsigned char buffer[BUFFER_SIZE];
};

static voidpf zlib_allocate(voidpf allocator, uInt count, uInt size)
{
    return dlcore_allocate_raw(allocator, count, size);
}

static void zlib_release(voidpf allocator, voidpf memory)
{
    dlcore_release(allocator, memory);
}

bool dlcore_gunzip_available(void)
{
    return true;
}

dlcore_status dlcore_gunzip_open(dlcore_input_t *input, const dlcore_allocator_t *allocator,
                                 dlcore_gunzip_t **out, dlcore_error_record_t *error)
{
    dlcore_gunzip_t *gunzip = dlcore_allocate_raw(allocator, 1, sizeof *gunzip);

    *out = NULL;
    if (gunzip == NULL)
        return dlcore_fail_memory(error, "gzip reader", sizeof *gunzip);
    gunzip->allocator = *allocator;
    gunzip->input = input;
    gunzip->between_members = false;
    gunzip->ended = false;
    gunzip->zlib =
        (z_stream){.zalloc = zlib_allocate, .zfree = zlib_release, .opaque = &gunzip->allocator};
    if (inflateInit2(&gunzip->zlib, GZIP_ONLY) != Z_OK) {
        dlcore_release(allocator, gunzip);
        return dlcore_fail(error, DLCORE_ERROR_MEMORY, "%s: no memory for zlib", input->name);
    }
    *out = gunzip;
    return DLCORE_OK;
}

static dlcore_status refill(dlcore_gunzip_t *gunzip, dlcore_error_record_t *error)
{
    dlcore_status status;
    size_t got;

    if (gunzip->zlib.avail_in > 0)
        return DLCORE_OK;
    status = dlcore_input_read(gunzip->input, gunzip->buffer, BUFFER_SIZE, &got, error);
    gunzip->zlib.next_in = gunzip->buffer;
    gunzip->zlib.avail_in = (uInt)got;
    return status;
}

/* Where zlib will read next. */
static size_t place_in_file(const dlcore_gunzip_t *gunzip)
{
    return gunzip->input->position - gunzip->zlib.avail_in;
}

/* Behind a member there is the end, or another member, which begins with 0x1F. */
static dlcore_status next_member(dlcore_gunzip_t *gunzip, dlcore_error_record_t *error)
{
    if (gunzip->zlib.avail_in == 0) {
        gunzip->ended = true;
        return DLCORE_OK;
    }
    if (gunzip->zlib.next_in[0] != 0x1F)
        return dlcore_fail(error, DLCORE_ERROR_FORMAT,
                           "%s: %zu bytes that are not gzip data follow at byte %zu",
                           gunzip->input->name, gunzip->input->size - place_in_file(gunzip),
                           place_in_file(gunzip));
    inflateReset(&gunzip->zlib);
    gunzip->between_members = false;
    return DLCORE_OK;
}

/* Input and room for output are there, unless the input ended. */
static dlcore_status inflate_some(dlcore_gunzip_t *gunzip, dlcore_error_record_t *error)
{
    const char *name = gunzip->input->name;

    switch (inflate(&gunzip->zlib, Z_NO_FLUSH)) {
    case Z_OK:
        return DLCORE_OK;
    case Z_STREAM_END:
        gunzip->between_members = true;
        return DLCORE_OK;
    case Z_BUF_ERROR: /* nothing left to do, nothing to be read */
        return dlcore_fail(error, DLCORE_ERROR_FORMAT, "%s: gzip data is cut short at %zu bytes",
                           name, gunzip->input->position);
    case Z_MEM_ERROR:
        return dlcore_fail(error, DLCORE_ERROR_MEMORY, "%s: no memory for zlib", name);
    default:
        return dlcore_fail(error, DLCORE_ERROR_FORMAT, "%s: bad gzip data before byte %zu: %s",
                           name, place_in_file(gunzip),
                           gunzip->zlib.msg != NULL ? gunzip->zlib.msg : "no reason");
    }
}

dlcore_status dlcore_gunzip_read(dlcore_gunzip_t *gunzip, void *to, size_t want, size_t *got,
                                 dlcore_error_record_t *error)
{
    dlcore_status status = DLCORE_OK;

    *got = 0;
    while (*got < want && !gunzip->ended && status == DLCORE_OK) {
        uInt room = (uInt)dlcore_size_min(want - *got, UINT_MAX);

        gunzip->zlib.next_out = (unsigned char *)to + *got;
        gunzip->zlib.avail_out = room;
        status = refill(gunzip, error);
        if (status == DLCORE_OK)
            status =
                gunzip->between_members ? next_member(gunzip, error) : inflate_some(gunzip, error);
        *got += room - gunzip->zlib.avail_out;
    }
    return status;
}

void dlcore_gunzip_close(dlcore_gunzip_t *gunzip)
{
    if (gunzip != NULL) {
        dlcore_allocator_t allocator = gunzip->allocator;

        inflateEnd(&gunzip->zlib);
        dlcore_release(&allocator, gunzip);
    }
}

#else

bool dlcore_gunzip_available(void)
{
    return false;
}

dlcore_status dlcore_gunzip_open(dlcore_input_t *input, const dlcore_allocator_t *allocator,
                                 dlcore_gunzip_t **out, dlcore_error_record_t *error)
{
    (void)allocator;
    *out = NULL;
    return dlcore_fail(error, DLCORE_ERROR_UNSUPPORTED,
                       "%s: is a gzip file, and dlcore was built without zlib", input->name);
}

dlcore_status dlcore_gunzip_read(dlcore_gunzip_t *gunzip, void *to, size_t want, size_t *got,
                                 dlcore_error_record_t *error)
{
    (void)gunzip, (void)to, (void)want;
    *got = 0;
    return dlcore_fail(error, DLCORE_ERROR_UNSUPPORTED, "dlcore was built without zlib");
}

void dlcore_gunzip_close(dlcore_gunzip_t *gunzip)
{
    (void)gunzip;
}

#endif
