/* Exported networks for scripts that compile them: 2-8-1 and 16-32-32-4 with relu, as `net` in
 * net_2_8_1.c and net_16_32_32_4.c, and one with every step there is, in net_all.c; the last two
 * also in int8, in net_16_32_32_4_int8.c and net_all_int8.c.
 *
 *   export_files FOLDER
 *
 * SPDX-License-Identifier: MIT */
#include <dlcore.h>

#include <stdio.h>
#include <stdlib.h>

static void check(dlcore_status status, const char *message)
{
    if (status == DLCORE_OK)
        return;
    fprintf(stderr, "export_files: %s: %s\n", dlcore_status_name(status), message);
    exit(EXIT_FAILURE);
}

static void export_network(const char *folder, const char *name, size_t inputs,
                           const layer_t *layers, size_t count, export_numbers_t numbers)
{
    static float samples[20][16];
    export_c_options_t how = export_c_options_default();
    error_record_t error;
    model_t *network = NULL;
    tensor_t *x = NULL;
    size_t shape[2] = {20, inputs};
    char path[1000];

    for (size_t i = 0; i < 20 * inputs; i++)
        samples[i / inputs][i % inputs] = (float)(i * 37 % 101) / 50.0F - 1.0F;
    check(tensor_borrow_const(NULL, DTYPE_FLOAT32, 2, shape, samples, 16, &x, &error),
          error.message);

    check(model_create(NULL, &network), "a model");
    for (size_t i = 0; i < count; i++)
        check(model_add(network, layers[i]), model_error(network));
    check(model_build(network, inputs), model_error(network));
    snprintf(path, sizeof path, "%s/%s%s.c", folder, name, numbers == EXPORT_INT8 ? "_int8" : "");
    how.prefix = "net";
    how.numbers = numbers;
    how.samples = x;
    how.sync = false;
    how.error = &error;
    check(model_export_c(network, path, &how), error.message);
    model_free(network);
    tensor_free(x);
}

int main(int argc, char **argv)
{
    const layer_t small[] = {layer_dense(8, ACTIVATION_RELU), layer_dense(1, ACTIVATION_LINEAR)};
    const layer_t middle[] = {layer_dense(32, ACTIVATION_RELU), layer_dense(32, ACTIVATION_RELU),
                              layer_dense(4, ACTIVATION_LINEAR)};
    const layer_t all[] = {layer_normalization(),
                           layer_dense(40, ACTIVATION_TANH),
                           layer_layer_normalization(),
                           layer_dense(21, ACTIVATION_GELU),
                           layer_prelu(),
                           layer_dense(33, ACTIVATION_ELU),
                           layer_batch_normalization(),
                           layer_dense(9, ACTIVATION_SOFTPLUS),
                           layer_dense(3, ACTIVATION_SOFTMAX)};

    if (argc != 2) {
        fprintf(stderr, "usage: export_files FOLDER\n");
        return EXIT_FAILURE;
    }
    export_network(argv[1], "net_2_8_1", 2, small, 2, EXPORT_FLOAT32);
    export_network(argv[1], "net_16_32_32_4", 16, middle, 3, EXPORT_FLOAT32);
    export_network(argv[1], "net_all", 5, all, 9, EXPORT_FLOAT32);
    export_network(argv[1], "net_16_32_32_4", 16, middle, 3, EXPORT_INT8);
    export_network(argv[1], "net_all", 5, all, 9, EXPORT_INT8);
    return EXIT_SUCCESS;
}
