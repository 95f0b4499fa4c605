/* What the programs that are compared with PyTorch share: stopping at an error, and writing what
 * they compute into a folder, if the command line names one (tests/torch_examples.py reads it).
 *
 * SPDX-License-Identifier: MIT */
#ifndef RECORD_H
#define RECORD_H

#include <dlcore.h>

/* Ends the program with the status and the message unless the status is DLCORE_OK. */
void require(dlcore_status status, const char *message);

/* (rows, columns) float32 over `data`. */
tensor_t *matrix_of(float *data, size_t rows, size_t columns);

/* FOLDER/NAME.npy and FOLDER/NAME.safetensors; `folder` NULL: nothing. */
void record_matrix(const char *folder, const char *name, const tensor_t *matrix);
void record_weights(const char *folder, const char *name, const model_t *model);

/* Numbers from 0 to below 1, the same in every run. */
float next_random(void);

#endif
