/* A script of public calls, and what is asked of each: calls/world.h.
 *
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>

#include "fuzz/budget.h"
#include "fuzz/calls/world.h"

enum { CALLS_MAX = 24 };

static const world_call_t *const families[] = {
    calls_models, calls_models, calls_training, calls_using,   calls_tensors,
    calls_tables, calls_sparse, calls_files,    calls_reports, calls_ranks,
};

static const world_call_t *draw(script_t *script)
{
    const world_call_t *family =
        families[script_pick(script, sizeof families / sizeof families[0])];
    size_t count = 0;

    while (family[count].run != NULL)
        count++;
    return &family[script_pick(script, count)];
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static world_t world;
    bool tells = getenv("DLCORE_FUZZ_TELLS") != NULL;

    world_begin(&world, data, size);
    for (size_t i = 0; i < CALLS_MAX && !script_ended(&world.script); i++) {
        const world_call_t *call = draw(&world.script);

        if (tells)
            fprintf(stderr, "%s\n", call->name);
        call->run(&world);
    }
    world_end(&world);
    return 0;
}
