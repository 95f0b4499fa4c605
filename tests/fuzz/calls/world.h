/* What a script of calls works on: a few places for each kind of object, an allocator with a limit,
 * and what is asked of every call alike.
 *
 * A script is a correct program: it frees what is borrowed from after the borrower, and uses no
 * object that was freed. Everything else it may do.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_TESTS_FUZZ_WORLD_H
#define DLCORE_TESTS_FUZZ_WORLD_H

#include <setjmp.h>
#include <stdatomic.h>
#include <stdio.h>

#include "dlcore.h"
#include "fuzz/calls/script.h"

enum {
    WORLD_TENSORS = 8,
    WORLD_MODELS = 3,
    WORLD_PREDICTORS = 2,
    WORLD_TABLES = 2,
    WORLD_NUMBERS = 1024,
    WORLD_BYTES = 1 << 16,
    WORLD_NOBODY = -1
};

typedef struct world {
    script_t script;
    size_t least_threads; /* of every model */

    /* ---- memory ---- */
    dlcore_allocator_t allocator;
    atomic_flag lock;
    size_t live, refused;
    size_t fail_in; /* so many allocations from now one fails; 0: none */
    bool fail_for_ever;

    /* ---- the call at hand ---- */
    dlcore_error_record_t error;
    bool has_error;
    int flags, rounding; /* of floating-point: what it has to leave */

    /* ---- objects: NULL where there is none ---- */
    dlcore_tensor_t *tensors[WORLD_TENSORS];
    int bases[WORLD_TENSORS]; /* the tensor that one borrows from, or WORLD_NOBODY */
    dlcore_model_t *models[WORLD_MODELS];
    dlcore_predictor_t *predictors[WORLD_PREDICTORS];
    int predictor_models[WORLD_PREDICTORS];
    dlcore_history_t *history;
    dlcore_csv_t *csv;
    dlcore_table_t *tables[WORLD_TABLES];
    dlcore_schema_t *schemas[WORLD_TABLES];
    dlcore_table_stream_t *stream; /* of table and schema 0 */
    dlcore_ranking_t *ranking;
    dlcore_dependence_t *dependence;
    dlcore_cross_validation_t *cross;
    void *file; /* of a model, from its allocator */
    size_t file_size;

    /* ---- what calls read and write ---- */
    float numbers[WORLD_NUMBERS];
    float outputs[WORLD_NUMBERS];
    FILE *sink, *broken; /* a stream that takes everything, and one that takes nothing */
    const char *folder;
    bool wrote_files;

    /* ---- what the host's functions do in a training call ---- */
    size_t events, act_at, action;
    jmp_buf left;
    bool can_leave, has_left;
    size_t batches, fails_at; /* of a dataset: a pass; the call of `next` that fails */
    size_t given;
    const dlcore_tensor_t *batch_x, *batch_y, *batch_weight;
} world_t;

/* One call, or a few; its name is for whoever reads a finding. */
typedef struct world_call {
    const char *name;
    void (*run)(world_t *world);
} world_call_t;

extern const world_call_t calls_tensors[], calls_sparse[], calls_models[], calls_training[],
    calls_using[], calls_tables[], calls_files[], calls_reports[], calls_ranks[];

void world_begin(world_t *world, const uint8_t *bytes, size_t size);
/* Frees everything, and asks that nothing is left. */
void world_end(world_t *world);

/* ---- what is asked of a call ---- */

/* TRY(world, call): the call's status, which agrees with the record that world_error gave, if any;
 * the thread is as it was. TRY_MODEL: with the message that the model has. */
#define TRY(world, call) world_checked(world, (world_before(world), (call)), #call)
#define TRY_MODEL(world, model, call) \
    world_checked_model(world, model, (world_before(world), (call)), #call)
void world_before(world_t *world);
dlcore_status world_checked(world_t *world, dlcore_status status, const char *call);
dlcore_status world_checked_model(world_t *world, const dlcore_model_t *model, dlcore_status status,
                                  const char *call);
/* For a call without a status. */
#define QUERY(world, call) (world_before(world), (void)(call), world_after(world, #call))
void world_after(world_t *world, const char *call);
/* The record, rarely NULL. */
dlcore_error_record_t *world_error(world_t *world);
/* The allocation of that number from now on fails, in this call or the next. */
void world_fail_memory(world_t *world, size_t number, bool for_ever);
/* Ends the program unless the condition holds. */
void world_require(bool condition, const char *call, const char *what);

/* ---- objects ---- */

/* Any that is there, or rarely NULL. */
dlcore_tensor_t *world_tensor(world_t *world);
dlcore_model_t *world_model(world_t *world);
dlcore_predictor_t *world_predictor(world_t *world);
/* The number of a place, emptied. */
size_t world_tensor_place(world_t *world);
size_t world_model_place(world_t *world);
void world_free_tensor(world_t *world, size_t place);
void world_free_model(world_t *world, size_t place);
/* What borrows table and schema 0 goes first. */
void world_free_table(world_t *world, size_t place);
void world_free_schema(world_t *world, size_t place);
void world_free_file(world_t *world);
/* Samples and labels, in two places of their own; mostly those that the model needs as it is. */
typedef struct world_samples {
    dlcore_tensor_t *x, *y;
} world_samples_t;
world_samples_t world_draw_samples(world_t *world, const dlcore_model_t *model);
/* A file in the world's folder. */
const char *world_path(world_t *world);
FILE *world_stream(world_t *world);

/* ---- descriptors, mostly right: describe.c ---- */

dlcore_layer_t describe_layer(script_t *script);
dlcore_optimizer_t describe_optimizer(script_t *script);
/* For as many outputs. */
dlcore_loss_t describe_loss(script_t *script, size_t units);
dlcore_metric_t describe_metric(script_t *script);
dlcore_schedule_t describe_schedule(script_t *script);
dlcore_initializer_t describe_initializer(script_t *script);
/* What a model is to have been compiled with. */
void describe_compile(script_t *script, size_t units, dlcore_compile_options_t *options);

/* ---- a dataset and callbacks of the host's: host.c ---- */

dlcore_dataset_t host_dataset(world_t *world, const dlcore_tensor_t *x, const dlcore_tensor_t *y);
/* Does what the script says, at an event that it says. */
dlcore_callback_action_t host_callback(void *user, const dlcore_training_event_t *event);
void host_plan(world_t *world);
void host_write(void *user, const char *text, size_t length);
bool host_write_bytes(void *user, const void *bytes, size_t size);
size_t host_read_bytes(void *user, void *to, size_t want);

#endif
