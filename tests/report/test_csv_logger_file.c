/* A CSV logger that appends: what it finds in the file, torn lines, pipes, and every system call
 * failing.
 *
 * SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>

#include "report/csv_logger_line.h"
#include "support/callback_case.h"
#include "support/failing_io.h"
#include "support/folder.h"
#include "support/posix.h"

#define HEADER "epoch,loss,mean_absolute_error,val_loss,val_mean_absolute_error"

/* A fit of one epoch that appends, to a file with `before`. */
static dlcore_status append(const char *before, dlcore_model_t *model)
{
    dlcore_csv_logger_t logger = dlcore_csv_logger_default(folder_path("log.csv"));
    dlcore_callback_t callback = dlcore_csv_logger_callback(&logger);

    folder_write("log.csv", before);
    logger.append = true;
    return case_run(model, &callback, 1, 1);
}

static void test_csv_logger_appends_without_a_second_header(void **state)
{
    dlcore_csv_logger_t logger = dlcore_csv_logger_default(folder_path("log.csv"));
    dlcore_callback_t callback = dlcore_csv_logger_callback(&logger);
    dlcore_model_t *model = case_model(NULL, NULL, 0.1);
    char begins[8] = "";
    size_t lines = 0;

    (void)state;
    folder_write("log.csv", "");
    logger.append = true;
    for (size_t run = 0; run < 2; run++)
        assert_int_equal(case_run(model, &callback, 1, 2), DLCORE_OK);
    assert_memory_equal(folder_text("log.csv"), HEADER "\r\n0,", sizeof HEADER + 3);
    for (const char *line = folder_text("log.csv"); *line != '\0' && lines < 7;
         line = strchr(line, '\n') + 1)
        begins[lines++] = line[0];
    assert_string_equal(begins, "e0101");
    dlcore_model_free(model);
}

static void test_csv_logger_appends_where_the_header_is_its_own(void **state)
{
    static const char *const heads[] = {HEADER "\r\n", HEADER "\n", HEADER "\r\n0,1,1,1,1\r\n",
                                        HEADER "\n# a note\n\n"};
    dlcore_model_t *model = case_model(NULL, NULL, 0.1);

    (void)state;
    for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++) {
        size_t length = strlen(heads[i]);

        assert_int_equal(append(heads[i], model), DLCORE_OK);
        assert_memory_equal(folder_text("log.csv"), heads[i], length);
        assert_memory_equal(folder_text("log.csv") + length, "0,", 2);
    }
    assert_int_equal(append("", model), DLCORE_OK);
    assert_memory_equal(folder_text("log.csv"), HEADER "\r\n0,", sizeof HEADER + 3);
    dlcore_model_free(model);
}

static void test_csv_logger_appending_to_other_columns_is_refused_with_both(void **state)
{
    static const struct {
        const char *before, *text;
    } cases[] = {
        {"epoch,loss\n0,0.5\n", "/log.csv begins with \"epoch,loss\", where this run would write "
                                "\"" HEADER "\""},
        {HEADER ",x\r\n", "begins with \"...val_loss,val_mean_absolute_error,x\", where this run "
                          "would write \"...val_loss,val_mean_absolute_error\""},
        {HEADER "\r\r\n", "begins with \"" HEADER "?\""},
        {"\n" HEADER "\n", "begins with \"\""},
        {"epoch", "begins with \"epoch\", where"},
        {"\033[2J\177\tx", "begins with \"?[2J?\\tx\""},
        {"epoch;loss;mean_absolute_error;val_loss;val_mean_absolute_error\n",
         "begins with \"epoch;loss;"},
        /* the difference is shown, however late it comes */
        {"epoch,loss,mean_absolute_error,val_loss,val_mean_squared_error,and_many_more_of_them,x\n",
         "\"...bsolute_error,val_loss,val_mean_squared_error,and_many_more_of_t...\", where this "
         "run would write \"...bsolute_error,val_loss,val_mean_absolute_error\""},
    };
    dlcore_model_t *model = case_model(NULL, NULL, 0.1);
    float before[CASE_WEIGHTS], after[CASE_WEIGHTS];

    (void)state;
    case_weights(model, before);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(append(cases[i].before, model), DLCORE_ERROR_FORMAT);
        if (strstr(dlcore_model_error(model), cases[i].text) == NULL)
            fail_msg("\"%s\" is not in \"%s\"", cases[i].text, dlcore_model_error(model));
        assert_string_equal(folder_text("log.csv"), cases[i].before);
    }
    case_weights(model, after);
    assert_memory_equal(before, after, sizeof before);
    dlcore_model_free(model);
}

/* What the fit of a model with a metric of that name would write first. */
typedef struct header_case {
    const char *metric;
    char separator;
    bool learning_rate;
    const char *header;
} header_case_t;

static const header_case_t headers[] = {
    {"error", ';', false, "epoch;error;loss;val_error;val_loss\r\n"},
    {"error", '\t', true, "epoch\terror\tlearning_rate\tloss\tval_error\tval_loss\r\n"},
    {"error", ',', true, "epoch,error,learning_rate,loss,val_error,val_loss\r\n"},
    {"in \"m\", net", ',', false,
     "epoch,\"in \"\"m\"\", net\",loss,\"val_in \"\"m\"\", net\",val_loss\r\n"},
    {"in m, net", ';', false, "epoch;in m, net;loss;val_in m, net;val_loss\r\n"},
    {"in m; net", ';', true,
     "epoch;\"in m; net\";learning_rate;loss;\"val_in m; net\";val_loss\r\n"},
};
enum { HEADERS = sizeof headers / sizeof headers[0] };

/* A fit of one epoch that appends to the file that is there. */
static dlcore_status append_as(const header_case_t *how, dlcore_error_record_t *error)
{
    dlcore_csv_logger_t logger = dlcore_csv_logger_default(folder_path("log.csv"));
    dlcore_compile_options_t settings = dlcore_compile_options_default();
    dlcore_callback_t callback;
    dlcore_model_t *model = case_model(NULL, NULL, 0.1);
    dlcore_status status;

    settings.loss = dlcore_loss_mean_squared_error();
    settings.metrics[0] = dlcore_metric_default(DLCORE_METRIC_MEAN_ABSOLUTE_ERROR);
    settings.metric_count = 1;
    snprintf(settings.metrics[0].name, sizeof settings.metrics[0].name, "%s", how->metric);
    assert_int_equal(dlcore_model_compile_with(model, &settings), DLCORE_OK);
    logger.append = true;
    logger.separator = how->separator;
    logger.learning_rate = how->learning_rate;
    callback = dlcore_csv_logger_callback(&logger);
    status = case_run(model, &callback, 1, 1);
    snprintf(error->message, sizeof error->message, "%s", dlcore_model_error(model));
    dlcore_model_free(model);
    return status;
}

static void test_csv_logger_appends_to_quoted_names_and_other_columns_of_its_own(void **state)
{
    (void)state;
    for (size_t i = 0; i < HEADERS; i++) {
        size_t length = strlen(headers[i].header);
        dlcore_error_record_t error;
        char once[512];

        folder_write("log.csv", "");
        assert_int_equal(append_as(&headers[i], &error), DLCORE_OK);
        snprintf(once, sizeof once, "%s", folder_text("log.csv"));
        assert_memory_equal(once, headers[i].header, length);
        assert_int_equal(append_as(&headers[i], &error), DLCORE_OK);
        assert_memory_equal(folder_text("log.csv"), once, strlen(once));
        assert_int_equal(folder_text("log.csv")[strlen(once)], '0');
    }
}

static void test_csv_logger_appending_with_other_settings_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < HEADERS; i++) {
        for (size_t k = 0; k < HEADERS; k++) {
            dlcore_error_record_t error;

            if (i == k)
                continue;
            folder_write("log.csv", headers[i].header);
            assert_int_equal(append_as(&headers[k], &error), DLCORE_ERROR_FORMAT);
            assert_non_null(strstr(error.message, "/log.csv begins with \""));
            assert_string_equal(folder_text("log.csv"), headers[i].header);
        }
    }
}

/* More than a header can have is not read. */
static void test_csv_logger_appending_to_a_line_without_end_is_refused(void **state)
{
    dlcore_model_t *model = case_model(NULL, NULL, 0.1);
    char line[DLCORE_CSV_LOGGER_LINE_SIZE + 100];

    (void)state;
    memset(line, 'x', sizeof line);
    line[sizeof line - 1] = '\0';
    assert_int_equal(append(line, model), DLCORE_ERROR_FORMAT);
    assert_non_null(strstr(dlcore_model_error(model), "/log.csv begins with \"xxxxxxxx"));
    assert_string_equal(folder_text("log.csv"), line);
    memcpy(line, HEADER, strlen(HEADER));
    assert_int_equal(append(line, model), DLCORE_ERROR_FORMAT);
    assert_non_null(strstr(dlcore_model_error(model), "_absolute_errorxxxxxxxx"));
    assert_string_equal(folder_text("log.csv"), line);
    line[strlen(HEADER)] = '\n'; /* a torn line now */
    assert_int_equal(append(line, model), DLCORE_OK);
    assert_memory_equal(folder_text("log.csv"), line, strlen(line));
    assert_memory_equal(folder_text("log.csv") + strlen(line), "\r\n0,", 4);
    dlcore_model_free(model);
}

static void test_csv_logger_appending_to_a_file_that_cannot_be_read_is_refused(void **state)
{
    dlcore_csv_logger_t logger = dlcore_csv_logger_default(folder_path("log.csv"));
    dlcore_callback_t callback = dlcore_csv_logger_callback(&logger);
    dlcore_model_t *model = case_model(NULL, NULL, 0.1);
    failing_io_t io;
    dlcore_system_t system;

    (void)state;
    folder_write("log.csv", HEADER "\r\n");
    failing_io_init(&io);
    io.only = "open"; /* of a file of mode 0200: first for writing, then for reading */
    io.fail_at = 2;
    io.error = EACCES;
    system = failing_io(&io);
    logger.system = &system;
    logger.append = true;
    case_assert_refused(&callback, DLCORE_ERROR_IO, "csv_logger: cannot read ");
    assert_int_equal(io.failures, 1);
    assert_int_equal(io.opened, io.closed);
    assert_string_equal(folder_text("log.csv"), HEADER "\r\n");
    logger.append = false; /* needs no reading */
    io.calls = 0;
    io.only = "pread";
    io.fail_at = 1;
    assert_int_equal(case_run(model, &callback, 1, 1), DLCORE_OK);
    assert_int_equal(io.calls, 0);
    dlcore_model_free(model);
}

static void test_csv_logger_appending_elsewhere_shows_the_end_of_a_long_path(void **state)
{
    dlcore_csv_logger_t logger = dlcore_csv_logger_default(NULL);
    dlcore_callback_t callback = dlcore_csv_logger_callback(&logger);
    char path[512], text[128];

    (void)state;
    folder_write("log.csv", "x\n");
    snprintf(path, sizeof path, "%s",
             folder_path("./././././././././././././././././././././././././log.csv"));
    logger.path = path;
    logger.append = true;
    snprintf(text, sizeof text, "csv_logger: ...%s begins with \"x\"", path + strlen(path) - 53);
    case_assert_refused(&callback, DLCORE_ERROR_FORMAT, text);
}

/* As a process leaves a file that was killed while it wrote. */
static void test_csv_logger_appending_to_a_torn_line_begins_a_new_one(void **state)
{
    static const struct {
        const char *before, *between;
    } cases[] = {{HEADER "\r\n0,0.25,0.", "\r\n0,"},
                 {HEADER "\r\n0,0.25,0.5,1.0,1.0\r", "\n0,"},
                 {HEADER, "\r\n0,"},
                 {HEADER "\r", "\n0,"}};
    dlcore_model_t *model = case_model(NULL, NULL, 0.1);

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        size_t length = strlen(cases[i].before), more = strlen(cases[i].between);

        assert_int_equal(append(cases[i].before, model), DLCORE_OK);
        assert_memory_equal(folder_text("log.csv"), cases[i].before, length);
        assert_memory_equal(folder_text("log.csv") + length, cases[i].between, more);
    }
    dlcore_model_free(model);
}

/* Its own lines begin behind those of another run; the file was torn again after the stop. */
static void test_csv_logger_of_a_resumed_run_that_appends_cuts_what_was_torn(void **state)
{
    dlcore_csv_logger_t logger = dlcore_csv_logger_default(folder_path("log.csv"));
    case_witness_t stops = {.stop_at = 2};
    dlcore_callback_t callbacks[] = {dlcore_csv_logger_callback(&logger), case_witness(&stops)};
    dlcore_fit_options_t options = case_options(callbacks, 2, 3);
    dlcore_model_t *model = case_model(NULL, NULL, 0.1);
    char stopped[1024], torn[1032];

    (void)state;
    folder_write("log.csv", HEADER "\r\n7,1.0,1.");
    logger.append = true;
    assert_int_equal(case_fit(model, &options, NULL), DLCORE_OK);
    snprintf(stopped, sizeof stopped, "%s", folder_text("log.csv"));
    snprintf(torn, sizeof torn, "%s2,0.", stopped);
    folder_write("log.csv", torn);
    options.resume = true;
    assert_int_equal(case_fit(model, &options, NULL), DLCORE_OK);
    assert_memory_equal(folder_text("log.csv"), stopped, strlen(stopped));
    assert_memory_equal(folder_text("log.csv") + strlen(stopped), "2,", 2);
    assert_non_null(strstr(folder_text("log.csv"), "\r\n7,1.0,1.\r\n0,"));
    dlcore_model_free(model);
}

static void test_csv_logger_of_a_resumed_run_whose_log_cannot_be_read_says_so(void **state)
{
    size_t failures = 0, unread = 0;

    (void)state;
    for (size_t at = 1;; at++) {
        dlcore_csv_logger_t logger = dlcore_csv_logger_default(folder_path("log.csv"));
        case_witness_t stops = {.stop_at = 2};
        dlcore_callback_t callbacks[] = {dlcore_csv_logger_callback(&logger), case_witness(&stops)};
        dlcore_fit_options_t options = case_options(callbacks, 2, 3);
        dlcore_model_t *model = case_model(NULL, NULL, 0.1);
        failing_io_t io;
        dlcore_system_t system;
        dlcore_status status;

        folder_write("log.csv", HEADER "\r\n");
        logger.append = true;
        assert_int_equal(case_fit(model, &options, NULL), DLCORE_OK);
        failing_io_init(&io);
        io.fail_at = at;
        system = failing_io(&io);
        logger.system = &system;
        options.resume = true;
        status = case_fit(model, &options, NULL);
        assert_int_equal(io.opened, io.closed);
        failures += status == DLCORE_ERROR_IO;
        unread += strstr(dlcore_model_error(model), "csv_logger: cannot read") != NULL;
        dlcore_model_free(model);
        if (io.failures == 0) {
            assert_int_equal(status, DLCORE_OK);
            break;
        }
        assert_true(at < 100);
    }
    assert_true(failures > 5 && unread > 0);
}

/* As a power cut leaves it, which may take more of a log than of what it is resumed from. */
static void test_csv_logger_of_a_resumed_run_ends_a_line_that_lost_its_end(void **state)
{
    (void)state;
    for (size_t lost = 1; lost < 12; lost++) {
        dlcore_csv_logger_t logger = dlcore_csv_logger_default(folder_path("log.csv"));
        case_witness_t stops = {.stop_at = 2};
        dlcore_callback_t callbacks[] = {dlcore_csv_logger_callback(&logger), case_witness(&stops)};
        dlcore_fit_options_t options = case_options(callbacks, 2, 3);
        dlcore_model_t *model = case_model(NULL, NULL, 0.1);
        char rest[1024];

        folder_files(true);
        assert_int_equal(case_fit(model, &options, NULL), DLCORE_OK);
        snprintf(rest, sizeof rest, "%s", folder_text("log.csv"));
        rest[strlen(rest) - lost] = '\0';
        folder_write("log.csv", rest);
        options.resume = true;
        assert_int_equal(case_fit(model, &options, NULL), DLCORE_OK);
        assert_memory_equal(folder_text("log.csv"), rest, strlen(rest));
        assert_memory_equal(folder_text("log.csv") + strlen(rest), lost == 1 ? "\n2," : "\r\n2,",
                            lost == 1 ? 3 : 4);
        dlcore_model_free(model);
    }
}

static dlcore_callback_action_t close_reader(void *user, const dlcore_training_event_t *event)
{
    int *reader = user;

    (void)event;
    if (*reader >= 0)
        assert_int_equal(close(*reader), 0);
    *reader = -1;
    return DLCORE_CALLBACK_CONTINUE;
}

static void test_csv_logger_to_a_pipe_whose_reader_leaves_is_an_io_error(void **state)
{
    dlcore_csv_logger_t logger = dlcore_csv_logger_default(folder_path("pipe"));
    int reader;
    dlcore_callback_t callbacks[] = {dlcore_csv_logger_callback(&logger),
                                     {.user = &reader, .on_epoch_begin = close_reader}};
    dlcore_model_t *model = case_model(NULL, NULL, 0.1);

    (void)state;
    folder_files(true);
    assert_int_equal(mkfifo(logger.path, 0600), 0);
    reader = open(logger.path, O_RDONLY | O_NONBLOCK);
    assert_true(reader >= 0);
    (void)alarm(20); /* rather than waiting for a reader for ever */
    assert_int_equal(case_run(model, callbacks, 2, 1), DLCORE_ERROR_IO);
    (void)alarm(0);
    assert_non_null(strstr(dlcore_model_error(model), "csv_logger: cannot open"));
    dlcore_model_free(model);
}

/* What others wrote into a pipe stays there for its reader. */
static void test_csv_logger_appending_to_a_pipe_reads_nothing(void **state)
{
    dlcore_csv_logger_t logger = dlcore_csv_logger_default(folder_path("pipe"));
    dlcore_callback_t callback = dlcore_csv_logger_callback(&logger);
    dlcore_model_t *model = case_model(NULL, NULL, 0.1);
    char text[512] = "";
    int reader;

    (void)state;
    folder_files(true);
    assert_int_equal(mkfifo(logger.path, 0600), 0);
    reader = open(logger.path, O_RDWR);
    assert_true(reader >= 0);
    assert_int_equal(write(reader, "other\n", 6), 6);
    logger.append = true;
    assert_int_equal(case_run(model, &callback, 1, 1), DLCORE_OK);
    assert_true(read(reader, text, sizeof text - 1) > 0);
    assert_int_equal(strncmp(text, "other\n" HEADER "\r\n0,", sizeof HEADER + 9), 0);
    assert_int_equal(close(reader), 0);
    dlcore_model_free(model);
}

static void test_csv_logger_appending_of_failing_calls_keeps_what_was_there(void **state)
{
    static const char *const before = HEADER "\r\n0,0.";
    size_t failures = 0;

    (void)state;
    for (size_t at = 1;; at++) {
        dlcore_csv_logger_t logger = dlcore_csv_logger_default(folder_path("log.csv"));
        dlcore_callback_t callback = dlcore_csv_logger_callback(&logger);
        dlcore_model_t *model = case_model(NULL, NULL, 0.1);
        failing_io_t io;
        dlcore_system_t system;
        dlcore_status status;

        folder_write("log.csv", before);
        failing_io_init(&io);
        io.fail_at = at;
        io.error = ENOSPC;
        io.most = 7;
        system = failing_io(&io);
        logger.system = &system;
        logger.append = true;
        status = case_run(model, &callback, 1, 1);
        assert_int_equal(io.opened, io.closed);
        if (status != DLCORE_OK) {
            failures++;
            assert_int_equal(status, DLCORE_ERROR_IO);
            assert_non_null(strstr(dlcore_model_error(model), "log.csv: No space"));
        }
        assert_memory_equal(folder_text("log.csv"), before, strlen(before));
        if (status == DLCORE_OK)
            assert_memory_equal(folder_text("log.csv") + strlen(before), "\r\n0,", 4);
        else if (strcmp(io.failed, "close") != 0) /* which may come when all is written */
            assert_string_equal(folder_text("log.csv"), before);
        dlcore_model_free(model);
        if (io.failures == 0)
            break;
        assert_true(at < 60);
    }
    assert_true(failures > 10);
}

static void test_csv_logger_appending_goes_on_after_interrupts(void **state)
{
    static const char *const calls[] = {"open", "pread", "write"};

    (void)state;
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) {
        dlcore_csv_logger_t logger = dlcore_csv_logger_default(folder_path("log.csv"));
        dlcore_callback_t callback = dlcore_csv_logger_callback(&logger);
        dlcore_model_t *model = case_model(NULL, NULL, 0.1);
        failing_io_t io;
        dlcore_system_t system;

        folder_write("log.csv", HEADER);
        failing_io_init(&io);
        io.only = calls[i];
        io.fail_at = 2;
        io.error = EINTR;
        io.most = 7;
        system = failing_io(&io);
        logger.system = &system;
        logger.append = true;
        assert_int_equal(case_run(model, &callback, 1, 1), DLCORE_OK);
        assert_int_equal(io.failures, 1);
        assert_memory_equal(folder_text("log.csv"), HEADER "\r\n0,", sizeof HEADER + 3);
        dlcore_model_free(model);
    }
}

/* What a run that resumes finds behind its own lines is cut away. */
static void test_csv_logger_of_a_resumed_run_cuts_after_an_interrupt(void **state)
{
    dlcore_csv_logger_t logger = dlcore_csv_logger_default(folder_path("log.csv"));
    case_witness_t stops = {.stop_at = 2};
    dlcore_callback_t callbacks[] = {dlcore_csv_logger_callback(&logger), case_witness(&stops)};
    dlcore_fit_options_t options = case_options(callbacks, 2, 3);
    dlcore_model_t *model = case_model(NULL, NULL, 0.1);
    failing_io_t io;
    dlcore_system_t system;
    char stopped[1024], more[1032];

    (void)state;
    folder_files(true);
    assert_int_equal(case_fit(model, &options, NULL), DLCORE_OK);
    snprintf(stopped, sizeof stopped, "%s", folder_text("log.csv"));
    snprintf(more, sizeof more, "%s2,0.5", stopped);
    folder_write("log.csv", more);
    failing_io_init(&io);
    io.only = "ftruncate";
    io.fail_at = 1;
    io.error = EINTR;
    system = failing_io(&io);
    logger.system = &system;
    options.resume = true;
    assert_int_equal(case_fit(model, &options, NULL), DLCORE_OK);
    assert_int_equal(io.failures, 1);
    assert_int_equal(io.calls, 2);
    assert_memory_equal(folder_text("log.csv"), stopped, strlen(stopped));
    assert_memory_equal(folder_text("log.csv") + strlen(stopped), "2,", 2);
    assert_null(strstr(folder_text("log.csv"), "2,0.52,"));
    dlcore_model_free(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_csv_logger_appends_without_a_second_header),
        cmocka_unit_test(test_csv_logger_appends_where_the_header_is_its_own),
        cmocka_unit_test(test_csv_logger_appending_to_other_columns_is_refused_with_both),
        cmocka_unit_test(test_csv_logger_appends_to_quoted_names_and_other_columns_of_its_own),
        cmocka_unit_test(test_csv_logger_appending_with_other_settings_is_refused),
        cmocka_unit_test(test_csv_logger_appending_to_a_line_without_end_is_refused),
        cmocka_unit_test(test_csv_logger_appending_to_a_file_that_cannot_be_read_is_refused),
        cmocka_unit_test(test_csv_logger_appending_elsewhere_shows_the_end_of_a_long_path),
        cmocka_unit_test(test_csv_logger_appending_to_a_torn_line_begins_a_new_one),
        cmocka_unit_test(test_csv_logger_of_a_resumed_run_that_appends_cuts_what_was_torn),
        cmocka_unit_test(test_csv_logger_of_a_resumed_run_whose_log_cannot_be_read_says_so),
        cmocka_unit_test(test_csv_logger_of_a_resumed_run_ends_a_line_that_lost_its_end),
        cmocka_unit_test(test_csv_logger_to_a_pipe_whose_reader_leaves_is_an_io_error),
        cmocka_unit_test(test_csv_logger_appending_to_a_pipe_reads_nothing),
        cmocka_unit_test(test_csv_logger_appending_of_failing_calls_keeps_what_was_there),
        cmocka_unit_test(test_csv_logger_appending_goes_on_after_interrupts),
        cmocka_unit_test(test_csv_logger_of_a_resumed_run_cuts_after_an_interrupt),
    };

    return cmocka_run_group_tests_name("csv_logger_file", tests, folder_make, folder_remove);
}
