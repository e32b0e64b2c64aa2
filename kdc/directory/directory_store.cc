#include "kdc/directory/directory_store.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>

#include "kdc/directory/directory_tables.h"
#include "kdc/directory/sqlite.h"
#include "kdc/forest/controller_accounts.h"
#include "kdc/forest/forest_names.h"

namespace stead::kdc {
namespace {

constexpr auto kMaxWait = std::chrono::seconds(60);  // for other writers
constexpr std::string_view kSchemaVersion = "1";

// The first copy of the WAL-index header (sqlite.org/walformat.html §2.1): it changes with every commit of any process.
constexpr std::size_t kHeaderWords = 12;
constexpr std::size_t kCommitCounter = 2;  // the word that every commit of any process increments
using WalHeader = std::array<std::uint32_t, kHeaderWords>;

// Called while another process writes. SQLite's own handler sleeps up to 100 ms at a time, with which a writer starves
// among busy ones. A commit takes a few milliseconds.
int wait_for_writer(void*, int attempts) {
  constexpr auto kPause = std::chrono::milliseconds(2);
  if (attempts * kPause > kMaxWait) return 0;
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

bool add_controller_accounts_to(Forest& forest) {
  bool changed = false;
  for (auto& domain : forest.domains) changed = add_controller_accounts(domain) || changed;
  return changed;
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
  WalHeader given{};  // as of which load() or change() gave the content last

  ~State() {
    if (header != nullptr) munmap(const_cast<std::uint32_t*>(header), sizeof(WalHeader));
    database.reset();
    // Closing any descriptor of this file drops the process's locks on it: only after SQLite has let it go.
    if (shared_fd >= 0) ::close(shared_fd);
  }

  [[nodiscard]] Problem problem(std::string_view what) const {
    return {std::string(what) + ' ' + file.string() + ": " + sqlite3_errmsg(database.get()), {}, {}};
  }

  [[nodiscard]] Problem unreadable(const Problem& row) const { return {row.message, file.string(), row.fix}; }

  [[nodiscard]] WalHeader remembered() const {
    WalHeader out{};
    for (std::size_t i = 0; i < kHeaderWords; ++i) out[i] = seen[i].load(std::memory_order_relaxed);
    return out;
  }
  [[nodiscard]] WalHeader present() const {
    WalHeader out{};
    for (std::size_t i = 0; i < kHeaderWords; ++i) out[i] = __atomic_load_n(header + i, __ATOMIC_ACQUIRE);
    return out;
  }

  Checked<void> open_database();
  Checked<void> map_header();
  // Creates the tables and the content that are missing.
  Checked<void> fill(const Forest& file_forest, const std::string& digest, Opened& opened);
};

Checked<void> DirectoryStore::State::open_database() {
  // Only the owner may read it, because it has passwords. SQLite gives its side files the same mode.
  const int fd = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) return Problem{"cannot open " + file.string() + ": " + std::strerror(errno), {}, {}};
  ::close(fd);
  sqlite3* raw = nullptr;
  const int status = sqlite3_open_v2(file.c_str(), &raw, SQLITE_OPEN_READWRITE | SQLITE_OPEN_FULLMUTEX, nullptr);
  database.reset(raw);
  if (status != SQLITE_OK) return problem("cannot open");
  sqlite3_busy_handler(raw, wait_for_writer, nullptr);
  // Changing to WAL does not call the busy handler, so wait for other processes here.
  const auto deadline = std::chrono::steady_clock::now() + kMaxWait;
  while (!execute(raw, "PRAGMA journal_mode = WAL")) {
    const int code = sqlite3_errcode(raw) & 0xff;
    if ((code != SQLITE_BUSY && code != SQLITE_LOCKED) || std::chrono::steady_clock::now() > deadline)
      return problem("cannot use");
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  if (!execute(raw, "PRAGMA synchronous = FULL")) return problem("cannot use");
  return {};
}

Checked<void> DirectoryStore::State::map_header() {
  const auto shared = file.string() + "-shm";
  shared_fd = ::open(shared.c_str(), O_RDONLY | O_CLOEXEC);
  void* mapped = shared_fd < 0 ? MAP_FAILED : mmap(nullptr, sizeof(WalHeader), PROT_READ, MAP_SHARED, shared_fd, 0);
  if (mapped == MAP_FAILED) return Problem{"cannot watch " + shared + ": " + std::strerror(errno), {}, {}};
  header = static_cast<const std::uint32_t*>(mapped);
  return {};
}

Checked<void> DirectoryStore::State::fill(const Forest& file_forest, const std::string& digest, Opened& opened) {
  Transaction transaction(database.get());
  if (!transaction.begun() ||
      !execute(database.get(), "CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL)"))
    return problem("cannot write");
  const auto version = meta(database.get(), "schema");
  if (!version.empty() && version != kSchemaVersion)
    return Problem{
        file.string() + " has layout " + version + ", this program knows " + std::string(kSchemaVersion) + " only",
        {},
        {}};
  // Adds the tables that a store of an earlier version lacks.
  if (!create_tables(database.get())) return problem("cannot write");
  if (version.empty()) {
    opened.created = true;
    Statement insert(database.get(), "INSERT INTO meta VALUES (?, ?)");
    if (!write_changes(database.get(), {}, file_forest) || !insert.bind("schema", kSchemaVersion).run() ||
        !insert.bind("forest_file_sha256", digest).run())
      return problem("cannot write");
  } else {
    opened.file_changed = meta(database.get(), "forest_file_sha256") != digest;
  }
  if (!transaction.commit()) return problem("cannot write");
  return {};
}

DirectoryStore::DirectoryStore(std::unique_ptr<State> state) : state_(std::move(state)) {}
DirectoryStore::~DirectoryStore() = default;

Checked<DirectoryStore::Opened> DirectoryStore::open(const std::filesystem::path& folder, const Forest& file_forest,
                                                     const std::string& digest) {
  std::error_code failed;
  if (!std::filesystem::exists(folder, failed)) {
    std::filesystem::create_directories(folder, failed);
    if (failed) return Problem{"cannot create " + folder.string() + ": " + failed.message(), {}, {}};
    std::filesystem::permissions(folder, std::filesystem::perms::owner_all, failed);
  }
  auto state = std::make_unique<State>();
  state->file = folder / "directory.db";
  for (const auto& domain : file_forest.domains) {
    auto& kept = state->controllers.domains.emplace_back();
    kept.realm = domain.realm;
    kept.controllers = domain.controllers;
  }
  Opened opened;
  if (const auto ok = state->open_database(); !ok) return ok.error();
  if (const auto ok = state->fill(file_forest, digest, opened); !ok) return ok.error();
  if (const auto ok = state->map_header(); !ok) return ok.error();
  opened.store.reset(new DirectoryStore(std::move(state)));
  auto forest = opened.store->load();
  // A store of an earlier version, or of a file with fewer controllers, lacks the accounts of some.
  if (forest && add_controller_accounts_to(*forest)) {
    const auto add = [](Forest& each) -> Checked<void> { return add_controller_accounts_to(each), Checked<void>(); };
    if (const auto ok = opened.store->change(add); !ok) return ok.error();
    forest = opened.store->load();
  }
  if (!forest) return forest.error();
  opened.forest = std::move(*forest);
  return opened;
}

bool DirectoryStore::changed() const noexcept {
  for (std::size_t i = 0; i < kHeaderWords; ++i)
    if (__atomic_load_n(state_->header + i, __ATOMIC_ACQUIRE) != state_->seen[i].load(std::memory_order_acquire))
      return true;
  return false;
}

void DirectoryStore::mark_read() noexcept {
  for (std::size_t i = 0; i < kHeaderWords; ++i) state_->seen[i].store(state_->given[i], std::memory_order_release);
}

Checked<Forest> DirectoryStore::load() {
  auto* database = state_->database.get();
  const auto before = state_->present();  // a commit from here on shows as a change
  if (!execute(database, "BEGIN")) return state_->problem("cannot read");
  auto forest = read_forest(database, state_->controllers);
  execute(database, "ROLLBACK");
  if (!forest) return state_->unreadable(forest.error());
  state_->given = before;
  return forest;
}

Checked<void> DirectoryStore::change(const Edit& edit) {
  auto* database = state_->database.get();
  Transaction transaction(database);
  if (!transaction.begun()) return state_->problem("cannot write");
  const auto before = read_forest(database, state_->controllers);
  if (!before) return state_->unreadable(before.error());
  Forest after = *before;
  if (const auto ok = edit(after); !ok) return ok.error();
  if (!write_changes(database, *before, after) || !transaction.commit()) return state_->problem("cannot write");
  return {};
}

Checked<Forest> DirectoryStore::change(const Forest& loaded, const Edit& edit) {
  auto* database = state_->database.get();
  const WalHeader before = state_->remembered();
  {
    // While it is open nobody else writes, so a header as remembered stays so.
    Transaction transaction(database);
    if (!transaction.begun()) return state_->problem("cannot write");
    if (state_->present() == before) {
      Forest after = loaded;
      if (const auto ok = edit(after); !ok) return ok.error();
      if (!write_changes(database, loaded, after) || !transaction.commit()) return state_->problem("cannot write");
      // Another process may have committed since: then the counter says so, and the next look reads its change.
      const WalHeader now = state_->present();
      state_->given = now[kCommitCounter] == before[kCommitCounter] + 1 ? now : before;
      return after;
    }
  }
  if (const auto ok = change(edit); !ok) return ok.error();
  return load();
}

}  // namespace stead::kdc
