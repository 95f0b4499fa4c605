/* Writes and reads a .npz file.
 *
 * SPDX-License-Identifier: MIT */
#include <dlcore.h>
#include <dlcore/npz.h>
#include <stdio.h>

int main(void)
{
    const char *name = "ones";
    size_t shape[] = {2, 3};
    tensor_t *made = NULL, *got = NULL;
    error_record_t error = {.message = ""};
    int same = 0;

    if (tensor_create(NULL, DTYPE_FLOAT32, 2, shape, &made, &error) == DLCORE_OK &&
        tensor_fill(made, 1, &error) == DLCORE_OK) {
        const tensor_t *tensors[] = {made};

        if (npz_save("ones.npz", &name, tensors, 1, NULL, &error) == DLCORE_OK &&
            npz_load("ones.npz", NULL, NULL, &got, &error) == DLCORE_OK)
            same = tensor_equal(made, got, 0);
    }
    printf("%s%s\n", same ? "the same" : "not the same ", error.message);
    tensor_free(made);
    tensor_free(got);
    return same ? 0 : 1;
}
