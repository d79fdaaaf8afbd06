"""``python run_benchmark.py ARGS`` is ``mmm-benchmark run ARGS``."""

import sys

from mmm_benchmark.cli import main

if __name__ == "__main__":
    sys.exit(main(["run", *sys.argv[1:]]))
