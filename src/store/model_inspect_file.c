/* What a safetensors header says: tensors, and texts of the metadata.
 *
 * SPDX-License-Identifier: MIT */
#include <string.h>

#include "store/model_inspect.h"

static void put_tensor(dlcore_inspecting_t *inspecting, const dlcore_safetensors_t *file,
                       const dlcore_safetensors_entry_t *entry, const char **dtype,
                       dlcore_inspected_tensor_t *tensor)
{
    char name[DLCORE_SAFETENSORS_NAME_MAX + 1], type[32];

    (void)dlcore_safetensors_name(file, entry, name);
    dlcore_safetensors_dtype_text(file, entry, type, sizeof type);
    if (strcmp(*dtype, type) != 0) /* most have the type of the one before */
        *dtype = dlcore_inspecting_text(inspecting, type);
    *tensor = (dlcore_inspected_tensor_t){.name = dlcore_inspecting_text(inspecting, name),
                                          .dtype = *dtype,
                                          .rank = entry->rank,
                                          .bytes = entry->end - entry->begin};
    dlcore_safetensors_shape(file, entry, tensor->shape);
}

void dlcore_model_inspect_tensors(dlcore_inspecting_t *inspecting,
                                  const dlcore_model_loading_t *loading)
{
    const dlcore_safetensors_t *file = &loading->reading.file;
    dlcore_inspected_tensor_t *tensors =
        dlcore_inspecting_room(inspecting, file->count, sizeof *tensors);
    const char *dtype = "";

    if (tensors == NULL)
        return;
    for (size_t i = 0; i < file->count; i++) {
        put_tensor(inspecting, file, &file->entries[i], &dtype, &tensors[i]);
        inspecting->found.tensor_bytes += tensors[i].bytes;
    }
    inspecting->found.tensors = tensors;
    inspecting->found.tensor_count = file->count;
}

/* What is shown otherwise. */
static bool is_told(const dlcore_json_t *key)
{
    static const char *const keys[] = {
        "format",         "dlcore.format_version", "dlcore.version",  "model_config",
        "compile_config", "dlcore.training_state", "dlcore.precision"};

    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        if (dlcore_json_is(key, keys[i]))
            return true;
    }
    return false;
}

static const char *decoded(dlcore_inspecting_t *inspecting, const dlcore_json_t *string)
{
    size_t size = dlcore_json_string(string, NULL, 0) + 1;
    char *text = dlcore_inspecting_room(inspecting, size, 1);

    if (text == NULL)
        return "";
    (void)dlcore_json_string(string, text, size);
    return text;
}

void dlcore_model_inspect_texts(dlcore_inspecting_t *inspecting,
                                const dlcore_model_loading_t *loading)
{
    const dlcore_json_t *metadata = &loading->reading.file.metadata;
    dlcore_json_steps_t steps = dlcore_json_steps(metadata);
    dlcore_inspected_text_t *texts;
    dlcore_json_t key, value;
    size_t count = 0;

    while (dlcore_json_step(&steps, &key, &value)) {
        if (dlcore_json_is(&key, "format"))
            inspecting->found.format = decoded(inspecting, &value);
        else if (dlcore_json_is(&key, "dlcore.format_version"))
            inspecting->found.format_version = decoded(inspecting, &value);
        else if (dlcore_json_is(&key, "dlcore.precision"))
            inspecting->found.precision = decoded(inspecting, &value);
        count += !is_told(&key);
    }
    texts = dlcore_inspecting_room(inspecting, count, sizeof *texts);
    if (texts == NULL)
        return;
    inspecting->found.texts = texts;
    inspecting->found.text_count = count;
    steps = dlcore_json_steps(metadata);
    while (dlcore_json_step(&steps, &key, &value)) {
        if (!is_told(&key))
            *texts++ = (dlcore_inspected_text_t){.key = decoded(inspecting, &key),
                                                 .value = decoded(inspecting, &value)};
    }
}
