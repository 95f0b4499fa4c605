/* Models: made, built, compiled, looked into, their weights and notes.
 *
 * SPDX-License-Identifier: MIT */
#include "fuzz/calls/world.h"

#include <stdlib.h>
#include <string.h>

/* ---- samples for a model ---- */

static dlcore_tensor_t *tensor_of(world_t *world, size_t place, dlcore_dtype_t dtype, size_t rows,
                                  size_t columns, const void *data)
{
    size_t lengths[2] = {rows, columns};

    world_free_tensor(world, place);
    (void)dlcore_tensor_from_data(&world->allocator, dtype, columns > 0 ? 2 : 1, lengths, data,
                                  &world->tensors[place], NULL);
    return world->tensors[place];
}

world_samples_t world_draw_samples(world_t *world, const dlcore_model_t *model)
{
    script_t *script = &world->script;
    size_t width = dlcore_model_input_width(model), units = dlcore_model_output_width(model);
    size_t rows = 1 + script_pick(script, 18), form = script_pick(script, 16);
    float *numbers;
    world_samples_t samples;

    if (form == 15) /* whatever there is */
        return (world_samples_t){.x = world_tensor(world), .y = world_tensor(world)};
    width = width > 0 && width < 256 ? width : 4;
    units = units > 0 && units < 256 ? units : 1 + script_pick(script, 4);
    numbers = malloc(rows * (width + 2 * units) * sizeof *numbers);
    if (numbers == NULL)
        abort();
    script_floats(script, numbers, rows * width);
    samples.x = tensor_of(world, 0, DLCORE_DTYPE_FLOAT32, rows, width, numbers);
    if (form < 6) {
        int32_t *classes = (int32_t *)(void *)numbers;

        for (size_t i = 0; i < rows; i++)
            classes[i] = (int32_t)(i % (units > 1 ? units : 2));
        if (form == 0)
            classes[rows - 1] = script_choice(script, -1, (int)units);
        samples.y = tensor_of(world, 1, DLCORE_DTYPE_INT32, rows, 0, classes);
    } else {
        script_floats(script, numbers, rows * 2 * units);
        for (size_t i = 0; form < 12 && i < rows * 2 * units; i++) /* probabilities, or so */
            numbers[i] = i % units == i / units % units ? 1.0f : 0.0f;
        samples.y = tensor_of(world, 1, DLCORE_DTYPE_FLOAT32, rows, form == 14 ? 2 * units : units,
                              numbers);
    }
    free(numbers);
    return samples;
}

/* ---- life ---- */

static dlcore_model_options_t options(world_t *world)
{
    script_t *script = &world->script;
    dlcore_model_options_t made = dlcore_model_options_default();

    made.allocator = world->allocator;
    made.seed = script_byte(script);
    made.threads = script_rarely(script, 16) ? script_size(script, 3) : 1;
    if (made.threads < world->least_threads)
        made.threads = world->least_threads;
    if (made.threads == 0) /* as many as there are CPUs would be another run elsewhere */
        made.threads = 2;
    if (script_rarely(script, 4))
        made.engine = (dlcore_engine_t)script_choice(script, 0, DLCORE_ENGINE_NATIVE);
    if (script_rarely(script, 6))
        made.precision = dlcore_model_bfloat16();
    made.blas_threads = script_rarely(script, 24);
    made.flush_denormals = !script_rarely(script, 8);
    if (script_rarely(script, 96))
        made.structure_size = 0;
    return made;
}

static dlcore_status create(world_t *world, size_t place)
{
    dlcore_model_options_t how = options(world);
    dlcore_status status;

    how.error = world_error(world);
    status = TRY(world, dlcore_model_create(&how, &world->models[place]));
    world_require((status == DLCORE_OK) == (world->models[place] != NULL), "a new model",
                  "status and result disagree");
    return status;
}

static void make(world_t *world)
{
    (void)create(world, world_model_place(world));
}

/* A network that mostly works: layers, compiled, built. */
static void network(world_t *world)
{
    script_t *script = &world->script;
    size_t place = world_model_place(world), units = 1 + script_pick(script, 12);
    size_t count = script_pick(script, 4);
    dlcore_compile_options_t compile;
    dlcore_model_t *model;

    if (create(world, place) != DLCORE_OK)
        return;
    model = world->models[place];
    for (size_t i = 0; i < count; i++)
        (void)TRY_MODEL(world, model, dlcore_model_add(model, describe_layer(script)));
    (void)TRY_MODEL(
        world, model,
        dlcore_model_add(model, dlcore_layer_dense(units, (dlcore_activation_t)script_choice(
                                                              script, DLCORE_ACTIVATION_LINEAR,
                                                              DLCORE_ACTIVATION_CELU))));
    describe_compile(script, units, &compile);
    if (!script_rarely(script, 8))
        (void)TRY_MODEL(world, model, dlcore_model_compile_with(model, &compile));
    if (!script_rarely(script, 8))
        (void)TRY_MODEL(world, model, dlcore_model_build(model, 1 + script_pick(script, 20)));
}

static void add(world_t *world)
{
    dlcore_model_t *model = world_model(world);

    (void)TRY_MODEL(world, model, dlcore_model_add(model, describe_layer(&world->script)));
}

static void build(world_t *world)
{
    dlcore_model_t *model = world_model(world);

    (void)TRY_MODEL(world, model, dlcore_model_build(model, script_size(&world->script, 20)));
}

static void compile(world_t *world)
{
    script_t *script = &world->script;
    dlcore_model_t *model = world_model(world);
    size_t units = dlcore_model_output_width(model);
    dlcore_compile_options_t how;
    dlcore_optimizer_t optimizer = describe_optimizer(script);

    describe_compile(script, units, &how);
    if (script_rarely(script, 6))
        (void)TRY_MODEL(world, model,
                        dlcore_model_compile(model, SCRIPT_OR_NULL(script, &optimizer),
                                             how.loss.kind, how.metrics[0].kind));
    else
        (void)TRY_MODEL(world, model,
                        dlcore_model_compile_with(model, SCRIPT_OR_NULL(script, &how)));
}

static void clone(world_t *world)
{
    dlcore_model_t *out = NULL;
    size_t place = world_model_place(world);
    dlcore_status status;

    world_before(world);
    status = dlcore_model_clone(world_model(world), &out);
    world_after(world, "dlcore_model_clone");
    world_require((status == DLCORE_OK) == (out != NULL), "dlcore_model_clone",
                  "status and result disagree");
    world->models[place] = out;
}

static void drop(world_t *world)
{
    (void)world_model_place(world);
}

/* ---- inside ---- */

static void look(world_t *world)
{
    script_t *script = &world->script;
    const dlcore_model_t *model = world_model(world);
    size_t index = script_size(script, 6);
    dlcore_model_memory_t memory;
    dlcore_findings_t findings;
    dlcore_weight_t weight;

    QUERY(world, dlcore_model_layer_count(model));
    QUERY(world, dlcore_model_layer(model, index));
    QUERY(world, dlcore_model_layer_width(model, index));
    QUERY(world, dlcore_model_engine(model));
    QUERY(world, dlcore_model_learning_rate(model));
    QUERY(world, dlcore_model_weight_count(model));
    QUERY(world, dlcore_model_weight(model, index, SCRIPT_OR_NULL(script, &weight)));
    (void)TRY(world,
              dlcore_model_find_layer(model, script_text(script), &index, world_error(world)));
    (void)TRY(world,
              dlcore_model_find_weight(model, script_text(script), &index, world_error(world)));
    (void)TRY(world, dlcore_model_memory(model, script_size(script, 20), script_size(script, 40),
                                         SCRIPT_OR_NULL(script, &memory), world_error(world)));
    (void)TRY(world, dlcore_model_check(model, world_tensor(world), world_tensor(world), &findings,
                                        world_error(world)));
    (void)dlcore_model_summary(model, world_stream(world));
}

static void weights(world_t *world)
{
    script_t *script = &world->script;
    dlcore_model_t *model = world_model(world);
    size_t index = script_size(script, 6), count = script_size(script, 40);
    dlcore_weight_t weight;

    if (!script_rarely(script, 6) && dlcore_model_weight(model, index, &weight))
        count = weight.size;
    if (count > WORLD_NUMBERS) /* the numbers have to be there */
        count = WORLD_NUMBERS;
    script_floats(script, world->outputs, WORLD_NUMBERS);
    if (script_flag(script)) {
        (void)dlcore_model_get_weight(model, index, world->outputs, count);
        (void)TRY_MODEL(
            world, model,
            dlcore_model_set_weight(model, index, SCRIPT_OR_NULL(script, world->outputs), count));
    } else {
        count = dlcore_model_parameter_count(model);
        if (count > WORLD_NUMBERS)
            return;
        count += script_rarely(script, 12);
        (void)dlcore_model_get_weights(model, world->outputs, count);
        (void)TRY_MODEL(world, model, dlcore_model_set_weights(model, world->outputs, count));
    }
}

static void alter(world_t *world)
{
    script_t *script = &world->script;
    dlcore_model_t *model = world_model(world);
    const dlcore_model_t *other = world_model(world);
    size_t how = script_pick(script, 6), layer = script_size(script, 4);
    double number = script_number(script, 0.5);
    bool flag = script_flag(script);

    if (how == 0)
        (void)TRY_MODEL(world, model, dlcore_model_set_trainable(model, layer, flag));
    if (how == 1)
        (void)TRY_MODEL(world, model, dlcore_model_adapt(model, layer, world_tensor(world)));
    if (how == 2)
        (void)TRY_MODEL(world, model, dlcore_model_set_learning_rate(model, number));
    if (how == 3)
        (void)TRY_MODEL(world, model, dlcore_model_blend(model, other, number));
    if (how == 4)
        (void)TRY_MODEL(world, model, dlcore_model_reset(model, script_byte(script)));
    if (how == 5)
        (void)TRY_MODEL(world, model, dlcore_model_set_temperature(model, number));
    QUERY(world, dlcore_model_same_shape(model, other, NULL));
}

static void note(world_t *world)
{
    script_t *script = &world->script;
    dlcore_model_t *model = world_model(world);
    const char *names[3] = {script_text(script), script_text(script), script_text(script)};
    const char *key = script_text(script);
    size_t count;

    if (script_flag(script))
        (void)TRY_MODEL(world, model, dlcore_model_set_note(model, key, script_text(script)));
    else
        (void)TRY_MODEL(world, model,
                        dlcore_model_set_note_names(model, key, names, script_pick(script, 4)));
    QUERY(world, dlcore_model_note(model, key));
    QUERY(world, dlcore_model_note_names(model, key, SCRIPT_OR_NULL(script, &count)));
    QUERY(world, dlcore_model_note_key(model, script_size(script, 3)));
    QUERY(world, dlcore_model_note_count(model));
}

/* The next call lacks memory. */
static void starve(world_t *world)
{
    size_t number = 1 + script_pick(&world->script, 40);

    world_fail_memory(world, number, script_flag(&world->script));
}

const world_call_t calls_models[] = {
    {"network", network}, {"network", network}, {"network", network}, {"make", make},
    {"add", add},         {"build", build},     {"compile", compile}, {"clone", clone},
    {"drop", drop},       {"look", look},       {"weights", weights}, {"alter", alter},
    {"note", note},       {"starve", starve},   {NULL, NULL},
};
