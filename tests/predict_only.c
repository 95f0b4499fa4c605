/* The smallest program of its kind: loads a model to predict, and predicts. For
 * test_predict_only.sh, which looks at what it links.
 *
 *     predict_only FILE                    prints the first output for inputs of 0.5
 *
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>

#include <dlcore.h>

static int run(model_t *network)
{
    size_t inputs = model_input_width(network), outputs = model_output_width(network);
    float *x = malloc(inputs * sizeof *x), *y = malloc(outputs * sizeof *y);
    tensor_t *from = NULL, *to = NULL;
    int status = EXIT_FAILURE;

    for (size_t i = 0; x != NULL && i < inputs; i++)
        x[i] = 0.5f;
    if (x != NULL && y != NULL &&
        tensor_borrow(NULL, DTYPE_FLOAT32, 2, (size_t[]){1, inputs}, x, 0, &from, NULL) ==
            DLCORE_OK &&
        tensor_borrow(NULL, DTYPE_FLOAT32, 2, (size_t[]){1, outputs}, y, 0, &to, NULL) ==
            DLCORE_OK &&
        model_predict(network, from, to) == DLCORE_OK) {
        printf("%.9g\n", (double)y[0]);
        status = EXIT_SUCCESS;
    }
    tensor_free(from);
    tensor_free(to);
    free(x);
    free(y);
    return status;
}

int main(int count, char **arguments)
{
    model_t *network = NULL;
    int status;

    if (count < 2 || model_load_to_predict(arguments[1], NULL, &network) != DLCORE_OK)
        return EXIT_FAILURE;
    status = run(network);
    model_free(network);
    return status;
}
