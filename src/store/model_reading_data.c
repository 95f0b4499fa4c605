/* Tensors from a safetensors file straight into their places. Large ones are read by the model's
 * team; it has made the pages of fresh memory before (model/place.h).
 *
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdatomic.h>

#include "base/allocator.h"
#include "base/error.h"
#include "base/size.h"
#include "model/model.h"
#include "store/model_reading.h"
#include "store/safetensors_floats.h"

#define SKIP_BYTES 4096
#define WIDE 4096
#define READING_BUFFER_FLOATS ((size_t)1 << 15)
#define BUFFER_FLOATS_WIDE ((size_t)1 << 18)
#define LARGE_BYTES ((size_t)16 << 20)
#define WORKERS_MAX 8 /* more than memory has use for */

/* Small, because fresh memory costs page faults; for wide rows larger, because an engine's panels
 * take a piece of each. */
static size_t buffer_of(const dlcore_model_tensor_t *tensor)
{
    return dlcore_model_tensor_buffer(tensor, tensor->shape[1] > WIDE ? BUFFER_FLOATS_WIDE
                                                                      : READING_BUFFER_FLOATS);
}

/* Rows first .. end-1, piece by piece through `buffer`. */
static dlcore_status read_tensor_rows(const dlcore_model_tensor_t *tensor, size_t first, size_t end,
                                      const dlcore_floats_reading_t *floats, float *buffer)
{
    size_t width = tensor->shape[1];
    size_t step = buffer_of(tensor) / width;
    dlcore_status status = DLCORE_OK;

    for (size_t row = first; row < end && status == DLCORE_OK; row += step) {
        size_t count = dlcore_size_min(step, end - row);

        status = dlcore_safetensors_read_floats(floats, row * width, count * width, buffer);
        if (status == DLCORE_OK)
            dlcore_model_tensor_set(tensor, row, count, buffer);
    }
    return status;
}

/* ---- by a team ---- */

typedef struct sharing {
    const dlcore_model_tensor_t *tensor;
    const dlcore_safetensors_entry_t *entry;
    const dlcore_input_t *input; /* at the tensor's first byte */
    float *buffers;
    size_t buffer_floats; /* of each */
    atomic_bool failed;
} sharing_t;

/* Without messages: what a thread cannot read, the caller tries again. */
static void read_share(void *argument, size_t worker, size_t workers)
{
    sharing_t *sharing = argument;
    const dlcore_model_tensor_t *tensor = sharing->tensor;
    dlcore_input_t input = *sharing->input;
    dlcore_byte_source_t source = dlcore_byte_source_of_input(&input);
    dlcore_floats_reading_t floats = {
        .source = &source, .dtype = sharing->entry->dtype, .tensor = tensor->name};
    size_t row_bytes = (sharing->entry->end - sharing->entry->begin) / tensor->shape[0];
    size_t share = (tensor->shape[0] + workers - 1) / workers;
    size_t first = dlcore_size_min(worker * share, tensor->shape[0]);
    size_t end = dlcore_size_min(first + share, tensor->shape[0]);

    input.position += first * row_bytes;
    if (read_tensor_rows(tensor, first, end, &floats,
                         sharing->buffers + worker * sharing->buffer_floats) != DLCORE_OK)
        atomic_store(&sharing->failed, true);
}

/* How many threads may: their buffers take at most a quarter of what is read. 1 also where bytes
 * come in order alone: from a caller's function, or through the checksum. */
static size_t workers_for(const dlcore_model_reading_t *reading,
                          const dlcore_model_tensor_t *tensor)
{
    size_t bytes = dlcore_model_tensor_bytes(tensor);

    if (reading->model == NULL || reading->source->input == NULL || reading->sum_wanted ||
        bytes < LARGE_BYTES)
        return 1;
    return dlcore_size_min(WORKERS_MAX, bytes / 4 / (buffer_of(tensor) * sizeof(float)));
}

/* False where there is no team, no memory for its buffers, or a read that failed: the source has
 * not moved, and all of the tensor is to be read again. */
static bool read_with_team(dlcore_model_reading_t *reading, const dlcore_model_tensor_t *tensor,
                           const dlcore_safetensors_entry_t *entry)
{
    dlcore_team_t *team = dlcore_model_acquire_team(reading->model, HUGE_VAL);
    size_t workers = dlcore_size_min(dlcore_team_size(team), workers_for(reading, tensor));
    sharing_t sharing = {.tensor = tensor,
                         .entry = entry,
                         .input = reading->source->input,
                         .buffer_floats = buffer_of(tensor)};

    if (workers > 1)
        sharing.buffers = dlcore_allocate_raw(&reading->allocator, workers * sharing.buffer_floats,
                                              sizeof(float));
    if (sharing.buffers != NULL)
        dlcore_team_run(team, workers, read_share, &sharing);
    dlcore_model_release_team(reading->model, team);
    dlcore_release(&reading->allocator, sharing.buffers);
    return sharing.buffers != NULL && !sharing.failed;
}

/* ---- all of them ---- */

static dlcore_status read_tensor(dlcore_model_reading_t *reading,
                                 const dlcore_model_tensor_t *tensor,
                                 const dlcore_safetensors_entry_t *entry, float *buffer,
                                 size_t floats)
{
    char name[DLCORE_SAFETENSORS_NAME_MAX + 1];
    dlcore_hash_t hash = dlcore_model_tensor_hash(tensor);
    dlcore_floats_reading_t how = {.source = reading->source,
                                   .dtype = entry->dtype,
                                   .tensor = name,
                                   .hash = reading->sum_wanted ? &hash : NULL,
                                   .error = reading->error};
    dlcore_status status;

    if (workers_for(reading, tensor) > 1 && read_with_team(reading, tensor, entry))
        return dlcore_byte_source_skip(reading->source, entry->end - entry->begin, buffer,
                                       floats * sizeof *buffer, reading->error);
    (void)dlcore_safetensors_name(&reading->file, entry, name);
    status = read_tensor_rows(tensor, 0, tensor->shape[0], &how, buffer);
    reading->sum += dlcore_hash_value(&hash);
    return status;
}

/* A tensor that nobody has a use for, of whatever dtype: the checksum is of all. */
static dlcore_status sum_entry(dlcore_model_reading_t *reading,
                               const dlcore_safetensors_entry_t *entry, void *scratch, size_t room)
{
    char name[DLCORE_SAFETENSORS_NAME_MAX + 1];
    dlcore_hash_t hash = dlcore_hash_begin();
    size_t left = entry->end - entry->begin, count;
    dlcore_status status = DLCORE_OK;

    count = dlcore_safetensors_name(&reading->file, entry, name);
    dlcore_hash_add(&hash, name, count + 1);
    for (; left > 0 && status == DLCORE_OK; left -= count) {
        count = dlcore_size_min(left, room);
        status = dlcore_byte_source_read(reading->source, scratch, count, reading->error);
        if (status == DLCORE_OK)
            dlcore_hash_add(&hash, scratch, count);
    }
    reading->sum += dlcore_hash_value(&hash);
    return status;
}

/* Floats for the largest tensor that is read. */
static size_t buffer_floats(const dlcore_model_reading_t *reading)
{
    size_t floats = SKIP_BYTES / sizeof(float);

    for (size_t i = 0; i < reading->file.count; i++) {
        uint32_t use = reading->file.entries[i].use;

        if (use > 0) {
            dlcore_model_tensor_t tensor = dlcore_model_tensor(&reading->tensors, use - 1);
            floats = dlcore_size_max(floats, buffer_of(&tensor));
        }
    }
    return floats;
}

static dlcore_status read_entries(dlcore_model_reading_t *reading, float *buffer, size_t floats)
{
    dlcore_status status = DLCORE_OK;

    for (size_t i = 0; i < reading->file.count && status == DLCORE_OK; i++) {
        const dlcore_safetensors_entry_t *entry = &reading->file.entries[i];
        dlcore_model_tensor_t tensor;

        if (entry->use > 0) {
            tensor = dlcore_model_tensor(&reading->tensors, entry->use - 1u);
            if (tensor.at != NULL) {
                status = read_tensor(reading, &tensor, entry, buffer, floats);
                continue;
            }
        }
        if (reading->sum_wanted)
            status = sum_entry(reading, entry, buffer, floats * sizeof *buffer);
        else
            status = dlcore_byte_source_skip(reading->source, entry->end - entry->begin, buffer,
                                             floats * sizeof *buffer, reading->error);
    }
    return status;
}

dlcore_status dlcore_model_reading_data(dlcore_model_reading_t *reading)
{
    size_t floats = buffer_floats(reading);
    float *buffer = dlcore_allocate_raw(&reading->allocator, floats, sizeof *buffer);
    dlcore_status status;

    if (buffer == NULL)
        return dlcore_fail_memory(reading->error, reading->source->name, floats * sizeof *buffer);
    reading->sum = 0;
    dlcore_safetensors_sort_by_place(&reading->file);
    status = read_entries(reading, buffer, floats);
    dlcore_release(&reading->allocator, buffer);
    return status;
}
