/* Reading a dataset ahead: copies, seeking and stopping at any moment, and what goes wrong.
 *
 * SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "model/prefetch.h"
#include "support/failing_allocator.h"
#include "support/posix.h"
#include "support/sanitizers.h"
#include "support/scripted_dataset.h"
#include "system/threads.h"
#include "tensor/tensor.h"

static const dlcore_allocator_t *allocator(void)
{
    static dlcore_allocator_t made;

    made = dlcore_allocator_default();
    return &made;
}

static dlcore_prefetch_t *start(const dlcore_dataset_t *dataset)
{
    dlcore_prefetch_t *prefetch = NULL;

    assert_int_equal(dlcore_prefetch_start(allocator(), dataset, &prefetch, NULL), DLCORE_OK);
    return prefetch;
}

static void stop(dlcore_prefetch_t *prefetch, scripted_dataset_t *script)
{
    dlcore_prefetch_stop(prefetch);
    assert_false(atomic_load(&script->together));
    scripted_dataset_clear(script);
}

static dlcore_source_t next(dlcore_prefetch_t *prefetch)
{
    dlcore_source_t source;

    assert_int_equal(dlcore_prefetch_next(prefetch, &source, NULL), DLCORE_OK);
    return source;
}

/* Exactly that batch, with every element as the script has it. */
static void check_batch(const dlcore_source_t *source, const scripted_batch_t *batch, int value)
{
    dlcore_dtype_t dtype = scripted_dtype(batch);
    size_t rows = batch->rows, size = dlcore_dtype_size(dtype);

    assert_int_equal(source->rows, rows);
    assert_int_equal(dlcore_tensor_length(source->x, 0), rows);
    assert_int_equal(dlcore_tensor_length(source->x, 1), batch->width);
    assert_int_equal(source->x->dtype, dtype);
    assert_int_equal((uintptr_t)source->x->data % size, 0);
    for (size_t i = 0; i < rows * batch->width; i++)
        assert_true(dlcore_element_load(dtype, source->x->data + i * size) == value);
    for (size_t i = 0; i < rows; i++)
        assert_true(((const int32_t *)dlcore_tensor_data_const(source->y))[i] == value);
    assert_true((source->weights != NULL) == batch->with_weights);
    for (size_t i = 0; batch->with_weights && i < rows; i++)
        assert_true(((const float *)dlcore_tensor_data_const(source->weights))[i] == 1.0f);
}

static const scripted_batch_t odd[] = {
    {.rows = 2, .width = 3},
    {.rows = 70, .width = 9, .gap = 4, .with_weights = true},
    {.rows = 3, .width = 1, .dtype = DLCORE_DTYPE_UINT8},
    {.rows = 5, .width = 40, .dtype = DLCORE_DTYPE_INT32, .gap = 1},
    {.rows = 71, .width = 9, .with_weights = true},
    {.rows = 1, .width = 1},
};
enum { ODD = 6 };

static void test_prefetch_copies_batches_that_change_size_and_shape(void **state)
{
    scripted_dataset_t script = {.batches = odd, .count = ODD};
    dlcore_dataset_t dataset = scripted_dataset(&script);
    dlcore_prefetch_t *prefetch = start(&dataset);

    (void)state;
    for (size_t pass = 0; pass < 3; pass++) {
        dlcore_prefetch_seek(prefetch, pass, 0);
        for (size_t batch = 0; batch < ODD; batch++) {
            dlcore_source_t source = next(prefetch);

            check_batch(&source, &odd[batch], (int)(10 * pass + batch));
        }
        assert_int_equal(next(prefetch).rows, 0);
    }
    stop(prefetch, &script);
}

static void test_prefetch_batch_stays_while_the_dataset_reuses_its_memory(void **state)
{
    static const scripted_batch_t same[] = {
        {.rows = 4, .width = 5}, {.rows = 4, .width = 5}, {.rows = 4, .width = 5}};
    scripted_dataset_t script = {.batches = same, .count = 3};
    dlcore_dataset_t dataset = scripted_dataset(&script);
    dlcore_prefetch_t *prefetch = start(&dataset);

    (void)state;
    dlcore_prefetch_seek(prefetch, 0, 0);
    for (size_t batch = 0; batch < 3; batch++) {
        dlcore_source_t source = next(prefetch);

        scripted_dataset_wait(&script, batch + 2); /* the next is there, or the end */
        check_batch(&source, &same[batch], (int)batch);
    }
    stop(prefetch, &script);
}

static void test_prefetch_end_stays_until_the_next_seek(void **state)
{
    scripted_dataset_t script = {.batches = odd, .count = 1};
    dlcore_dataset_t dataset = scripted_dataset(&script);
    dlcore_prefetch_t *prefetch = start(&dataset);
    dlcore_source_t source;

    (void)state;
    assert_int_equal(next(prefetch).rows, 0); /* before any seek, too */
    dlcore_prefetch_seek(prefetch, 0, 0);
    (void)next(prefetch);
    for (int i = 0; i < 3; i++)
        assert_int_equal(next(prefetch).rows, 0);
    assert_int_equal(atomic_load(&script.calls), 2);
    dlcore_prefetch_seek(prefetch, 1, 0);
    source = next(prefetch);
    check_batch(&source, &odd[0], 10);
    stop(prefetch, &script);
}

static void test_prefetch_seek_drops_a_batch_that_waits_or_is_ready(void **state)
{
    static const scripted_batch_t same[] = {
        {.rows = 4, .width = 5}, {.rows = 4, .width = 5}, {.rows = 4, .width = 5}};
    scripted_dataset_t script = {.batches = same, .count = 3};
    dlcore_dataset_t dataset = scripted_dataset(&script);
    dlcore_prefetch_t *prefetch = start(&dataset);
    dlcore_source_t source;
    size_t calls;

    (void)state;
    dlcore_prefetch_seek(prefetch, 0, 0);
    scripted_dataset_wait(&script, 1); /* without room: it waits */
    dlcore_prefetch_seek(prefetch, 1, 1);
    source = next(prefetch);
    check_batch(&source, &same[1], 11);
    source = next(prefetch);
    check_batch(&source, &same[2], 12);
    assert_int_equal(next(prefetch).rows, 0);
    calls = atomic_load(&script.calls);
    dlcore_prefetch_seek(prefetch, 2, 0);
    scripted_dataset_wait(&script, calls + 1); /* there is room: ready */
    dlcore_prefetch_seek(prefetch, 3, 2);
    source = next(prefetch);
    check_batch(&source, &same[2], 32);
    stop(prefetch, &script);
}

/* Seeking and stopping wait for a `next` that runs; none runs beside another. */
static void test_prefetch_seek_waits_for_a_slow_dataset(void **state)
{
    scripted_dataset_t script = {.batches = odd, .count = ODD, .milliseconds = 5};
    dlcore_dataset_t dataset = scripted_dataset(&script);
    dlcore_prefetch_t *prefetch = start(&dataset);
    dlcore_source_t source;

    (void)state;
    for (size_t pass = 0; pass < 4; pass++)
        dlcore_prefetch_seek(prefetch, pass, pass);
    source = next(prefetch);
    check_batch(&source, &odd[3], 33);
    assert_int_equal(atomic_load(&script.begun), 4);
    stop(prefetch, &script);
}

static void test_prefetch_stops_in_every_state(void **state)
{
    static const scripted_batch_t same[] = {{.rows = 4, .width = 5}, {.rows = 4, .width = 5}};

    (void)state;
    for (int moment = 0; moment < 6; moment++) {
        scripted_dataset_t script = {
            .batches = same, .count = 2, .milliseconds = moment == 2 ? 10 : 0};
        dlcore_dataset_t dataset = scripted_dataset(&script);
        dlcore_prefetch_t *prefetch = start(&dataset);

        if (moment > 0)
            dlcore_prefetch_seek(prefetch, 0, 0);
        if (moment == 1)
            scripted_dataset_wait(&script, 1); /* a batch waits */
        for (int taken = 0; taken < moment - 2; taken++)
            (void)next(prefetch);
        if (moment > 2 && moment < 5)
            scripted_dataset_wait(&script, (size_t)moment - 1); /* a batch or the end is ready */
        stop(prefetch, &script);
    }
    dlcore_prefetch_stop(NULL);
}

/* ---- what goes wrong ---- */

static void check_fails(dlcore_prefetch_t *prefetch, dlcore_status expected, const char *text)
{
    dlcore_error_record_t error = {0};
    dlcore_source_t source = {.rows = 99};

    assert_int_equal(dlcore_prefetch_next(prefetch, &source, &error), expected);
    assert_int_equal(error.status, expected);
    if (strstr(error.message, text) == NULL)
        fail_msg("\"%s\", not \"%s\"", error.message, text);
    assert_int_equal(source.rows, 0);
}

static void test_prefetch_error_of_next_stays_until_the_next_seek(void **state)
{
    static const scripted_batch_t batches[] = {
        {.rows = 2, .width = 3},
        {.status = DLCORE_ERROR_FORMAT, .message = "torn page"},
        {.rows = 2, .width = 3}};
    scripted_dataset_t script = {.batches = batches, .count = 3};
    dlcore_dataset_t dataset = scripted_dataset(&script);
    dlcore_prefetch_t *prefetch = start(&dataset);
    dlcore_source_t source;

    (void)state;
    dlcore_prefetch_seek(prefetch, 0, 0);
    (void)next(prefetch);
    for (int i = 0; i < 3; i++)
        check_fails(prefetch, DLCORE_ERROR_FORMAT, "dataset: next: torn page");
    assert_int_equal(atomic_load(&script.calls), 2);
    dlcore_prefetch_seek(prefetch, 0, 2);
    source = next(prefetch);
    check_batch(&source, &batches[2], 2);
    dlcore_prefetch_seek(prefetch, 0, 1);
    stop(prefetch, &script); /* with an error that nobody asked for */
}

static void test_prefetch_error_of_begin_comes_with_the_batch(void **state)
{
    scripted_dataset_t script = {.batches = odd, .count = ODD, .begin_status = DLCORE_ERROR_IO};
    dlcore_dataset_t dataset = scripted_dataset(&script);
    dlcore_prefetch_t *prefetch = start(&dataset);

    (void)state;
    dlcore_prefetch_seek(prefetch, 0, 0);
    check_fails(prefetch, DLCORE_ERROR_IO, "dataset: begin: no disk");
    script.message_never_ends = true;
    dlcore_prefetch_seek(prefetch, 0, 0);
    check_fails(prefetch, DLCORE_ERROR_IO, "dataset: begin: mmm");
    assert_int_equal(atomic_load(&script.calls), 0);
    stop(prefetch, &script);
}

static void test_prefetch_refuses_what_is_no_batch(void **state)
{
    static const struct {
        scripted_batch_t batch;
        dlcore_status status;
        const char *text;
    } cases[] = {
        {{.rows = 2, .width = 2, .without_x = true}, DLCORE_ERROR_ARGUMENT, "a batch without x"},
        {{.rows = 2, .width = 2, .without_y = true}, DLCORE_ERROR_ARGUMENT, "a batch without y"},
        {{.rows = 2, .width = 2, .without_x = true, .without_y = true, .with_weights = true},
         DLCORE_ERROR_ARGUMENT,
         "a batch without x"},
        {{.rows = 0, .width = 2}, DLCORE_ERROR_SHAPE, "a batch of 0 samples"},
        {{.rows = 2, .width = 0}, DLCORE_ERROR_SHAPE, "a batch of 0 numbers per sample"},
        {{.rows = 2, .scalar = true}, DLCORE_ERROR_SHAPE, "a batch of 0 samples"},
        {{.status = DLCORE_ERROR_NAME}, DLCORE_ERROR_NAME, "dataset: next: unknown name"},
        {{.status = (dlcore_status)-77}, (dlcore_status)-77, "dataset: next: unknown status"},
        {{.status = (dlcore_status)77},
         DLCORE_ERROR_ARGUMENT,
         "dataset: next: returned 77, which is not a dlcore_status"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        scripted_dataset_t script = {.batches = &cases[i].batch, .count = 1};
        dlcore_dataset_t dataset = scripted_dataset(&script);
        dlcore_prefetch_t *prefetch = start(&dataset);

        dlcore_prefetch_seek(prefetch, 0, 0);
        check_fails(prefetch, cases[i].status, cases[i].text);
        stop(prefetch, &script);
    }
}

static void test_prefetch_without_memory_gives_the_batch_when_there_is_some(void **state)
{
    scripted_dataset_t script = {.batches = odd, .count = ODD};
    dlcore_dataset_t dataset = scripted_dataset(&script);
    failing_allocator_t memory;
    dlcore_allocator_t allocates;
    dlcore_prefetch_t *prefetch = NULL;

    (void)state;
    failing_allocator_init(&memory);
    allocates = failing_allocator(&memory);
    memory.fail_at = 1;
    assert_int_equal(dlcore_prefetch_start(&allocates, &dataset, &prefetch, NULL),
                     DLCORE_ERROR_MEMORY);
    assert_null(prefetch);
    assert_int_equal(dlcore_prefetch_start(&allocates, &dataset, &prefetch, NULL), DLCORE_OK);
    dlcore_prefetch_seek(prefetch, 0, 0);
    for (size_t batch = 0; batch < ODD; batch++) {
        dlcore_source_t source;
        dlcore_status status;

        memory.fail_at = memory.calls + 1; /* not every batch needs some */
        status = dlcore_prefetch_next(prefetch, &source, NULL);
        if (status == DLCORE_ERROR_MEMORY)
            status = dlcore_prefetch_next(prefetch, &source, NULL);
        assert_int_equal(status, DLCORE_OK);
        check_batch(&source, &odd[batch], (int)batch);
    }
    assert_true(memory.failures > 2);
    stop(prefetch, &script);
    failing_allocator_assert_clean(&memory);
}

static void wait_for_the_end(void *argument)
{
    (void)argument;
    for (;;)
        sleep(1000);
}

/* Stacks of the parent's threads (a BLAS has some) are in this process, too, and would be used. */
static void take_old_stacks(void)
{
    static dlcore_thread_t threads[64]; /* which a thread reads as it begins, maybe later */
    int count = 0;

    while (count < 64 && dlcore_thread_start(&threads[count], 0, wait_for_the_end, NULL) == 0)
        count++;
}

/* In a process without room for a thread's stack. */
static int start_without_room(void)
{
    struct rlimit memory = {1u << 20, 1u << 20};
    scripted_dataset_t script = {.batches = odd, .count = ODD};
    dlcore_dataset_t dataset = scripted_dataset(&script);
    dlcore_error_record_t error = {0};
    dlcore_prefetch_t *prefetch = NULL;
    void *volatile kept = malloc(65536); /* the heap has what starting takes, but for a stack */

    free(kept);
    if (setrlimit(RLIMIT_AS, &memory) != 0)
        return 1;
    take_old_stacks();
    if (dlcore_prefetch_start(allocator(), &dataset, &prefetch, &error) != DLCORE_ERROR_IO)
        return 2;
    if (error.status != DLCORE_ERROR_IO || prefetch != NULL)
        return 3;
    return strstr(error.message, "prefetch: cannot start a thread: ") == NULL ? 4 : 0;
}

static void test_prefetch_without_a_thread_says_the_reason(void **state)
{
    int ended = 0;
    pid_t child;

    (void)state;
    if (ADDRESS_SANITIZER || THREAD_SANITIZER || MEMORY_SANITIZER)
        skip(); /* they reserve terabytes of addresses, or end the process */
    child = fork();
    assert_true(child >= 0);
    if (child == 0)
        _exit(start_without_room());
    assert_int_equal(waitpid(child, &ended, 0), child);
    assert_true(WIFEXITED(ended));
    assert_int_equal(WEXITSTATUS(ended), 0);
}

/* What the child of a fork does with what it has no thread for; 0 when all is well. */
static int go_on_after_fork(dlcore_prefetch_t *prefetch)
{
    dlcore_error_record_t error = {0};
    dlcore_source_t source;

    alarm(20); /* it must not wait for ever */
    dlcore_prefetch_seek(prefetch, 1, 0);
    if (dlcore_prefetch_next(prefetch, &source, &error) != DLCORE_ERROR_STATE)
        return 2;
    if (strstr(error.message, "stayed with the parent") == NULL)
        return 3;
    dlcore_prefetch_stop(prefetch);
    return 0;
}

static void test_prefetch_in_the_child_of_a_fork_is_an_error(void **state)
{
    scripted_dataset_t script = {.batches = odd, .count = 5, .milliseconds = 30};
    dlcore_dataset_t dataset = scripted_dataset(&script);

    (void)state;
    if (!HAS_FORKS)
        skip();
    if (THREAD_SANITIZER)
        skip(); /* its run-time cannot follow children of processes with threads */
    for (int moment = 0; moment < 3; moment++) { /* before any, while one is fetched, after one */
        dlcore_prefetch_t *prefetch = start(&dataset);
        int ended = 0;
        pid_t child;

        if (moment > 0)
            dlcore_prefetch_seek(prefetch, 0, 0);
        if (moment == 2)
            (void)next(prefetch);
        child = fork();
        assert_true(child >= 0);
        if (child == 0)
            _exit(go_on_after_fork(prefetch));
        assert_int_equal(waitpid(child, &ended, 0), child);
        assert_true(WIFEXITED(ended));
        assert_int_equal(WEXITSTATUS(ended), 0);
        dlcore_prefetch_seek(prefetch, 0, 0); /* the parent's is as it was */
        (void)next(prefetch);
        dlcore_prefetch_stop(prefetch);
    }
    scripted_dataset_clear(&script);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        /* first: stacks of threads that have ended are used again */
        cmocka_unit_test(test_prefetch_without_a_thread_says_the_reason),
        cmocka_unit_test(test_prefetch_copies_batches_that_change_size_and_shape),
        cmocka_unit_test(test_prefetch_batch_stays_while_the_dataset_reuses_its_memory),
        cmocka_unit_test(test_prefetch_end_stays_until_the_next_seek),
        cmocka_unit_test(test_prefetch_seek_drops_a_batch_that_waits_or_is_ready),
        cmocka_unit_test(test_prefetch_seek_waits_for_a_slow_dataset),
        cmocka_unit_test(test_prefetch_stops_in_every_state),
        cmocka_unit_test(test_prefetch_error_of_next_stays_until_the_next_seek),
        cmocka_unit_test(test_prefetch_error_of_begin_comes_with_the_batch),
        cmocka_unit_test(test_prefetch_refuses_what_is_no_batch),
        cmocka_unit_test(test_prefetch_in_the_child_of_a_fork_is_an_error),
        cmocka_unit_test(test_prefetch_without_memory_gives_the_batch_when_there_is_some),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
