/* The frame of a call: who has the model, the host's code that it runs, and what becomes of a call
 * that this code never comes back to.
 *
 * A C++ exception or longjmp out of the host's code drops the frames of the call. What the call
 * holds is therefore reachable from the model: the fit and the team of a call that writes, and the
 * blocks of dlcore_held_allocator. Nothing here lies on a stack.
 *
 * SPDX-License-Identifier: MIT */
#include "model/call.h"

#include <stddef.h>

#include "base/error.h"
#include "model/model.h"
#include "system/threads.h"

/* ---- who has the model ---- */

/* Where the frame of this function lies, and where that of its caller ends; 0 where that cannot be
 * told. Both functions that ask are not inlined, so that the frames are their own. */
#if defined(__GNUC__)
#    define FRAME() ((uintptr_t)__builtin_frame_address(0))
#    define CALLER_END() ((uintptr_t)__builtin_dwarf_cfa())
#else
#    define FRAME() ((uintptr_t)0)
#    define CALLER_END() ((uintptr_t)0)
#endif

/* Stacks grow down: whatever the host's code calls lies below the end of the frame that called this
 * code. A frame above it proves that that one is gone. One below it proves nothing: it may also
 * belong to a deeper function that was called later. */
DLCORE_KEPT_APART bool dlcore_call_was_left(const dlcore_model_t *model)
{
    const dlcore_call_t *call = &model->call;
    uintptr_t frame = atomic_load_explicit(&call->host_frame, memory_order_relaxed);

    return frame != 0 && atomic_load(&call->holder) == dlcore_thread_current() && FRAME() > frame;
}

static dlcore_status refuse_busy(dlcore_model_t *model)
{
    const dlcore_call_t *call = &model->call;
    const char *code = atomic_load(&call->host_code);

    if (atomic_load(&call->holder) != dlcore_thread_current())
        return DLCORE_ERROR_BUSY; /* the message is the other call's: dlcore_model_error */
    if (code == NULL)
        return dlcore_fail(&model->error, DLCORE_ERROR_BUSY, "model: is in use by another call");
    if (dlcore_call_was_left(model))
        return dlcore_fail(&model->error, DLCORE_ERROR_BUSY,
                           "model: a call was left by an exception or longjmp out of %s; "
                           "call model_abandon_call first",
                           code);
    return dlcore_fail(&model->error, DLCORE_ERROR_BUSY,
                       "model: is in use by the call that runs %s on this thread; if an exception "
                       "or longjmp left it, call model_abandon_call first",
                       code);
}

const char *dlcore_model_error(const dlcore_model_t *model)
{
    uintptr_t holder;

    if (model == NULL)
        return "model is NULL";
    holder = atomic_load(&model->call.holder);
    if (holder == 0 || holder == dlcore_thread_current())
        return model->error.message;
    if (atomic_load(&model->call.host_code) == NULL)
        return "model: is in use by a call on another thread";
    return "model: is in use by a call on another thread, which runs your code (a callback, a "
           "dataset, ...); if an exception or longjmp left it, call model_abandon_call first";
}

dlcore_status dlcore_model_begin(dlcore_model_t *model)
{
    uintptr_t nobody = 0;

    if (model == NULL)
        return DLCORE_ERROR_ARGUMENT;
    if (!atomic_compare_exchange_strong(&model->call.holder, &nobody, dlcore_thread_current()))
        return refuse_busy(model);
    model->call.before = dlcore_traces_note();
    dlcore_error_clear(&model->error);
    return DLCORE_OK;
}

dlcore_status dlcore_model_end(dlcore_model_t *model, dlcore_status status)
{
    dlcore_traces_t before = model->call.before;

    dlcore_model_settle_run(model);
    atomic_store(&model->call.holder, 0);
    return dlcore_traces_end(before, status);
}

void dlcore_model_lend(dlcore_model_t *model)
{
    atomic_store_explicit(&model->call.borrower, dlcore_thread_current(), memory_order_relaxed);
}

void dlcore_model_take_back(dlcore_model_t *model)
{
    atomic_store_explicit(&model->call.borrower, 0, memory_order_relaxed);
}

/* Another thread never reads its own name here, whatever it races with. */
static bool is_borrower(const dlcore_model_t *model)
{
    return atomic_load_explicit(&model->call.borrower, memory_order_relaxed) ==
           dlcore_thread_current();
}

dlcore_status dlcore_model_begin_setting(dlcore_model_t *model)
{
    if (model == NULL || !is_borrower(model))
        return dlcore_model_begin(model);
    if (dlcore_call_was_left(model))
        return refuse_busy(model);
    model->call.setting_before = dlcore_traces_note();
    dlcore_error_clear(&model->error);
    return DLCORE_OK;
}

dlcore_status dlcore_model_end_setting(dlcore_model_t *model, dlcore_status status)
{
    if (is_borrower(model))
        return dlcore_traces_end(model->call.setting_before, status);
    return dlcore_model_end(model, status);
}

/* ---- the host's code ---- */

DLCORE_KEPT_APART void dlcore_host_begin(dlcore_model_t *model, const dlcore_scope_t *scope,
                                         const char *code)
{
    if (scope != NULL)
        dlcore_scope_leave(*scope);
    atomic_store_explicit(&model->call.host_frame, CALLER_END(), memory_order_relaxed);
    atomic_store_explicit(&model->call.host_code, code, memory_order_release);
}

void dlcore_host_end(dlcore_model_t *model, dlcore_scope_t *scope)
{
    atomic_store_explicit(&model->call.host_code, NULL, memory_order_release);
    atomic_store_explicit(&model->call.host_frame, 0, memory_order_relaxed);
    if (scope != NULL)
        *scope = dlcore_scope_enter(model);
}

/* ---- blocks that a call holds ---- */

/* Before each block, as long as keeps the alignment that malloc gives. */
typedef union held {
    struct {
        dlcore_held_place_t *place;
    } of;
    max_align_t alignment;
} held_t;

static dlcore_held_place_t *take_place(dlcore_held_t *held)
{
    for (size_t i = 0; i < DLCORE_HELD_PLACES; i++) {
        uintptr_t nobody = 0;

        if (atomic_compare_exchange_strong(&held->places[i].thread, &nobody,
                                           dlcore_thread_current()))
            return &held->places[i];
    }
    return NULL;
}

/* A place for one more block: of the model, or of a shelf that is added and stays. No lock, which a
 * fork could leave taken. NULL without memory. */
static dlcore_held_place_t *find_place(dlcore_model_t *model)
{
    dlcore_held_t *held = &model->held;
    dlcore_held_place_t *place = take_place(held);

    while (place == NULL) {
        dlcore_held_t *next = atomic_load(&held->next), *made;

        if (next == NULL) {
            made = dlcore_allocate(&model->allocator, 1, sizeof *made);
            if (made == NULL)
                return NULL;
            if (atomic_compare_exchange_strong(&held->next, &next, made))
                next = made;
            else
                dlcore_release(&model->allocator, made);
        }
        held = next;
        place = take_place(held);
    }
    return place;
}

static void free_place(dlcore_held_place_t *place)
{
    atomic_store(&place->block, NULL);
    atomic_store(&place->thread, 0);
}

static void *held_allocate(void *user, size_t size)
{
    dlcore_model_t *model = user;
    dlcore_held_place_t *place;
    held_t *block;

    if (size > SIZE_MAX - sizeof *block)
        return NULL;
    place = find_place(model);
    if (place == NULL)
        return NULL;
    block = dlcore_allocate_bytes(&model->allocator, size + sizeof *block);
    if (block == NULL) {
        free_place(place);
        return NULL;
    }
    block->of.place = place;
    atomic_store(&place->block, block);
    return block + 1;
}

static void held_release(void *user, void *memory)
{
    dlcore_model_t *model = user;
    held_t *block = (held_t *)memory - 1;

    free_place(block->of.place);
    dlcore_release_bytes(&model->allocator, block);
}

dlcore_allocator_t dlcore_held_allocator(const dlcore_model_t *model)
{
    /* what is held is no part of what const promises to keep */
    return (dlcore_allocator_t){
        .allocate = held_allocate, .release = held_release, .user = (dlcore_model_t *)model};
}

/* Those of a thread; 0: all. A thread's places change on that thread alone. */
static void release_held(dlcore_model_t *model, uintptr_t thread)
{
    for (dlcore_held_t *held = &model->held; held != NULL; held = atomic_load(&held->next)) {
        for (size_t i = 0; i < DLCORE_HELD_PLACES; i++) {
            dlcore_held_place_t *place = &held->places[i];
            uintptr_t owner = atomic_load(&place->thread);
            void *block;

            if (owner == 0 || (thread != 0 && owner != thread))
                continue;
            block = atomic_load(&place->block);
            free_place(place);
            if (block != NULL)
                dlcore_release_bytes(&model->allocator, block);
        }
    }
}

/* ---- calls that were left ---- */

static void drop_call(dlcore_model_t *model)
{
    dlcore_call_t *call = &model->call;

    if (call->drop_fit != NULL)
        call->drop_fit(model);
    dlcore_model_release_team(model, call->team);
    call->team = NULL;
    release_held(model, atomic_load(&call->holder));
    atomic_store(&call->borrower, 0);
    atomic_store(&call->host_code, NULL);
    atomic_store(&call->host_frame, 0);
    dlcore_model_settle_run(model);
    dlcore_error_clear(&model->error);
    atomic_store(&call->holder, 0);
}

dlcore_status dlcore_model_abandon_call(dlcore_model_t *model)
{
    if (model == NULL)
        return DLCORE_ERROR_ARGUMENT;
    if (atomic_load(&model->call.holder) != 0) {
        if (atomic_load(&model->call.host_code) == NULL)
            return refuse_busy(model);
        drop_call(model);
    }
    release_held(model, dlcore_thread_current());
    return DLCORE_OK;
}

void dlcore_model_drop_calls(dlcore_model_t *model)
{
    dlcore_held_t *held, *next;

    if (atomic_load(&model->call.holder) != 0)
        drop_call(model);
    release_held(model, 0);
    for (held = atomic_load(&model->held.next); held != NULL; held = next) {
        next = atomic_load(&held->next);
        dlcore_release(&model->allocator, held);
    }
}
