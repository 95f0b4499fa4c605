/* What a step calls of each kind of optimizer: the table of tables.
 *
 * SPDX-License-Identifier: MIT */
#include "nn/optimizer.h"

static const dlcore_optimizer_run_t *const optimizer_runs[] = {
    NULL,
#define DLCORE_OPTIMIZER_RUN_ROW(kind, name) \
    [DLCORE_OPTIMIZER_##kind] = &dlcore_optimizer_run_##name,
    DLCORE_OPTIMIZER_KINDS(DLCORE_OPTIMIZER_RUN_ROW)
#undef DLCORE_OPTIMIZER_RUN_ROW
};

const dlcore_optimizer_run_t *dlcore_optimizer_run(dlcore_optimizer_kind_t kind)
{
    return optimizer_runs[kind];
}
