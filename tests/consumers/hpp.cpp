// dlcore.hpp: handles, views, results, exceptions, and lambdas that throw.
//
// SPDX-License-Identifier: MIT
#include <dlcore.hpp>

#include <array>
#include <atomic>
#include <cstdio>
#include <cstring>
#include <memory>
#include <utility>

static int failures = 0;

static void expect(bool holds, const char *what)
{
    if (holds)
        return;
    std::fprintf(stderr, "hpp: not so: %s\n", what);
    failures++;
}

static const std::vector<float> inputs = {0, 0, 0, 1, 1, 0, 1, 1};
static const std::vector<float> targets = {0, 1, 1, 1};

static dlcore::model make_or(const dlcore::loss &loss = DLCORE_LOSS_BINARY_CROSSENTROPY)
{
    dlcore::model made;
    made.add(dlcore::layer::dense(1, dlcore::activation::sigmoid));
    made.compile(dlcore::optimizer::rmsprop(0.1), loss, {DLCORE_METRIC_ACCURACY}).build(2);
    return made;
}

template <class Function> static std::string message_of(Function &&function)
{
    try {
        function();
        return "";
    } catch (const dlcore::error &failed) {
        return failed.what();
    }
}

static void check_views()
{
    std::array<float, 3> numbers = {1, 2, 3};
    const float plain[] = {4, 5};
    const dlcore::view<float> writable = numbers;
    const dlcore::view<const float> read = numbers, other = plain;

    writable[1] = 7;
    expect(read.size() == 3 && read[1] == 7.0F && other.size() == 2, "views of arrays");
    expect(dlcore::view<const float>(inputs).row(2, 2)[0] == 1.0F, "a row of a view");
    expect(dlcore::view<float>().empty(), "an empty view");
    static_assert(!std::is_convertible_v<const std::vector<float> &, dlcore::view<float>>);
}

static void check_tensors()
{
    dlcore::tensor zeros = dlcore::tensor::zeros(2, 3), moved;

    expect(zeros.rows() == 2 && zeros.columns() == 3 && zeros.floats().size() == 6, "zeros");
    zeros.floats()[5] = 4;
    moved = std::move(zeros);
    expect(zeros.get() == nullptr && moved.floats()[5] == 4.0F, "moving a tensor");
    expect(message_of([] { dlcore::tensor::of(inputs, 3); }) ==
               "tensor: 8 numbers make no whole rows of 3",
           "rows that are not whole");
    const std::vector<std::int32_t> labels = {1, 2};
    expect(dlcore_tensor_dtype(dlcore::tensor::of(labels).get()) == DLCORE_DTYPE_INT32, "int32");
    expect(dlcore::tensor::of(labels).floats().empty(), "floats of integers");
}

static void check_models()
{
    dlcore::model network = make_or();
    dlcore::fit_options how;
    std::size_t epochs = 0, batches = 0;
    const dlcore::tensor x = dlcore::tensor::of(inputs, 2), y = dlcore::tensor::of(targets);

    how.settings.epochs = 100;
    how.on_epoch_end([&](const dlcore::event &now) { return ++epochs == 60 && now.epoch() == 59; });
    how.on_batch_end([&](const dlcore::event &) { batches++; });
    const dlcore::history run = network.fit(x, y, how);
    expect(epochs == 60 && batches == 60 && run.epochs() == 60 && run.stopped(), "stopping");
    expect(run.last("loss") < run.value("loss", 0), "learning");
    const dlcore_evaluation_t found = network.evaluate(x, y);
    expect(dlcore_evaluation_value(&found, "accuracy") == 1.0, "evaluating");
    const std::vector<float> answers = network.predict(x);
    dlcore::predictor predictor(network, 4);
    std::vector<float> same(4);
    predictor.run(inputs, same);
    for (std::size_t i = 0; i < 4; i++)
        expect(answers[i] - same[i] < 1e-6F && same[i] - answers[i] < 1e-6F, "predictor");
    network.save("or.safetensors");
    expect(dlcore::model::load("or.safetensors").predict(x) == answers, "saving and loading");
    dlcore::model copy = network.clone();
    expect(copy.weights() == network.weights(), "cloning");
    copy.set_weights(std::vector<float>(3));
    expect(copy.predict(x)[3] == 0.5F, "setting weights");
    predictor.refresh();
}

static void check_errors()
{
    dlcore::model network = make_or(), nothing(nullptr);
    const dlcore::tensor wide = dlcore::tensor::of(inputs, 4), y = dlcore::tensor::of(targets);

    expect(message_of([&] { network.predict(wide); }).find("expects 2 inputs, got 4") !=
               std::string::npos,
           "a message with its numbers");
    const dlcore::result refused = network.try_set_weights(inputs);
    expect(!refused && refused.status() == DLCORE_ERROR_SHAPE &&
               refused.message() == "weights: the model has 3 values, got 8",
           "a result");
    expect(message_of([] { dlcore::model::load("none.safetensors"); }).find("none.safetensors") !=
               std::string::npos,
           "a file that is not there");
    expect(!dlcore::model::try_load(nothing, "none.safetensors") && nothing.get() == nullptr,
           "a result of loading");
    expect(nothing.try_build().status() == DLCORE_ERROR_ARGUMENT, "a handle without a model");
    std::array<float, 2> one = {1, 1};
    std::array<float, 3> three = {};
    dlcore::predictor predictor(network);
    expect(predictor.try_run(one, three) == DLCORE_ERROR_SHAPE, "outputs of another size");
}

static void check_lambdas()
{
    std::atomic<int> calls{0};
    auto squares = [&](const dlcore::batch &of) {
        calls++;
        for (std::size_t i = 0; i < of.rows; i++) {
            const float error = of.y_pred[i] - of.y_true[i];
            of.row_values[i] = error * error;
            if (of.gradient != nullptr)
                of.gradient[i] = 2 * error;
        }
    };
    auto broken = [](const dlcore::batch &) { throw std::string("out of a loss"); };
    const dlcore::tensor x = dlcore::tensor::of(inputs, 2), y = dlcore::tensor::of(targets);
    dlcore::model network =
        make_or(dlcore::loss::of(squares, "squares")); // which outlives the loss
    const std::vector<float> before = network.weights();

    network.fit(x, y);
    expect(calls == 1 && network.weights() != before, "a loss of a lambda");
    const auto token = std::make_shared<int>(0);
    const auto counted = [token, squares](const dlcore::batch &of) { squares(of); };
    dlcore::model own = make_or(dlcore::loss::of(counted));
    const long holders = token.use_count();
    expect(bool(own.try_clone(own)) && token.use_count() == holders, "cloning into itself");
    own.fit(x, y);
    expect(calls == 2, "a loss of a clone");
    dlcore::model bad = make_or(dlcore::loss::of(broken));
    const std::vector<float> kept = bad.weights();
    bool thrown = false;
    try {
        bad.fit(x, y);
    } catch (const std::string &text) {
        thrown = text == "out of a loss";
    }
    expect(thrown && bad.weights() == kept, "an exception out of a loss");
    thrown = false;
    dlcore::fit_options how;
    how.on_batch_end([](const dlcore::event &) { throw 7; });
    try {
        network.fit(x, y, how);
    } catch (int number) {
        thrown = number == 7;
    }
    expect(thrown, "an exception out of a callback");
    network.fit(x, y); // which is possible again
}

static void check_tables()
{
    const char *text = "size,color,kind\n1,red,a\n2,blue,b\n3,red,a\n4,green,b\n5,blue,b\n"
                       "6,red,a\n7,green,b\n8,red,a\n";
    const dlcore::table table = dlcore::table::parse(text);
    dlcore::table_split rows;
    dlcore_split_options_t how = dlcore_split_options_default();
    dlcore_schema_options_t options = dlcore_schema_options_default();
    dlcore::tensor x, y;

    how.test_fraction = 0.5;
    table.split(rows, "kind", how);
    expect(table.rows() == 8 && table.name(1) == "color" && rows.test().count == 4, "a table");
    options.target = "kind";
    options.all.encode = DLCORE_ENCODE_INDEX;
    const dlcore::schema schema(table, options);
    schema.apply(table, x, y, &rows.train());
    expect(x.rows() == 4 && x.columns() == 2 && schema.classes() == 2, "a schema");
    dlcore::tensor sparse_x;
    schema.apply_sparse(table, sparse_x, y, &rows.train());
    expect(sparse_x.rows() == 4 && dlcore_sparse_of(sparse_x.get()) != nullptr, "sparse rows");
    dlcore::model network;
    network.add(schema.embedding()).add(dlcore::layer::dense(2, dlcore::activation::softmax));
    network.compile(dlcore::optimizer::adam(0.1), DLCORE_LOSS_SPARSE_CATEGORICAL_CROSSENTROPY);
    for (int i = 0; i < 100; i++)
        network.train_on_batch(x, y);
    schema.set(network);
    const dlcore::named_value row[] = {{"size", "3"}, {"color", "red"}};
    expect(dlcore::answer(network, row).class_name == std::string("a"), "an answer");
    expect(dlcore::answers(network, table, &rows.test()).size() == 4, "answers");
    const dlcore::named_value unknown[] = {{"size", "three"}, {"color", nullptr}};
    dlcore_answer_t found = {};
    expect(dlcore::try_answer(network, unknown, found).status() == DLCORE_ERROR_FORMAT,
           "a value that is no number");
    dlcore::table none(nullptr);
    expect(!dlcore::table::try_load(none, "none.csv") && none.rows() == 0,
           "a file that is not there");
    expect(none.try_set_kind("color", DLCORE_COLUMN_DATE).status() == DLCORE_ERROR_ARGUMENT,
           "a handle without a table");
}

// Four samples of two features, of which the first alone decides.
static void check_judging()
{
    const std::vector<std::int32_t> classes = {0, 0, 1, 1};
    const std::vector<float> features = {-2, 1, -1, -1, 1, 1, 2, -1};
    const dlcore::tensor x = dlcore::tensor::of(features, 2), y = dlcore::tensor::of(classes);
    std::vector<float> scores = {0.1F, 0.6F, 0.4F, 0.9F};
    dlcore::tensor y_pred = dlcore::tensor::of(scores);
    const dlcore::ranking ranking(y, y_pred);

    expect(ranking.points().size() == 5 && ranking.roc_area() == 0.75, "a ranking");
    expect(ranking.average_precision() > 0.83 && ranking.average_precision() < 0.84, "precision");
    expect(ranking.threshold(1, 20).point.threshold < 0.5 &&
               ranking.threshold(20, 1).point.threshold > 0.8,
           "thresholds by cost");
    ranking.save_roc_svg("roc.svg");
    ranking.save_pr_svg("pr.svg");
    const double brier = dlcore::brier_score(y, y_pred);
    expect(brier > 0.184 && brier < 0.186, "the Brier score"); // (.01 + .36 + .36 + .01) / 4
    const double before = dlcore::log_loss(y, y_pred);
    dlcore::apply_temperature(y_pred, dlcore::fit_temperature(y, y_pred));
    expect(before > 0.5 && dlcore::log_loss(y, y_pred) <= before, "a temperature");
    const dlcore_reliability_t bins = dlcore::reliability(y, y_pred, 1, 2);
    expect(bins.bins[0].count == 2 && bins.bins[0].observed == 0.5, "bins");
    dlcore::save_svg(bins, "reliability.svg");

    dlcore::model network;
    network.add(dlcore::layer::dense(1, dlcore::activation::sigmoid)).build(2);
    network.compile(dlcore::optimizer::adam(), DLCORE_LOSS_BINARY_CROSSENTROPY);
    network.set_weights(std::vector<float>{2, 0, 0});
    const dlcore::importance used = dlcore::importance_of(network, x, y);
    expect(used.means[0] > 0.1 && used.means[1] == 0.0, "importance");
    dlcore::save_svg(used, "importance.svg", {"first", "second"});
    expect(dlcore::try_save_svg(used, "importance.svg", {"first"}).message() ==
               "importance: 1 names of 2 features",
           "names that are too few");
    const dlcore::dependence follows(network, x, 0);
    expect(follows.grid().size() == 4 && follows.means()[3] > follows.means()[0], "dependence");
    follows.save_svg("dependence.svg", "first");
    dlcore::set_temperature(network, 2);
    expect(network.weights()[0] == 1.0F, "a temperature that is built in");

    dlcore::ranking none(nullptr);
    expect(!dlcore::ranking::try_make(none, x, y_pred) && none.get() == nullptr &&
               none.points().empty() && none.roc_area() != none.roc_area(),
           "labels that are no classes");
    expect(dlcore::try_set_temperature(network, -1).status() != DLCORE_OK,
           "a negative temperature");
    expect(!dlcore::try_save_svg(bins, "no/folder.svg"), "a folder that is not there");
}

int main()
{
    check_views();
    check_tensors();
    check_models();
    check_errors();
    check_lambdas();
    check_tables();
    check_judging();
    std::printf("hpp: %d failures\n", failures);
    return failures == 0 ? 0 : 1;
}
