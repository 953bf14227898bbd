"""The sandbox's key is put in for a demo and taken out again; a real one is never touched."""

from pathlib import Path

from bootstrap.installation import Installation
from cli.stack.gemini_sandbox import pointed_at_sandbox, put_key, take_key
from sandbox.gemini.server import KEY
from settings import Settings


def own_settings(tmp_path: Path, office: Path) -> Settings:
    return pointed_at_sandbox(Settings(state=tmp_path, office=office))


def test_a_demos_key_leaves_no_trace(tmp_path: Path, office: Path) -> None:
    found = own_settings(tmp_path, office)
    assert not Installation(found).has_gemini_key
    assert put_key(found) == {}
    assert Installation(found).has_gemini_key
    assert found.secrets_file.stat().st_mode & 0o077 == 0
    take_key(found)
    assert not Installation(found).has_gemini_key
    assert KEY not in found.secrets_file.read_text()


def test_a_real_key_stays_where_it_is(tmp_path: Path, office: Path) -> None:
    found = own_settings(tmp_path, office)
    found.secrets_file.touch(mode=0o600)
    found.secrets_file.write_text('gemini_api_key = "a-real-one"\n')
    put_key(found)
    take_key(found)
    assert found.secrets_file.read_text() == 'gemini_api_key = "a-real-one"\n'
