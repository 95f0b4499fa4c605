/* A line of a CSV file per epoch: keras/src/callbacks/csv_logger.py.
 *
 * SPDX-License-Identifier: MIT */
#include <ctype.h>
#include <math.h>

#include "base/allocator.h"
#include "base/error.h"
#include "fit/callback.h"
#include "model/model.h"
#include "report/csv_logger_file.h"

dlcore_csv_logger_t dlcore_csv_logger_default(const char *path)
{
    return (dlcore_csv_logger_t){.path = path,
                                 .separator = ',',
                                 .name = "csv_logger",
                                 .structure_size = sizeof(dlcore_csv_logger_t)};
}

static bool can_separate(char c)
{
    return c == '\t' || (c >= ' ' && c <= '~' && c != '"' && c != '.' && c != '-' && c != '+' &&
                         c != '_' && !isalnum((unsigned char)c));
}

typedef dlcore_status (*look_at_log_t)(const dlcore_csv_logger_t *logger,
                                       const dlcore_csv_logger_line_t *header,
                                       dlcore_csv_logger_line_t *found,
                                       dlcore_error_record_t *error);

/* Runs `look` with the header that this run writes. */
static dlcore_status with_header(const dlcore_csv_logger_t *logger,
                                 const dlcore_training_event_t *event, look_at_log_t look)
{
    dlcore_csv_logger_line_t *lines = dlcore_allocate(&event->model->allocator, 2, sizeof *lines);
    const char *const *names;
    dlcore_status status;

    if (lines == NULL)
        return dlcore_fail_memory(event->error, "csv_logger", 2 * sizeof *lines);
    if (dlcore_event_names(event, &names) > 0) /* none yet: no fit's */
        dlcore_csv_logger_put_header(&lines[0], logger, event);
    status = look(logger, &lines[0], &lines[1], event->error);
    dlcore_release(&event->model->allocator, lines);
    return status;
}

/* Before it is used: another callback may change it while fit runs. */
static dlcore_status check_log_path(const dlcore_csv_logger_t *logger,
                                    const dlcore_training_event_t *event)
{
    dlcore_status status = dlcore_check_callback(logger, "csv_logger", event->error);

    if (status == DLCORE_OK && (logger->path == NULL || logger->path[0] == '\0'))
        return dlcore_fail(event->error, DLCORE_ERROR_ARGUMENT, "csv_logger: path is %s",
                           logger->path == NULL ? "NULL" : "empty");
    return status;
}

static dlcore_callback_action_t logger_on_train_begin(void *user,
                                                      const dlcore_training_event_t *event)
{
    dlcore_csv_logger_t *logger = user;

    if (check_log_path(logger, event) != DLCORE_OK)
        return DLCORE_CALLBACK_FAIL;
    if (!can_separate(logger->separator))
        return dlcore_callback_fail(event, DLCORE_ERROR_ARGUMENT,
                                    "csv_logger: separator must be a tab, a blank or one of "
                                    "! # $ %% & ' ( ) * , / : ; < = > ? @ [ \\ ] ^ ` { | } ~, "
                                    "got %d",
                                    logger->separator);
    logger->state[0] = 0.0;
    logger->fresh = true;
    logger->rate = (double)NAN;
    logger->appends = logger->append;
    logger->has_rate = logger->learning_rate;
    logger->parted_by = logger->separator;
    if (!dlcore_event_writes(event))
        return DLCORE_CALLBACK_CONTINUE;
    return dlcore_callback_check(with_header(logger, event, dlcore_csv_logger_begin));
}

static dlcore_callback_action_t logger_on_resume(void *user, const dlcore_training_event_t *event)
{
    const dlcore_csv_logger_t *logger = user;
    dlcore_status status =
        dlcore_callback_check_counts(event, "csv_logger", logger->state, DLCORE_COUNT_BIT(0));

    if (status == DLCORE_OK && dlcore_event_writes(event) &&
        logger->state[0] > 0.0) /* lines of this run are there already */
        status = with_header(logger, event, dlcore_csv_logger_go_on);
    return dlcore_callback_check(status);
}

/* As an epoch ends, another callback may have set that of the next one already. */
static dlcore_callback_action_t logger_on_batch_begin(void *user,
                                                      const dlcore_training_event_t *event)
{
    dlcore_csv_logger_t *logger = user;

    if (logger->has_rate)
        logger->rate = dlcore_model_learning_rate(event->model);
    return DLCORE_CALLBACK_CONTINUE;
}

static dlcore_callback_action_t logger_on_epoch_end(void *user,
                                                    const dlcore_training_event_t *event)
{
    dlcore_csv_logger_t *logger = user;

    if (!dlcore_event_writes(event))
        return DLCORE_CALLBACK_CONTINUE;
    if (check_log_path(logger, event) != DLCORE_OK)
        return DLCORE_CALLBACK_FAIL;
    if (logger->parted_by == '\0')
        return dlcore_callback_check(dlcore_event_fail_anew(event, "csv_logger"));
    return dlcore_callback_check(dlcore_csv_logger_write(logger, event));
}

dlcore_callback_t dlcore_csv_logger_callback(dlcore_csv_logger_t *logger)
{
    if (logger == NULL)
        return dlcore_callback_missing("csv_logger");
    return (dlcore_callback_t){.user = logger,
                               .on_train_begin = logger_on_train_begin,
                               .on_batch_begin = logger_on_batch_begin,
                               .on_epoch_end = logger_on_epoch_end,
                               .name = logger->name,
                               .state = logger->state,
                               .state_count = 1,
                               .on_resume = logger_on_resume};
}
