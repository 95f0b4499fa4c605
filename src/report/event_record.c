/* Making records of event files.
 *
 * SPDX-License-Identifier: MIT */
#include "report/event_record.h"

#include <math.h>
#include <string.h>

#include "base/crc32c.h"
#include "base/little_endian.h"

/* ---- the wire format ---- */

/* Numbers of fields, and how they are written. */
enum {
    VARINT = 0,
    FIXED_64 = 1,
    WITH_LENGTH = 2,
    FIXED_32 = 5,

    EVENT_WALL_TIME = 1,
    EVENT_STEP = 2,
    EVENT_FILE_VERSION = 3,
    EVENT_SUMMARY = 5,
    SUMMARY_VALUE = 1,
    VALUE_TAG = 1,
    VALUE_SIMPLE = 2,
    VALUE_HISTOGRAM = 5,
    HISTOGRAM_MIN = 1,
    HISTOGRAM_MAX = 2,
    HISTOGRAM_COUNT = 3,
    HISTOGRAM_SUM = 4,
    HISTOGRAM_SQUARES = 5,
    HISTOGRAM_LIMITS = 6,
    HISTOGRAM_BUCKETS = 7
};

/* A message that grows; its room is enough for what is put there. */
typedef struct wire {
    unsigned char *bytes;
    size_t used;
} wire_t;

static void put_varint(wire_t *wire, uint64_t number)
{
    for (; number >= 0x80; number >>= 7)
        wire->bytes[wire->used++] = (unsigned char)(number | 0x80);
    wire->bytes[wire->used++] = (unsigned char)number;
}

static void put_key(wire_t *wire, unsigned field, unsigned form)
{
    put_varint(wire, field << 3 | form);
}

static void put_fixed(wire_t *wire, uint64_t bits, size_t size)
{
    for (size_t i = 0; i < size; i++)
        wire->bytes[wire->used++] = (unsigned char)(bits >> 8 * i);
}

static void put_wire_double(wire_t *wire, double number)
{
    uint64_t bits;

    memcpy(&bits, &number, sizeof bits);
    put_fixed(wire, bits, sizeof bits);
}

static void put_double_field(wire_t *wire, unsigned field, double number)
{
    put_key(wire, field, FIXED_64);
    put_wire_double(wire, number);
}

static void put_float_field(wire_t *wire, unsigned field, float number)
{
    uint32_t bits;

    memcpy(&bits, &number, sizeof bits);
    put_key(wire, field, FIXED_32);
    put_fixed(wire, bits, sizeof bits);
}

static void put_bytes_field(wire_t *wire, unsigned field, const void *bytes, size_t size)
{
    put_key(wire, field, WITH_LENGTH);
    put_varint(wire, size);
    memcpy(wire->bytes + wire->used, bytes, size);
    wire->used += size;
}

/* ---- records ---- */

/* So that a checksum of bytes that have checksums in them is no weaker. */
static uint32_t masked(const void *bytes, size_t size)
{
    uint32_t crc = dlcore_crc32c(bytes, size);

    return (crc >> 15 | crc << 17) + 0xa282ead8;
}

/* Around the message of `size` bytes that stands 12 bytes behind `to`. */
static size_t frame(unsigned char *to, size_t size)
{
    wire_t wire = {to, 0};

    put_fixed(&wire, size, 8);
    put_fixed(&wire, masked(to, 8), 4);
    wire.used += size;
    put_fixed(&wire, masked(to + 12, size), 4);
    return wire.used;
}

/* The bytes of a tag, whole characters. */
static size_t tag_length(const char *tag)
{
    size_t length = strlen(tag);

    if (length <= DLCORE_EVENT_TAG_MAX)
        return length;
    length = DLCORE_EVENT_TAG_MAX;
    while (length > 0 && ((unsigned char)tag[length] & 0xc0) == 0x80)
        length--;
    return length;
}

/* An event with one value, which the message `value` is. */
static size_t put_event(unsigned char *to, double wall_time, uint64_t step, const wire_t *value)
{
    unsigned char bytes[DLCORE_EVENT_RECORD_MAX];
    wire_t summary = {bytes, 0}, event = {to + 12, 0};

    put_bytes_field(&summary, SUMMARY_VALUE, value->bytes, value->used);
    put_double_field(&event, EVENT_WALL_TIME, wall_time);
    put_key(&event, EVENT_STEP, VARINT);
    put_varint(&event, step);
    put_bytes_field(&event, EVENT_SUMMARY, summary.bytes, summary.used);
    return frame(to, event.used);
}

size_t dlcore_event_begin(unsigned char *to, double wall_time)
{
    static const char version[] = "brain.Event:2";
    wire_t event = {to + 12, 0};

    put_double_field(&event, EVENT_WALL_TIME, wall_time);
    put_bytes_field(&event, EVENT_FILE_VERSION, version, sizeof version - 1);
    return frame(to, event.used);
}

size_t dlcore_event_scalar(unsigned char *to, double wall_time, uint64_t step, const char *tag,
                           double value)
{
    unsigned char bytes[DLCORE_EVENT_TAG_MAX + 16];
    wire_t wire = {bytes, 0};

    put_bytes_field(&wire, VALUE_TAG, tag, tag_length(tag));
    put_float_field(&wire, VALUE_SIMPLE, (float)value);
    return put_event(to, wall_time, step, &wire);
}

size_t dlcore_event_histogram(unsigned char *to, double wall_time, uint64_t step, const char *tag,
                              const dlcore_event_histogram_t *h)
{
    unsigned char inner[640], bytes[DLCORE_EVENT_TAG_MAX + 656];
    wire_t histogram = {inner, 0}, value = {bytes, 0};
    double width = (h->most - h->least) / DLCORE_EVENT_BUCKETS;

    put_double_field(&histogram, HISTOGRAM_MIN, h->least);
    put_double_field(&histogram, HISTOGRAM_MAX, h->most);
    put_double_field(&histogram, HISTOGRAM_COUNT, h->count);
    put_double_field(&histogram, HISTOGRAM_SUM, h->sum);
    put_double_field(&histogram, HISTOGRAM_SQUARES, h->squares);
    put_key(&histogram, HISTOGRAM_LIMITS, WITH_LENGTH);
    put_varint(&histogram, 8 * DLCORE_EVENT_BUCKETS);
    for (int i = 1; i <= DLCORE_EVENT_BUCKETS; i++)
        put_wire_double(&histogram, i < DLCORE_EVENT_BUCKETS ? h->least + width * i : h->most);
    put_key(&histogram, HISTOGRAM_BUCKETS, WITH_LENGTH);
    put_varint(&histogram, 8 * DLCORE_EVENT_BUCKETS);
    for (int i = 0; i < DLCORE_EVENT_BUCKETS; i++)
        put_wire_double(&histogram, h->counts[i]);
    put_bytes_field(&value, VALUE_TAG, tag, tag_length(tag));
    put_bytes_field(&value, VALUE_HISTOGRAM, histogram.bytes, histogram.used);
    return put_event(to, wall_time, step, &value);
}

/* ---- histograms ---- */

void dlcore_event_histogram_of(const float *numbers, size_t count,
                               dlcore_event_histogram_t *histogram)
{
    double width;

    *histogram = (dlcore_event_histogram_t){.least = (double)INFINITY, .most = -(double)INFINITY};
    for (size_t i = 0; i < count; i++) {
        double number = (double)numbers[i];

        if (!isfinite(number))
            continue;
        histogram->least = fmin(histogram->least, number);
        histogram->most = fmax(histogram->most, number);
        histogram->sum += number;
        histogram->squares += number * number;
        histogram->count += 1.0;
    }
    width = (histogram->most - histogram->least) / DLCORE_EVENT_BUCKETS;
    for (size_t i = 0; i < count; i++) {
        double place = 0.0;

        if (!isfinite(numbers[i]))
            continue;
        if (width > 0.0)
            place = fmin(((double)numbers[i] - histogram->least) / width, DLCORE_EVENT_BUCKETS - 1);
        histogram->counts[(size_t)place] += 1.0;
    }
}
