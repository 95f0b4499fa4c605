/* An autoencoder with a loss of its own: 12 sensors that follow 2 hidden causes are squeezed
 * through 2 numbers; a sensor that sometimes fails must not spoil the rest.
 *
 * Shows loss_function and loss_check, and predict_layer for the code. The loss of an error e is
 * sqrt(e^2 + 0.01) - 0.1: near 0 like a square, far away like |e|, so that outliers count little.
 *
 *     autoencoder [FOLDER]    FOLDER: where to write data and weights
 *
 * SPDX-License-Identifier: MIT */
#include "support/record.h"

#include <math.h>
#include <stdio.h>

enum { ROWS = 256, SENSORS = 12, CODE = 2, STEPS = 150 };

static void robust(const function_batch_t *batch, void *user)
{
    (void)user;
    for (size_t row = 0; row < batch->rows; row++) {
        float sum = 0;

        for (size_t u = row * batch->units; u < (row + 1) * batch->units; u++) {
            float error = batch->y_pred[u] - batch->y_true[u], root = sqrtf(error * error + 0.01F);

            sum += root - 0.1F;
            if (batch->gradient != NULL)
                batch->gradient[u] = error / root / (float)batch->units;
        }
        batch->row_values[row] = sum / (float)batch->units;
    }
}

static void make_data(float *x)
{
    for (size_t row = 0; row < ROWS; row++) {
        float a = 2 * next_random() - 1, b = 2 * next_random() - 1;

        for (size_t s = 0; s < SENSORS; s++)
            x[row * SENSORS + s] = 0.5F * sinf((float)(s + 1) * a / 3) + 0.5F * b * cosf((float)s);
        if (row % 10 == 0)
            x[row * SENSORS + row % SENSORS] = 5; /* it fails */
    }
}

int main(int argc, char **argv)
{
    static float data[ROWS * SENSORS], codes[ROWS * CODE], outputs[ROWS * SENSORS];
    const char *folder = argc > 1 ? argv[1] : NULL;
    tensor_t *x = matrix_of(data, ROWS, SENSORS), *code = matrix_of(codes, ROWS, CODE);
    tensor_t *y = matrix_of(outputs, ROWS, SENSORS), *few = matrix_of(data + SENSORS, 4, SENSORS);
    tensor_t *zeros = matrix_of(outputs, 4, SENSORS);
    compile_options_t how = compile_options_default();
    evaluation_t first = {0}, last = {0};
    error_record_t error;
    model_t *network = NULL;

    make_data(data);
    require(model_create(NULL, &network), "create");
    model_add(network, layer_dense(16, ACTIVATION_TANH));
    model_add(network, layer_dense(CODE, ACTIVATION_TANH));
    model_add(network, layer_dense(16, ACTIVATION_TANH));
    model_add(network, layer_dense(SENSORS, ACTIVATION_LINEAR));
    how.optimizer = optimizer_sgd();
    how.optimizer.learning_rate = 0.2;
    how.optimizer.momentum = 0.9;
    how.loss = loss_function(robust, NULL);
    require(loss_check(&how.loss, few, zeros, NULL, &error), error.message);
    require(model_compile_with(network, &how), model_error(network));
    require(model_build(network, SENSORS), model_error(network));
    record_matrix(folder, "x", x);
    record_weights(folder, "start", network);
    for (size_t step = 0; step < STEPS; step++) {
        require(model_train_on_batch(network, x, x, &last), model_error(network));
        if (step == 0)
            first = last;
    }
    require(model_predict_layer(network, 1, x, code, &error), error.message);
    require(model_predict_from(network, 2, code, y, &error), error.message);
    record_weights(folder, "end", network);
    record_matrix(folder, "code", code);
    record_matrix(folder, "y", y);
    printf("loss %.4f, after %d steps %.4f; sample 1 is (%.3f, %.3f)\n", first.loss, STEPS,
           last.loss, (double)codes[CODE], (double)codes[CODE + 1]);
    model_free(network);
    for (size_t i = 0; i < 5; i++)
        tensor_free((tensor_t *[]){x, y, code, few, zeros}[i]);
    return last.loss < 0.5 * first.loss ? 0 : 1;
}
