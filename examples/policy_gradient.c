/* Learning by playing: an agent sees how far a goal is and steps left, right, or stays; it is told
 * only in the end how near it came (REINFORCE, with the mean of a round as baseline).
 *
 * Shows a loss whose labels are no outputs: y is (action, advantage), and the loss of a sample is
 * advantage times -log of the action's probability, from logits.
 *
 *     policy_gradient [FOLDER]    FOLDER: where to write data and weights
 *
 * SPDX-License-Identifier: MIT */
#include "support/record.h"

#include <math.h>
#include <stdio.h>

enum { GAMES = 40, MOVES = 8, BATCH = GAMES * MOVES, ROUNDS = 120, ACTIONS = 3 };

static void surprise(const function_batch_t *batch, void *user)
{
    (void)user;
    for (size_t row = 0; row < batch->rows; row++) {
        const float *logits = batch->y_pred + row * ACTIONS, *label = batch->y_true + row * 2;
        size_t action = (size_t)label[0];
        float sum = 0;

        for (size_t i = 0; i < ACTIONS; i++)
            sum += expf(logits[i]);
        batch->row_values[row] = label[1] * (logf(sum) - logits[action]);
        for (size_t i = 0; batch->gradient != NULL && i < ACTIONS; i++)
            batch->gradient[row * ACTIONS + i] =
                label[1] * (expf(logits[i]) / sum - (i == action ? 1.0F : 0.0F));
    }
}

static size_t draw(const float *logits)
{
    float sum = 0, at = next_random();

    for (size_t i = 0; i < ACTIONS; i++)
        sum += expf(logits[i]);
    for (size_t i = 0; i + 1 < ACTIONS; i++) {
        if (at < expf(logits[i]) / sum)
            return i;
        at -= expf(logits[i]) / sum;
    }
    return ACTIONS - 1;
}

/* Plays a round: states, actions and advantages; answers the mean reward. */
static float play(predictor_t *agent, float *states, float *labels)
{
    float rewards[GAMES], mean = 0, logits[ACTIONS];

    for (size_t game = 0; game < GAMES; game++) {
        float place = 0, goal = 2 * next_random() - 1;

        for (size_t move = 0; move < MOVES; move++) {
            size_t row = game * MOVES + move;

            states[row * 2] = goal - place;
            states[row * 2 + 1] = (float)move / (float)MOVES;
            require(predictor_run(agent, states + row * 2, 1, logits), predictor_error(agent));
            labels[row * 2] = (float)draw(logits);
            place += 0.15F * (labels[row * 2] - 1);
        }
        rewards[game] = -fabsf(goal - place);
        mean += rewards[game] / (float)GAMES;
    }
    for (size_t row = 0; row < BATCH; row++)
        labels[row * 2 + 1] = rewards[row / MOVES] - mean;
    return mean;
}

int main(int argc, char **argv)
{
    static float states[ROUNDS * BATCH * 2], labels[ROUNDS * BATCH * 2];
    const char *folder = argc > 1 ? argv[1] : NULL;
    compile_options_t how = compile_options_default();
    tensor_t *x, *y;
    predictor_t *agent = NULL;
    model_t *network = NULL;
    float first = 0, last = 0;

    require(model_create(NULL, &network), "create");
    model_add(network, layer_dense(24, ACTIVATION_TANH));
    model_add(network, layer_dense(ACTIONS, ACTIVATION_LINEAR));
    how.optimizer = optimizer_sgd();
    how.optimizer.learning_rate = 0.5;
    how.optimizer.momentum = 0.9;
    how.loss = loss_function(surprise, NULL);
    how.loss.label_width = 2;
    require(model_compile_with(network, &how), model_error(network));
    require(model_build(network, 2), model_error(network));
    require(predictor_create(network, NULL, &agent), "predictor");
    record_weights(folder, "start", network);
    for (size_t round = 0; round < ROUNDS; round++) {
        float *seen = states + round * BATCH * 2, *done = labels + round * BATCH * 2;

        last = play(agent, seen, done);
        first = round == 0 ? last : first;
        x = matrix_of(seen, BATCH, 2);
        y = matrix_of(done, BATCH, 2);
        require(model_train_on_batch(network, x, y, NULL), model_error(network));
        require(predictor_refresh(agent), predictor_error(agent));
        tensor_free(x);
        tensor_free(y);
    }
    x = matrix_of(states, ROUNDS * BATCH, 2);
    y = matrix_of(labels, ROUNDS * BATCH, 2);
    record_matrix(folder, "x", x);
    record_matrix(folder, "labels", y);
    record_weights(folder, "end", network);
    printf("distance from the goal: %.2f at first, %.2f after %d rounds\n", (double)-first,
           (double)-last, ROUNDS);
    predictor_free(agent);
    model_free(network);
    tensor_free(x);
    tensor_free(y);
    return last > 0.5F * first ? 0 : 1;
}
