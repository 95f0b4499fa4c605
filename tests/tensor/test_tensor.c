/* Making, freeing and asking tensors.
 *
 * SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "support/failing_allocator.h"
#include "support/size_text.h"
#include "support/tensors.h"
#include "tensor/tensor.h"

static const float counted[] = {1, 2, 3, 4, 5, 6};

/* What *out holds before a call that fails must not survive it. */
static dlcore_tensor_t *stale(void)
{
    static char nothing[1];

    return (dlcore_tensor_t *)(void *)nothing;
}

static void test_tensor_dtype_known_has_name_and_size(void **state)
{
    (void)state;
    assert_string_equal(dlcore_dtype_name(DLCORE_DTYPE_FLOAT32), "float32");
    assert_string_equal(dlcore_dtype_name(DLCORE_DTYPE_UINT8), "uint8");
    assert_string_equal(dlcore_dtype_name(DLCORE_DTYPE_INT32), "int32");
    assert_int_equal(dlcore_dtype_size(DLCORE_DTYPE_FLOAT32), 4);
    assert_int_equal(dlcore_dtype_size(DLCORE_DTYPE_UINT8), 1);
    assert_int_equal(dlcore_dtype_size(DLCORE_DTYPE_INT32), 4);
}

static void test_tensor_dtype_unknown_is_told(void **state)
{
    static const int unknown[] = {0, 4, -1, 1000};

    (void)state;
    for (size_t i = 0; i < sizeof unknown / sizeof unknown[0]; i++) {
        assert_string_equal(dlcore_dtype_name((dlcore_dtype_t)unknown[i]), "unknown");
        assert_int_equal(dlcore_dtype_size((dlcore_dtype_t)unknown[i]), 0);
    }
}

static void test_tensor_create_gives_aligned_zeros(void **state)
{
    static const dlcore_dtype_t dtypes[] = {DLCORE_DTYPE_FLOAT32, DLCORE_DTYPE_UINT8,
                                            DLCORE_DTYPE_INT32};
    static const unsigned char zeros[4 * 30];
    failing_allocator_t memory;
    dlcore_allocator_t allocator = failing_allocator(&memory);

    (void)state;
    failing_allocator_init(&memory);
    for (size_t i = 0; i < 3; i++) {
        dlcore_tensor_t *tensor = NULL;

        assert_int_equal(dlcore_tensor_create(&allocator, dtypes[i], SHAPE(2, 3, 5), &tensor, NULL),
                         DLCORE_OK);
        assert_int_equal(dlcore_tensor_dtype(tensor), dtypes[i]);
        assert_int_equal((uintptr_t)dlcore_tensor_data(tensor) % 64, 0);
        assert_memory_equal(dlcore_tensor_data(tensor), zeros, 30 * dlcore_dtype_size(dtypes[i]));
        dlcore_tensor_free(tensor);
    }
    /* The struct and its elements are one block. */
    assert_int_equal(memory.calls, 3);
    failing_allocator_assert_clean(&memory);
}

static void test_tensor_create_owns_a_block_for_all_its_elements(void **state)
{
    failing_allocator_t memory;
    dlcore_allocator_t allocator = failing_allocator(&memory);

    (void)state;
    failing_allocator_init(&memory);
    for (size_t n = 0; n < 200; n++) {
        dlcore_tensor_t *tensor = NULL;

        assert_int_equal(
            dlcore_tensor_create(&allocator, DLCORE_DTYPE_UINT8, SHAPE(n), &tensor, NULL),
            DLCORE_OK);
        if (n > 0)
            memset(dlcore_tensor_data(tensor), 0xFF, n);
        dlcore_tensor_free(tensor);
    }
    failing_allocator_assert_clean(&memory);
}

static void test_tensor_queries_answer_for_rank_3(void **state)
{
    dlcore_tensor_t *tensor = NULL;

    (void)state;
    assert_int_equal(dlcore_tensor_create(NULL, DLCORE_DTYPE_UINT8, SHAPE(7, 3, 5), &tensor, NULL),
                     DLCORE_OK);
    assert_int_equal(dlcore_tensor_rank(tensor), 3);
    assert_int_equal(dlcore_tensor_length(tensor, 0), 7);
    assert_int_equal(dlcore_tensor_length(tensor, 1), 3);
    assert_int_equal(dlcore_tensor_length(tensor, 2), 5);
    assert_int_equal(dlcore_tensor_length(tensor, 3), 0);
    assert_int_equal(dlcore_tensor_length(tensor, SIZE_MAX), 0);
    assert_memory_equal(dlcore_tensor_shape(tensor), ((size_t[]){7, 3, 5}), 3 * sizeof(size_t));
    assert_int_equal(dlcore_tensor_size(tensor), 105);
    assert_int_equal(dlcore_tensor_row_size(tensor), 15);
    assert_int_equal(dlcore_tensor_row_stride(tensor), 15);
    assert_true(dlcore_tensor_is_contiguous(tensor));
    assert_ptr_equal(dlcore_tensor_data(tensor), dlcore_tensor_data_const(tensor));
    dlcore_tensor_free(tensor);
}

static void test_tensor_queries_of_null_answer_nothing(void **state)
{
    (void)state;
    assert_int_equal((int)dlcore_tensor_dtype(NULL), 0);
    assert_int_equal(dlcore_tensor_rank(NULL), 0);
    assert_int_equal(dlcore_tensor_length(NULL, 0), 0);
    assert_null(dlcore_tensor_shape(NULL));
    assert_int_equal(dlcore_tensor_size(NULL), 0);
    assert_int_equal(dlcore_tensor_row_size(NULL), 0);
    assert_int_equal(dlcore_tensor_row_stride(NULL), 0);
    assert_false(dlcore_tensor_is_contiguous(NULL));
    assert_null(dlcore_tensor_data(NULL));
    assert_null(dlcore_tensor_data_const(NULL));
    dlcore_tensor_free(NULL);
}

static void test_tensor_scalar_has_rank_0_and_one_element(void **state)
{
    dlcore_tensor_t *tensor = NULL;

    (void)state;
    assert_int_equal(dlcore_tensor_scalar(NULL, 2.5f, &tensor, NULL), DLCORE_OK);
    assert_floats(tensor, NO_SHAPE, (float[]){2.5f});
    assert_int_equal(dlcore_tensor_row_size(tensor), 1);
    assert_int_equal(dlcore_tensor_length(tensor, 0), 0);
    dlcore_tensor_free(tensor);
}

static void test_tensor_rank_8_is_made_and_9_refused(void **state)
{
    dlcore_error_record_t error;
    dlcore_tensor_t *tensor = NULL;

    (void)state;
    assert_int_equal(dlcore_tensor_create(NULL, DLCORE_DTYPE_INT32, SHAPE(3, 1, 2, 1, 2, 1, 1, 2),
                                          &tensor, NULL),
                     DLCORE_OK);
    assert_int_equal(dlcore_tensor_rank(tensor), 8);
    assert_int_equal(dlcore_tensor_size(tensor), 24);
    assert_int_equal(dlcore_tensor_row_size(tensor), 8);
    dlcore_tensor_free(tensor);

    tensor = stale();
    assert_failed(dlcore_tensor_create(NULL, DLCORE_DTYPE_INT32, SHAPE(1, 1, 1, 1, 1, 1, 1, 1, 1),
                                       &tensor, &error),
                  DLCORE_ERROR_ARGUMENT, &error, "rank 9 is more than 8");
    assert_null(tensor);
}

static void test_tensor_zero_length_axes_have_no_elements(void **state)
{
    dlcore_tensor_t *tensor = NULL;

    (void)state;
    assert_int_equal(dlcore_tensor_create(NULL, DLCORE_DTYPE_FLOAT32, SHAPE(0, 3), &tensor, NULL),
                     DLCORE_OK);
    assert_floats(tensor, SHAPE(0, 3), NULL);
    assert_int_equal(dlcore_tensor_row_size(tensor), 3);
    dlcore_tensor_free(tensor);

    assert_int_equal(
        dlcore_tensor_from_data(NULL, DLCORE_DTYPE_FLOAT32, SHAPE(3, 0, 2), NULL, &tensor, NULL),
        DLCORE_OK);
    assert_floats(tensor, SHAPE(3, 0, 2), NULL);
    assert_int_equal(dlcore_tensor_row_size(tensor), 0);
    dlcore_tensor_free(tensor);
}

static void test_tensor_from_data_copies(void **state)
{
    float elements[6];
    dlcore_tensor_t *tensor;

    (void)state;
    memcpy(elements, counted, sizeof elements);
    tensor = tensor_of_floats(SHAPE(2, 3), elements);
    elements[0] = 99;
    assert_floats(tensor, SHAPE(2, 3), counted);
    dlcore_tensor_free(tensor);
}

/* The product of the lengths overflows, or its bytes do, or they pass PTRDIFF_MAX. */
static void test_tensor_create_of_overflowing_shape_is_refused(void **state)
{
    const struct {
        dlcore_dtype_t dtype;
        size_t rank;
        size_t shape[4];
        const char *text;
    } cases[] = {
        {DLCORE_DTYPE_UINT8, 2, {SIZE_MAX / 2, 3}, "uint8 of shape (" PTRDIFF_MAX_TEXT ", 3)"},
        {DLCORE_DTYPE_UINT8, 2, {SIZE_MAX, SIZE_MAX}, "too large"},
        {DLCORE_DTYPE_UINT8,
         1,
         {(size_t)PTRDIFF_MAX + 1},
         "(" BY_SIZE("9223372036854775808", "2147483648") ")"},
        {DLCORE_DTYPE_FLOAT32, 1, {(size_t)PTRDIFF_MAX / 4 + 1}, "float32"},
        {DLCORE_DTYPE_FLOAT32, 1, {SIZE_MAX / 4 + 1}, "float32"},
        {DLCORE_DTYPE_INT32, 4, {1u << 16, 1u << 16, 1u << 16, 1u << 16}, "(65536, 65536, "},
        /* without elements, but the other lengths would overflow once the zero was reshaped away */
        {DLCORE_DTYPE_UINT8, 3, {0, SIZE_MAX, 2}, "too large"},
        {DLCORE_DTYPE_UINT8, 3, {SIZE_MAX, 2, 0}, "too large"},
    };
    dlcore_error_record_t error;
    dlcore_tensor_t *tensor;

    (void)state;
#if SIZE_MAX < UINT64_MAX
    skip();
#endif
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        failing_allocator_t memory;
        dlcore_allocator_t allocator = failing_allocator(&memory);

        failing_allocator_init(&memory);
        tensor = stale();
        assert_failed(dlcore_tensor_create(&allocator, cases[i].dtype, cases[i].rank,
                                           cases[i].shape, &tensor, &error),
                      DLCORE_ERROR_OVERFLOW, &error, cases[i].text);
        assert_null(tensor);
        assert_int_equal(memory.calls, 0);
    }
}

static void test_tensor_create_beyond_memory_names_the_bytes(void **state)
{
    dlcore_error_record_t error;
    dlcore_tensor_t *tensor;
    failing_allocator_t memory;
    dlcore_allocator_t allocator = failing_allocator(&memory);

    (void)state;
    failing_allocator_init(&memory);
    memory.fail_at = 1;
    tensor = stale();
    assert_failed(
        dlcore_tensor_create(&allocator, DLCORE_DTYPE_INT32, SHAPE(1000, 10), &tensor, &error),
        DLCORE_ERROR_MEMORY, &error, "40000 bytes");
    assert_null(tensor);

    /* As large as a shape may be: its struct no longer fits beside it. */
    tensor = stale();
    assert_failed(
        dlcore_tensor_create(NULL, DLCORE_DTYPE_UINT8, SHAPE(PTRDIFF_MAX), &tensor, &error),
        DLCORE_ERROR_MEMORY, &error, PTRDIFF_MAX_TEXT " bytes");
    assert_null(tensor);
}

static void test_tensor_bad_arguments_are_refused(void **state)
{
    dlcore_error_record_t error;
    dlcore_tensor_t *tensor = stale();

    (void)state;
    assert_failed(dlcore_tensor_create(NULL, DLCORE_DTYPE_UINT8, SHAPE(1), NULL, &error),
                  DLCORE_ERROR_ARGUMENT, &error, "out is NULL");
    assert_failed(dlcore_tensor_create(NULL, DLCORE_DTYPE_UINT8, 2, NULL, &tensor, &error),
                  DLCORE_ERROR_ARGUMENT, &error, "shape is NULL for a tensor of rank 2");
    assert_null(tensor);
    tensor = stale();
    assert_failed(dlcore_tensor_create(NULL, (dlcore_dtype_t)0, SHAPE(1), &tensor, &error),
                  DLCORE_ERROR_DTYPE, &error, "dtype 0 is none of");
    assert_null(tensor);
    assert_failed(
        dlcore_tensor_from_data(NULL, DLCORE_DTYPE_UINT8, SHAPE(1), counted, NULL, &error),
        DLCORE_ERROR_ARGUMENT, &error, "out is NULL");
    tensor = stale();
    assert_failed(
        dlcore_tensor_from_data(NULL, DLCORE_DTYPE_UINT8, SHAPE(2, 3), NULL, &tensor, &error),
        DLCORE_ERROR_ARGUMENT, &error, "data is NULL for a tensor of 6 elements");
    assert_null(tensor);
    assert_failed(
        dlcore_tensor_from_data(NULL, DLCORE_DTYPE_UINT8, NO_SHAPE, NULL, &tensor, &error),
        DLCORE_ERROR_ARGUMENT, &error, "data is NULL for a tensor of 1 elements");
    tensor = stale();
    assert_failed(
        dlcore_tensor_from_data(NULL, (dlcore_dtype_t)4, SHAPE(1), counted, &tensor, &error),
        DLCORE_ERROR_DTYPE, &error, "dtype 4");
    assert_null(tensor);
    assert_failed(dlcore_tensor_scalar(NULL, 1, NULL, &error), DLCORE_ERROR_ARGUMENT, &error,
                  "out is NULL");
    assert_int_equal(dlcore_tensor_create(NULL, DLCORE_DTYPE_UINT8, SHAPE(1), NULL, NULL),
                     DLCORE_ERROR_ARGUMENT);
}

static void test_tensor_success_leaves_the_error_record_alone(void **state)
{
    dlcore_error_record_t error = {.status = DLCORE_ERROR_IO, .message = "earlier"};
    dlcore_tensor_t *tensor = NULL;

    (void)state;
    assert_int_equal(dlcore_tensor_scalar(NULL, 1, &tensor, &error), DLCORE_OK);
    assert_int_equal(error.status, DLCORE_ERROR_IO);
    assert_string_equal(error.message, "earlier");
    dlcore_tensor_free(tensor);
}

static void test_tensor_allocator_lacking_a_function_is_refused(void **state)
{
    failing_allocator_t memory;
    dlcore_allocator_t half = failing_allocator(&memory);
    dlcore_error_record_t error;
    dlcore_tensor_t *tensor = NULL;

    (void)state;
    failing_allocator_init(&memory);
    half.release = NULL;
    assert_failed(dlcore_tensor_create(&half, DLCORE_DTYPE_UINT8, SHAPE(9), &tensor, &error),
                  DLCORE_ERROR_ARGUMENT, &error, "release is NULL");
    assert_null(tensor);
    assert_int_equal(memory.calls, 0);
}

static void test_tensor_shape_text_of_the_longest_shape_fits(void **state)
{
    char text[DLCORE_SHAPE_TEXT_SIZE];
    size_t shape[8];

    (void)state;
    for (size_t i = 0; i < 8; i++)
        shape[i] = SIZE_MAX;
    assert_string_equal(dlcore_shape_text(text, 0, NULL), "()");
    assert_string_equal(dlcore_shape_text(text, 1, (size_t[]){5}), "(5)");
    assert_string_equal(dlcore_shape_text(text, 3, (size_t[]){60000, 28, 28}), "(60000, 28, 28)");
    dlcore_shape_text(text, 8, shape);
    assert_int_equal(text[strlen(text) - 1], ')');
    assert_in_range(strlen(text), 80, sizeof text - 1);
}

static dlcore_status make_all(const dlcore_allocator_t *allocator, void *context)
{
    dlcore_tensor_t *tensors[3] = {stale(), stale(), stale()};
    dlcore_status status;

    (void)context;
    status = dlcore_tensor_create(allocator, DLCORE_DTYPE_INT32, SHAPE(2, 2), &tensors[0], NULL);
    if (status != DLCORE_OK) {
        assert_null(tensors[0]);
        return status;
    }
    status = dlcore_tensor_from_data(allocator, DLCORE_DTYPE_FLOAT32, SHAPE(6), counted,
                                     &tensors[1], NULL);
    if (status == DLCORE_OK)
        status = dlcore_tensor_scalar(allocator, 3, &tensors[2], NULL);
    else
        tensors[2] = NULL;
    for (size_t i = 0; i < 3; i++)
        dlcore_tensor_free(tensors[i]);
    return status;
}

static void test_tensor_creation_survives_every_failing_allocation(void **state)
{
    (void)state;
    assert_int_equal(failing_allocator_sweep(make_all, NULL), 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tensor_dtype_known_has_name_and_size),
        cmocka_unit_test(test_tensor_dtype_unknown_is_told),
        cmocka_unit_test(test_tensor_create_gives_aligned_zeros),
        cmocka_unit_test(test_tensor_create_owns_a_block_for_all_its_elements),
        cmocka_unit_test(test_tensor_queries_answer_for_rank_3),
        cmocka_unit_test(test_tensor_queries_of_null_answer_nothing),
        cmocka_unit_test(test_tensor_scalar_has_rank_0_and_one_element),
        cmocka_unit_test(test_tensor_rank_8_is_made_and_9_refused),
        cmocka_unit_test(test_tensor_zero_length_axes_have_no_elements),
        cmocka_unit_test(test_tensor_from_data_copies),
        cmocka_unit_test(test_tensor_create_of_overflowing_shape_is_refused),
        cmocka_unit_test(test_tensor_create_beyond_memory_names_the_bytes),
        cmocka_unit_test(test_tensor_bad_arguments_are_refused),
        cmocka_unit_test(test_tensor_success_leaves_the_error_record_alone),
        cmocka_unit_test(test_tensor_allocator_lacking_a_function_is_refused),
        cmocka_unit_test(test_tensor_shape_text_of_the_longest_shape_fits),
        cmocka_unit_test(test_tensor_creation_survives_every_failing_allocation),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
