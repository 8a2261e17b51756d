#include "client/export.h"

#include <array>
#include <filesystem>
#include <fstream>
#include <optional>

#include "client/galaxies.h"
#include "client/progress_line.h"
#include "client/sink.h"
#include "core/base/npy.h"

namespace peculiar::client {
namespace {

// How the ids beside a matrix begin.
constexpr std::string_view kIdsHead = "# snapshot ";

std::string ProgressText(std::int64_t done, std::int64_t total) {
  return fmt::format("{} of {} galaxies came", done, total);
}

absl::Status CheckWhole(std::int64_t done, std::int64_t total) {
  if (done == total) return absl::OkStatus();
  return Internal("{}", ProgressText(done, total));
}

// Rows of a stream as text: the head with the first part, the tail when all have come.
class TextExport {
 public:
  TextExport(Connection& connection, Sink sink, Format format)
      : sink_(std::move(sink)), format_(format) {
    if (format == Format::kVotable) origin_ = OriginOf(connection);
  }

  // Of `total` rows in all; `part` has the rows that came, and in the first part the columns.
  absl::Status Add(Listing part, std::int64_t total) {
    std::string text;
    if (!head_) {
      part.totals = {{"total_count", total}};
      part.origin = origin_;
      text = RenderHead(part, format_);
      head_ = part;
      head_->table.rows.clear();
    }
    part.table.columns = head_->table.columns;
    done_ += std::ssize(part.table.rows);
    PECULIAR_RETURN_IF_ERROR(sink_.Write(text + RenderRows(part, format_)));
    if (!sink_.is_terminal()) progress_.Show(done_, total);
    total_ = total;
    return absl::OkStatus();
  }
  absl::Status End() {
    PECULIAR_RETURN_IF_ERROR(CheckWhole(done_, total_));
    PECULIAR_RETURN_IF_ERROR(sink_.Write(RenderTail(format_)));
    return sink_.Commit();
  }
  bool has_begun() const { return head_.has_value(); }
  bool is_reader_gone() const { return sink_.is_reader_gone(); }
  std::string Progress() const { return ProgressText(done_, total_); }

 private:
  Sink sink_;
  const Format format_;
  OrderedJson origin_ = OrderedJson::object();
  ProgressLine progress_;
  std::optional<Listing> head_;
  std::int64_t done_ = 0;
  std::int64_t total_ = 0;
};

// Coordinates as a matrix, and the galaxies of its rows.
class MatrixExport {
 public:
  MatrixExport(Sink matrix, Sink ids) : matrix_(std::move(matrix)), ids_(std::move(ids)) {}

  absl::Status Add(const v1::ExportEmbeddingsResponse& part) {
    if (!has_begun_) {
      has_begun_ = true;
      width_ = part.embeddings().empty() ? 0 : part.embeddings(0).values_size();
      PECULIAR_RETURN_IF_ERROR(
          matrix_.Write(NpyHeader("<f4", std::array<std::int64_t, 2>{part.total_count(), width_})));
      PECULIAR_RETURN_IF_ERROR(ids_.Write(fmt::format(
          "{}{}, model {}, space {}\n", kIdsHead, part.snapshot_id(), part.model(), part.space())));
    }
    std::vector<float> values;
    std::string names;
    for (const v1::Embedding& embedding : part.embeddings()) {
      if (embedding.values_size() != width_) {
        return Internal("{} has {} coordinates, the one before {}", embedding.plateifu(),
                        embedding.values_size(), width_);
      }
      values.insert(values.end(), embedding.values().begin(), embedding.values().end());
      names += embedding.plateifu() + "\n";
    }
    done_ += part.embeddings_size();
    PECULIAR_RETURN_IF_ERROR(matrix_.Write(AsBytes(values)));
    PECULIAR_RETURN_IF_ERROR(ids_.Write(names));
    progress_.Show(done_, part.total_count());
    total_ = part.total_count();
    return absl::OkStatus();
  }
  // Ids first: a matrix that is there has its ids.
  absl::Status End() {
    PECULIAR_RETURN_IF_ERROR(CheckWhole(done_, total_));
    PECULIAR_RETURN_IF_ERROR(ids_.Commit());
    return matrix_.Commit();
  }
  bool has_begun() const { return has_begun_; }
  bool is_reader_gone() const { return matrix_.is_reader_gone() || ids_.is_reader_gone(); }
  std::string Progress() const { return ProgressText(done_, total_); }

 private:
  Sink matrix_;
  Sink ids_;
  ProgressLine progress_;
  bool has_begun_ = false;
  int width_ = 0;
  std::int64_t done_ = 0;
  std::int64_t total_ = 0;
};

// Ends an export whose stream ended so. That the reader has gone is what the sink says, never a
// status: the wire may say CANCELLED too.
template <typename Out>
absl::Status End(const absl::Status& streamed, Out& out) {
  const absl::Status status = streamed.ok() ? out.End() : streamed;
  if (out.is_reader_gone()) return absl::OkStatus();
  if (streamed.ok() || !out.has_begun()) return status;
  return MakeStatus(status.code(), fmt::format("{}; {}", MessageOf(status), out.Progress()));
}

// The fields that both requests have.
template <typename Request>
absl::StatusOr<Request> ToRequest(const ExportOptions& options) {
  Request request;
  request.set_model(options.model);
  PECULIAR_ASSIGN_OR_RETURN(*request.mutable_filter(), ToProto(options.filter));
  PECULIAR_ASSIGN_OR_RETURN(const auto range, ToProto(options.score, options.range));
  if (range) *request.mutable_score_range() = *range;
  request.set_snapshot_id(options.snapshot_id);
  return request;
}

// The ids beside a matrix have a name that nobody gave: refused where that is another's file.
absl::Status CheckIds(const std::filesystem::path& ids, const std::string& among) {
  std::error_code error;
  if (!among.empty() && std::filesystem::equivalent(ids, among, error)) {
    return InvalidArgument("--out: {} would be replaced, the file of --among", ids.string());
  }
  if (!std::filesystem::is_regular_file(ids, error)) return absl::OkStatus();
  std::string head(kIdsHead.size(), '\0');
  std::ifstream(ids, std::ios::binary).read(head.data(), std::ssize(head));
  if (head == kIdsHead) return absl::OkStatus();
  return InvalidArgument(
      "--out: {} would be replaced, which is not from an export: no line '{}...'", ids.string(),
      kIdsHead);
}

// A format that was asked for must be that of the result.
absl::Status CheckFormat(const Settings& settings, bool is_text, bool is_matrix) {
  if (!settings.output_is_flag || (is_text && !is_matrix)) return absl::OkStatus();
  if (is_matrix) return InvalidArgument("-o {}: a .npy file is none", settings.output);
  return InvalidArgument("-o {}: an export is csv, jsonl or votable", settings.output);
}

absl::Status ExportGalaxies(Connection& connection, Format format, const ExportOptions& options) {
  PECULIAR_ASSIGN_OR_RETURN(const auto request, ToRequest<v1::ExportGalaxiesRequest>(options));
  PECULIAR_ASSIGN_OR_RETURN(Sink sink, Sink::Open(options.out));
  TextExport out(connection, std::move(sink), format);
  std::vector<v1::ScoreKind> kinds;
  const absl::Status status =
      connection.ExportGalaxies(request, [&](const v1::ExportGalaxiesResponse& part) {
        Listing listing{.name = "galaxies"};
        listing.provenance = {{"snapshot_id", part.snapshot_id()}, {"model", part.model()}};
        if (!out.has_begun()) {
          kinds = ScoreKindsOf(part.galaxies().empty() ? v1::ScoredGalaxy() : part.galaxies(0));
          listing.table.columns = ScoredColumns(kinds);
        }
        for (const v1::ScoredGalaxy& galaxy : part.galaxies()) {
          listing.table.rows.push_back(ScoredCells(galaxy, kinds));
        }
        return out.Add(std::move(listing), part.total_count());
      });
  return End(status, out);
}

absl::Status ExportEmbeddings(Connection& connection, Format format,
                              const v1::ExportEmbeddingsRequest& request,
                              const ExportOptions& options) {
  PECULIAR_ASSIGN_OR_RETURN(Sink sink, Sink::Open(options.out));
  TextExport out(connection, std::move(sink), format);
  const absl::Status status =
      connection.ExportEmbeddings(request, [&](const v1::ExportEmbeddingsResponse& part) {
        Listing listing{.name = "embeddings"};
        listing.provenance = {
            {"snapshot_id", part.snapshot_id()}, {"model", part.model()}, {"space", part.space()}};
        listing.table.columns = {{.name = "plateifu", .ucd = "meta.id;meta.main"},
                                 {.name = "values", .type = CellType::kVector}};
        for (const v1::Embedding& embedding : part.embeddings()) {
          OrderedJson values = OrderedJson::array();
          for (const float value : embedding.values()) values.push_back(FloatCell(value));
          listing.table.rows.push_back({embedding.plateifu(), std::move(values)});
        }
        return out.Add(std::move(listing), part.total_count());
      });
  return End(status, out);
}

absl::Status ExportMatrix(Connection& connection, const v1::ExportEmbeddingsRequest& request,
                          const std::filesystem::path& path, const std::filesystem::path& ids) {
  PECULIAR_ASSIGN_OR_RETURN(Sink matrix_sink, Sink::Open(path));
  PECULIAR_ASSIGN_OR_RETURN(Sink ids_sink, Sink::Open(ids));
  MatrixExport out(std::move(matrix_sink), std::move(ids_sink));
  const absl::Status status = connection.ExportEmbeddings(
      request, [&](const v1::ExportEmbeddingsResponse& part) { return out.Add(part); });
  return End(status, out);
}

}  // namespace

absl::Status Export(Connection& connection, const Settings& settings,
                    const ExportOptions& options) {
  const std::string& output = settings.output;
  const bool is_text = output == "csv" || output == "jsonl" || output == "votable";
  PECULIAR_ASSIGN_OR_RETURN(const Format format, ParseFormat(is_text ? output : "csv"));
  const std::filesystem::path path = options.out;
  const bool is_matrix = path.extension() == ".npy";
  std::filesystem::path ids = path;
  ids.replace_extension(".ids");
  PECULIAR_RETURN_IF_ERROR(CheckFormat(settings, is_text, is_matrix));
  if (is_matrix) PECULIAR_RETURN_IF_ERROR(CheckIds(ids, options.filter.among));
  const RemovedOnSignal removed({path, is_matrix ? ids : std::filesystem::path()});
  if (options.what == "galaxies") {
    if (is_matrix) return InvalidArgument("--out: .npy holds embeddings, not galaxies");
    if (!options.space.empty())
      return InvalidArgument("--space: galaxies have none, embeddings do");
    return ExportGalaxies(connection, format, options);
  }
  PECULIAR_ASSIGN_OR_RETURN(auto request, ToRequest<v1::ExportEmbeddingsRequest>(options));
  request.set_space(options.space);
  if (is_matrix) return ExportMatrix(connection, request, path, ids);
  return ExportEmbeddings(connection, format, request, options);
}

void AddExportCommand(CLI::App& app, ChosenCommand& chosen) {
  auto options = std::make_shared<ExportOptions>();
  CLI::App& command = *app.add_subcommand(
      "export", "All galaxies or embeddings as a stream, to a file or standard output");
  command.footer(
      "-o is csv, jsonl or votable; without it csv, unless the environment or the configuration "
      "file says jsonl or votable. A file appears when it is whole.");
  command.add_option("what", options->what, "galaxies or embeddings")
      ->required()
      ->check(CLI::IsMember({"galaxies", "embeddings"}))
      ->type_name("WHAT");
  command
      .add_option("--out", options->out,
                  "File instead of standard output; NAME.npy has embeddings as float32, with their "
                  "plate-IFUs in NAME.ids, where only an earlier export's may be")
      ->type_name("FILE")
      ->check(RefuseEmpty);
  AddModelOption(command, options->model);
  command.add_option("--space", options->space, "Of embeddings: latent (without it), pca or umap")
      ->type_name("SPACE");
  AddFilterOptions(command, options->filter);
  AddScoreOptions(command, options->score);
  AddRangeOptions(command, options->range);
  AddSnapshotOption(command, options->snapshot_id);
  command.callback([&chosen, options] {
    chosen.run = [options](const Settings& settings) -> std::vector<absl::Status> {
      absl::StatusOr<Connection> connection = Connection::Create(settings.connection());
      if (!connection.ok()) return {connection.status()};
      const absl::Status status = Export(*connection, settings, *options);
      if (status.ok()) return {};
      return {status};
    };
  });
}

}  // namespace peculiar::client
