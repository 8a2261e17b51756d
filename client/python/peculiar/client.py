"""Questions to a server, answered as tables and arrays."""
from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Optional, Union

import numpy as np
from google.protobuf.json_format import MessageToJson

from peculiar import errors, exports, tables
from peculiar.connection import Connection, File
from peculiar.filters import SCORES, Filters, ScoredFilters, choose, names_of, to_message, to_messages
from peculiar.tables import Column, field, optional
from peculiar.v1 import population_pb2, query_service_pb2, snapshot_pb2

if TYPE_CHECKING:
    from astropy.table import Table
    from numpy.typing import ArrayLike, NDArray
    from typing_extensions import Self, Unpack

LARGEST_PAGE = 1000  # the server's bound, of a page and of a batch
ORDERS = names_of(query_service_pb2.SortOrder, "SORT_ORDER_")
GROUPS = names_of(population_pb2.PopulationGroup, "POPULATION_GROUP_")


class Client:
    """A server: peculiar.Client("127.0.0.1:50051"). For any number of threads; does not connect before it is asked.

    A galaxy is named by plate-IFU ("8626-12704") or MaNGA-ID ("1-209232"). `model` "" is the snapshot's default,
    `snapshot_id` "" the current one: to ask several questions about the same, pass table.meta["snapshot"] on.
    Keywords named `filters` are the conditions of peculiar.filters.Filters, for example max_redshift=0.05.

    Tables are astropy.table.Table (to_pandas() makes a DataFrame): units and descriptions on the columns, masked where a
    value is unknown, several names in a cell joined by ";", and in `meta` the server, the snapshot, the model and what
    was asked. Every method raises a peculiar.Error: InvalidRequest, NotFound, Refused, Denied or Unreachable.
    """

    def __init__(self, address: str, timeout: float = 30, retries: int = 4, *, token: Optional[str] = None,
                 root_certificates: Optional[File] = None, certificate: Optional[File] = None,
                 key: Optional[File] = None) -> None:
        """address: host:port, [ipv6]:port or unix:path. Raises InvalidRequest, and OSError for files.

        timeout: seconds for each call with all its attempts; a listing is a call for every 1000 rows, of an export each
            part has so long.
        retries: further attempts while the server is UNAVAILABLE, after 0.1, 0.2, 0.4, ... seconds at most.
        token: sent with each call; only over TLS or to this machine.
        root_certificates: PEM file of who may vouch for the server; given, the connection is TLS.
        certificate, key: PEM files by which the server knows this client.
        """
        self._connection = Connection(address, timeout=timeout, retries=retries, token=token,
                                      root_certificates=root_certificates, certificate=certificate, key=key)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Ends the connection; nothing can be asked afterwards."""
        self._connection.close()

    def snapshot(self, snapshot_id: str = "") -> snapshot_pb2.Snapshot:
        """What is served: id, models with spaces and training, lines, tags (message Snapshot of peculiar/v1)."""
        response = self._connection.ask(query_service_pb2.GetSnapshotRequest(snapshot_id=snapshot_id))
        snapshot: snapshot_pb2.Snapshot = response.snapshot
        return snapshot

    def galaxy(self, galaxy_id: str, *, model: str = "", spaxel_values: bool = False,
               snapshot_id: str = "") -> query_service_pb2.GetGalaxyResponse:
        """Everything about a galaxy: catalogue, quality, scores by every model, or one, and line (message GetGalaxyResponse)."""
        response: query_service_pb2.GetGalaxyResponse = self._connection.ask(query_service_pb2.GetGalaxyRequest(
            galaxy_id=galaxy_id, model=model, include_spaxel_values=spaxel_values, snapshot_id=snapshot_id))
        return response

    def anomalies(self, limit: Optional[int] = None, *, model: str = "", score: str = "mae", line: str = "",
                  order: str = "descending", min_score: Optional[float] = None, max_score: Optional[float] = None,
                  min_percentile: Optional[float] = None, max_percentile: Optional[float] = None, snapshot_id: str = "",
                  **filters: Unpack[Filters]) -> Table:
        """Galaxies in the order of a score: all, or the first `limit`.

        score: mae (1e-17 erg/s/cm2/Angstrom/spaxel), chi (in units of the noise), relative, relevance (learned from
            labels); with `line`, for example "[OIII] 5008", line_error (as mae) or line_share. Larger is stranger.
        order: descending (strangest first) or ascending.
        min_score, max_score: in the score's unit; min_percentile, max_percentile: 0 to 100 of the whole sample.
        Columns: rank, plateifu, mangaid, redshift, score, percentile, top_line with its part of mae, then the catalogue.
        """
        _check_limit(limit)
        bounds: dict[str, Any] = {"min_score": min_score, "max_score": max_score, "min_percentile": min_percentile,
                                  "max_percentile": max_percentile}
        bounds = {name: value for name, value in bounds.items() if value is not None}
        request = query_service_pb2.ListAnomaliesRequest(
            model=model, score_kind=choose("UNKNOWN_SCORE", "score", score, SCORES), line=line,
            sort_order=choose("BAD_ORDER", "order", order, ORDERS), page_size=min(limit or LARGEST_PAGE, LARGEST_PAGE),
            filter=to_message(filters), snapshot_id=snapshot_id, **bounds)
        rows, page = self._listed(request, "anomalies", limit)
        value, rank, percentile = tables.score_columns(score, "score")
        columns = [rank, *tables.id_columns(), value, percentile, *tables.top_line_columns(), *tables.detail_columns()]
        return tables.build(columns, rows, self._meta(page, request, score=score, line=line, total=page.total_count,
                                                       bounds=json.dumps(bounds, default=float) if bounds else ""))

    def galaxies(self, limit: Optional[int] = None, *, model: str = "", snapshot_id: str = "",
                 **filters: Unpack[ScoredFilters]) -> Table:
        """Galaxies by plate-IFU, all or the first `limit`, those without a score too.

        Columns: plateifu, mangaid, redshift, then for each kind of score its value, rank and percentile (mae, mae_rank,
        mae_percentile, chi, ...), top_line with its part of mae, then the catalogue.
        """
        _check_limit(limit)
        galaxy_filter, score_range = to_messages(filters)
        request = query_service_pb2.ListGalaxiesRequest(
            model=model, filter=galaxy_filter, score_range=score_range, snapshot_id=snapshot_id,
            page_size=min(limit or LARGEST_PAGE, LARGEST_PAGE))
        rows, page = self._listed(request, "galaxies", limit)
        return tables.build(tables.galaxy_columns(rows[0] if rows else None), rows,
                            self._meta(page, request, total=page.total_count))

    def neighbors(self, galaxy: Union[str, ArrayLike], count: int = 10, *, space: str = "latent", model: str = "",
                  exclude_repeats: bool = False, snapshot_id: str = "", **filters: Unpack[ScoredFilters]) -> Table:
        """The `count` (1 to 1000) galaxies nearest to one, or to a point of the space; nearest first, itself left out.

        galaxy: an id, or the point's coordinates, as many as the space has dimensions.
        space: latent, pca or umap; see snapshot().models[0].spaces.
        exclude_repeats: leaves out the other observations of the same object.
        Columns: plateifu, mangaid, redshift, distance (Euclidean), mae with rank and percentile, also_in_spaces (where
        it is among the first neighbours too), then the catalogue.
        """
        if count < 1:
            raise errors.invalid("BAD_NEIGHBOR_COUNT", f"count is {count}: 1 to 1000")
        galaxy_filter, score_range = to_messages(filters)
        request = query_service_pb2.FindNeighborsRequest(
            neighbor_count=count, space=space, model=model, exclude_repeats=exclude_repeats,
            filter=galaxy_filter, score_range=score_range, snapshot_id=snapshot_id)
        if isinstance(galaxy, str):
            request.galaxy_id = galaxy
        else:
            request.vector_values.extend(np.asarray(galaxy, np.float32).ravel().tolist())
        response = self._connection.ask(request)
        columns = [
            *tables.id_columns(), field("distance", float, "", f"Euclidean distance in {response.space}"),
            *tables.score_columns("mae", "mae", "mae_"), tables.names("also_in_spaces", "other spaces in which it is near too"),
            *tables.detail_columns()]
        return tables.build(columns, response.neighbors,
                            self._meta(response, request, space=response.space, galaxy=response.plateifu))

    def repeats(self, *, model: str = "", snapshot_id: str = "") -> Table:
        """Pairs of observations of one object: differences of their scores (second less first) and, for each space,
        distance, its percentile among those between different galaxies (50 is chance) and each one's place among the
        neighbours of the other."""
        request = query_service_pb2.ListRepeatsRequest(model=model, page_size=LARGEST_PAGE, snapshot_id=snapshot_id)
        rows, page = self._listed(request, "repeat_pairs")
        columns = [
            field("mangaid", str), field("first_plateifu", str), field("second_plateifu", str),
            optional("mae_difference", float, tables.FLUX), optional("chi_difference", float),
            optional("relative_difference", float)]
        for place, space in enumerate(page.spaces):
            columns += [column._replace(name=f"{space}_{column.name}", value=_of_place(place, column)) for column in (
                field("distance", float), optional("percentile", float, "percent"),
                field("rank_from_first", int), field("rank_from_second", int))]
        return tables.build(columns, rows, self._meta(page, request, total=page.total_count))

    def distribution(self, *, score: str = "mae", line: str = "", group: str = "all", bin_count: int = 20,
                     logarithmic: bool = False, min_score: Optional[float] = None, max_score: Optional[float] = None,
                     min_percentile: Optional[float] = None, max_percentile: Optional[float] = None, model: str = "",
                     snapshot_id: str = "", **filters: Unpack[Filters]) -> Table:
        """How a score is distributed over populations, a row each.

        group: what divides galaxies: all, agn_class, fibres, redshift, tag.
        min_score, max_score, min_percentile, max_percentile: of that score, as in anomalies.
        Columns: group, population, galaxy_count, ranked_count, median_percentile, quantiles (n, the score at
        meta["quantile_shares"]; NaN when none is ranked) and bin_counts (n, between meta["bin_edges"], in the score's unit).
        """
        bounds: ScoredFilters = {"min_score": min_score, "max_score": max_score, "min_percentile": min_percentile,
                                 "max_percentile": max_percentile}
        is_bounded = any(value is not None for value in bounds.values())
        _, score_range = to_messages({**bounds, "score": score, "line": line}) if is_bounded else (None, None)
        request = query_service_pb2.GetDistributionRequest(
            model=model, score_kind=choose("UNKNOWN_SCORE", "score", score, SCORES), line=line,
            group=choose("BAD_GROUP", "group", group, GROUPS), bin_count=bin_count, logarithmic=logarithmic,
            filter=to_message(filters), score_range=score_range, snapshot_id=snapshot_id)
        response = self._connection.ask(request)
        groups = {number: name for name, number in GROUPS.items()}
        shares, edges = list(response.quantile_shares), list(response.bin_edges)
        columns = [
            Column("group", str, lambda row: groups.get(row.group, f"group {row.group}")), field("population", str),
            field("galaxy_count", int), field("ranked_count", int), optional("median_percentile", float, "percent"),
            Column("quantiles", float, lambda row: list(row.quantiles) or [np.nan] * len(shares),
                   tables.SCORE_UNITS.get(score, "")),
            Column("bin_counts", int, lambda row: list(row.bin_counts))]
        return tables.build(columns, response.populations,
                            self._meta(response, request, score=score, line=line, quantile_shares=shares,
                                       bin_edges=edges))

    def embeddings(self, galaxy_ids: Union[str, Iterable[str]], *, space: str = "latent", model: str = "",
                   snapshot_id: str = "") -> NDArray[np.float32]:
        """Coordinates of galaxies in a space: (n, dimension), in the order given, all from one snapshot; (0, 0) for none."""
        ids = [galaxy_ids] if isinstance(galaxy_ids, str) else [str(name) for name in galaxy_ids]
        rows: list[Any] = []
        for begin in range(0, len(ids), LARGEST_PAGE):
            response = self._connection.ask(query_service_pb2.BatchGetEmbeddingsRequest(
                galaxy_ids=ids[begin:begin + LARGEST_PAGE], model=model, space=space, snapshot_id=snapshot_id))
            snapshot_id = response.snapshot_id
            rows.extend(embedding.values for embedding in response.embeddings)
        return np.array(rows, np.float32).reshape(len(rows), -1) if rows else np.empty((0, 0), np.float32)

    def spaxel_map(self, galaxy_id: str, *, model: str = "", snapshot_id: str = "") -> NDArray[np.float32]:
        """Where the mean absolute error lies: (side, side), first axis from the south, second from the east; sums to it."""
        response = self.galaxy(galaxy_id, model=model, spaxel_values=True, snapshot_id=snapshot_id)
        return np.array(response.model_scores[0].spaxel_values, np.float32).reshape(2 * [response.spaxel_side])

    def export_galaxies(self, path: File, format: Optional[str] = None, *, model: str = "", snapshot_id: str = "",
                        **filters: Unpack[ScoredFilters]) -> int:
        """Writes the rows of galaxies() with snapshot_id and model to a file, and returns how many there are.

        format: csv (empty where unknown, names joined by ";") or jsonl (null, lists); from the path's ending when
            not given. The file appears when it is whole, in place of one that was there, and never lies in memory.
        Raises OSError too.
        """
        galaxy_filter, score_range = to_messages(filters)
        request = query_service_pb2.ExportGalaxiesRequest(model=model, filter=galaxy_filter, score_range=score_range,
                                                          snapshot_id=snapshot_id)
        return exports.write_galaxies(self._connection.stream(request), path, format)

    def export_embeddings(self, path: File, *, space: str = "latent", model: str = "", snapshot_id: str = "",
                          **filters: Unpack[ScoredFilters]) -> int:
        """Writes the coordinates of galaxies by plate-IFU to an .npz, as export_galaxies, and returns how many.

        np.load(path) has embeddings, (n, dimension) float32; plateifu, (n); snapshot_id, model and space.
        """
        galaxy_filter, score_range = to_messages(filters)
        request = query_service_pb2.ExportEmbeddingsRequest(model=model, space=space, filter=galaxy_filter,
                                                            score_range=score_range, snapshot_id=snapshot_id)
        return exports.write_embeddings(self._connection.stream(request), path)

    def _listed(self, request: Any, field_name: str, limit: Optional[int] = None) -> tuple[list[Any], Any]:
        """All rows of the pages, or the first `limit`, and the last page asked for."""
        rows: list[Any] = []
        for page in self._connection.pages(request):
            rows.extend(getattr(page, field_name))
            if limit is not None and len(rows) >= limit:
                break
        return rows[:limit], page

    def _meta(self, response: Any, request: Any, **more: Any) -> dict[str, Any]:
        """What answered and what was asked; keywords without a value are left out."""
        meta = {"server": self._connection.address, "snapshot": response.snapshot_id, "model": response.model,
                "filter": _as_json(request, "filter"), "bounds": _as_json(request, "score_range"), **more}
        return {name: value for name, value in meta.items() if value != ""}


def _as_json(request: Any, field_name: str) -> str:
    """A field that holds a message on one line; "" where the request has none or an empty one."""
    message = getattr(request, field_name, None)
    return MessageToJson(message, preserving_proto_field_name=True, indent=None) if message and message.ListFields() else ""


def _check_limit(limit: Optional[int]) -> None:
    if limit is not None and limit < 0:
        raise errors.invalid("BAD_LIMIT", f"limit is {limit}: 0 or more, or None for all")


def _of_place(place: int, column: Column) -> Callable[[Any], Any]:
    return lambda pair: column.value(pair.places[place])
