/* How little has to change for a classifier to be wrong: inputs moved along the sign of the
 * gradient of the loss (the fast gradient sign method), and a network trained on such inputs as
 * well.
 *
 * Shows model_input_gradients.
 *
 *     adversarial [FOLDER]    FOLDER: where to write data and weights
 *
 * SPDX-License-Identifier: MIT */
#include "support/record.h"

#include <math.h>
#include <stdio.h>

enum { ROWS = 400, INPUTS = 16, STEPS = 200 };
static const float far = 0.15F; /* how far inputs are moved */

/* Two classes, told apart by a weak pattern over all inputs. */
static void make_data(float *x, float *y)
{
    for (size_t row = 0; row < ROWS; row++) {
        y[row] = (float)(row % 2);
        for (size_t i = 0; i < INPUTS; i++)
            x[row * INPUTS + i] =
                next_random() - 0.5F + (y[row] - 0.5F) * (i % 3 == 0 ? 0.5F : -0.3F);
    }
}

static double accuracy(const model_t *network, const tensor_t *x, const tensor_t *y)
{
    evaluation_t found;

    require(model_evaluate(network, x, y, NULL, &found), "evaluate");
    return 100 * evaluation_value(&found, "accuracy");
}

/* moved = x + far sign(d loss / d x) */
static void attack(const model_t *network, const tensor_t *x, const tensor_t *y, tensor_t *moved,
                   tensor_t *dx)
{
    const float *from = tensor_data_const(x), *slope = tensor_data_const(dx);
    float *to = tensor_data(moved);
    error_record_t error;

    require(model_input_gradients(network, x, y, dx, NULL, &error), error.message);
    for (size_t i = 0; i < ROWS * INPUTS; i++)
        to[i] = from[i] + (slope[i] > 0 ? far : slope[i] < 0 ? -far : 0);
}

int main(int argc, char **argv)
{
    static float data[ROWS * INPUTS], labels[ROWS], attacked[ROWS * INPUTS], slopes[ROWS * INPUTS];
    const char *folder = argc > 1 ? argv[1] : NULL;
    tensor_t *x = matrix_of(data, ROWS, INPUTS), *y = matrix_of(labels, ROWS, 1);
    tensor_t *moved = matrix_of(attacked, ROWS, INPUTS), *dx = matrix_of(slopes, ROWS, INPUTS);
    optimizer_t sgd = optimizer_sgd();
    model_t *network = NULL;
    double before, after, hardened;

    make_data(data, labels);
    sgd.learning_rate = 0.3;
    require(model_create(NULL, &network), "create");
    model_add(network, layer_dense(24, ACTIVATION_TANH));
    model_add(network, layer_dense(1, ACTIVATION_SIGMOID));
    require(model_compile(network, &sgd, LOSS_BINARY_CROSSENTROPY, METRIC_ACCURACY),
            model_error(network));
    require(model_build(network, INPUTS), model_error(network));
    record_matrix(folder, "x", x);
    record_matrix(folder, "labels", y);
    record_weights(folder, "start", network);
    for (size_t step = 0; step < STEPS; step++)
        require(model_train_on_batch(network, x, y, NULL), model_error(network));
    before = accuracy(network, x, y);
    attack(network, x, y, moved, dx);
    record_weights(folder, "end", network);
    record_matrix(folder, "dx", dx);
    after = accuracy(network, moved, y);
    for (size_t step = 0; step < STEPS; step++) { /* on both, each attack anew */
        attack(network, x, y, moved, dx);
        require(model_train_on_batch(network, moved, y, NULL), model_error(network));
        require(model_train_on_batch(network, x, y, NULL), model_error(network));
    }
    attack(network, x, y, moved, dx);
    hardened = accuracy(network, moved, y);
    printf("right: %.1f %%, of inputs moved by %.2f %.1f %%; after training on these %.1f %%\n",
           before, (double)far, after, hardened);
    model_free(network);
    for (size_t i = 0; i < 4; i++)
        tensor_free((tensor_t *[]){x, y, moved, dx}[i]);
    return after < before - 5 && hardened > after ? 0 : 1;
}
