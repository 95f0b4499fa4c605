/* Heaps of text: those of real files are sound, also where bytes only look like one; what would
 * send libhdf5 round for ever or beyond its memory is found.
 *
 * SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "exchange/hdf5_heap.h"
#include "support/keras_file.h"

static keras_bytes_t file;

static int read_fixture(void **state)
{
    (void)state;
    file = keras_fixture_bytes("keras_2.15.1.h5");
    return 0;
}

static int free_fixture(void **state)
{
    (void)state;
    free(file.bytes);
    return 0;
}

/* Where the first heap begins. */
static size_t first_heap(void)
{
    size_t at = 0;

    while (memcmp(file.bytes + at, "GCOL\1", 5) != 0)
        at++;
    return at;
}

static const char *problem_with(size_t at, unsigned char value)
{
    unsigned char before = file.bytes[at];
    const char *problem;

    file.bytes[at] = value;
    problem = dlcore_hdf5_heap_problem(file.bytes, file.size);
    file.bytes[at] = before;
    return problem;
}

static void test_hdf5_heap_of_real_files_is_sound(void **state)
{
    static const char *const names[] = {"keras_2.15.1.h5", "keras_3.15.1.h5"};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        keras_bytes_t real = keras_fixture_bytes(names[i]);

        assert_null(dlcore_hdf5_heap_problem(real.bytes, real.size));
        free(real.bytes);
    }
}

static void test_hdf5_heap_that_does_not_end_is_found(void **state)
{
    size_t heap = first_heap(), first = heap + 16;

    (void)state;
    assert_non_null(problem_with(heap + 8 + 3, 1)); /* its size */
    assert_non_null(problem_with(heap + 9, 0));
    assert_non_null(problem_with(first + 8 + 7, 0x80)); /* an object's size */
    file.bytes[first] = 0;                              /* free space of no size */
    {
        unsigned char size[8];

        memcpy(size, file.bytes + first + 8, 8);
        memset(file.bytes + first + 8, 0, 8);
        assert_non_null(dlcore_hdf5_heap_problem(file.bytes, file.size));
        memcpy(file.bytes + first + 8, size, 8);
    }
    file.bytes[first] = 1;
    assert_null(dlcore_hdf5_heap_problem(file.bytes, file.size));
}

/* A reference to a text of the first heap: its length, the heap's address, the text's number. */
static size_t first_reference(void)
{
    size_t heap = first_heap(), at = 0;

    while (
        at + 16 < file.size &&
        !((file.bytes[at + 4] | file.bytes[at + 5] << 8 | file.bytes[at + 6] << 16) == (int)heap &&
          file.bytes[at + 12] == 1 && memcmp(file.bytes + at + 7, "\0\0\0\0\0", 5) == 0))
        at++;
    assert_true(at + 16 < file.size);
    return at;
}

static void test_hdf5_heap_text_of_another_length_is_found(void **state)
{
    size_t at = first_reference();

    (void)state;
    assert_string_equal(problem_with(at, (unsigned char)(file.bytes[at] - 1)),
                        "has a text of another length than its heap says");
}

/* libhdf5 looks for it behind its list of the heap's texts. */
static void test_hdf5_heap_text_that_is_not_there_is_found(void **state)
{
    size_t at = first_reference();

    (void)state;
    for (size_t i = 12; i < 16; i++)
        assert_string_equal(problem_with(at + i, 0xFF), "has a text that its heap lacks");
    assert_non_null(problem_with(at + 12, 0)); /* the number of what is free */
}

/* libhdf5 makes a copy of the text for each reference. */
static void test_hdf5_heap_one_text_for_many_references_is_found(void **state)
{
    enum { TEXT = 4096, COPIES = 2000 };
    size_t heap = 128, size = heap + 32 + TEXT + 16 * (size_t)COPIES, text = heap + 32 + TEXT;
    unsigned char *bytes = calloc(size, 1);

    (void)state;
    assert_non_null(bytes);
    bytes[8] = 2; /* the superblock */
    bytes[9] = bytes[10] = 8;
    memcpy(bytes + heap, (const char[]){'G', 'C', 'O', 'L', 1}, 5);
    bytes[heap + 9] = TEXT / 256;
    bytes[heap + 8] = 32;
    bytes[heap + 16] = 1; /* its one object */
    bytes[heap + 16 + 9] = TEXT / 256;
    for (size_t i = 0; i < COPIES; i++, text += 16) {
        const char *problem = dlcore_hdf5_heap_problem(bytes, size);

        if (i * TEXT > 4 * size) {
            assert_non_null(problem);
            assert_string_equal(problem, "has one text in the place of many");
            break;
        }
        assert_null(problem);
        bytes[text + 1] = TEXT / 256;
        bytes[text + 4] = (unsigned char)heap;
        bytes[text + 12] = 1;
    }
    assert_true(text < size);
    free(bytes);
}

/* Where the name of an attribute is. */
static size_t find_name(const char *name)
{
    size_t at = 0, length = strlen(name) + 1;

    while (memcmp(file.bytes + at, name, length) != 0)
        at++;
    return at;
}

static void test_hdf5_heap_attributes_that_leave_their_place_are_found(void **state)
{
    static const char longer[] = "has an attribute that is longer than its place";
    size_t layers = find_name("layer_names"), config = find_name("model_config");

    (void)state;
    assert_string_equal(problem_with(layers - 1, 0xFF), longer); /* of its space, behind the file */
    assert_string_equal(problem_with(layers - 3, 0xFF), longer); /* of its type, likewise */
    assert_string_equal(problem_with(config - 4, 0xFF),
                        longer);                          /* in the file, behind the message */
    assert_string_equal(problem_with(config + 16 + 4, 1), /* of an element */
                        "has texts whose places are not 16 bytes each");
}

/* Attributes one in the other, each with 2^40 places of texts: looked at for a while, not for ever.
 */
static void test_hdf5_heap_attributes_with_endless_texts_are_refused(void **state)
{
    static const unsigned char pattern[30] = {2, 0, 2, 0, 8, 0, 12, 0, 'a', 0, 0x19, 1, 0, 0, 16,
                                              0, 0, 0, 2, 1, 0, 1,  0, 0,   0, 0,    0, 1, 0, 0};
    size_t added = 30 << 17;
    unsigned char *bytes = malloc(file.size + added);

    (void)state;
    assert_non_null(bytes);
    memcpy(bytes, file.bytes, file.size);
    for (size_t i = 0; i < added; i++)
        bytes[file.size + i] = pattern[i % sizeof pattern];
    assert_string_equal(dlcore_hdf5_heap_problem(bytes, file.size + added),
                        "has more texts than can be");
    free(bytes);
}

/* The same without printable names are numbers. */
static void test_hdf5_heap_numbers_like_attributes_are_numbers(void **state)
{
    static const unsigned char numbers[30] = {2, 0, 2, 0, 8, 0, 12, 0, 200, 0, 0x19, 1, 0, 0, 1,
                                              0, 0, 0, 2, 1, 0, 1,  1, 0,   0, 0,    0, 0, 0, 0};
    unsigned char *bytes = malloc(file.size + 16 * sizeof numbers);

    (void)state;
    assert_non_null(bytes);
    memcpy(bytes, file.bytes, file.size);
    for (size_t i = 0; i < 16; i++)
        memcpy(bytes + file.size + i * sizeof numbers, numbers, sizeof numbers);
    assert_null(dlcore_hdf5_heap_problem(bytes, file.size + 16 * sizeof numbers));
    free(bytes);
}

/* Numbers that look like an attribute, behind what may be a reference to a heap's object 12 and the
 * header of 4 bytes that newer files have: that is no header of 8 bytes, with a size of 0. */
static void test_hdf5_heap_object_12_before_a_newer_header_is_no_header(void **state)
{
    static const unsigned char numbers[] = {12, 0, 0, 0, 12, 30, 0,  0,         /* the two */
                                            2,  0, 2, 0, 8,  0,  12, 0, 'a', 0, /* sizes, name */
                                            16, 0, 0, 0, 4,  0,  0,  0, /* type: of 4 bytes */
                                            2,  1, 0, 1, 1,  0,  0,  0, 0,   0, 0, 0, /* space: 1 */
                                            0,  0, 0, 0, 0,  0,  0,  0, 0,   0, 0, 0, 0, 0, 0, 0};
    unsigned char *bytes = malloc(file.size + sizeof numbers);

    (void)state;
    assert_non_null(bytes);
    memcpy(bytes, file.bytes, file.size);
    memcpy(bytes + file.size, numbers, sizeof numbers);
    assert_null(dlcore_hdf5_heap_problem(bytes, file.size + sizeof numbers));
    bytes[file.size + 4] = 13; /* no newer header: the size of the message is 0 */
    assert_string_equal(dlcore_hdf5_heap_problem(bytes, file.size + sizeof numbers),
                        "has an attribute that is longer than its place");
    free(bytes);
}

static void test_hdf5_heap_other_forms_of_addresses_are_refused(void **state)
{
    (void)state;
    assert_non_null(problem_with(13, 4));
    assert_non_null(problem_with(14, 4));
    assert_non_null(problem_with(24, 1)); /* the base */
    assert_non_null(problem_with(8, 9));
    assert_non_null(dlcore_hdf5_heap_problem(file.bytes, 64));
}

/* An attribute's message, by hand: version 1, a name, floats of 4 bytes, a space of one axis, and
 * its header in front; then bytes of it are others. */
enum { NAME = 8, TYPE = 16, SPACE = 24, AXIS = SPACE + 8, SIZE_OF = -6, FLAGS = -4 };
typedef struct message_change {
    struct {
        int at;
        unsigned char value;
    } bytes[12];
    const char *problem; /* NULL: none */
} message_change_t;

static const char *problem_of_message(const message_change_t *change)
{
    static unsigned char bytes[512];
    unsigned char *at = bytes + 128;

    memset(bytes, 0, sizeof bytes);
    bytes[13] = bytes[14] = 8; /* sizes of addresses */
    at[-8] = 0x0C;
    at[SIZE_OF] = 48;
    at[0] = 1;
    at[2] = 2;
    at[4] = 8;
    at[6] = 16;
    at[NAME] = 'n';
    at[TYPE] = 0x11;
    at[TYPE + 4] = 4;
    at[SPACE] = at[SPACE + 1] = at[AXIS] = 1;
    for (size_t i = 0; i < 12; i++) {
        if (change->bytes[i].at != 0)
            at[change->bytes[i].at] = change->bytes[i].value;
    }
    return dlcore_hdf5_heap_problem(bytes, sizeof bytes);
}

/* What libhdf5 takes for none is passed by, what it believes is held against its place. */
static void test_hdf5_heap_messages_of_attributes_are_passed_by_or_refused(void **state)
{
    static const char too_long[] = "has an attribute that is longer than its place";
    static const message_change_t changes[] = {
        {{{FLAGS, 0}}, NULL},
        {{{FLAGS, 0x0C}}, NULL}, /* no reference to a heap: it has a size */
        {{{AXIS, 3}}, too_long},
        {{{AXIS, 3}, {SPACE, 2}, {SPACE + 3, 2}}, NULL}, /* empty */
        {{{SPACE + 1, 2}, {AXIS, 2}}, too_long},         /* the second axis is not there */
        {{{AXIS, 0xFF},
          {AXIS + 1, 0xFF},
          {AXIS + 2, 0xFF},
          {AXIS + 3, 0xFF},
          {AXIS + 4, 0xFF},
          {AXIS + 5, 0xFF},
          {AXIS + 6, 0xFF},
          {AXIS + 7, 0x3F}},
         too_long},
        /* without a type, or a space; of a version or class that there is not */
        {{{4, 0}, {SIZE_OF, 200}}, NULL},
        {{{6, 0}, {SIZE_OF, 200}}, NULL},
        {{{TYPE, 0x01}, {AXIS, 99}}, NULL},
        {{{TYPE, 0x51}, {AXIS, 99}}, NULL},
        {{{TYPE, 0x1B}, {AXIS, 99}}, NULL},
        {{{SPACE, 3}, {AXIS, 99}}, NULL},
        /* without a header it must be one of texts, with a name that can be read */
        {{{-8, 1}, {AXIS, 99}}, NULL},
        {{{-8, 1}, {TYPE, 0x19}, {AXIS, 99}}, NULL},
        {{{-8, 1}, {TYPE, 0x19}, {TYPE + 1, 1}, {SPACE + 1, 33}}, NULL},
        {{{-8, 1}, {TYPE, 0x19}, {TYPE + 1, 1}, {NAME, 7}}, NULL},
        {{{-8, 1}, {TYPE, 0x19}, {TYPE + 1, 1}, {NAME, 0x7F}}, NULL},
        {{{-8, 1}, {TYPE, 0x19}, {TYPE + 1, 1}}, "has texts whose places are not 16 bytes each"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        const char *problem = problem_of_message(&changes[i]);

        if (changes[i].problem == NULL
                ? problem != NULL
                : problem == NULL || strcmp(problem, changes[i].problem) != 0)
            fail_msg("change %zu: %s", i, problem != NULL ? problem : "none");
    }
}

/* Of version 2 nothing is filled up, and two bits say whether type and space are elsewhere. */
static void test_hdf5_heap_messages_of_version_2_are_looked_at(void **state)
{
    static unsigned char bytes[512];
    unsigned char *at = bytes + 128;

    (void)state;
    bytes[13] = bytes[14] = 8; /* sizes of addresses */
    at[-8] = 0x0C;
    at[SIZE_OF] = 48;
    at[0] = 2;
    at[2] = 2;
    at[4] = 8;
    at[6] = 16;
    at[8] = 'n';
    at[10] = 0x11; /* floats of 4 bytes */
    at[14] = 4;
    at[18] = at[19] = at[26] = 1; /* one of them */
    assert_null(dlcore_hdf5_heap_problem(bytes, sizeof bytes));
    at[26] = 4;
    assert_string_equal(dlcore_hdf5_heap_problem(bytes, sizeof bytes),
                        "has an attribute that is longer than its place");
    at[1] = 2;
    assert_string_equal(dlcore_hdf5_heap_problem(bytes, sizeof bytes),
                        "has an attribute of a shared type, which Keras never writes");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hdf5_heap_messages_of_attributes_are_passed_by_or_refused),
        cmocka_unit_test(test_hdf5_heap_messages_of_version_2_are_looked_at),
        cmocka_unit_test(test_hdf5_heap_of_real_files_is_sound),
        cmocka_unit_test(test_hdf5_heap_that_does_not_end_is_found),
        cmocka_unit_test(test_hdf5_heap_text_of_another_length_is_found),
        cmocka_unit_test(test_hdf5_heap_text_that_is_not_there_is_found),
        cmocka_unit_test(test_hdf5_heap_one_text_for_many_references_is_found),
        cmocka_unit_test(test_hdf5_heap_attributes_that_leave_their_place_are_found),
        cmocka_unit_test(test_hdf5_heap_attributes_with_endless_texts_are_refused),
        cmocka_unit_test(test_hdf5_heap_numbers_like_attributes_are_numbers),
        cmocka_unit_test(test_hdf5_heap_object_12_before_a_newer_header_is_no_header),
        cmocka_unit_test(test_hdf5_heap_other_forms_of_addresses_are_refused),
    };

    return cmocka_run_group_tests(tests, read_fixture, free_fixture);
}
