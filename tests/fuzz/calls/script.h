/* A script of calls: bytes that say which calls are made, and with what. Each draw takes a byte or
 * a few; behind the end all bytes are 0, which stands for the ordinary value, so that a short
 * script is a tame one.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_TESTS_FUZZ_SCRIPT_H
#define DLCORE_TESTS_FUZZ_SCRIPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct script {
    const uint8_t *bytes;
    size_t size, at;
} script_t;

bool script_ended(const script_t *script);
uint8_t script_byte(script_t *script);
/* 0 .. count - 1. */
size_t script_pick(script_t *script, size_t count);
/* True once in so many times. */
bool script_rarely(script_t *script, size_t times);
bool script_flag(script_t *script);

/* Mostly 0 .. most; at times what breaks sizes: 2^31, 2^32 - 1, SIZE_MAX, ... */
size_t script_size(script_t *script, size_t most);
/* Mostly `usual`; at times NaN, an infinity, a denormal, something huge or below 0. */
double script_number(script_t *script, double usual);
/* Mostly from first to last; at times beyond. */
int script_choice(script_t *script, int first, int last);
/* A word, a name of something in a model or a table, "", what is no UTF-8, something long; at times
 * NULL. */
const char *script_text(script_t *script);
/* The pointer; rarely NULL. */
#define SCRIPT_OR_NULL(script, pointer) (script_rarely(script, 48) ? NULL : (pointer))

/* Numbers between -2 and 2, one of them at times what is no number. */
void script_floats(script_t *script, float *values, size_t count);

#endif
