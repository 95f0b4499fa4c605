/* A workspace that outlives calls: kept as long as it is right, remade when it is not.
 *
 * SPDX-License-Identifier: MIT */
#include "base/size.h"
#include "engine/workspace.h"

/* With room for everything that it had room for before. */
static dlcore_status remake(const dlcore_network_t *network, const dlcore_objective_t *objective,
                            unsigned batch_forms, size_t rows, size_t workers,
                            dlcore_workspace_t *workspace, dlcore_error_record_t *error)
{
    dlcore_workspace_key_t *key = &workspace->key;
    dlcore_workspace_key_t made = {.revision = network->revision, .objective = *objective};
    dlcore_status status;

    made.objective.weighted |= key->objective.weighted;
    batch_forms |= workspace->forms;
    rows = dlcore_size_max(rows, workspace->capacity);
    workers = dlcore_size_max(workers, workspace->workers);
    dlcore_workspace_clear(workspace);
    status = dlcore_workspace_create(network, &made.objective, DLCORE_WORKSPACE_TRAIN, batch_forms,
                                     rows, workers, workspace, error);
    if (status == DLCORE_OK)
        workspace->key = made;
    return status;
}

dlcore_status dlcore_workspace_ensure(const dlcore_network_t *network,
                                      const dlcore_objective_t *objective, unsigned batch_forms,
                                      size_t rows, size_t workers, dlcore_workspace_t *workspace,
                                      dlcore_error_record_t *error)
{
    const dlcore_workspace_key_t *key = &workspace->key;

    if (key->revision == network->revision &&
        dlcore_objective_is_same(&key->objective, objective) &&
        (key->objective.weighted || !objective->weighted) &&
        (batch_forms & ~workspace->forms) == 0 && workspace->capacity >= rows &&
        workspace->workers >= workers)
        return DLCORE_OK;
    return remake(network, objective, batch_forms, rows, workers, workspace, error);
}
