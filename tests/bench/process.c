/* Processes that measure.
 *
 * SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L
#include "bench/process.h"

#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/support.h"

#define ARGUMENTS_MAX 16

extern char **environ;

static void make_pipe(int ends[2])
{
    if (pipe(ends) != 0)
        bench_fail("no pipes");
    for (int i = 0; i < 2; i++)
        fcntl(ends[i], F_SETFD, FD_CLOEXEC);
}

static void add(const char **arguments, const char *name, const char *value)
{
    size_t count = 0;

    while (arguments[count] != NULL)
        count++;
    arguments[count] = name;
    arguments[count + 1] = value;
}

static void spawn(bench_process_t *process, const char *program, const char **arguments)
{
    posix_spawn_file_actions_t actions;
    int orders[2], answers[2];

    make_pipe(orders);
    make_pipe(answers);
    if (posix_spawn_file_actions_init(&actions) != 0 ||
        posix_spawn_file_actions_adddup2(&actions, orders[0], STDIN_FILENO) != 0 ||
        posix_spawn_file_actions_adddup2(&actions, answers[1], STDOUT_FILENO) != 0 ||
        posix_spawnp(&process->id, program, &actions, NULL, (char **)(void *)arguments, environ) !=
            0)
        bench_fail("the bench cannot start itself");
    posix_spawn_file_actions_destroy(&actions);
    close(orders[0]);
    close(answers[1]);
    process->to = fdopen(orders[1], "w");
    process->from = fdopen(answers[0], "r");
    if (process->to == NULL || process->from == NULL)
        bench_fail("no memory");
}

static void read_answer(bench_process_t *process, char *line, size_t size)
{
    if (fgets(line, (int)size, process->from) == NULL)
        bench_fail("a process of the bench ended early");
}

static double run(void *state, size_t count)
{
    bench_process_t *process = state;
    char line[128], *rest;
    double seconds;

    fprintf(process->to, "%zu\n", count);
    fflush(process->to);
    read_answer(process, line, sizeof line);
    seconds = strtod(line, &rest);
    process->cpus = strtod(rest, NULL);
    return seconds;
}

void bench_process_start(bench_process_t *process, const bench_options_t *options,
                         const char *subject, const bench_case_t *which, size_t threads)
{
    const char *arguments[ARGUMENTS_MAX] = {options->program, NULL};
    char number[24], line[256];
    int at = 0;

    *process = (bench_process_t){.contender = {.time = run, .state = process}};
    snprintf(number, sizeof number, "%zu", threads);
    add(arguments, "--subject", subject);
    add(arguments, "--threads", number);
    add(arguments, "--engine", bench_engine_name(options->engine));
    add(arguments, "--case", which != NULL ? which->name : "");
    if (options->data != NULL)
        add(arguments, "--data", options->data);
    if (options->quick)
        add(arguments, "--quick", NULL);
    if (options->cpu)
        add(arguments, "--cpu", NULL);
    if (options->no_avx512)
        add(arguments, "--no-avx512", NULL);
    spawn(process, options->program, arguments);
    read_answer(process, line, sizeof line);
    line[strcspn(line, "\n")] = '\0';
    if (sscanf(line, "ready %zu %zu %lf %n", &process->steps, &process->rows, &process->operations,
               &at) != 3)
        bench_fail("a process of the bench says what is not known");
    snprintf(process->kernels, sizeof process->kernels, "%s", line + at);
}

void bench_process_end(bench_process_t *process)
{
    int status = 0;

    fclose(process->to);
    fclose(process->from);
    if (waitpid(process->id, &status, 0) != process->id || status != 0)
        bench_fail("a process of the bench failed");
}
