/* Training beside a thread that spins.
 *
 * SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L
#include "bench/spinner.h"

#include <pthread.h>

#include "bench/subject.h"
#include "bench/support.h"
#include "bench/timing.h"

#define BEFORE 0.2 /* seconds; then it spins, then steps are watched for as long again */
#define SPINNING 0.3
#define STEPS_MAX 100000
#define WINDOW 8  /* steps whose mean is compared */
#define FULL 1.15 /* times the pace of before is full speed */
#define BATCHES 64

typedef struct watch {
    double begin;
    double *ends; /* of each step */
    size_t count;
    double spin_begin, spin_end;
} watch_t;

static dlcore_callback_action_t note(void *user, const dlcore_training_event_t *event)
{
    watch_t *watch = user;
    const double now = bench_now();

    (void)event;
    if (watch->count < STEPS_MAX)
        watch->ends[watch->count++] = now;
    return now > watch->begin + BEFORE + SPINNING + BEFORE ? DLCORE_CALLBACK_STOP
                                                           : DLCORE_CALLBACK_CONTINUE;
}

static void *spin(void *argument)
{
    watch_t *watch = argument;

    bench_sleep(BEFORE);
    watch->spin_begin = bench_now();
    while (bench_now() < watch->spin_begin + SPINNING)
        continue;
    watch->spin_end = bench_now();
    return NULL;
}

/* Seconds of a step, in the mean of those that end between two moments; 0 where none does. */
static double mean_between(const watch_t *watch, double from, double to)
{
    size_t first = 0, last;

    while (first < watch->count && watch->ends[first] < from)
        first++;
    last = first;
    while (last < watch->count && watch->ends[last] <= to)
        last++;
    return last > first + 1
               ? (watch->ends[last - 1] - watch->ends[first]) / (double)(last - 1 - first)
               : 0;
}

static double recovery_of(const watch_t *watch, double pace)
{
    for (size_t i = 0; i + WINDOW < watch->count; i++)
        if (watch->ends[i] >= watch->spin_end &&
            watch->ends[i + WINDOW] - watch->ends[i] <= FULL * WINDOW * pace)
            return watch->ends[i] - watch->spin_end;
    return BEFORE; /* not while it was watched */
}

bench_spinner_t bench_train_beside_spinner(const bench_case_t *which, size_t threads)
{
    bench_case_t longer = *which;
    bench_spinner_t result;
    watch_t watch = {.ends = bench_allocate(STEPS_MAX, sizeof(double))};
    bench_subject_t subject;
    pthread_t other;

    longer.batches = BATCHES;
    subject = bench_subject_train(&longer, DLCORE_ENGINE_AUTO, threads, false);
    (void)bench_sample(&subject.contender, 1);
    watch.begin = bench_now();
    if (pthread_create(&other, NULL, spin, &watch) != 0)
        bench_fail("no thread");
    bench_subject_watch(&subject, &(dlcore_callback_t){.user = &watch, .on_batch_end = note});
    pthread_join(other, NULL);
    result.during = mean_between(&watch, watch.spin_begin, watch.spin_end);
    result.recovery =
        recovery_of(&watch, mean_between(&watch, watch.begin + BEFORE / 2, watch.spin_begin));
    subject.free(subject.contender.state);
    bench_release(watch.ends);
    return result;
}
