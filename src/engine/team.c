/* The team: threads that are handed one function at a time, and a barrier.
 *
 * Every wait (of a worker for the next run, of the caller for the last worker, at a barrier) is a
 * wait_word: spin, yield, park. Which of these is decided by one process-wide number, `awake`.
 *
 * Process-wide state, all there is: `awake`, the threads of awake teams (workers from waking until
 * they park, with their caller), so that teams spin only while all of them fit the CPUs; and
 * `forks`, which a handler of forks, installed with the first team of two, counts up in the child,
 * so that a team knows that its threads stayed with the parent. A count costs a run one load, where
 * asking for the process is a system call. Children made by other means than fork() cannot use a
 * team they inherit.
 *
 * SPDX-License-Identifier: MIT */
#include "engine/team.h"

#include <stdatomic.h>
#include <stdbool.h>

#include "base/allocator.h"
#include "base/float_mode.h"
#include "base/size.h"
#include "base/wait_word.h"
#include "system/cpu_quota.h"
#include "system/cpus.h"
#include "system/threads.h"

#define MAX_THREADS 256
#define STACK_BYTES ((size_t)1 << 20)
/* Spinning is short, because the thread waited for may need this very CPU; giving way answers
 * within a microsecond as well. Between two runs of a training loop lie microseconds: a worker that
 * is not called for longer parks. Within a run somebody is at work, so that waiting pays longer. */
#define TEAM_SPIN_NS 10000L
#define IDLE_YIELD_NS 40000L
#define RUN_YIELD_NS 1000000L

/* A worker that finds itself on the CPU of another one moves, and then leaves it at that for so
 * many runs: where CPUs are short of anyway, moving costs more than it brings. */
#define RUNS_BETWEEN_MOVES 16

/* Workers that arrive at a barrier at one counter. More have one for each such group, and a
 * group's last one goes on to theirs: otherwise one cache line would pass through all of them, one
 * after the other. Neighbours are often on one cache. */
#define BARRIER_GROUP 8

typedef struct arrivals {
    _Alignas(DLCORE_ALIGNMENT) atomic_size_t count;
} arrivals_t;

typedef struct worker {
    dlcore_wait_word_t go; /* counts this worker's runs */
    dlcore_team_t *team;
    size_t index; /* 1 .. size-1; the caller is 0 */
    dlcore_thread_t thread;
    atomic_int cpu;     /* where it was when its last run began */
    unsigned next_move; /* the run from which on it may move again */
} worker_t;

struct dlcore_team {
    dlcore_allocator_t allocator;
    worker_t *workers; /* capacity - 1 of them, the first size - 1 with a thread */
    size_t capacity, size;
    size_t cpus;
    unsigned forks; /* what the process-wide count was when the threads were made */

    /* The current run: written by the caller before it stores `go`. */
    dlcore_team_work_t work; /* NULL: end the thread */
    void *argument;
    size_t running;
    dlcore_float_mode_t float_mode;
    atomic_int cpu; /* where the caller is */

    _Alignas(DLCORE_ALIGNMENT) atomic_size_t unfinished; /* workers still at work, not the caller */
    arrivals_t arrived;                                  /* at the barrier: workers, or groups */
    arrivals_t groups[MAX_THREADS / BARRIER_GROUP];
    dlcore_wait_word_t finished; /* counts runs */
    dlcore_wait_word_t phase;    /* counts barriers */
};

static atomic_size_t awake;
static atomic_uint forks;
static dlcore_once_t team_watch_once;

static void team_after_fork(void)
{
    atomic_fetch_add(&forks, 1);
    atomic_store(&awake, 0);
}

static void watch_team_forks(void)
{
    dlcore_watch_forks(NULL, NULL, team_after_fork);
}

unsigned dlcore_team_forks(void)
{
    dlcore_once(&team_watch_once, watch_team_forks);
    return atomic_load_explicit(&forks, memory_order_relaxed);
}

static dlcore_patience_t patience(const dlcore_team_t *team, long yield_ns)
{
    return (dlcore_patience_t){
        .busy = &awake, .cpus = team->cpus, .spin_ns = TEAM_SPIN_NS, .yield_ns = yield_ns};
}

static void wait_in_run(dlcore_team_t *team, dlcore_wait_word_t *word, unsigned old)
{
    dlcore_patience_t patient = patience(team, RUN_YIELD_NS);

    if (!dlcore_wait_word_spin(word, old, &patient))
        dlcore_wait_word_park(word, old);
}

/* Worker 1 takes part in every run of more than one, so it counts for the caller as well: runs
 * themselves need not touch the shared number. */
static size_t worker_share(const worker_t *worker)
{
    return worker->index == 1 ? 2 : 1;
}

/* Kernels wake a thread near the one that wakes it, at times on the very same CPU, and take some 50
 * ms to part them: a whole short fit. So a worker that finds the caller, or a worker before it, on
 * its CPU goes elsewhere. */
static void move_away(const worker_t *worker)
{
    int taken[MAX_THREADS];

    taken[0] = atomic_load_explicit(&worker->team->cpu, memory_order_relaxed);
    for (size_t i = 1; i < worker->index; i++)
        taken[i] = atomic_load_explicit(&worker->team->workers[i - 1].cpu, memory_order_relaxed);
    dlcore_cpu_leave(taken, worker->index);
}

static bool shares_its_cpu(const worker_t *worker, int cpu)
{
    if (cpu == atomic_load_explicit(&worker->team->cpu, memory_order_relaxed))
        return true;
    for (size_t i = 1; i < worker->index; i++) {
        if (cpu == atomic_load_explicit(&worker->team->workers[i - 1].cpu, memory_order_relaxed))
            return true;
    }
    return false;
}

static void find_a_cpu(worker_t *worker, unsigned run)
{
    int cpu = dlcore_cpu_current();

    if (cpu >= 0 && (int)(run - worker->next_move) >= 0 && shares_its_cpu(worker, cpu) &&
        atomic_load(&awake) <= worker->team->cpus) {
        move_away(worker);
        worker->next_move = run + RUNS_BETWEEN_MOVES;
        cpu = dlcore_cpu_current();
    }
    if (cpu != atomic_load_explicit(&worker->cpu, memory_order_relaxed))
        atomic_store_explicit(&worker->cpu, cpu, memory_order_relaxed);
}

static void worker_main(void *argument)
{
    worker_t *worker = argument;
    dlcore_team_t *team = worker->team;
    dlcore_patience_t idle = patience(team, IDLE_YIELD_NS);
    unsigned runs = 0;

    dlcore_wait_word_park(&worker->go, runs);
    atomic_fetch_add(&awake, worker_share(worker));
    for (;;) {
        runs++;
        if (team->work == NULL)
            break;
        find_a_cpu(worker, runs);
        dlcore_float_mode_set(team->float_mode);
        team->work(team->argument, worker->index, team->running);
        if (atomic_fetch_sub(&team->unfinished, 1) == 1)
            dlcore_wait_word_store(&team->finished, atomic_load(&team->finished.value) + 1);
        if (!dlcore_wait_word_spin(&worker->go, runs, &idle)) {
            atomic_fetch_sub(&awake, worker_share(worker));
            dlcore_wait_word_park(&worker->go, runs);
            atomic_fetch_add(&awake, worker_share(worker));
        }
    }
    atomic_fetch_sub(&awake, worker_share(worker));
}

/* Makes the threads, as many of them as the system gives. The team's memory may be that of a
 * parent process, its words with sleepers that stayed there. */
static void start_workers(dlcore_team_t *team)
{
    team->size = 1;
    team->forks = atomic_load(&forks);
    atomic_store(&team->arrived.count, 0);
    for (size_t g = 0; g < MAX_THREADS / BARRIER_GROUP; g++)
        atomic_store(&team->groups[g].count, 0);
    dlcore_wait_word_init(&team->finished);
    dlcore_wait_word_init(&team->phase);
    for (size_t i = 1; i < team->capacity; i++) {
        worker_t *worker = &team->workers[i - 1];

        worker->team = team;
        worker->index = i;
        dlcore_wait_word_init(&worker->go);
        if (dlcore_thread_start(&worker->thread, STACK_BYTES, worker_main, worker) != 0)
            break;
        team->size = i + 1;
    }
}

dlcore_status dlcore_team_create(const dlcore_allocator_t *allocator, size_t threads,
                                 dlcore_team_t **team)
{
    dlcore_allocator_t memory = dlcore_allocator_or_default(allocator);
    dlcore_team_t *made = dlcore_allocate(&memory, 1, sizeof *made);

    *team = NULL;
    if (made == NULL)
        return DLCORE_ERROR_MEMORY;
    made->allocator = memory;
    made->cpus = threads == 1 ? 1 : dlcore_team_cpus();
    made->capacity = threads == 0 ? made->cpus : dlcore_size_min(threads, MAX_THREADS);
    made->size = 1;
    if (made->capacity > 1) {
        made->workers = dlcore_allocate(&memory, made->capacity - 1, sizeof *made->workers);
        if (made->workers == NULL) {
            dlcore_release(&memory, made);
            return DLCORE_ERROR_MEMORY;
        }
        (void)dlcore_team_forks();
        start_workers(made);
    }
    *team = made;
    return DLCORE_OK;
}

static bool inherited(const dlcore_team_t *team)
{
    return team->capacity > 1 && team->forks != atomic_load_explicit(&forks, memory_order_relaxed);
}

static void send(dlcore_team_t *team, size_t workers)
{
    for (size_t i = 1; i < workers; i++) {
        dlcore_wait_word_t *go = &team->workers[i - 1].go;

        dlcore_wait_word_store(go, atomic_load_explicit(&go->value, memory_order_relaxed) + 1);
    }
}

void dlcore_team_free(dlcore_team_t *team)
{
    dlcore_allocator_t allocator;

    if (team == NULL)
        return;
    if (team->size > 1 && !inherited(team)) {
        team->work = NULL;
        send(team, team->size);
        for (size_t i = 1; i < team->size; i++)
            dlcore_thread_join(&team->workers[i - 1].thread);
    }
    allocator = team->allocator;
    dlcore_release(&allocator, team->workers);
    dlcore_release(&allocator, team);
}

size_t dlcore_team_size(const dlcore_team_t *team)
{
    return team == NULL ? 1 : team->size;
}

void dlcore_team_run(dlcore_team_t *team, size_t workers, dlcore_team_work_t work, void *argument)
{
    unsigned finished;

    if (team != NULL && inherited(team))
        start_workers(team);
    workers = dlcore_size_min(workers, dlcore_team_size(team));
    if (team != NULL)
        team->running = workers;
    if (workers <= 1) {
        work(argument, 0, 1);
        return;
    }
    team->work = work;
    team->argument = argument;
    team->float_mode = dlcore_float_mode_get();
    atomic_store_explicit(&team->cpu, dlcore_cpu_current(), memory_order_relaxed);
    atomic_store_explicit(&team->unfinished, workers - 1, memory_order_relaxed);
    finished = atomic_load(&team->finished.value);
    send(team, workers);
    work(argument, 0, workers);
    wait_in_run(team, &team->finished, finished);
}

static bool is_last(arrivals_t *at, size_t all)
{
    if (atomic_fetch_add(&at->count, 1) + 1 < all)
        return false;
    atomic_store_explicit(&at->count, 0, memory_order_relaxed);
    return true;
}

static bool arrives_last(dlcore_team_t *team, size_t worker)
{
    size_t running = team->running, group = worker / BARRIER_GROUP;

    if (running <= BARRIER_GROUP)
        return is_last(&team->arrived, running);
    return is_last(&team->groups[group],
                   dlcore_size_min(running - group * BARRIER_GROUP, BARRIER_GROUP)) &&
           is_last(&team->arrived, (running + BARRIER_GROUP - 1) / BARRIER_GROUP);
}

void dlcore_team_barrier(dlcore_team_t *team, size_t worker)
{
    unsigned phase;

    if (team == NULL || team->running <= 1)
        return;
    phase = atomic_load_explicit(&team->phase.value, memory_order_relaxed);
    if (arrives_last(team, worker))
        dlcore_wait_word_store(&team->phase, phase + 1);
    else
        wait_in_run(team, &team->phase, phase);
}

size_t dlcore_team_allowed_cpus(void)
{
    return dlcore_size_min(dlcore_cpus(), MAX_THREADS);
}

size_t dlcore_team_cpus(void)
{
    return dlcore_size_min(dlcore_team_allowed_cpus(), dlcore_cpu_quota(""));
}

size_t dlcore_team_awake(void)
{
    return atomic_load(&awake);
}
