"""A connection to peculiar-server."""
import grpc
import numpy as np

from peculiar.v1 import query_service_pb2, query_service_pb2_grpc, score_pb2

BATCH = 1000  # rows a call, the server's bound
SCORES = {name.removeprefix("SCORE_KIND_").lower(): number for name, number in score_pb2.ScoreKind.items() if number > 0}


class Client:
    """One server: Client("127.0.0.1:50051"). Errors are grpc.RpcError, whose details() begin with a stable reason."""

    def __init__(self, address, timeout=30):
        """timeout: seconds for each call."""
        self._channel = grpc.insecure_channel(address, options=[("grpc.enable_http_proxy", 0)])
        self._stub = query_service_pb2_grpc.QueryServiceStub(self._channel)
        self._timeout = timeout

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._channel.close()

    def snapshot(self):
        """What is served: a peculiar.v1.Snapshot."""
        return self._stub.GetSnapshot(query_service_pb2.GetSnapshotRequest(), timeout=self._timeout).snapshot

    def anomalies(self, model="", score="mae", line="", snapshot_id="", limit=None):
        """peculiar.v1.Anomaly of all ranked galaxies, or the first `limit`, by falling score.

        score: mae, chi, relative, relevance; or with `line` (for example "[OIII] 5008") line_error, line_share.
        """
        if score not in SCORES:
            raise ValueError(f"unknown score {score!r}: one of {', '.join(SCORES)}")
        request = query_service_pb2.ListAnomaliesRequest(model=model, score_kind=SCORES[score], line=line,
                                                         snapshot_id=snapshot_id, page_size=BATCH)
        rows = []
        while limit is None or len(rows) < limit:
            page = self._stub.ListAnomalies(request, timeout=self._timeout)
            rows.extend(page.anomalies)
            request.page_token, request.snapshot_id = page.next_page_token, page.snapshot_id
            if not page.next_page_token:
                break
        return rows[:limit]

    def embeddings(self, galaxy_ids, model="", space="latent", snapshot_id=""):
        """Coordinates of galaxies in a space: float32 array, one row a galaxy, in the order given."""
        rows = []
        for begin in range(0, len(galaxy_ids), BATCH):
            response = self._stub.BatchGetEmbeddings(
                query_service_pb2.BatchGetEmbeddingsRequest(galaxy_ids=galaxy_ids[begin:begin + BATCH], model=model,
                                                            space=space, snapshot_id=snapshot_id), timeout=self._timeout)
            snapshot_id = response.snapshot_id
            rows.extend(embedding.values for embedding in response.embeddings)
        return np.array(rows, np.float32)

    def neighbors(self, galaxy_id, model="", space="latent", count=10, snapshot_id=""):
        """The galaxies nearest to one in a space, itself left out: peculiar.v1.Neighbor by rising distance."""
        request = query_service_pb2.FindNeighborsRequest(galaxy_id=galaxy_id, model=model, space=space, neighbor_count=count,
                                                         snapshot_id=snapshot_id)
        return list(self._stub.FindNeighbors(request, timeout=self._timeout).neighbors)

    def galaxy(self, galaxy_id, spaxel_values=False, snapshot_id=""):
        """Everything about one galaxy: a peculiar.v1.GetGalaxyResponse."""
        request = query_service_pb2.GetGalaxyRequest(galaxy_id=galaxy_id, include_spaxel_values=spaxel_values,
                                                     snapshot_id=snapshot_id)
        return self._stub.GetGalaxy(request, timeout=self._timeout)
