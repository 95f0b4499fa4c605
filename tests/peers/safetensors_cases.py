"""The files in safetensors' own tests of its format, read by dlcore (model_inspect): those of its library in Rust
(safetensors/src/tensor.rs) and of its package for Python (bindings/python/tests/test_simple.py).

    safetensors_cases.py SOURCE_PACKAGE.tar.gz

The tests themselves call safetensors and are not run. Of each, every file that it has as bytes is a case, with
what the test says comes of it:
  - refused:  the next line of the test names an error of safetensors.
  - read:     else; and where the test names them, the tensors' names, shapes, types and bytes.
Tests without bytes of a file are not there: they make files with safetensors' own classes, or test slices.

Ends with status 1 where a case failed, or none passed.

SPDX-License-Identifier: MIT
"""

import ast
import collections
import ctypes
import os
import re
import sys
import tarfile

library = ctypes.CDLL(os.environ["DLCORE_PEER_BRIDGE"])


def read_by_dlcore(data):
    """The tensors, name to (dtype, shape, bytes); or the message of what is wrong."""
    message = ctypes.create_string_buffer(512)
    text = ctypes.create_string_buffer(65536)
    size = ctypes.c_size_t(len(text))
    if library.peer_inspect(data, ctypes.c_size_t(len(data)), text, size, message):
        return message.value.decode()
    tensors = {}
    for line in text.value.decode().splitlines():
        name, dtype, length, *shape = line.split("\t")
        tensors[name] = (dtype, [int(number) for number in shape], int(length))
    return tensors


def rust_bytes(text):
    """What stands between the quotes of b"..."."""
    return ast.literal_eval('b"' + text.replace("\\0", "\\x00") + '"')


def rust_cases(source):
    """Test, bytes, what the test says of them as text."""
    source = source.split("mod tests {", 1)[1]
    for test in source.split("#[test]")[1:]:
        name = re.search(r"fn (\w+)\(", test)[1]
        found = list(re.finditer(r'let serialized = b"((?:[^"\\]|\\.)*)";|assert_eq!\(\s*out,\s*\[([0-9,\s]*)\]', test))
        for at, case in enumerate(found):
            end = found[at + 1].start() if at + 1 < len(found) else len(test)
            if case[2] is None:
                data = rust_bytes(case[1])
            else:
                data = bytes(int(number) for number in re.findall(r"[0-9]+", case[2]))
            yield name, data, test[case.end() : end]
        if not found:
            yield name, None, ""


def python_cases(source):
    for test in ast.walk(ast.parse(source)):
        if not isinstance(test, ast.FunctionDef) or not test.name.startswith("test_"):
            continue
        found = [node.value for node in ast.walk(test)
                 if isinstance(node, ast.Constant) and isinstance(node.value, bytes) and len(node.value) > 8]
        for data in found or [None]:
            yield test.name, data, ""


def problem_of(data, says):
    """None, or what differs from what the test says."""
    answer = read_by_dlcore(data)
    if "Err(SafeTensorError::" in says:
        return None if isinstance(answer, str) else "is read"
    if isinstance(answer, str):
        return answer
    count = re.search(r"loaded\.len\(\), ([0-9]+)", says)
    names = re.search(r"loaded\.names\(\), vec!\[([^\]]*)\]", says)
    shape = re.search(r"tensor\.shape\(\), vec!\[([^\]]*)\]", says)
    dtype = re.search(r"tensor\.dtype\(\), Dtype::(\w+)", says)
    values = re.search(r'tensor\.data\(\), b"((?:[^"\\]|\\.)*)"', says)
    if count and len(answer) != int(count[1]):
        return f"has {len(answer)} tensors"
    if names and list(answer) != re.findall(r'"([^"]*)"', names[1]):
        return f"has {list(answer)}"
    if not (shape or dtype or values or "tensor.shape().is_empty()" in says):
        return None
    found = answer.get("test", ("", [-1], 0))
    if shape and found[1] != [int(number) for number in re.findall("[0-9]+", shape[1])]:
        return f"has shape {found[1]}"
    if "tensor.shape().is_empty()" in says and found[1]:
        return f"has shape {found[1]}"
    if dtype and found[0] != dtype[1]:
        return f"has type {found[0]}"
    if values and found[2] != len(rust_bytes(values[1])):
        return f"has {found[2]} bytes"
    return None


sources = {"tensor.rs": rust_cases, "test_simple.py": python_cases}
counts = collections.defaultdict(collections.Counter)
with tarfile.open(sys.argv[1]) as package:
    for member in package:
        base = os.path.basename(member.name)
        if base not in sources:
            continue
        for name, data, says in sources[base](package.extractfile(member).read().decode()):
            if data is None:
                outcome = "not there"
            else:
                problem = problem_of(data, says)
                outcome = "failed" if problem else "passed"
                if problem:
                    print(f"failed: {base}: {name}: {problem}")
            for row in (base, "all"):
                counts[row][outcome] += 1
print(f"{'file':20}{'applicable':>12}{'passed':>12}{'failed':>12}{'not there':>12}")
for row in sorted(counts, key=lambda row: (row == "all", row)):
    count = counts[row]
    print(f"{row:20}{count['passed'] + count['failed']:12}{count['passed']:12}{count['failed']:12}"
          f"{count['not there']:12}")
sys.exit(1 if counts["all"]["failed"] or not counts["all"]["passed"] else 0)
