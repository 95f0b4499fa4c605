/* Models in files and in memory, weights alone, inspecting, C source out.
 *
 * SPDX-License-Identifier: MIT */
#include "fuzz/calls/world.h"

#include <stdlib.h>
#include <string.h>

static dlcore_save_options_t save_options(world_t *world)
{
    script_t *script = &world->script;
    dlcore_save_options_t how = dlcore_save_options_default();

    how.training_state = script_flag(script);
    how.self_test = script_flag(script);
    how.sync = false;
    how.structure_size *= !script_rarely(script, 96);
    return how;
}

static dlcore_load_options_t load_options(world_t *world)
{
    script_t *script = &world->script;
    dlcore_load_options_t how = dlcore_load_options_default();

    how.model.allocator = world->allocator;
    how.model.threads = world->least_threads > 1 ? world->least_threads : 1;
    how.compile = !script_rarely(script, 4);
    how.training_state = !script_rarely(script, 4);
    how.precision = script_flag(script);
    how.self_test = script_flag(script);
    how.require_checksum = script_rarely(script, 4);
    return how;
}

/* Into memory; what was there goes. */
static void save(world_t *world)
{
    script_t *script = &world->script;
    const dlcore_model_t *model = world_model(world);
    dlcore_save_options_t how = save_options(world);
    void *bytes = NULL;
    size_t size = 0;
    dlcore_status status;

    how.error = world_error(world);
    if (script_rarely(script, 4)) {
        dlcore_save_weights_options_t weights = dlcore_save_weights_options_default();

        weights.style = (dlcore_weight_style_t)script_choice(script, 0, 1);
        weights.dtype = (dlcore_weight_dtype_t)script_choice(script, 0, 2);
        weights.prefix = script_rarely(script, 4) ? script_text(script) : NULL;
        weights.error = how.error;
        status = TRY(world, dlcore_model_save_weights_memory_with(model, &weights, &bytes, &size));
    } else {
        status = TRY(world, dlcore_model_save_memory(model, &how, &bytes, &size));
    }
    world_require((status == DLCORE_OK) == (bytes != NULL), "a saved model",
                  "status and result disagree");
    if (status != DLCORE_OK)
        return;
    world_free_file(world);
    world->file = bytes;
    world->file_size = size;
}

/* Of the bytes: a few changed, or the end cut off. */
static void damage(world_t *world)
{
    script_t *script = &world->script;
    size_t place = (size_t)script_byte(script) << 8;

    if (world->file_size == 0)
        return;
    place = (place | script_byte(script)) % world->file_size;
    if (script_rarely(script, 4))
        world->file_size = place;
    else
        ((unsigned char *)world->file)[place] = script_byte(script);
}

static void load(world_t *world)
{
    script_t *script = &world->script;
    size_t place = world_model_place(world), how_read = script_pick(script, 3);
    dlcore_load_options_t how = load_options(world);
    dlcore_load_report_t report;
    dlcore_byte_reader_t reader = {
        .read = host_read_bytes, .user = world, .size = world->file_size};
    dlcore_model_t *out = NULL;
    dlcore_status status;

    world->given = 0;
    world->fails_at = script_rarely(script, 6) ? 1 + script_pick(script, 6) : 0;
    how.report = script_flag(script) ? &report : NULL;
    how.error = world_error(world);
    if (how_read == 0)
        status = TRY(world, dlcore_model_load_from(&reader, &how, &out));
    else if (how_read == 1)
        status = TRY(
            world, dlcore_model_load_memory_to_predict(world->file, world->file_size, &how, &out));
    else
        status = TRY(world, dlcore_model_load_memory(world->file, world->file_size, &how, &out));
    world_require((status == DLCORE_OK) == (out != NULL), "a loaded model",
                  "status and result disagree");
    world->models[place] = out;
}

static void weights(world_t *world)
{
    script_t *script = &world->script;
    dlcore_model_t *model = world_model(world);
    dlcore_weight_pair_t pair = {.weight = script_text(script),
                                 .tensor = script_text(script),
                                 .transposed = script_flag(script)};
    dlcore_weights_options_t how = dlcore_weights_options_default();
    dlcore_weights_report_t *report = NULL;

    how.pairs = &pair;
    how.pair_count = script_rarely(script, 4);
    how.prefix = script_rarely(script, 6) ? script_text(script) : NULL;
    how.kernels = (dlcore_kernel_order_t)script_choice(script, 0, 2);
    how.partial = script_flag(script);
    how.skip_mismatch = script_flag(script);
    how.report = script_flag(script) ? &report : NULL;
    (void)TRY_MODEL(
        world, model,
        dlcore_model_load_weights_memory_with(model, world->file, world->file_size, &how));
    (void)dlcore_weights_report_print(report, world_stream(world));
    QUERY(world, dlcore_weights_report_free(report));
}

static void inspect(world_t *world)
{
    script_t *script = &world->script;
    dlcore_inspect_options_t how = dlcore_inspect_options_default();
    dlcore_inspection_t *inspection = NULL;

    how.allocator = world->allocator;
    how.model = script_flag(script) ? world_model(world) : NULL;
    how.error = world_error(world);
    (void)TRY(world, dlcore_model_inspect_memory(world->file, world->file_size, &how, &inspection));
    (void)dlcore_inspection_print(inspection, world_stream(world));
    QUERY(world, dlcore_inspection_free(inspection));
}

/* Out to a file, and in from one. */
static void file(world_t *world)
{
    script_t *script = &world->script;
    const dlcore_model_t *model = world_model(world);
    const char *path = world_path(world);
    dlcore_save_options_t how = save_options(world);
    dlcore_load_options_t load_how = load_options(world);
    dlcore_model_t *out = NULL;

    how.error = world_error(world);
    if (script_rarely(script, 4))
        (void)TRY(world, dlcore_model_save_weights(model, path, &how));
    else
        (void)TRY(world, dlcore_model_save(model, path, &how));
    load_how.error = world_error(world);
    (void)TRY(world, dlcore_model_load(path, &load_how, &out));
    world->models[world_model_place(world)] = out;
}

static void export_c(world_t *world)
{
    script_t *script = &world->script;
    const dlcore_model_t *model = world_model(world);
    dlcore_export_c_options_t how = dlcore_export_c_options_default();
    dlcore_byte_writer_t writer = {.write = host_write_bytes, .user = world};
    dlcore_export_report_t report;
    char *text = NULL;
    size_t size;

    how.prefix = script_rarely(script, 4) ? script_text(script) : "network";
    how.numbers = (dlcore_export_numbers_t)script_choice(script, 1, 2);
    how.samples = script_flag(script) ? world_tensor(world) : NULL;
    how.report = script_flag(script) ? &report : NULL;
    how.error = world_error(world);
    world->fails_at = script_rarely(script, 4) ? 1 + script_pick(script, 9) : 0;
    if (script_flag(script)) {
        (void)TRY(world, dlcore_model_export_c_to(model, &writer, &how));
    } else {
        (void)TRY(world, dlcore_model_export_c_memory(model, &how, &text, &size));
        if (text != NULL)
            world->allocator.release(world->allocator.user, text);
    }
}

const world_call_t calls_files[] = {
    {"save", save},         {"save", save},       {"damage", damage},   {"load", load},
    {"load", load},         {"weights", weights}, {"inspect", inspect}, {"file", file},
    {"export_c", export_c}, {NULL, NULL},
};
