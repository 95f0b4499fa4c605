/* svmlight files: sparse rows as text.
 *
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "base/allocator.h"
#include "base/ascii.h"
#include "base/decimal.h"
#include "base/error.h"
#include "base/shown.h"
#include "base/size.h"
#include "base/traces.h"
#include "data/svmlight_reader.h"
#include "files/input.h"
#include "tensor/sparse.h"

dlcore_svmlight_options_t dlcore_svmlight_options_default(void)
{
    return (dlcore_svmlight_options_t){.structure_size = sizeof(dlcore_svmlight_options_t)};
}

/* What is found in going over the file; with `arrays`, where it is put. */
typedef struct svmlight {
    dlcore_svmlight_reader_t reader;
    dlcore_svmlight_options_t options; /* columns and base as found, at last */
    size_t rows, entries;
    int64_t largest; /* index; -1: none */
    bool has_zero;   /* an index of 0 */
    bool all_ones;
    dlcore_sparse_arrays_t arrays; /* starts NULL: only counting */
    float *labels;
    size_t row_room, entry_room;
} svmlight_t;

static dlcore_status refuse_word(const svmlight_t *file, dlcore_status status, const char *what,
                                 const dlcore_svmlight_word_t *word, dlcore_error_record_t *error)
{
    char shown[DLCORE_SHOWN_SIZE];

    return dlcore_fail(error, status, "%s: line %zu: %s, got \"%s\"", file->reader.input->name,
                       file->reader.line, what, dlcore_show(shown, word->text, word->length));
}

static dlcore_status read_label(const svmlight_t *file, const dlcore_svmlight_word_t *word,
                                float *label, dlcore_error_record_t *error)
{
    const char *end = word->text + word->length;
    const char *at = dlcore_decimal_float(word->text, end, label);

    if (at != NULL && at < end && *at == ',')
        return refuse_word(file, DLCORE_ERROR_UNSUPPORTED, "one label is expected", word, error);
    if (at != end)
        return refuse_word(file, DLCORE_ERROR_FORMAT, "a number, the label, is expected", word,
                           error);
    if (!isfinite(*label))
        return refuse_word(file, DLCORE_ERROR_RANGE, "the label is too large for float32", word,
                           error);
    return DLCORE_OK;
}

/* "12:0.5"; *index is as the file has it. */
static dlcore_status read_pair(const svmlight_t *file, const dlcore_svmlight_word_t *word,
                               int64_t *index, float *value, dlcore_error_record_t *error)
{
    const char *at = word->text, *end = word->text + word->length;

    *index = 0;
    for (; at < end && dlcore_is_digit(*at); at++) {
        *index = *index * 10 + (*at - '0');
        if (*index > INT32_MAX)
            return refuse_word(file, DLCORE_ERROR_RANGE, "an index is at most 2147483647", word,
                               error);
    }
    if (at == word->text || at == end || *at != ':' ||
        dlcore_decimal_float(at + 1, end, value) != end)
        return refuse_word(file, DLCORE_ERROR_FORMAT, "index:value is expected", word, error);
    if (!isfinite(*value))
        return refuse_word(file, DLCORE_ERROR_RANGE, "the value is too large for float32", word,
                           error);
    return DLCORE_OK;
}

static dlcore_status refuse_index(const svmlight_t *file, int64_t index,
                                  dlcore_error_record_t *error)
{
    int64_t first = file->options.base == DLCORE_SVMLIGHT_BASE_0 ? 0 : 1;

    return dlcore_fail(error, DLCORE_ERROR_RANGE,
                       "%s: line %zu: index %lld is outside %lld .. %lld, of %zu columns",
                       file->reader.input->name, file->reader.line, (long long)index,
                       (long long)first, (long long)file->options.columns + first - 1,
                       file->options.columns);
}

static dlcore_status changed(const svmlight_t *file, dlcore_error_record_t *error)
{
    return dlcore_fail(error, DLCORE_ERROR_IO, "%s: changed while it was read",
                       file->reader.input->name);
}

/* Counts an entry, or puts it into its place. */
static dlcore_status note_entry(svmlight_t *file, int64_t index, float value,
                                dlcore_error_record_t *error)
{
    size_t at = file->entries;
    int64_t column = index - (file->options.base == DLCORE_SVMLIGHT_BASE_0 ? 0 : 1);

    file->has_zero |= index == 0;
    if (index > file->largest)
        file->largest = index;
    if (file->arrays.starts != NULL && (column < 0 || (size_t)column >= file->options.columns))
        return refuse_index(file, index, error);
    if (value == 0.0f)
        return DLCORE_OK;
    file->all_ones &= value == 1.0f;
    file->entries++;
    if (file->arrays.starts == NULL)
        return DLCORE_OK;
    if (at >= file->entry_room || (file->arrays.values == NULL && value != 1.0f))
        return changed(file, error);
    file->arrays.indices[at] = (int32_t)column;
    if (file->arrays.values != NULL)
        file->arrays.values[at] = value;
    return DLCORE_OK;
}

static bool is_query(const dlcore_svmlight_word_t *word)
{
    return word->length > 4 && memcmp(word->text, "qid:", 4) == 0;
}

/* The rest of a line. */
static dlcore_status read_pairs(svmlight_t *file, dlcore_error_record_t *error)
{
    int64_t before = -1;

    for (bool first = true;; first = false) {
        dlcore_svmlight_word_t word;
        int64_t index;
        float value = 0.0f;
        dlcore_status status = dlcore_svmlight_next_word(&file->reader, &word, error);

        if (status != DLCORE_OK || word.length == 0)
            return status;
        if (first && is_query(&word))
            continue;
        status = read_pair(file, &word, &index, &value, error);
        if (status != DLCORE_OK)
            return status;
        if (index <= before)
            return dlcore_fail(error, DLCORE_ERROR_FORMAT,
                               "%s: line %zu: indices must ascend, but %lld comes after %lld",
                               file->reader.input->name, file->reader.line, (long long)index,
                               (long long)before);
        status = note_entry(file, index, value, error);
        if (status != DLCORE_OK)
            return status;
        before = index;
    }
}

/* All lines, from the first. */
static dlcore_status read_lines(svmlight_t *file, dlcore_error_record_t *error)
{
    dlcore_svmlight_word_t word;
    dlcore_status status;

    dlcore_svmlight_rewind(&file->reader);
    file->rows = file->entries = 0;
    for (;;) {
        float label = 0.0f;

        status = dlcore_svmlight_first_word(&file->reader, &word, error);
        if (status != DLCORE_OK || word.length == 0)
            return status;
        status = read_label(file, &word, &label, error);
        if (status != DLCORE_OK)
            return status;
        if (file->arrays.starts != NULL && file->rows == file->row_room)
            return changed(file, error);
        if (file->arrays.starts != NULL) {
            file->arrays.starts[file->rows] = file->entries;
            file->labels[file->rows] = label;
        }
        file->rows++;
        status = read_pairs(file, error);
        if (status != DLCORE_OK)
            return status;
    }
}

/* Base and columns, once all lines were seen. */
static dlcore_status settle_columns(svmlight_t *file, dlcore_error_record_t *error)
{
    dlcore_svmlight_options_t *options = &file->options;
    const char *name = file->reader.input->name;

    if (file->rows == 0)
        return dlcore_fail(error, DLCORE_ERROR_FORMAT, "%s: has no samples", name);
    if (options->base == DLCORE_SVMLIGHT_BASE_AUTO)
        options->base = file->has_zero ? DLCORE_SVMLIGHT_BASE_0 : DLCORE_SVMLIGHT_BASE_1;
    if (options->columns > 0)
        return DLCORE_OK;
    if (file->largest < 0)
        return dlcore_fail(error, DLCORE_ERROR_FORMAT,
                           "%s: has no index that tells the number of columns; set "
                           "options.columns",
                           name);
    options->columns = (size_t)(file->largest + (options->base == DLCORE_SVMLIGHT_BASE_0));
    if (options->columns > INT32_MAX)
        return dlcore_fail(error, DLCORE_ERROR_RANGE,
                           "%s: index %lld, counted from 0, makes more than %d columns", name,
                           (long long)file->largest, (int)INT32_MAX);
    /* all indices are 0, but counted from 1: reading refuses the first with its line */
    options->columns = dlcore_size_max(options->columns, 1);
    return DLCORE_OK;
}

static dlcore_status read_arrays(svmlight_t *file, const dlcore_allocator_t *allocator,
                                 dlcore_tensor_t **x, dlcore_tensor_t **y,
                                 dlcore_error_record_t *error)
{
    dlcore_status status;

    file->row_room = file->rows;
    file->entry_room = file->entries;
    status = dlcore_tensor_create_unset(allocator, DLCORE_DTYPE_FLOAT32, 1, &file->rows, y, error);
    if (status == DLCORE_OK)
        status = dlcore_sparse_allocate(allocator, file->rows, file->options.columns, file->entries,
                                        !file->all_ones, &file->arrays, x, error);
    if (status != DLCORE_OK)
        return status;
    file->labels = (float *)(void *)(*y)->data;
    status = read_lines(file, error);
    if (status == DLCORE_OK && (file->rows != file->row_room || file->entries != file->entry_room))
        status = changed(file, error);
    if (status == DLCORE_OK)
        file->arrays.starts[file->rows] = file->entries;
    return status;
}

static dlcore_status read_svmlight(dlcore_input_t *input, const dlcore_svmlight_options_t *options,
                                   const dlcore_allocator_t *allocator, dlcore_tensor_t **x,
                                   dlcore_tensor_t **y, dlcore_error_record_t *error)
{
    dlcore_allocator_t memory = dlcore_allocator_or_default(allocator);
    svmlight_t file = {
        .reader = {.input = input}, .options = *options, .largest = -1, .all_ones = true};
    dlcore_status status;

    file.reader.buffer = dlcore_allocate_raw(&memory, DLCORE_SVMLIGHT_BLOCK, 1);
    if (file.reader.buffer == NULL)
        return dlcore_fail_memory(error, input->name, DLCORE_SVMLIGHT_BLOCK);
    status = read_lines(&file, error);
    if (status == DLCORE_OK)
        status = settle_columns(&file, error);
    if (status == DLCORE_OK)
        status = read_arrays(&file, &memory, x, y, error);
    dlcore_release(&memory, file.reader.buffer);
    if (status != DLCORE_OK) {
        dlcore_tensor_free(*x);
        dlcore_tensor_free(*y);
        *x = *y = NULL;
    }
    return status;
}

/* ---- what users call ---- */

static const char *svmlight_base_choice(int value)
{
    static const char *const names[] = {"auto", "0", "1"};

    return names[value];
}

static dlcore_status check_reading(const void *source, const char *what,
                                   dlcore_svmlight_options_t *options,
                                   const dlcore_svmlight_options_t *given,
                                   const dlcore_allocator_t *allocator, dlcore_tensor_t **x,
                                   dlcore_tensor_t **y, dlcore_error_record_t *error)
{
    if (x != NULL)
        *x = NULL;
    if (y != NULL)
        *y = NULL;
    if (source == NULL || x == NULL || y == NULL)
        return dlcore_fail(error, DLCORE_ERROR_ARGUMENT, "svmlight: %s is NULL",
                           source == NULL ? what
                           : x == NULL    ? "x"
                                          : "y");
    if (dlcore_check_allocator(allocator, error) != DLCORE_OK)
        return DLCORE_ERROR_ARGUMENT;
    *options = dlcore_svmlight_options_default();
    if (given == NULL)
        return DLCORE_OK;
    if (dlcore_check_options(given, "svmlight", error) != DLCORE_OK)
        return DLCORE_ERROR_ARGUMENT;
    *options = *given;
    if (dlcore_check_choice("svmlight", "base", (int)options->base, 0, DLCORE_SVMLIGHT_BASE_1,
                            svmlight_base_choice, error) != DLCORE_OK)
        return DLCORE_ERROR_ARGUMENT;
    return dlcore_check_count("svmlight", "columns", options->columns, 0, INT32_MAX, error);
}

static dlcore_status load_svmlight(const char *path, const dlcore_svmlight_options_t *given,
                                   const dlcore_allocator_t *allocator, dlcore_tensor_t **x,
                                   dlcore_tensor_t **y, dlcore_error_record_t *error)
{
    dlcore_svmlight_options_t options;
    dlcore_input_t input;
    dlcore_status status = check_reading(path, "path", &options, given, allocator, x, y, error);

    if (status == DLCORE_OK)
        status = dlcore_input_open(&input, path, error);
    if (status != DLCORE_OK)
        return status;
    status = read_svmlight(&input, &options, allocator, x, y, error);
    dlcore_input_close(&input);
    return status;
}

dlcore_status dlcore_svmlight_load(const char *path, const dlcore_svmlight_options_t *options,
                                   const dlcore_allocator_t *allocator, dlcore_tensor_t **x,
                                   dlcore_tensor_t **y, dlcore_error_record_t *error)
{
    dlcore_traces_t before = dlcore_traces_note();

    return dlcore_traces_end(before, load_svmlight(path, options, allocator, x, y, error));
}

static dlcore_status parse_svmlight(const void *bytes, size_t size,
                                    const dlcore_svmlight_options_t *given,
                                    const dlcore_allocator_t *allocator, dlcore_tensor_t **x,
                                    dlcore_tensor_t **y, dlcore_error_record_t *error)
{
    dlcore_svmlight_options_t options;
    dlcore_input_t input;
    dlcore_status status = check_reading(bytes, "bytes", &options, given, allocator, x, y, error);

    if (status != DLCORE_OK)
        return status;
    dlcore_input_from_memory(&input, bytes, size, "svmlight data");
    return read_svmlight(&input, &options, allocator, x, y, error);
}

dlcore_status dlcore_svmlight_parse(const void *bytes, size_t size,
                                    const dlcore_svmlight_options_t *options,
                                    const dlcore_allocator_t *allocator, dlcore_tensor_t **x,
                                    dlcore_tensor_t **y, dlcore_error_record_t *error)
{
    dlcore_traces_t before = dlcore_traces_note();

    return dlcore_traces_end(before, parse_svmlight(bytes, size, options, allocator, x, y, error));
}
