"""The matrix products of a training step and nothing else, by other BLAS.

OpenBLAS as NumPy's wheel carries it, which is newer than a distribution's; MKL
where its package is installed; BLIS (Debian: libblis4-pthread) where the
dynamic linker finds it; LIBXSMM (libxsmm-dev) where a compiler does, for
products that it has kernels for. A layer has a product forward, one for the
gradient of its kernel, and but for the first layer one for that of its inputs.

SPDX-License-Identifier: MIT
"""
import ctypes
import ctypes.util
import glob
import os
import subprocess
import sys
import tempfile

import common

ARGUMENTS = common.parse_arguments(__doc__)
common.limit_threads(ARGUMENTS.threads)

HERE = os.path.dirname(os.path.abspath(__file__))
XSMM_MOST = 64 ** 3  # multiplications of a product: what LIBXSMM is made for


class Product(ctypes.Structure):
    """product_t of products.c."""

    _fields_ = [(name, ctypes.c_int64) for name in
                ("m", "n", "k", "lda", "ldb", "ldc", "transpose_a",
                 "transpose_b")] + [(name, ctypes.c_void_p) for name in "abc"]

    def __init__(self, a, b, c, transpose_a=False, transpose_b=False):
        depth = a.shape[0] if transpose_a else a.shape[1]
        super().__init__(c.shape[0], c.shape[1], depth, a.shape[1],
                         b.shape[1], c.shape[1], transpose_a, transpose_b,
                         a.ctypes.data, b.ctypes.data, c.ctypes.data)
        self.kept = a, b, c


class Library:
    """A library of products: its name, its version, how it runs a list.

    `turns`: it has no product by a transposed second factor, and gets one that
    was turned beforehand. `most`: multiplications of its largest product.
    """

    def __init__(self, name, version, run, turns=False, most=None):
        self.name, self.version, self.turns = name + ", products", version, turns
        self.run_list, self.most = run, most

    def run(self, products, times):
        """False: it has not all of them."""
        array = (Product * len(products))(*products)
        return self.run_list(array, len(products), times)


def compiled(*more):
    """products.c as a library, or None."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "products.so")
        command = ["cc", "-O2", "-shared", "-fPIC", "-o", path,
                   os.path.join(HERE, "products.c"), *more]
        try:
            subprocess.run(command, check=True, stderr=subprocess.DEVNULL)
        except (OSError, subprocess.CalledProcessError):
            return None
        return ctypes.CDLL(path)


def by_cblas(loop, sgemm, name="cblas"):
    """run() of a library with that function."""
    function = ctypes.cast(sgemm, ctypes.c_void_p)
    run = getattr(loop, "run_" + name)
    run.restype = None
    run.argtypes = [ctypes.c_void_p, ctypes.c_void_p] + [ctypes.c_size_t] * 2

    def run_list(products, count, times):
        run(function, products, count, times)
        return True

    return run_list


def openblas(loop):
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
        return Library("OpenBLAS", version, by_cblas(
            loop, library.scipy_cblas_sgemm64_, "cblas64"))
    return None


def mkl(loop):
    """That of this Python's packages, or None."""
    for path in glob.glob(os.path.join(sys.prefix, "lib", "libmkl_rt*")):
        library = ctypes.CDLL(path)
        library.MKL_Set_Num_Threads(ARGUMENTS.threads)
        text = ctypes.create_string_buffer(256)
        library.MKL_Get_Version_String(text, len(text))
        version = text.value.decode().split("Version ")[-1].split()[0]
        return Library("MKL", version, by_cblas(loop, library.cblas_sgemm))
    return None


def blis(loop):
    """That of the system, or None."""
    path = ctypes.util.find_library("blis")
    if path is None:
        return None
    library = ctypes.CDLL(path)
    library.bli_thread_set_num_threads.argtypes = [ctypes.c_int64]
    library.bli_thread_set_num_threads(ARGUMENTS.threads)
    library.bli_info_get_version_str.restype = ctypes.c_char_p
    library.bli_arch_string.restype = ctypes.c_char_p
    version = (library.bli_info_get_version_str().decode() + ", " +
               library.bli_arch_string(library.bli_arch_query_id()).decode())
    return Library("BLIS", version, by_cblas(loop, library.cblas_sgemm))


def libxsmm(_):
    """That of the system, or None. Its kernels have no threads."""
    if ARGUMENTS.threads > 1:
        return None
    library = compiled("-DWITH_LIBXSMM", *os.environ.get(
        "LIBXSMM_FLAGS", "-lxsmm -lxsmmnoblas -lpthread -ldl -lm").split())
    if library is None:
        return None
    library.libxsmm_init()
    library.libxsmm_get_target_arch.restype = ctypes.c_char_p
    library.run_libxsmm.argtypes = [ctypes.c_void_p] + [ctypes.c_size_t] * 2
    return Library("LIBXSMM", library.libxsmm_get_target_arch().decode(),
                   library.run_libxsmm, turns=True, most=XSMM_MOST)


def step_products(library, case):
    """The products of a step."""
    random = common.np.random.default_rng(1)

    def matrix(rows, columns):
        return random.uniform(-1, 1, (rows, columns)).astype("float32")

    products = []
    for layer, (inputs, units) in enumerate(zip(case.widths,
                                                case.widths[1:])):
        x, kernel = matrix(case.batch, inputs), matrix(inputs, units)
        dz, gradient = matrix(case.batch, units), matrix(inputs, units)
        y, dx = matrix(case.batch, units), matrix(case.batch, inputs)
        products.append(Product(x, kernel, y))
        products.append(Product(x, dz, gradient, transpose_a=True))
        if layer > 0 and library.turns:
            products.append(Product(dz, kernel.T.copy(), dx))
        elif layer > 0:
            products.append(Product(dz, kernel, dx, transpose_b=True))
    return products


def check(library):
    """Products of another kind than NumPy's would be worth nothing."""
    x = common.np.arange(6, dtype="float32").reshape(2, 3)
    y = common.np.empty((3, 3), "float32")
    z = common.np.empty((2, 2), "float32")
    products = [Product(x, x, y, transpose_a=True)]
    products.append(Product(x, x.T.copy(), z) if library.turns else
                    Product(x, x, z, transpose_b=True))
    if not (library.run(products, 1) and (y == x.T @ x).all()
            and (z == x @ x.T).all()):
        sys.exit(f"{library.name}: wrong products")


def main():
    """Measures each library on the cases of training."""
    loop = compiled()
    if loop is None:
        common.missing("a C compiler, cc")
    libraries = [library for library in (openblas(loop), mkl(loop), blis(loop),
                                         libxsmm(loop)) if library is not None]
    if not libraries:
        common.missing("OpenBLAS in NumPy's wheel, MKL, BLIS or LIBXSMM")
    for library in libraries:
        check(library)
        for case in common.chosen(ARGUMENTS):
            if case.work != "train" or max(case.widths) < 64:
                continue
            products = step_products(library, case)
            if (library.most is not None and library.most < max(
                    p.m * p.n * p.k for p in products)):
                continue
            if not library.run(products, 1):
                continue
            seconds = common.measure(
                lambda times, library=library, products=products:
                library.run(products, times), 1, ARGUMENTS.quick)
            common.report(case, library.name, library.version,
                          ARGUMENTS.threads, seconds)


if __name__ == "__main__":
    main()
