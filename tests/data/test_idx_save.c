/* Writing IDX files: the order of bytes, every rank, strided tensors, and what cannot be written.
 *
 * SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "dlcore/data.h"
#include "support/idx_bytes.h"
#include "support/tensor_file.h"
#include "support/tensors.h"

static const tensor_file_t file = {"saved.idx", dlcore_idx_save, dlcore_idx_load};

static void test_idx_save_writes_big_endian_elements(void **state)
{
    static const unsigned char expected[] = {0, 0, 0x0D, 2,    0, 0, 0,    1, 0, 0,
                                             0, 2, 0x3F, 0xC0, 0, 0, 0xC0, 0, 0, 0};
    dlcore_tensor_t *tensor = tensor_of_floats(SHAPE(1, 2), (float[]){1.5F, -2});
    unsigned char bytes[200];

    (void)state;
    assert_int_equal(tensor_file_bytes(&file, tensor, bytes, sizeof bytes), sizeof expected);
    assert_memory_equal(bytes, expected, sizeof expected);
    dlcore_tensor_free(tensor);
}

/* More elements than are turned round at a time. */
static void test_idx_save_long_tensors_are_whole(void **state)
{
    enum { COUNT = 10001 };
    static int32_t elements[COUNT];
    dlcore_tensor_t *tensor, *back;

    (void)state;
    for (int32_t i = 0; i < COUNT; i++)
        elements[i] = i * 77777;
    tensor = tensor_of_ints(SHAPE(COUNT), elements);
    back = tensor_file_again(&file, tensor);
    assert_ints(back, SHAPE(COUNT), elements);
    dlcore_tensor_free(back);
    dlcore_tensor_free(tensor);
}

static void test_idx_save_every_tensor_comes_back(void **state)
{
    (void)state;
    assert_every_tensor_comes_back(&file);
}

static void test_idx_save_lengths_of_more_than_32_bits_are_refused(void **state)
{
    size_t shape[] = {(size_t)UINT32_MAX + 1, 0};
    dlcore_tensor_t *tensor = NULL;
    dlcore_error_record_t error;

    (void)state;
    if (shape[0] == 0)
        skip(); /* a host of 32 bits */
    tensor = tensor_of_floats(2, shape, NULL);
    assert_failed(dlcore_idx_save(scratch_path("wide.idx"), tensor, &error), DLCORE_ERROR_OVERFLOW,
                  &error, "the shape is (4294967296, 0)");
    dlcore_tensor_free(tensor);
}

static void test_idx_save_what_cannot_be_written_is_an_error(void **state)
{
    (void)state;
    assert_no_place_is_an_error(&file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_idx_save_writes_big_endian_elements),
        cmocka_unit_test(test_idx_save_long_tensors_are_whole),
        cmocka_unit_test(test_idx_save_every_tensor_comes_back),
        cmocka_unit_test(test_idx_save_lengths_of_more_than_32_bits_are_refused),
        cmocka_unit_test(test_idx_save_what_cannot_be_written_is_an_error),
    };

    return cmocka_run_group_tests(tests, NULL, scratch_remove);
}
