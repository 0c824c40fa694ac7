"""Functions that a child process is asked for in tests: they answer, fail in every way, or end it."""

import ctypes
import os
import time

import numpy as np

from advisor.errors import CorpusError


def twice(request, files):
    return {"twice": 2 * request["number"]}, b"\0\1" * request["number"]


def read(request, files):
    files[0].seek(request["at"])
    return {"size": files[0].n_bytes}, files[0].read(request["n_bytes"])


def refuse(request, files):
    raise CorpusError("It is damaged.")


def fault(request, files):
    raise KeyError("a fault of ours")


def segfault(request, files):
    ctypes.string_at(0)


def abort(request, files):
    os.abort()


def sleep(request, files):
    time.sleep(60)


def allocate(request, files):
    return {"sum": int(np.ones(request["n_bytes"] // 8).sum())}, b""


def count(request, files):
    for number in range(request["number"]):
        yield {"number": number}, b"\0" * number
    if request.get("refuse"):
        raise CorpusError("There are no more.")
