"""The table of ``advisor table``: a law's optimal allocations for model sizes, or for budgets."""

from __future__ import annotations

# The training compute of Gopher, the unit of Hoffmann et al. 2022, table 3.
GOPHER_FLOPS = 5.76e23
