/* The command line.
 *
 * SPDX-License-Identifier: MIT */
#include "bench/options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const engines[] = {
    [DLCORE_ENGINE_AUTO] = "auto",
    [DLCORE_ENGINE_BLAS] = "blas",
    [DLCORE_ENGINE_NATIVE] = "native",
};

static void usage(FILE *stream)
{
    fputs(
        "usage: dlcore_bench [options]           measures\n"
        "       dlcore_bench threads [options]   checks how threads behave, about 20 seconds\n"
        "       dlcore_bench machine             only tells CPU, peaks and BLAS\n"
        "  --threads N       threads of dlcore and of the floor (default: 1, then all CPUs)\n"
        "  --engine NAME     auto (default), native or blas: who multiplies in dlcore\n"
        "  --case TEXT       only cases whose name contains TEXT (A|B: either); --list shows them\n"
        "  --data DIR        folder of MNIST's training files (default: $DLCORE_MNIST_DIR)\n"
        "  --json            one object per line instead of a table\n"
        "  --quick           a few milliseconds for each case: a test, not a measurement\n"
        "  --peers           only cases that the programs in peers/ have, too\n"
        "  --no-floor        only dlcore\n"
        "  --no-avx512       as on a CPU without AVX-512 (for the floor, set OPENBLAS_CORETYPE)\n"
        "  --cpu             count CPU time of all threads: for one thread on a busy machine\n"
        "  --list            only print the names of the cases\n"
        "  --help            this text\n"
        "Whatever is measured is a process of its own. For each case dlcore alternates with the "
        "gemm\n"
        "floor: the same products through the linked BLAS and nothing else, by one call per "
        "thread\n"
        "of dlcore (own) and by the threads of BLAS; the faster counts. And with a loop of fused\n"
        "multiply-adds in registers, which is the peak. Times are medians of several samples. "
        "Rates\n"
        "count all products in full, also where dlcore skips inputs that are zero.\n",
        stream);
}

static _Noreturn void fail_usage(const char *what, const char *argument)
{
    fprintf(stderr, "dlcore_bench: %s: %s\n", what, argument);
    usage(stderr);
    exit(2);
}

static size_t parse_threads(const char *text)
{
    char *end = NULL;
    unsigned long value = strtoul(text, &end, 10);

    if (text[0] < '0' || text[0] > '9' || *end != '\0' || value < 1 || value > DLCORE_THREADS_MAX)
        fail_usage("not a number of threads", text);
    return (size_t)value;
}

static dlcore_engine_t parse_engine(const char *text)
{
    size_t i;

    for (i = 0; i < sizeof engines / sizeof engines[0]; i++)
        if (strcmp(engines[i], text) == 0)
            return (dlcore_engine_t)i;
    fail_usage("not an engine", text);
}

/* Whether this is a flag, which has no value; it is set. */
static bool parse_flag(bench_options_t *options, const char *argument)
{
    const struct {
        const char *name;
        bool *flag;
    } flags[] = {
        {"--json", &options->json},
        {"--quick", &options->quick},
        {"--peers", &options->peers},
        {"--list", &options->list},
        {"--cpu", &options->cpu},
        {"--no-floor", &options->no_floor},
        {"--no-avx512", &options->no_avx512},
        {"threads", &options->check_threads},
        {"machine", &options->machine},
    };
    size_t i;

    for (i = 0; i < sizeof flags / sizeof flags[0]; i++)
        if (strcmp(flags[i].name, argument) == 0)
            return *flags[i].flag = true;
    return false;
}

static bool is_option(const char *argument, size_t length, const char *name)
{
    return strlen(name) == length && strncmp(name, argument, length) == 0;
}

/* `length` counts the characters of the option's name. */
static void parse_value(bench_options_t *options, const char *argument, size_t length,
                        const char *value)
{
    static const char *const names[] = {"--threads", "--engine", "--case", "--data", "--subject"};
    const size_t count = sizeof names / sizeof names[0];
    size_t i = 0;

    while (i < count && !is_option(argument, length, names[i]))
        i++;
    if (i == count)
        fail_usage("unknown option", argument);
    if (value == NULL)
        fail_usage("value is missing", argument);
    switch (i) {
    case 0:
        options->threads = parse_threads(value);
        break;
    case 1:
        options->engine = parse_engine(value);
        break;
    case 2:
        options->cases = value;
        break;
    case 3:
        options->data = value;
        break;
    default:
        options->subject = value;
        break;
    }
}

bench_options_t bench_options_parse(int argc, char **argv)
{
    bench_options_t options = {
        .engine = DLCORE_ENGINE_AUTO, .data = getenv("DLCORE_MNIST_DIR"), .program = argv[0]};
    int i;

    for (i = 1; i < argc; i++) {
        const size_t length = strcspn(argv[i], "=");
        const bool joined = argv[i][length] == '=';

        if (strcmp(argv[i], "--help") == 0) {
            usage(stdout);
            exit(EXIT_SUCCESS);
        }
        if (parse_flag(&options, argv[i]))
            continue;
        parse_value(&options, argv[i], length, joined ? argv[i] + length + 1 : argv[i + 1]);
        i += !joined;
    }
    if (options.data != NULL && options.data[0] == '\0')
        options.data = NULL;
    return options;
}

const char *bench_engine_name(dlcore_engine_t engine)
{
    return engines[engine];
}
