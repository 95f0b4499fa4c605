/* Any bytes as a .npz file.
 *
 * SPDX-License-Identifier: MIT */
#include "dlcore/npz.h"
#include "fuzz/budget.h"

static void read_array(dlcore_npz_t *npz, size_t index)
{
    dlcore_error_record_t error = {.message = ""};
    dlcore_npz_array_t array;
    dlcore_tensor_t *tensor = NULL;
    dlcore_status status = dlcore_npz_inspect(npz, index, &array, &error);

    fuzz_require((status == DLCORE_OK) == (error.message[0] == '\0'), "no message");
    error.message[0] = '\0';
    status = dlcore_npz_read(npz, dlcore_npz_name(npz, index), &tensor, &error);
    fuzz_require((status == DLCORE_OK) == (tensor != NULL), "status and tensor disagree");
    fuzz_require((status == DLCORE_OK) == (error.message[0] == '\0'), "no message");
    dlcore_tensor_free(tensor);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    budget_t budget = budget_for(1032 * 4 * size); /* deflated int8, which becomes int32 */
    dlcore_allocator_t allocator = budget_allocator(&budget);
    dlcore_error_record_t error = {.message = ""};
    dlcore_npz_t *npz = NULL;
    dlcore_status status = dlcore_npz_open_memory(data, size, &allocator, &npz, &error);

    fuzz_require((status == DLCORE_OK) == (npz != NULL), "status and archive disagree");
    fuzz_require((status == DLCORE_OK) == (error.message[0] == '\0'), "no message");
    for (size_t i = 0; i < dlcore_npz_count(npz); i++)
        read_array(npz, i);
    dlcore_npz_free(npz);
    budget_check(&budget);
    return 0;
}
