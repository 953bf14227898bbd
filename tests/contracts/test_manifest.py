"""Names of contracts that programs outside this tree rely on."""

from contracts import connector, manifest


def test_a_manifest_is_found_by_the_name_that_programs_outside_import() -> None:
    assert manifest.Manifest is connector.Manifest
