/* Zip archives for tests, made in memory, right or wrong.
 *
 * SPDX-License-Identifier: MIT */
#include "support/zip_bytes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

uint32_t zip_crc(const void *bytes, size_t size)
{
    const unsigned char *byte = bytes;
    uint32_t crc = UINT32_MAX;

    for (size_t i = 0; i < size; i++) {
        crc ^= byte[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? 0xEDB88320u : 0);
    }
    return ~crc;
}

static void add_number(bytes_t *bytes, uint64_t number, int width)
{
    for (int i = 0; i < width; i++) {
        unsigned char byte = (unsigned char)(number >> 8 * i);

        bytes_add(bytes, &byte, 1);
    }
}

/* What the records in front of the content and in the list have alike. */
static void add_entry(bytes_t *bytes, const zip_case_t *one)
{
    add_number(bytes, 20, 2);
    add_number(bytes, one->flags, 2);
    add_number(bytes, one->method, 2);
    add_number(bytes, 0x00210000, 4); /* time and date */
    add_number(bytes, one->checksum, 4);
    add_number(bytes, one->packed_size, 4);
    add_number(bytes, one->size, 4);
    add_number(bytes, strlen(one->name), 2);
    add_number(bytes, 0, 2);
}

void zip_bytes(bytes_t *bytes, const zip_case_t *cases, size_t count)
{
    size_t begin = bytes->size;
    bytes_t list = {0};

    for (size_t i = 0; i < count; i++) {
        const zip_case_t *one = &cases[i];

        add_number(&list, 0x02014b50, 4);
        add_number(&list, 20, 2);
        add_entry(&list, one);
        bytes_add_zeros(&list, 10);
        add_number(&list, bytes->size - begin, 4);
        bytes_add(&list, one->name, strlen(one->name));
        add_number(bytes, 0x04034b50, 4);
        add_entry(bytes, one);
        bytes_add(bytes, one->name, strlen(one->name));
        bytes_add(bytes, one->packed, one->packed_size);
    }
    add_number(&list, 0x06054b50, 4);
    bytes_add_zeros(&list, 4);
    add_number(&list, count, 2);
    add_number(&list, count, 2);
    add_number(&list, list.size - 12, 4);
    add_number(&list, bytes->size - begin, 4);
    add_number(&list, 0, 2);
    bytes_add(bytes, list.data, list.size);
    bytes_free(&list);
}

void fixture_bytes(bytes_t *bytes, const char *name)
{
    char path[1024], block[4096];
    FILE *file;
    size_t got;

    snprintf(path, sizeof path, "%s/%s", DLCORE_FIXTURES, name);
    file = fopen(path, "rb");
    assert_non_null(file);
    while ((got = fread(block, 1, sizeof block, file)) > 0)
        bytes_add(bytes, block, got);
    fclose(file);
}
