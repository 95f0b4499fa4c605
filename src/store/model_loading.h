/* A model on its way out of a file. model_load.c goes through the parts in the order in which they
 * stand here; a part that fails has put the file's name and the reason into loading->error.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_STORE_MODEL_LOADING_H
#define DLCORE_STORE_MODEL_LOADING_H

#include "system/compiler.h"

#include "dlcore/file.h"
#include "model/model.h"
#include "store/model_reading.h"
#include "json/json.h"

DLCORE_HIDDEN_BEGIN

struct dlcore_model_loading;

/* What only a model that may train gets of its file. A program that loads models to predict alone
 * links nothing of it, nor of optimizers, losses and metrics. */
typedef struct dlcore_model_loading_training {
    /* Compiles as the file says, if the options say so; counts of what was trained. */
    dlcore_status (*compile)(struct dlcore_model_loading *loading);
    /* Looks which tensors of a state there are; and makes room for them. */
    void (*find)(struct dlcore_model_loading *loading);
    dlcore_status (*make_room)(struct dlcore_model_loading *loading);
} dlcore_model_loading_training_t;

typedef struct dlcore_model_loading {
    const dlcore_model_loading_training_t *training; /* NULL: only to predict */
    dlcore_load_options_t options;
    dlcore_model_reading_t reading;
    dlcore_model_t *model;
    dlcore_load_report_t report;
    float *self_test; /* x, the file's y, and the model's; NULL: not wanted, or not there */
    bool has_state;   /* the optimizer's, in the file */
    bool lacks_state; /* it is not, though the optimizer has made steps and needs some */
    const dlcore_model_precision_t *precision; /* that the file says training had */
    char checksum[64];                         /* the file's; "": it has none */
    dlcore_error_record_t *error;
} dlcore_model_loading_t;

/* The file's name, for messages. */
static inline const char *dlcore_model_loading_file(const dlcore_model_loading_t *loading)
{
    return loading->reading.source->name;
}

/* The model's own message, with the file's name. */
dlcore_status dlcore_model_loading_error(const dlcore_model_loading_t *loading,
                                         dlcore_status status);

/* ---- layers: model_load.c ---- */

/* Adds the file's layers to loading->model, which is empty, for samples of *width numbers, and
 * looks whether the file has every weight of them. Nothing is built. */
dlcore_status dlcore_model_loading_layers(dlcore_model_loading_t *loading, size_t *width);

/* ---- metadata: model_load_metadata.c ---- */

/* Refuses formats that are not known here; notes the library's version and the checksum. */
dlcore_status dlcore_model_loading_version(dlcore_model_loading_t *loading);
/* Notes the precision of training, and sets it where the options say so. */
dlcore_status dlcore_model_loading_precision(dlcore_model_loading_t *loading);
/* JSON within a string of the metadata, decoded into *text, which the caller releases to the
 * reading's allocator in any case; kind DLCORE_JSON_NONE when it is absent. */
dlcore_status dlcore_model_loading_json(const dlcore_model_loading_t *loading, const char *name,
                                        char **text, dlcore_json_t *value);
/* The same without a copy, which a file with a long history in it would pay for: the text is
 * decoded in its place, never longer than it was, and the metadata can be asked nothing more. */
dlcore_status dlcore_model_loading_last_json(dlcore_model_loading_t *loading, const char *name,
                                             dlcore_json_t *value);

/* ---- functions of the user's: model_load_functions.c ---- */

/* Puts those that the options give into settings that were read; others are known to be missing. */
dlcore_status dlcore_model_loading_functions(dlcore_model_loading_t *loading,
                                             dlcore_compile_options_t *settings);

/* ---- training state: model_load_state.c ---- */

/* The model's counts, seed and stopped run, without the weights that the latter keeps. */
dlcore_status dlcore_model_loading_counts(dlcore_model_loading_t *loading);
/* Looks whether the file has the optimizer's state: all of it, or nothing. */
void dlcore_model_loading_find_state(dlcore_model_loading_t *loading);
/* Forgets counts of steps whose optimizer's state the file has lost, as when another program wrote
 * the tensors anew: the model begins as one that was never trained. Not after a compile, which
 * begins the state anew but not the counts, nor where nothing trains, as there is none to lose. */
void dlcore_model_loading_forget_counts(dlcore_model_loading_t *loading);
/* Room for the state, of which the file has every number. */
dlcore_status dlcore_model_loading_make_slots(dlcore_model_loading_t *loading);
/* Room for the weights that the run and its callbacks keep, of which the file has every number. */
dlcore_status dlcore_model_loading_make_copies(dlcore_model_loading_t *loading);

/* ---- the self-test: model_load_self_test.c ---- */

/* Finds it, and makes room when it is to be run: x, y and the model's y. */
dlcore_status dlcore_model_loading_find_self_test(dlcore_model_loading_t *loading);
/* Runs it, once the weights are there; the report says how far the outputs are apart. */
dlcore_status dlcore_model_loading_self_test(dlcore_model_loading_t *loading);

DLCORE_HIDDEN_END

#endif
