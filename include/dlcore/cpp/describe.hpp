// Layers, activations and optimizers by namespaced names.
//
// SPDX-License-Identifier: MIT
#ifndef DLCORE_CPP_DESCRIBE_HPP
#define DLCORE_CPP_DESCRIBE_HPP

#include <cstddef>

#include "result.hpp"
#include "view.hpp"

namespace dlcore
{

namespace activation
{
inline constexpr dlcore_activation_t linear = DLCORE_ACTIVATION_LINEAR;
inline constexpr dlcore_activation_t relu = DLCORE_ACTIVATION_RELU;
inline constexpr dlcore_activation_t leaky_relu = DLCORE_ACTIVATION_LEAKY_RELU;
inline constexpr dlcore_activation_t elu = DLCORE_ACTIVATION_ELU;
inline constexpr dlcore_activation_t selu = DLCORE_ACTIVATION_SELU;
inline constexpr dlcore_activation_t gelu = DLCORE_ACTIVATION_GELU;
inline constexpr dlcore_activation_t silu = DLCORE_ACTIVATION_SILU;
inline constexpr dlcore_activation_t sigmoid = DLCORE_ACTIVATION_SIGMOID;
inline constexpr dlcore_activation_t tanh = DLCORE_ACTIVATION_TANH;
inline constexpr dlcore_activation_t softplus = DLCORE_ACTIVATION_SOFTPLUS;
inline constexpr dlcore_activation_t softmax = DLCORE_ACTIVATION_SOFTMAX;
} // namespace activation

namespace layer
{
inline dlcore_layer_t dense(std::size_t units,
                            dlcore_activation_t activation = DLCORE_ACTIVATION_LINEAR)
{
    return dlcore_layer_dense(units, activation);
}
inline dlcore_layer_t dropout(double rate)
{
    return dlcore_layer_dropout(rate);
}
inline dlcore_layer_t gaussian_noise(double deviation)
{
    return dlcore_layer_gaussian_noise(deviation);
}
inline dlcore_layer_t rescaling(double scale, double offset = 0.0)
{
    return dlcore_layer_rescaling(scale, offset);
}
inline dlcore_layer_t flatten()
{
    return dlcore_layer_flatten();
}
inline dlcore_layer_t normalization()
{
    return dlcore_layer_normalization();
}
inline dlcore_layer_t batch_normalization()
{
    return dlcore_layer_batch_normalization();
}
inline dlcore_layer_t layer_normalization()
{
    return dlcore_layer_layer_normalization();
}
// Borrows the tables until the layer is added.
inline dlcore_layer_t embedding(view<const dlcore_embedding_t> tables)
{
    return dlcore_layer_embedding(tables.data(), tables.size());
}
} // namespace layer

namespace optimizer
{
inline dlcore_optimizer_t with_rate(dlcore_optimizer_t optimizer, double learning_rate)
{
    optimizer.learning_rate = learning_rate;
    return optimizer;
}
inline dlcore_optimizer_t sgd(double learning_rate = 0.01)
{
    return with_rate(dlcore_optimizer_sgd(), learning_rate);
}
inline dlcore_optimizer_t rmsprop(double learning_rate = 0.001)
{
    return with_rate(dlcore_optimizer_rmsprop(), learning_rate);
}
inline dlcore_optimizer_t adam(double learning_rate = 0.001)
{
    return with_rate(dlcore_optimizer_adam(), learning_rate);
}
inline dlcore_optimizer_t adamw(double learning_rate = 0.001)
{
    return with_rate(dlcore_optimizer_adamw(), learning_rate);
}
} // namespace optimizer

} // namespace dlcore

#endif
