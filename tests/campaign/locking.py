"""A program that locks a folder, gives the lock to a worker of its own, and waits to be killed.

Usage: locking.py FOLDER. It prints the worker's number; the worker lives until the file ``end`` is in the folder.
"""

import multiprocessing
import os
import sys
import time
from pathlib import Path

from calibration.campaign.lock import lock


def work(held, folder):
    os.fstat(held.descriptor)  # an open file here too
    (folder / "ready").touch()
    while not (folder / "end").exists():
        time.sleep(0.02)


def main(folder):
    with lock(folder) as held:
        worker = multiprocessing.get_context("spawn").Process(target=work, args=(held, folder))
        worker.start()
        print(worker.pid, flush=True)
        worker.join()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
