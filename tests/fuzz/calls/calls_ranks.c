/* Collectives: of one rank, of several over memory, and such as no host should write.
 *
 * SPDX-License-Identifier: MIT */
#include "fuzz/calls/world.h"
#include "support/collective_loopback.h"

#include <string.h>

/* ---- one model ---- */

static dlcore_status refuse_gather(void *user, const void *record, size_t bytes, void *records,
                                   dlcore_error_record_t *error)
{
    (void)user;
    (void)record;
    memset(records, 0, bytes);
    strcpy(error->message, "nobody is there");
    return DLCORE_ERROR_IO;
}

static dlcore_status refuse_broadcast(void *user, size_t root, void *bytes, size_t count,
                                      dlcore_error_record_t *error)
{
    (void)user;
    (void)root;
    (void)bytes;
    (void)count;
    (void)error;
    return DLCORE_ERROR_IO; /* without a message */
}

static dlcore_status refuse_begin(void *user, void *numbers, size_t count,
                                  dlcore_collective_number_t type, void **request,
                                  dlcore_error_record_t *error)
{
    (void)user;
    (void)numbers;
    (void)count;
    (void)type;
    (void)request;
    (void)error;
    return DLCORE_ERROR_IO;
}

static dlcore_status refuse_finish(void *user, void *request, dlcore_error_record_t *error)
{
    (void)user;
    (void)request;
    (void)error;
    return DLCORE_ERROR_IO;
}

static void join(world_t *world)
{
    script_t *script = &world->script;
    dlcore_model_t *model = world_model(world);
    dlcore_collective_t ranks = {.rank = script_rarely(script, 4) ? script_size(script, 3) : 0,
                                 .size = script_flag(script) ? 1 : script_size(script, 9),
                                 .allreduce_begin = refuse_begin,
                                 .allreduce_finish = refuse_finish,
                                 .broadcast = refuse_broadcast,
                                 .gather = refuse_gather};

    ranks.deterministic = script_rarely(script, 4);
    ranks.own_data = script_rarely(script, 4);
    ranks.local_batch_statistics = script_rarely(script, 4);
    ranks.piece_bytes = script_size(script, 9);
    if (script_rarely(script, 8))
        ranks.gather = NULL;
    if (script_rarely(script, 8))
        ranks.allreduce_finish = NULL;
    (void)TRY_MODEL(world, model,
                    dlcore_model_set_collective(model, script_rarely(script, 3) ? NULL : &ranks));
}

/* ---- several, which do the same ---- */

typedef struct team {
    world_t *world;
    dlcore_status statuses[2];
    size_t width, units, rows, epochs, odd_rank;
    dlcore_layer_t layer;
    dlcore_optimizer_t optimizer;
    const float *x;
    bool differs, lacks_model[2];
} team_t;

static void rank_work(void *user, const dlcore_collective_t *collective)
{
    team_t *team = user;
    dlcore_model_options_t options = dlcore_model_options_default();
    dlcore_fit_options_t how = dlcore_fit_options_default();
    dlcore_model_t *model = NULL;
    dlcore_tensor_t *x = NULL, *y = NULL;
    size_t x_shape[2] = {team->rows, team->width}, y_shape[2] = {team->rows, team->units};

    if (collective->rank == team->odd_rank && team->differs)
        y_shape[0]--;
    options.allocator = team->world->allocator;
    options.threads = team->world->least_threads > 1 ? 2 : 1;
    how.batch_size = 4;
    how.epochs = team->epochs;
    (void)dlcore_model_create(&options, &model);
    (void)dlcore_model_add(model, team->layer);
    (void)dlcore_model_add(model, dlcore_layer_dense(team->units, DLCORE_ACTIVATION_SIGMOID));
    (void)dlcore_model_compile(model, &team->optimizer, DLCORE_LOSS_MEAN_SQUARED_ERROR,
                               DLCORE_METRIC_NONE);
    team->lacks_model[collective->rank] =
        dlcore_model_set_collective(model, collective) != DLCORE_OK;
    if (team->lacks_model[collective->rank])
        collective->revoke(collective->user, "a rank that has no model"); /* nobody waits for it */
    (void)dlcore_tensor_borrow_const(&team->world->allocator, DLCORE_DTYPE_FLOAT32, 2, x_shape,
                                     team->x, 0, &x, NULL);
    (void)dlcore_tensor_borrow_const(&team->world->allocator, DLCORE_DTYPE_FLOAT32, 2, y_shape,
                                     team->x, 0, &y, NULL);
    team->statuses[collective->rank] = dlcore_model_fit(model, x, y, &how, NULL);
    dlcore_model_free(model);
    dlcore_tensor_free(x);
    dlcore_tensor_free(y);
}

static void train(world_t *world)
{
    script_t *script = &world->script;
    dlcore_collective_t settings = {.deterministic = script_flag(script),
                                    .own_data = script_rarely(script, 3),
                                    .piece_bytes = script_pick(script, 2) * 16,
                                    .early_update = script_flag(script)};
    team_t team = {.world = world};
    loopback_t *loopback;

    if (!script_rarely(script, 4) && world->least_threads < 2) /* threads take their time */
        return;
    team.width = 1 + script_pick(script, 9);
    team.units = 1 + script_pick(script, 4);
    team.rows = 2 + script_pick(script, 12);
    team.epochs = 1 + script_pick(script, 2);
    team.layer = describe_layer(script);
    team.optimizer = describe_optimizer(script);
    team.odd_rank = script_pick(script, 2);
    team.differs = script_rarely(script, 6);
    script_floats(script, world->numbers, WORLD_NUMBERS);
    team.x = world->numbers;
    loopback = loopback_create(2);
    world_require(loopback != NULL, "loopback_create", "no memory");
    if (script_rarely(script, 3))
        loopback_fail(loopback, script_pick(script, 2), script_pick(script, 24),
                      script_flag(script));
    if (!team.differs) /* what lacks memory on one rank before its call leaves the other alone */
        world_fail_memory(world, 0, false);
    loopback_run(loopback, &settings, rank_work, &team);
    world_require(team.statuses[0] == team.statuses[1] || team.lacks_model[0] ||
                      team.lacks_model[1],
                  "ranks", "ended with two statuses");
    loopback_free(loopback);
}

const world_call_t calls_ranks[] = {
    {"join", join},
    {"train", train},
    {NULL, NULL},
};
