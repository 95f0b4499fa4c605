/* Ready-made callbacks, with Keras 3's names, defaults and decisions.
 *
 *     early_stopping_t stopping = early_stopping_default();
 *     csv_logger_t log = csv_logger_default("training.csv");
 *     stopping.patience = 3;
 *     stopping.restore_best_weights = true;
 *     callback_t callbacks[] = {early_stopping_callback(&stopping), csv_logger_callback(&log)};
 *     how.callbacks = callbacks;
 *     how.callback_count = 2;
 *     model_fit(network, x, y, &how, NULL);
 *     printf("best epoch: %zu\n", stopping.best_epoch + 1);
 *
 * Each is a struct of yours: ..._default() fills it, you change fields, and ..._callback() makes a
 * callback_t that points to it, so it stays where it is until fit returns. Results are in the same
 * struct. It may serve one fit after another, not two at once; nothing is to be freed. A callback_t
 * made of NULL is refused by fit, with a message that names the callback.
 *
 * Bad settings, a monitored name that fit does not have, no memory and failing files end fit with
 * an error that names them. All but files that fail later are found before it has trained. (Keras
 * only warns about a name that is not there.)
 *
 * A file that is saved while fit runs keeps what the callbacks know, under their `name`, and a run
 * that resumes goes on as if it had never stopped; results are then those of the whole run. Two
 * callbacks of one kind need two names. One that keeps weights (restore_best_weights, roll_back)
 * must have kept them before the stop, too.
 *
 * Monitored names are looked up as in dlcore_training_value: "val_acc" will do. A value that is NaN
 * is worse than any number. (In Keras a first value of NaN stays the best for ever: early stopping
 * then always ends the run and restores the first epoch's weights.)
 *
 * A progress bar is no callback here: see `verbose` of dlcore_fit_options_t.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_CALLBACKS_H
#define DLCORE_CALLBACKS_H

#include <stdbool.h>
#include <stddef.h>

#include "api.h"
#include "callback.h"
#include "file.h"

#ifdef __cplusplus
extern "C" {
#endif

struct dlcore_system;

/* Which way a monitored value gets better. AUTO goes by the metric, as Keras does: up for
 * accuracies and other scores, down for the loss and for errors. */
typedef enum dlcore_monitor_mode {
    DLCORE_MONITOR_MODE_AUTO = 0,
    DLCORE_MONITOR_MODE_MIN,
    DLCORE_MONITOR_MODE_MAX
} dlcore_monitor_mode_t;

/* ---- early stopping ---- */

/* Stops when a value no longer improves: when, for `patience` epochs, it was never better than the
 * best so far by more than min_delta. Values are compared as float32, as Keras does. An epoch
 * without the value (validation_freq) does not count. */
typedef struct dlcore_early_stopping {
    size_t structure_size;      /* set by ..._default() */
    const char *monitor;        /* "val_loss" */
    double min_delta;           /* 0; only its size counts */
    size_t patience;            /* 0 */
    dlcore_monitor_mode_t mode; /* auto */
    double baseline;            /* NaN, the default: none; else waiting only ends by beating it */
    bool restore_best_weights;  /* false; true: at the end of training, however that came about,
                                   the weights become those of the best epoch */
    size_t start_from_epoch;    /* 0; epochs before it do not count */
    const char *name;           /* "early_stopping" */

    /* results */
    size_t stopped_epoch; /* from 0, as in Keras; 0: it did not stop, as it never does there */
    size_t best_epoch;    /* from 0; valid when `best` is not NaN */
    double best;          /* NaN before the first */
    size_t wait;          /* epochs since the best */

    /* inside */
    double state[6];
    float *best_weights;
} dlcore_early_stopping_t;
DLCORE_API dlcore_early_stopping_t dlcore_early_stopping_default(void);
DLCORE_API dlcore_callback_t dlcore_early_stopping_callback(dlcore_early_stopping_t *stopping);

/* ---- learning rates ---- */

/* Multiplies the learning rate by `factor` when a value has not improved for `patience` epochs. The
 * optimizer must not have a schedule. */
typedef struct dlcore_reduce_lr_on_plateau {
    size_t structure_size;      /* set by ..._default() */
    const char *monitor;        /* "val_loss" */
    double factor;              /* 0.1; at least 0 and below 1 */
    size_t patience;            /* 10 */
    dlcore_monitor_mode_t mode; /* auto */
    double min_delta;           /* 1e-4 */
    size_t cooldown;            /* 0; epochs after a reduction that do not count */
    double min_lr;              /* 0; never below it */
    const char *name;           /* "reduce_lr_on_plateau" */

    /* results */
    size_t reductions; /* in this fit */
    double best;       /* NaN before the first */
    size_t wait;       /* epochs since the best or the last reduction */

    /* inside */
    double state[5];
} dlcore_reduce_lr_on_plateau_t;
DLCORE_API dlcore_reduce_lr_on_plateau_t dlcore_reduce_lr_on_plateau_default(void);
DLCORE_API dlcore_callback_t
dlcore_reduce_lr_on_plateau_callback(dlcore_reduce_lr_on_plateau_t *reduce);

/* The learning rate of an epoch, from 0, by the one before. For one by the step, see
 * dlcore/schedule.h. */
typedef double (*dlcore_rate_function_t)(void *user, size_t epoch, double learning_rate);

/* Asks a function of yours for the learning rate as each epoch begins. The optimizer must not have
 * a schedule. */
typedef struct dlcore_learning_rate_scheduler {
    size_t structure_size;       /* set by ..._default() */
    dlcore_rate_function_t rate; /* answers what dlcore_model_set_learning_rate takes */
    void *user;
} dlcore_learning_rate_scheduler_t;
DLCORE_API dlcore_learning_rate_scheduler_t
dlcore_learning_rate_scheduler_default(dlcore_rate_function_t rate, void *user);
DLCORE_API dlcore_callback_t
dlcore_learning_rate_scheduler_callback(dlcore_learning_rate_scheduler_t *scheduler);

/* ---- numbers that run away ---- */

/* Keeps a copy of the weights, and puts it back when fit ends with DLCORE_ERROR_NOT_FINITE, which
 * it still answers: then the weights are those of the last copy, from before the loss went astray,
 * instead of those before the batch that it was noticed in. A copy only counts once a batch that
 * began with it had a finite loss: weights that an update has just blown up are not kept. Before
 * the first that counts nothing is put back. Needs the stop_on_not_finite of fit's options. The
 * optimizer's state stays as it is: compile again to begin it anew. */
typedef struct dlcore_roll_back {
    size_t structure_size; /* set by ..._default() */
    size_t save_freq;      /* 0, the default: as each epoch begins; n: also after every n batches */
    const char *name;      /* "roll_back" */

    /* results */
    bool rolled_back;
    size_t epoch, batch; /* of the copy: that many batches of that epoch were done */

    /* inside */
    double state[4];
    float *weights, *next;
    bool copied;
} dlcore_roll_back_t;
DLCORE_API dlcore_roll_back_t dlcore_roll_back_default(void);
DLCORE_API dlcore_callback_t dlcore_roll_back_callback(dlcore_roll_back_t *roll_back);

/* ---- files ---- */

#define DLCORE_CHECKPOINT_PATH_SIZE 1024

/* Saves the model as training goes on: dlcore_model_save, which replaces a file whole or not at
 * all. Folders must be there: whether a file could be written is found out as training begins, as
 * far as that can be told without replacing one, unless the folder's name has fields.
 *
 * `path` may have fields as in Keras: {epoch}, from 1; {batch}, from 1, when saving by batches; and
 * the name of any value, {val_loss}. After a colon comes Python's format: a width, with 0 before it
 * filled with zeros, and for values .2f or .2e: "weights-{epoch:02d}-{val_loss:.2f}.safetensors".
 * {{ and }} are braces. When saving by batches there are no values of validation. */
typedef struct dlcore_model_checkpoint {
    size_t structure_size; /* set by ..._default() */
    const char *path;
    const char *monitor; /* "val_loss"; looked at by save_best_only alone */
    bool save_best_only; /* false; true: only when the value is better than ever; an epoch without
                            the value (validation_freq) saves nothing, where Keras would save; nor
                            does NaN, which Keras saves when it is the first */
    bool save_weights_only;         /* false; true: dlcore_model_save_weights */
    dlcore_monitor_mode_t mode;     /* auto */
    size_t save_freq;               /* 0, the default: after each epoch; n: after every n batches */
    double initial_value_threshold; /* NaN, the default: none; else save_best_only must beat it */
    dlcore_save_options_t save;     /* the defaults; its `error` is not used */
    const char *name;               /* "model_checkpoint" */

    /* results; these and the best value last from fit to fit */
    size_t saves;
    double best;                                 /* that was saved; NaN before the first */
    char last_path[DLCORE_CHECKPOINT_PATH_SIZE]; /* that was saved to; "" at first */

    /* inside */
    double state[4];
    const struct dlcore_system *system;
} dlcore_model_checkpoint_t;
/* `path` is borrowed. */
DLCORE_API dlcore_model_checkpoint_t dlcore_model_checkpoint_default(const char *path);
DLCORE_API dlcore_callback_t
dlcore_model_checkpoint_callback(dlcore_model_checkpoint_t *checkpoint);

/* Writes a line per epoch to a CSV file: epoch, from 0, then the values in order of their names. A
 * fit with validation has the columns of validation from the first line, NA in epochs without; a
 * fit that never validates (validation_freq above its epochs) has none. Lines end with CR LF, as
 * Python's csv writes them; numbers are the shortest that read back as the same double. A run that
 * resumes cuts the lines that it writes again; DLCORE_ERROR_FORMAT where the log has other columns
 * than it would write. */
typedef struct dlcore_csv_logger {
    size_t structure_size; /* set by ..._default() */
    const char *path;
    char separator;     /* ','; or ';', tab, and the like: ASCII, and no digit, letter or quote, no
                           control character but tab, none of . - + _ */
    bool append;        /* false; true: behind what the file has, whose first line must be the
                           header that this run would write: else DLCORE_ERROR_FORMAT, with both.
                           A last line that was cut off is ended first, unless it is the header:
                           that is another then. Pipes and the like are not looked into */
    bool learning_rate; /* false; true: has a column learning_rate, that of the epoch's last batch,
                           as Keras writes when one of its callbacks changes it */
    const char *name;   /* "csv_logger" */

    /* inside */
    double state[1], rate;
    bool fresh;
    const struct dlcore_system *system;
} dlcore_csv_logger_t;
/* `path` is borrowed. */
DLCORE_API dlcore_csv_logger_t dlcore_csv_logger_default(const char *path);
DLCORE_API dlcore_callback_t dlcore_csv_logger_callback(dlcore_csv_logger_t *logger);

/* For runs that may be killed: start the same program again and it goes on. As training begins,
 * loads the file at `path` when there is one, and fit goes on from there to the same bits; without
 * one it begins as it would. Saves to it as training goes on, after all other callbacks. When the
 * last epoch is done, or a callback has stopped the run, the file is deleted; when
 * dlcore_model_request_stop did, or fit failed, it stays. Delete it to begin anew. Whether it can
 * be written is found out as training begins, before the model changes; not when nothing is left to
 * train and no file is to be deleted.
 *
 * From the file come weights, the optimizer's state, counts, seed, where the run stands, and the
 * learning rate, as callbacks may have changed it; where the optimizer has a schedule, also a
 * function, the program's stays. Layers and all other settings of compile must be those of the
 * file: DLCORE_ERROR_STATE names one that is not, and both its values; DLCORE_ERROR_SHAPE, where
 * the weights are others. */
typedef struct dlcore_backup_and_restore {
    size_t structure_size; /* set by ..._default() */
    const char *path;
    size_t save_freq;       /* 0, the default: after each epoch; n: after every n batches */
    bool delete_checkpoint; /* true; false: it stays, and a run that is done, started again, trains
                               nothing and has its end once more */
    dlcore_save_options_t save; /* the defaults; training_state must stay true; its `error` is not
                                   used */
    const char *name;           /* "backup_and_restore" */

    /* results */
    bool restored; /* this fit went on from the file */
    size_t saves;  /* in this fit */

    /* inside */
    double state[2];
    const struct dlcore_system *system;
} dlcore_backup_and_restore_t;
/* `path` is borrowed. */
DLCORE_API dlcore_backup_and_restore_t dlcore_backup_and_restore_default(const char *path);
DLCORE_API dlcore_callback_t
dlcore_backup_and_restore_callback(dlcore_backup_and_restore_t *backup);

#ifdef __cplusplus
}
#endif

#endif
