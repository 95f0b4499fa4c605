/* A host with functions of its own under dlcore's short names, that uses dlcore by its full names
 * in the same file. own_names_trainer.c uses the short names; both are linked together.
 *
 * SPDX-License-Identifier: MIT */
#define DLCORE_NO_SHORT_NAMES
#include <dlcore.h>

#include <stdio.h>

double model_fit(const double *x, const double *y, size_t count);
void tensor_free(void);
int own_names_train(void);

static int freed;

/* Least squares through the origin: has nothing to do with dlcore_model_fit. */
double model_fit(const double *x, const double *y, size_t count)
{
    double xy = 0;
    double xx = 0;
    size_t i;

    for (i = 0; i < count; i++) {
        xy += x[i] * y[i];
        xx += x[i] * x[i];
    }
    return xy / xx;
}

void tensor_free(void)
{
    freed++;
}

int main(void)
{
    const double x[3] = {1, 2, 3};
    const double y[3] = {3, 6, 9};
    dlcore_tensor_t *scalar = NULL;

    if (dlcore_tensor_scalar(NULL, 1.5F, &scalar, NULL) != DLCORE_OK)
        return 1;
    dlcore_tensor_free(scalar);
    tensor_free();
    if (freed != 1 || model_fit(x, y, 3) != 3.0) {
        fprintf(stderr, "the host's own functions were not the ones called\n");
        return 1;
    }
    return own_names_train();
}
