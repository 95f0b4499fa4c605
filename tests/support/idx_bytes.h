/* IDX and gzip bytes, made by hand, so that the tests need no zlib of their own and can be wrong on
 * purpose; and files to put them in.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_TESTS_IDX_BYTES_H
#define DLCORE_TESTS_IDX_BYTES_H

#include <stddef.h>
#include <stdint.h>

/* Bytes that grow. Starts as {0}. */
typedef struct bytes {
    unsigned char *data;
    size_t size;
    size_t room;
} bytes_t;

void bytes_add(bytes_t *bytes, const void *more, size_t size);
void bytes_add_zeros(bytes_t *bytes, size_t count);
void bytes_free(bytes_t *bytes);

enum {
    IDX_UINT8 = 0x08,
    IDX_INT8 = 0x09,
    IDX_INT16 = 0x0B,
    IDX_INT32 = 0x0C,
    IDX_FLOAT32 = 0x0D,
    IDX_FLOAT64 = 0x0E
};

/* Two zeros, type, rank, lengths. */
void idx_header(bytes_t *bytes, unsigned char type, size_t rank, const uint32_t *lengths);

/* A gzip member (RFC 1952) whose content is `content`, in stored blocks. */
void gzip_stored(bytes_t *bytes, const void *content, size_t size);

/* A gzip member whose content is `head` followed by that many zeros, 158 of them in each byte. */
void gzip_zeros(bytes_t *bytes, const void *head, size_t size, size_t zeros);

/* Real IDX data, uint8 (16, 16), and what gzip -9 made of it: a file name in the header, then one
 * block with Huffman codes of its own. */
extern const unsigned char gzip_seed[];
extern const size_t gzip_seed_size;
void gzip_seed_content(unsigned char content[12 + 256]);

/* The path of a file of that name in a folder of this program's own, which is made at the first
 * call; valid until the next call. */
const char *scratch_path(const char *name);
/* Writes such a file. */
const char *scratch_file(const char *name, const void *content, size_t size);
/* Removes the files that scratch_file wrote and the folder: a group teardown of cmocka. */
int scratch_remove(void **state);

#endif
