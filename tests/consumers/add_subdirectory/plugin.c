/* A shared library with dlcore inside, which needs the archive to be position independent.
 *
 * SPDX-License-Identifier: MIT */
#include <dlcore.h>

int plugin_models(void);

int plugin_models(void)
{
    model_t *network = NULL;
    int made = model_create(NULL, &network) == DLCORE_OK &&
               model_add(network, layer_dense(3, ACTIVATION_RELU)) == DLCORE_OK &&
               model_build(network, 2) == DLCORE_OK && model_parameter_count(network) == 9;

    model_free(network);
    return made;
}
