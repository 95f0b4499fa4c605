/* Using a model: evaluating, predicting, predictors, its layers and gradients by its inputs.
 *
 * SPDX-License-Identifier: MIT */
#include "fuzz/calls/world.h"

#include <stdlib.h>
#include <string.h>

/* A tensor for the outputs of a model, of the rows of `x`; at times any. */
static dlcore_tensor_t *outputs_for(world_t *world, size_t width, const dlcore_tensor_t *x)
{
    size_t lengths[2] = {dlcore_tensor_length(x, 0), width};
    bool any = script_rarely(&world->script, 6);

    if (any)
        return world_tensor(world);
    world_free_tensor(world, 2);
    (void)dlcore_tensor_create(&world->allocator, DLCORE_DTYPE_FLOAT32, 2, lengths,
                               &world->tensors[2], NULL);
    return world->tensors[2];
}

static void evaluate(world_t *world)
{
    script_t *script = &world->script;
    const dlcore_model_t *model = world_model(world);
    world_samples_t samples = world_draw_samples(world, model);
    dlcore_dataset_t dataset = host_dataset(world, samples.x, samples.y);
    dlcore_evaluate_options_t how = dlcore_evaluate_options_default();
    dlcore_evaluation_t result = {0};

    how.batch_size = script_size(script, 9);
    how.steps = script_rarely(script, 4) ? script_size(script, 3) : 0;
    how.sample_weight = script_rarely(script, 6) ? world_tensor(world) : NULL;
    how.verbose = script_rarely(script, 9) ? script_choice(script, 0, 2) : 0;
    how.sink = (dlcore_sink_t){.write = host_write, .user = world};
    how.error = world_error(world);
    if (script_rarely(script, 4))
        (void)TRY(world, dlcore_model_evaluate_dataset(model, &dataset, &how, &result));
    else if (script_rarely(script, 4))
        (void)TRY(world,
                  dlcore_model_test_on_batch_with(model, samples.x, samples.y, &how, &result));
    else
        (void)TRY(world, dlcore_model_evaluate(model, samples.x, samples.y, &how, &result));
    QUERY(world, dlcore_evaluation_value(&result, script_text(script)));
}

static dlcore_status take(void *user, const dlcore_tensor_t *y_pred, dlcore_error_record_t *error)
{
    world_t *world = user;

    (void)error;
    (void)dlcore_tensor_size(y_pred);
    return world->fails_at == 1 ? DLCORE_ERROR_RANGE : DLCORE_OK;
}

static void predict(world_t *world)
{
    script_t *script = &world->script;
    const dlcore_model_t *model = world_model(world);
    world_samples_t samples = world_draw_samples(world, model);
    dlcore_dataset_t dataset = host_dataset(world, samples.x, samples.y);
    dlcore_predict_options_t how = dlcore_predict_options_default();
    dlcore_tensor_t *out = outputs_for(world, dlcore_model_output_width(model), samples.x);

    how.batch_size = script_size(script, 9);
    how.steps = script_rarely(script, 6) ? script_size(script, 3) : 0;
    how.error = world_error(world);
    if (script_rarely(script, 4)) {
        dataset.prefetch = false;
        world->batch_x = world->tensors[0];
        world->batch_y = NULL;
        world->batch_weight = NULL;
        (void)TRY(world, dlcore_model_predict_dataset(model, &dataset, SCRIPT_OR_NULL(script, take),
                                                      world, &how));
    } else {
        (void)TRY(world, dlcore_model_predict_with(model, world->tensors[0], out, &how));
    }
}

static void layers(world_t *world)
{
    script_t *script = &world->script;
    const dlcore_model_t *model = world_model(world);
    size_t layer = script_size(script, 4);
    dlcore_tensor_t *out;

    (void)world_draw_samples(world, model);
    out = outputs_for(world, dlcore_model_layer_width(model, layer), world->tensors[0]);
    (void)TRY(world,
              dlcore_model_predict_layer(model, layer, world->tensors[0], out, world_error(world)));
    (void)TRY(world,
              dlcore_model_predict_from(model, layer, world->tensors[0], out, world_error(world)));
}

static void input_gradients(world_t *world)
{
    script_t *script = &world->script;
    const dlcore_model_t *model = world_model(world);
    double loss;
    dlcore_tensor_t *dx;

    (void)world_draw_samples(world, model);
    dx = outputs_for(world, dlcore_model_input_width(model), world->tensors[0]);
    if (script_flag(script))
        (void)TRY(world,
                  dlcore_model_input_gradients(model, world->tensors[0], world->tensors[1], dx,
                                               SCRIPT_OR_NULL(script, &loss), world_error(world)));
    else
        (void)TRY(world, dlcore_model_input_gradients_of(
                             model, world->tensors[0], world->tensors[1], dx, world_error(world)));
}

/* ---- predictors ---- */

static void make_predictor(world_t *world)
{
    script_t *script = &world->script;
    size_t place = script_pick(script, WORLD_PREDICTORS), of = script_pick(script, WORLD_MODELS);
    size_t precision = script_pick(script, 3);
    dlcore_predictor_options_t how = dlcore_predictor_options_default();
    dlcore_status status;

    QUERY(world, dlcore_predictor_free(world->predictors[place]));
    world->predictors[place] = NULL;
    how.batch_size = script_size(script, 8);
    how.precision = precision == 0   ? NULL
                    : precision == 1 ? dlcore_predictor_int8()
                                     : dlcore_predictor_bfloat16();
    how.error = world_error(world);
    status =
        TRY(world, dlcore_predictor_create(world->models[of], &how, &world->predictors[place]));
    world_require((status == DLCORE_OK) == (world->predictors[place] != NULL), "a predictor",
                  "status and result disagree");
    world->predictor_models[place] = (int)of;
}

static void run_predictor(world_t *world)
{
    script_t *script = &world->script;
    dlcore_predictor_t *predictor = world_predictor(world);
    size_t inputs = dlcore_predictor_input_width(predictor);
    size_t rows = script_size(script, 6), most = dlcore_predictor_batch_size(predictor);
    dlcore_status status;

    if (rows <= most && (rows * inputs > WORLD_NUMBERS ||
                         rows * dlcore_predictor_output_width(predictor) > WORLD_NUMBERS))
        return; /* the numbers have to be there */
    script_floats(script, world->numbers, WORLD_NUMBERS);
    world_before(world);
    if (script_rarely(script, 4))
        status = dlcore_predictor_run_uint8(predictor, (const uint8_t *)(void *)world->numbers,
                                            rows, world->outputs);
    else
        status = dlcore_predictor_run(predictor, world->numbers, rows, world->outputs);
    world_after(world, "dlcore_predictor_run");
    world_require((status == DLCORE_OK) || dlcore_predictor_error(predictor)[0] != '\0',
                  "dlcore_predictor_run", "failed without a message");
    if (status == DLCORE_ERROR_STATE && script_flag(script)) {
        world_before(world);
        (void)dlcore_predictor_refresh(predictor);
        world_after(world, "dlcore_predictor_refresh");
    }
}

static void report_predictor(world_t *world)
{
    dlcore_predictor_report_t report;

    (void)TRY(world, dlcore_predictor_report(world_predictor(world), world_tensor(world), &report,
                                             world_error(world)));
}

const world_call_t calls_using[] = {
    {"evaluate", evaluate},
    {"evaluate", evaluate},
    {"predict", predict},
    {"predict", predict},
    {"layers", layers},
    {"input_gradients", input_gradients},
    {"make_predictor", make_predictor},
    {"make_predictor", make_predictor},
    {"run_predictor", run_predictor},
    {"run_predictor", run_predictor},
    {"report_predictor", report_predictor},
    {NULL, NULL},
};
