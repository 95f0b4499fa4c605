/* HDF5 files with arrays and attributes of forms that Keras never writes, made through libhdf5
 * itself: told as what they are, or refused.
 *
 * SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/allocator.h"
#include "exchange/hdf5_heap.h"
#include "exchange/hdf5_seam.h"
#include "support/failing_allocator.h"

static dlcore_error_record_t problem;

/* What a test puts into a file. */
typedef void make_t(hid_t file);

/* The bytes of a file that `make` fills, for free(). */
static unsigned char *file_of(make_t *make, size_t *size)
{
    hid_t access = H5Pcreate(H5P_FILE_ACCESS), file;
    unsigned char *bytes;
    ssize_t length;

    assert_true(H5Pset_fapl_core(access, 65536, 0) >= 0);
    file = H5Fcreate("test", DLCORE_HDF5_TRUNCATE, H5P_DEFAULT, access);
    assert_true(file >= 0);
    make(file);
    assert_true(H5Fflush(file, H5F_SCOPE_GLOBAL) >= 0);
    length = H5Fget_file_image(file, NULL, 0);
    assert_true(length > 0);
    bytes = malloc((size_t)length);
    assert_non_null(bytes);
    assert_true(H5Fget_file_image(file, bytes, (size_t)length) == length);
    H5Fclose(file);
    H5Pclose(access);
    *size = (size_t)length;
    return bytes;
}

static void put_array(hid_t file, const char *name, hid_t type, int rank, const hsize_t *lengths,
                      hid_t memory, const void *numbers)
{
    hid_t space = rank < 0 ? H5Screate(H5S_NULL) : H5Screate_simple(rank, lengths, NULL);
    hid_t set = H5Dcreate2(file, name, type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);

    assert_true(set >= 0);
    if (numbers != NULL)
        assert_true(H5Dwrite(set, memory, H5S_ALL, H5S_ALL, H5P_DEFAULT, numbers) >= 0);
    H5Dclose(set);
    H5Sclose(space);
}

/* ---- arrays ---- */

static void make_arrays(hid_t file)
{
    static const float floats[2] = {1.5f, -2};
    static const int64_t below = -1;
    const hsize_t two = 2, none = 0;
    hsize_t many[32], long_and_none[8] = {0}, huge[2] = {(hsize_t)1 << 40, (hsize_t)1 << 40};
    hsize_t chunk[2] = {1, 1};
    hid_t chunks = H5Pcreate(H5P_DATASET_CREATE), space = H5Screate_simple(2, huge, NULL), set;
    hid_t wide = H5Tcopy(H5T_NATIVE_INT64), opaque = H5Tcreate(H5T_OPAQUE, 4);

    for (int i = 0; i < 32; i++)
        many[i] = 1;
    for (int i = 1; i < 8; i++)
        long_and_none[i] = 4000000000;
    assert_true(H5Pset_chunk(chunks, 2, chunk) >= 0);
    set = H5Dcreate2(file, "huge", H5T_IEEE_F32LE, space, H5P_DEFAULT, chunks, H5P_DEFAULT);
    assert_true(set >= 0);
    H5Dclose(set);
    H5Sclose(space);
    H5Pclose(chunks);
    put_array(file, "long", H5T_IEEE_F32LE, 8, long_and_none, -1, NULL);
    H5Tset_size(wide, 16);
    put_array(file, "big", H5T_IEEE_F32BE, 1, &two, H5T_NATIVE_FLOAT, floats);
    put_array(file, "wide", wide, 1, &two, -1, NULL);
    put_array(file, "opaque", opaque, 1, &two, -1, NULL);
    put_array(file, "none", H5T_IEEE_F32LE, 1, &none, -1, NULL);
    put_array(file, "null", H5T_IEEE_F32LE, -1, NULL, -1, NULL);
    put_array(file, "many", H5T_IEEE_F32LE, 32, many, -1, NULL);
    put_array(file, "below", H5T_STD_I64LE, 0, NULL, H5T_NATIVE_INT64, &below);
    H5Tclose(wide);
    H5Tclose(opaque);
}

static void refuse_array(dlcore_hdf5_t *file, const char *path, const char *text)
{
    dlcore_hdf5_array_t array;

    assert_int_equal(dlcore_hdf5_look(file, path, &array), DLCORE_ERROR_FORMAT);
    if (strstr(problem.message, text) == NULL)
        fail_msg("no \"%s\" in: %s", text, problem.message);
}

static void test_hdf5_odd_arrays_are_told_or_refused(void **state)
{
    size_t size;
    unsigned char *bytes = file_of(make_arrays, &size);
    dlcore_hdf5_array_t array;
    dlcore_hdf5_t file;
    float found[2] = {0};
    uint64_t count;

    (void)state;
    assert_int_equal(dlcore_hdf5_open(&file, "no HDF5", 7, "file", &problem), DLCORE_ERROR_FORMAT);
    assert_int_equal(dlcore_hdf5_open(&file, bytes, size, "file", &problem), DLCORE_OK);
    assert_int_equal(dlcore_hdf5_look(&file, "big", &array), DLCORE_OK);
    assert_int_equal(array.numbers, DLCORE_HDF5_FLOAT32);
    assert_int_equal(dlcore_hdf5_floats(&file, "big", found, 2), DLCORE_OK);
    assert_true(found[0] == 1.5f && found[1] == -2.0f);
    assert_int_equal(dlcore_hdf5_look(&file, "none", &array), DLCORE_OK);
    assert_int_equal(array.count, 0);
    assert_int_equal(dlcore_hdf5_look(&file, "long", &array), DLCORE_OK);
    assert_int_equal(strlen(array.shown), sizeof array.shown - 1);
    assert_non_null(strstr(array.shown, "floats of 4 bytes (0, 4000000000, "));
    refuse_array(&file, "huge", "is damaged");
    refuse_array(&file, "null", "is damaged");
    refuse_array(&file, "many", "is damaged");
    refuse_array(&file, "wide", "has no numbers, or reaches beyond the file");
    refuse_array(&file, "opaque", "has no numbers, or reaches beyond the file");
    assert_int_equal(dlcore_hdf5_floats(&file, "opaque", found, 2), DLCORE_ERROR_FORMAT);
    assert_int_equal(dlcore_hdf5_floats(&file, "absent", found, 2), DLCORE_ERROR_NAME);
    assert_int_equal(dlcore_hdf5_count(&file, "below", &count), DLCORE_ERROR_FORMAT);
    assert_non_null(strstr(problem.message, "is below 0"));
    assert_int_equal(dlcore_hdf5_count(&file, "absent", &count), DLCORE_ERROR_NAME);
    dlcore_hdf5_close(&file);
    free(bytes);
}

/* ---- attributes ---- */

static void put_attribute(hid_t file, const char *name, hid_t type, hsize_t count, const void *from)
{
    hid_t space = H5Screate_simple(1, &count, NULL);
    hid_t attribute = H5Acreate2(file, name, type, space, H5P_DEFAULT, H5P_DEFAULT);

    assert_true(attribute >= 0);
    if (from != NULL)
        assert_true(H5Awrite(attribute, type, from) >= 0);
    H5Aclose(attribute);
    H5Sclose(space);
}

static void make_attributes(hid_t file)
{
    static const char *const text[] = {"one text, of some length"};
    const hsize_t two = 2;
    hid_t varying = H5Tcopy(H5T_C_S1), spaces = H5Tcopy(H5T_C_S1);

    H5Tset_size(varying, H5T_VARIABLE);
    H5Tset_size(spaces, 4);
    H5Tset_strpad(spaces, H5T_STR_SPACEPAD);
    put_attribute(file, "unset", varying, 2, NULL);
    put_attribute(file, "text", varying, 1, text);
    put_attribute(file, "blank", spaces, 3, "    ab      ");
    put_array(file, "array", H5T_IEEE_F32LE, 1, &two, -1, NULL);
    H5Tclose(varying);
    H5Tclose(spaces);
}

static dlcore_status read_blank(const dlcore_allocator_t *allocator, void *context)
{
    char *names = NULL;
    size_t count;
    dlcore_status status = dlcore_hdf5_names(context, "/", "blank", allocator, &names, &count);

    if (status == DLCORE_OK)
        assert_memory_equal(names, "\0ab\0\0", 5);
    else
        assert_null(names);
    dlcore_release(allocator, names);
    return status;
}

static void test_hdf5_odd_attributes_are_read_or_refused(void **state)
{
    dlcore_allocator_t plain = dlcore_allocator_default();
    size_t size, count;
    unsigned char *bytes = file_of(make_attributes, &size);
    char longest[DLCORE_HDF5_PATH_SIZE + 8], *names = NULL;
    dlcore_hdf5_t file;

    (void)state;
    memset(longest, 'a', sizeof longest);
    longest[sizeof longest - 1] = '\0';
    assert_int_equal(dlcore_hdf5_open(&file, bytes, size, "file", &problem), DLCORE_OK);
    assert_int_equal(dlcore_hdf5_names(&file, "/", "unset", &plain, &names, &count), DLCORE_OK);
    assert_int_equal(count, 2);
    assert_memory_equal(names, "\0\0", 2);
    dlcore_release(&plain, names);
    assert_int_equal(dlcore_hdf5_names(&file, "array", "text", &plain, &names, &count),
                     DLCORE_ERROR_FORMAT);
    assert_non_null(strstr(problem.message, "array is no group, or a damaged one"));
    assert_int_equal(dlcore_hdf5_names(&file, longest, "text", &plain, &names, &count),
                     DLCORE_ERROR_UNSUPPORTED);
    assert_true(failing_allocator_sweep(read_blank, &file) >= 2);
    dlcore_hdf5_close(&file);
    free(bytes);
}

/* The text's heap is gone, or its letters are of a set that there is none of. */
static void test_hdf5_odd_texts_that_cannot_be_read_are_refused(void **state)
{
    static const unsigned char type[8] = {0x19, 0x01, 0, 0, 0x10, 0, 0, 0};
    dlcore_allocator_t plain = dlcore_allocator_default();

    (void)state;
    for (int damage = 0; damage < 2; damage++) {
        size_t size, count, changed = 0;
        unsigned char *bytes = file_of(make_attributes, &size);
        char *text = NULL;
        dlcore_hdf5_t file;

        for (size_t at = 0; at + 8 <= size; at++) {
            if (damage == 0 && memcmp(bytes + at, "GCOL\1", 5) == 0) {
                bytes[at] = 'X';
                changed++;
            } else if (damage == 1 && memcmp(bytes + at, type, sizeof type) == 0) {
                bytes[at + 2] = 5;
                changed++;
            }
        }
        assert_true(changed > 0);
        assert_int_equal(dlcore_hdf5_open(&file, bytes, size, "file", &problem), DLCORE_OK);
        assert_int_equal(dlcore_hdf5_text(&file, "/", "text", &plain, &text, &count),
                         DLCORE_ERROR_FORMAT);
        assert_null(text);
        dlcore_hdf5_close(&file);
        free(bytes);
    }
}

/* ---- one text in the place of many ---- */

enum { MANY = 200 };

static void make_many_texts(hid_t file)
{
    static char longest[401];
    const char *texts[MANY];
    hid_t varying = H5Tcopy(H5T_C_S1);

    memset(longest, 'l', sizeof longest - 1);
    texts[0] = longest;
    for (size_t i = 1; i < MANY; i++)
        texts[i] = "s";
    H5Tset_size(varying, H5T_VARIABLE);
    put_attribute(file, "texts", varying, MANY, texts);
    H5Tclose(varying);
}

/* Each reference to a text has become that to the longest. */
static void test_hdf5_odd_texts_longer_than_the_file_are_refused(void **state)
{
    static const unsigned char length[4] = {0x90, 1}, one[4] = {1};
    dlcore_allocator_t plain = dlcore_allocator_default();
    size_t size, count, first = 0;
    unsigned char *bytes = file_of(make_many_texts, &size);
    char *texts = NULL;
    dlcore_hdf5_t file;

    (void)state;
    while (first + 32 <= size &&
           (memcmp(bytes + first, length, 4) != 0 || memcmp(bytes + first + 16, one, 4) != 0))
        first++;
    assert_true(first + (size_t)16 * MANY <= size && size < (size_t)400 * MANY);
    assert_int_equal(dlcore_hdf5_open(&file, bytes, size, "file", &problem), DLCORE_OK);
    assert_int_equal(dlcore_hdf5_names(&file, "/", "texts", &plain, &texts, &count), DLCORE_OK);
    assert_int_equal(count, MANY);
    dlcore_release(&plain, texts);
    dlcore_hdf5_close(&file);
    for (size_t i = 1; i < MANY; i++)
        memcpy(bytes + first + 16 * i, bytes + first, 16);
    assert_int_equal(dlcore_hdf5_open(&file, bytes, size, "file", &problem), DLCORE_OK);
    assert_int_equal(dlcore_hdf5_names(&file, "/", "texts", &plain, &texts, &count),
                     DLCORE_ERROR_FORMAT);
    assert_null(texts);
    assert_non_null(strstr(problem.message, "texts has more text than the file"));
    dlcore_hdf5_close(&file);
    free(bytes);
}

/* ---- groups ---- */

static uint32_t load_u32(const unsigned char *from)
{
    return from[0] | (uint32_t)from[1] << 8 | (uint32_t)from[2] << 16 | (uint32_t)from[3] << 24;
}

static uint32_t turned(uint32_t word, unsigned by)
{
    return word << by | word >> (32 - by);
}

/* HDF5's checksum of metadata: lookup3 of Bob Jenkins, from 0. */
static uint32_t metadata_checksum(const unsigned char *from, size_t length)
{
    static const unsigned turns[6] = {4, 6, 8, 16, 19, 4},
                          last_turns[7] = {14, 11, 25, 16, 4, 14, 24};
    uint32_t words[3];
    unsigned char last[12] = {0};

    words[0] = words[1] = words[2] = 0xdeadbeef + (uint32_t)length;
    for (; length > 12; length -= 12, from += 12) {
        for (size_t i = 0; i < 3; i++)
            words[i] += load_u32(from + 4 * i);
        for (size_t i = 0; i < 6; i++) { /* a -= c, a ^= c turned, c += b; then b, c, a */
            uint32_t *a = &words[i % 3], *b = &words[(i + 1) % 3], *c = &words[(i + 2) % 3];

            *a = (*a - *c) ^ turned(*c, turns[i]);
            *c += *b;
        }
    }
    memcpy(last, from, length);
    for (size_t i = 0; i < 3; i++)
        words[i] += load_u32(last + 4 * i);
    for (size_t i = 0; i < 7; i++) { /* c ^= b, c -= b turned; then a, b, c */
        uint32_t *c = &words[(i + 2) % 3], *b = &words[(i + 1) % 3];

        *c = (*c ^ *b) - turned(*b, last_turns[i]);
    }
    return words[2];
}

static void make_dense_group(hid_t file)
{
    const hsize_t two = 2;
    hid_t how = H5Pcreate(H5P_GROUP_CREATE), group;

    assert_true(H5Pset_link_creation_order(how, H5P_CRT_ORDER_TRACKED) >= 0); /* of newer files */
    assert_true(H5Pset_link_phase_change(how, 0, 0) >= 0);                    /* in a B-tree */
    group = H5Gcreate2(file, "group", H5P_DEFAULT, how, H5P_DEFAULT);
    assert_true(group >= 0);
    put_array(group, "array", H5T_IEEE_F32LE, 1, &two, -1, NULL);
    H5Gclose(group);
    H5Pclose(how);
}

/* The B-tree says how many there are, with a checksum that is right. */
static void test_hdf5_odd_groups_of_more_members_than_bytes_are_refused(void **state)
{
    enum { COUNT_AT = 26, CHECKSUM_AT = 34 };
    size_t size, count, tree = 0;
    unsigned char *bytes = file_of(make_dense_group, &size);
    uint32_t checksum;
    dlcore_hdf5_t file;

    (void)state;
    assert_int_equal(dlcore_hdf5_open(&file, bytes, size, "file", &problem), DLCORE_OK);
    assert_int_equal(dlcore_hdf5_members(&file, "group", &count), DLCORE_OK);
    assert_int_equal(count, 1);
    dlcore_hdf5_close(&file);
    while (tree + CHECKSUM_AT + 4 < size && memcmp(bytes + tree, "BTHD", 4) != 0)
        tree++;
    assert_int_equal(metadata_checksum(bytes + tree, CHECKSUM_AT),
                     load_u32(bytes + tree + CHECKSUM_AT));
    bytes[tree + COUNT_AT + 5] = 1;
    checksum = metadata_checksum(bytes + tree, CHECKSUM_AT);
    for (size_t i = 0; i < 4; i++)
        bytes[tree + CHECKSUM_AT + i] = (unsigned char)(checksum >> 8 * i);
    assert_int_equal(dlcore_hdf5_open(&file, bytes, size, "file", &problem), DLCORE_OK);
    assert_int_equal(dlcore_hdf5_members(&file, "group", &count), DLCORE_ERROR_FORMAT);
    assert_int_equal(count, 0);
    assert_non_null(strstr(problem.message, "group is no group, or a damaged one"));
    dlcore_hdf5_close(&file);
    free(bytes);
}

/* ---- heaps ---- */

static void put_u64(unsigned char *to, uint64_t number)
{
    for (int i = 0; i < 8; i++)
        to[i] = (unsigned char)(number >> 8 * i);
}

/* An object of a heap, without content. */
static void put_object(unsigned char *to, size_t number, uint64_t length)
{
    to[0] = (unsigned char)number;
    to[1] = (unsigned char)(number >> 8);
    put_u64(to + 8, length);
}

static void make_shared_type(hid_t file)
{
    hid_t type = H5Tcopy(H5T_IEEE_F32LE);

    assert_true(H5Tcommit2(file, "type", type, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT) >= 0);
    put_attribute(file, "shared", type, 1, &(float){1});
    H5Tclose(type);
}

/* The attribute has a place in the file where its type should be. */
static void test_hdf5_odd_attributes_of_shared_types_are_refused(void **state)
{
    size_t size;
    unsigned char *bytes = file_of(make_shared_type, &size);

    (void)state;
    assert_string_equal(dlcore_hdf5_heap_problem(bytes, size),
                        "has an attribute of a shared type, which Keras never writes");
    free(bytes);
}

static void test_hdf5_odd_heaps_are_refused_before_they_take_time(void **state)
{
    enum { OBJECTS = 4200, HEAP = 64, SIZE = HEAP + 16 + 32 * OBJECTS };
    unsigned char *bytes = calloc(1, SIZE);

    (void)state;
    assert_non_null(bytes);
    bytes[13] = bytes[14] = 8;
    bytes[24] = 1;
    assert_string_equal(dlcore_hdf5_heap_problem(bytes, SIZE),
                        "has addresses of another form than Keras writes");
    bytes[24] = 0;
    bytes[8] = 1; /* in which the base comes later */
    bytes[28] = 1;
    assert_string_equal(dlcore_hdf5_heap_problem(bytes, SIZE),
                        "has addresses of another form than Keras writes");
    bytes[8] = bytes[28] = 0;
    assert_null(dlcore_hdf5_heap_problem(bytes, SIZE));
    memcpy(bytes + HEAP, "GCOL\1", 5);
    put_u64(bytes + HEAP + 8, 64);
    put_object(bytes + HEAP + 16, 1, 60); /* of which 32 bytes are in the heap */
    assert_string_equal(dlcore_hdf5_heap_problem(bytes, SIZE), "has a damaged heap of texts");
    /* as many references to as many objects, each of which is looked for from the first on */
    put_u64(bytes + HEAP + 8, 16 + 16 * OBJECTS);
    for (size_t i = 0; i < OBJECTS; i++) {
        unsigned char *reference = bytes + HEAP + 16 + 16 * (OBJECTS + i);

        put_object(bytes + HEAP + 16 + 16 * i, i + 1, 0);
        put_u64(reference + 4, HEAP);
        reference[12] = (unsigned char)(i + 1);
        reference[13] = (unsigned char)((i + 1) >> 8);
    }
    assert_string_equal(dlcore_hdf5_heap_problem(bytes, SIZE),
                        "has a text of another length than its heap says");
    free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hdf5_odd_arrays_are_told_or_refused),
        cmocka_unit_test(test_hdf5_odd_attributes_are_read_or_refused),
        cmocka_unit_test(test_hdf5_odd_texts_that_cannot_be_read_are_refused),
        cmocka_unit_test(test_hdf5_odd_texts_longer_than_the_file_are_refused),
        cmocka_unit_test(test_hdf5_odd_groups_of_more_members_than_bytes_are_refused),
        cmocka_unit_test(test_hdf5_odd_attributes_of_shared_types_are_refused),
        cmocka_unit_test(test_hdf5_odd_heaps_are_refused_before_they_take_time),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
