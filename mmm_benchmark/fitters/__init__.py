"""One module per model; every model answers in the estimands of ``mmm_benchmark.schema``.

Private but for ``scipy_summary``: what is promised stands at the root of ``mmm_benchmark``.
"""
