/* Writes and reads an ONNX model.
 *
 * SPDX-License-Identifier: MIT */
#include <dlcore.h>
#include <dlcore/onnx.h>
#include <stdio.h>

int main(void)
{
    onnx_load_options_t how = onnx_load_options_default();
    error_record_t error = {.message = ""};
    model_t *made = NULL, *got = NULL;
    int same = 0;

    how.error = &error;
    if (model_create(NULL, &made) == DLCORE_OK &&
        model_add(made, layer_dense(2, ACTIVATION_GELU)) == DLCORE_OK &&
        model_build(made, 3) == DLCORE_OK && onnx_save(made, "made.onnx", NULL) == DLCORE_OK &&
        onnx_load("made.onnx", &how, &got) == DLCORE_OK)
        same = model_input_width(got) == 3 && model_output_width(got) == 2;
    printf("onnx: %s\n", same ? "the same" : error.message);
    model_free(made);
    model_free(got);
    return same ? 0 : 1;
}
