// SQLite, thinly: a connection and a prepared statement that close themselves. The only code that
// calls SQLite. Not for concurrent use. Errors name the file: RESOURCE_EXHAUSTED when the disk is
// full, DATA_LOSS when what is read is not sound, NOT_FOUND, FAILED_PRECONDITION, CANCELLED when
// told to stop, else INTERNAL.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include "core/base/status.h"

struct sqlite3;
struct sqlite3_stmt;

namespace peculiar {

class Statement;

class Database {
 public:
  // NOT_FOUND when there is no such file; its content is looked at by the first statement. A
  // statement ends with CANCELLED, within milliseconds, once `stop` asks for it.
  static absl::StatusOr<Database> OpenReadOnly(const std::filesystem::path& path,
                                               std::stop_token stop = {});
  // A new, empty file; FAILED_PRECONDITION when there is one.
  static absl::StatusOr<Database> Create(const std::filesystem::path& path);

  Database(Database&&) noexcept;
  ~Database();

  // Runs every statement of a script; rows are dropped.
  absl::Status Execute(const std::string& script);
  // One statement; must not outlive the database.
  absl::StatusOr<Statement> Prepare(std::string_view sql);
  // A single integer, as "PRAGMA user_version" gives it.
  absl::StatusOr<std::int64_t> Integer(std::string_view sql);
  // Writes out and closes; errors of the last writes come here.
  absl::Status Close();

 private:
  friend class Statement;
  struct Connection;
  explicit Database(std::unique_ptr<Connection> connection);
  static absl::StatusOr<Database> Open(const std::filesystem::path& path, int flags);

  std::unique_ptr<Connection> connection_;
};

// Parameters are bound from left to right, then Step; Reset starts over. A binding that fails is
// reported by Step.
class Statement {
 public:
  Statement(Statement&& other) noexcept;
  Statement& operator=(Statement&&) = delete;
  ~Statement();

  Statement& Bind(std::int64_t value);
  Statement& Bind(double value);
  Statement& Bind(std::string_view text);  // not copied: must live until Step has returned
  Statement& BindNull();
  template <typename T>
  Statement& Bind(const std::optional<T>& value) {
    return value.has_value() ? Bind(*value) : BindNull();
  }

  // True when there is a row to read, false at the end.
  absl::StatusOr<bool> Step();
  // Step for a statement without rows, then Reset.
  absl::Status Run();
  void Reset();

  // Columns of the current row are taken from left to right.
  std::int64_t TakeInteger();
  double TakeReal();
  std::string TakeText();  // NULL is empty
  std::optional<std::int64_t> TakeOptionalInteger();
  std::optional<double> TakeOptionalReal();

 private:
  friend class Database;
  Statement(Database::Connection* connection, sqlite3_stmt* handle);

  Database::Connection* connection_;
  sqlite3_stmt* handle_;
  int bound_ = 0;
  int taken_ = 0;
  int binding_error_ = 0;
};

}  // namespace peculiar
