#include "core/catalog/database.h"

#include <sqlite3.h>

#include <cerrno>
#include <utility>

#include "core/base/file.h"

namespace peculiar {

namespace {

constexpr int kStepsBetweenLooks = 10000;  // of SQLite's machine, some 0.1 us each

// What a primary result code means here. SQLITE_IOERR without an errno is a short read.
absl::StatusCode CodeOf(int primary, bool read_only) {
  switch (primary) {
    case SQLITE_FULL:
    case SQLITE_NOMEM:
    case SQLITE_TOOBIG:
      return absl::StatusCode::kResourceExhausted;
    case SQLITE_INTERRUPT:
      return absl::StatusCode::kCancelled;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_FORMAT:
    case SQLITE_IOERR:
      return absl::StatusCode::kDataLoss;
    case SQLITE_CANTOPEN:
    case SQLITE_BUSY:
    case SQLITE_READONLY:
    case SQLITE_PERM:
      return absl::StatusCode::kFailedPrecondition;
    default:  // SQLITE_ERROR when reading: a table or column that should be there is not
      return read_only && primary == SQLITE_ERROR ? absl::StatusCode::kDataLoss
                                                  : absl::StatusCode::kInternal;
  }
}

}  // namespace

struct Database::Connection {
  sqlite3* handle = nullptr;
  std::filesystem::path path;
  bool read_only = false;
  std::stop_token stop;

  ~Connection() { sqlite3_close_v2(handle); }

  // The one place where SQLite's codes become statuses.
  // long: a table of codes
  absl::Status StatusOf(int code, std::string_view what) const {
    // Of the last failed system call: a quota, a size limit. SQLite keeps it with the file, but its
    // own clean-up after an error may clear that.
    const int last_error = errno;
    int system_error = 0;
    if (handle != nullptr) {
      sqlite3_file_control(handle, "main", SQLITE_FCNTL_LAST_ERRNO, &system_error);
    }
    if (system_error == 0) system_error = last_error;
    const int primary = code & 0xff;
    if (primary == SQLITE_IOERR && system_error != 0) {
      return StatusFromErrno(what, path, system_error);
    }
    const char* reason = handle != nullptr ? sqlite3_errmsg(handle) : sqlite3_errstr(code);
    return MakeStatus(CodeOf(primary, read_only),
                      fmt::format("cannot {} {}: {}", what, path.string(), reason));
  }
};

Database::Database(std::unique_ptr<Connection> connection) : connection_(std::move(connection)) {}
Database::Database(Database&&) noexcept = default;
Database::~Database() = default;

absl::StatusOr<Database> Database::Open(const std::filesystem::path& path, int flags) {
  auto connection = std::make_unique<Connection>();
  connection->path = path;
  connection->read_only = (flags & SQLITE_OPEN_READONLY) != 0;
  const int code = sqlite3_open_v2(path.c_str(), &connection->handle,
                                   flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, nullptr);
  if (code != SQLITE_OK) return connection->StatusOf(code, "open");
  // Nothing stored in a file may run code or bend the schema.
  sqlite3_db_config(connection->handle, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(connection->handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  return Database(std::move(connection));
}

absl::StatusOr<Database> Database::OpenReadOnly(const std::filesystem::path& path,
                                                std::stop_token stop) {
  std::error_code error;
  if (!std::filesystem::exists(path, error)) return StatusFromErrno("open", path, ENOENT);
  PECULIAR_ASSIGN_OR_RETURN(Database database, Open(path, SQLITE_OPEN_READONLY));
  Connection& connection = *database.connection_;
  connection.stop = std::move(stop);
  const auto is_asked = [](void* asked) -> int {
    return static_cast<const std::stop_token*>(asked)->stop_requested() ? 1 : 0;
  };
  sqlite3_progress_handler(connection.handle, kStepsBetweenLooks, is_asked, &connection.stop);
  return database;
}

absl::StatusOr<Database> Database::Create(const std::filesystem::path& path) {
  std::error_code error;
  if (std::filesystem::exists(path, error)) {
    return FailedPrecondition("cannot create {}: it is there already", path.string());
  }
  return Open(path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
}

absl::Status Database::Execute(const std::string& script) {
  errno = 0;
  const int code = sqlite3_exec(connection_->handle, script.c_str(), nullptr, nullptr, nullptr);
  return code == SQLITE_OK ? absl::OkStatus() : connection_->StatusOf(code, "write");
}

absl::StatusOr<Statement> Database::Prepare(std::string_view sql) {
  sqlite3_stmt* handle = nullptr;
  const int code = sqlite3_prepare_v2(connection_->handle, sql.data(), static_cast<int>(sql.size()),
                                      &handle, nullptr);
  if (code != SQLITE_OK) {
    return connection_->StatusOf(code, connection_->read_only ? "read" : "write");
  }
  return Statement(connection_.get(), handle);
}

absl::StatusOr<std::int64_t> Database::Integer(std::string_view sql) {
  PECULIAR_ASSIGN_OR_RETURN(Statement statement, Prepare(sql));
  PECULIAR_ASSIGN_OR_RETURN(const bool row, statement.Step());
  if (!row) return Internal("no value from {}: {}", connection_->path.string(), sql);
  return statement.TakeInteger();
}

absl::Status Database::Close() {
  errno = 0;
  const int code = sqlite3_close(connection_->handle);
  if (code != SQLITE_OK) return connection_->StatusOf(code, "close");
  connection_->handle = nullptr;
  return absl::OkStatus();
}

Statement::Statement(Database::Connection* connection, sqlite3_stmt* handle)
    : connection_(connection), handle_(handle) {}

Statement::Statement(Statement&& other) noexcept
    : connection_(other.connection_),
      handle_(std::exchange(other.handle_, nullptr)),
      bound_(other.bound_),
      taken_(other.taken_),
      binding_error_(other.binding_error_) {}

Statement::~Statement() { sqlite3_finalize(handle_); }

Statement& Statement::Bind(std::int64_t value) {
  binding_error_ |= sqlite3_bind_int64(handle_, ++bound_, value);
  return *this;
}

Statement& Statement::Bind(double value) {
  binding_error_ |= sqlite3_bind_double(handle_, ++bound_, value);
  return *this;
}

Statement& Statement::Bind(std::string_view text) {
  // An empty view may have no address, which SQLite would take for NULL.
  const char* data = text.empty() ? "" : text.data();
  binding_error_ |=
      sqlite3_bind_text64(handle_, ++bound_, data, text.size(), SQLITE_STATIC, SQLITE_UTF8);
  return *this;
}

Statement& Statement::BindNull() {
  binding_error_ |= sqlite3_bind_null(handle_, ++bound_);
  return *this;
}

absl::StatusOr<bool> Statement::Step() {
  const std::string_view what = connection_->read_only ? "read" : "write";
  if (binding_error_ != SQLITE_OK) return connection_->StatusOf(binding_error_, what);
  taken_ = 0;
  errno = 0;
  const int code = sqlite3_step(handle_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  return connection_->StatusOf(code, what);
}

absl::Status Statement::Run() {
  PECULIAR_ASSIGN_OR_RETURN([[maybe_unused]] const bool row, Step());
  Reset();
  return absl::OkStatus();
}

void Statement::Reset() {
  sqlite3_reset(handle_);
  bound_ = 0;
  binding_error_ = SQLITE_OK;
}

std::int64_t Statement::TakeInteger() { return sqlite3_column_int64(handle_, taken_++); }

double Statement::TakeReal() { return sqlite3_column_double(handle_, taken_++); }

std::string Statement::TakeText() {
  const int column = taken_++;
  const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(handle_, column));
  const auto size = static_cast<std::size_t>(sqlite3_column_bytes(handle_, column));
  return text == nullptr ? std::string() : std::string(text, size);
}

std::optional<std::int64_t> Statement::TakeOptionalInteger() {
  const bool null = sqlite3_column_type(handle_, taken_) == SQLITE_NULL;
  const std::int64_t value = TakeInteger();
  return null ? std::nullopt : std::optional(value);
}

std::optional<double> Statement::TakeOptionalReal() {
  const bool null = sqlite3_column_type(handle_, taken_) == SQLITE_NULL;
  const double value = TakeReal();
  return null ? std::nullopt : std::optional(value);
}

}  // namespace peculiar
