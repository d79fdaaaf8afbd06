"""One thread for scipy's linear algebra: its matrices here are smaller than a thread's wake-up."""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # read when scipy is first imported
