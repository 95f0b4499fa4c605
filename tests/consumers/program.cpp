// A C++ host: the same headers, the same names.
//
// SPDX-License-Identifier: MIT
#include <dlcore.h>

#include <cstdio>
#include <memory>
#include <vector>

int main()
{
    const std::vector<float> inputs = {0, 0, 0, 1, 1, 0, 1, 1};
    const std::vector<float> outputs = {0, 1, 1, 1};
    const std::vector<std::size_t> shape = {4, 2};

    model_t *made = nullptr;
    if (model_create(nullptr, &made) != DLCORE_OK)
        return 1;
    const std::unique_ptr<model_t, decltype(&model_free)> network(made, model_free);
    tensor_t *borrowed = nullptr;
    tensor_borrow_const(nullptr, DTYPE_FLOAT32, 2, shape.data(), inputs.data(), 0, &borrowed,
                        nullptr);
    const std::unique_ptr<tensor_t, decltype(&tensor_free)> x(borrowed, tensor_free);
    borrowed = nullptr;
    tensor_borrow_const(nullptr, DTYPE_FLOAT32, 1, shape.data(), outputs.data(), 0, &borrowed,
                        nullptr);
    const std::unique_ptr<tensor_t, decltype(&tensor_free)> y(borrowed, tensor_free);

    layer_t layer = layer_dense(1, ACTIVATION_SIGMOID);
    layer.kernel_initializer = initializer_zeros();
    model_add(network.get(), layer);
    optimizer_t rmsprop = optimizer_rmsprop();
    rmsprop.learning_rate = 0.1;
    model_compile(network.get(), &rmsprop, LOSS_BINARY_CROSSENTROPY, METRIC_ACCURACY);

    fit_options_t how = fit_options_default();
    how.epochs = 100;
    evaluation_t result = evaluation_t();
    if (model_fit(network.get(), x.get(), y.get(), &how, nullptr) != DLCORE_OK ||
        model_evaluate(network.get(), x.get(), y.get(), nullptr, &result) != DLCORE_OK) {
        std::fprintf(stderr, "%s\n", model_error(network.get()));
        return 1;
    }
    std::printf("or: accuracy %.4f\n", evaluation_value(&result, "accuracy"));
    return evaluation_value(&result, "accuracy") == 1.0 ? 0 : 1;
}
