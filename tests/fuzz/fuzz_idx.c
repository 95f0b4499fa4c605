/* Any bytes as an IDX file.
 *
 * SPDX-License-Identifier: MIT */
#include <stdbool.h>

#include "dlcore/data.h"
#include "fuzz/budget.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    /* a gzip file holds more than its size, at most 1032 times as much; zlib's window is extra;
     * int8 becomes int32 */
    bool packed = size >= 2 && data[0] == 0x1F && data[1] == 0x8B;
    budget_t budget = budget_for(4 * (packed ? 1032 * size : size));
    dlcore_allocator_t allocator = budget_allocator(&budget);
    dlcore_error_record_t error = {.message = ""};
    dlcore_tensor_t *tensor = NULL;
    dlcore_status status = dlcore_idx_parse(data, size, &allocator, &tensor, &error);

    fuzz_require((status == DLCORE_OK) == (tensor != NULL), "status and tensor disagree");
    fuzz_require((status == DLCORE_OK) == (error.message[0] == '\0'), "no message");
    if (tensor != NULL)
        fuzz_require(budget.peak <= budget_for(dlcore_tensor_size(tensor) *
                                               dlcore_dtype_size(dlcore_tensor_dtype(tensor)))
                                            .limit +
                                        2 * (packed ? 0 : size),
                     "more memory than the content justifies");
    dlcore_tensor_free(tensor);
    budget_check(&budget);
    return 0;
}
