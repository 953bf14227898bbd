"""The sandbox's key is put in for a demo and taken out again; a real one is never touched."""

from pathlib import Path

from bootstrap import gemini_available
from cli.gemini_sandbox import pointed_at_sandbox, put_key, take_key
from sandbox.gemini import KEY
from settings import Settings


def installation(tmp_path: Path, office: Path) -> Settings:
    return pointed_at_sandbox(Settings(state=tmp_path, office=office))


def test_a_demos_key_leaves_no_trace(tmp_path: Path, office: Path) -> None:
    found = installation(tmp_path, office)
    assert not gemini_available(found)
    assert put_key(found) == {}
    assert gemini_available(found)
    assert found.secrets_file.stat().st_mode & 0o077 == 0
    take_key(found)
    assert not gemini_available(found)
    assert KEY not in found.secrets_file.read_text()


def test_a_real_key_stays_where_it_is(tmp_path: Path, office: Path) -> None:
    found = installation(tmp_path, office)
    found.secrets_file.touch(mode=0o600)
    found.secrets_file.write_text('gemini_api_key = "a-real-one"\n')
    put_key(found)
    take_key(found)
    assert found.secrets_file.read_text() == 'gemini_api_key = "a-real-one"\n'
