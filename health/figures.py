"""What `/metrics` shows: the worker itself, the work that waits, and what the SDK's native part counts."""

import importlib.metadata
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector
from prometheus_client.core import GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import Collector

from health.standing import Standing
from service.queues import QueueStanding

READ_SECONDS = 2.0


@dataclass(frozen=True)
class Work:
    """How much there is to do, at one moment.

    Attributes:
        queues: what the server says of each task queue.
        cases: how many there are, by status.
        stuck_cases: whose task or activity has failed again and again.
        effects: how many there are, by state.
        held_up_effects: those that wait to be let through by their system, 500 at most.
    """

    queues: tuple[QueueStanding, ...]
    cases: dict[str, int]
    effects: dict[str, int]
    stuck_cases: int
    held_up_effects: int


class WorkerFigures(Collector):
    """How the process stands."""

    def __init__(self, standing: Standing) -> None:
        """Take what is told."""
        self._standing = standing

    def collect(self) -> Iterator[Metric]:
        """Yield whether it lives and is ready, and how long its event loop stands still."""
        standing = self._standing
        about = InfoMetricFamily("kontor_worker", "Which process this is.")
        about.add_metric(
            [], {"roles": ",".join(standing.roles), "version": importlib.metadata.version("kontor")}
        )
        yield about
        yield _gauge("kontor_worker_alive", "1 while the event loop moves.", standing.liveness().ok)
        yield _gauge("kontor_worker_ready", "1 while work can be given to it.", standing.readiness().ok)
        yield _gauge(
            "kontor_event_loop_still_seconds",
            "How long the event loop has not moved; more than a second is slow.",
            standing.pulse.still_seconds(),
        )


class WorkFigures(Collector):
    """How much waits; asked when it is read, so that nothing is counted for nobody."""

    def __init__(self, work: Callable[[], Work]) -> None:
        """Take the question."""
        self._work = work

    def collect(self) -> Iterator[Metric]:
        """Yield backlog, pollers and cases; if they cannot be counted now, only that."""
        try:
            work = self._work()
        except Exception:
            yield _gauge("kontor_work_counted", "0 while database or server do not answer.", 0)
            return
        yield _gauge("kontor_work_counted", "0 while database or server do not answer.", 1)
        yield from _queue_figures(work.queues)
        yield _counted("kontor_cases", "Cases by status.", "status", work.cases)
        yield _counted(
            "kontor_effects", "Effects by state; nobody knows the end of `unknown`.", "state", work.effects
        )
        yield _gauge(
            "kontor_stuck_cases",
            "Cases whose task or activity fails again and again, or whose workflow is gone.",
            work.stuck_cases,
        )
        yield _gauge("kontor_effects_held_up", "Effects that wait to be let through.", work.held_up_effects)


class SdkFigures(Collector):
    """What the Temporal SDK counts, read from its own exporter on the loopback interface."""

    def __init__(self, port: int) -> None:
        """Take the port of that exporter."""
        self._url = f"http://127.0.0.1:{port}/metrics"

    def collect(self) -> Iterator[Metric]:
        """Yield every family of the SDK's, under its own name; none if its exporter does not answer."""
        try:
            with urllib.request.urlopen(self._url, timeout=READ_SECONDS) as answer:  # noqa: S310 (http, ours)
                told = answer.read().decode()
        except OSError:
            return
        yield from text_string_to_metric_families(told)


def registry(standing: Standing, sdk_port: int) -> CollectorRegistry:
    """Return what is shown of every worker; `WorkFigures` come with the role that counts them."""
    found = CollectorRegistry()
    found.register(WorkerFigures(standing))
    found.register(SdkFigures(sdk_port))
    ProcessCollector(registry=found)
    PlatformCollector(registry=found)
    GCCollector(registry=found)
    return found


def _queue_figures(queues: tuple[QueueStanding, ...]) -> Iterator[Metric]:
    labels = ["queue", "kind"]
    backlog = GaugeMetricFamily("kontor_task_queue_backlog", "Tasks that no worker took yet.", labels=labels)
    age = GaugeMetricFamily(
        "kontor_task_queue_backlog_age_seconds", "How long the oldest of them waits.", labels=labels
    )
    pollers = GaugeMetricFamily(
        "kontor_task_queue_pollers", "Processes that asked for tasks lately.", labels=labels
    )
    for queue in queues:
        names = [queue.name, queue.kind]
        backlog.add_metric(names, queue.waiting)
        age.add_metric(names, queue.oldest_seconds)
        pollers.add_metric(names, len(queue.pollers))
    yield from (backlog, age, pollers)


def _counted(name: str, told: str, label: str, counts: dict[str, int]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, told, labels=[label])
    for value, count in counts.items():
        family.add_metric([value], count)
    return family


def _gauge(name: str, told: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, told, value=float(value))
