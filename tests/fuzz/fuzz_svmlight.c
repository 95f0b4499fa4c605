/* Any bytes as an svmlight file; the first one chooses the options.
 *
 * SPDX-License-Identifier: MIT */
#include <math.h>

#include "dlcore/sparse.h"
#include "fuzz/budget.h"

static void check_rows(const dlcore_tensor_t *x, const dlcore_tensor_t *y)
{
    const float *labels = dlcore_tensor_data_const(y);
    dlcore_tensor_t *borrower = NULL;

    fuzz_require(dlcore_tensor_length(x, 0) == dlcore_tensor_length(y, 0),
                 "rows and labels differ");
    for (size_t i = 0; i < dlcore_tensor_length(y, 0); i++)
        fuzz_require(isfinite(labels[i]), "a label that is not finite");
    /* which checks the arrays */
    fuzz_require(dlcore_sparse_borrow(NULL, dlcore_sparse_of(x), &borrower, NULL) == DLCORE_OK,
                 "arrays that are refused");
    dlcore_tensor_free(borrower);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const size_t columns[] = {0, 1, 7, 2147483647};
    dlcore_svmlight_options_t options = dlcore_svmlight_options_default();
    budget_t budget = budget_for(size);
    dlcore_allocator_t allocator = budget_allocator(&budget);
    dlcore_error_record_t error = {.message = ""};
    dlcore_tensor_t *x = NULL, *y = NULL;
    dlcore_status status;

    if (size == 0)
        return 0;
    budget.limit += 10 * size; /* 12 times the file */
    options.base = (dlcore_svmlight_base_t)(data[0] % 3);
    options.columns = columns[data[0] / 3 % 4];
    status = dlcore_svmlight_parse(data + 1, size - 1, &options, &allocator, &x, &y, &error);
    fuzz_require((status == DLCORE_OK) == (x != NULL && y != NULL), "status and result disagree");
    fuzz_require((status == DLCORE_OK) == (error.message[0] == '\0'), "no message");
    if (status == DLCORE_OK)
        check_rows(x, y);
    dlcore_tensor_free(x);
    dlcore_tensor_free(y);
    budget_check(&budget);
    return 0;
}
