/* What is asked of every public function alike: no pointer that is NULL crashes it, and the host is
 * left as it was.
 *
 * SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fenv.h>
#include <stdio.h>
#include <string.h>

#include "dlcore.h"
#include "support/folder.h"
#include "support/host_state.h"
#include "support/models.h"
#include "support/posix.h"
#include "support/public_calls.h"

static int make_files(void **state)
{
    if (folder_make(state) != 0)
        return 1;
    public_scene_write_files();
    return 0;
}

/* ---- all of them ---- */

static bool is_called(const char *name)
{
    for (size_t i = 0; i < public_call_count; i++) {
        if (strcmp(public_calls[i].name, name) == 0)
            return true;
    }
    return false;
}

/* names.h has a line for every public function, which another test sees to; those of parts stand
 * behind a comment that names the part. */
static void test_public_calls_are_those_of_names_h(void **state)
{
    FILE *file = fopen(DLCORE_NAMES_FILE, "r");
    char line[256], alias[128], name[128], part[64];
    size_t found = 0;
    bool built = true;

    (void)state;
    assert_non_null(file);
    while (fgets(line, sizeof line, file) != NULL) {
        if (line[0] == '/')
            built = sscanf(line, "/* %*s of the part %63[a-z] */", part) != 1 ||
                    strstr(DLCORE_PARTS, part) != NULL;
        if (!built)
            continue;
        if (sscanf(line, "#define %127s %127s", alias, name) != 2 ||
            strncmp(name, "dlcore_", 7) != 0 || strcmp(name + strlen(name) - 2, "_t") == 0)
            continue;
        found++;
        if (!is_called(name))
            fail_msg("%s has no line in tests/support/public_calls_table.h", name);
    }
    assert_int_equal(fclose(file), 0);
    assert_true(found > 200);
}

/* ---- NULL ---- */

static void test_public_calls_with_a_null_pointer_never_crash_and_say_why(void **state)
{
    size_t tried = 0, refused = 0, silent = 0;

    (void)state;
    for (size_t i = 0; i < public_call_count; i++) {
        public_outcome_t outcome = {.nulled = true};

        for (size_t null = 1; outcome.nulled; null++) {
            public_scene_t *scene = public_scene_make();

            errno = EILSEQ;
            outcome = public_scene_run(scene, &public_calls[i], null);
            assert_int_equal(errno, EILSEQ);
            tried += outcome.nulled;
            refused += outcome.status != DLCORE_OK;
            if (outcome.status != DLCORE_OK && outcome.message != NULL &&
                strstr(outcome.message, "NULL") == NULL) {
                print_error("%s with pointer %zu NULL: %s, \"%s\"\n", public_calls[i].name, null,
                            dlcore_status_name(outcome.status), outcome.message);
                silent++;
            }
            public_scene_free(scene);
        }
    }
    assert_int_equal(silent, 0);
    assert_true(tried > 300 && refused > 100);
}

static void test_callback_of_null_is_refused_by_fit_by_its_name(void **state)
{
    static const float x[4] = {0.0f, 1.0f, 2.0f, 3.0f};
    const struct {
        const char *message;
        dlcore_callback_t callback;
    } missing[] = {
        {"early_stopping: the struct is NULL", dlcore_early_stopping_callback(NULL)},
        {"reduce_lr_on_plateau: the struct is NULL", dlcore_reduce_lr_on_plateau_callback(NULL)},
        {"learning_rate_scheduler: the struct is NULL",
         dlcore_learning_rate_scheduler_callback(NULL)},
        {"roll_back: the struct is NULL", dlcore_roll_back_callback(NULL)},
        {"model_checkpoint: the struct is NULL", dlcore_model_checkpoint_callback(NULL)},
        {"csv_logger: the struct is NULL", dlcore_csv_logger_callback(NULL)},
        {"tensor_board: the struct is NULL", dlcore_tensor_board_callback(NULL)},
        {"backup_and_restore: the struct is NULL", dlcore_backup_and_restore_callback(NULL)},
    };
    dlcore_fit_options_t how = dlcore_fit_options_default();
    dlcore_optimizer_t sgd = dlcore_optimizer_sgd();
    dlcore_tensor_t *samples = borrow_floats(x, 4, 1);
    dlcore_model_t *model = NULL;

    (void)state;
    assert_int_equal(dlcore_model_create(NULL, &model), DLCORE_OK);
    assert_accepted(model,
                    dlcore_model_add(model, dlcore_layer_dense(1, DLCORE_ACTIVATION_LINEAR)));
    assert_accepted(model, dlcore_model_compile(model, &sgd, DLCORE_LOSS_MEAN_SQUARED_ERROR,
                                                DLCORE_METRIC_NONE));
    how.callback_count = 1;
    for (size_t i = 0; i < sizeof missing / sizeof missing[0]; i++) {
        how.callbacks = &missing[i].callback;
        assert_int_equal(dlcore_model_fit(model, samples, samples, &how, NULL),
                         DLCORE_ERROR_ARGUMENT);
        assert_string_equal(dlcore_model_error(model), missing[i].message);
    }
    dlcore_model_free(model);
    dlcore_tensor_free(samples);
}

static bool refuses_without(const public_call_t *call, void (*lack)(public_scene_t *scene))
{
    public_scene_t *scene = public_scene_make();
    public_outcome_t outcome;

    lack(scene);
    outcome = public_scene_run(scene, call, 0);
    if (outcome.status != DLCORE_OK &&
        (outcome.status != DLCORE_ERROR_ARGUMENT ||
         (outcome.message != NULL &&
          strstr(outcome.message, "needs both allocate and release") == NULL)))
        fail_msg("%s: %s, \"%s\"", call->name, dlcore_status_name(outcome.status),
                 outcome.message != NULL ? outcome.message : "");
    public_scene_free(scene);
    assert_int_equal(public_scene_blocks(), 0);
    return outcome.status != DLCORE_OK;
}

/* How many functions take an allocator, in the parts that are built. */
static size_t takers(void)
{
    return 31 + (strstr(DLCORE_PARTS, "keras") != NULL ? 4 : 0) +
           (strstr(DLCORE_PARTS, "npz") != NULL ? 7 : 0) +
           (strstr(DLCORE_PARTS, "onnx") != NULL ? 4 : 0);
}

static void test_public_calls_given_an_allocator_that_lacks_a_function_refuse_it(void **state)
{
    size_t refused = 0;

    (void)state;
    for (size_t i = 0; i < public_call_count; i++) {
        bool refuses = refuses_without(&public_calls[i], public_scene_lack_allocate);

        if (refuses_without(&public_calls[i], public_scene_lack_release) != refuses)
            fail_msg("%s refuses one of the two", public_calls[i].name);
        refused += refuses;
    }
    assert_int_equal(refused, takers());
}

/* ---- the host ---- */

static size_t check_hosts(int exceptions, int rounding)
{
    size_t failed = 0;

    for (size_t i = 0; i < public_call_count; i++) {
        public_scene_t *scene = public_scene_make();
        public_outcome_t outcome;
        host_state_t before, after;
        const char *problem;
        int number;

        (void)feclearexcept(FE_ALL_EXCEPT);
        (void)feraiseexcept(exceptions);
        (void)fesetround(rounding);
        host_look(&before);
        errno = EILSEQ;
        outcome = public_scene_run(scene, &public_calls[i], 0);
        number = errno;
        host_look_again(&after, before.threads);
        after.descriptors -= public_scene_open_files(scene);
        (void)fesetround(FE_TONEAREST);
        if (outcome.status != DLCORE_OK)
            fail_msg("%s: %s: %s", public_calls[i].name, dlcore_status_name(outcome.status),
                     outcome.message != NULL ? outcome.message : "");
        problem = host_difference(&before, &after, number);
        if (problem != NULL) {
            print_error("%s changes %s\n", public_calls[i].name, problem);
            failed++;
        }
        public_scene_free(scene);
        if (public_scene_blocks() != 0)
            fail_msg("%s: %zu blocks of memory were not given back", public_calls[i].name,
                     public_scene_blocks());
    }
    return failed;
}

static void test_public_calls_leave_the_host_as_it_was(void **state)
{
    (void)state;
    assert_int_equal(check_hosts(0, FE_TONEAREST), 0);
    assert_int_equal(check_hosts(FE_DIVBYZERO, FE_UPWARD), 0);
}

static size_t check_without_memory(const public_call_t *call, bool for_ever)
{
    size_t failures = 0;
    bool failed = true;

    while (failed) {
        public_scene_t *scene = public_scene_make();
        public_outcome_t outcome;
        host_state_t before, after;
        const char *problem;
        int number;

        host_look(&before);
        errno = EILSEQ;
        failed = public_scene_run_without_memory(scene, call, failures + 1, for_ever, &outcome);
        number = errno;
        host_look_again(&after, before.threads);
        after.descriptors -= public_scene_open_files(scene);
        problem = host_difference(&before, &after, number);
        if (problem != NULL)
            fail_msg("%s, allocation %zu failing, changes %s", call->name, failures + 1, problem);
        if (failed != (outcome.status != DLCORE_OK) ||
            (failed && outcome.status != DLCORE_ERROR_MEMORY))
            fail_msg("%s, allocation %zu failing: %s", call->name, failures + 1,
                     dlcore_status_name(outcome.status));
        if (!public_scene_still_works(scene))
            fail_msg("%s, allocation %zu failing: the model no longer predicts", call->name,
                     failures + 1);
        failures += failed;
        public_scene_free(scene);
        if (public_scene_blocks() != 0)
            fail_msg("%s, allocation %zu failing: %zu blocks of memory were not given back",
                     call->name, failures, public_scene_blocks());
    }
    return failures;
}

static void test_public_calls_without_memory_fail_leak_nothing_and_leave_the_host(void **state)
{
    size_t once = 0, for_ever = 0;

    (void)state;
    for (size_t i = 0; i < public_call_count; i++) {
        once += check_without_memory(&public_calls[i], false);
        for_ever += check_without_memory(&public_calls[i], true);
    }
    print_message("%zu functions: %zu allocations failed once, %zu for ever\n", public_call_count,
                  once, for_ever);
    /* with parts or without */
    assert_true(once > public_call_count && for_ever > public_call_count);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_public_calls_are_those_of_names_h),
        cmocka_unit_test(test_public_calls_with_a_null_pointer_never_crash_and_say_why),
        cmocka_unit_test(test_callback_of_null_is_refused_by_fit_by_its_name),
        cmocka_unit_test(test_public_calls_given_an_allocator_that_lacks_a_function_refuse_it),
        cmocka_unit_test(test_public_calls_leave_the_host_as_it_was),
        cmocka_unit_test(test_public_calls_without_memory_fail_leak_nothing_and_leave_the_host),
    };

    return cmocka_run_group_tests(tests, make_files, folder_remove);
}
