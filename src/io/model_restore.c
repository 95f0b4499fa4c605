/* Loading the state of training into a model that is there already.
 *
 * The file is loaded as a model of its own first, so that a bad one changes nothing.
 *
 * SPDX-License-Identifier: MIT */
#include "io/model_restore.h"

#include "base/error.h"
#include "dlcore/file.h"
#include "model/model.h"
#include "model/run_state.h"

dlcore_status dlcore_model_restore(dlcore_model_t *model, const char *path,
                                   dlcore_error_record_t *error)
{
    dlcore_load_options_t options = dlcore_load_options_default();
    dlcore_error_record_t found = {0};
    dlcore_model_t *loaded = NULL;
    dlcore_status status;

    options.model = model->options;
    options.model.threads = 1; /* it never computes */
    options.error = error;
    status = dlcore_model_load(path, &options, &loaded);
    if (status != DLCORE_OK)
        return status;
    status = dlcore_model_take_over(model, loaded, &found);
    if (status != DLCORE_OK)
        (void)dlcore_fail(error, status, "%s: %s", path, found.message);
    dlcore_model_free(loaded);
    return status;
}
