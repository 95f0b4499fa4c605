/* ONNX models in tests: loaded, run, refused.
 *
 * SPDX-License-Identifier: MIT */
#ifndef DLCORE_TESTS_ONNX_CASE_H
#define DLCORE_TESTS_ONNX_CASE_H

#include "dlcore/onnx.h"
#include "support/onnx_bytes.h"

/* The model, for the caller to free; fails the test with the message where it is refused. */
dlcore_model_t *onnx_case_load(const unsigned char *bytes, size_t size);
/* The model's outputs for (rows, its inputs): `y` has room for them. */
void onnx_case_predict(const dlcore_model_t *model, size_t rows, const float *x, float *y);
/* The nodes of a list that ends with NULL, each "Operator inputs outputs attributes". */
void onnx_case_nodes(onnx_bytes_t *model, const char *const *nodes);
/* Ends the model, with a batch of rows of `inputs` numbers as its input, loads it and fails the
 * test unless it gives these outputs, (rows, width). The model, for the caller to free. */
dlcore_model_t *onnx_case_outputs(onnx_bytes_t *model, int opset, size_t rows, const float *x,
                                  size_t inputs, const double *expected, size_t width);
/* Fails the test unless loading answers that status with that text in its message, and takes and
 * gives back memory as the header of onnx.h says. */
void onnx_case_refused(const unsigned char *bytes, size_t size, dlcore_status status,
                       const char *text);
/* Whatever it answers: memory within bounds, all given back, a message exactly where it failed. */
dlcore_status onnx_case_survives(const unsigned char *bytes, size_t size);

#endif
