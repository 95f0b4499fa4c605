/* How dlcore's threads behave: short fits after pauses, models in turn, another thread that spins.
 *
 * Whatever is said of threads is a ratio to the same work on one thread, alternating with it. The
 * ratio can be as low as one over the number of threads; a team that is woken late, put on one CPU,
 * or kept from its CPUs by another shows in it.
 *
 * SPDX-License-Identifier: MIT */
#include "bench/threads.h"

#include <stdio.h>

#include "bench/spinner.h"
#include "bench/subject.h"
#include "bench/support.h"
#include "bench/timing.h"
#include "engine/team.h"

#define ROUNDS 7
#define ROUNDS_QUICK 1
#define MODELS_MAX 3

/* Limits, in times of one thread's. A fit of three steps is waking, three milliseconds of work, and
 * going to sleep again. */
#define LIMIT_3_STEPS 1.1
#define LIMIT_8_STEPS 0.9
#define LIMIT_30_STEPS 0.8
#define LIMIT_IN_TURN 0.8
#define LIMIT_CALM 1.15 /* of threads that only count, each on a CPU of its own */

typedef struct check {
    size_t threads;
    size_t rounds;
    size_t failed;
} check_t;

static const bench_case_t step = {.name = "784-512-10 b128",
                                  .work = BENCH_TRAIN,
                                  .head = BENCH_CLASSES,
                                  .widths = {784, 512, 10},
                                  .batch = 128,
                                  .optimizer = DLCORE_OPTIMIZER_RMSPROP};

static bench_subject_t subject_of(size_t steps, size_t threads)
{
    bench_case_t which = step;

    which.batches = steps;
    return bench_subject_train(&which, DLCORE_ENGINE_AUTO, threads, false);
}

static void release(bench_subject_t *subject)
{
    subject->free(subject->contender.state);
}

static void report(check_t *check, const char *what, double value, double limit, const char *unit)
{
    const bool good = value <= limit;

    printf("%-64s %7.3f  limit %5.2f %s%s\n", what, value, limit, unit, good ? "" : "  TOO MUCH");
    fflush(stdout);
    check->failed += !good;
}

/* ---- is this machine ours? ---- */

static void count_up(void *argument, size_t worker, size_t workers)
{
    volatile unsigned long counted = 0;

    (void)argument;
    (void)worker;
    (void)workers;
    while (counted < 20000000)
        counted = counted + 1;
}

/* What as much counting on every CPU takes in times of counting on one. */
static double crowd(const check_t *check)
{
    double ratios[ROUNDS];
    dlcore_team_t *team = NULL;

    bench_check(dlcore_team_create(NULL, check->threads, &team), "no memory for threads");
    for (size_t i = 0; i < check->rounds; i++) {
        double begin = bench_now(), alone;

        dlcore_team_run(team, 1, count_up, NULL);
        alone = bench_now() - begin;
        begin = bench_now();
        dlcore_team_run(team, check->threads, count_up, NULL);
        ratios[i] = (bench_now() - begin) / alone;
    }
    dlcore_team_free(team);
    return bench_median(ratios, check->rounds);
}

/* ---- short fits ---- */

static void pause_for(double seconds, bool busy)
{
    const double end = bench_now() + seconds;

    if (!busy)
        bench_sleep(seconds);
    while (bench_now() < end)
        continue;
}

static double time_after_pause(const bench_subject_t *subject, double seconds, bool busy)
{
    pause_for(seconds, busy);
    return bench_sample(&subject->contender, 1);
}

static void check_short_fits(check_t *check, size_t steps, double limit)
{
    static const double pauses[] = {0.0001, 0.003, 0.03, 0.1};
    bench_subject_t one = subject_of(steps, 1), all = subject_of(steps, check->threads);
    double ratios[ROUNDS];
    char what[96];

    (void)bench_sample(&one.contender, 2);
    (void)bench_sample(&all.contender, 2);
    for (size_t p = 0; p < (check->rounds == 1 ? 2 : sizeof pauses / sizeof pauses[0]); p++)
        for (size_t busy = 0; busy < 2; busy++) {
            for (size_t i = 0; i < check->rounds; i++) {
                const double alone = time_after_pause(&one, pauses[p], busy != 0);

                ratios[i] = time_after_pause(&all, pauses[p], busy != 0) / alone;
            }
            snprintf(what, sizeof what, "fits of %zu steps, %g ms apart, %s", steps,
                     1000 * pauses[p], busy != 0 ? "busy" : "asleep");
            report(check, what, bench_median(ratios, check->rounds), limit, "of one thread");
        }
    release(&one);
    release(&all);
}

/* ---- models in turn ---- */

static double time_in_turn(bench_subject_t *subjects, size_t count)
{
    const double begin = bench_now();

    for (size_t turn = 0; turn < 4; turn++)
        for (size_t m = 0; m < count; m++)
            (void)bench_sample(&subjects[m].contender, 1);
    return bench_now() - begin;
}

static void check_in_turn(check_t *check, size_t models)
{
    bench_subject_t one[MODELS_MAX], all[MODELS_MAX];
    double ratios[ROUNDS];
    char what[96];

    for (size_t m = 0; m < models; m++) {
        one[m] = subject_of(8, 1);
        all[m] = subject_of(8, check->threads);
    }
    (void)time_in_turn(one, models);
    (void)time_in_turn(all, models);
    for (size_t i = 0; i < check->rounds; i++) {
        const double alone = time_in_turn(one, models);

        ratios[i] = time_in_turn(all, models) / alone;
    }
    snprintf(what, sizeof what, "%zu models in turn, 8 steps each", models);
    report(check, what, bench_median(ratios, check->rounds), LIMIT_IN_TURN, "of one thread");
    for (size_t m = 0; m < models; m++) {
        release(&one[m]);
        release(&all[m]);
    }
}

/* ---- another thread that spins ---- */

static void check_spinner(check_t *check)
{
    double during[ROUNDS], recovery[ROUNDS];

    for (size_t i = 0; i < check->rounds; i++) {
        const bench_spinner_t one = bench_train_beside_spinner(&step, 1);
        const bench_spinner_t all = bench_train_beside_spinner(&step, check->threads);

        during[i] = all.during / one.during;
        recovery[i] = all.recovery;
    }
    report(check, "steps while another thread spins for 0.3 s", bench_median(during, check->rounds),
           BENCH_LIMIT_BESIDE, "of one thread");
    report(check, "from its end to full speed again", bench_median(recovery, check->rounds),
           BENCH_LIMIT_RECOVERY, "s");
}

int bench_check_threads(const bench_options_t *options)
{
    check_t check = {.threads = options->threads != 0 ? options->threads : dlcore_team_cpus(),
                     .rounds = options->quick ? ROUNDS_QUICK : ROUNDS};
    double crowded;

    if (check.threads < 2 || check.threads > dlcore_team_cpus()) {
        printf("not checked: this needs at least two CPUs, and no more threads than CPUs\n");
        return 3;
    }
    crowded = crowd(&check);
    printf("%zu threads, %s; counting on each takes %.2f of counting on one\n", check.threads,
           step.name, crowded);
    check_short_fits(&check, 3, LIMIT_3_STEPS);
    check_short_fits(&check, 8, LIMIT_8_STEPS);
    check_short_fits(&check, 30, LIMIT_30_STEPS);
    check_in_turn(&check, 2);
    check_in_turn(&check, 3);
    check_spinner(&check);
    if (check.failed == 0)
        return 0;
    if (crowded > LIMIT_CALM || crowd(&check) > LIMIT_CALM) {
        printf("nothing can be said: others use this machine\n");
        return 3;
    }
    return 1;
}
