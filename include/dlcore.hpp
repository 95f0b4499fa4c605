// dlcore for C++17 and later, header only: handles that free themselves, views of your containers,
// exceptions or results, callbacks, losses and metrics as lambdas, tables, and judging.
//
//     dlcore::model network;
//     network.add(dlcore::layer::dense(64, dlcore::activation::relu))
//            .add(dlcore::layer::dense(1));
//     network.compile(dlcore::optimizer::adam(), DLCORE_LOSS_MEAN_SQUARED_ERROR);
//     network.fit(dlcore::tensor::of(inputs, 8), dlcore::tensor::of(targets, 1));
//     std::vector<float> answers = network.predict(dlcore::tensor::of(inputs, 8));
//
// Errors: a call that fails throws dlcore::error, which has a status and the message. Each such
// call has a twin, try_..., that returns a dlcore::result instead and throws nothing of its own.
// Without exceptions (-fno-exceptions) there are only the twins.
//
// The headers of C are the manual: what a call does is said there. Whatever is not here is called
// with get(), which gives the C handle: dlcore_model_summary(network.get(), stdout). Descriptors
// and options are those of C. The short names of C (model_fit) are not defined by this header.
//
// A lambda may throw: training stops, and fit throws what it threw. Lambdas of losses and metrics
// that are called by rows run on several threads.
//
// SPDX-License-Identifier: MIT
#ifndef DLCORE_HPP
#define DLCORE_HPP

#include "dlcore/cpp/describe.hpp"
#include "dlcore/cpp/judge.hpp"
#include "dlcore/cpp/lambda.hpp"
#include "dlcore/cpp/model.hpp"
#include "dlcore/cpp/predictor.hpp"
#include "dlcore/cpp/result.hpp"
#include "dlcore/cpp/table.hpp"
#include "dlcore/cpp/tensor.hpp"
#include "dlcore/cpp/view.hpp"

#endif
