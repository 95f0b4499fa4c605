/* Writes a model for Keras, and reads it back.
 *
 * SPDX-License-Identifier: MIT */
#include <dlcore.h>
#include <dlcore/keras.h>
#include <stdio.h>

int main(void)
{
    save_options_t how = save_options_default();
    load_options_t back = load_options_default();
    error_record_t error = {.message = ""};
    model_t *model = NULL, *loaded = NULL;
    int same = 0;

    how.error = back.error = &error;
    if (model_create(NULL, &model) == DLCORE_OK &&
        model_add(model, layer_dense(2, ACTIVATION_RELU)) == DLCORE_OK &&
        model_build(model, 3) == DLCORE_OK && keras_save(model, "m.keras", &how) == DLCORE_OK &&
        keras_load("m.keras", &back, &loaded) == DLCORE_OK)
        same = model_parameter_count(loaded) == 8;
    printf("%s%s\n", same ? "the same" : "not the same ", error.message);
    model_free(model);
    model_free(loaded);
    return same ? 0 : 1;
}
