#pragma once
// RAII for SQLite: a database that closes itself, and statements that are bound and stepped in one expression.
#include <sqlite3.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

#include "sspi_shim/base/bytes.h"

namespace stead::kdc {

struct CloseDatabase {
  void operator()(sqlite3* database) const noexcept { sqlite3_close_v2(database); }
};
using DatabasePtr = std::unique_ptr<sqlite3, CloseDatabase>;

// A prepared statement. After an error step() returns false, and so does ok().
class Statement {
 public:
  Statement(sqlite3* database, std::string_view sql) {
    status_ = sqlite3_prepare_v2(database, sql.data(), static_cast<int>(sql.size()), &statement_, nullptr);
  }
  ~Statement() { sqlite3_finalize(statement_); }
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;

  // Binds the parameters in order, after a reset.
  template <class... Values>
  Statement& bind(const Values&... values) {
    sqlite3_reset(statement_);
    sqlite3_clear_bindings(statement_);
    index_ = 0;
    (put(values), ...);
    return *this;
  }
  // True while there is a row.
  bool step() {
    if (status_ != SQLITE_OK && status_ != SQLITE_ROW && status_ != SQLITE_DONE) return false;
    status_ = sqlite3_step(statement_);
    return status_ == SQLITE_ROW;
  }
  // Runs it to its end. False: it failed.
  bool run() {
    while (step()) {
    }
    return ok();
  }
  [[nodiscard]] bool ok() const { return status_ == SQLITE_OK || status_ == SQLITE_ROW || status_ == SQLITE_DONE; }

  [[nodiscard]] bool is_null(int column) const { return sqlite3_column_type(statement_, column) == SQLITE_NULL; }
  [[nodiscard]] std::int64_t integer(int column) const { return sqlite3_column_int64(statement_, column); }
  [[nodiscard]] std::string text(int column) const {
    const auto* value = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
    return value == nullptr ? std::string()
                            : std::string(value, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column)));
  }
  [[nodiscard]] Buffer blob(int column) const {
    const auto* value = static_cast<const std::uint8_t*>(sqlite3_column_blob(statement_, column));
    return value == nullptr ? Buffer() : Buffer(value, value + sqlite3_column_bytes(statement_, column));
  }

 private:
  void put(std::string_view value) {
    note(sqlite3_bind_text(statement_, ++index_, value.data(), static_cast<int>(value.size()), SQLITE_TRANSIENT));
  }
  void put(const std::string& value) { put(std::string_view(value)); }
  void put(const char* value) { put(std::string_view(value)); }
  void put(std::nullptr_t) { note(sqlite3_bind_null(statement_, ++index_)); }
  void put(const Buffer& value) {
    note(sqlite3_bind_blob(statement_, ++index_, value.data(), static_cast<int>(value.size()), SQLITE_TRANSIENT));
  }
  template <class Integer>
    requires std::is_integral_v<Integer>
  void put(Integer value) {
    note(sqlite3_bind_int64(statement_, ++index_, static_cast<std::int64_t>(value)));
  }
  template <class Value>
  void put(const std::optional<Value>& value) {
    if (value)
      put(*value);
    else
      put(nullptr);
  }
  void note(int status) {
    if (status != SQLITE_OK) status_ = status;
  }

  sqlite3_stmt* statement_ = nullptr;
  int status_ = SQLITE_OK;
  int index_ = 0;
};

}  // namespace stead::kdc
