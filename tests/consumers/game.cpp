// A game programmer's program: a paddle learns to catch by playing (policy gradient), and then
// plays without allocation in the frame loop. Compiled without exceptions.
//
// SPDX-License-Identifier: MIT
#include <dlcore.hpp>

#include <cstdio>
#include <cstdlib>
#include <random>

static constexpr int width = 9, height = 6; // of the field; the object falls a row each frame
static constexpr std::size_t inputs = 2, actions = 3, games = 32;
static std::mt19937 dice(3);
static std::vector<float> seen, slopes; // of all frames: what was there, and the gradients

static void insist(const dlcore::result &done)
{
    if (done)
        return;
    std::fprintf(stderr, "game: %s\n", done.message().c_str());
    std::exit(1);
}
static std::size_t best_of(const float *chances)
{
    const std::size_t first = chances[1] > chances[0] ? 1 : 0;
    return chances[2] > chances[first] ? 2 : first;
}
static std::size_t draw_from(const float *chances)
{
    const float drawn = float(dice() % 10000) / 10000;
    return drawn < chances[0] ? 0 : drawn < chances[0] + chances[1] ? 1 : 2;
}
// Plays one game, best as it can or to learn; whether it caught the object.
static bool play(dlcore::predictor &player, bool learns)
{
    int paddle = int(dice() % width), object = int(dice() % width);
    for (int row = 0; row < height; row++) {
        const float state[inputs] = {float(object - paddle) / width, float(height - row) / height};
        float chances[actions];
        if (player.try_run(state, chances) != DLCORE_OK)
            return false;
        const std::size_t action = learns ? draw_from(chances) : best_of(chances);
        paddle += int(action) - 1;
        paddle = paddle < 0 ? 0 : paddle >= width ? width - 1 : paddle;
        for (std::size_t i = 0; learns && i < actions; i++) // d -log chance / d chance
            slopes.push_back(i == action ? -1 / chances[i] : 0);
        if (learns)
            seen.insert(seen.end(), state, state + inputs);
    }
    return paddle == object;
}
int main()
{
    dlcore::model network(nullptr);
    dlcore::predictor player(nullptr);
    insist(dlcore::model::try_create(network));
    network.add(dlcore::layer::dense(32, dlcore::activation::tanh))
        .add(dlcore::layer::dense(actions, dlcore::activation::softmax));
    insist(network.try_build(inputs));
    insist(network.try_compile(dlcore::optimizer::adam(0.01), DLCORE_LOSS_MEAN_SQUARED_ERROR));
    insist(dlcore::predictor::try_create(player, network));
    for (int round = 0; round < 400; round++, seen.clear(), slopes.clear()) {
        for (std::size_t i = 0; i < games; i++) {
            const std::size_t before = slopes.size();
            const float reward = play(player, true) ? 0.7F : -0.3F;
            for (std::size_t k = before; k < slopes.size(); k++)
                slopes[k] *= reward / float(games * height);
        }
        dlcore::tensor x, dy;
        insist(dlcore::tensor::try_of(x, seen, inputs));
        insist(dlcore::tensor::try_of(dy, slopes, actions));
        insist(network.try_train_on_gradient(x, dy));
        player.refresh();
    }
    int caught = 0;
    for (int i = 0; i < 200; i++)
        caught += play(player, false) ? 1 : 0;
    std::printf("caught %d of 200\n", caught);
    return caught >= 140 ? 0 : 1; // some fall too far away
}
