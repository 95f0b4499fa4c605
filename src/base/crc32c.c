/* CRC-32C, four bits at a time: what it is for is a few KB per epoch.
 *
 * SPDX-License-Identifier: MIT */
#include "base/crc32c.h"

uint32_t dlcore_crc32c(const void *bytes, size_t size)
{
    /* the polynomial 0x82f63b78, reflected, of each four bits */
    static const uint32_t of_four[16] = {0x00000000, 0x105ec76f, 0x20bd8ede, 0x30e349b1,
                                         0x417b1dbc, 0x5125dad3, 0x61c69362, 0x7198540d,
                                         0x82f63b78, 0x92a8fc17, 0xa24bb5a6, 0xb21572c9,
                                         0xc38d26c4, 0xd3d3e1ab, 0xe330a81a, 0xf36e6f75};
    const unsigned char *at = bytes;
    uint32_t crc = 0xffffffff;

    for (size_t i = 0; i < size; i++) {
        crc ^= at[i];
        crc = crc >> 4 ^ of_four[crc & 15];
        crc = crc >> 4 ^ of_four[crc & 15];
    }
    return crc ^ 0xffffffff;
}
