/* Pages made by those who will use them.
 *
 * SPDX-License-Identifier: MIT */
#include "model/place.h"

#include <math.h>

#include "model/model.h"

#define PLACED_BYTES ((size_t)16 << 20)
#define PAGE_FLOATS 1024

typedef struct placing {
    const dlcore_network_t *network;
    float *floats;
} placing_t;

static void place_share(void *argument, size_t worker, size_t workers)
{
    const placing_t *placing = argument;
    const dlcore_parameter_t *parameter;

    for (size_t i = 0; (parameter = dlcore_network_parameter(placing->network, i, NULL)) != NULL;
         i++) {
        size_t end = dlcore_share(parameter->floats, worker + 1, workers);

        for (size_t at = dlcore_share(parameter->floats, worker, workers); at < end;
             at += PAGE_FLOATS)
            placing->floats[parameter->offset + at] = 0.0f;
    }
}

void dlcore_model_place(void *owner, float *floats)
{
    dlcore_model_t *model = owner;
    placing_t placing = {.network = &model->network, .floats = floats};
    dlcore_team_t *team = model->call.team, *acquired = NULL;

    if (model->network.value_floats < PLACED_BYTES / sizeof *floats)
        return;
    if (team == NULL)
        team = acquired = dlcore_model_acquire_team(model, HUGE_VAL);
    if (team != NULL)
        dlcore_team_run(team, dlcore_team_size(team), place_share, &placing);
    dlcore_model_release_team(model, acquired);
}
