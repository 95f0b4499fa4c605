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
 * Each is a struct of yours. ..._default() fills it, you change fields, and ..._callback() makes a
 * callback_t that points to it, so do not move it before fit returns. Results are in the same
 * struct. You may use it for one fit after another, but not for two at once, nor twice in one list.
 * There is nothing to free. A callback_t made of NULL is refused by fit, with a message that names
 * the callback.
 *
 * A callback of yours may change settings while fit runs: they count from their next use, and bad
 * ones end fit then. csv_logger's separator, append and learning_rate, and tensor_board's folders,
 * count as training begins; a name counts as its callback is made. Do not set restore_best_weights,
 * or a whole struct anew, while fit runs.
 *
 * Bad settings, a monitored name that fit does not have, lack of memory and files that cannot be
 * written end fit with an error that names them. They are found before training begins, except for
 * files that fail later. (Keras only warns about an unknown name.)
 *
 * A file that is saved while fit runs includes the state of the callbacks, under their `name`. A
 * resumed run therefore continues as if it had not been interrupted, and the results are those of
 * the whole run. Two callbacks of one kind need two names. A callback that keeps weights
 * (restore_best_weights, roll_back) can only resume if it kept weights before the stop, too.
 *
 * Monitored names are looked up as in dlcore_training_value: "val_acc" will do. A value that is NaN
 * is worse than any number. (In Keras a first value of NaN stays the best for ever: early stopping
 * then always ends the run and restores the first epoch's weights.)
 *
 * For a progress bar see `verbose` of dlcore_fit_options_t.
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
    double baseline;            /* NaN, the default: none; else only a better value counts */
    bool restore_best_weights;  /* false; true: at the end of training, whatever ended it, the
                                   weights become those of the best epoch */
    size_t start_from_epoch;    /* 0; epochs before it do not count */
    const char *name;           /* "early_stopping" */

    /* results */
    size_t stopped_epoch; /* from 0, as in Keras; 0: it did not stop (it never stops in epoch 0) */
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

/* Returns the learning rate of an epoch (from 0), given the rate before it. For a rate by step see
 * dlcore/schedule.h. */
typedef double (*dlcore_rate_function_t)(void *user, size_t epoch, double learning_rate);

/* Asks a function of yours for the learning rate as each epoch begins. The optimizer must not have
 * a schedule. */
typedef struct dlcore_learning_rate_scheduler {
    size_t structure_size;       /* set by ..._default() */
    dlcore_rate_function_t rate; /* returns a rate that dlcore_model_set_learning_rate accepts */
    void *user;
} dlcore_learning_rate_scheduler_t;
DLCORE_API dlcore_learning_rate_scheduler_t
dlcore_learning_rate_scheduler_default(dlcore_rate_function_t rate, void *user);
DLCORE_API dlcore_callback_t
dlcore_learning_rate_scheduler_callback(dlcore_learning_rate_scheduler_t *scheduler);

/* ---- losses that become NaN or infinite ---- */

/* Keeps a copy of the weights. When fit ends with DLCORE_ERROR_NOT_FINITE (which it still returns),
 * the copy is put back: the weights are then from before the loss began to grow, instead of those
 * just before the bad batch. A copy is valid once a batch that started with it had a finite loss,
 * so weights that an update has just destroyed are not kept. Without a valid copy nothing is put
 * back. Needs stop_on_not_finite of fit's options. The optimizer's state does not change; compile
 * again to reset it. */
typedef struct dlcore_roll_back {
    size_t structure_size; /* set by ..._default() */
    size_t save_freq; /* 0, the default: at the start of each epoch; n: also after n batches each */
    const char *name; /* "roll_back" */

    /* results */
    bool rolled_back;
    size_t epoch, batch; /* of the copy: it was made after `batch` batches of `epoch` */

    /* inside */
    double state[4];
    float *weights, *next;
    bool copied;
} dlcore_roll_back_t;
DLCORE_API dlcore_roll_back_t dlcore_roll_back_default(void);
DLCORE_API dlcore_callback_t dlcore_roll_back_callback(dlcore_roll_back_t *roll_back);

/* ---- files ---- */

#define DLCORE_CHECKPOINT_PATH_SIZE 1024

/* Saves the model during training with dlcore_model_save, which replaces a file completely or not
 * at all. Folders must exist. Whether the file can be written is checked when training begins, as
 * far as possible without replacing it, unless the name of the folder has fields.
 *
 * `path` may have fields as in Keras: {epoch}, from 1; {batch}, from 1, when saving by batches; and
 * the name of any value, {val_loss}. After a colon comes Python's format: a width, with 0 before it
 * filled with zeros, and for values .2f or .2e: "weights-{epoch:02d}-{val_loss:.2f}.safetensors".
 * {{ and }} are braces. When saving by batches there are no values of validation. */
typedef struct dlcore_model_checkpoint {
    size_t structure_size; /* set by ..._default() */
    const char *path;
    const char *monitor; /* "val_loss"; only save_best_only uses it */
    bool save_best_only; /* false; true: only when the value is better than ever; an epoch without
                            the value (validation_freq) saves nothing, where Keras would save; nor
                            does NaN, which Keras saves when it is the first */
    bool save_weights_only;         /* false; true: dlcore_model_save_weights */
    dlcore_monitor_mode_t mode;     /* auto */
    size_t save_freq;               /* 0, the default: after each epoch; n: after every n batches */
    double initial_value_threshold; /* NaN, the default: none; else save_best_only must beat it */
    dlcore_save_options_t save;     /* the defaults; its `error` is not used */
    const char *name;               /* "model_checkpoint" */

    /* results; they are kept from fit to fit */
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
    char separator;     /* ','; also allowed: a tab, a blank, or one of
                           ! # $ % & ' ( ) * / : ; < = > ? @ [ \ ] ^ ` { | } ~ */
    bool append;        /* false; true: appends. The first line of the file must be the header that
                           this run would write; otherwise DLCORE_ERROR_FORMAT, and the message
                           shows both. An unfinished last line is ended first; an unfinished header
                           counts as a different header. Pipes are not checked. */
    bool learning_rate; /* false; true: has a column learning_rate, that of the epoch's last batch,
                           as Keras writes when one of its callbacks changes it */
    const char *name;   /* "csv_logger" */

    /* inside */
    double state[1], rate;
    bool fresh, appends, has_rate;
    char parted_by;
    const struct dlcore_system *system;
} dlcore_csv_logger_t;
/* `path` is borrowed. */
DLCORE_API dlcore_csv_logger_t dlcore_csv_logger_default(const char *path);
DLCORE_API dlcore_callback_t dlcore_csv_logger_callback(dlcore_csv_logger_t *logger);

#define DLCORE_TENSOR_BOARD_PATH_SIZE 1024

/* Event files for TensorBoard (`tensorboard --logdir FOLDER`), with Keras's tags: "epoch_loss" and
 * the other values of each epoch, "epoch_learning_rate" (that of its last batch), on request
 * "batch_loss" and so on, and histograms of weights. Values of validation stand in the same file,
 * as "epoch_val_loss", or in one of validation_folder, as "epoch_loss", so that TensorBoard draws
 * both curves in one chart: give it the two folders as FOLDER/train and FOLDER/validation, as Keras
 * does. Folders must exist. Each run makes a file of its own, a resumed one, too; epochs that it
 * does again are then there twice. Graphs, images and profiles are not written. */
typedef struct dlcore_tensor_board {
    size_t structure_size; /* set by ..._default() */
    const char *folder;
    const char *validation_folder; /* NULL: `folder` */
    size_t update_freq; /* values after every so many batches, means since the epoch began; 0: none.
                           What is 0 as the callback is made stays so */
    size_t histogram_freq; /* histograms of all weights after every so many epochs; 0: none */
    const char *name;      /* "tensor_board" */

    /* inside */
    double state[1], rate;
    char paths[2][DLCORE_TENSOR_BOARD_PATH_SIZE];
    const struct dlcore_system *system;
} dlcore_tensor_board_t;
/* `folder` is borrowed. */
DLCORE_API dlcore_tensor_board_t dlcore_tensor_board_default(const char *folder);
DLCORE_API dlcore_callback_t dlcore_tensor_board_callback(dlcore_tensor_board_t *board);

/* For runs that may be killed: start the same program again and it resumes. When training begins
 * and there is a file at `path`, it is loaded and fit continues from there; the result is
 * bit-identical to a run that was not interrupted. Without a file training starts normally. During
 * training it saves to the file, after all other callbacks. The file is deleted when the last epoch
 * is done or a callback has stopped the run. It stays when dlcore_model_request_stop stopped the
 * run or fit failed. Delete it to start again. Whether the file can be written is checked when
 * training begins, before the model changes (not if nothing is left to train and no file is to be
 * deleted).
 *
 * The file gives the weights, the optimizer's state, counts, seed, position and learning rate
 * (which callbacks may have changed). If the optimizer has a schedule, that of the program is used.
 * Layers and all other compile settings must equal those of the file: otherwise DLCORE_ERROR_STATE
 * names the setting and both values, or DLCORE_ERROR_SHAPE the weights. */
typedef struct dlcore_backup_and_restore {
    size_t structure_size; /* set by ..._default() */
    const char *path;
    size_t save_freq;       /* 0, the default: after each epoch; n: after every n batches */
    bool delete_checkpoint; /* true; false: the file stays. Started again after its end, the program
                               then trains nothing and only repeats the end of training */
    dlcore_save_options_t save; /* the defaults; training_state must stay true; its `error` is not
                                   used */
    const char *name;           /* "backup_and_restore" */

    /* results */
    bool restored; /* this fit resumed from the file */
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
