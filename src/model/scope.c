/* What a call borrows while it computes: the floating-point control of its thread, BLAS, and the
 * model's team.
 *
 * SPDX-License-Identifier: MIT */
#include "model/model.h"
#include "tensor/sparse.h"

/* Multiply-adds that one more thread must have to be worth waking: some 20 us of work. */
#define WORK_PER_THREAD 1e6

/* What a multiply-add with an entry of a list takes, in those of matrices: a load each. */
#define WORK_OF_ENTRY 4.0

double dlcore_forward_work(const dlcore_model_t *model, const dlcore_tensor_t *x, size_t rows)
{
    const dlcore_network_t *network = &model->network;
    double work = (double)network->value_floats;
    const dlcore_node_t *first;

    if (dlcore_gather_is_lists(network, x) && x->shape[0] > 0) {
        first = &network->nodes[network->first];
        work -= (double)first->parameters[0].floats;
        work += WORK_OF_ENTRY * (double)first->output_width *
                (double)dlcore_sparse_entries(&x->sparse) / (double)x->shape[0];
    }
    return work * (double)rows;
}

dlcore_scope_t dlcore_scope_enter(const dlcore_model_t *model)
{
    dlcore_scope_t scope = {.mode = dlcore_float_mode_enter(model->options.flush_denormals),
                            .products = model->network.products};

    if (scope.products->enter != NULL)
        scope.products->enter(model->options.blas_threads);
    return scope;
}

void dlcore_scope_leave(dlcore_scope_t scope)
{
    if (scope.products->leave != NULL)
        scope.products->leave();
    dlcore_float_mode_leave(scope.mode);
}

/* How many of `threads` are worth using. */
static size_t useful_threads(size_t threads, double multiply_adds)
{
    double useful = multiply_adds / WORK_PER_THREAD;

    if (useful >= (double)threads)
        return threads;
    return useful < 2.0 ? 1 : (size_t)useful;
}

/* Not where BLAS has the threads, or can only be called by one at a time. */
static bool gains_from_team(const dlcore_model_t *model)
{
    const dlcore_products_t *products = model->network.products;

    if (products->is_concurrent != NULL && !products->is_concurrent())
        return false;
    return !model->options.blas_threads;
}

dlcore_team_t *dlcore_model_acquire_team(const dlcore_model_t *model, double multiply_adds)
{
    /* the team is a tool of the model, not a part of what const promises to keep */
    dlcore_model_t *owner = (dlcore_model_t *)model;
    size_t threads = model->options.threads;

    /* asking the system takes longer than a small step */
    if (useful_threads(DLCORE_THREADS_MAX, multiply_adds) == 1)
        return NULL;
    if (threads == 0) /* quotas are read where a team is made, not in every call */
        threads = dlcore_team_allowed_cpus();
    if (useful_threads(threads, multiply_adds) == 1 || !gains_from_team(model) ||
        atomic_flag_test_and_set(&owner->team_busy))
        return NULL;
    if (owner->team == NULL &&
        dlcore_team_create(&owner->allocator, model->options.threads, &owner->team) != DLCORE_OK)
        owner->team = NULL; /* without memory for a team the caller works alone */
    if (owner->team == NULL)
        atomic_flag_clear(&owner->team_busy);
    return owner->team;
}

void dlcore_model_release_team(const dlcore_model_t *model, dlcore_team_t *team)
{
    if (team != NULL)
        atomic_flag_clear(&((dlcore_model_t *)model)->team_busy);
}

size_t dlcore_model_workers(const dlcore_team_t *team, double multiply_adds)
{
    return useful_threads(dlcore_team_size(team), multiply_adds);
}
