"""Which galaxies a question is about: keyword arguments to a GalaxyFilter."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Optional, TypedDict, Union

from peculiar import errors
from peculiar.v1 import filter_pb2, galaxy_pb2, score_pb2


class Filters(TypedDict, total=False):
    """Conditions on galaxies, the fields of peculiar.v1.GalaxyFilter: all that are given must hold; None = any.

    One name may stand for a list of one."""

    min_redshift: Optional[float]  # itself included
    max_redshift: Optional[float]  # itself included
    fibre_counts: Optional[Sequence[int]]  # one of these: 19, 37, 61, 91, 127
    agn_classes: Union[str, Sequence[str], None]  # in at least one of these: infrared, x_ray, radio, broad_line
    agn_presence: Optional[str]  # any: in at least one AGN selection; none: in none
    any_quality_names: Union[str, Sequence[str], None]  # at least one of these MANGA_DRP3QUAL bits is set, for example BADFLUX
    no_quality_names: Union[str, Sequence[str], None]  # none of these is set
    min_coverage: Optional[float]  # least share of the 32 x 32 crop inside the cube, 0 to 1
    max_masked_share: Optional[float]  # largest share of masked voxels, 0 to 1
    max_lines_off_grid_count: Optional[int]  # most emission lines wholly outside the cube's wavelengths
    cone: Optional[Sequence[Any]]  # ICRS right ascension, declination, radius: degrees, or angles of astropy
    galaxy_ids: Union[str, Sequence[str], None]  # one of these, at most 10000
    best_observation: bool  # of the observations of one MaNGA-ID that pass all else, only the least masked
    tags: Union[str, Sequence[str], None]  # in at least one of these named sets


class ScoredFilters(Filters, total=False):
    """Filters and bounds of one score, the fields of peculiar.v1.ScoreRange."""

    score: str  # the score that is bounded: mae unless given, chi, relative, relevance; with line: line_error, line_share
    line: str  # for example "[OIII] 5008"
    min_score: Optional[float]  # itself included, in the score's unit
    max_score: Optional[float]
    min_percentile: Optional[float]  # itself included, 0 to 100 of the whole sample
    max_percentile: Optional[float]


def names_of(enumeration: Any, prefix: str) -> dict[str, int]:
    """{"infrared": 1, ...} of AgnClass and "AGN_CLASS_"; without UNSPECIFIED."""
    return {name[len(prefix):].lower(): number for name, number in enumeration.items() if number > 0}


SCORES = names_of(score_pb2.ScoreKind, "SCORE_KIND_")
AGN_CLASSES = names_of(galaxy_pb2.AgnClass, "AGN_CLASS_")
_AGN_PRESENCES = names_of(filter_pb2.AgnPresence, "AGN_PRESENCE_")
_BOUNDS = ScoredFilters.__annotations__.keys() - Filters.__annotations__.keys()
_LISTS = {"fibre_counts", "agn_classes", "any_quality_names", "no_quality_names", "galaxy_ids", "tags"}


def choose(reason: str, what: str, name: str, names: dict[str, int]) -> Any:
    """The number of an enumeration's value by its name. Raises InvalidRequest."""
    if name not in names:
        raise errors.invalid(reason, f"unknown {what} {name!r}: one of {', '.join(names)}")
    return names[name]


def to_message(filters: Mapping[str, object]) -> filter_pb2.GalaxyFilter:
    """Raises TypeError for an unknown keyword, InvalidRequest for a value that the field cannot hold."""
    unknown = filters.keys() - Filters.__annotations__.keys()
    if unknown:
        raise TypeError(f"unknown keyword {sorted(unknown)[0]!r}: a condition is one of {', '.join(Filters.__annotations__)}")
    message = filter_pb2.GalaxyFilter()
    for name, value in filters.items():
        if value is None:
            continue
        try:
            message.MergeFrom(filter_pb2.GalaxyFilter(**{name: _field(name, value)}))
        except errors.Error:
            raise
        except (TypeError, ValueError) as error:
            raise errors.invalid("BAD_FILTER", f"{name} {value!r}: {error}") from error
    return message


def to_messages(filters: Mapping[str, object]) -> tuple[filter_pb2.GalaxyFilter, Optional[score_pb2.ScoreRange]]:
    """As to_message, and the bounds of a score; None when there are none."""
    bounds: dict[str, Any] = {name: value for name, value in filters.items() if name in _BOUNDS and value is not None}
    galaxy_filter = to_message({name: value for name, value in filters.items() if name not in _BOUNDS})
    if not bounds:
        return galaxy_filter, None
    kind = choose("UNKNOWN_SCORE", "score", bounds.pop("score", "mae"), SCORES)
    return galaxy_filter, score_pb2.ScoreRange(score_kind=kind, **bounds)


def _field(name: str, value: Any) -> Any:
    """What a GalaxyFilter holds for a keyword's value."""
    if name in _LISTS:
        value = [value] if isinstance(value, str) else list(value)
        if not value:  # the server would take it for any
            raise ValueError("names nothing; None = any")
    if name == "agn_classes":
        return [choose("BAD_FILTER", "AGN class", item, AGN_CLASSES) for item in value]
    if name == "agn_presence":
        return choose("BAD_FILTER", "AGN presence", value, _AGN_PRESENCES)
    if name == "cone":
        ra, dec, radius = (_degrees(angle) for angle in value)
        return filter_pb2.Cone(ra_deg=ra, dec_deg=dec, radius_deg=radius)
    return value


def _degrees(angle: Any) -> float:
    return float(angle.to_value("deg") if hasattr(angle, "to_value") else angle)
