"""One module per model; every model answers in the estimands of ``mmm_benchmark.schema``."""
