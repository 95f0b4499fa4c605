/* A model with notes of every kind.
 *
 * SPDX-License-Identifier: MIT */
#include "support/noted_model.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "dlcore/note.h"
#include "support/small_model.h"

dlcore_model_t *noted_model(const dlcore_model_options_t *options)
{
    static const char *const names[] = {"plum", "gr\303\266\303\237e \"x\""};
    dlcore_optimizer_t sgd = dlcore_optimizer_sgd();
    dlcore_model_t *model = small_model(options, &sgd);

    if (model == NULL)
        return NULL;
    if (dlcore_model_set_note(model, "by", "Ada\n\t\"quoted\" \\ \001") != DLCORE_OK ||
        dlcore_model_set_note_names(model, DLCORE_NOTE_CLASS_NAMES, names, 2) != DLCORE_OK ||
        dlcore_model_set_note(model, "gr\303\266\303\237e", "") != DLCORE_OK) {
        dlcore_model_free(model);
        return NULL;
    }
    return model;
}

void assert_same_notes(const dlcore_model_t *a, const dlcore_model_t *b)
{
    assert_int_equal(dlcore_model_note_count(a), dlcore_model_note_count(b));
    for (size_t i = 0; i < dlcore_model_note_count(a); i++) {
        const char *key = dlcore_model_note_key(a, i);
        size_t count, other_count;

        assert_string_equal(dlcore_model_note_key(b, i), key);
        assert_string_equal(dlcore_model_note(b, key), dlcore_model_note(a, key));
        assert_true((dlcore_model_note_names(a, key, &count) == NULL) ==
                    (dlcore_model_note_names(b, key, &other_count) == NULL));
        assert_int_equal(count, other_count);
    }
}
