/* The frame of a call on a model: who has it, and what a call holds while it runs the host's code,
 * which may never come back.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_MODEL_CALL_H
#define DLCORE_MODEL_CALL_H

#include "system/compiler.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/allocator.h"
#include "base/float_mode.h"
#include "base/traces.h"
#include "dlcore/model.h"
#include "engine/team.h"
#include "products/products.h"

DLCORE_HIDDEN_BEGIN

/* The call that has the model: one that writes. */
typedef struct dlcore_call {
    atomic_uintptr_t holder;         /* its thread; 0: none */
    atomic_uintptr_t borrower;       /* the thread of a callback that it runs; 0: none */
    _Atomic(const char *) host_code; /* what of the host's it runs: "on_batch_end"; NULL: nothing */
    atomic_uintptr_t host_frame;     /* where that was called from; 0: not known */
    void (*drop_fit)(dlcore_model_t *model); /* NULL: the call is no fit */
    dlcore_team_t *team;                     /* that it has acquired */
    dlcore_traces_t before;                  /* of its thread, as it began */
    dlcore_traces_t setting_before;          /* likewise, of a call that a callback of it makes */
} dlcore_call_t;

/* Blocks that calls hold: places, and further shelves of them. A place belongs to the thread that
 * it names. */
enum { DLCORE_HELD_PLACES = 8 };
typedef struct dlcore_held_place {
    atomic_uintptr_t thread; /* 0: free */
    _Atomic(void *) block;
} dlcore_held_place_t;
typedef struct dlcore_held {
    dlcore_held_place_t places[DLCORE_HELD_PLACES];
    _Atomic(struct dlcore_held *) next;
} dlcore_held_t;

/* Clears the message and takes the model; DLCORE_ERROR_ARGUMENT for NULL, DLCORE_ERROR_BUSY when
 * another call has it. */
dlcore_status dlcore_model_begin(dlcore_model_t *model);
/* Gives the model back and passes the status on. */
dlcore_status dlcore_model_end(dlcore_model_t *model, dlcore_status status);

/* Around a callback: calls that change weights or the rate are open to its thread. */
void dlcore_model_lend(dlcore_model_t *model);
void dlcore_model_take_back(dlcore_model_t *model);
/* The frame of such a call: that of others, but on the thread of a callback of the model's own fit,
 * which has the model already. */
dlcore_status dlcore_model_begin_setting(dlcore_model_t *model);
dlcore_status dlcore_model_end_setting(dlcore_model_t *model, dlcore_status status);

/* The frame of numeric work: float mode and BLAS threads as dlcore needs them, then as before. */
typedef struct dlcore_scope {
    dlcore_float_mode_t mode;
    const dlcore_products_t *products;
} dlcore_scope_t;
dlcore_scope_t dlcore_scope_enter(const dlcore_model_t *model);
void dlcore_scope_leave(dlcore_scope_t scope);

/* Around every piece of the host's code that a call that has the model runs, in the host's own
 * float mode: an exception or longjmp may leave the call there, and nowhere else. `scope` NULL: the
 * call is in none. `code` names it in messages: "on_batch_end". */
void dlcore_host_begin(dlcore_model_t *model, const dlcore_scope_t *scope, const char *code);
void dlcore_host_end(dlcore_model_t *model, dlcore_scope_t *scope);
/* Whether this thread has left the call that has the model, for certain. */
bool dlcore_call_was_left(const dlcore_model_t *model);

/* The model's allocator, for memory that a call holds over the host's code: abandoning the call, or
 * freeing the model, releases it. */
dlcore_allocator_t dlcore_held_allocator(const dlcore_model_t *model);

/* For dlcore_model_free: drops every call that was left, and all that calls held. */
void dlcore_model_drop_calls(dlcore_model_t *model);

DLCORE_HIDDEN_END

#endif
