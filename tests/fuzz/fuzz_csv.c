/* Any bytes as a CSV file; the first one chooses the options.
 *
 * SPDX-License-Identifier: MIT */
#include <math.h>

#include "dlcore/data.h"
#include "fuzz/budget.h"

static dlcore_csv_options_t options_of(uint8_t choice)
{
    static const char delimiters[] = ",;\t ", quotes[] = "\"'\0\"";
    static const char *const names[] = {"a", "b"};
    static const dlcore_csv_column_t features[] = {{.number = 1}, {.name = "a"}};
    dlcore_csv_options_t options = dlcore_csv_options_default();

    options.delimiter = delimiters[choice & 3];
    options.quote = quotes[choice >> 2 & 3];
    options.label_kind = (dlcore_csv_label_t)((choice >> 4 & 3) % 3);
    options.header = (dlcore_csv_header_t)((choice >> 6 & 3) % 3);
    if (choice % 7 == 3) {
        options.features = features;
        options.feature_count = 1 + choice % 2;
    }
    if (choice % 5 == 4) {
        options.classes = names;
        options.class_count = 2;
    }
    options.blank_runs = choice % 11 == 5;
    options.comment = choice % 13 == 6 ? '#' : '\0';
    options.decimal = choice % 17 == 7 && options.delimiter != ',' ? ',' : '.';
    return options;
}

static void check_content(dlcore_csv_t *csv)
{
    dlcore_tensor_t *x = dlcore_csv_x(csv), *y = dlcore_csv_y(csv);
    const float *numbers = dlcore_tensor_data_const(x);

    for (size_t i = 0; i < dlcore_tensor_size(x); i++)
        fuzz_require(isfinite(numbers[i]), "a number that is not finite");
    if (dlcore_tensor_dtype(y) == DLCORE_DTYPE_INT32) {
        const int32_t *codes = dlcore_tensor_data_const(y);

        for (size_t i = 0; i < dlcore_tensor_size(y); i++)
            fuzz_require(codes[i] >= 0 && (size_t)codes[i] < dlcore_csv_class_count(csv),
                         "a class that has no name");
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    dlcore_csv_options_t options = options_of(size > 0 ? data[0] : 0);
    budget_t budget = budget_for(size);
    dlcore_allocator_t allocator = budget_allocator(&budget);
    dlcore_error_record_t error = {.message = ""};
    dlcore_csv_t *csv = NULL;
    dlcore_status status;

    if (size == 0)
        return 0;
    status = dlcore_csv_parse(data + 1, size - 1, &options, &allocator, &csv, &error);
    fuzz_require((status == DLCORE_OK) == (csv != NULL), "status and result disagree");
    fuzz_require((status == DLCORE_OK) == (error.message[0] == '\0'), "no message");
    if (status == DLCORE_OK)
        check_content(csv);
    dlcore_csv_free(csv);
    budget_check(&budget);
    return 0;
}
