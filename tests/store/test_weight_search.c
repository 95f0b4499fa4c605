/* The one way to give every slot an item, against all ways that there are.
 *
 * SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "store/weight_search.h"
#include "support/failing_allocator.h"

enum { MOST = 5 };

/* What fits what; items of one row keep their order. */
typedef struct puzzle {
    size_t slots, items, rows;
    uint32_t row[MOST];
    dlcore_search_fit_t fits[MOST][MOST]; /* slot, item */
} puzzle_t;

static dlcore_search_fit_t fit_of(const void *user, size_t slot, size_t item)
{
    return ((const puzzle_t *)user)->fits[slot][item];
}

static dlcore_search_result_t search(const puzzle_t *puzzle, size_t almost_max,
                                     const dlcore_allocator_t *allocator, dlcore_search_t *run,
                                     uint32_t *found)
{
    *run = (dlcore_search_t){.fit = fit_of,
                             .user = puzzle,
                             .slots = puzzle->slots,
                             .items = puzzle->items,
                             .row = puzzle->row,
                             .rows = puzzle->rows,
                             .almost_max = almost_max,
                             .found = found};
    return dlcore_search_run(run, allocator);
}

/* Counts the ways from `slot` on with exactly that many items that almost fit; the first is kept.
 */
static size_t ways_from(const puzzle_t *puzzle, size_t slot, size_t almost, uint32_t *taken,
                        uint32_t *first)
{
    uint32_t ignored[MOST];
    size_t ways = 0;

    if (slot == puzzle->slots || slot >= MOST) {
        if (almost == 0)
            memcpy(first, taken, puzzle->slots * sizeof *taken);
        return almost == 0;
    }
    for (uint32_t item = 0; item < puzzle->items; item++) {
        bool is_next = true;
        size_t costs = puzzle->fits[slot][item] == DLCORE_SEARCH_ALMOST;

        for (uint32_t before = 0; before <= item; before++) {
            bool is_taken = false;

            for (size_t s = 0; s < slot; s++)
                is_taken = is_taken || taken[s] == before;
            if (puzzle->row[before] == puzzle->row[item])
                is_next = is_next && is_taken == (before < item);
        }
        if (!is_next || puzzle->fits[slot][item] == DLCORE_SEARCH_NO || costs > almost)
            continue;
        taken[slot] = item;
        ways += ways_from(puzzle, slot + 1, almost - costs, taken, ways == 0 ? first : ignored);
    }
    return ways;
}

static puzzle_t random_puzzle(uint32_t *seed)
{
    puzzle_t puzzle;
#define DRAW(n) ((*seed = *seed * 1664525u + 1013904223u) >> 16) % (n)

    puzzle.slots = 1 + DRAW(MOST);
    puzzle.items = puzzle.slots + DRAW(MOST + 1 - puzzle.slots);
    puzzle.rows = 1 + DRAW(puzzle.items);
    for (size_t i = 0; i < puzzle.items; i++) {
        puzzle.row[i] = DRAW((uint32_t)puzzle.rows);
        for (size_t s = 0; s < puzzle.slots; s++) {
            uint32_t draw = DRAW(8u);

            puzzle.fits[s][i] = draw < 4   ? DLCORE_SEARCH_YES
                                : draw < 5 ? DLCORE_SEARCH_ALMOST
                                           : DLCORE_SEARCH_NO;
        }
    }
#undef DRAW
    return puzzle;
}

static void test_weight_search_finds_the_way_that_counting_all_finds(void **state)
{
    dlcore_allocator_t allocator = dlcore_allocator_default();
    size_t results[3] = {0};
    uint32_t seed = 1;

    (void)state;
    for (size_t i = 0; i < 20000; i++) {
        puzzle_t puzzle = random_puzzle(&seed);
        uint32_t found[MOST], taken[MOST], first[MOST];
        size_t almost_max = i % 3, ways = 0;
        dlcore_search_result_t result;
        dlcore_search_t run;

        for (size_t almost = 0; almost <= almost_max && ways == 0; almost++)
            ways = ways_from(&puzzle, 0, almost, taken, first);
        result = search(&puzzle, almost_max, &allocator, &run, found);
        assert_int_equal(result, ways == 0   ? DLCORE_SEARCH_NO_WAY
                                 : ways == 1 ? DLCORE_SEARCH_FOUND
                                             : DLCORE_SEARCH_TWO_WAYS);
        if (ways == 1)
            assert_memory_equal(found, first, puzzle.slots * sizeof *found);
        if (ways != 1)
            assert_in_range(run.stuck, 0, puzzle.slots - 1);
        if (ways > 1)
            assert_int_not_equal(found[run.stuck], run.stuck_at);
        results[ways < 2 ? ways : 2]++;
    }
    assert_true(results[0] > 1000 && results[1] > 1000 && results[2] > 1000);
}

/* Only the last slot shows that no way leads to the end. */
static dlcore_search_fit_t fit_late(const void *user, size_t slot, size_t item)
{
    (void)item;
    return slot + 1 < *(const size_t *)user ? DLCORE_SEARCH_YES : DLCORE_SEARCH_NO;
}

static void test_weight_search_gives_up_after_a_while(void **state)
{
    enum { MANY = 300 };
    dlcore_allocator_t allocator = dlcore_allocator_default();
    uint32_t row[MANY], found[MANY];
    size_t slots = MANY;
    dlcore_search_t run = {.fit = fit_late,
                           .user = &slots,
                           .slots = MANY,
                           .items = MANY,
                           .row = row,
                           .rows = MANY,
                           .found = found};

    (void)state;
    for (uint32_t i = 0; i < MANY; i++)
        row[i] = i;
    assert_int_equal(dlcore_search_run(&run, &allocator), DLCORE_SEARCH_TOO_LONG);
}

static dlcore_status search_scenario(const dlcore_allocator_t *allocator, void *context)
{
    puzzle_t puzzle = {.slots = 1, .items = 1, .rows = 1, .fits = {{DLCORE_SEARCH_YES}}};
    uint32_t found[MOST];
    dlcore_search_t run;

    (void)context;
    return search(&puzzle, 0, allocator, &run, found) == DLCORE_SEARCH_NO_MEMORY
               ? DLCORE_ERROR_MEMORY
               : DLCORE_OK;
}

static void test_weight_search_every_allocation_may_fail(void **state)
{
    (void)state;
    assert_int_equal(failing_allocator_sweep(search_scenario, NULL), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_weight_search_finds_the_way_that_counting_all_finds),
        cmocka_unit_test(test_weight_search_gives_up_after_a_while),
        cmocka_unit_test(test_weight_search_every_allocation_may_fail),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
