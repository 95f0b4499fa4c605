/* How deep the calls of the library go below their callers: linked into each test by
 * tests/stack.sh, which compiles the library so that each of its functions calls these at its start
 * and at its end. What counts is a call by a test, or the main function of one of the library's
 * threads. A call that a test makes inside of another one, from a function that the library calls,
 * counts by itself: what the host's function takes is not the library's. At the program's end a
 * line for each call is added to a file of the program's name in the folder DLCORE_STACK_FOLDER:
 * its address, bytes below its caller's frame, the address of the function that was there.
 *
 * SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L
#include <fcntl.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    PLACES = 1 << 14, /* more than twice the functions that tests call */
    CALLS = 16        /* inside of one another; those further in count as the last one's */
};

/* The code of the tests, which tests/stack.sh has compiled into a section of its own; there is none
 * in the programs that CMake tries. */
extern const char __start_host_text[] __attribute__((weak));
extern const char __stop_host_text[] __attribute__((weak));

typedef struct place {
    _Atomic(uintptr_t) outermost; /* 0 in those that are free */
    _Atomic(size_t) bytes;
    _Atomic(uintptr_t) deepest;
} place_t;

static place_t places[PLACES];

typedef struct call {
    uintptr_t base; /* the frame of its first function */
    size_t level;   /* functions that have not returned */
    place_t *place;
} call_t;

static _Thread_local call_t calls[CALLS];
static _Thread_local int depth;

void __cyg_profile_func_enter(void *function, void *caller);
void __cyg_profile_func_exit(void *function, void *caller);

static place_t *place_of(uintptr_t function)
{
    size_t at = (function >> 4) % PLACES;
    uintptr_t found = 0;

    while (!atomic_compare_exchange_strong(&places[at].outermost, &found, function) &&
           found != function) {
        at = (at + 1) % PLACES;
        found = 0;
    }
    return &places[at];
}

static int is_of_a_test(const void *code)
{
    return (uintptr_t)code >= (uintptr_t)__start_host_text &&
           (uintptr_t)code < (uintptr_t)__stop_host_text;
}

static call_t *begin_call(void *function, uintptr_t frame)
{
    calls[depth] = (call_t){.base = frame, .place = place_of((uintptr_t)function)};
    return &calls[depth++];
}

/* All is compiled with frame pointers: the frame of this function lies below all that the library's
 * function has, and keeps the frame of that one, which is at its upper end. */
void __cyg_profile_func_enter(void *function, void *caller)
{
    uintptr_t here = (uintptr_t)__builtin_frame_address(0);
    uintptr_t above = *(uintptr_t *)here;
    size_t bytes, most;
    call_t *call;

    while (depth > 0 && above >= calls[depth - 1].base)
        depth--; /* a test that failed has left calls by longjmp */
    if (depth == 0 || (depth < CALLS && is_of_a_test(caller)))
        call = begin_call(function, above);
    else
        call = &calls[depth - 1];
    call->level++;
    bytes = call->base - here;
    most = atomic_load_explicit(&call->place->bytes, memory_order_relaxed);
    while (bytes > most)
        if (atomic_compare_exchange_weak(&call->place->bytes, &most, bytes)) {
            atomic_store(&call->place->deepest, (uintptr_t)function);
            break;
        }
}

void __cyg_profile_func_exit(void *function, void *caller)
{
    (void)function;
    (void)caller;
    if (depth > 0 && --calls[depth - 1].level == 0)
        depth--;
}

__attribute__((destructor)) static void write_places(void)
{
    const char *folder = getenv("DLCORE_STACK_FOLDER");
    char program[4096], path[sizeof(program) + 4096];
    ssize_t length = readlink("/proc/self/exe", program, sizeof(program) - 1);
    int file;
    size_t i;

    if (folder == NULL || length < 0)
        return;
    program[length] = '\0';
    snprintf(path, sizeof(path), "%s/%s", folder, strrchr(program, '/') + 1);
    file = open(path, O_WRONLY | O_CREAT | O_APPEND, 0666);
    if (file < 0) {
        fprintf(stderr, "%s cannot be written\n", path);
        return;
    }
    for (i = 0; i < PLACES; i++)
        if (atomic_load(&places[i].outermost))
            dprintf(file, "%jx %zu %jx\n", (uintmax_t)atomic_load(&places[i].outermost),
                    atomic_load(&places[i].bytes), (uintmax_t)atomic_load(&places[i].deepest));
    close(file);
}
