/* Random sequences of public calls (support/sequence.h). DLCORE_SEQUENCES of them, 2,000 without,
 * from the seed DLCORE_SEQUENCE_SEED on, 1 without. Where DLCORE_SEQUENCES says how many, the other
 * engine has the limit itself, else ROOM times that: an ordinary test must not hang on how rounding
 * falls on a CPU. One that fails is printed, made short.
 *
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "support/random_numbers.h"
#include "support/sanitizers.h"
#include "support/sequence.h"

#define COUNT (ADDRESS_SANITIZER || THREAD_SANITIZER || EMULATED ? 200 : 2000)

#define ROOM 16.0

static uint64_t setting(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);

    return text != NULL ? strtoull(text, NULL, 10) : otherwise;
}

static void test_sequences_agree_with_every_oracle(void **state)
{
    uint64_t first = setting("DLCORE_SEQUENCE_SEED", 1), count = setting("DLCORE_SEQUENCES", COUNT);
    sequence_counts_t counts = {0};
    size_t calls = 0, accepted = 0;

    (void)state;
    sequence_set_room(getenv("DLCORE_SEQUENCES") == NULL ? ROOM : 1.0);
    for (uint64_t seed = first; seed < first + count; seed++) {
        sequence_t sequence = sequence_draw(seed), least;
        sequence_verdict_t verdict = sequence_run(&sequence, &counts);

        if (!verdict.failed)
            continue;
        print_message("sequence %llu, call %zu: %s\n", (unsigned long long)seed, verdict.call,
                      verdict.why);
        least = sequence_shrink(&sequence);
        sequence_print(&least);
        verdict = sequence_run(&least, &counts);
        fail_msg("sequence %llu, made short, call %zu: %s", (unsigned long long)seed, verdict.call,
                 verdict.why);
    }
    for (int kind = 0; kind < SEQUENCE_KINDS; kind++) {
        calls += counts.calls[kind];
        accepted += counts.accepted[kind];
        print_message("%-24s %7zu calls, %7zu accepted\n",
                      sequence_kind_name((sequence_kind_t)kind), counts.calls[kind],
                      counts.accepted[kind]);
        if (count >= 500) /* every kind is there, and can go well */
            assert_true(counts.accepted[kind] > 0);
    }
    print_message("%llu sequences from %llu on, %zu calls, %zu accepted; on the other engine %zu, "
                  "of which %zu further away than most, %zu left out, the nearest at %.3g of its "
                  "limit\n",
                  (unsigned long long)count, (unsigned long long)first, calls, accepted,
                  counts.compared, counts.conditioned, counts.left_out, counts.nearest);
    if (count >= 500) {
        assert_true(accepted * 2 > calls);
        assert_true(counts.left_out * 10 < counts.compared);
        assert_true(counts.conditioned * 10 < counts.compared);
    }
}

/* Noise of one seed alone leaves a unit on one side of its kink, trial after trial. */
static void test_sequence_data_under_two_noises_differs_in_samples_alone(void **state)
{
    model_t *model = NULL;
    sequence_data_t data[2];
    size_t same = 0, count;

    (void)state;
    assert_int_equal(model_create(NULL, &model), DLCORE_OK);
    assert_int_equal(model_add(model, layer_dense(3, ACTIVATION_RELU)), DLCORE_OK);
    assert_int_equal(model_build(model, 40), DLCORE_OK);
    for (uint64_t i = 0; i < 2; i++) {
        random_seed(7);
        data[i] =
            sequence_data(model, SEQUENCE_ANY, (sequence_noise_t){.size = 1e-6, .seed = i << 32});
    }
    count = data[0].rows * data[0].width;
    assert_int_equal(data[1].rows * data[1].width, count);
    for (size_t i = 0; i < count; i++) {
        float x[2];

        for (size_t k = 0; k < 2; k++)
            x[k] = ((const float *)tensor_data_const(data[k].x))[i];
        assert_true(fabsf(x[0] - x[1]) <= 2.1e-6f * (1.0f + fabsf(x[0])));
        same += !(x[0] < x[1]) && !(x[0] > x[1]);
    }
    assert_true(same * 4 < count);
    assert_memory_equal(tensor_data_const(data[0].y), tensor_data_const(data[1].y),
                        data[0].rows * data[0].units * sizeof(float));
    for (size_t k = 0; k < 2; k++)
        sequence_data_clear(&data[k]);
    model_free(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sequences_agree_with_every_oracle),
        cmocka_unit_test(test_sequence_data_under_two_noises_differs_in_samples_alone),
    };

    return cmocka_run_group_tests_name("sequences", tests, NULL, NULL);
}
