/* Any bytes as a .npy file.
 *
 * SPDX-License-Identifier: MIT */
#include "dlcore/data.h"
#include "fuzz/budget.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    budget_t budget = budget_for(4 * size); /* int8 becomes int32 */
    dlcore_allocator_t allocator = budget_allocator(&budget);
    dlcore_error_record_t error = {.message = ""};
    dlcore_tensor_t *tensor = NULL;
    dlcore_status status = dlcore_npy_parse(data, size, &allocator, &tensor, &error);

    fuzz_require((status == DLCORE_OK) == (tensor != NULL), "status and tensor disagree");
    fuzz_require((status == DLCORE_OK) == (error.message[0] == '\0'), "no message");
    dlcore_tensor_free(tensor);
    budget_check(&budget);
    return 0;
}
