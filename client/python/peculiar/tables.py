"""Messages to tables of astropy, with units; what may be absent is masked."""
from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from peculiar.filters import AGN_CLASSES, SCORES

if TYPE_CHECKING:
    from astropy.table import Table

FLUX = "1e-17 erg / (Angstrom s cm2)"  # of a spaxel, which astropy has no unit for
SCORE_UNITS = {"mae": FLUX, "line_error": FLUX}  # the other scores are numbers
SCORE_NAMES = {number: name for name, number in SCORES.items()}
_AGN_NAMES = {number: name for name, number in AGN_CLASSES.items()}


class Column(NamedTuple):
    """How a column comes out of a message."""

    name: str
    dtype: type
    value: Callable[[Any], Any]  # None = masked, only where may_be_absent
    unit: str = ""
    description: str = ""
    may_be_absent: bool = False


def field(name: str, dtype: type, unit: str = "", description: str = "", of: str = "", column: str = "") -> Column:
    """The column of a field that is always there; `of`: the field whose message holds it."""
    return Column(column or name, dtype, _getter(of, name), unit, description)


def optional(name: str, dtype: type, unit: str = "", description: str = "", of: str = "", column: str = "") -> Column:
    """The column of an optional field."""
    holder = _getter(of)

    def value(message: Any) -> Any:
        held = holder(message)
        return getattr(held, name) if held.HasField(name) else None
    return Column(column or name, dtype, value, unit, description, True)


def names(name: str, description: str = "", of: str = "") -> Column:
    """The column of repeated strings."""
    get = _getter(of, name)
    return Column(name, str, lambda message: list(get(message)), "", description)


def _getter(*path: str) -> Callable[[Any], Any]:
    """What lies at the end of fields in fields; the message itself when there are none."""
    dotted = ".".join(filter(None, path))
    return operator.attrgetter(dotted) if dotted else lambda message: message


def text(value: Any) -> Any:
    """Several names in one cell: with ";" between them, as in the command line's CSV; anything else as it is."""
    return ";".join(value) if isinstance(value, list) else value


def id_columns() -> list[Column]:
    return [
        field("plateifu", str, "", "plate-IFU of the observation", "galaxy"),
        field("mangaid", str, "", "MaNGA-ID of the object", "galaxy"),
        field("redshift", float, "", "", "galaxy"),
    ]


def detail_columns() -> list[Column]:
    classes = _getter("galaxy.agn_classes")

    def agn_names(message: Any) -> list[str]:
        return [_AGN_NAMES.get(number, f"class {number}") for number in classes(message)]

    return [
        optional("ra_deg", float, "deg", "right ascension, ICRS", "galaxy"),
        optional("dec_deg", float, "deg", "declination, ICRS", "galaxy"),
        field("fibre_count", int, "", "fibres of the bundle", "galaxy"),
        Column("agn_classes", str, agn_names, "", "AGN selections (Comerford et al. 2020)"),
        optional("stellar_mass_msun", float, "solMass", "stellar mass times h^2", "galaxy"),
        optional("half_light_radius_arcsec", float, "arcsec", "half-light radius in r", "galaxy"),
        optional("sersic_index", float, "", "", "galaxy"),
        optional("drp3qual", np.int64, "", "MANGA_DRP3QUAL bits", "galaxy.quality"),
        names("drp3qual_names", "the bits by name", "galaxy.quality"),
        field("coverage", float, "", "share of the crop inside the cube", "galaxy.quality"),
        field("masked_share", float, "", "share of the crop's voxels that are masked", "galaxy.quality"),
        field("lines_off_grid_count", int, "", "lines wholly outside the cube's wavelengths", "galaxy.quality"),
        names("repeat_plateifus", "other observations of the object", "galaxy"),
        names("tags", "named sets", "galaxy"),
    ]


def score_columns(kind: str, name: str, place: str = "", of: Callable[[Any], Any] = lambda row: row.score) -> list[Column]:
    """A score and where it stands; `of`: the Score of a row. The places are named rank and percentile after `place`."""
    def value(field_name: str) -> Callable[[Any], Any]:
        def get(row: Any) -> Any:
            score = of(row)
            return getattr(score, field_name) if score.HasField(field_name) else None
        return get
    return [
        Column(name, float, value("value"), SCORE_UNITS.get(kind, ""), kind, True),
        Column(f"{place}rank", np.int64, value("rank"), "", "1 = the highest score of the sample", True),
        Column(f"{place}percentile", float, value("percentile"), "percent",
               "share of the sample with this score or a lower one", True),
    ]


def top_line_columns() -> list[Column]:
    return [
        Column("top_line", str, lambda row: row.top_line.line, "", "line with the largest part of mae"),
        optional("value", float, FLUX, "its part of mae", "top_line", "top_line_mae"),
    ]


def galaxy_columns(example: Any) -> list[Column]:
    """Those of a ScoredGalaxy; all have the same kinds of score as `example`, None when there is none."""
    kinds = [score.kind for score in example.scores] if example is not None else []

    def of(kind: int) -> Callable[[Any], Any]:
        return lambda row: next(score for score in row.scores if score.kind == kind)
    columns = id_columns()
    for kind in kinds:
        name = SCORE_NAMES.get(kind, f"score {kind}")
        columns += score_columns(name, name, f"{name}_", of(kind))
    return [*columns, *top_line_columns(), *detail_columns()]


def build(columns: Iterable[Column], messages: Sequence[Any], meta: dict[str, Any]) -> Table:
    """One row a message. Raises ImportError without astropy."""
    try:
        from astropy.table import Column as Plain, MaskedColumn, Table
    except ImportError as error:
        raise ImportError("tables need astropy (python3-astropy, or pip install astropy)") from error
    made = []
    for name, dtype, value, unit, description, may_be_absent in columns:
        values = [value(message) for message in messages]
        if dtype is str:
            values = [text(item) for item in values]
        options = {"name": name, "unit": unit or None, "description": description or None}
        if may_be_absent:
            absent = np.array([item is None for item in values], bool)
            present: np.ndarray[Any, Any] = np.array([dtype() if item is None else item for item in values], dtype)
            made.append(MaskedColumn(present, mask=absent, **options))
        else:
            made.append(Plain(np.array(values, dtype), **options))
    return Table(made, meta=meta)
