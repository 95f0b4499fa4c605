/* Zip archives for tests, made in memory, right or wrong.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_TESTS_ZIP_BYTES_H
#define DLCORE_TESTS_ZIP_BYTES_H

#include <stdint.h>

#include "support/idx_bytes.h"

typedef struct zip_case {
    const char *name;
    const void *packed; /* as it is in the archive */
    size_t packed_size;
    size_t size; /* that is declared */
    uint32_t checksum;
    uint16_t method; /* 0 stored, 8 deflated */
    uint16_t flags;  /* 1 encrypted */
} zip_case_t;

/* Adds a whole archive of these entries. */
void zip_bytes(bytes_t *bytes, const zip_case_t *cases, size_t count);

/* CRC-32, bit by bit. */
uint32_t zip_crc(const void *bytes, size_t size);

/* A file of tests/fixtures. */
void fixture_bytes(bytes_t *bytes, const char *name);

#endif
