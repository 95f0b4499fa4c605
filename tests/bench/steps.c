/* steps STEPS [bfloat16]: trains 784-512-10 at batch 128 by RMSprop on one thread, for so many
 * steps, on inputs without zeros. neon_instructions.sh counts the instructions of a step.
 *
 * SPDX-License-Identifier: MIT */
#include <dlcore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BATCH = 128, INPUTS = 784, HIDDEN = 512, CLASSES = 10, STEPS_MAX = 2 };

static tensor_t *made(dtype_t dtype, size_t rows, size_t columns, void *data)
{
    tensor_t *tensor = NULL;

    if (tensor_borrow(NULL, dtype, 2, (size_t[]){rows, columns}, data, 0, &tensor, NULL) !=
        DLCORE_OK)
        exit(1);
    return tensor;
}

int main(int argc, char **argv)
{
    static float inputs[STEPS_MAX * BATCH * INPUTS]; /* the same work to fill for any steps */
    static int32_t classes[STEPS_MAX * BATCH];
    size_t steps = argc > 1 ? strtoul(argv[1], NULL, 10) : 1, rows = steps * BATCH;
    model_options_t options = model_options_default();
    fit_options_t how = fit_options_default();
    optimizer_t rmsprop = optimizer_rmsprop();
    model_t *model = NULL;
    tensor_t *x, *y;
    dlcore_status status;

    if (steps > STEPS_MAX)
        return 1;
    for (size_t i = 0; i < sizeof inputs / sizeof *inputs; i++)
        inputs[i] = (float)(i * 7919 % 1009 + 1) / 1010.0f;
    for (size_t r = 0; r < sizeof classes / sizeof *classes; r++)
        classes[r] = (int32_t)(r % CLASSES);
    options.threads = 1;
    if (argc > 2 && strcmp(argv[2], "bfloat16") == 0)
        options.precision = model_bfloat16();
    if (model_create(&options, &model) != DLCORE_OK)
        return 1;
    model_add(model, layer_dense(HIDDEN, ACTIVATION_RELU));
    model_add(model, layer_dense(CLASSES, ACTIVATION_SOFTMAX));
    model_compile(model, &rmsprop, LOSS_SPARSE_CATEGORICAL_CROSSENTROPY, METRIC_ACCURACY);
    x = made(DTYPE_FLOAT32, rows, INPUTS, inputs);
    y = made(DTYPE_INT32, rows, 1, classes);
    how.epochs = 1;
    how.batch_size = BATCH;
    status = model_fit(model, x, y, &how, NULL);
    printf("%s: %zu steps%s%s\n", model_engine(model), steps, status == DLCORE_OK ? "" : ": ",
           model_error(model));
    tensor_free(x);
    tensor_free(y);
    model_free(model);
    return status != DLCORE_OK;
}
