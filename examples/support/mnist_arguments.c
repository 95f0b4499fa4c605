/* Reading the command line of the MNIST example.
 *
 * SPDX-License-Identifier: MIT */
#include "mnist_arguments.h"

#include <dlcore.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void usage(FILE *stream, const mnist_arguments_t *defaults)
{
    fprintf(stream,
            "usage: mnist [options]\n"
            "  --data DIR        folder of the four IDX files (default: $DLCORE_MNIST_DIR)\n"
            "  --load FILE       begin with a saved model; --units and --seed are its own\n"
            "  --save FILE       save the trained model\n"
            "  --epochs N        to train in this run, default %d\n"
            "  --batch-size N    default %d\n"
            "  --units N         of the hidden layer, default %d\n"
            "  --seed N          default %u\n"
            "  --threads N       0: all CPUs (default); results do not depend on it\n"
            "  --verbose N       0 silent, 1 progress line (default), 2 one line per epoch\n"
            "  --help            this text\n",
            (int)defaults->epochs, (int)defaults->batch_size, (int)defaults->units,
            (unsigned)defaults->seed);
}

static void fail_usage(const mnist_arguments_t *defaults, const char *what, const char *argument)
{
    fprintf(stderr, "mnist: %s: %s\n", what, argument);
    usage(stderr, defaults);
    exit(2);
}

static bool parse_number(const char *text, uint64_t smallest, uint64_t largest, uint64_t *number)
{
    char *end = NULL;
    unsigned long long value;

    errno = 0;
    value = strtoull(text, &end, 10);
    if (errno != 0 || text[0] < '0' || text[0] > '9' || *end != '\0' || value < smallest ||
        value > largest)
        return false;
    *number = value;
    return true;
}

typedef struct number_option {
    const char *name;
    uint64_t *number;
    uint64_t smallest, largest;
} number_option_t;

typedef struct text_option {
    const char *name;
    const char **text;
} text_option_t;

/* Sets the option that the first `length` characters of `argument` name; false: there is none. */
static bool set_option(mnist_arguments_t *arguments, const mnist_arguments_t *defaults,
                       const char *argument, size_t length, const char *value)
{
    const number_option_t numbers[] = {
        {"--epochs", &arguments->epochs, 0, 100000},
        {"--batch-size", &arguments->batch_size, 1, 1000000},
        {"--units", &arguments->units, 1, 1000000},
        {"--seed", &arguments->seed, 0, UINT64_MAX},
        {"--threads", &arguments->threads, 0, DLCORE_THREADS_MAX},
        {"--verbose", &arguments->verbose, 0, 2},
    };
    const text_option_t texts[] = {
        {"--data", &arguments->data}, {"--load", &arguments->load}, {"--save", &arguments->save}};
    const char **text = NULL;
    const number_option_t *number = NULL;

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        if (strlen(texts[i].name) == length && strncmp(texts[i].name, argument, length) == 0)
            text = texts[i].text;
    }
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        if (strlen(numbers[i].name) == length && strncmp(numbers[i].name, argument, length) == 0)
            number = &numbers[i];
    }
    if (text == NULL && number == NULL)
        return false;
    if (value == NULL)
        fail_usage(defaults, "value is missing", argument);
    else if (text != NULL)
        *text = value;
    else if (!parse_number(value, number->smallest, number->largest, number->number))
        fail_usage(defaults, "not a number in its range", argument);
    return true;
}

mnist_arguments_t mnist_parse(int argc, char **argv)
{
    const mnist_arguments_t defaults = {
        .data = getenv("DLCORE_MNIST_DIR"),
        .epochs = 5,
        .batch_size = 128,
        .units = 512,
        .seed = DLCORE_SEED_DEFAULT,
        .threads = 0,
        .verbose = 1,
    };
    mnist_arguments_t arguments = defaults;

    for (int i = 1; i < argc; i++) {
        size_t length = strcspn(argv[i], "=");
        bool is_joined = argv[i][length] == '=';

        if (strcmp(argv[i], "--help") == 0) {
            usage(stdout, &defaults);
            exit(EXIT_SUCCESS);
        }
        if (!set_option(&arguments, &defaults, argv[i], length,
                        is_joined ? argv[i] + length + 1 : argv[i + 1]))
            fail_usage(&defaults, "unknown option", argv[i]);
        i += !is_joined;
    }
    if (arguments.data == NULL) {
        fprintf(stderr, "mnist: no data: give --data DIR or set DLCORE_MNIST_DIR, or run "
                        "examples/mnist.sh\n");
        exit(EXIT_FAILURE);
    }
    return arguments;
}
