/* How many entries a zip archive says it has, before libzip looks at any of them.
 *
 * libzip puts the names into a hash table whose hash is known, so that names that collide cost the
 * square of their number: 16 s for 65,000 of them. So the number is looked at first. It is in the
 * record that ends the archive (APPNOTE.TXT 4.3.16), or in the one of zip64 that a locator in front
 * of it points to (4.3.14). A comment may follow, and may look like such a record: then libzip
 * tries one after the other, and the largest number counts here.
 *
 * SPDX-License-Identifier: MIT */
#include "exchange/zip_claim.h"

#include <string.h>

#include "base/allocator.h"
#include "base/error.h"
#include "base/size.h"

enum {
    END_BYTES = 22,
    LOCATOR_BYTES = 20,
    END64_BYTES = 56,
    TAIL_BYTES = 65536 + END_BYTES + LOCATOR_BYTES /* with the longest comment */
};

/* Little-endian. */
static uint64_t claim_number(const unsigned char *at, size_t bytes)
{
    uint64_t number = 0;

    while (bytes-- > 0)
        number = number << 8 | at[bytes];
    return number;
}

static uint64_t larger_claim(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

/* Of the record of zip64 at that offset; 0 where there is none. */
static dlcore_status claim_of_zip64(dlcore_input_t *input, uint64_t offset, uint64_t *count,
                                    dlcore_error_record_t *error)
{
    unsigned char record[END64_BYTES];
    dlcore_status status;
    size_t got;

    *count = 0;
    if (input->size < END64_BYTES || offset > input->size - END64_BYTES)
        return DLCORE_OK;
    input->position = (size_t)offset;
    status = dlcore_input_read(input, record, END64_BYTES, &got, error);
    if (status == DLCORE_OK && got == END64_BYTES && memcmp(record, "PK\6\6", 4) == 0)
        *count = larger_claim(claim_number(record + 24, 8), claim_number(record + 32, 8));
    return status;
}

/* The largest number of all records in the archive's last bytes. */
static dlcore_status claim_of_tail(dlcore_input_t *input, const unsigned char *tail, size_t size,
                                   uint64_t *count, dlcore_error_record_t *error)
{
    for (size_t i = 0; i + END_BYTES <= size; i++) {
        const unsigned char *end = tail + i, *locator = end - LOCATOR_BYTES;
        uint64_t more;
        dlcore_status status;

        if (memcmp(end, "PK\5\6", 4) != 0)
            continue;
        more = larger_claim(claim_number(end + 8, 2), claim_number(end + 10, 2));
        *count = larger_claim(*count, more);
        if (i < LOCATOR_BYTES || memcmp(locator, "PK\6\7", 4) != 0)
            continue;
        status = claim_of_zip64(input, claim_number(locator + 8, 8), &more, error);
        if (status != DLCORE_OK)
            return status;
        *count = larger_claim(*count, more);
    }
    return DLCORE_OK;
}

dlcore_status dlcore_zip_claim(dlcore_input_t *input, const dlcore_allocator_t *allocator,
                               uint64_t *count, dlcore_error_record_t *error)
{
    size_t size = dlcore_size_min(input->size, TAIL_BYTES), got;
    unsigned char *tail = dlcore_allocate_raw(allocator, size, 1);
    dlcore_status status;

    *count = 0;
    if (tail == NULL)
        return dlcore_fail_memory(error, input->name, size);
    input->position = input->size - size;
    status = dlcore_input_read(input, tail, size, &got, error);
    if (status == DLCORE_OK)
        status = claim_of_tail(input, tail, got, count, error);
    dlcore_release(allocator, tail);
    return status;
}
