/* Networks of other programs, and files of theirs.
 *
 * SPDX-License-Identifier: MIT */
#include "support/foreign_models.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/little_endian.h"
#include "support/fixture.h"

enum { INPUTS = 5, ROWS = 3, OUTPUTS_MAX = 3 };

static dlcore_layer_t with_epsilon(dlcore_layer_t layer, double epsilon)
{
    layer.epsilon = epsilon;
    return layer;
}

static void add_sequential(dlcore_model_t *model)
{
    dlcore_layer_t last = dlcore_layer_dense(2, DLCORE_ACTIVATION_LINEAR);

    last.use_bias = false;
    dlcore_model_add(model, dlcore_layer_dense(4, DLCORE_ACTIVATION_RELU));
    dlcore_model_add(model, with_epsilon(dlcore_layer_batch_normalization(), 1e-5));
    dlcore_model_add(model, dlcore_layer_dense(4, DLCORE_ACTIVATION_LINEAR));
    dlcore_model_add(model, dlcore_layer_prelu());
    dlcore_model_add(model, with_epsilon(dlcore_layer_layer_normalization(), 1e-5));
    dlcore_model_add(model, dlcore_layer_dropout(0.5));
    dlcore_model_add(model, last);
}

static void add_modules(dlcore_model_t *model)
{
    dlcore_model_add(model, dlcore_layer_dense(6, DLCORE_ACTIVATION_LINEAR));
    dlcore_model_add(model, with_epsilon(dlcore_layer_batch_normalization(), 1e-5));
    dlcore_model_add(model, dlcore_layer_prelu());
    dlcore_model_add(model, dlcore_layer_dense(6, DLCORE_ACTIVATION_LINEAR));
    dlcore_model_add(model, with_epsilon(dlcore_layer_batch_normalization(), 1e-5));
    dlcore_model_add(model, dlcore_layer_dense(3, DLCORE_ACTIVATION_LINEAR));
}

static void add_keras(dlcore_model_t *model)
{
    dlcore_model_add(model, dlcore_layer_dense(4, DLCORE_ACTIVATION_TANH));
    dlcore_model_add(model, dlcore_layer_batch_normalization());
    dlcore_model_add(model, dlcore_layer_dense(4, DLCORE_ACTIVATION_LINEAR));
    dlcore_model_add(model, dlcore_layer_prelu());
    dlcore_model_add(model, dlcore_layer_dense(3, DLCORE_ACTIVATION_LINEAR));
}

static void add_numpy(dlcore_model_t *model)
{
    dlcore_model_add(model, dlcore_layer_dense(4, DLCORE_ACTIVATION_RELU));
    dlcore_model_add(model, dlcore_layer_dense(3, DLCORE_ACTIVATION_LINEAR));
}

dlcore_model_t *foreign_model(const char *name, const dlcore_model_options_t *options)
{
    dlcore_model_t *model = NULL;

    if (dlcore_model_create(options, &model) != DLCORE_OK)
        return NULL;
    if (strcmp(name, "modules") == 0)
        add_modules(model);
    else if (strcmp(name, "keras") == 0)
        add_keras(model);
    else if (strcmp(name, "numpy") == 0)
        add_numpy(model);
    else
        add_sequential(model);
    if (dlcore_model_build(model, INPUTS) == DLCORE_OK)
        return model;
    dlcore_model_free(model);
    return NULL;
}

const char *foreign_path(const char *name)
{
    static char path[512];

    snprintf(path, sizeof path, "%s/foreign_%s.safetensors", DLCORE_FIXTURES, name);
    return path;
}

double foreign_difference(const dlcore_model_t *model, const char *name)
{
    fixture_t *fixture = fixture_load("foreign_weights.txt");
    const fixture_array_t *expected = fixture_array(fixture, name, "y_pred");
    dlcore_tensor_t *x = fixture_tensor(fixture_array(fixture, name, "x"));
    float y[ROWS * OUTPUTS_MAX];
    size_t shape[2] = {ROWS, dlcore_model_output_width(model)};
    dlcore_tensor_t *y_pred = NULL;
    double difference = 0.0, largest = 1.0;

    assert_int_equal(
        dlcore_tensor_borrow(NULL, DLCORE_DTYPE_FLOAT32, 2, shape, y, 0, &y_pred, NULL), DLCORE_OK);
    assert_int_equal(dlcore_model_predict(model, x, y_pred), DLCORE_OK);
    for (size_t i = 0; i < expected->size; i++) {
        double wanted = fixture_floats(expected)[i];

        difference = fmax(difference, fabs((double)y[i] - wanted));
        largest = fmax(largest, fabs(wanted));
    }
    dlcore_tensor_free(y_pred);
    dlcore_tensor_free(x);
    fixture_free(fixture);
    return difference / largest;
}

static size_t item_size(const char *dtype)
{
    size_t bits = strcmp(dtype, "BOOL") == 0 ? 8 : strcmp(dtype, "BF16") == 0 ? 16 : 0;

    return bits != 0 ? bits / 8 : (size_t)strtoul(dtype + 1, NULL, 10) / 8;
}

/* "name F32 2 3" as a member of a header; answers where the tensor ends. */
static size_t put_member(char *to, size_t room, const char *tensor, size_t begin)
{
    char name[64], dtype[8], shape[256] = "";
    size_t size, used = 0;
    int read = 0;

    assert_int_equal(sscanf(tensor, "%63s %7s%n", name, dtype, &read), 2);
    size = item_size(dtype);
    for (const char *at = tensor + read; *at == ' ';) {
        char *end;
        size_t length = (size_t)strtoull(at + 1, &end, 10);

        used +=
            (size_t)snprintf(shape + used, sizeof shape - used, used == 0 ? "%zu" : ",%zu", length);
        size *= length;
        at = end;
    }
    snprintf(to, room, "%s\"%s\":{\"dtype\":\"%s\",\"shape\":[%s],\"data_offsets\":[%zu,%zu]}",
             begin == 0 && to[-1] == '{' ? "" : ",", name, dtype, shape, begin, begin + size);
    return begin + size;
}

unsigned char *foreign_file(const char *const *tensors, size_t *size)
{
    static char header[1 << 16];
    size_t end = 0, length;
    unsigned char *bytes;

    snprintf(header, sizeof header, "{");
    for (; *tensors != NULL; tensors++) {
        length = strlen(header);
        end = put_member(header + length, sizeof header - length - 1, *tensors, end);
    }
    length = strlen(header);
    header[length++] = '}';
    *size = 8 + length + end;
    bytes = calloc(*size, 1);
    assert_non_null(bytes);
    dlcore_store_u64(bytes, length);
    memcpy(bytes + 8, header, length);
    return bytes;
}

dlcore_status foreign_load(dlcore_model_t *model, const char *const *tensors,
                           const dlcore_weights_options_t *options)
{
    size_t size;
    unsigned char *bytes = foreign_file(tensors, &size);
    dlcore_status status = dlcore_model_load_weights_memory_with(model, bytes, size, options);

    free(bytes);
    return status;
}
