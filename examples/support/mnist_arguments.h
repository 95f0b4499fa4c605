/* The command line of the MNIST example.
 *
 * SPDX-License-Identifier: MIT */
#ifndef EXAMPLES_SUPPORT_MNIST_ARGUMENTS_H
#define EXAMPLES_SUPPORT_MNIST_ARGUMENTS_H

#include <stdint.h>

typedef struct mnist_arguments {
    const char *data, *load, *save;
    uint64_t epochs, batch_size, units, seed, threads, verbose;
} mnist_arguments_t;

/* Prints what is wrong, or the help that was asked for, and ends the program. */
mnist_arguments_t mnist_parse(int argc, char **argv);

#endif
