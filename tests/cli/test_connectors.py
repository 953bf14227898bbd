import asyncio
import json
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.connectors import app
from cli.terminal import EXIT_FOUND, EXIT_UNREACHABLE, EXIT_USAGE
from settings import settings
from tests.connectors.system import SHOP, TOKEN, Reply, System, write_office
from tests.workflows.returns.test_orders_as_they_come import ORDER


class Command:
    """`kontor connectors` against an office with one shop."""

    def __init__(self, folder: Path, port: int) -> None:
        write_office(folder, SHOP)
        secrets = folder / "secrets.toml"
        secrets.write_text(f'[shop]\ntoken = "{TOKEN}"\n')
        secrets.chmod(0o600)
        self.environment = {
            "KONTOR_OFFICE": str(folder),
            "KONTOR_SECRETS_FILE": str(secrets),
            "PORT": str(port),
            "COLUMNS": "200",
        }

    async def run(self, *words: str) -> tuple[int, str, str]:
        """Return exit code, standard output, standard error; none of them may show the secret."""
        settings.cache_clear()
        runner = CliRunner(env=self.environment)
        done = await asyncio.to_thread(runner.invoke, app, list(words))
        settings.cache_clear()
        assert TOKEN not in done.output + repr(done.exception)
        return done.exit_code, done.stdout, done.stderr


@pytest.fixture
async def system() -> AsyncIterator[System]:
    started = System()
    await started.start()
    yield started
    await started.stop()


@pytest.fixture
def kontor(tmp_path: Path, system: System) -> Command:
    return Command(tmp_path, system.port)


async def test_list_and_show_say_how_a_system_is_reached_and_what_a_retry_does(kontor: Command) -> None:
    code, out, _ = await kontor.run("list", "--json")
    [shop] = json.loads(out)
    assert (code, shop["name"], shop["secret"], shop["on_a_retry"]) == (
        0,
        "shop",
        "shop.token",
        "lookup, native_key",
    )
    _, out, _ = await kontor.run("show", "shop")
    assert "on a retry lookup by find_refunds" in out
    assert "undone by void_refund" in out
    _, out, _ = await kontor.run("show", "shop", "--json")
    assert json.loads(out)["operations"]["refund"]["money"] == "amount_cents"


async def test_try_reads_for_real_with_the_secret_and_prints_the_result(
    kontor: Command, system: System
) -> None:
    system.reply = lambda _: Reply({"total": "12.34"})
    code, out, _ = await kontor.run("try", "shop", "get_order", "order=W-1", "--json")
    assert (code, json.loads(out)) == (0, {"total_cents": 1234})
    assert system.received[0].headers["authorization"] == f"Bearer {TOKEN}"


async def test_try_refuses_a_write_and_sends_nothing(kontor: Command, system: System) -> None:
    code, _, err = await kontor.run("try", "shop", "refund", "order=W-1", "amount_cents=1")
    assert code == EXIT_USAGE
    assert "needs a permit" in err
    assert system.received == []


async def test_try_says_what_went_wrong_and_its_exit_code_says_whose_fault_it_is(
    kontor: Command, system: System
) -> None:
    code, _, err = await kontor.run("try", "shop", "get_order")
    assert (code, "order is missing" in err) == (EXIT_USAGE, True)
    system.reply = lambda request: Reply(
        {"code": "gone", "message": f"not for {request.headers['authorization']}"}, status=410
    )
    code, _, err = await kontor.run("try", "shop", "get_order", "order=W-1")
    assert (code, "status 410, gone, not for Bearer [hidden]" in err) == (EXIT_FOUND, True)
    kontor.environment["PORT"] = "1"
    code, _, err = await kontor.run("try", "shop", "get_order", "order=W-1")
    assert (code, "ConnectError" in err) == (EXIT_UNREACHABLE, True)


async def test_a_connector_that_does_not_exist_is_answered_with_those_that_do(kontor: Command) -> None:
    code, _, err = await kontor.run("show", "store")
    assert (code, "the office has: shop" in err) == (EXIT_USAGE, True)


@pytest.mark.parametrize(
    "words",
    [("list",), ("show", "shop"), ("try", "shop", "get_order"), ("new", "my-shop")],
    ids=lambda words: words[0],
)
async def test_an_office_without_connectors_or_none_at_all_is_a_wrong_call(
    kontor: Command, tmp_path: Path, words: tuple[str, ...]
) -> None:
    for missing in (tmp_path / "connectors", tmp_path):
        shutil.rmtree(missing)
        code, _, err = await kontor.run(*words)
        assert (code, str(tmp_path) in err.replace("\n", "")) == (EXIT_USAGE, True), err


@pytest.mark.parametrize(
    "words",
    [("show", "My Shop"), ("try", "../shop", "get_order"), ("new", "My Shop")],
    ids=lambda words: words[0],
)
async def test_what_can_be_no_connectors_name_is_a_wrong_call(
    kontor: Command, words: tuple[str, ...]
) -> None:
    code, _, err = await kontor.run(*words)
    assert (code, "is no name" in err) == (EXIT_USAGE, True)


async def test_an_office_that_contradicts_itself_is_told_and_nothing_runs(
    kontor: Command, tmp_path: Path
) -> None:
    write_office(tmp_path, SHOP.replace('compensation = "void_refund"', 'compensation = "unrefund"'))
    code, _, err = await kontor.run("try", "shop", "get_order", "order=W-1")
    assert code == EXIT_FOUND
    assert "unrefund is no other write of this manifest" in err


async def test_new_writes_a_manifest_to_fill_in_and_leaves_one_that_is_there_alone(
    kontor: Command, tmp_path: Path
) -> None:
    code, out, _ = await kontor.run("new", "my-shop")
    written = tmp_path / "connectors" / "my-shop.toml"
    assert (code, "fill in what says CHANGE" in out) == (0, True)
    assert "[operations.refund]" in written.read_text()

    assert (await kontor.run("new", "my-shop"))[0] == EXIT_USAGE
    assert (await kontor.run("new", "../outside"))[0] == EXIT_USAGE
    assert (await kontor.run("new", "other", "--desk", "nowhere"))[0] == EXIT_USAGE
    assert not (tmp_path / "connectors" / "other.toml").exists()


async def test_try_compares_an_order_with_the_desks_contract_field_by_field(
    kontor: Command, system: System, tmp_path: Path
) -> None:
    await kontor.run("new", "my-shop")
    file = tmp_path / "connectors" / "my-shop.toml"
    local = file.read_text().replace("https://CHANGE.example/api", f"http://127.0.0.1:{system.port}")
    file.write_text(local.replace("my-shop.token", "shop.token"))

    system.reply = lambda _: Reply({**ORDER, "paid_cents": 20_000})
    code, out, _ = await kontor.run("try", "my-shop", "get_order", "order=4711")
    assert code == 0
    assert "not told, so taken as nothing: " in out
    assert "a person would be asked: its lines and postage come to" in out

    system.reply = lambda _: Reply({**ORDER, "paid_cents": None, "status": "gone"})
    code, _, err = await kontor.run("try", "my-shop", "get_order", "order=4711")
    assert code == EXIT_FOUND
    assert "status: is none of" in err
    assert "paid_cents: is null" in err
