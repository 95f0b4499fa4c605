/* The tests' own allocator: what it must not let pass.
 *
 * SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "support/failing_allocator.h"

static void test_failing_allocator_counts_calls_bytes_and_peak(void **state)
{
    failing_allocator_t memory;
    dlcore_allocator_t allocator = failing_allocator(&memory);
    void *blocks[3];

    (void)state;
    failing_allocator_init(&memory);
    blocks[0] = allocator.allocate(allocator.user, 100);
    blocks[1] = allocator.allocate(allocator.user, 50);
    allocator.release(allocator.user, blocks[0]);
    blocks[2] = allocator.allocate(allocator.user, 20);
    assert_int_equal(memory.calls, 3);
    assert_int_equal(memory.releases, 1);
    assert_int_equal(memory.live_blocks, 2);
    assert_int_equal(memory.live_bytes, 70);
    assert_int_equal(memory.peak_bytes, 150);
    assert_int_equal(memory.largest, 100);
    assert_int_equal(memory.failures, 0);
    allocator.release(allocator.user, blocks[1]);
    allocator.release(allocator.user, blocks[2]);
    failing_allocator_assert_clean(&memory);
}

/* Which of ten calls fail, as a string of - and x. */
static void assert_fails(size_t fail_at, bool for_ever, size_t limit, const char *expected)
{
    failing_allocator_t memory;
    dlcore_allocator_t allocator = failing_allocator(&memory);
    void *blocks[10];
    char pattern[11] = "----------";
    size_t failures = 0;

    failing_allocator_init(&memory);
    memory.fail_at = fail_at;
    memory.fail_for_ever = for_ever;
    memory.live_limit = limit;
    for (size_t i = 0; i < 10; i++) {
        blocks[i] = allocator.allocate(allocator.user, 10);
        if (blocks[i] == NULL) {
            pattern[i] = 'x';
            failures++;
        }
    }
    assert_string_equal(pattern, expected);
    assert_int_equal(memory.failures, failures);
    for (size_t i = 0; i < 10; i++)
        if (blocks[i] != NULL)
            allocator.release(allocator.user, blocks[i]);
    failing_allocator_assert_clean(&memory);
}

static void test_failing_allocator_fails_as_told(void **state)
{
    (void)state;
    assert_fails(0, false, 0, "----------");
    assert_fails(3, false, 0, "--x-------");
    assert_fails(3, true, 0, "--xxxxxxxx");
    assert_fails(0, false, 45, "----xxxxxx");
}

static void test_failing_allocator_refuses_what_malloc_cannot_give(void **state)
{
    failing_allocator_t memory;
    dlcore_allocator_t allocator = failing_allocator(&memory);

    (void)state;
    failing_allocator_init(&memory);
    assert_null(allocator.allocate(allocator.user, SIZE_MAX));
    assert_null(allocator.allocate(allocator.user, SIZE_MAX - 40));
    assert_int_equal(memory.failures, 2);
    assert_int_equal(memory.largest, SIZE_MAX);
    assert_int_equal(memory.live_bytes, 0);
}

static void test_failing_allocator_sees_writes_beyond_a_block(void **state)
{
    failing_allocator_t memory;
    dlcore_allocator_t allocator = failing_allocator(&memory);

    (void)state;
    failing_allocator_init(&memory);
    for (size_t beyond = 0; beyond < 16; beyond++) {
        unsigned char *block = allocator.allocate(allocator.user, 13);

        block[13 + beyond] ^= 1;
        allocator.release(allocator.user, block);
        assert_int_equal(memory.damaged, beyond + 1);
    }
    assert_int_equal(memory.live_blocks, 0);
}

static void test_failing_allocator_sees_releases_of_what_is_none(void **state)
{
    failing_allocator_t memory;
    dlcore_allocator_t allocator = failing_allocator(&memory);
    size_t words[16] = {0};

    (void)state;
    failing_allocator_init(&memory);
    allocator.release(allocator.user, words + 8);
    allocator.release(allocator.user, NULL);
    assert_int_equal(memory.damaged, 2);
    assert_int_equal(memory.live_blocks, 0);
}

static void test_failing_allocator_gives_no_zeros(void **state)
{
    failing_allocator_t memory;
    dlcore_allocator_t allocator = failing_allocator(&memory);
    unsigned char *block;

    (void)state;
    failing_allocator_init(&memory);
    block = allocator.allocate(allocator.user, 3);
    assert_memory_equal(block, "\xA5\xA5\xA5", 3);
    allocator.release(allocator.user, block);
}

/* Takes `count` blocks one after the other and gives all back. */
static dlcore_status take(const dlcore_allocator_t *allocator, void *count)
{
    void *blocks[8];
    size_t taken = 0;
    dlcore_status status = DLCORE_OK;

    while (taken < *(const size_t *)count && status == DLCORE_OK) {
        blocks[taken] = allocator->allocate(allocator->user, 8);
        if (blocks[taken] == NULL)
            status = DLCORE_ERROR_MEMORY;
        else
            taken++;
    }
    while (taken > 0)
        allocator->release(allocator->user, blocks[--taken]);
    return status;
}

static void test_failing_allocator_sweep_answers_the_number_of_allocations(void **state)
{
    (void)state;
    for (size_t count = 0; count < 5; count++)
        assert_int_equal(failing_allocator_sweep(take, &count), count);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_failing_allocator_counts_calls_bytes_and_peak),
        cmocka_unit_test(test_failing_allocator_fails_as_told),
        cmocka_unit_test(test_failing_allocator_refuses_what_malloc_cannot_give),
        cmocka_unit_test(test_failing_allocator_sees_writes_beyond_a_block),
        cmocka_unit_test(test_failing_allocator_sees_releases_of_what_is_none),
        cmocka_unit_test(test_failing_allocator_gives_no_zeros),
        cmocka_unit_test(test_failing_allocator_sweep_answers_the_number_of_allocations),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
