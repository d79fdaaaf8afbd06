"""NumPyro's tests need its environment; elsewhere they are not collected."""

from importlib.util import find_spec

collect_ignore_glob = [] if find_spec("numpyro") and not find_spec("pymc") else ["test_*.py"]
