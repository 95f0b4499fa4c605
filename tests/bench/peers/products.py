"""The matrix products of a training step and nothing else, by other BLAS.

OpenBLAS as NumPy's wheel carries it, which is newer than a distribution's; MKL
where its package is installed. A layer has a product forward, one for the
gradient of its kernel, and but for the first layer one for that of its inputs.

SPDX-License-Identifier: MIT
"""
import ctypes
import glob
import os
import sys

import common

ARGUMENTS = common.parse_arguments(__doc__)
common.limit_threads(ARGUMENTS.threads)

ROW_MAJOR, NO_TRANSPOSE, TRANSPOSE = 101, 111, 112


class Library:
    """A BLAS: its name, its version, and its sgemm."""

    def __init__(self, name, version, sgemm, integer):
        self.name, self.version, self.sgemm = name, version, sgemm
        real, pointer = ctypes.c_float, ctypes.c_void_p
        sgemm.argtypes = [ctypes.c_int] * 3 + [integer] * 3 + [
            real, pointer, integer, pointer, integer, real, pointer, integer]
        sgemm.restype = None

    def call(self, a, b, c, transpose_a=False, transpose_b=False):
        """The arguments of c = op(a) op(b), row-major."""
        depth = a.shape[0] if transpose_a else a.shape[1]
        return (ROW_MAJOR, TRANSPOSE if transpose_a else NO_TRANSPOSE,
                TRANSPOSE if transpose_b else NO_TRANSPOSE, c.shape[0],
                c.shape[1], depth, 1.0, a.ctypes.data, a.shape[1],
                b.ctypes.data, b.shape[1], 0.0, c.ctypes.data, c.shape[1])


def openblas():
    """That of NumPy's wheel, or None."""
    folder = os.path.join(os.path.dirname(os.path.dirname(
        common.np.__file__)), "numpy.libs")
    for path in glob.glob(os.path.join(folder, "libscipy_openblas64_*")):
        library = ctypes.CDLL(path)
        library.scipy_openblas_set_num_threads64_(ARGUMENTS.threads)
        texts = []
        for what in ("config", "corename"):
            text = getattr(library, f"scipy_openblas_get_{what}64_")
            text.restype = ctypes.c_char_p
            texts.append(text().decode())
        version = f"{texts[0].split()[1]}, {texts[1]}"
        return Library("OpenBLAS, products", version,
                       library.scipy_cblas_sgemm64_, ctypes.c_int64)
    return None


def mkl():
    """That of this Python's packages, or None."""
    for path in glob.glob(os.path.join(sys.prefix, "lib", "libmkl_rt*")):
        library = ctypes.CDLL(path)
        library.MKL_Set_Num_Threads(ARGUMENTS.threads)
        text = ctypes.create_string_buffer(256)
        library.MKL_Get_Version_String(text, len(text))
        version = text.value.decode().split("Version ")[-1].split()[0]
        return Library("MKL, products", version, library.cblas_sgemm,
                       ctypes.c_int)
    return None


def step_calls(library, case):
    """The arguments of each product of a step, and what they point to."""
    random = common.np.random.default_rng(1)

    def matrix(rows, columns):
        return random.uniform(-1, 1, (rows, columns)).astype("float32")

    calls, kept = [], []
    for layer, (inputs, units) in enumerate(zip(case.widths,
                                                case.widths[1:])):
        x, kernel = matrix(case.batch, inputs), matrix(inputs, units)
        dz, gradient = matrix(case.batch, units), matrix(inputs, units)
        y, dx = matrix(case.batch, units), matrix(case.batch, inputs)
        calls.append(library.call(x, kernel, y))
        calls.append(library.call(x, dz, gradient, transpose_a=True))
        if layer > 0:
            calls.append(library.call(dz, kernel, dx, transpose_b=True))
        kept += [x, kernel, dz, gradient, y, dx]
    return calls, kept


def check(library):
    """Products of another kind than NumPy's would be worth nothing."""
    x = common.np.arange(6, dtype="float32").reshape(2, 3)
    y = common.np.empty((3, 3), "float32")
    library.sgemm(*library.call(x, x, y, transpose_a=True))
    if not (y == x.T @ x).all():
        sys.exit(f"{library.name}: wrong products")


def main():
    """Measures each library on the cases of training."""
    libraries = [library for library in (openblas(), mkl())
                 if library is not None]
    if not libraries:
        common.missing("OpenBLAS in NumPy's wheel, or MKL")
    for library in libraries:
        check(library)
        for case in common.chosen(ARGUMENTS):
            if case.work != "train" or max(case.widths) < 64:
                continue
            calls, kept = step_calls(library, case)

            def run(count):
                for _ in range(count):
                    for call in calls:
                        library.sgemm(*call)

            seconds = common.measure(run, 1, ARGUMENTS.quick)
            common.report(case, library.name, library.version,
                          ARGUMENTS.threads, seconds)
            del kept


if __name__ == "__main__":
    main()
