"""Who measures the shards of a corpus: processes of this machine, or the nodes of a cluster."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from advisor.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from advisor.compressibility.whole.processes import ShardEngine

    ShardCluster = Callable[[str | None, int | None], AbstractContextManager[ShardEngine]]

ENGINES = ("processes", "ray")


@contextmanager
def chosen_engine(
    engine: str | None, address: str | None, workers: int | None, cluster: ShardCluster
) -> Iterator[ShardEngine | None]:
    """Yield what measures shards on the cluster at ``address``, at most ``workers`` at once; None for processes here.

    ``cluster`` connects to it: it is of the extra of that name, and of a package that this one does not import.

    Raises:
        UsageError: there is no such engine, or the address is of none.
        MissingExtraError: Ray is not installed.
        AdvisorError: the cluster does not answer.
    """
    if engine not in (None, *ENGINES):
        raise UsageError(f"There is no engine {engine!r}: choose {' or '.join(ENGINES)}.")
    if engine != "ray":
        if address is not None:
            raise UsageError("--address is of a cluster: give --engine ray with it.")
        yield None
        return
    with cluster(address, workers) as found:
        yield found
