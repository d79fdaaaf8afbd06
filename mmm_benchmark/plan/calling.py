"""``run_benchmark(datasets=..., draws=...)``: a function of ``Options`` called with the options."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import wraps

from mmm_benchmark.plan.options import Options, entries


def called_with[**P, R](
    options: Callable[P, Options],
) -> Callable[[Callable[[Options], R]], Callable[P, R]]:
    """Decorate ``do(options)`` so that it takes the options themselves.

    Type checkers see the options with their types; ``help`` shows each with its default, and the
    line of help in the docstring where that says ``{options}``.
    """

    def decorate(do: Callable[[Options], R]) -> Callable[P, R]:
        @wraps(do)
        def call(*args: P.args, **kwargs: P.kwargs) -> R:
            return do(options(*args, **kwargs))

        listed = "\n".join(f"{each.name}\n    {each.help}" for each in entries())
        call.__doc__ = inspect.cleandoc(do.__doc__ or "").replace("{options}", listed)
        parameters = [
            each.replace(annotation=inspect.Parameter.empty)
            for each in inspect.signature(options).parameters.values()
        ]
        call.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        return call

    return decorate
