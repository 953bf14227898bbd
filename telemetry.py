"""Traces and metrics through OpenTelemetry: off, to files in the state folder, or to a collector."""

import socket
from datetime import timedelta
from pathlib import Path

from opentelemetry import metrics, trace
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import (
    ConsoleMetricExporter,
    MetricExporter,
    PeriodicExportingMetricReader,
)
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace.export import BatchSpanProcessor, ConsoleSpanExporter, SpanExporter
from temporalio.contrib.opentelemetry import OpenTelemetryPlugin, create_tracer_provider
from temporalio.runtime import PrometheusConfig, Runtime, TelemetryConfig

from logs import core_logs
from settings import Settings

METRICS_INTERVAL_MS = 15_000
HEARTBEAT = timedelta(seconds=10)
"""How often a worker process tells the server that it lives; `kontor doctor` misses it after three."""
TRIES = 5


def start_runtime() -> tuple[Runtime, int]:
    """Start the SDK's native part, with its log lines among ours.

    Returns:
        It, and the loopback port that its metrics are read from.

    Raises:
        ValueError: every port that was free a moment ago was taken.
    """
    for attempt in range(1, TRIES + 1):
        port = _free_port()
        exporter = PrometheusConfig(
            f"127.0.0.1:{port}", counters_total_suffix=True, unit_suffix=True, durations_as_seconds=True
        )
        try:
            runtime = Runtime(
                telemetry=TelemetryConfig(logging=core_logs(), metrics=exporter),
                worker_heartbeat_interval=HEARTBEAT,
            )
        except ValueError:
            if attempt == TRIES:
                raise
        else:
            return runtime, port
    raise AssertionError("the last try returns or raises")


def start_telemetry(settings: Settings) -> list[OpenTelemetryPlugin]:
    """Set the process's tracer and meter; return the plugin for its Temporal client, if any.

    With `otlp` the exporters read the standard `OTEL_EXPORTER_OTLP_*` variables. With `file` a line
    of JSON is appended for each span to `traces.jsonl` and for each export to `metrics.jsonl`.
    """
    if settings.telemetry == "off":
        return []
    resource = Resource.create({"service.name": "kontor"})
    spans, measures = _exporters(settings)
    tracers = create_tracer_provider(resource=resource)
    tracers.add_span_processor(BatchSpanProcessor(spans))
    trace.set_tracer_provider(tracers)
    reader = PeriodicExportingMetricReader(measures, export_interval_millis=METRICS_INTERVAL_MS)
    metrics.set_meter_provider(MeterProvider([reader], resource=resource))
    return [OpenTelemetryPlugin(add_temporal_spans=True)]


def _exporters(settings: Settings) -> tuple[SpanExporter, MetricExporter]:
    if settings.telemetry == "otlp":
        return OTLPSpanExporter(), OTLPMetricExporter()
    spans = _appending(settings.state / "traces.jsonl")
    measures = _appending(settings.state / "metrics.jsonl")
    return (
        ConsoleSpanExporter(out=spans, formatter=lambda span: span.to_json(indent=None) + "\n"),
        ConsoleMetricExporter(out=measures, formatter=lambda data: data.to_json(indent=None) + "\n"),
    )


def _appending(file: Path):  # type: ignore[no-untyped-def]  # noqa: ANN202  (IO[str], open as long as the process)
    file.parent.mkdir(parents=True, exist_ok=True)
    return file.open("a", encoding="utf-8")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
