#include "kdc/directory/directory_store.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <thread>

#include "kdc/directory/directory_tables.h"
#include "kdc/directory/sqlite.h"
#include "kdc/forest/forest_names.h"

namespace stead::kdc {
namespace {

constexpr auto kPatience = std::chrono::seconds(60);  // with other writers
constexpr std::string_view kSchemaVersion = "1";

// The first copy of the WAL-index header (sqlite.org/walformat.html §2.1): it changes with every commit of any process.
constexpr std::size_t kHeaderWords = 12;
using WalHeader = std::array<std::uint32_t, kHeaderWords>;

// Called while another process writes. SQLite's own handler sleeps up to 100 ms at a time: a writer that asks that
// seldom starves among busy ones. A commit takes a few milliseconds.
int wait_for_writer(void*, int attempts) {
  constexpr auto kPause = std::chrono::milliseconds(2);
  if (attempts * kPause > kPatience) return 0;
  std::this_thread::sleep_for(kPause);
  return 1;
}

bool execute(sqlite3* database, const char* sql) {
  return sqlite3_exec(database, sql, nullptr, nullptr, nullptr) == SQLITE_OK;
}

std::string meta(sqlite3* database, std::string_view name) {
  Statement row(database, "SELECT value FROM meta WHERE name = ?");
  return row.bind(name).step() ? row.text(0) : std::string();
}

// Rolls back what was not committed.
class Transaction {
 public:
  explicit Transaction(sqlite3* database) : database_(database), open_(execute(database, "BEGIN IMMEDIATE")) {}
  ~Transaction() {
    if (open_) execute(database_, "ROLLBACK");
  }
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  [[nodiscard]] bool begun() const { return open_; }
  [[nodiscard]] bool commit() {
    if (!open_ || !execute(database_, "COMMIT")) return false;
    open_ = false;
    return true;
  }

 private:
  sqlite3* database_;
  bool open_;
};

}  // namespace

struct DirectoryStore::State {
  std::filesystem::path file;
  DatabasePtr database;
  Forest controllers;  // the forest file's: realms and their controllers
  int shared_fd = -1;
  const std::uint32_t* header = nullptr;  // shared with SQLite's -shm file
  std::array<std::atomic<std::uint32_t>, kHeaderWords> seen{};

  ~State() {
    if (header != nullptr) munmap(const_cast<std::uint32_t*>(header), sizeof(WalHeader));
    database.reset();
    // Closing any descriptor of this file drops the process's locks on it: only after SQLite has let it go.
    if (shared_fd >= 0) ::close(shared_fd);
  }

  [[nodiscard]] std::string error(std::string_view what) const {
    return std::string(what) + ' ' + file.string() + ": " + sqlite3_errmsg(database.get());
  }

  [[nodiscard]] WalHeader present() const {
    WalHeader out{};
    for (std::size_t i = 0; i < kHeaderWords; ++i) out[i] = __atomic_load_n(header + i, __ATOMIC_ACQUIRE);
    return out;
  }
  void remember(const WalHeader& words) {
    for (std::size_t i = 0; i < kHeaderWords; ++i) seen[i].store(words[i], std::memory_order_relaxed);
  }

  std::string open_database();
  std::string map_header();
  std::string fill(const Forest& file_forest, const std::string& digest, Opening& opening);
};

std::string DirectoryStore::State::open_database() {
  // Passwords are in it: nobody else's to read. SQLite gives its side files the same mode.
  const int fd = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) return "cannot open " + file.string() + ": " + std::strerror(errno);
  ::close(fd);
  sqlite3* raw = nullptr;
  const int status = sqlite3_open_v2(file.c_str(), &raw, SQLITE_OPEN_READWRITE | SQLITE_OPEN_FULLMUTEX, nullptr);
  database.reset(raw);
  if (status != SQLITE_OK) return error("cannot open");
  sqlite3_busy_handler(raw, wait_for_writer, nullptr);
  // Changing to WAL does not wait for others who are at it.
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (!execute(raw, "PRAGMA journal_mode = WAL")) {
    const int code = sqlite3_errcode(raw) & 0xff;
    if ((code != SQLITE_BUSY && code != SQLITE_LOCKED) || std::chrono::steady_clock::now() > deadline)
      return error("cannot use");
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  if (!execute(raw, "PRAGMA synchronous = FULL")) return error("cannot use");
  return {};
}

std::string DirectoryStore::State::map_header() {
  const auto shared = file.string() + "-shm";
  shared_fd = ::open(shared.c_str(), O_RDONLY | O_CLOEXEC);
  void* mapped = shared_fd < 0 ? MAP_FAILED : mmap(nullptr, sizeof(WalHeader), PROT_READ, MAP_SHARED, shared_fd, 0);
  if (mapped == MAP_FAILED) return "cannot watch " + shared + ": " + std::strerror(errno);
  header = static_cast<const std::uint32_t*>(mapped);
  return {};
}

std::string DirectoryStore::State::fill(const Forest& file_forest, const std::string& digest, Opening& opening) {
  Transaction transaction(database.get());
  if (!transaction.begun() ||
      !execute(database.get(), "CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL)"))
    return error("cannot write");
  const auto version = meta(database.get(), "schema");
  if (!version.empty() && version != kSchemaVersion)
    return file.string() + " has layout " + version + ", this program knows " + std::string(kSchemaVersion) + " only";
  if (!create_tables(database.get()))
    return error("cannot write");  // also those that a folder of an earlier version lacks
  if (version.empty()) {
    opening.made = true;
    Statement insert(database.get(), "INSERT INTO meta VALUES (?, ?)");
    if (!write_changes(database.get(), {}, file_forest) || !insert.bind("schema", kSchemaVersion).run() ||
        !insert.bind("forest_file_sha256", digest).run())
      return error("cannot write");
  } else {
    opening.file_changed = meta(database.get(), "forest_file_sha256") != digest;
  }
  return transaction.commit() ? "" : error("cannot write");
}

DirectoryStore::DirectoryStore(std::unique_ptr<State> state) : state_(std::move(state)) {}
DirectoryStore::~DirectoryStore() = default;

std::unique_ptr<DirectoryStore> DirectoryStore::open(const std::filesystem::path& folder, const Forest& file_forest,
                                                     const std::string& digest, Opening& opening) {
  std::error_code failed;
  if (!std::filesystem::exists(folder, failed)) {
    std::filesystem::create_directories(folder, failed);
    if (failed) {
      opening.fault = "cannot make " + folder.string() + ": " + failed.message();
      return nullptr;
    }
    std::filesystem::permissions(folder, std::filesystem::perms::owner_all, failed);
  }
  auto state = std::make_unique<State>();
  state->file = folder / "directory.db";
  for (const auto& domain : file_forest.domains) {
    auto& kept = state->controllers.domains.emplace_back();
    kept.realm = domain.realm;
    kept.controllers = domain.controllers;
  }
  opening.fault = state->open_database();
  if (opening.fault.empty()) opening.fault = state->fill(file_forest, digest, opening);
  if (opening.fault.empty()) opening.fault = state->map_header();
  if (!opening.fault.empty()) return nullptr;
  std::unique_ptr<DirectoryStore> store(new DirectoryStore(std::move(state)));
  opening.fault = store->load(opening.forest);
  return opening.fault.empty() ? std::move(store) : nullptr;
}

bool DirectoryStore::changed() const noexcept {
  for (std::size_t i = 0; i < kHeaderWords; ++i)
    if (__atomic_load_n(state_->header + i, __ATOMIC_ACQUIRE) != state_->seen[i].load(std::memory_order_relaxed))
      return true;
  return false;
}

std::string DirectoryStore::load(Forest& forest) {
  auto* database = state_->database.get();
  const auto before = state_->present();  // what is committed from here on shows as a change
  if (!execute(database, "BEGIN")) return state_->error("cannot read");
  auto fault = read_forest(database, state_->controllers, forest);
  execute(database, "ROLLBACK");
  if (!fault.empty()) return state_->file.string() + ": " + fault;
  state_->remember(before);
  return {};
}

std::string DirectoryStore::change(const std::function<std::string(Forest&)>& edit) {
  auto* database = state_->database.get();
  Transaction transaction(database);
  if (!transaction.begun()) return state_->error("cannot write");
  Forest before;
  if (auto fault = read_forest(database, state_->controllers, before); !fault.empty())
    return state_->file.string() + ": " + fault;
  Forest after = before;
  if (auto fault = edit(after); !fault.empty()) return fault;
  if (!write_changes(database, before, after) || !transaction.commit()) return state_->error("cannot write");
  return {};
}

}  // namespace stead::kdc
