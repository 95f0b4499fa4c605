/* IDX and gzip bytes made by hand.
 *
 * SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L

#include "support/idx_bytes.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/posix.h"

const unsigned char gzip_seed[] = {
    0x1f, 0x8b, 0x08, 0x08, 0xe7, 0x1b, 0x04, 0x6b, 0x02, 0x03, 0x73, 0x65, 0x65, 0x64, 0x2e, 0x69,
    0x64, 0x78, 0x00, 0x1d, 0xc9, 0x49, 0x92, 0xc4, 0x20, 0x0c, 0x00, 0xc1, 0xc2, 0x62, 0xb7, 0x41,
    0x88, 0xed, 0xff, 0x4f, 0xed, 0x89, 0x39, 0xe4, 0x29, 0x21, 0x3f, 0xc0, 0xf8, 0x97, 0x82, 0x6d,
    0xee, 0x79, 0x95, 0xb5, 0xaa, 0xe2, 0x1e, 0x83, 0x5c, 0xa5, 0xb2, 0xb1, 0x87, 0x7e, 0xc6, 0xc3,
    0x38, 0xe6, 0xd9, 0xc2, 0x4b, 0x6c, 0x5d, 0xfe, 0x3a, 0x6d, 0x56, 0x08, 0x8b, 0x9d, 0xb2, 0x10,
    0x6d, 0x7d, 0x58, 0x2c, 0x42, 0xc5, 0x5f, 0xde, 0x27, 0x09, 0x3d, 0x7e, 0x85, 0xab, 0x77, 0xa3,
    0xc5, 0x06, 0x35, 0xf4, 0x4e, 0x8d, 0xc3, 0x50, 0x95, 0x40, 0x10, 0x9d, 0xec, 0x55, 0x1a, 0x66,
    0xef, 0xe0, 0xa2, 0x87, 0x98, 0x5d, 0x66, 0x1e, 0x15, 0x74, 0x75, 0xe8, 0x4b, 0x1f, 0xa6, 0x3b,
    0x85, 0xd4, 0x3f, 0xc7, 0x89, 0x61, 0x62, 0x22, 0xc6, 0xc9, 0xc5, 0xe1, 0xd5, 0x2a, 0xea, 0x93,
    0x23, 0xbb, 0x00, 0x85, 0xe0, 0xf8, 0x7c, 0x4d, 0xec, 0xc6, 0xa1, 0x25, 0xed, 0x64, 0xf9, 0x3e,
    0xb2, 0xef, 0x93, 0xd1, 0x9c, 0x20, 0xae, 0x0d, 0xa6, 0xa5, 0x97, 0x39, 0x4b, 0x67, 0x9f, 0xb6,
    0xf0, 0xf1, 0x46, 0x7e, 0xd5, 0x99, 0x5b, 0x86, 0x0c, 0x01, 0x00, 0x00,
};
const size_t gzip_seed_size = sizeof gzip_seed;

void gzip_seed_content(unsigned char content[12 + 256])
{
    static const unsigned char header[12] = {0, 0, 8, 2, 0, 0, 0, 16, 0, 0, 0, 16};

    memcpy(content, header, sizeof header);
    for (size_t i = 0; i < 256; i++)
        content[12 + i] = (unsigned char)(i * i % 5 != 0 ? (i * i * 7 + i / 16 * 3) % 23 : 0);
}

void bytes_add(bytes_t *bytes, const void *more, size_t size)
{
    if (bytes->room - bytes->size < size) {
        bytes->room = 2 * bytes->room + size + 64;
        bytes->data = realloc(bytes->data, bytes->room);
        assert_non_null(bytes->data);
    }
    if (size > 0)
        memcpy(bytes->data + bytes->size, more, size);
    bytes->size += size;
}

void bytes_add_zeros(bytes_t *bytes, size_t count)
{
    static const unsigned char zeros[4096];

    for (size_t size; count > 0; count -= size) {
        size = count < sizeof zeros ? count : sizeof zeros;
        bytes_add(bytes, zeros, size);
    }
}

void bytes_free(bytes_t *bytes)
{
    free(bytes->data);
    *bytes = (bytes_t){0};
}

static void add_byte(bytes_t *bytes, unsigned value)
{
    unsigned char byte = (unsigned char)value;

    bytes_add(bytes, &byte, 1);
}

static void add_little_endian(bytes_t *bytes, uint32_t value)
{
    for (int shift = 0; shift < 32; shift += 8)
        add_byte(bytes, value >> shift & 0xFF);
}

void idx_header(bytes_t *bytes, unsigned char type, size_t rank, const uint32_t *lengths)
{
    bytes_add(bytes, ((unsigned char[]){0, 0, type, (unsigned char)rank}), 4);
    for (size_t axis = 0; axis < rank; axis++)
        for (int shift = 24; shift >= 0; shift -= 8)
            add_byte(bytes, lengths[axis] >> shift & 0xFF);
}

static uint32_t crc32_of(uint32_t crc, const unsigned char *data, size_t size)
{
    static uint32_t table[256];

    if (table[1] == 0)
        for (uint32_t n = 0; n < 256; n++) {
            table[n] = n;
            for (int bit = 0; bit < 8; bit++)
                table[n] = (table[n] & 1) != 0 ? 0xEDB88320u ^ table[n] >> 1 : table[n] >> 1;
        }
    crc = ~crc;
    for (size_t i = 0; i < size; i++)
        crc = table[(crc ^ data[i]) & 0xFF] ^ crc >> 8;
    return ~crc;
}

static void add_gzip_head(bytes_t *bytes)
{
    static const unsigned char head[10] = {0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 255};

    bytes_add(bytes, head, sizeof head);
}

static void add_stored_block(bytes_t *bytes, const unsigned char *content, size_t size, bool last)
{
    add_byte(bytes, last ? 1 : 0);
    add_byte(bytes, size & 0xFF);
    add_byte(bytes, size >> 8 & 0xFF);
    add_byte(bytes, ~size & 0xFF);
    add_byte(bytes, ~size >> 8 & 0xFF);
    bytes_add(bytes, content, size);
}

static void add_stored_blocks(bytes_t *bytes, const unsigned char *content, size_t size, bool last)
{
    const size_t most = 65535;

    while (size > most) {
        add_stored_block(bytes, content, most, false);
        content += most;
        size -= most;
    }
    add_stored_block(bytes, content, size, last);
}

void gzip_stored(bytes_t *bytes, const void *content, size_t size)
{
    add_gzip_head(bytes);
    add_stored_blocks(bytes, content, size, true);
    add_little_endian(bytes, crc32_of(0, content, size));
    add_little_endian(bytes, (uint32_t)size);
}

/* Deflate's bits, the lowest first. */
typedef struct bit_writer {
    bytes_t *bytes;
    uint32_t bits;
    int count;
} bit_writer_t;

static void add_bits(bit_writer_t *writer, uint32_t bits, int count)
{
    writer->bits |= bits << writer->count;
    for (writer->count += count; writer->count >= 8; writer->count -= 8) {
        add_byte(writer->bytes, writer->bits & 0xFF);
        writer->bits >>= 8;
    }
}

/* A last block with the fixed codes of RFC 1951, 3.2.6, whose first bit is the code's highest:
 * literal 0 is 00110000, length 258 is 11000101, distance 1 is 00000, the end 0000000. */
static void add_zero_block(bytes_t *bytes, size_t zeros)
{
    bit_writer_t writer = {.bytes = bytes};

    add_bits(&writer, 1, 1);
    add_bits(&writer, 1, 2);
    if (zeros > 0) {
        add_bits(&writer, 0x0C, 8);
        zeros--;
    }
    for (; zeros >= 258; zeros -= 258)
        add_bits(&writer, 0xA3, 8 + 5);
    for (; zeros > 0; zeros--)
        add_bits(&writer, 0x0C, 8);
    add_bits(&writer, 0, 7);
    add_bits(&writer, 0, (8 - writer.count) % 8);
}

void gzip_zeros(bytes_t *bytes, const void *head, size_t size, size_t zeros)
{
    static const unsigned char none[4096];
    uint32_t crc = crc32_of(0, head, size);

    add_gzip_head(bytes);
    add_stored_blocks(bytes, head, size, false);
    add_zero_block(bytes, zeros);
    for (size_t left = zeros, part; left > 0; left -= part) {
        part = left < sizeof none ? left : sizeof none;
        crc = crc32_of(crc, none, part);
    }
    add_little_endian(bytes, crc);
    add_little_endian(bytes, (uint32_t)(size + zeros));
}

static char folder[256];

const char *scratch_path(const char *name)
{
    static char path[512];
    const char *parent = getenv("TMPDIR");

    if (folder[0] == '\0') {
        snprintf(folder, sizeof folder, "%s/dlcore_test_XXXXXX", parent != NULL ? parent : "/tmp");
        assert_non_null(mkdtemp(folder));
    }
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

const char *scratch_file(const char *name, const void *content, size_t size)
{
    const char *path = scratch_path(name);
    FILE *file = fopen(path, "wb");

    assert_non_null(file);
    if (size > 0)
        assert_int_equal(fwrite(content, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
    return path;
}

int scratch_remove(void **state)
{
    struct dirent *entry;
    DIR *directory;

    (void)state;
    if (folder[0] == '\0')
        return 0;
    directory = opendir(folder);
    while (directory != NULL && (entry = readdir(directory)) != NULL)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            remove(scratch_path(entry->d_name));
    if (directory != NULL)
        closedir(directory);
    rmdir(folder);
    folder[0] = '\0';
    return 0;
}
