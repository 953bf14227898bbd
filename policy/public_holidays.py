"""Public holidays of a country and its subdivision, from the `holidays` library."""

from collections.abc import Collection, Iterable
from datetime import date
from functools import cache
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path

import holidays
from holidays.registry import COUNTRIES, EntityLoader


def is_known(country: str) -> bool:
    """Say whether holidays are known for a country, by its ISO 3166-1 alpha-2 code."""
    return country in EntityLoader.get_country_codes(include_aliases=False)


@cache
def subdivisions(country: str) -> Collection[str]:
    """Return the states or regions of a known country, as the library names them.

    The library answers this only after it has imported all its 250 countries, which takes longer than
    checking the rest of an office. The one country stands in the file that its registry names.
    """
    [module] = [name for name, names in COUNTRIES.items() if country in names]
    package = find_spec("holidays.countries")
    assert package is not None
    assert package.submodule_search_locations
    spec = spec_from_file_location(
        f"holidays.countries.{module}", Path(package.submodule_search_locations[0]) / f"{module}.py"
    )
    assert spec is not None
    assert spec.loader is not None
    alone = module_from_spec(spec)
    spec.loader.exec_module(alone)
    found: Collection[str] = getattr(alone, country).subdivisions
    return found


def public_holidays(country: str, subdivision: str, years: Iterable[int]) -> frozenset[date]:
    """Return the free days of some years."""
    return frozenset(holidays.country_holidays(country, subdiv=subdivision or None, years=years))
