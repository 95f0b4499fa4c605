/* Lists of calls: drawn, printed, made short.
 *
 * SPDX-License-Identifier: MIT */
#include "support/sequence.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "support/random_numbers.h"

/* ---- drawing ---- */

static const struct {
    const char *name;
    size_t share; /* of the calls in mid-life */
} kinds[] = {
    [SEQUENCE_ADD] = {"ADD", 1},
    [SEQUENCE_BUILD] = {"BUILD", 1},
    [SEQUENCE_COMPILE] = {"COMPILE", 6},
    [SEQUENCE_FIT] = {"FIT", 5},
    [SEQUENCE_FIT_WEIGHTED] = {"FIT_WEIGHTED", 4},
    [SEQUENCE_FIT_STOPPED] = {"FIT_STOPPED", 5},
    [SEQUENCE_RESUME] = {"RESUME", 5},
    [SEQUENCE_TRAIN_ON_BATCH] = {"TRAIN_ON_BATCH", 6},
    [SEQUENCE_TRAIN_ON_BATCH_WEIGHTED] = {"TRAIN_ON_BATCH_WEIGHTED", 5},
    [SEQUENCE_GRADIENTS] = {"GRADIENTS", 6},
    [SEQUENCE_SET_TRAINABLE] = {"SET_TRAINABLE", 8},
    [SEQUENCE_SET_WEIGHT] = {"SET_WEIGHT", 3},
    [SEQUENCE_SET_WEIGHTS] = {"SET_WEIGHTS", 3},
    [SEQUENCE_LOAD_WEIGHTS] = {"LOAD_WEIGHTS", 3},
    [SEQUENCE_ADAPT] = {"ADAPT", 2},
    [SEQUENCE_SET_LEARNING_RATE] = {"SET_LEARNING_RATE", 3},
    [SEQUENCE_CLONE] = {"CLONE", 2},
    [SEQUENCE_SAVE_AND_LOAD] = {"SAVE_AND_LOAD", 3},
    [SEQUENCE_PREDICT] = {"PREDICT", 4},
    [SEQUENCE_EVALUATE] = {"EVALUATE", 4},
    [SEQUENCE_PREDICTOR_CREATE] = {"PREDICTOR_CREATE", 3},
    [SEQUENCE_PREDICTOR_RUN] = {"PREDICTOR_RUN", 6},
};
_Static_assert(sizeof kinds / sizeof *kinds == SEQUENCE_KINDS, "one row each");

const char *sequence_kind_name(sequence_kind_t kind)
{
    return kinds[kind].name;
}

static void push(sequence_t *sequence, sequence_kind_t kind)
{
    uint64_t seed = (uint64_t)random_below(UINT32_MAX) << 32;

    seed |= random_below(UINT32_MAX);
    if (sequence->count < SEQUENCE_CALLS)
        sequence->calls[sequence->count++] = (sequence_call_t){.kind = kind, .seed = seed};
}

static sequence_kind_t draw_kind(void)
{
    size_t all = 0, at;
    int kind = 0;

    for (int i = 0; i < SEQUENCE_KINDS; i++)
        all += kinds[i].share;
    for (at = random_below(all); at >= kinds[kind].share; kind++)
        at -= kinds[kind].share;
    return (sequence_kind_t)kind;
}

/* Layers first, mostly; building and compiling in any order, or left to what trains. */
sequence_t sequence_draw(uint64_t seed)
{
    sequence_t sequence = {.seed = seed};
    size_t calls;

    random_seed(seed);
    for (size_t i = 1 + random_below(5); i > 0; i--)
        push(&sequence, SEQUENCE_ADD);
    if (random_below(2) == 0)
        push(&sequence, SEQUENCE_BUILD);
    if (random_below(20) != 0)
        push(&sequence, SEQUENCE_COMPILE);
    if (random_below(3) == 0)
        push(&sequence, SEQUENCE_BUILD);
    calls = 4 + random_below(14);
    while (calls-- > 0) {
        sequence_kind_t kind = draw_kind();

        push(&sequence, kind);
        if (kind != SEQUENCE_FIT_STOPPED || random_below(4) == 0)
            continue;
        if (random_below(2) == 0) /* what may come in between, or gives the run up */
            push(&sequence, draw_kind());
        push(&sequence, SEQUENCE_RESUME);
    }
    return sequence;
}

void sequence_print(const sequence_t *sequence)
{
    print_message("{.seed = %llu, .count = %zu, .calls = {\n", (unsigned long long)sequence->seed,
                  sequence->count);
    for (size_t i = 0; i < sequence->count; i++)
        print_message("    {SEQUENCE_%s, 0x%llx},\n", sequence_kind_name(sequence->calls[i].kind),
                      (unsigned long long)sequence->calls[i].seed);
    print_message("}}\n");
}

/* ---- making short ---- */

static bool still_fails(const sequence_t *sequence)
{
    sequence_counts_t counts = {0};

    return sequence_run(sequence, &counts).failed;
}

static sequence_t without(const sequence_t *sequence, size_t first, size_t count)
{
    sequence_t rest = *sequence;

    memmove(rest.calls + first, rest.calls + first + count,
            (rest.count - first - count) * sizeof *rest.calls);
    rest.count -= count;
    return rest;
}

sequence_t sequence_shrink(const sequence_t *sequence)
{
    sequence_t least = *sequence;
    bool shorter = true;

    while (shorter) {
        shorter = false;
        for (size_t piece = least.count / 2; piece > 0; piece /= 2) {
            for (size_t first = 0; first + piece <= least.count;) {
                sequence_t rest = without(&least, first, piece);

                if (still_fails(&rest)) {
                    least = rest;
                    shorter = true;
                } else {
                    first += piece;
                }
            }
        }
    }
    return least;
}
