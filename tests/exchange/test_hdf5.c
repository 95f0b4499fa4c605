/* The seam to libhdf5: what is written comes back; links, chunks, filters, virtual and external
 * arrays are refused, and so is what reaches beyond the file.
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
#include "exchange/hdf5_seam.h"

static dlcore_allocator_t plain;
static dlcore_error_record_t problem;

static int begin(void **state)
{
    (void)state;
    plain = dlcore_allocator_default();
    return 0;
}

/* What a test puts into a file; -1 where it failed. */
typedef int make_t(hid_t file);

/* The bytes of a file that `make` fills through libhdf5 itself, for free(). */
static unsigned char *file_of(make_t *make, size_t *size)
{
    hid_t access = H5Pcreate(H5P_FILE_ACCESS), file;
    unsigned char *bytes;
    ssize_t length;

    assert_true(H5Pset_fapl_core(access, 65536, 0) >= 0);
    file = H5Fcreate("test", DLCORE_HDF5_TRUNCATE, H5P_DEFAULT, access);
    assert_true(file >= 0);
    assert_int_equal(make(file), 0);
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

static hid_t space_of(hsize_t length)
{
    return H5Screate_simple(1, &length, NULL);
}

/* ---- what is written comes back ---- */

static void test_hdf5_what_is_written_comes_back(void **state)
{
    static const float numbers[6] = {1, 2, 3, 4, 5, 6.5f};
    static const size_t shape[2] = {2, 3};
    dlcore_hdf5_t file;
    dlcore_hdf5_array_t array;
    void *bytes = NULL;
    size_t size, count;
    uint64_t number;
    float found[6] = {0};
    bool there;
    char *text;

    (void)state;
    assert_int_equal(dlcore_hdf5_create(&file, 100, "new", &problem), DLCORE_OK);
    assert_int_equal(dlcore_hdf5_put_group(&file, "a/b/vars"), DLCORE_OK);
    assert_int_equal(dlcore_hdf5_put_group(&file, "a/c"), DLCORE_OK);
    assert_int_equal(dlcore_hdf5_put_floats(&file, "a/b/vars/0", 2, shape, numbers), DLCORE_OK);
    assert_int_equal(dlcore_hdf5_put_count(&file, "a/b/vars/1", 77), DLCORE_OK);
    assert_int_equal(dlcore_hdf5_put_count(&file, "a/b/vars/1", 77), DLCORE_ERROR_MEMORY);
    assert_int_equal(dlcore_hdf5_bytes(&file, &plain, &bytes, &size), DLCORE_OK);
    dlcore_hdf5_close(&file);

    assert_true(dlcore_hdf5_is(bytes, size));
    assert_int_equal(dlcore_hdf5_open(&file, bytes, size, "file", &problem), DLCORE_OK);
    assert_int_equal(dlcore_hdf5_has(&file, "a/c", &there), DLCORE_OK);
    assert_true(there);
    assert_int_equal(dlcore_hdf5_has(&file, "a/c/d", &there), DLCORE_OK);
    assert_false(there);
    assert_int_equal(dlcore_hdf5_members(&file, "a/b/vars", &count), DLCORE_OK);
    assert_int_equal(count, 2);
    assert_int_equal(dlcore_hdf5_members(&file, "nothing", &count), DLCORE_OK);
    assert_int_equal(count, 0);
    assert_int_equal(dlcore_hdf5_look(&file, "a/b/vars/0", &array), DLCORE_OK);
    assert_int_equal(array.numbers, DLCORE_HDF5_FLOAT32);
    assert_int_equal(array.rank, 2);
    assert_int_equal(array.shape[0] * 10 + array.shape[1], 23);
    assert_int_equal(dlcore_hdf5_floats(&file, "a/b/vars/0", found, 6), DLCORE_OK);
    assert_memory_equal(found, numbers, sizeof numbers);
    assert_int_equal(dlcore_hdf5_floats(&file, "a/b/vars/0", found, 5), DLCORE_ERROR_FORMAT);
    assert_int_equal(dlcore_hdf5_look(&file, "a/b/vars/1", &array), DLCORE_OK);
    assert_int_equal(array.numbers, DLCORE_HDF5_INTEGER);
    assert_int_equal(array.rank, 0);
    assert_int_equal(dlcore_hdf5_count(&file, "a/b/vars/1", &number), DLCORE_OK);
    assert_int_equal(number, 77);
    assert_int_equal(dlcore_hdf5_look(&file, "a/b/vars/2", &array), DLCORE_ERROR_NAME);
    assert_int_equal(dlcore_hdf5_look(&file, "a/b", &array), DLCORE_ERROR_FORMAT);
    assert_int_equal(dlcore_hdf5_text(&file, "/", "none", &plain, &text, &size), DLCORE_OK);
    assert_null(text);
    dlcore_hdf5_close(&file);
    free(bytes);
}

static void test_hdf5_same_content_is_the_same_bytes(void **state)
{
    static const float numbers[2] = {1, 2};
    static const size_t shape[1] = {2};
    void *bytes[2];
    size_t sizes[2];

    (void)state;
    for (int i = 0; i < 2; i++) {
        dlcore_hdf5_t file;

        assert_int_equal(dlcore_hdf5_create(&file, 100, "new", &problem), DLCORE_OK);
        assert_int_equal(dlcore_hdf5_put_group(&file, "g"), DLCORE_OK);
        assert_int_equal(dlcore_hdf5_put_floats(&file, "g/0", 1, shape, numbers), DLCORE_OK);
        assert_int_equal(dlcore_hdf5_bytes(&file, &plain, &bytes[i], &sizes[i]), DLCORE_OK);
        dlcore_hdf5_close(&file);
    }
    assert_int_equal(sizes[0], sizes[1]);
    assert_memory_equal(bytes[0], bytes[1], sizes[0]);
    free(bytes[0]);
    free(bytes[1]);
}

/* ---- attributes ---- */

static int put_strings(hid_t file, const char *name, hid_t type, hsize_t count, const void *from)
{
    hid_t space = space_of(count), attribute;
    int failed;

    attribute = H5Acreate2(file, name, type, space, H5P_DEFAULT, H5P_DEFAULT);
    failed = attribute < 0 || H5Awrite(attribute, type, from) < 0;
    H5Aclose(attribute);
    H5Sclose(space);
    return failed ? -1 : 0;
}

static int make_attributes(hid_t file)
{
    static const char *const scattered[] = {"one", "", "three"};
    hid_t type = H5Tcopy(H5T_C_S1), spaces = H5Tcopy(H5T_C_S1), varying = H5Tcopy(H5T_C_S1);
    double numbers[1] = {0};
    int failed = 0;

    H5Tset_size(type, 4);
    H5Tset_strpad(type, H5T_STR_NULLPAD);
    H5Tset_size(spaces, 4);
    H5Tset_strpad(spaces, H5T_STR_SPACEPAD);
    H5Tset_size(varying, H5T_VARIABLE);
    failed |= put_strings(file, "packed", type, 3, "fourab\0\0\0\0\0\0");
    failed |= put_strings(file, "spaces", spaces, 2, "a b c   ");
    failed |= put_strings(file, "scattered", varying, 3, scattered);
    failed |= put_strings(file, "split0", varying, 2, scattered);
    failed |= put_strings(file, "split1", varying, 1, &scattered[2]);
    failed |= put_strings(file, "text", varying, 1, scattered);
    failed |= put_strings(file, "empty", H5T_NATIVE_DOUBLE, 0, numbers);
    failed |= put_strings(file, "numbers", H5T_NATIVE_DOUBLE, 1, numbers);
    H5Tclose(type);
    H5Tclose(spaces);
    H5Tclose(varying);
    return failed;
}

typedef struct wanted_names {
    const char *attribute;
    size_t count, size;
    const char *names;
} wanted_names_t;

static void test_hdf5_lists_of_names_of_every_form_are_read(void **state)
{
    static const wanted_names_t wanted[] = {
        {"packed", 3, 9, "four\0ab\0\0"},
        {"spaces", 2, 6, "a b\0c\0"},
        {"scattered", 3, 11, "one\0\0three\0"},
        {"split", 3, 11, "one\0\0three\0"},
        {"empty", 0, 0, ""},
        {"absent", 0, 0, ""},
    };
    size_t size, count;
    unsigned char *bytes = file_of(make_attributes, &size);
    dlcore_hdf5_t file;
    char *names;

    (void)state;
    assert_int_equal(dlcore_hdf5_open(&file, bytes, size, "file", &problem), DLCORE_OK);
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
        assert_int_equal(dlcore_hdf5_names(&file, "/", wanted[i].attribute, &plain, &names, &count),
                         DLCORE_OK);
        assert_int_equal(count, wanted[i].count);
        if (count > 0)
            assert_memory_equal(names, wanted[i].names, wanted[i].size);
        dlcore_release(&plain, names);
    }
    assert_int_equal(dlcore_hdf5_names(&file, "/", "numbers", &plain, &names, &count),
                     DLCORE_ERROR_FORMAT);
    assert_null(names);
    assert_int_equal(dlcore_hdf5_text(&file, "/", "text", &plain, &names, &count), DLCORE_OK);
    assert_string_equal(names, "one");
    assert_int_equal(count, 3);
    dlcore_release(&plain, names);
    assert_int_equal(dlcore_hdf5_text(&file, "/", "scattered", &plain, &names, &count),
                     DLCORE_ERROR_FORMAT);
    assert_int_equal(dlcore_hdf5_text(&file, "absent", "text", &plain, &names, &count), DLCORE_OK);
    assert_null(names);
    dlcore_hdf5_close(&file);
    free(bytes);
}

/* ---- what is refused ---- */

/* An array of 4 float32 with numbers, made as the plan says. */
static int put_array_by(hid_t file, const char *name, hid_t plan)
{
    static const float numbers[4] = {1, 2, 3, 4};
    hid_t space = space_of(4), set;
    int failed;

    set = H5Dcreate2(file, name, H5T_IEEE_F32LE, space, H5P_DEFAULT, plan, H5P_DEFAULT);
    failed = set < 0;
    if (H5Pget_layout(plan) != H5D_VIRTUAL && H5Pget_external_count(plan) == 0)
        failed |= H5Dwrite(set, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, numbers) < 0;
    H5Dclose(set);
    H5Sclose(space);
    return failed ? -1 : 0;
}

static int make_refused(hid_t file)
{
    hid_t plan = H5Pcreate(H5P_DATASET_CREATE), space = space_of(4), set;
    hsize_t chunk = 2, large = (hsize_t)1 << 40;
    int failed = 0;

    failed |= put_array_by(file, "plain", plan);
    H5Pset_layout(plan, H5D_COMPACT);
    failed |= put_array_by(file, "compact", plan);
    H5Pset_chunk(plan, 1, &chunk);
    failed |= put_array_by(file, "chunked", plan);
    H5Pset_deflate(plan, 6);
    failed |= put_array_by(file, "deflated", plan);
    H5Pclose(plan);

    plan = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_external(plan, "/etc/passwd", 0, 16);
    failed |= put_array_by(file, "external", plan);
    H5Pclose(plan);
    plan = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_virtual(plan, space, "/etc/passwd", "x", space);
    failed |= put_array_by(file, "virtual", plan);
    H5Pclose(plan);

    failed |= H5Lcreate_soft("/plain", file, "soft", H5P_DEFAULT, H5P_DEFAULT) < 0;
    failed |= H5Lcreate_soft("/loop", file, "loop", H5P_DEFAULT, H5P_DEFAULT) < 0;
    failed |= H5Lcreate_external("/etc/passwd", "x", file, "link", H5P_DEFAULT, H5P_DEFAULT) < 0;
    failed |= H5Lcreate_hard(file, "/", file, "circle", H5P_DEFAULT, H5P_DEFAULT) < 0;

    /* a shape without numbers behind it */
    H5Sclose(space);
    space = space_of(large);
    set = H5Dcreate2(file, "bomb", H5T_IEEE_F32LE, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    failed |= set < 0;
    H5Dclose(set);
    H5Sclose(space);
    return failed ? -1 : 0;
}

typedef struct refused_array {
    const char *path, *message;
} refused_array_t;

static void test_hdf5_what_is_not_plain_is_refused(void **state)
{
    static const refused_array_t refused[] = {
        {"chunked", "lies in chunks"},  {"deflated", "is compressed"},
        {"external", "in other files"}, {"virtual", "put together from other arrays"},
        {"soft", "is a link"},          {"loop", "is a link"},
        {"loop/x", "is a link"},        {"link", "is a link"},
        {"link/x", "is a link"},        {"bomb", "has no numbers"},
        {"circle", "is no array"},
    };
    size_t size, count;
    unsigned char *bytes = file_of(make_refused, &size);
    dlcore_hdf5_array_t array;
    dlcore_hdf5_t file;
    float found[4];
    bool there;

    (void)state;
    assert_int_equal(dlcore_hdf5_open(&file, bytes, size, "file", &problem), DLCORE_OK);
    assert_int_equal(dlcore_hdf5_look(&file, "plain", &array), DLCORE_OK);
    assert_int_equal(dlcore_hdf5_look(&file, "circle/circle/plain", &array), DLCORE_OK);
    assert_int_equal(dlcore_hdf5_look(&file, "compact", &array), DLCORE_OK);
    assert_int_equal(dlcore_hdf5_floats(&file, "compact", found, 4), DLCORE_OK);
    assert_true(found[3] == 4.0f);
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        assert_int_equal(dlcore_hdf5_look(&file, refused[i].path, &array), DLCORE_ERROR_FORMAT);
        if (strstr(problem.message, refused[i].message) == NULL)
            fail_msg("%s: %s", refused[i].path, problem.message);
    }
    assert_int_equal(dlcore_hdf5_members(&file, "plain", &count), DLCORE_ERROR_FORMAT);
    assert_int_equal(dlcore_hdf5_has(&file, "", &there), DLCORE_OK);
    assert_false(there);
    dlcore_hdf5_close(&file);
    free(bytes);
}

static void test_hdf5_arrays_together_never_exceed_the_file(void **state)
{
    size_t size, looks = 0;
    unsigned char *bytes = file_of(make_refused, &size);
    dlcore_hdf5_array_t array;
    dlcore_hdf5_t file;
    dlcore_status status = DLCORE_OK;

    (void)state;
    assert_int_equal(dlcore_hdf5_open(&file, bytes, size, "file", &problem), DLCORE_OK);
    while (status == DLCORE_OK && looks <= size) {
        status = dlcore_hdf5_look(&file, "plain", &array);
        looks++;
    }
    assert_int_equal(status, DLCORE_ERROR_FORMAT);
    assert_true(looks == size / 16 + 1);
    dlcore_hdf5_close(&file);
    free(bytes);
}

static void test_hdf5_paths_that_are_too_long_are_refused(void **state)
{
    size_t size;
    unsigned char *bytes = file_of(make_attributes, &size);
    char path[DLCORE_HDF5_PATH_SIZE + 1];
    dlcore_hdf5_t file;
    bool there;

    (void)state;
    memset(path, 'a', sizeof path);
    path[sizeof path - 1] = '\0';
    assert_int_equal(dlcore_hdf5_open(&file, bytes, size, "file", &problem), DLCORE_OK);
    assert_int_equal(dlcore_hdf5_has(&file, path, &there), DLCORE_ERROR_UNSUPPORTED);
    path[sizeof path - 2] = '\0';
    assert_int_equal(dlcore_hdf5_has(&file, path, &there), DLCORE_OK);
    dlcore_hdf5_close(&file);
    free(bytes);
}

/* A host's own file of the same library, open at the same time, and its way of printing errors. */
static herr_t print_errors(hid_t stack, void *user)
{
    (void)stack;
    ++*(int *)user;
    return 0;
}

static void test_hdf5_host_keeps_its_files_and_its_error_printing(void **state)
{
    size_t size;
    unsigned char *bytes = file_of(make_attributes, &size);
    H5E_auto2_t print = NULL;
    dlcore_hdf5_t file, same;
    void *user = NULL;
    int printed = 0;

    (void)state;
    assert_true(H5Eset_auto2(H5E_DEFAULT, print_errors, &printed) >= 0);
    assert_int_equal(dlcore_hdf5_open(&file, bytes, size, "file", &problem), DLCORE_OK);
    assert_int_equal(dlcore_hdf5_open(&same, bytes, size, "file", &problem), DLCORE_OK);
    dlcore_hdf5_close(&file);
    dlcore_hdf5_close(&same);
    assert_int_equal(dlcore_hdf5_open(&file, bytes, size - 1000, "cut", &problem),
                     DLCORE_ERROR_FORMAT);
    assert_int_equal(printed, 0);
    assert_true(H5Eget_auto2(H5E_DEFAULT, &print, &user) >= 0);
    assert_true(print == print_errors && user == &printed);
    assert_true(H5Gopen2(-1, "x", H5P_DEFAULT) < 0);
    assert_int_equal(printed, 1);
    (void)H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
    free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hdf5_what_is_written_comes_back),
        cmocka_unit_test(test_hdf5_same_content_is_the_same_bytes),
        cmocka_unit_test(test_hdf5_lists_of_names_of_every_form_are_read),
        cmocka_unit_test(test_hdf5_what_is_not_plain_is_refused),
        cmocka_unit_test(test_hdf5_arrays_together_never_exceed_the_file),
        cmocka_unit_test(test_hdf5_paths_that_are_too_long_are_refused),
        cmocka_unit_test(test_hdf5_host_keeps_its_files_and_its_error_printing),
    };

    return cmocka_run_group_tests(tests, begin, NULL);
}
