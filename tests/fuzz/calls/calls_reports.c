/* Reports: confusion, rankings, probabilities, importance, dependence, pictures.
 *
 * SPDX-License-Identifier: MIT */
#include "fuzz/calls/world.h"

#include <string.h>

enum { CLASSES = 6 };

static const char *const class_names[CLASSES] = {"one", "two", "\xc3\xa4", "", "%s", "six"};

static void confusion(world_t *world)
{
    script_t *script = &world->script;
    const dlcore_tensor_t *y = world_tensor(world), *y_pred = world_tensor(world);
    size_t counts[CLASSES * CLASSES] = {0}, classes = script_pick(script, CLASSES + 1);
    const char *const *names = script_flag(script) ? class_names : NULL;

    (void)TRY(world, dlcore_confusion_matrix(y, y_pred, classes, SCRIPT_OR_NULL(script, counts),
                                             world_error(world)));
    if (script_rarely(script, 4))
        counts[script_pick(script, CLASSES * CLASSES)] = script_size(script, 9);
    (void)TRY(world, dlcore_report_confusion(counts, classes, names, world_stream(world),
                                             world_error(world)));
    (void)TRY(world, dlcore_report_classification(counts, classes, names, world_stream(world),
                                                  world_error(world)));
}

static void ranking(world_t *world)
{
    script_t *script = &world->script;
    const dlcore_tensor_t *y = world_tensor(world), *y_pred = world_tensor(world);

    QUERY(world, dlcore_ranking_free(world->ranking));
    world->ranking = NULL;
    (void)TRY(world, dlcore_ranking_make(y, y_pred, script_size(script, 3), &world->allocator,
                                         &world->ranking, world_error(world)));
    QUERY(world, dlcore_ranking_threshold(world->ranking, script_number(script, 1.0),
                                          script_number(script, 2.0)));
    if (script_flag(script))
        (void)TRY(world, dlcore_ranking_save_roc_svg(world->ranking, world_path(world),
                                                     world_error(world)));
    else
        (void)TRY(world, dlcore_ranking_save_pr_svg(world->ranking, world_path(world),
                                                    world_error(world)));
}

static void probabilities(world_t *world)
{
    script_t *script = &world->script;
    const dlcore_tensor_t *y = world_tensor(world);
    dlcore_tensor_t *y_pred = world_tensor(world);
    dlcore_reliability_t reliability = {0};
    double number;

    (void)TRY(world, dlcore_brier_score(y, y_pred, &number, world_error(world)));
    (void)TRY(world, dlcore_log_loss(y, y_pred, &number, world_error(world)));
    (void)TRY(world, dlcore_temperature_fit(y, y_pred, &number, world_error(world)));
    (void)TRY(world,
              dlcore_reliability_of(y, y_pred, script_size(script, 3), script_size(script, 9),
                                    &reliability, world_error(world)));
    if (script_rarely(script, 12))
        reliability.bin_count = script_size(script, 9);
    if (script_flag(script))
        (void)TRY(world,
                  dlcore_reliability_save_svg(&reliability, world_path(world), world_error(world)));
    (void)TRY(world,
              dlcore_temperature_apply(y_pred, script_number(script, 2.0), world_error(world)));
}

static void importance(world_t *world)
{
    static double means[64], deviations[64];
    script_t *script = &world->script;
    const dlcore_model_t *model = world_model(world);
    world_samples_t samples = world_draw_samples(world, model);
    dlcore_importance_options_t how = dlcore_importance_options_default();

    if (dlcore_model_input_width(model) > 64)
        return;
    how.metric = script_flag(script) ? "loss" : script_text(script);
    how.repeats = script_pick(script, 3);
    how.batch_size = script_size(script, 9);
    how.error = world_error(world);
    (void)TRY(world,
              dlcore_permutation_importance(model, samples.x, samples.y, &how, means, deviations));
    for (size_t i = 0; i < 4; i++)
        means[i] = script_number(script, 0.5);
    (void)TRY(world, dlcore_importance_save_svg(means, script_flag(script) ? deviations : NULL,
                                                script_flag(script) ? class_names : NULL,
                                                script_pick(script, CLASSES + 1), world_path(world),
                                                world_error(world)));
}

static void dependence(world_t *world)
{
    script_t *script = &world->script;
    const dlcore_model_t *model = world_model(world);
    dlcore_dependence_options_t how = dlcore_dependence_options_default();

    (void)world_draw_samples(world, model);
    how.points = script_size(script, 5);
    how.low = script_number(script, 0.05);
    how.high = script_number(script, 0.95);
    how.allocator = &world->allocator;
    how.error = world_error(world);
    QUERY(world, dlcore_dependence_free(world->dependence));
    world->dependence = NULL;
    (void)TRY(world, dlcore_dependence_make(model, world->tensors[0], script_size(script, 4), &how,
                                            &world->dependence));
    (void)TRY(world, dlcore_dependence_save_svg(world->dependence, script_text(script),
                                                world_path(world), world_error(world)));
}

static void curves(world_t *world)
{
    script_t *script = &world->script;
    dlcore_curves_options_t how = dlcore_curves_options_default();
    const char *names[2] = {script_text(script), script_text(script)};

    how.title = script_text(script);
    how.columns = script_size(script, 8);
    how.width = script_rarely(script, 3) ? script_size(script, 250) : how.width;
    how.height = script_rarely(script, 3) ? script_size(script, 250) : how.height;
    how.names = names;
    how.name_count = script_rarely(script, 3) ? script_pick(script, 3) : 0;
    how.log_names = names;
    how.log_name_count = script_rarely(script, 3) ? script_pick(script, 3) : 0;
    (void)TRY(world,
              dlcore_history_save_svg(world->history, world_path(world), &how, world_error(world)));
}

static void check_loss(world_t *world)
{
    script_t *script = &world->script;
    dlcore_loss_t loss = describe_loss(script, 4);
    dlcore_loss_difference_t report;

    (void)TRY(world, dlcore_loss_check(SCRIPT_OR_NULL(script, &loss), world_tensor(world),
                                       world_tensor(world), &report, world_error(world)));
}

/* Descriptors without a model. */
static void describe(world_t *world)
{
    script_t *script = &world->script;
    dlcore_schedule_t schedule = describe_schedule(script);
    const char *name = script_text(script);

    QUERY(world, dlcore_schedule_value(&schedule, script_size(script, 20)));
    QUERY(world, dlcore_layer_from_name(name).kind);
    QUERY(world, dlcore_loss_from_name(name).kind);
    QUERY(world, dlcore_metric_from_name(name).kind);
    QUERY(world, dlcore_optimizer_from_name(name).kind);
    QUERY(world, dlcore_schedule_from_name(name).kind);
    QUERY(world, dlcore_initializer_from_name(name).kind);
    QUERY(world, dlcore_activation_from_name(name));
}

const world_call_t calls_reports[] = {
    {"confusion", confusion},   {"ranking", ranking},       {"probabilities", probabilities},
    {"importance", importance}, {"dependence", dependence}, {"curves", curves},
    {"check_loss", check_loss}, {"describe", describe},     {NULL, NULL},
};
