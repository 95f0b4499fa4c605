/* Compiling and running C files that a test has written, with the compilers that the build found.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_TESTS_C_COMPILER_H
#define DLCORE_TESTS_C_COMPILER_H

#include <stdbool.h>
#include <stddef.h>

/* The index-th compiler, of C or C++; NULL past the last, and where programs for this build cannot
 * be run. DLCORE_TEST_COMPILERS of the environment, names between spaces, takes the place of what
 * the build found. */
const char *c_compiler(size_t index);

/* Compiles files of the test's folder ("a.c b.c") into `program` there, with every warning an
 * error; `flags` stand before the files. Fails the test, with what the compiler said, when it
 * cannot. */
void c_compile(const char *compiler, const char *flags, const char *files, const char *program);
/* Runs it with `input` as its standard input; answers the bytes of its output, at most `room`.
 * Fails the test when it does not end well. */
size_t c_run(const char *program, const void *input, size_t size, void *output, size_t room);

#endif
