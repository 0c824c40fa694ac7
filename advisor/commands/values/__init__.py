"""What options take: numbers, times and shares as people type them, with their units."""

from advisor.commands.values.types import duration, is_unit, one_gpu, put_together, quantities, quantity, share, whole

__all__ = ["duration", "is_unit", "one_gpu", "put_together", "quantities", "quantity", "share", "whole"]
