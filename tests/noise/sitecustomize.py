"""Noise of one unit in the last place, as another CPU's arithmetic has it, for every Python with this folder on its path.

What it covers: NumPy's exp, log and power and their kin, SciPy's special functions, and those of `math`. The loops inside
the functions are replaced, so that `x ** y` of arrays, and names imported before, are covered too. What it does not: the
power of two numbers that are no arrays, sums and products (whose order a CPU may change; other levers do that). What is
exact everywhere (a whole number, such as log10(1000); an infinity; a NaN) is left alone.
"""

import ctypes
import math

import numpy as np
import scipy.special

# void loop(char **args, npy_intp *dimensions, npy_intp *strides, void *data), called without the interpreter's lock
SIZES = ctypes.POINTER(ctypes.c_ssize_t)
LOOP = ctypes.CFUNCTYPE(None, ctypes.POINTER(ctypes.c_void_p), SIZES, SIZES, ctypes.c_void_p)
REPLACE = 30  # the place of PyUFunc_ReplaceLoopBySignature in NumPy's table of C functions
DOUBLE = np.dtype(float).num
kept = []  # what C points to must not be collected


def neighbours(values):
    """The float above or below each float, or the float itself, as a hash of its bits says."""
    choice = (values.view(np.uint64) * np.uint64(0x9E3779B97F4A7C15) >> np.uint64(40)) % np.uint64(3)
    with np.errstate(all="ignore"):
        moved = np.nextafter(values, np.where(choice == 0, -np.inf, np.inf))
        exact = ~np.isfinite(values) | (values == np.rint(values))
    return np.where(exact | (choice == 2), values, moved)


def disturb(ufunc, replace):
    """Let a function of floats return neighbours of its results."""
    count, old = ufunc.nin + 1, ctypes.c_void_p()

    def loop(args, dimensions, strides, data):
        size, stride, start = dimensions[0], strides[count - 1], args[count - 1]  # the old loop may move the pointers
        ctypes.cast(old, LOOP)(args, dimensions, strides, data)
        if size:
            first = np.frombuffer((ctypes.c_char * 8).from_address(start), float)
            result = np.lib.stride_tricks.as_strided(first, (size,), (stride,))
            result[...] = neighbours(np.ascontiguousarray(result))

    new = LOOP(loop)
    kept.append((new, old))
    assert replace(ufunc, new, (ctypes.c_int * count)(*[DOUBLE] * count), ctypes.byref(old)) == 0


def disturbed(function):
    """A function of `math` that returns neighbours of its results."""
    return lambda *given: float(neighbours(np.array([function(*given)]))[0])


def replacer():
    """PyUFunc_ReplaceLoopBySignature(function, new loop, types, where to put the old loop)."""
    pointer = ctypes.pythonapi.PyCapsule_GetPointer
    pointer.restype, pointer.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
    table = ctypes.cast(pointer(np._core._multiarray_umath._UFUNC_API, None), ctypes.POINTER(ctypes.c_void_p))
    types = ctypes.POINTER(ctypes.c_int)
    return ctypes.PYFUNCTYPE(ctypes.c_int, ctypes.py_object, LOOP, types, ctypes.c_void_p)(table[REPLACE])


NAMES = ("exp", "exp2", "expm1", "log", "log2", "log10", "log1p")
functions = [getattr(np, name) for name in (*NAMES, "power", "float_power")]
functions += [each for each in vars(scipy.special).values() if isinstance(each, np.ufunc)]
for each in dict.fromkeys(functions):
    if each.nout == 1 and "d" * each.nin + "->d" in each.types:
        disturb(each, replacer())
for name in (*NAMES, "pow"):
    setattr(math, name, disturbed(getattr(math, name)))
