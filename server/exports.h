// What the streaming methods of QueryService write: a snapshot's galaxies or coordinates, message
// by message. A source holds its snapshot, so a swap during the stream changes nothing in it.
#pragma once

#include "core/base/status.h"
#include "peculiar/v1/query_service.pb.h"
#include "server/export_stream.h"
#include "server/snapshot_holder.h"

namespace peculiar::server {

using GalaxiesExport = ExportStream<v1::ExportGalaxiesResponse>;
using EmbeddingsExport = ExportStream<v1::ExportEmbeddingsResponse>;

// The errors of QueryEngine::SelectGalaxies. What they return does not borrow from the request and
// costs 4 bytes a galaxy that passes, none where nothing is asked of galaxies.
absl::StatusOr<GalaxiesExport::Fill> OpenExport(EnginePointer engine,
                                                const v1::ExportGalaxiesRequest& request);
// And `UNKNOWN_SPACE:`.
absl::StatusOr<EmbeddingsExport::Fill> OpenExport(EnginePointer engine,
                                                  const v1::ExportEmbeddingsRequest& request);

}  // namespace peculiar::server
