/* The inside of a running fit, for the files that check, run and tell of one.
 *
 *     fit.c          what users call: buffers, the beginning and the end
 *     fit_check.c    options and data: what is refused, what trains, what validates
 *     fit_run.c      epochs and batches
 *     fit_validate.c the values of data that are not trained on
 *     fit_ranks.c    what the ranks of a collective agree on
 *     fit_notify.c   names and values, callbacks, the progress line
 *     fit_resume.c   telling where a run stands, and going on from there
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_FIT_FIT_H
#define DLCORE_FIT_FIT_H

#include "system/compiler.h"

#include "fit/history.h"
#include "model/check.h"
#include "model/feed.h"
#include "model/progress.h"
#include "model/run_state.h"
#include "model/train.h"

DLCORE_HIDDEN_BEGIN

/* On the heap and not on the stack: the host's code may leave the call by an exception or longjmp,
 * and what it holds is then dropped from the model's side. */
typedef struct dlcore_fit {
    dlcore_model_t *model;
    const dlcore_fit_options_t *options; /* the copy: callbacks may change the caller's */
    dlcore_fit_options_t copy;
    dlcore_tensor_t x, y, weights, validation_x, validation_y, validation_weights; /* likewise */
    dlcore_dataset_t validation_dataset;
    dlcore_callback_t *callbacks; /* copies, those that run last behind the others */
    size_t *places;               /* theirs in the caller's list, which messages give */
    dlcore_training_t training;
    bool training_begun; /* and has to end */
    dlcore_update_sink_t sink;
    dlcore_feed_t feed;
    dlcore_source_t validation; /* rows 0: none of tensors */
    size_t *split_order;        /* of shuffle_before_split, else NULL */
    bool validates;             /* by tensors or by a dataset */
    dlcore_history_t *history;  /* always kept: files have it */
    dlcore_progress_t progress;
    dlcore_scope_t scope;

    dlcore_position_t position;
    size_t steps;                        /* batches in an epoch; 0: not known yet */
    dlcore_sums_t sums, validation_sums; /* with states of their own */

    dlcore_run_state_t view; /* what dlcore_fit_state answers; callbacks and sums are allocated */

    /* names and values of the epoch: loss, metrics, then those of the validation */
    char name_texts[DLCORE_HISTORY_VALUES_MAX][DLCORE_HISTORY_NAME_SIZE];
    const char *names[DLCORE_HISTORY_VALUES_MAX];
    double values[DLCORE_HISTORY_VALUES_MAX];
    size_t trained_values, all_values;
    size_t shown_values; /* of the last epoch */
    bool stop, stopped_by_callback;
    bool wished;                /* so it did before the callbacks of the batch at hand */
    bool wishes_stop;           /* this rank does, and the others will hear of it */
    dlcore_ranks_t *ranks;      /* NULL: the model is alone */
    dlcore_meeting_t meeting;   /* the last before a step */
    uint64_t version;           /* of the weights as the first step began */
    bool waits;                 /* this rank has no more data, others have */
    size_t uneven;              /* steps of this pass that some ranks have waited */
    size_t batch_size;          /* of this rank's tensors */
    dlcore_run_state_t *former; /* the run that was stopped before, until this one has begun */
    size_t callbacks_begun; /* callbacks whose on_train_begin was called, or skipped where NULL */
    bool resumed;           /* it went on from a record */
    bool ended;             /* nothing more is trained: callbacks hear of the end */
    bool recorded;          /* a record is left with the model */
    bool left;              /* a record with a copy of the weights, which then had this version */
    uint64_t left_version;
    dlcore_findings_t findings;    /* told before the first epoch */
    dlcore_error_record_t failure; /* of the callback that is called */
    dlcore_error_record_t reason;  /* why the fit fails: the first that was wrong */
} dlcore_fit_t;

/* Where in a dlcore_callback_t a function stands. */
typedef enum dlcore_moment {
    DLCORE_TRAIN_BEGIN,
    DLCORE_TRAIN_END,
    DLCORE_RESUME,
    DLCORE_EPOCH_BEGIN,
    DLCORE_EPOCH_END,
    DLCORE_BATCH_BEGIN,
    DLCORE_BATCH_END
} dlcore_moment_t;

/* ---- fit_check.c ---- */

/* Options alone, before anything is read; `dataset` NULL: of tensors. */
dlcore_status dlcore_fit_check(const dlcore_fit_t *fit, const dlcore_dataset_t *dataset);
/* Settles fit->validation, fit->validates and, of tensors, fit->feed and its place in
 * fit->position, and checks what the begin of training did not. */
dlcore_status dlcore_fit_choose_samples(dlcore_fit_t *fit, const dlcore_tensor_t *x,
                                        const dlcore_tensor_t *y);

/* ---- fit_notify.c ---- */

void dlcore_fit_name_values(dlcore_fit_t *fit);
void dlcore_fit_set_values(const dlcore_fit_t *fit, const dlcore_sums_t *sums, double *values);
/* Calls the callbacks of a moment, in the host's own float mode; what a callback fails with. */
dlcore_status dlcore_fit_notify(dlcore_fit_t *fit, dlcore_moment_t moment, size_t epoch,
                                size_t batch, size_t value_count, dlcore_status status);
/* Prints what model_check finds, with verbose 1, before a model's first epoch. */
void dlcore_fit_tell_findings(dlcore_fit_t *fit);
/* Prints what is due at a moment, if anything. */
void dlcore_fit_show(dlcore_fit_t *fit, dlcore_moment_t moment, size_t epoch, size_t batch);

/* ---- fit_ranks.c: without ranks, each answers the status that it is given ---- */

/* Before the first callback: `status` is what came of the fit until then, on this rank. */
dlcore_status dlcore_fit_begin_ranks(dlcore_fit_t *fit, dlcore_status status);
/* When the callbacks have begun, which may have loaded a run. */
dlcore_status dlcore_fit_begun_ranks(dlcore_fit_t *fit, dlcore_status status);
/* Tells the others of a failure or of a wish to stop, and hears of theirs. */
dlcore_status dlcore_fit_meet(dlcore_fit_t *fit, dlcore_meeting_point_t point,
                              dlcore_status status);
/* Likewise before a step, with a batch or its end; fills fit->meeting. */
dlcore_status dlcore_fit_meet_for_step(dlcore_fit_t *fit, const dlcore_source_t *source, bool ends,
                                       dlcore_status status);
/* A loss that is not finite, which all ranks have seen: their one message. */
dlcore_status dlcore_fit_settle_not_finite(dlcore_fit_t *fit, dlcore_status status);

/* ---- fit_run.c ---- */

/* Epochs from where the fit stands, until the last, a stop or an error. */
dlcore_status dlcore_fit_run(dlcore_fit_t *fit);
/* dlcore_feed_seek to a batch of the pass of fit->position, in the host's own float mode. */
dlcore_status dlcore_fit_seek(dlcore_fit_t *fit, size_t batch, uint32_t key);

/* ---- fit_validate.c ---- */

/* At the end of an epoch: settles fit->values behind the trained ones, and fit->shown_values. */
dlcore_status dlcore_fit_validate(dlcore_fit_t *fit);

/* ---- fit_resume.c ---- */

dlcore_status dlcore_fit_state_create(dlcore_fit_t *fit);
void dlcore_fit_state_clear(dlcore_fit_t *fit);
/* Where the fit stands now: a view. */
const dlcore_run_state_t *dlcore_fit_state(dlcore_fit_t *fit);
/* What model_save keeps: of a run that was stopped, else of the fit that is running; NULL when
 * there is none. Borrowed until the model is called again. */
const dlcore_run_state_t *dlcore_model_run_state(const dlcore_model_t *model);
/* Goes on from the model's record, which is used up. */
dlcore_status dlcore_fit_resume(dlcore_fit_t *fit);
/* Leaves a record with the model when the run was stopped on its way; with a copy of the weights,
 * as something may take their place before fit returns. */
dlcore_status dlcore_fit_leave_record(dlcore_fit_t *fit);
/* When all callbacks have ended: the copy goes where the weights are still those. */
void dlcore_fit_settle_record(const dlcore_fit_t *fit);

DLCORE_HIDDEN_END

#endif
