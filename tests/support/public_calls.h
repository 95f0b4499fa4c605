/* Every public function, called in a scene that has what it needs.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_TESTS_PUBLIC_CALLS_H
#define DLCORE_TESTS_PUBLIC_CALLS_H

#include <stdbool.h>
#include <stddef.h>

#include "dlcore/status.h"

typedef struct public_scene public_scene_t;

typedef struct public_call {
    const char *name; /* "dlcore_model_fit" */
    void (*call)(public_scene_t *scene);
} public_call_t;

extern const public_call_t public_calls[];
extern const size_t public_call_count;

/* Files in the test's folder that calls read. */
void public_scene_write_files(void);
/* Everything made anew. */
public_scene_t *public_scene_make(void);
/* Every allocator that a call may be given lacks one of its functions from here on. */
void public_scene_lack_allocate(public_scene_t *scene);
void public_scene_lack_release(public_scene_t *scene);
/* Files that what a call made holds open, by its contract. */
size_t public_scene_open_files(const public_scene_t *scene);
/* What a call made, too. */
void public_scene_free(public_scene_t *scene);

/* The outcome of a call. */
typedef struct public_outcome {
    dlcore_status status; /* DLCORE_OK of functions that have none */
    bool nulled;          /* a pointer was NULL */
    const char *message;  /* NULL: there was nowhere to write one */
} public_outcome_t;

/* Runs a call; with its pointer argument number `null`, from 1, NULL. 0: as it should be. */
public_outcome_t public_scene_run(public_scene_t *scene, const public_call_t *call, size_t null);
/* Runs a call whose allocation number `fail_at`, from 1, fails, or with `for_ever` that and all
 * later ones. false: it asked for fewer. */
bool public_scene_run_without_memory(public_scene_t *scene, const public_call_t *call,
                                     size_t fail_at, bool for_ever, public_outcome_t *outcome);
/* Blocks of memory that scenes have and did not give back. */
size_t public_scene_blocks(void);
/* Whether the scene's model still predicts, where there is one. */
bool public_scene_still_works(public_scene_t *scene);

#endif
