/* Every public function on a system whose n-th call fails, does half of its work or takes its time.
 * The linker puts __wrap_dlcore_system in the place of what the library asks for its system's
 * calls.
 *
 * SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "dlcore.h"
#include "support/failing_io.h"
#include "support/folder.h"
#include "support/host_state.h"
#include "support/public_calls.h"

static dlcore_system_t failing;
static bool is_failing, was_asked;

const dlcore_system_t *__real_dlcore_system(void);
const dlcore_system_t *__wrap_dlcore_system(void);

const dlcore_system_t *__wrap_dlcore_system(void)
{
    was_asked = true;
    return is_failing ? &failing : __real_dlcore_system();
}

static int make_files(void **state)
{
    if (folder_make(state) != 0)
        return 1;
    public_scene_write_files();
    return 0;
}

/* Files under temporary names, which nobody is to find after a call. */
static size_t leftovers(void)
{
    DIR *folder = opendir(folder_path("."));
    const struct dirent *entry;
    size_t count = 0;

    assert_non_null(folder);
    while ((entry = readdir(folder)) != NULL)
        count += strstr(entry->d_name, ".tmp") != NULL;
    assert_int_equal(closedir(folder), 0);
    return count;
}

/* TRICKLE: reads and writes of seven bytes at most, from first to last. */
typedef enum harm { FAIL_ONCE, FAIL_FOR_EVER, INTERRUPT, SHORTEN, DELAY, TRICKLE, HARMS } harm_t;

static void plan(failing_io_t *io, harm_t harm, size_t at)
{
    failing_io_init(io);
    io->delay_ms = 1;
    if (harm == SHORTEN)
        io->shorten_at = at;
    else if (harm == DELAY)
        io->delay_at = at;
    else if (harm == TRICKLE)
        io->most = 7;
    else
        io->fail_at = at;
    io->fail_for_ever = harm == FAIL_FOR_EVER;
    if (harm == INTERRUPT)
        io->error = EINTR;
}

/* Those that POSIX lets a signal interrupt, and that are made again then. */
static bool may_be_interrupted(const char *name)
{
    static const char *const names[] = {"open",   "openat", "pread", "write", "fsync",
                                        "fchmod", "fchown", "lock",  "close", "ftruncate"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(names[i], name) == 0)
            return true;
    }
    return false;
}

/* Whose failure a call need not tell of: the data are read, or safe on the disk under their name,
 * when a file is closed without a word; and a new file whose owner cannot be kept has its group at
 * least. A file that is written says what close says, which is asked for by test_output.c. */
static bool may_be_passed_over(const char *name)
{
    return strcmp(name, "close") == 0 || strcmp(name, "fchown") == 0;
}

static void check_outcome(const public_call_t *call, const failing_io_t *io, harm_t harm, size_t at,
                          public_outcome_t outcome)
{
    if (outcome.status == DLCORE_OK && io->failures > 0 && harm <= FAIL_FOR_EVER &&
        !may_be_passed_over(io->failed))
        fail_msg("%s, %s (%zu) failing: says that all went well", call->name, io->failed, at);
    if (outcome.status == DLCORE_OK)
        return;
    if (io->failures == 0 || harm > INTERRUPT ||
        (harm == INTERRUPT && may_be_interrupted(io->failed)))
        fail_msg("%s, system call %zu, harm %d: %s, \"%s\"", call->name, at, (int)harm,
                 dlcore_status_name(outcome.status),
                 outcome.message != NULL ? outcome.message : "");
    if (outcome.status != DLCORE_ERROR_IO)
        fail_msg("%s, %s (%zu) failing: %s", call->name, io->failed, at,
                 dlcore_status_name(outcome.status));
    if (outcome.message != NULL && strstr(outcome.message, strerror(io->error)) == NULL)
        fail_msg("%s, %s (%zu) failing: \"%s\" does not say why", call->name, io->failed, at,
                 outcome.message);
}

/* Whether the call came to its system call number `at`. */
static bool check(const public_call_t *call, harm_t harm, size_t at)
{
    public_scene_t *scene = public_scene_make();
    public_outcome_t outcome;
    host_state_t before, after;
    const char *problem;
    failing_io_t io;
    int number;

    plan(&io, harm, at);
    failing = failing_io(&io);
    host_look(&before);
    errno = EILSEQ;
    is_failing = true;
    outcome = public_scene_run(scene, call, 0);
    is_failing = false;
    number = errno;
    host_look_again(&after, before.threads);
    after.descriptors -= public_scene_open_files(scene);
    problem = host_difference(&before, &after, number);
    if (problem != NULL)
        fail_msg("%s, system call %zu, harm %d: changes %s", call->name, at, (int)harm, problem);
    check_outcome(call, &io, harm, at, outcome);
    if (!public_scene_still_works(scene))
        fail_msg("%s, system call %zu, harm %d: the model no longer predicts", call->name, at,
                 (int)harm);
    public_scene_free(scene);
    if (public_scene_blocks() != 0)
        fail_msg("%s, system call %zu, harm %d: %zu blocks of memory were not given back",
                 call->name, at, (int)harm, public_scene_blocks());
    if (leftovers() != 0 && (io.failed == NULL || strcmp(io.failed, "unlinkat") != 0))
        fail_msg("%s, system call %zu, harm %d: leaves a temporary file", call->name, at,
                 (int)harm);
    if (harm == TRICKLE)
        return at == 1 && io.calls > 0;
    return harm == SHORTEN || harm == DELAY ? io.calls >= at : io.failures > 0;
}

static void
test_public_calls_on_a_failing_system_say_why_lose_nothing_and_leave_the_host(void **state)
{
    size_t sites[HARMS] = {0}, functions = 0;

    (void)state;
    for (size_t i = 0; i < public_call_count; i++) {
        for (int harm = 0; harm < HARMS; harm++) {
            size_t at = 1;

            while (check(&public_calls[i], (harm_t)harm, at))
                at++;
            sites[harm] += at - 1;
            functions += harm == FAIL_ONCE && at > 1;
        }
    }
    if (!was_asked)
        skip(); /* one source holds all, so that there is nothing to link */
    print_message(
        "%zu functions of %zu ask the system: %zu calls failed once, %zu for ever, %zu were "
        "interrupted, %zu shortened, %zu delayed\n",
        functions, public_call_count, sites[FAIL_ONCE], sites[FAIL_FOR_EVER], sites[INTERRUPT],
        sites[SHORTEN], sites[DELAY]);
    assert_true(functions > 20 && sites[FAIL_ONCE] > functions);
    assert_true(sites[FAIL_FOR_EVER] > functions && sites[SHORTEN] >= sites[FAIL_ONCE]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            test_public_calls_on_a_failing_system_say_why_lose_nothing_and_leave_the_host),
    };

    return cmocka_run_group_tests(tests, make_files, folder_remove);
}
