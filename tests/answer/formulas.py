"""A small evaluator of explanations: Python arithmetic by its syntax tree, nothing else; searches of its own."""

from __future__ import annotations

import ast
import copy
import math
import operator
from collections.abc import Callable, Mapping
from functools import cache
from types import CodeType
from typing import Any

Scope = Callable[[str], float]
Compiled = Callable[[Scope], float]

_BINARY = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
}
_PLAIN = {"min": min, "max": max, "exp": math.exp, "log": math.log, "log2": math.log2, "ceil": math.ceil}
_GOLDEN = (math.sqrt(5) - 1) / 2


def power(x: float, y: float) -> float:
    """Return x**y, infinite where a loss cannot be reached (a root of something negative)."""
    return math.inf if x < 0 and not float(y).is_integer() else x**y


def worth(x: float, u: float, r: float) -> float:
    return u * (1 + r * (1 - math.exp(-(x / u - 1) / r)))


def least(function: Callable[[float], float]) -> tuple[float, float]:
    """Return where on 1 to 1e36 a function is least, and its value: a grid in logs, then golden section."""
    step = 0.5
    grid = [i * step for i in range(int(83 / step))]
    values = [function(math.exp(x)) for x in grid]
    i = values.index(min(values))
    low, high = grid[max(i - 1, 0)], grid[min(i + 1, len(grid) - 1)]
    left, right = high - _GOLDEN * (high - low), low + _GOLDEN * (high - low)
    at_left, at_right = function(math.exp(left)), function(math.exp(right))
    for _ in range(50):
        if at_left <= at_right:
            high, right, at_right = right, left, at_left
            left = high - _GOLDEN * (high - low)
            at_left = function(math.exp(left))
        else:
            low, left, at_left = left, right, at_right
            right = low + _GOLDEN * (high - low)
            at_right = function(math.exp(right))
    found = math.exp((low + high) / 2)
    return found, function(found)


_CALLED: dict[str, Any] = {**_PLAIN, "worth": worth, "power": power}
_ARITHMETIC = (ast.Constant, ast.Name, ast.UnaryOp, ast.BinOp, ast.Call, ast.operator, ast.unaryop, ast.expr_context)


class Explained:
    """Explanations by name, evaluated from their formulas alone; ``draws`` are the laws' joint draws by suffix."""

    def __init__(self, explanations: list[Mapping[str, Any]], draws: Mapping[str, list[dict[str, float]]]) -> None:
        self.by_name = {each["name"]: each for each in explanations}
        assert len(self.by_name) == len(explanations), "names are unique"
        self.trees = {each["name"]: ast.parse(each["formula"], mode="eval").body for each in explanations}
        self.draws = draws
        self.values: dict[str, float] = {}
        self.drawn: dict[str, list[dict[str, float]]] = {}

    def value(self, name: str) -> float:
        """Return the value of an explanation.

        A root and a least point are taken as printed: `residual` and `searched` say whether they are such.
        """
        if name not in self.values:
            self.values[name] = self._value(name, self.value, {})
        return self.values[name]

    def residual(self, name: str) -> float:
        """Return how far from 0 the equation of a root is at the printed value, against its sensitivity there."""
        tree, each = self.trees[name], self.by_name[name]
        assert isinstance(tree, ast.Call)

        def at(x: float) -> float:
            return self._run(tree.args[0], self._scope(each, self.value, {name: x}))

        x = each["value"]
        slope = abs(at(x * 1.001) - at(x * 0.999)) / 0.002
        return abs(at(x)) / slope

    def searched(self, name: str) -> float:
        """Return where the objective of a search is least, by a search of our own."""
        return self._run(self.trees[name], self._scope(self.by_name[name], self.value, {}))

    def is_root(self, name: str) -> bool:
        return self._kind(name) == "root"

    def is_search(self, name: str) -> bool:
        return self._kind(name) == "argmin"

    def _kind(self, name: str) -> str:
        tree = self.trees[name]
        return tree.func.id if isinstance(tree, ast.Call) and isinstance(tree.func, ast.Name) else ""

    def _value(self, name: str, names: Scope, overrides: Mapping[str, float]) -> float:
        each = self.by_name[name]
        if self.is_root(name):
            assert not overrides, f"an interval rests on the root {name}"
            return float(each["value"])
        if self.is_search(name) and not overrides:
            return float(each["value"])
        return self._run(self.trees[name], self._scope(each, names, overrides))

    def _scope(self, each: Mapping[str, Any], names: Scope, overrides: Mapping[str, float]) -> Scope:
        def look(name: str) -> float:
            if name in overrides:
                return overrides[name]
            return each["constants"][name] if name in each["constants"] else names(name)

        return look

    def _run(self, node: ast.expr, scope: Scope) -> float:
        if isinstance(node, ast.Constant):
            assert isinstance(node.value, (int, float))
            return node.value
        if isinstance(node, ast.Name):
            return scope(node.id)
        if isinstance(node, ast.UnaryOp):
            assert isinstance(node.op, ast.USub)
            return -self._run(node.operand, scope)
        if isinstance(node, ast.BinOp):
            left, right = self._run(node.left, scope), self._run(node.right, scope)
            return power(left, right) if isinstance(node.op, ast.Pow) else _BINARY[type(node.op)](left, right)
        assert isinstance(node, ast.Call), ast.dump(node)
        assert isinstance(node.func, ast.Name)
        return self._call(node.func.id, node.args, scope)

    def _call(self, function: str, arguments: list[ast.expr], scope: Scope) -> float:
        if function in ("argmin", "least"):
            body, variable = arguments
            assert isinstance(variable, ast.Name)
            free = variable.id
            found = least(_function(body, free, {name: scope(name) for name in _names(body) if name != free}))
            return found[0] if function == "argmin" else found[1]
        if function == "quantile":
            return self._quantile(arguments[0], self._run(arguments[1], scope), scope)
        values = [self._run(argument, scope) for argument in arguments]
        return worth(*values) if function == "worth" else _PLAIN[function](*values)

    def _quantile(self, body: ast.expr, share: float, scope: Scope) -> float:
        """Return a quantile over the draws of the law whose names the formula holds: recomputed for each of them."""
        suffix = max((s for s in self.draws if any(_ends(n, s) for n in _names(body))), key=len)
        drawn = self.drawn.setdefault(suffix, [{} for _ in self.draws[suffix]])
        pairs = zip(self.draws[suffix], drawn, strict=True)
        values = sorted(self._limit(body, suffix, self._drawn(draw, memory, scope)) for draw, memory in pairs)
        position = share * (len(values) - 1)
        low, high = values[math.floor(position)], values[math.ceil(position)]
        return low if low == high else low + (position - math.floor(position)) * (high - low)

    def _limit(self, body: ast.expr, suffix: str, scope: Scope) -> float:
        """Return a draw's value; D/N of a loss that it cannot reach is that of unlimited compute, 0 where a > 1/2."""
        value = self._run(body, scope)
        return value if not math.isnan(value) else 0.0 if scope(f"a{suffix}") > 0.5 else math.inf

    def _drawn(self, draw: Mapping[str, float], memory: dict[str, float], scope: Scope) -> Scope:
        """Return a scope in which everything that is explained is computed anew from one draw, once."""

        def look(name: str) -> float:
            if name in draw:
                return draw[name]
            if name not in self.by_name:
                return scope(name)
            if name not in memory:
                memory[name] = self._value(name, look, draw)
            return memory[name]

        return look


def _names(body: ast.expr) -> list[str]:
    called = {node.func for node in ast.walk(body) if isinstance(node, ast.Call)}
    return [node.id for node in ast.walk(body) if isinstance(node, ast.Name) and node not in called]


class _OwnPower(ast.NodeTransformer):
    """Has powers computed by ``power``."""

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        self.generic_visit(node)
        if not isinstance(node.op, ast.Pow):
            return node
        return ast.Call(func=ast.Name("power", ast.Load()), args=[node.left, node.right], keywords=[])


@cache
def _code(body: ast.expr, variable: str) -> CodeType:
    """Return a function of one name, as code: plain arithmetic alone, which a search runs hundreds of times."""
    tree = ast.parse(f"lambda {variable}: {ast.unparse(_OwnPower().visit(copy.deepcopy(body)))}", mode="eval")
    assert isinstance(tree.body, ast.Lambda)
    for node in ast.walk(tree.body.body):
        assert isinstance(node, _ARITHMETIC), ast.dump(node)
        assert not isinstance(node, ast.Call) or (isinstance(node.func, ast.Name) and node.func.id in _CALLED)
    return compile(tree, "formula", "eval")


def _function(body: ast.expr, variable: str, known: Mapping[str, float]) -> Callable[[float], float]:
    found: Callable[[float], float] = eval(_code(body, variable), {"__builtins__": {}, **_CALLED, **known})
    return found


def _ends(name: str, suffix: str) -> bool:
    return name.endswith(suffix)
