/* Writing zip archives of stored entries (APPNOTE.TXT 6.3.3). By hand, because libzip keeps all
 * entries in memory until it writes them at once.
 *
 * SPDX-License-Identifier: MIT */
#include "exchange/zip_writer.h"

#include <stdbool.h>
#include <string.h>

#include "base/allocator.h"
#include "base/error.h"
#include "base/size.h"

#define VERSION_STORED 20   /* of the format that a reader must know: 2.0 */
#define VERSION_ZIP64 45    /* 4.5 */
#define NAME_IS_UTF8 0x0800 /* general purpose bit 11 */
#define DATE_1980 0x0021    /* January 1st of its year 0 */
#define IN_ZIP64 0xFFFFFFFFu
#define ZIP64_FIELD 0x0001

/* Fixed parts of the records, with the longest extra field. */
#define LOCAL_MAX (30 + 20)
#define CENTRAL_MAX (46 + 28)
#define END_MAX (56 + 20 + 22)

/* ---- records, put together in memory ---- */

typedef struct zip_record {
    unsigned char bytes[END_MAX];
    size_t size;
} zip_record_t;

/* The `width` low bytes, little-endian. */
static void zip_number(zip_record_t *record, uint64_t number, int width)
{
    for (int i = 0; i < width; i++)
        record->bytes[record->size++] = (unsigned char)(number >> 8 * i);
}

static uint64_t low_or_zip64(uint64_t number)
{
    return number < IN_ZIP64 ? number : IN_ZIP64;
}

/* What the local and the central record of an entry have alike, from the version to the lengths of
 * name and extra field. */
static void put_entry(zip_record_t *record, const char *name, uint64_t size, uint32_t checksum,
                      bool zip64, size_t extra)
{
    zip_number(record, zip64 ? VERSION_ZIP64 : VERSION_STORED, 2);
    zip_number(record, NAME_IS_UTF8, 2);
    zip_number(record, 0, 2); /* stored */
    zip_number(record, 0, 2); /* the time */
    zip_number(record, DATE_1980, 2);
    zip_number(record, checksum, 4);
    zip_number(record, low_or_zip64(size), 4);
    zip_number(record, low_or_zip64(size), 4);
    zip_number(record, strlen(name), 2);
    zip_number(record, extra, 2);
}

static dlcore_status write_bytes(dlcore_zip_writer_t *writer, const void *bytes, size_t size,
                                 dlcore_error_record_t *error)
{
    writer->written += size;
    return writer->write(writer->to, bytes, size, error);
}

/* ---- the list ---- */

static dlcore_status reserve_list(dlcore_zip_writer_t *writer, size_t more,
                                  dlcore_error_record_t *error)
{
    size_t room = dlcore_size_max(2 * writer->list_room, writer->list_size + more);
    unsigned char *list;

    if (writer->list_room - writer->list_size >= more)
        return DLCORE_OK;
    list = dlcore_allocate_raw(&writer->allocator, room, 1);
    if (list == NULL)
        return dlcore_fail_memory(error, "the list of a zip archive", room);
    if (writer->list_size > 0)
        memcpy(list, writer->list, writer->list_size);
    dlcore_release(&writer->allocator, writer->list);
    writer->list = list;
    writer->list_room = room;
    return DLCORE_OK;
}

static void append_list(dlcore_zip_writer_t *writer, const void *bytes, size_t size)
{
    memcpy(writer->list + writer->list_size, bytes, size);
    writer->list_size += size;
}

static dlcore_status list_entry(dlcore_zip_writer_t *writer, const char *name, uint64_t size,
                                uint32_t checksum, dlcore_error_record_t *error)
{
    zip_record_t head = {.size = 0}, tail = {.size = 0};
    bool large = size >= IN_ZIP64, far = writer->written >= IN_ZIP64;
    size_t extra = large || far ? 4 + 16 * (size_t)large + 8 * (size_t)far : 0;
    dlcore_status status = reserve_list(writer, CENTRAL_MAX + strlen(name), error);

    if (status != DLCORE_OK)
        return status;
    zip_number(&head, 0x02014b50, 4);
    zip_number(&head, VERSION_ZIP64, 2); /* made by: the upper byte says MS-DOS */
    put_entry(&head, name, size, checksum, large || far, extra);
    zip_number(&head, 0, 2 + 2); /* no comment, disk 0 */
    zip_number(&head, 0, 2 + 4); /* no attributes */
    zip_number(&head, low_or_zip64(writer->written), 4);
    if (extra > 0) {
        zip_number(&tail, ZIP64_FIELD, 2);
        zip_number(&tail, extra - 4, 2);
    }
    if (large) {
        zip_number(&tail, size, 8);
        zip_number(&tail, size, 8);
    }
    if (far)
        zip_number(&tail, writer->written, 8);
    append_list(writer, head.bytes, head.size);
    append_list(writer, name, strlen(name));
    append_list(writer, tail.bytes, tail.size);
    writer->count++;
    return DLCORE_OK;
}

/* ---- what users of the writer call ---- */

void dlcore_zip_writer_begin(dlcore_zip_writer_t *writer, dlcore_zip_sink_t *write, void *to,
                             const dlcore_allocator_t *allocator)
{
    *writer = (dlcore_zip_writer_t){.write = write, .to = to, .allocator = *allocator};
}

/* CRC-32 of ISO 3309, a nibble at a time: a table of 64 bytes instead of a kilobyte. */
uint32_t dlcore_zip_checksum(uint32_t checksum, const void *bytes, size_t size)
{
    static const uint32_t nibbles[16] = {0x00000000, 0x1DB71064, 0x3B6E20C8, 0x26D930AC,
                                         0x76DC4190, 0x6B6B51F4, 0x4DB26158, 0x5005713C,
                                         0xEDB88320, 0xF00F9344, 0xD6D6A3E8, 0xCB61B38C,
                                         0x9B64C2B0, 0x86D3D2D4, 0xA00AE278, 0xBDBDF21C};
    const unsigned char *byte = bytes;

    checksum = ~checksum;
    for (size_t i = 0; i < size; i++) {
        checksum ^= byte[i];
        checksum = checksum >> 4 ^ nibbles[checksum & 15];
        checksum = checksum >> 4 ^ nibbles[checksum & 15];
    }
    return ~checksum;
}

dlcore_status dlcore_zip_writer_start(dlcore_zip_writer_t *writer, const char *name, uint64_t size,
                                      uint32_t checksum, dlcore_error_record_t *error)
{
    zip_record_t record = {.size = 0}, extra = {.size = 0};
    bool large = size >= IN_ZIP64;
    dlcore_status status = list_entry(writer, name, size, checksum, error);

    if (status != DLCORE_OK)
        return status;
    if (large) {
        zip_number(&extra, ZIP64_FIELD, 2);
        zip_number(&extra, 16, 2);
        zip_number(&extra, size, 8);
        zip_number(&extra, size, 8);
    }
    zip_number(&record, 0x04034b50, 4);
    put_entry(&record, name, size, checksum, large, extra.size);
    status = write_bytes(writer, record.bytes, record.size, error);
    if (status == DLCORE_OK)
        status = write_bytes(writer, name, strlen(name), error);
    if (status == DLCORE_OK && large)
        status = write_bytes(writer, extra.bytes, extra.size, error);
    return status;
}

dlcore_status dlcore_zip_writer_bytes(dlcore_zip_writer_t *writer, const void *bytes, size_t size,
                                      dlcore_error_record_t *error)
{
    return write_bytes(writer, bytes, size, error);
}

dlcore_status dlcore_zip_writer_add(dlcore_zip_writer_t *writer, const char *name,
                                    const void *bytes, size_t size, dlcore_error_record_t *error)
{
    dlcore_status status =
        dlcore_zip_writer_start(writer, name, size, dlcore_zip_checksum(0, bytes, size), error);

    if (status == DLCORE_OK)
        status = write_bytes(writer, bytes, size, error);
    return status;
}

/* The two records that zip64 puts before the last one. */
static void put_zip64_end(zip_record_t *record, const dlcore_zip_writer_t *writer)
{
    zip_number(record, 0x06064b50, 4);
    zip_number(record, 44, 8); /* what follows of this record */
    zip_number(record, VERSION_ZIP64, 2);
    zip_number(record, VERSION_ZIP64, 2);
    zip_number(record, 0, 4 + 4); /* disks */
    zip_number(record, writer->count, 8);
    zip_number(record, writer->count, 8);
    zip_number(record, writer->list_size, 8);
    zip_number(record, writer->written, 8);
    zip_number(record, 0x07064b50, 4);
    zip_number(record, 0, 4);
    zip_number(record, writer->written + writer->list_size, 8);
    zip_number(record, 1, 4); /* one disk */
}

dlcore_status dlcore_zip_writer_finish(dlcore_zip_writer_t *writer, dlcore_error_record_t *error)
{
    zip_record_t end = {.size = 0};
    uint64_t listed = writer->count < 0xFFFF ? writer->count : 0xFFFF;
    dlcore_status status;

    if (writer->count >= 0xFFFF || writer->written >= IN_ZIP64 || writer->list_size >= IN_ZIP64)
        put_zip64_end(&end, writer);
    zip_number(&end, 0x06054b50, 4);
    zip_number(&end, 0, 2 + 2);
    zip_number(&end, listed, 2);
    zip_number(&end, listed, 2);
    zip_number(&end, low_or_zip64(writer->list_size), 4);
    zip_number(&end, low_or_zip64(writer->written), 4);
    zip_number(&end, 0, 2); /* no comment */
    status = write_bytes(writer, writer->list, writer->list_size, error);
    if (status == DLCORE_OK)
        status = write_bytes(writer, end.bytes, end.size, error);
    return status;
}

void dlcore_zip_writer_end(dlcore_zip_writer_t *writer)
{
    dlcore_release(&writer->allocator, writer->list);
    writer->list = NULL;
}
