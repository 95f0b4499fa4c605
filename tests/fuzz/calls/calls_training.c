/* Training: fit with all its settings and callbacks, datasets, single steps, gradients.
 *
 * SPDX-License-Identifier: MIT */
#include "fuzz/calls/world.h"

#include <stdlib.h>
#include <string.h>

/* ---- fit ---- */

/* The structs of callbacks, which outlive the call. */
typedef struct callbacks {
    dlcore_callback_t list[4];
    dlcore_early_stopping_t early_stopping;
    dlcore_reduce_lr_on_plateau_t reduce;
    dlcore_learning_rate_scheduler_t scheduler;
    dlcore_roll_back_t roll_back;
    dlcore_model_checkpoint_t checkpoint;
    dlcore_csv_logger_t logger;
    dlcore_tensor_board_t board;
    dlcore_backup_and_restore_t backup;
} callbacks_t;

static double rate_of_epoch(void *user, size_t epoch, double learning_rate)
{
    world_t *world = user;

    (void)epoch;
    return script_number(&world->script, learning_rate / 2.0);
}

static const char *monitor(script_t *script)
{
    return script_flag(script) ? "loss" : script_text(script);
}

static dlcore_callback_t watcher(world_t *world, callbacks_t *callbacks)
{
    script_t *script = &world->script;

    switch (script_pick(script, 4)) {
    case 0:
        callbacks->early_stopping = dlcore_early_stopping_default();
        callbacks->early_stopping.monitor = monitor(script);
        callbacks->early_stopping.patience = script_size(script, 2);
        callbacks->early_stopping.min_delta = script_number(script, 0.0);
        callbacks->early_stopping.mode = (dlcore_monitor_mode_t)script_choice(script, 0, 2);
        callbacks->early_stopping.restore_best_weights = script_flag(script);
        return dlcore_early_stopping_callback(&callbacks->early_stopping);
    case 1:
        callbacks->reduce = dlcore_reduce_lr_on_plateau_default();
        callbacks->reduce.monitor = monitor(script);
        callbacks->reduce.patience = script_size(script, 2);
        callbacks->reduce.factor = script_number(script, 0.5);
        callbacks->reduce.cooldown = script_size(script, 2);
        return dlcore_reduce_lr_on_plateau_callback(&callbacks->reduce);
    case 2:
        callbacks->scheduler =
            dlcore_learning_rate_scheduler_default(SCRIPT_OR_NULL(script, rate_of_epoch), world);
        return dlcore_learning_rate_scheduler_callback(&callbacks->scheduler);
    default:
        callbacks->roll_back = dlcore_roll_back_default();
        callbacks->roll_back.save_freq = script_size(script, 2);
        return dlcore_roll_back_callback(&callbacks->roll_back);
    }
}

static dlcore_callback_t writer(world_t *world, callbacks_t *callbacks)
{
    script_t *script = &world->script;
    const char *path = world_path(world);

    switch (script_pick(script, 4)) {
    case 0:
        callbacks->checkpoint = dlcore_model_checkpoint_default(path);
        callbacks->checkpoint.save.sync = false;
        callbacks->checkpoint.monitor = monitor(script);
        callbacks->checkpoint.save_best_only = script_flag(script);
        callbacks->checkpoint.save_weights_only = script_flag(script);
        callbacks->checkpoint.save_freq = script_size(script, 2);
        return dlcore_model_checkpoint_callback(&callbacks->checkpoint);
    case 1:
        callbacks->logger = dlcore_csv_logger_default(path);
        callbacks->logger.append = script_flag(script);
        callbacks->logger.separator = script_rarely(script, 4) ? (char)script_byte(script) : ',';
        callbacks->logger.learning_rate = script_flag(script);
        return dlcore_csv_logger_callback(&callbacks->logger);
    case 2:
        callbacks->backup = dlcore_backup_and_restore_default(path);
        callbacks->backup.save.sync = false;
        callbacks->backup.save_freq = script_size(script, 2);
        callbacks->backup.delete_checkpoint = script_flag(script);
        return dlcore_backup_and_restore_callback(&callbacks->backup);
    default: /* not into the world's folder, where its files would stay */
        callbacks->board = dlcore_tensor_board_default(path != world->folder ? path : NULL);
        callbacks->board.histogram_freq = script_size(script, 2);
        return dlcore_tensor_board_callback(&callbacks->board);
    }
}

static size_t callbacks_of(world_t *world, callbacks_t *callbacks)
{
    script_t *script = &world->script;
    size_t count = script_pick(script, 4);

    for (size_t i = 0; i < count; i++) {
        size_t which = script_pick(script, 8);

        if (which < 3)
            callbacks->list[i] = watcher(world, callbacks);
        else if (which < 5)
            callbacks->list[i] = writer(world, callbacks);
        else
            callbacks->list[i] = (dlcore_callback_t){.user = world,
                                                     .on_train_begin = host_callback,
                                                     .on_train_end = host_callback,
                                                     .on_epoch_begin = host_callback,
                                                     .on_epoch_end = host_callback,
                                                     .on_batch_begin = host_callback,
                                                     .on_batch_end = host_callback};
    }
    host_plan(world);
    return count;
}

static void validation(world_t *world, dlcore_fit_options_t *how, const dlcore_dataset_t *dataset)
{
    script_t *script = &world->script;

    how->validation_freq = script_size(script, 2);
    how->validation_batch_size = script_rarely(script, 4) ? script_size(script, 9) : 0;
    switch (script_pick(script, 3)) {
    case 0:
        how->validation_split = script_number(script, 0.25);
        how->shuffle_before_split = script_flag(script);
        break;
    case 1:
        how->validation_x = world->tensors[0];
        how->validation_y = world->tensors[1];
        how->validation_sample_weight = script_rarely(script, 6) ? world_tensor(world) : NULL;
        break;
    default:
        how->validation_dataset = dataset;
        how->validation_steps = script_size(script, 3);
        break;
    }
}

/* Ends: at most three epochs of five steps where the data do not say how many. */
static void settings(world_t *world, dlcore_fit_options_t *how, const dlcore_dataset_t *dataset)
{
    static float class_weight[4];
    script_t *script = &world->script;

    *how = dlcore_fit_options_default();
    how->batch_size = script_flag(script) ? 4 : script_size(script, 20);
    how->initial_epoch = script_rarely(script, 8) ? script_size(script, 3) : 0;
    how->epochs = how->initial_epoch + 1 + script_pick(script, 3);
    how->shuffle = script_flag(script);
    how->steps_per_epoch = script_rarely(script, 5) ? script_pick(script, 6) : 0;
    if (script_rarely(script, 3))
        validation(world, how, dataset);
    if (script_rarely(script, 6))
        how->sample_weight = world_tensor(world);
    if (script_rarely(script, 6)) {
        script_floats(script, class_weight, 4);
        how->class_weight = class_weight;
        how->class_count = script_pick(script, 5);
    }
    how->resume = script_rarely(script, 8);
    how->verbose = script_rarely(script, 6) ? script_choice(script, 0, 2) : 0;
    how->sink =
        (dlcore_sink_t){.write = host_write, .user = world, .terminal = script_rarely(script, 9)};
    how->stop_on_not_finite = !script_rarely(script, 4);
    if (script_rarely(script, 96))
        how->structure_size = 0;
}

/* A call that was left by longjmp keeps the model until it is abandoned, or the model freed. */
static void abandon(world_t *world, dlcore_model_t *model)
{
    if (script_flag(&world->script))
        world_require(dlcore_model_build(model, 3) == DLCORE_ERROR_BUSY, "a call that was left",
                      "does not keep the model");
    (void)TRY_MODEL(world, model, dlcore_model_abandon_call(model));
}

/* In a function of its own, whose variables longjmp leaves alone. */
static void run_fit(world_t *world, dlcore_model_t *model, const world_samples_t *samples,
                    const dlcore_dataset_t *dataset, const dlcore_fit_options_t *how)
{
    world->has_left = false;
    world->can_leave = true;
    if (setjmp(world->left) == 0) {
        if (dataset != NULL)
            (void)TRY_MODEL(world, model,
                            dlcore_model_fit_dataset(model, dataset, how, &world->history));
        else
            (void)TRY_MODEL(world, model,
                            dlcore_model_fit(model, samples->x, samples->y, how, &world->history));
    }
    world->can_leave = false;
    if (world->has_left)
        abandon(world, model);
}

static void fit(world_t *world)
{
    script_t *script = &world->script;
    dlcore_model_t *model = world_model(world);
    world_samples_t samples = world_draw_samples(world, model);
    dlcore_dataset_t dataset = host_dataset(world, samples.x, samples.y);
    bool reads = script_rarely(script, 3);
    callbacks_t callbacks = {0};
    dlcore_fit_options_t how;

    settings(world, &how, &dataset);
    how.callbacks = callbacks.list;
    how.callback_count = callbacks_of(world, &callbacks);
    if (dataset.prefetch) /* its thread must not meet what a callback does */
        world->action = 0;
    QUERY(world, dlcore_history_free(world->history));
    world->history = NULL;
    run_fit(world, model, &samples, reads ? &dataset : NULL,
            script_rarely(script, 48) ? NULL : &how);
    QUERY(world, dlcore_history_epoch_count(world->history));
    QUERY(world, dlcore_history_value(world->history, script_text(script), script_size(script, 2)));
    QUERY(world, dlcore_history_stopped(world->history));
}

/* ---- steps ---- */

static void step(world_t *world)
{
    script_t *script = &world->script;
    dlcore_model_t *model = world_model(world);
    world_samples_t samples = world_draw_samples(world, model);
    dlcore_evaluation_t result;

    if (script_flag(script))
        (void)TRY_MODEL(world, model,
                        dlcore_model_train_on_batch(model, samples.x, samples.y,
                                                    SCRIPT_OR_NULL(script, &result)));
    else
        (void)TRY_MODEL(
            world, model,
            dlcore_model_train_on_batch_weighted(model, samples.x, samples.y,
                                                 script_flag(script) ? NULL : world_tensor(world),
                                                 world->numbers, script_pick(script, 5), &result));
}

static void gradients(world_t *world)
{
    script_t *script = &world->script;
    dlcore_model_t *model = world_model(world);
    size_t count = dlcore_model_parameter_count(model);
    world_samples_t samples = world_draw_samples(world, model);
    double loss;

    if (count > WORLD_NUMBERS)
        return;
    count += script_rarely(script, 24);
    script_floats(script, world->outputs, WORLD_NUMBERS);
    (void)TRY_MODEL(world, model,
                    dlcore_model_gradients(model, samples.x, samples.y,
                                           SCRIPT_OR_NULL(script, world->outputs), count, &loss));
    if (script_flag(script))
        (void)TRY_MODEL(world, model, dlcore_model_apply_gradients(model, world->outputs, count));
    else
        (void)TRY_MODEL(world, model,
                        dlcore_model_train_on_gradient(model, samples.x, world_tensor(world)));
}

static void lbfgs(world_t *world)
{
    script_t *script = &world->script;
    dlcore_model_t *model = world_model(world);
    world_samples_t samples = world_draw_samples(world, model);
    dlcore_lbfgs_options_t how = dlcore_lbfgs_options_default();
    dlcore_lbfgs_report_t report;

    how.iterations = script_pick(script, 4);
    how.memory = script_size(script, 4);
    how.gradient_tolerance = script_number(script, 1e-5);
    how.loss_tolerance = script_number(script, 1e-7);
    (void)TRY_MODEL(
        world, model,
        dlcore_model_fit_lbfgs(model, samples.x, samples.y, &how, SCRIPT_OR_NULL(script, &report)));
}

/* ---- trials on copies ---- */

static void rates(world_t *world)
{
    static dlcore_rate_curve_t curve;
    script_t *script = &world->script;
    const dlcore_model_t *model = world_model(world);
    world_samples_t samples = world_draw_samples(world, model);
    dlcore_rate_options_t how = dlcore_rate_options_default();

    how.lowest = script_number(script, 1e-4);
    how.highest = script_number(script, 1.0);
    how.steps = script_rarely(script, 24) ? script_size(script, 4) : 2 + script_pick(script, 4);
    if (how.steps > 5 && how.steps <= DLCORE_RATE_STEPS_MAX)
        how.steps = 5;
    how.batch_size = script_size(script, 9);
    how.smoothing = script_number(script, 0.5);
    how.divergence = script_number(script, 4.0);
    how.error = world_error(world);
    (void)TRY(world, dlcore_model_try_rates(model, samples.x, samples.y, &how, &curve));
}

static void cross(world_t *world)
{
    script_t *script = &world->script;
    const dlcore_model_t *model = world_model(world);
    world_samples_t samples = world_draw_samples(world, model);
    dlcore_cross_validate_options_t how = dlcore_cross_validate_options_default();
    dlcore_fit_options_t fit_how;
    dlcore_cross_candidate_t candidates[2];

    settings(world, &fit_how, NULL);
    for (size_t i = 0; i < 2; i++)
        candidates[i] = (dlcore_cross_candidate_t){.name = script_text(script),
                                                   .model = i == 0 ? model : world_model(world),
                                                   .fit = script_flag(script) ? &fit_how : NULL};
    how.folds.folds = script_size(script, 3);
    how.folds.shuffle = script_flag(script);
    how.at_once = world->least_threads > 1 ? script_size(script, 3) : 1;
    if (how.at_once == 0)
        how.at_once = 2;
    how.adapt = script_flag(script);
    how.allocator = &world->allocator;
    how.error = world_error(world);
    QUERY(world, dlcore_cross_validation_free(world->cross));
    world->cross = NULL;
    (void)TRY(world, dlcore_cross_validate(candidates, 1 + script_pick(script, 2), samples.x,
                                           samples.y, &how, &world->cross));
    QUERY(world,
          dlcore_cross_validation_mean(world->cross, script_size(script, 2), script_text(script)));
    QUERY(world, dlcore_cross_validation_best(world->cross, script_text(script), false));
    (void)TRY(world,
              dlcore_cross_validation_print(world->cross, world_stream(world), world_error(world)));
}

const world_call_t calls_training[] = {
    {"fit", fit},     {"fit", fit},     {"fit", fit},     {"step", step}, {"gradients", gradients},
    {"lbfgs", lbfgs}, {"rates", rates}, {"cross", cross}, {NULL, NULL},
};
