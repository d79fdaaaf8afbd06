"""Fits on the nodes of a Ray cluster (extra ``ray``, in the driver and on every node).

``cluster`` joins one and knows its nodes; ``dispatcher`` hands fits out, several small ones to a
task, and hears of them; ``parcel`` is one job as it travels; ``node`` is what runs over there.
Nodes need share no file system; one that sees the results directory seals its answers there.
"""

from mmm_benchmark.run.executors.ray.dispatcher import Dispatcher, How, dispatching

__all__ = ["Dispatcher", "How", "dispatching"]
