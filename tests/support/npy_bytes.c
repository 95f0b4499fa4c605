/* .npy bytes, made by hand, right or wrong.
 *
 * SPDX-License-Identifier: MIT */
#include "support/npy_bytes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "files/bytes.h"

const char *npy_dict(const char *descr, const char *fortran_order, const char *shape)
{
    static char text[512];

    snprintf(text, sizeof text, "{'descr': '%s', 'fortran_order': %s, 'shape': %s, }", descr,
             fortran_order, shape);
    return text;
}

void npy_file(bytes_t *bytes, unsigned char version, const char *dict, const void *content,
              size_t size)
{
    size_t width = version == 1 ? 2 : 4;
    size_t whole = (8 + width + strlen(dict) + 1 + 63) / 64 * 64;
    size_t length = whole - 8 - width;
    unsigned char start[12] = "\x93NUMPY";

    start[6] = version;
    start[7] = 0;
    for (size_t i = 0; i < width; i++)
        start[8 + i] = (unsigned char)(length >> 8 * i);
    bytes_add(bytes, start, 8 + width);
    bytes_add(bytes, dict, strlen(dict));
    while (bytes->size % 64 != 63)
        bytes_add(bytes, " ", 1);
    bytes_add(bytes, "\n", 1);
    bytes_add(bytes, content, size);
}

void npy_little_order(bytes_t *bytes, const char *descr, const char *fortran_order,
                      const char *shape, const void *elements, size_t item, size_t count)
{
    npy_file(bytes, 1, npy_dict(descr, fortran_order, shape), elements, item * count);
    if (dlcore_host_is_big_endian())
        for (size_t i = 0; i < count; i++) {
            unsigned char *element = bytes->data + bytes->size - (i + 1) * item;

            for (size_t j = 0; j < item / 2; j++) {
                unsigned char kept = element[j];

                element[j] = element[item - 1 - j];
                element[item - 1 - j] = kept;
            }
        }
}

void npy_little(bytes_t *bytes, const char *descr, const char *shape, const void *elements,
                size_t item, size_t count)
{
    npy_little_order(bytes, descr, "False", shape, elements, item, count);
}
