"""Hands fits to the cluster and hears of them: one thread, whatever the number of fits.

A fit waits here until the cluster has a place for it, so its data are not in Ray's object store
before. A fit that was lost with its node, or whose node was taken back, is tried again elsewhere,
at most :attr:`How.retries` times; then it is recorded as lost, with the last reason.
"""

from __future__ import annotations

import contextlib
import os
import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from mmm_benchmark.errors import UserError
from mmm_benchmark.run.executors import Ending, Order, Stopped, local
from mmm_benchmark.run.executors.ray import batches, cluster
from mmm_benchmark.run.executors.ray.node import Event, work
from mmm_benchmark.run.executors.ray.parcel import Shipped, load

PATIENCE = 30.0  # seconds cancelled tasks may take to end their workers before they are killed
REFRESH = 2.0  # seconds between two looks at the nodes
#: Seconds to wait for a node that is large enough (clusters that grow when there is demand).
WAIT_VARIABLE = "MMM_BENCHMARK_RAY_WAIT"


@dataclass(frozen=True, kw_only=True)
class How:
    """What the user chose."""

    most: int | None = None  # fits at a time; None: as many as there is room for
    retries: int = 3  # of a fit that was lost
    shared: bool = True  # whether fits are forked from a process that has imported


@dataclass(eq=False)
class Ticket:
    """One fit on its way, and the mailbox of the thread that waits for it."""

    order: Order
    stopping: Callable[[], bool]
    since: float = field(default_factory=time.monotonic)
    mail: queue.SimpleQueue[Event | Exception] = field(default_factory=queue.SimpleQueue)
    losses: int = 0


@dataclass(eq=False)
class Kind:
    """Fits that claim and run alike, so that they may share a task."""

    wanted: dict[str, float]
    waiting: deque[Ticket] = field(default_factory=deque)
    running: int = 0  # tasks
    places: int = 0  # how many such claims the cluster holds
    seen: bool = False  # whether there ever was a node for it


@dataclass(eq=False)
class Batch:
    """One task of Ray and the fits in it that have not ended."""

    kind: Kind
    open: dict[int, Ticket]
    stream: Any = None  # ray.ObjectRefGenerator of lists of events
    current: int | None = None  # the fit that began last


def patience() -> float:
    """Seconds that a growing cluster may take; 0 where none is said to grow."""
    given = os.environ.get(WAIT_VARIABLE) or "0"
    with contextlib.suppress(ValueError):
        return max(0.0, float(given))
    raise UserError(f"{WAIT_VARIABLE}={given}: must be a number of seconds")


@contextlib.contextmanager
def dispatching(how: How) -> Iterator[Dispatcher]:
    """Join a cluster and yield what performs orders there; all of it ends with the block."""
    with cluster.connected():
        dispatcher = Dispatcher(how)
        try:
            yield dispatcher
        finally:
            dispatcher.close()


class Dispatcher:
    """The fits of a run on a cluster."""

    def __init__(self, how: How) -> None:
        from ray import remote

        self._how = how
        patience()  # what is wrong there is said before any fit
        self._kinds: dict[tuple[Any, ...], Kind] = {}
        self._batches: dict[Any, Batch] = {}
        self._took = batches.Durations()
        self._shipped = Shipped()
        self._work = remote(work)  # made once: nodes are sent every such object
        self._new: queue.SimpleQueue[Ticket] = queue.SimpleQueue()
        self._closing = threading.Event()
        self._offers = cluster.nodes()
        self._looked = time.monotonic()
        self._thread = threading.Thread(target=self._live, name="dispatcher", daemon=True)
        self._thread.start()

    @property
    def largest_node(self) -> int:
        """Cores of the largest node."""
        return max([1, *(int(offer.get("CPU", 0)) for offer in self._offers)])

    @property
    def window(self) -> int:
        """How many fits may wait here and run over there, all in all."""
        places = self._how.most or cluster.room({"CPU": 1.0}, self._offers)
        return batches.LARGEST_WINDOW if patience() else batches.window(places)

    def perform(
        self, order: Order, report: Callable[[str], None], stopping: Callable[[], bool]
    ) -> Ending:
        """Run the worker of ``order`` on a node; see :data:`mmm_benchmark.run.executors.Perform`.

        Raises
        ------
        UserError
            When no node is large enough, or the packages of a node are others than here.
        """
        ticket = Ticket(order, stopping)
        report("waiting")
        self._new.put(ticket)
        while True:
            mail = ticket.mail.get()
            if isinstance(mail, Exception):
                raise mail
            if mail.ending is None:
                report(mail.phase)
                continue
            for name, content in mail.files.items():
                (order.directory / name).write_bytes(content)
            return mail.ending

    def close(self) -> None:
        """Stop whatever still runs."""
        self._closing.set()
        self._thread.join()

    # ----------------------------------------------------------------- the dispatcher's thread

    def _live(self) -> None:
        try:
            while not self._closing.is_set():
                self._take_in()
                self._end_stopped()
                self._look_at_nodes()
                self._hand_out()
                self._listen()
            self._end(list(self._batches.values()))
        except Exception as error:  # the cluster is gone, or this is a fault of ours: tell all
            said = " ".join(str(error).split())[:200]
            gone = UserError(
                f"the Ray cluster cannot be used any more ({type(error).__name__}: {said}); "
                "what was finished is stored"
            )
            self._closing.set()
            self._give_up(gone)
            return
        self._give_up(Stopped())

    def _give_up(self, why: Exception) -> None:
        """Send everybody home, also those who still come."""
        for batch in self._batches.values():
            for ticket in batch.open.values():
                ticket.mail.put(why)
        for kind in self._kinds.values():
            for ticket in kind.waiting:
                ticket.mail.put(why)

        def turn_away() -> None:
            while True:
                self._new.get().mail.put(why)

        threading.Thread(target=turn_away, name="turn-away", daemon=True).start()

    def _take_in(self) -> None:
        idle = not self._batches and not any(kind.waiting for kind in self._kinds.values())
        with contextlib.suppress(queue.Empty):
            ticket = self._new.get(timeout=local.TICK if idle else 0.0)
            while True:
                self._kind(ticket.order).waiting.append(ticket)
                ticket = self._new.get_nowait()

    def _kind(self, order: Order) -> Kind:
        wanted = cluster.asked(order.claims, order.threads, order.memory_limit)
        key = (order.fitter, order.extra, order.imports, tuple(wanted.items()))
        if key not in self._kinds:
            self._kinds[key] = Kind(wanted)
            self._looked = 0.0  # how many places it has is not known yet
        return self._kinds[key]

    def _look_at_nodes(self) -> None:
        if time.monotonic() < self._looked + REFRESH:
            return
        self._offers = cluster.nodes()
        self._looked = time.monotonic()
        for kind in self._kinds.values():
            kind.places = cluster.room(kind.wanted, self._offers)
            kind.seen |= kind.places > 0
            if kind.seen:
                continue  # nodes that went away may come back
            while kind.waiting and kind.waiting[0].since + patience() <= self._looked:
                kind.waiting.popleft().mail.put(self._no_room(kind))

    def _no_room(self, kind: Kind) -> UserError:
        offers = "; ".join(map(cluster.told, self._offers)) or "none"
        return UserError(
            f"no node of the Ray cluster offers {cluster.told(kind.wanted)}; nodes: {offers}; "
            f"lower --memory-limit, add nodes, or set {WAIT_VARIABLE} to the seconds that a "
            "growing cluster may take"
        )

    def _hand_out(self) -> None:
        for kind in self._kinds.values():
            while kind.waiting and self._is_room_for(kind):
                fitter = kind.waiting[0].order.fitter
                size = self._took.batch(fitter, len(kind.waiting), kind.places)
                taken = [kind.waiting.popleft() for _ in range(size)]
                task = self._work.options(
                    num_cpus=kind.wanted["CPU"],
                    num_gpus=kind.wanted.get("GPU"),
                    memory=int(kind.wanted.get("memory", 0)) or None,
                    max_retries=0,  # a fit is tried again from here, where losses are counted
                    num_returns="streaming",
                    name=f"fit {fitter}",
                )
                batch = Batch(kind, dict(enumerate(taken)))
                batch.stream = task.remote(
                    load(
                        [ticket.order for ticket in taken],
                        self._shipped.put,
                        shared=self._how.shared,
                        pause=batches.pause(kind.places),
                    )
                )
                self._batches[batch.stream] = batch
                kind.running += 1

    def _is_room_for(self, kind: Kind) -> bool:
        """Whether one more task of a kind should be in Ray's hands."""
        if not kind.places:
            return False
        if self._how.most is not None and len(self._batches) >= self._how.most:
            return False
        taken = sum(each.running / each.places for each in self._kinds.values() if each.places)
        return taken * kind.places < kind.places + batches.ahead(kind.places)

    def _listen(self) -> None:
        """Take what the tasks tell, for one tick at most when they tell nothing."""
        import ray

        if not self._batches:
            time.sleep(local.TICK if any(k.waiting for k in self._kinds.values()) else 0.0)
            return
        streams = list(self._batches)
        ready, _ = ray.wait(streams, timeout=local.TICK)
        if ready and len(streams) > 1:
            time.sleep(batches.together(len(streams)))
            ready, _ = ray.wait(streams, num_returns=len(streams), timeout=0)
        for stream in ready:
            self._hear(self._batches[stream])

    def _hear(self, batch: Batch) -> None:
        import ray
        from ray import exceptions

        try:
            for event in ray.get(next(batch.stream)):
                self._tell(batch, event)
        except StopIteration:
            self._over(batch, "its task ended without an answer")
        except (exceptions.RuntimeEnvSetupError, exceptions.TaskUnschedulableError) as error:
            refusal = UserError(f"Ray: {' '.join(str(error).split())[:300]}")
            for ticket in batch.open.values():
                ticket.mail.put(refusal)
            batch.open.clear()
            self._over(batch, "")
        except exceptions.RayError as error:
            status = "memory" if isinstance(error, exceptions.OutOfMemoryError) else "killed"
            self._over(batch, f"Ray: {' '.join(str(error).split())[:200]}", status)

    def _tell(self, batch: Batch, event: Event) -> None:
        batch.current = event.place
        ticket = batch.open.get(event.place)
        if ticket is None:
            return
        if event.kind == "refused":
            del batch.open[event.place]
            ticket.mail.put(UserError(event.phase))
            return
        if event.ending is not None:
            del batch.open[event.place]
            self._took.add(ticket.order.fitter, event.ending.wall_s)
        ticket.mail.put(event)

    def _over(self, batch: Batch, reason: str, status: str = "killed") -> None:
        """A task has ended; what it had not finished goes to the head of the queue again.

        The loss counts against the fit that was running, or the first when none had begun.
        """
        self._forget(batch)
        if not batch.open:
            return
        hit = batch.current if batch.current in batch.open else min(batch.open)
        ticket = batch.open[hit]
        ticket.losses += 1
        if ticket.losses > self._how.retries:
            del batch.open[hit]
            times = "" if ticket.losses == 1 else f" (the last of {ticket.losses} tries)"
            ending = Ending(
                status=status,
                reason=f"{reason}{times}",
                wall_s=0.0,  # what was measured is lost with the node
                peak_rss_mb=0.0,
                circumstance=True,
            )
            ticket.mail.put(Event(hit, "end", ending=ending))
        self._queue_again(batch)
        self._looked = 0.0  # a node may be gone

    def _queue_again(self, batch: Batch) -> None:
        for _, ticket in sorted(batch.open.items(), reverse=True):
            ticket.mail.put(Event(0, "phase", "waiting"))
            batch.kind.waiting.appendleft(ticket)
        batch.open = {}

    def _forget(self, batch: Batch) -> None:
        del self._batches[batch.stream]
        batch.kind.running -= 1

    def _end_stopped(self) -> None:
        """End the tasks of fits that are to stop, and let those go that had not begun."""
        for kind in self._kinds.values():
            stopped = [ticket for ticket in kind.waiting if ticket.stopping()]
            for ticket in stopped:
                kind.waiting.remove(ticket)
                ticket.mail.put(Stopped())
        ending = [
            batch
            for batch in self._batches.values()
            if any(ticket.stopping() for ticket in batch.open.values())
        ]
        self._end(ending)
        for batch in ending:
            self._forget(batch)
            for place, ticket in list(batch.open.items()):
                if ticket.stopping():
                    del batch.open[place]
                    ticket.mail.put(Stopped())
            self._queue_again(batch)

    def _end(self, ending: list[Batch]) -> None:
        """Cancel tasks and wait until their workers are gone; kill those that do not go."""
        import ray
        from ray import exceptions

        left = [batch.stream for batch in ending]
        for force in (False, True):
            for stream in left:
                ray.cancel(stream, force=force)
            done = [stream.completed() for stream in left]
            if done:
                ended, _ = ray.wait(done, num_returns=len(done), timeout=PATIENCE)
                for reference in ended:
                    with contextlib.suppress(exceptions.RayError):
                        ray.get(reference)
                left = [s for s, ref in zip(left, done, strict=True) if ref not in ended]
