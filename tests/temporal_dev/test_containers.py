"""The image and the services around it start what exists: they are read here, not built."""

import re
import shlex
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml
from prometheus_client import CollectorRegistry, generate_latest

from health.address_book import FOLDER
from health.figures import Work, WorkerFigures, WorkFigures
from health.number_figures import NumberFigures
from health.pulse import Pulse
from health.standing import Standing
from memory.authoritative.numbers.catalogue import NUMBERS
from memory.authoritative.numbers.number import Reading
from service.queues import QueueStanding
from settings import Settings
from tests.conftest import ROOT
from worker import Role, parser

FOLDER_OF_IT = ROOT / "temporal-dev"
KNOWN = {f"KONTOR_{name.upper()}" for name in Settings.model_fields}
HEALTH_PATHS = ("/healthz", "/readyz")


def instructions() -> list[tuple[str, str]]:
    """The Containerfile's instructions in order, each with its arguments on one line."""
    text = re.sub(r"^#.*\n", "", (FOLDER_OF_IT / "Containerfile").read_text(), flags=re.MULTILINE)
    lines = text.replace("\\\n", " ").splitlines()
    return [(line.split(maxsplit=1)[0], line.split(maxsplit=1)[1]) for line in lines if line.strip()]


def of(name: str) -> list[str]:
    return [arguments for each, arguments in instructions() if each == name]


def image_settings() -> dict[str, str]:
    words = [word for line in of("ENV") for word in shlex.split(line)]
    return dict(word.split("=", 1) for word in words)


def compose() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((FOLDER_OF_IT / "compose.yaml").read_text())
    return found


def services() -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = compose()["services"]
    return found


WORKERS = {name: each for name, each in services().items() if "build" in each}


def test_the_image_copies_what_there_is_and_runs_a_worker_with_options_it_has() -> None:
    for line in of("COPY"):
        *sources, _target = line.split()
        for source in sources:
            assert (ROOT / source).exists(), source
    [entry], [default] = of("ENTRYPOINT"), of("CMD")

    assert yaml.safe_load(entry) == ["python", "-m", "worker"]
    assert set(parser().parse_args(yaml.safe_load(default)).roles) == set(Role)
    assert of("USER") == ["kontor"]


def test_the_image_installs_the_same_torch_that_was_measured() -> None:
    pinned = re.findall(r"torch==[\d.]+", (ROOT / "pyproject.toml").read_text())
    assert set(re.findall(r"torch==[\d.]+", " ".join(of("RUN")))) == set(pinned)


def test_the_image_asks_the_worker_where_it_answers() -> None:
    told = image_settings()
    [check] = of("HEALTHCHECK")
    url = urlsplit(re.findall(r"http://[^']+", check)[0])

    assert {name for name in told if name.startswith("KONTOR_")} <= KNOWN
    assert str(url.port) == told["KONTOR_HEALTH_PORT"]
    assert of("EXPOSE") == [told["KONTOR_HEALTH_PORT"]]
    assert url.path in HEALTH_PATHS
    assert of("VOLUME") == [told["KONTOR_STATE"]]


@pytest.mark.parametrize("name", WORKERS)
def test_a_service_of_ours_is_built_from_what_there_is_and_set_as_it_can_be(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = WORKERS[name]
    context = FOLDER_OF_IT / service["build"]["context"]
    assert (context / service["build"]["dockerfile"]).exists()
    assert set(service["environment"]) <= KNOWN
    for setting, value in service["environment"].items():
        monkeypatch.setenv(setting, str(value))
        if "://" in str(value):
            assert urlsplit(str(value).replace("${POSTGRES_PASSWORD}", "x")).hostname in services()
    found = Settings()
    assert found.temporal_address.partition(":")[0] in services()
    assert found.vector_store == "server"


def test_the_console_is_asked_where_it_answers_and_published_where_browsers_reach_it() -> None:
    console = services()["kontor-console"]
    url = urlsplit(re.findall(r"http://[^']+", console["healthcheck"]["test"][-1])[0])

    assert console["entrypoint"] == ["kontor", "console"]
    assert url.path in HEALTH_PATHS
    assert url.port == Settings.model_fields["console_port"].default
    assert console["ports"] == [f"127.0.0.1:{url.port}:{url.port}"]


def test_the_services_serve_every_role_that_the_example_office_needs() -> None:
    served = {
        role
        for service in WORKERS.values()
        if "entrypoint" not in service
        for role in parser().parse_args(service["command"]).roles
    }
    assert served == set(Role) - {Role.SECOND_MODELS}  # no task of the office is critical


def test_what_a_service_waits_for_mounts_and_publishes_is_there() -> None:
    for name, service in services().items():
        waited = service.get("depends_on", {})
        conditions = waited if isinstance(waited, dict) else {other: {"condition": ""} for other in waited}
        for other, condition in conditions.items():
            assert other in services(), f"{name} waits for {other}"
            if condition["condition"] == "service_healthy":
                assert "healthcheck" in services()[other], f"{other} has no health"
        for mounted in service.get("volumes", []):
            source = mounted.split(":")[0]
            if source.startswith("."):
                assert (FOLDER_OF_IT / source).exists(), f"{name} mounts {source}"
            else:
                assert source in compose()["volumes"], f"{name} mounts {source}"
        for published in service.get("ports", []):
            assert published.startswith("127.0.0.1:"), f"{name} is open to the network"


def test_prometheus_finds_the_workers_and_its_rules() -> None:
    told = yaml.safe_load((FOLDER_OF_IT / "prometheus.yaml").read_text())
    [job] = told["scrape_configs"]
    [book], [names] = job["file_sd_configs"], job["dns_sd_configs"]

    assert all((FOLDER_OF_IT / file).exists() for file in told["rule_files"])
    assert book["files"] == [f"{image_settings()['KONTOR_STATE']}/{FOLDER}/*.json"]
    assert str(names["port"]) == image_settings()["KONTOR_HEALTH_PORT"]
    assert set(names["names"]) == {name for name, each in WORKERS.items() if "entrypoint" not in each}


def one_of_each() -> list[Reading]:
    """A reading of each number."""
    return [
        Reading(number.name, dict.fromkeys(number.labels, "x"), 0.5, 40, 0.4, 0.6, statistic=statistic)
        for number in NUMBERS
        for statistic in number.statistics or ("",)
    ]


def shown() -> set[str]:
    """Every name that a worker's `/metrics` shows of Kontor's own."""
    registry = CollectorRegistry()
    registry.register(WorkerFigures(Standing(Pulse())))
    queue = QueueStanding("some", "activity", pollers=(), waiting=0, oldest_seconds=0)
    work = Work(
        queues=(queue,), cases={"waiting": 1}, effects={"unknown": 1}, stuck_cases=0, held_up_effects=0
    )
    registry.register(WorkFigures(lambda: work))
    numbers = NumberFigures(one_of_each)
    numbers.refresh()
    registry.register(numbers)
    return set(re.findall(r"^(kontor_\w+)", generate_latest(registry).decode(), re.MULTILINE))


def test_every_alert_looks_at_something_that_a_worker_shows_and_says_what_to_do() -> None:
    rules = yaml.safe_load((FOLDER_OF_IT / "alerts.yaml").read_text())["groups"][0]["rules"]

    assert len(rules) > 5
    for rule in rules:
        assert set(re.findall(r"kontor_\w+", rule["expr"])) <= shown(), rule["alert"]
        assert set(rule["annotations"]) == {"summary", "next"}
