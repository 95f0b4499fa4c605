/* IDX files: the header, plain files, the order of bytes, and MNIST itself where it is at hand.
 *
 * SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dlcore/data.h"
#include "support/failing_allocator.h"
#include "support/idx_bytes.h"
#include "support/posix.h"
#include "support/tensors.h"

static dlcore_tensor_t *parse(const void *bytes, size_t size)
{
    dlcore_error_record_t error = {.message = ""};
    dlcore_tensor_t *tensor = NULL;

    if (dlcore_idx_parse(bytes, size, NULL, &tensor, &error) != DLCORE_OK)
        fail_msg("%s", error.message);
    return tensor;
}

static dlcore_tensor_t *load(const char *path)
{
    dlcore_error_record_t error = {.message = ""};
    dlcore_tensor_t *tensor = NULL;

    if (dlcore_idx_load(path, NULL, &tensor, &error) != DLCORE_OK)
        fail_msg("%s", error.message);
    return tensor;
}

static void test_idx_uint8_matrix_is_read_from_memory_and_file(void **state)
{
    static const unsigned char bytes[] = {0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 3, 1, 2, 3, 4, 5, 255};
    static const uint8_t elements[] = {1, 2, 3, 4, 5, 255};
    dlcore_tensor_t *tensor = parse(bytes, sizeof bytes);

    (void)state;
    assert_bytes(tensor, SHAPE(2, 3), elements);
    assert_non_null(dlcore_tensor_data(tensor));
    dlcore_tensor_free(tensor);
    tensor = load(scratch_file("matrix", bytes, sizeof bytes));
    assert_bytes(tensor, SHAPE(2, 3), elements);
    dlcore_tensor_free(tensor);
}

static void test_idx_int32_and_float32_are_big_endian(void **state)
{
    static const unsigned char ints[] = {0, 0, 0x0C, 1,    0,    0,    0,    3, 0, 1,
                                         2, 3, 0xFF, 0xFF, 0xFF, 0xFE, 0x80, 0, 0, 0};
    static const unsigned char floats[] = {0, 0, 0x0D, 1,    0, 0, 0,    3,    0x3F, 0xC0,
                                           0, 0, 0xC2, 0x28, 0, 1, 0x7F, 0x80, 0,    0};
    dlcore_tensor_t *tensor = parse(ints, sizeof ints);

    (void)state;
    assert_ints(tensor, SHAPE(3), (int32_t[]){66051, -2, INT32_MIN});
    dlcore_tensor_free(tensor);
    tensor = parse(floats, sizeof floats);
    assert_floats(tensor, SHAPE(3), (float[]){1.5f, -42.000004f, 1.0f / 0.0f});
    dlcore_tensor_free(tensor);
}

/* The ends of their ranges. */
static void test_idx_int8_and_int16_become_int32(void **state)
{
    static const unsigned char bytes[] = {0, 0, 9, 2, 0, 0, 0, 2, 0, 0, 0, 2, 0x80, 0x7F, 0xFF, 5};
    static const unsigned char shorts[] = {0, 0,    0x0B, 1,    0,    0, 0, 5, 0x80,
                                           0, 0x7F, 0xFF, 0xFF, 0xFE, 1, 2, 0, 0x80};
    dlcore_tensor_t *tensor = parse(bytes, sizeof bytes);

    (void)state;
    assert_ints(tensor, SHAPE(2, 2), (int32_t[]){-128, 127, -1, 5});
    dlcore_tensor_free(tensor);
    tensor = load(scratch_file("int8", bytes, sizeof bytes));
    assert_ints(tensor, SHAPE(2, 2), (int32_t[]){-128, 127, -1, 5});
    dlcore_tensor_free(tensor);
    tensor = parse(shorts, sizeof shorts);
    assert_ints(tensor, SHAPE(5), (int32_t[]){-32768, 32767, -2, 258, 128});
    dlcore_tensor_free(tensor);
}

static void test_idx_float64_is_rounded_to_nearest(void **state)
{
    static const double doubles[] = {0.1,      1e300, -1e300, 1e-300,       0x1.000001p0,
                                     0x1p-149, 3e-45, -0.0,   0x1.000003p0, 16777217};
    static const float floats[] = {0.1F,   INFINITY, -INFINITY,     0,       1, 0x1p-149F,
                                   3e-45F, -0.0F,    0x1.000004p0F, 16777216};
    bytes_t file = {0};
    dlcore_tensor_t *tensor;

    (void)state;
    idx_header(&file, IDX_FLOAT64, 1, (uint32_t[]){10});
    for (size_t i = 0; i < 10; i++) {
        uint64_t bits;

        memcpy(&bits, &doubles[i], sizeof bits);
        for (int shift = 56; shift >= 0; shift -= 8)
            bytes_add(&file, &(unsigned char){(unsigned char)(bits >> shift)}, 1);
    }
    tensor = parse(file.data, file.size);
    assert_floats(tensor, SHAPE(10), floats);
    dlcore_tensor_free(tensor);
    tensor = load(scratch_file("float64", file.data, file.size));
    assert_floats(tensor, SHAPE(10), floats);
    dlcore_tensor_free(tensor);
    bytes_free(&file);
}

static void test_idx_every_rank_up_to_8_is_read(void **state)
{
    static const uint32_t lengths[8] = {2, 3, 1, 2, 1, 2, 5, 1};

    (void)state;
    for (size_t rank = 0; rank <= 8; rank++) {
        size_t shape[8];
        uint8_t elements[256];
        size_t size = 1;
        bytes_t file = {0};
        dlcore_tensor_t *tensor;

        for (size_t axis = 0; axis < rank; axis++) {
            shape[axis] = lengths[axis];
            size *= shape[axis];
        }
        assert_in_range(size, 1, sizeof elements);
        for (size_t i = 0; i < size; i++)
            elements[i] = (uint8_t)(i + 10);
        idx_header(&file, IDX_UINT8, rank, lengths);
        bytes_add(&file, elements, size);
        tensor = parse(file.data, file.size);
        assert_bytes(tensor, rank, shape, elements);
        dlcore_tensor_free(tensor);
        bytes_free(&file);
    }
}

static void test_idx_zero_length_axes_give_no_elements(void **state)
{
    bytes_t file = {0};
    dlcore_tensor_t *tensor;

    (void)state;
    idx_header(&file, IDX_FLOAT32, 3, (uint32_t[]){0, 28, 28});
    tensor = parse(file.data, file.size);
    assert_floats(tensor, SHAPE(0, 28, 28), NULL);
    dlcore_tensor_free(tensor);
    tensor = load(scratch_file("none", file.data, file.size));
    assert_floats(tensor, SHAPE(0, 28, 28), NULL);
    dlcore_tensor_free(tensor);
    bytes_free(&file);
}

/* A plain file takes its tensor, in one block, and nothing else, whatever the type in the file. */
static void test_idx_plain_file_is_read_straight_into_its_tensor(void **state)
{
    static const struct {
        unsigned char type;
        size_t item, tensor_item;
    } types[] = {{IDX_UINT8, 1, 1}, {IDX_INT8, 1, 4}, {IDX_FLOAT64, 8, 4}};

    (void)state;
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        failing_allocator_t memory;
        dlcore_allocator_t allocator = failing_allocator(&memory);
        dlcore_tensor_t *tensor = NULL;
        size_t size = 1000 * 1000 * types[i].tensor_item;
        bytes_t file = {0};

        failing_allocator_init(&memory);
        idx_header(&file, types[i].type, 2, (uint32_t[]){1000, 1000});
        bytes_add_zeros(&file, 1000 * 1000 * types[i].item);
        if (types[i].type == IDX_UINT8)
            file.data[file.size - 1] = 77;
        assert_int_equal(
            dlcore_idx_load(scratch_file("large", file.data, file.size), &allocator, &tensor, NULL),
            DLCORE_OK);
        if (types[i].type == IDX_UINT8)
            assert_bytes(tensor, SHAPE(1000, 1000), file.data + 12);
        dlcore_tensor_free(tensor);
        assert_int_equal(memory.calls, 1);
        assert_in_range(memory.peak_bytes, size, size + 1000);
        failing_allocator_assert_clean(&memory);
        bytes_free(&file);
    }
}

static void test_idx_bad_arguments_are_refused(void **state)
{
    static const unsigned char bytes[] = {0, 0, 8, 0, 9};
    dlcore_error_record_t error;
    dlcore_tensor_t *tensor = (dlcore_tensor_t *)(void *)&error;

    (void)state;
    assert_failed(dlcore_idx_load(NULL, NULL, &tensor, &error), DLCORE_ERROR_ARGUMENT, &error,
                  "path is NULL");
    assert_null(tensor);
    assert_failed(dlcore_idx_load("x", NULL, NULL, &error), DLCORE_ERROR_ARGUMENT, &error,
                  "out is NULL");
    tensor = (dlcore_tensor_t *)(void *)&error;
    assert_failed(dlcore_idx_parse(NULL, 5, NULL, &tensor, &error), DLCORE_ERROR_ARGUMENT, &error,
                  "bytes is NULL");
    assert_null(tensor);
    assert_failed(dlcore_idx_parse(bytes, sizeof bytes, NULL, NULL, &error), DLCORE_ERROR_ARGUMENT,
                  &error, "out is NULL");
    assert_int_equal(dlcore_idx_load("/no/such/file", NULL, &tensor, NULL), DLCORE_ERROR_IO);
}

static void test_idx_what_cannot_be_read_is_an_io_error(void **state)
{
    dlcore_error_record_t error;
    dlcore_tensor_t *tensor = (dlcore_tensor_t *)(void *)&error;

    (void)state;
    assert_failed(dlcore_idx_load("/no/such/file.idx", NULL, &tensor, &error), DLCORE_ERROR_IO,
                  &error, "/no/such/file.idx: cannot open: No such file or directory");
    assert_null(tensor);
    assert_failed(dlcore_idx_load("/", NULL, &tensor, &error), DLCORE_ERROR_IO, &error,
                  "/: cannot read: Is a directory");
    assert_failed(dlcore_idx_load("/dev/zero", NULL, &tensor, &error), DLCORE_ERROR_IO, &error,
                  "/dev/zero: not a regular file");
    assert_int_equal(mkfifo(scratch_path("pipe"), 0600), 0);
    assert_failed(dlcore_idx_load(scratch_path("pipe"), NULL, &tensor, &error), DLCORE_ERROR_IO,
                  &error, "pipe: not a regular file");
    assert_null(tensor);
}

/* Messages of load name the file, those of parse say that it is IDX data. */
static void test_idx_messages_name_the_file(void **state)
{
    dlcore_error_record_t error;
    dlcore_tensor_t *tensor = NULL;

    (void)state;
    assert_failed(dlcore_idx_load(scratch_file("three", "abc", 3), NULL, &tensor, &error),
                  DLCORE_ERROR_FORMAT, &error, "/three: 3 bytes, an IDX file has at least 4");
    assert_failed(dlcore_idx_parse("abc", 3, NULL, &tensor, &error), DLCORE_ERROR_FORMAT, &error,
                  "IDX data: 3 bytes");
}

static dlcore_status load_with(const dlcore_allocator_t *allocator, void *context)
{
    dlcore_tensor_t *tensor = (dlcore_tensor_t *)context;
    dlcore_status status = dlcore_idx_load(scratch_path("oom"), allocator, &tensor, NULL);

    if (status != DLCORE_OK)
        assert_null(tensor);
    dlcore_tensor_free(tensor);
    return status;
}

static void test_idx_load_survives_every_failing_allocation(void **state)
{
    bytes_t file = {0};

    (void)state;
    idx_header(&file, IDX_INT32, 1, (uint32_t[]){100});
    bytes_add_zeros(&file, 400);
    scratch_file("oom", file.data, file.size);
    assert_int_equal(failing_allocator_sweep(load_with, &file), 1);
    bytes_free(&file);
}

static dlcore_tensor_t *load_mnist(const char *folder, const char *name)
{
    char path[4096];
    struct stat info;

    snprintf(path, sizeof path, "%s/%s", folder, name);
    if (stat(path, &info) != 0) {
        if (!dlcore_idx_reads_gzip())
            skip();
        snprintf(path, sizeof path, "%s/%s.gz", folder, name);
    }
    return load(path);
}

/* MNIST, or Fashion-MNIST, as users have it: the environment's DLCORE_MNIST_DIR. */
static void test_idx_real_mnist_has_its_shapes_and_classes(void **state)
{
    static const struct {
        const char *images, *labels;
        size_t count;
    } parts[] = {{"train-images-idx3-ubyte", "train-labels-idx1-ubyte", 60000},
                 {"t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte", 10000}};
    const char *folder = getenv("DLCORE_MNIST_DIR");

    (void)state;
    if (folder == NULL || folder[0] == '\0')
        skip();
    for (size_t part = 0; part < 2; part++) {
        dlcore_tensor_t *images = load_mnist(folder, parts[part].images);
        dlcore_tensor_t *labels = load_mnist(folder, parts[part].labels);
        dlcore_tensor_t *again;
        const uint8_t *values = dlcore_tensor_data_const(labels);
        size_t count = parts[part].count;
        size_t histogram[10] = {0};
        bytes_t plain = {0};

        assert_int_equal(dlcore_tensor_dtype(images), DLCORE_DTYPE_UINT8);
        assert_int_equal(dlcore_tensor_rank(images), 3);
        assert_int_equal(dlcore_tensor_length(images, 0), count);
        assert_int_equal(dlcore_tensor_length(images, 1), 28);
        assert_int_equal(dlcore_tensor_length(images, 2), 28);
        assert_int_equal(dlcore_tensor_rank(labels), 1);
        assert_int_equal(dlcore_tensor_length(labels, 0), count);
        for (size_t i = 0; i < count; i++) {
            assert_in_range(values[i], 0, 9);
            histogram[values[i]]++;
        }
        for (size_t digit = 0; digit < 10; digit++)
            assert_in_range(histogram[digit], count * 8 / 100, count * 12 / 100);

        idx_header(&plain, IDX_UINT8, 3, (uint32_t[]){(uint32_t)count, 28, 28});
        bytes_add(&plain, dlcore_tensor_data_const(images), dlcore_tensor_size(images));
        again = load(scratch_file("mnist", plain.data, plain.size));
        assert_int_equal(dlcore_tensor_size(again), dlcore_tensor_size(images));
        assert_memory_equal(dlcore_tensor_data_const(again), dlcore_tensor_data_const(images),
                            dlcore_tensor_size(images));
        bytes_free(&plain);
        dlcore_tensor_free(again);
        dlcore_tensor_free(images);
        dlcore_tensor_free(labels);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_idx_uint8_matrix_is_read_from_memory_and_file),
        cmocka_unit_test(test_idx_int32_and_float32_are_big_endian),
        cmocka_unit_test(test_idx_int8_and_int16_become_int32),
        cmocka_unit_test(test_idx_float64_is_rounded_to_nearest),
        cmocka_unit_test(test_idx_every_rank_up_to_8_is_read),
        cmocka_unit_test(test_idx_zero_length_axes_give_no_elements),
        cmocka_unit_test(test_idx_plain_file_is_read_straight_into_its_tensor),
        cmocka_unit_test(test_idx_bad_arguments_are_refused),
        cmocka_unit_test(test_idx_what_cannot_be_read_is_an_io_error),
        cmocka_unit_test(test_idx_messages_name_the_file),
        cmocka_unit_test(test_idx_load_survives_every_failing_allocation),
        cmocka_unit_test(test_idx_real_mnist_has_its_shapes_and_classes),
    };

    return cmocka_run_group_tests(tests, NULL, scratch_remove);
}
