"""onnx's backend node tests, as its package makes them, of the operators that onnx_load reads.

    onnx_nodes.py ONNX_FILES_PROGRAM WORK_FOLDER

A node test is a graph of one node, inputs and outputs. dlcore reads chains from one input to one output whose
other operands are constants; so all inputs but the first become initializers, and outputs but the first are
dropped. Nothing else is changed. A test is
  - not there:  dlcore refuses the graph, with a message that is counted by what it says; or its first input is
                not of floats, or has no axis of samples.
  - applicable: else. It passes where the first output is that of the test, within 1e-5 of the largest number.

Ends with status 1 where a test failed, or none passed.

SPDX-License-Identifier: MIT
"""

import collections
import importlib
import pathlib
import re
import subprocess
import sys

import numpy as np
import onnx
from onnx import numpy_helper
from onnx.backend.test.case import node as cases

OPERATORS = """Gemm MatMul Add Sub Mul Div Neg BatchNormalization LayerNormalization RMSNormalization
    LpNormalization Relu LeakyRelu PRelu ThresholdedRelu Elu Selu Celu Sigmoid HardSigmoid HardSwish Tanh
    Softmax LogSoftmax Softplus Softsign Gelu Mish Swish Exp Shrink Clip Identity Cast Dropout Flatten Reshape
    Squeeze Pow Sqrt Reciprocal""".split()

tool, work = sys.argv[1], pathlib.Path(sys.argv[2])
work.mkdir(parents=True, exist_ok=True)
for operator in OPERATORS:
    module = {"BatchNormalization": "batch_normalization"}.get(operator, operator.lower())
    importlib.import_module(f"{cases.__name__}.{module}")


class NotThere(Exception):
    pass


def run(case):
    inputs, outputs = case.data_sets[0]
    if not inputs or not isinstance(inputs[0], np.ndarray) or inputs[0].dtype != np.float32:
        raise NotThere("another dtype than float32")
    if inputs[0].ndim < 2 or outputs[0].shape[:1] != inputs[0].shape[:1] or outputs[0].dtype != np.float32:
        raise NotThere("no axis of samples")
    model = onnx.ModelProto()
    model.CopyFrom(case.model)
    graph = model.graph
    for value, array in zip(list(graph.input)[1:], inputs[1:]):
        graph.initializer.append(numpy_helper.from_array(np.asarray(array), value.name))
    del graph.input[1:]
    del graph.output[1:]
    path = work / f"{case.name}.onnx"
    onnx.save(model, path)
    np.save(work / "x.npy", inputs[0])
    np.save(work / "y.npy", outputs[0])
    done = subprocess.run(
        [tool, "compare", path, work / "x.npy", work / "y.npy"], capture_output=True, text=True, check=False
    )
    text = done.stdout + done.stderr
    if done.returncode and "load: " in text:
        raise NotThere(re.sub(r'"[^"]*"|-?[0-9]+', "*", text.split("load: ", 1)[1].split(".onnx: ")[-1].strip()))
    if done.returncode:
        raise AssertionError(text.strip())


counts = collections.defaultdict(collections.Counter)
reasons = collections.Counter()
for case in cases._NodeTestCases:
    operators = {node.op_type for node in case.model.graph.node}
    if len(operators) != 1 or not operators <= set(OPERATORS) or case.name.endswith("_expanded"):
        continue
    try:
        run(case)
        outcome = "passed"
    except NotThere as reason:
        outcome = "not there"
        reasons[str(reason)] += 1
    except AssertionError as reason:
        outcome = "failed"
        print(f"failed: {case.name}: {reason}")
    for row in (operators.pop(), "all"):
        counts[row][outcome] += 1
print(f"{'operator':20}{'applicable':>12}{'passed':>12}{'failed':>12}{'not there':>12}")
for row, count in counts.items():
    if row == "all" or not (count["passed"] or count["failed"]):
        continue
    print(f"{row:20}{count['passed'] + count['failed']:12}{count['passed']:12}{count['failed']:12}"
          f"{count['not there']:12}")
count = counts["all"]
print(f"{'all':20}{count['passed'] + count['failed']:12}{count['passed']:12}{count['failed']:12}"
      f"{count['not there']:12}")
print("not there, by reason: " + "; ".join(f"{reason} ({n})" for reason, n in reasons.most_common(12)))
sys.exit(1 if count["failed"] or not count["passed"] else 0)
