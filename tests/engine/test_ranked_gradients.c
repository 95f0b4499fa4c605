/* Gradients of ranks are sent in pieces as layers give them.
 *
 * SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/ranked_fit.h"

enum { RANKS = 3, STEPS = 6 };

static ranked_result_t results[RANKS];

/* A rank's collective, and what it is asked for. */
typedef struct watched {
    dlcore_collective_t inner;
    size_t under_way, most, looked_after;
} watched_t;

static watched_t watched[RANKS];

static dlcore_status watch_begin(void *user, void *numbers, size_t count,
                                 dlcore_collective_number_t type, void **request,
                                 dlcore_error_record_t *error)
{
    watched_t *own = user;

    own->under_way++;
    own->most = own->under_way > own->most ? own->under_way : own->most;
    return own->inner.allreduce_begin(own->inner.user, numbers, count, type, request, error);
}

static dlcore_status watch_finish(void *user, void *request, dlcore_error_record_t *error)
{
    watched_t *own = user;

    own->under_way--;
    return own->inner.allreduce_finish(own->inner.user, request, error);
}

static dlcore_status watch_gather(void *user, const void *record, size_t bytes, void *records,
                                  dlcore_error_record_t *error)
{
    const watched_t *own = user;

    return own->inner.gather(own->inner.user, record, bytes, records, error);
}

static dlcore_status watch_broadcast(void *user, size_t root, void *bytes, size_t count,
                                     dlcore_error_record_t *error)
{
    const watched_t *own = user;

    return own->inner.broadcast(own->inner.user, root, bytes, count, error);
}

static void watch_progress(void *user)
{
    watched_t *own = user;

    own->looked_after += own->under_way > 0;
}

static void step_watched(void *user, const dlcore_collective_t *collective)
{
    watched_t *own = &watched[collective->rank];
    dlcore_collective_t outer = *collective;

    *own = (watched_t){.inner = *collective};
    outer.user = own;
    outer.allreduce_begin = watch_begin;
    outer.allreduce_finish = watch_finish;
    outer.gather = watch_gather;
    outer.broadcast = watch_broadcast;
    outer.progress = watch_progress;
    outer.revoke = NULL;
    ranked_run_rank(user, &outer, &results[collective->rank]);
}

/* Pieces of the last layer are on their way while the first one's gradient is computed. */
static void test_ranked_gradients_are_sent_while_others_are_computed(void **state)
{
    const dlcore_collective_t pieces = {.piece_bytes = 256};
    ranked_case_t ranked_case = ranked_case_default();
    loopback_t *loopback = loopback_create(RANKS);

    (void)state;
    ranked_case.hidden[1] = ranked_case.hidden[0];
    ranked_case.hidden_count = 2;
    loopback_run(loopback, &pieces, step_watched, &ranked_case);
    for (size_t rank = 0; rank < RANKS; rank++) {
        if (results[rank].status != DLCORE_OK)
            fail_msg("rank %zu: %s", rank, results[rank].message);
        assert_int_equal(watched[rank].under_way, 0);
        assert_true(watched[rank].most >= 3); /* pieces at a time */
        assert_true(watched[rank].looked_after >=
                    2 * STEPS); /* before the first layer's are sent */
    }
    loopback_free(loopback);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ranked_gradients_are_sent_while_others_are_computed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
