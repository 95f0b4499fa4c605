// An analyst's program: how long deliveries take, and how long nine of ten take at most, from
// distance, weight and hour; saved, loaded and asked again.
//
// SPDX-License-Identifier: MIT
#include <dlcore.hpp>

#include <cstdio>
#include <random>
int main()
try {
    constexpr std::size_t rows = 4000, columns = 3;
    std::mt19937 random(1);
    std::uniform_real_distribution<float> uniform(0.0F, 1.0F);
    std::vector<float> features, minutes;
    for (std::size_t i = 0; i < rows; i++) {
        const float distance = 20 * uniform(random), weight = 30 * uniform(random);
        const float hour = 8 + 12 * uniform(random), rush = hour > 16 && hour < 19 ? 1.5F : 1.0F;
        features.insert(features.end(), {distance, weight, hour});
        minutes.push_back(rush * (5 + 2 * distance) + weight / 3 + 10 * uniform(random));
    }
    const dlcore::tensor x = dlcore::tensor::of(features, columns), y = dlcore::tensor::of(minutes);
    // The ninth tenth: what is too short costs nine times what is too long.
    auto pinball = [](const dlcore::batch &of) {
        for (std::size_t i = 0; i < of.rows; i++) {
            const float error = of.y_true[i] - of.y_pred[i];
            of.row_values[i] = error > 0 ? 0.9F * error : -0.1F * error;
            if (of.gradient != nullptr)
                of.gradient[i] = error > 0 ? -0.9F : 0.1F;
        }
    };
    auto covered = [](const dlcore::batch &of) {
        for (std::size_t i = 0; i < of.rows; i++)
            of.row_values[i] = of.y_true[i] <= of.y_pred[i] ? 1.0F : 0.0F;
    };
    dlcore::model network;
    network.add(dlcore::layer::normalization())
        .add(dlcore::layer::dense(32, dlcore::activation::relu))
        .add(dlcore::layer::dense(32, dlcore::activation::relu))
        .add(dlcore::layer::dense(1));
    dlcore::check(dlcore::result(dlcore_model_adapt(network.get(), 0, x.get()), "adapt"));
    network.compile(dlcore::optimizer::adam(0.01), dlcore::loss::of(pinball, "pinball"),
                    {dlcore::metric::of("covered", covered)});
    dlcore::fit_options how;
    how.settings.epochs = 40;
    how.settings.batch_size = 64;
    how.settings.validation_split = 0.2;
    how.on_epoch_end([](const dlcore::event &now) { return now.value("val_loss") < 1.1; });
    const dlcore::history run = network.fit(x, y, how);
    std::printf("%zu epochs, %.1f %% of those kept apart are within the estimate\n", run.epochs(),
                100 * run.last("val_covered"));
    network.save("deliveries.safetensors");
    const dlcore::model again = dlcore::model::load("deliveries.safetensors");
    const std::vector<float> order = {10, 6, 12};
    std::printf("10 km, 6 kg, at 12: %.0f minutes\n",
                double(again.predict(dlcore::tensor::of(order, columns))[0]));
    return run.last("val_covered") > 0.82 && run.last("val_covered") < 0.98 ? 0 : 1;
} catch (const dlcore::error &failed) {
    std::fprintf(stderr, "analyst: %s: %s\n", dlcore_status_name(failed.status()), failed.what());
    return 1;
}
