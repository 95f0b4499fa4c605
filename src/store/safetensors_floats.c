/* Elements of every dtype as float32. The file's bytes are read into the room of the floats and
 * converted there: narrow ones lie at its end and are spread from the front; of wide ones there is
 * room for half, then for half of the rest, and so on.
 *
 * SPDX-License-Identifier: MIT */
#include "store/safetensors_floats.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/float_mode.h"
#include "base/half.h"
#include "base/little_endian.h"
#include "base/size.h"
#include "store/safetensors_entries.h"

#define EXACT_MAX (UINT64_C(1) << 24) /* up to here float32 has every integer */

/* ---- one element ---- */

static inline uint16_t load_u16(const unsigned char bytes[2])
{
    return (uint16_t)(bytes[0] | bytes[1] << 8);
}

static inline uint8_t load_u8(const unsigned char bytes[1])
{
    return bytes[0];
}

static inline double load_f64(const unsigned char bytes[8])
{
    uint64_t bits = dlcore_load_u64(bytes);
    double x;

    memcpy(&x, &bits, sizeof x);
    return x;
}

static bool has_24_bits(uint64_t magnitude)
{
    while (magnitude > EXACT_MAX && (magnitude & 1) == 0)
        magnitude >>= 1;
    return magnitude <= EXACT_MAX;
}

static inline bool unsigned_to_float(uint64_t x, float *to)
{
    *to = (float)x;
    return x <= EXACT_MAX || has_24_bits(x);
}

static inline bool signed_to_float(int64_t x, float *to)
{
    *to = (float)x;
    return (x >= -(int64_t)EXACT_MAX && x <= (int64_t)EXACT_MAX) ||
           has_24_bits(x < 0 ? UINT64_C(0) - (uint64_t)x : (uint64_t)x);
}

static inline bool double_to_float(double x, float *to)
{
    *to = (float)x;
    return !isinf(*to) || isinf(x);
}

static inline bool bool_to_float(uint8_t x, float *to)
{
    *to = (float)x;
    return x <= 1;
}

static inline bool half_to_float(uint16_t x, float *to)
{
    *to = dlcore_float_of_bits(dlcore_half_to_float(x));
    return true;
}

static inline bool bfloat_to_float(uint16_t x, float *to)
{
    *to = dlcore_float_of_bits((uint32_t)x << 16);
    return true;
}

/* ---- all of a piece ---- */

/* `count` elements; answers how many before the first that cannot be. `from` may lie in the room
 * of the floats, where an element is not before its float, nor behind it by less than that is
 * long: see above. */
#define CONVERTER(name, type, load, convert)                                            \
    static size_t name(const unsigned char *from, float *to, size_t count)              \
    {                                                                                   \
        for (size_t i = 0; i < count; i++) {                                            \
            float converted;                                                            \
                                                                                        \
            if (!convert((type)load(from + i * sizeof(type)), &converted))              \
                return i;                                                               \
            memcpy((unsigned char *)to + i * sizeof(float), &converted, sizeof(float)); \
        }                                                                               \
        return count;                                                                   \
    }

CONVERTER(from_bool, uint8_t, load_u8, bool_to_float)
CONVERTER(from_u8, uint8_t, load_u8, unsigned_to_float)
CONVERTER(from_i8, int8_t, load_u8, signed_to_float)
CONVERTER(from_u16, uint16_t, load_u16, unsigned_to_float)
CONVERTER(from_i16, int16_t, load_u16, signed_to_float)
CONVERTER(from_u32, uint32_t, dlcore_load_u32, unsigned_to_float)
CONVERTER(from_i32, int32_t, dlcore_load_u32, signed_to_float)
CONVERTER(from_u64, uint64_t, dlcore_load_u64, unsigned_to_float)
CONVERTER(from_i64, int64_t, dlcore_load_u64, signed_to_float)
CONVERTER(from_f16, uint16_t, load_u16, half_to_float)
CONVERTER(from_bf16, uint16_t, load_u16, bfloat_to_float)
CONVERTER(from_f64, double, load_f64, double_to_float)

static const struct {
    size_t (*convert)(const unsigned char *from, float *to, size_t count);
    size_t size; /* 0: no numbers */
} converters[] = {
    [DLCORE_SAFETENSORS_BOOL] = {from_bool, 1}, [DLCORE_SAFETENSORS_U8] = {from_u8, 1},
    [DLCORE_SAFETENSORS_I8] = {from_i8, 1},     [DLCORE_SAFETENSORS_I16] = {from_i16, 2},
    [DLCORE_SAFETENSORS_U16] = {from_u16, 2},   [DLCORE_SAFETENSORS_F16] = {from_f16, 2},
    [DLCORE_SAFETENSORS_BF16] = {from_bf16, 2}, [DLCORE_SAFETENSORS_I32] = {from_i32, 4},
    [DLCORE_SAFETENSORS_U32] = {from_u32, 4},   [DLCORE_SAFETENSORS_F32] = {NULL, 4},
    [DLCORE_SAFETENSORS_F64] = {from_f64, 8},   [DLCORE_SAFETENSORS_I64] = {from_i64, 8},
    [DLCORE_SAFETENSORS_U64] = {from_u64, 8},
};

bool dlcore_safetensors_is_number(uint8_t dtype)
{
    return dtype < sizeof converters / sizeof converters[0] && converters[dtype].size != 0;
}

static dlcore_status refuse_number(const dlcore_floats_reading_t *reading, size_t number,
                                   const unsigned char *bytes)
{
    dlcore_status status = DLCORE_ERROR_RANGE;
    const char *why = "no float32 has its digits";
    char text[40];

    if (reading->dtype == DLCORE_SAFETENSORS_BOOL) {
        status = DLCORE_ERROR_FORMAT;
        why = "no bool";
        snprintf(text, sizeof text, "%u", bytes[0]);
    } else if (reading->dtype == DLCORE_SAFETENSORS_F64) {
        why = "too large for float32";
        snprintf(text, sizeof text, "%g", load_f64(bytes));
    } else if (reading->dtype == DLCORE_SAFETENSORS_I32) {
        snprintf(text, sizeof text, "%lld", (long long)(int32_t)dlcore_load_u32(bytes));
    } else if (reading->dtype == DLCORE_SAFETENSORS_I64) {
        snprintf(text, sizeof text, "%lld", (long long)dlcore_load_u64(bytes));
    } else {
        snprintf(text, sizeof text, "%llu",
                 reading->dtype == DLCORE_SAFETENSORS_U32
                     ? (unsigned long long)dlcore_load_u32(bytes)
                     : (unsigned long long)dlcore_load_u64(bytes));
    }
    return dlcore_fail(reading->error, status, "%s: %s: element %zu is %s: %s",
                       reading->source->name, reading->tensor, number, text, why);
}

static dlcore_status read_piece(const dlcore_floats_reading_t *reading, size_t first, size_t count,
                                unsigned char *bytes, float *to)
{
    size_t size = converters[reading->dtype].size, good;
    dlcore_status status =
        dlcore_byte_source_read(reading->source, bytes, count * size, reading->error);

    if (status != DLCORE_OK)
        return status;
    if (reading->hash != NULL)
        dlcore_hash_add(reading->hash, bytes, count * size);
    good = converters[reading->dtype].convert(bytes, to, count);
    return good == count ? DLCORE_OK : refuse_number(reading, first + good, bytes + good * size);
}

static dlcore_status read_wide(const dlcore_floats_reading_t *reading, size_t first, size_t count,
                               float *to)
{
    unsigned char last[64 * sizeof(double)];
    dlcore_status status = DLCORE_OK;

    for (size_t part; count > 0 && status == DLCORE_OK; first += part, to += part, count -= part) {
        bool whole = count <= 64;

        part = whole ? count : count / 2;
        status = read_piece(reading, first, part, whole ? last : (unsigned char *)to, to);
    }
    return status;
}

/* No bit of a float32 changes; only where the host's order is another is there anything to do. */
static dlcore_status read_float32(const dlcore_floats_reading_t *reading, size_t count, float *to)
{
    dlcore_status status =
        dlcore_byte_source_read(reading->source, to, count * sizeof *to, reading->error);

    if (status == DLCORE_OK && reading->hash != NULL)
        dlcore_hash_add(reading->hash, to, count * sizeof *to);
    if (status == DLCORE_OK)
        dlcore_floats_little_endian(to, count);
    return status;
}

dlcore_status dlcore_safetensors_read_floats(const dlcore_floats_reading_t *reading, size_t first,
                                             size_t count, float *to)
{
    size_t size = converters[reading->dtype].size;
    dlcore_float_mode_t mode;
    dlcore_status status;

    if (reading->dtype == DLCORE_SAFETENSORS_F32)
        return read_float32(reading, count, to);
    /* rounded to nearest, small numbers kept, whatever mode the host is in */
    mode = dlcore_float_mode_enter(false);
    if (size > sizeof *to)
        status = read_wide(reading, first, count, to);
    else
        status = read_piece(reading, first, count,
                            (unsigned char *)to + count * (sizeof *to - size), to);
    dlcore_float_mode_leave(mode);
    return status;
}
