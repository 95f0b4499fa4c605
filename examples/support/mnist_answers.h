/* What a trained network answers for the test images, printed: a confusion matrix, and pictures of
 * the mistakes that it was surest of.
 *
 * SPDX-License-Identifier: MIT */
#ifndef EXAMPLES_SUPPORT_MNIST_ANSWERS_H
#define EXAMPLES_SUPPORT_MNIST_ANSWERS_H

#include "mnist_data.h"

/* `probabilities` is (count, 10) float32, as the network predicted them for set->images. */
void mnist_show_answers(const mnist_images_t *set, const tensor_t *probabilities,
                        const char *const *names);

#endif
