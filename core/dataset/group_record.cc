#include "core/dataset/group_record.h"

#include <utility>

namespace peculiar {
namespace {

Json HeaderToJson(const CubeHeader& header) {
  Json json = {{"mangaid", header.mangaid},
               {"object_ra_deg", header.object_ra_deg},
               {"object_dec_deg", header.object_dec_deg}};
  if (header.drp3qual) json["drp3qual"] = *header.drp3qual;
  return json;
}

absl::StatusOr<CubeHeader> HeaderFromJson(const Json& json) {
  CubeHeader header;
  PECULIAR_ASSIGN_OR_RETURN(header.mangaid, JsonField<std::string>(json, "mangaid"));
  PECULIAR_ASSIGN_OR_RETURN(header.object_ra_deg, JsonField<double>(json, "object_ra_deg"));
  PECULIAR_ASSIGN_OR_RETURN(header.object_dec_deg, JsonField<double>(json, "object_dec_deg"));
  if (json.contains("drp3qual")) {
    PECULIAR_ASSIGN_OR_RETURN(header.drp3qual, JsonField<std::int64_t>(json, "drp3qual"));
  }
  return header;
}

Json OutcomeToJson(const CubeOutcome& outcome) {
  Json json = {{"plateifu", outcome.plateifu}};
  if (!outcome.stamp) return json;
  json["size"] = outcome.stamp->size;
  json["mtime_ns"] = outcome.stamp->mtime_ns;
  json["sha256"] = outcome.sha256;
  if (!outcome.refusal.empty()) {
    json["refusal"] = outcome.refusal;
    json["settled"] = outcome.settled;
    return json;
  }
  if (outcome.row) json["row"] = *outcome.row;
  json["quality"] = QualityToJson(outcome.quality);
  json["header"] = HeaderToJson(outcome.header);
  return json;
}

absl::StatusOr<CubeOutcome> OutcomeFromJson(const Json& json) {
  CubeOutcome outcome;
  PECULIAR_ASSIGN_OR_RETURN(outcome.plateifu, JsonField<std::string>(json, "plateifu"));
  if (!json.contains("size")) return outcome;
  FileStamp& stamp = outcome.stamp.emplace();
  PECULIAR_ASSIGN_OR_RETURN(stamp.size, JsonField<std::uint64_t>(json, "size"));
  PECULIAR_ASSIGN_OR_RETURN(stamp.mtime_ns, JsonField<std::int64_t>(json, "mtime_ns"));
  PECULIAR_ASSIGN_OR_RETURN(outcome.sha256, JsonField<std::string>(json, "sha256"));
  if (json.contains("refusal")) {
    PECULIAR_ASSIGN_OR_RETURN(outcome.refusal, JsonField<std::string>(json, "refusal"));
    PECULIAR_ASSIGN_OR_RETURN(outcome.settled, JsonField<bool>(json, "settled"));
    return outcome;
  }
  if (json.contains("row")) {
    PECULIAR_ASSIGN_OR_RETURN(outcome.row, JsonField<std::uint32_t>(json, "row"));
  }
  PECULIAR_ASSIGN_OR_RETURN(const Json quality, JsonField<Json>(json, "quality"));
  PECULIAR_ASSIGN_OR_RETURN(outcome.quality, QualityFromJson(quality));
  PECULIAR_ASSIGN_OR_RETURN(const Json header, JsonField<Json>(json, "header"));
  PECULIAR_ASSIGN_OR_RETURN(outcome.header, HeaderFromJson(header));
  return outcome;
}

}  // namespace

std::string GroupRecordName(std::size_t group) { return fmt::format("shard-{:05}.json", group); }

absl::Status WriteGroupRecord(const std::filesystem::path& path, const GroupRecord& record) {
  Json json = {{"key", record.key}, {"cubes", Json::array()}};
  if (record.shard) json["shard"] = ShardToJson(*record.shard);
  for (const CubeOutcome& outcome : record.cubes) json["cubes"].push_back(OutcomeToJson(outcome));
  return WriteJson(path, json);
}

absl::StatusOr<GroupRecord> ReadGroupRecord(const std::filesystem::path& path) {
  PECULIAR_ASSIGN_OR_RETURN(const Json json, ReadJson(path));
  GroupRecord record;
  PECULIAR_ASSIGN_OR_RETURN(record.key, JsonField<std::string>(json, "key"));
  PECULIAR_ASSIGN_OR_RETURN(const Json cubes, JsonField<Json>(json, "cubes"));
  for (const Json& element : cubes) {
    PECULIAR_ASSIGN_OR_RETURN(CubeOutcome outcome, OutcomeFromJson(element));
    record.cubes.push_back(std::move(outcome));
  }
  if (json.contains("shard")) {
    PECULIAR_ASSIGN_OR_RETURN(const Json shard, JsonField<Json>(json, "shard"));
    PECULIAR_ASSIGN_OR_RETURN(record.shard, ShardFromJson(shard));
  }
  return record;
}

}  // namespace peculiar
