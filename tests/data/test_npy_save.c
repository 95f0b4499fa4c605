/* Writing .npy files: NumPy's bytes, every rank, strided tensors, and what cannot be written.
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

static const tensor_file_t file = {"saved.npy", dlcore_npy_save, dlcore_npy_load};

/* What numpy.save of NumPy 2.4 wrote for np.array([[1.5, -2, 0], [0.25, 8, 3]], '<f4'). */
static void test_npy_save_writes_the_bytes_of_numpy(void **state)
{
    static const char head[] = "\x93NUMPY\x01\x00v\x00"
                               "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }";
    static const unsigned char elements[] = {0, 0, 0xC0, 0x3F, 0, 0, 0, 0xC0, 0, 0, 0,    0,
                                             0, 0, 0x80, 0x3E, 0, 0, 0, 0x41, 0, 0, 0x40, 0x40};
    dlcore_tensor_t *tensor = tensor_of_floats(SHAPE(2, 3), (float[]){1.5F, -2, 0, 0.25F, 8, 3});
    unsigned char bytes[200];

    (void)state;
    assert_int_equal(tensor_file_bytes(&file, tensor, bytes, sizeof bytes), 152);
    assert_memory_equal(bytes, head, sizeof head - 1);
    for (size_t i = sizeof head - 1; i < 127; i++)
        assert_int_equal(bytes[i], ' ');
    assert_int_equal(bytes[127], '\n');
    assert_memory_equal(bytes + 128, elements, sizeof elements);
    dlcore_tensor_free(tensor);
}

static void test_npy_save_every_tensor_comes_back(void **state)
{
    (void)state;
    assert_every_tensor_comes_back(&file);
}

static void test_npy_save_what_cannot_be_written_is_an_error(void **state)
{
    (void)state;
    assert_no_place_is_an_error(&file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_npy_save_writes_the_bytes_of_numpy),
        cmocka_unit_test(test_npy_save_every_tensor_comes_back),
        cmocka_unit_test(test_npy_save_what_cannot_be_written_is_an_error),
    };

    return cmocka_run_group_tests(tests, NULL, scratch_remove);
}
