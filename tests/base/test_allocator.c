/* Memory from the host's allocator.
 *
 * SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/allocator.h"
#include "support/failing_allocator.h"

typedef void *allocate_t(const dlcore_allocator_t *allocator, size_t count, size_t size);

static allocate_t *const variants[] = {dlcore_allocate, dlcore_allocate_raw};

static void test_allocator_blocks_are_aligned_and_whole(void **state)
{
    failing_allocator_t memory;
    dlcore_allocator_t allocator = failing_allocator(&memory);

    (void)state;
    failing_allocator_init(&memory);
    for (size_t i = 0; i < 2; i++)
        for (size_t size = 0; size < 300; size++) {
            unsigned char *block = variants[i](&allocator, 1, size);

            assert_non_null(block);
            assert_int_equal((uintptr_t)block % DLCORE_ALIGNMENT, 0);
            memset(block, 0x33, size);
            dlcore_release(&allocator, block);
            assert_int_equal(memory.live_blocks, 0);
        }
    failing_allocator_assert_clean(&memory);
}

/* A host's allocator need not give more than malloc's alignment: every place in turn. */
static char arena[400];

static void *allocate_at(void *user, size_t size)
{
    size_t start = *(const size_t *)user;

    assert_in_range(start + size, 0, sizeof arena);
    return arena + start;
}

static void release_at(void *user, void *block)
{
    assert_ptr_equal(block, arena + *(const size_t *)user);
}

static void test_allocator_gives_back_the_hosts_pointer(void **state)
{
    size_t start;
    dlcore_allocator_t allocator = {allocate_at, release_at, &start};

    (void)state;
    for (start = 0; start < 128; start += 8) {
        char *block = dlcore_allocate_raw(&allocator, 10, 10);

        assert_int_equal((uintptr_t)block % DLCORE_ALIGNMENT, 0);
        assert_true(block >= arena + start + sizeof(void *));
        assert_true(block + 100 <= arena + start + 172);
        dlcore_release(&allocator, block);
    }
}

static void test_allocator_zeroes_unless_raw(void **state)
{
    static const unsigned char zeros[1000];
    failing_allocator_t memory;
    dlcore_allocator_t allocator = failing_allocator(&memory);
    unsigned char *block;

    (void)state;
    failing_allocator_init(&memory);
    block = dlcore_allocate(&allocator, 125, 8);
    assert_memory_equal(block, zeros, sizeof zeros);
    dlcore_release(&allocator, block);
    block = dlcore_allocate_raw(&allocator, 125, 8);
    for (size_t i = 0; i < 1000; i++)
        assert_int_equal(block[i], 0xA5);
    dlcore_release(&allocator, block);
}

/* What a block takes beyond what was asked for. */
#define MORE (DLCORE_ALIGNMENT + sizeof(void *))

static void test_allocator_costs_at_most_72_bytes_more(void **state)
{
    failing_allocator_t memory;
    dlcore_allocator_t allocator = failing_allocator(&memory);

    (void)state;
    failing_allocator_init(&memory);
    dlcore_release(&allocator, dlcore_allocate(&allocator, 10, 100));
    assert_in_range(memory.largest, 1000, 1072);
}

static void test_allocator_refuses_sizes_that_overflow(void **state)
{
    static const size_t sizes[][2] = {{SIZE_MAX, 2},         {2, SIZE_MAX},
                                      {SIZE_MAX, 1},         {1, SIZE_MAX - MORE + 1},
                                      {SIZE_MAX / 2 + 2, 2}, {1, (size_t)PTRDIFF_MAX - MORE + 1}};
    failing_allocator_t memory;
    dlcore_allocator_t allocator = failing_allocator(&memory);

    (void)state;
    failing_allocator_init(&memory);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
        for (size_t j = 0; j < 2; j++)
            assert_null(variants[j](&allocator, sizes[i][0], sizes[i][1]));
    assert_int_equal(memory.calls, 0);
    /* one byte less is a matter for the host */
    assert_null(dlcore_allocate(&allocator, 1, (size_t)PTRDIFF_MAX - MORE));
    assert_int_equal(memory.largest, PTRDIFF_MAX);
}

static void test_allocator_without_memory_answers_null(void **state)
{
    failing_allocator_t memory;
    dlcore_allocator_t allocator = failing_allocator(&memory);

    (void)state;
    failing_allocator_init(&memory);
    memory.fail_at = 1;
    memory.fail_for_ever = true;
    for (size_t i = 0; i < 2; i++)
        assert_null(variants[i](&allocator, 1, 1));
    dlcore_release(&allocator, NULL);
    assert_int_equal(memory.releases, 0);
}

static void test_allocator_lacking_a_function_is_refused(void **state)
{
    failing_allocator_t memory;
    dlcore_allocator_t whole = failing_allocator(&memory);
    dlcore_allocator_t cases[] = {whole, whole, {NULL, NULL, NULL}};
    dlcore_error_record_t error;

    (void)state;
    cases[0].allocate = NULL;
    cases[1].release = NULL;
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(dlcore_check_allocator(&cases[i], &error), DLCORE_ERROR_ARGUMENT);
        assert_string_equal(error.message, i == 1
                                               ? "the allocator needs both allocate and release: "
                                                 "release is NULL"
                                               : "the allocator needs both allocate and release: "
                                                 "allocate is NULL");
    }
    assert_int_equal(dlcore_check_allocator(&whole, NULL), DLCORE_OK);
    assert_int_equal(dlcore_check_allocator(NULL, NULL), DLCORE_OK);
}

static void test_allocator_null_is_the_default(void **state)
{
    failing_allocator_t memory;
    dlcore_allocator_t whole = failing_allocator(&memory);
    dlcore_allocator_t none = dlcore_allocator_default();
    dlcore_allocator_t answer = dlcore_allocator_or_default(NULL);

    (void)state;
    assert_true(answer.allocate == none.allocate && answer.release == none.release);
    assert_true(dlcore_allocator_or_default(&whole).allocate == whole.allocate);
    assert_ptr_equal(dlcore_allocator_or_default(&whole).user, &memory);
    dlcore_release(&none, dlcore_allocate(&none, 3, 5));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_allocator_blocks_are_aligned_and_whole),
        cmocka_unit_test(test_allocator_gives_back_the_hosts_pointer),
        cmocka_unit_test(test_allocator_zeroes_unless_raw),
        cmocka_unit_test(test_allocator_costs_at_most_72_bytes_more),
        cmocka_unit_test(test_allocator_refuses_sizes_that_overflow),
        cmocka_unit_test(test_allocator_without_memory_answers_null),
        cmocka_unit_test(test_allocator_lacking_a_function_is_refused),
        cmocka_unit_test(test_allocator_null_is_the_default),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
