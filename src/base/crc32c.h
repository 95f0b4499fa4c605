/* CRC-32C (Castagnoli; RFC 3720, appendix B.4): the checksum of TensorFlow's record files.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_BASE_CRC32C_H
#define DLCORE_BASE_CRC32C_H

#include "system/compiler.h"

#include <stddef.h>
#include <stdint.h>

DLCORE_HIDDEN_BEGIN

uint32_t dlcore_crc32c(const void *bytes, size_t size);

DLCORE_HIDDEN_END

#endif
