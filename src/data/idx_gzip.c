/* IDX from gzip files.
 *
 * The header of such a file says how much will follow, but a few compressed bytes can claim
 * gigabytes. So memory is taken in chunks of elements that are converted already, each at most as
 * large as what has come out, and the tensor is made when all is there: at no time more than twice
 * what the elements in the file take in a tensor.
 *
 * SPDX-License-Identifier: MIT */
#include "data/idx_gzip.h"

#include <string.h>

#include "base/allocator.h"
#include "base/error.h"
#include "base/size.h"
#include "data/idx_header.h"
#include "files/gunzip.h"
#include "tensor/tensor.h"

#define FIRST_CHUNK ((size_t)256 * 1024)

typedef struct chunk {
    struct chunk *next;
    size_t size;
    unsigned char bytes[];
} chunk_t;

static dlcore_status read_gunzip(void *from, void *to, size_t want, size_t *got,
                                 dlcore_error_record_t *error)
{
    return dlcore_gunzip_read(from, to, want, got, error);
}

static void release_chunks(chunk_t *chunk, const dlcore_allocator_t *allocator)
{
    while (chunk != NULL) {
        chunk_t *next = chunk->next;

        dlcore_release(allocator, chunk);
        chunk = next;
    }
}

/* Reads all elements into new chunks, *first onwards. On failure the chunks made so far are there
 * all the same. */
static dlcore_status read_chunks(const dlcore_elements_source_t *source,
                                 const dlcore_file_elements_t *elements,
                                 const dlcore_allocator_t *allocator, chunk_t **first,
                                 dlcore_error_record_t *error)
{
    chunk_t **link = first;
    size_t item = dlcore_dtype_size(elements->dtype);
    size_t done = 0, count, got;

    for (; done < elements->size; done += count) {
        chunk_t *chunk;
        dlcore_status status;

        count = dlcore_size_min(elements->size - done, dlcore_size_max(done, FIRST_CHUNK / item));
        chunk = dlcore_allocate_raw(allocator, 1, sizeof *chunk + count * item);
        if (chunk == NULL)
            return dlcore_fail_memory(error, source->name, count * item);
        *chunk = (chunk_t){.size = count * item};
        *link = chunk;
        link = &chunk->next;
        status = dlcore_elements_read(elements, source, done, count, chunk->bytes, &got, error);
        if (status != DLCORE_OK)
            return status;
        if (got < count * elements->item)
            return dlcore_fail(error, DLCORE_ERROR_FORMAT,
                               "%s: %zu bytes of elements, the header says %zu", source->name,
                               done * elements->item + got, elements->content);
    }
    return DLCORE_OK;
}

/* Nothing may follow; asking makes zlib check what comes behind the last byte, too. */
static dlcore_status check_end(dlcore_gunzip_t *gunzip, const char *name, size_t content,
                               dlcore_error_record_t *error)
{
    unsigned char surplus;
    dlcore_status status;
    size_t got;

    status = dlcore_gunzip_read(gunzip, &surplus, 1, &got, error);
    if (status == DLCORE_OK && got > 0)
        status = dlcore_fail(error, DLCORE_ERROR_FORMAT,
                             "%s: more bytes of elements than the header's %zu", name, content);
    return status;
}

/* Copies the chunks into the tensor and releases them one by one. */
static void join_chunks(chunk_t **first, const dlcore_allocator_t *allocator, unsigned char *to)
{
    while (*first != NULL) {
        chunk_t *chunk = *first;

        memcpy(to, chunk->bytes, chunk->size);
        to += chunk->size;
        *first = chunk->next;
        dlcore_release(allocator, chunk);
    }
}

static dlcore_status read_gzip(dlcore_gunzip_t *gunzip, const char *name,
                               const dlcore_allocator_t *allocator, chunk_t **chunks,
                               dlcore_idx_header_t *header, dlcore_error_record_t *error)
{
    dlcore_elements_source_t source = {.read = read_gunzip, .from = gunzip, .name = name};
    dlcore_status status = dlcore_idx_read_header(&source, header, error);

    if (status == DLCORE_OK)
        status = read_chunks(&source, &header->elements, allocator, chunks, error);
    if (status == DLCORE_OK)
        status = check_end(gunzip, name, header->elements.content, error);
    return status;
}

dlcore_status dlcore_idx_load_gzip(dlcore_input_t *input, const dlcore_allocator_t *allocator,
                                   dlcore_tensor_t **out, dlcore_error_record_t *error)
{
    dlcore_idx_header_t header;
    const dlcore_file_elements_t *elements = &header.elements;
    dlcore_gunzip_t *gunzip = NULL;
    chunk_t *chunks = NULL;
    dlcore_status status;

    status = dlcore_gunzip_open(input, allocator, &gunzip, error);
    if (status == DLCORE_OK)
        status = read_gzip(gunzip, input->name, allocator, &chunks, &header, error);
    dlcore_gunzip_close(gunzip);
    if (status == DLCORE_OK)
        status = dlcore_tensor_create_unset(allocator, elements->dtype, elements->rank,
                                            elements->shape, out, error);
    if (status == DLCORE_OK)
        join_chunks(&chunks, allocator, (*out)->data);
    release_chunks(chunks, allocator);
    return status;
}
