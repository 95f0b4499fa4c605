/* Callbacks that write files on ranks: rank 0 alone writes, and a backup goes on with another
 * number of ranks.
 *
 * SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "support/folder.h"
#include "support/ranked_fit.h"

enum { RANKS_MAX = 4 };

static ranked_result_t results[RANKS_MAX], whole[RANKS_MAX];

/* What each rank has: files of its own names, to see who writes them, and one backup for all. */
typedef struct files {
    dlcore_backup_and_restore_t backup;
    dlcore_model_checkpoint_t checkpoint;
    dlcore_csv_logger_t logger;
    dlcore_callback_t callbacks[4];
    char best[512], log[512];
} files_t;

static files_t files[RANKS_MAX];
static char backup_path[512];
static size_t stop_after; /* epochs; 0: none */

static dlcore_callback_action_t stop(void *user, const dlcore_training_event_t *event)
{
    (void)user;
    if (stop_after > 0 && event->epoch + 1 == stop_after)
        dlcore_model_request_stop(event->model);
    return DLCORE_CALLBACK_CONTINUE;
}

static void with_files(size_t rank, ranked_case_t *ranked_case)
{
    files_t *own = &files[rank];

    own->backup = dlcore_backup_and_restore_default(backup_path);
    own->backup.save.sync = false;
    own->checkpoint = dlcore_model_checkpoint_default(own->best);
    own->checkpoint.save_best_only = true;
    own->checkpoint.save.sync = false;
    own->logger = dlcore_csv_logger_default(own->log);
    own->callbacks[0] = dlcore_model_checkpoint_callback(&own->checkpoint);
    own->callbacks[1] = dlcore_csv_logger_callback(&own->logger);
    own->callbacks[2] = (dlcore_callback_t){.on_epoch_end = stop};
    own->callbacks[3] = dlcore_backup_and_restore_callback(&own->backup);
    ranked_case->fit.callbacks = own->callbacks;
    ranked_case->fit.callback_count = 4;
}

/* Paths are made here: ranks are threads. */
static ranked_case_t case_with_files(const char *best)
{
    ranked_case_t ranked_case = ranked_case_default();

    snprintf(backup_path, sizeof backup_path, "%s", folder_path("backup"));
    for (size_t rank = 0; rank < RANKS_MAX; rank++) {
        char name[64];

        snprintf(name, sizeof name, "%s%zu", best, rank);
        snprintf(files[rank].best, sizeof files[rank].best, "%s", folder_path(name));
        snprintf(name, sizeof name, "log%zu", rank);
        snprintf(files[rank].log, sizeof files[rank].log, "%s", folder_path(name));
    }

    ranked_case.adjust = with_files;
    ranked_case.validation = 20;
    ranked_case.fit.epochs = 4;
    ranked_case.hidden[1] = dlcore_layer_batch_normalization();
    ranked_case.hidden_count = 2;
    return ranked_case;
}

static void test_ranks_files_are_written_by_rank_0_alone(void **state)
{
    ranked_case_t ranked_case = case_with_files("best");

    (void)state;
    stop_after = 0;
    ranked_run(&ranked_case, 3, NULL, results);
    for (size_t rank = 0; rank < 3; rank++)
        assert_int_equal(results[rank].status, DLCORE_OK);
    assert_true(folder_has("best0") && folder_has("log0"));
    assert_false(folder_has("best1") || folder_has("log1") || folder_has("best2") ||
                 folder_has("log2"));
    assert_false(folder_has("backup")); /* it is done */
    assert_int_equal(files[2].checkpoint.saves, files[0].checkpoint.saves);
}

static dlcore_tensor_board_t boards[RANKS_MAX];

/* The folder of ranks but 0 is not there: they would fail. */
static void with_board(size_t rank, ranked_case_t *ranked_case)
{
    boards[rank] = dlcore_tensor_board_default(rank == 0 ? backup_path : "no_such_folder");
    boards[rank].update_freq = boards[rank].histogram_freq = 1;
    files[rank].callbacks[0] = dlcore_tensor_board_callback(&boards[rank]);
    ranked_case->fit.callbacks = files[rank].callbacks;
    ranked_case->fit.callback_count = 1;
}

static void test_ranks_files_events_are_written_by_rank_0_alone(void **state)
{
    ranked_case_t ranked_case = ranked_case_default();

    (void)state;
    (void)folder_files(true);
    snprintf(backup_path, sizeof backup_path, "%s", folder_path("."));
    ranked_case.adjust = with_board;
    ranked_run(&ranked_case, 3, NULL, results);
    for (size_t rank = 0; rank < 3; rank++)
        if (results[rank].status != DLCORE_OK)
            fail_msg("rank %zu: %s", rank, results[rank].message);
    assert_int_equal(folder_files(true), 1);
}

static void test_ranks_files_a_backup_goes_on_with_another_number_of_ranks(void **state)
{
    const dlcore_collective_t same_bits = {.deterministic = true};
    ranked_case_t ranked_case = case_with_files("best");

    (void)state;
    stop_after = 0;
    ranked_run(&ranked_case, 2, &same_bits, whole);
    stop_after = 2;
    ranked_run(&ranked_case, 4, &same_bits, results);
    assert_true(results[3].stopped && folder_has("backup"));
    stop_after = 0;
    ranked_run(&ranked_case, 1, &same_bits, results);
    assert_int_equal(results[0].status, DLCORE_OK);
    assert_int_equal(results[0].values, whole[0].values);
    assert_memory_equal(results[0].history, whole[0].history, sizeof whole[0].history);
    assert_memory_equal(results[0].weights, whole[0].weights, sizeof whole[0].weights);
}

static void test_ranks_files_a_file_that_rank_0_cannot_write_ends_all(void **state)
{
    ranked_case_t ranked_case = case_with_files("no_such_folder/best");

    (void)state;
    ranked_run(&ranked_case, 3, NULL, results);
    for (size_t rank = 0; rank < 3; rank++) {
        assert_int_equal(results[rank].status, DLCORE_ERROR_IO);
        assert_non_null(strstr(results[rank].message, "rank 0 of 3: model_checkpoint: "));
        assert_string_equal(results[rank].message, results[0].message);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ranks_files_are_written_by_rank_0_alone),
        cmocka_unit_test(test_ranks_files_events_are_written_by_rank_0_alone),
        cmocka_unit_test(test_ranks_files_a_backup_goes_on_with_another_number_of_ranks),
        cmocka_unit_test(test_ranks_files_a_file_that_rank_0_cannot_write_ends_all),
    };

    return cmocka_run_group_tests(tests, folder_make, folder_remove);
}
