#include "sspi_shim/krb5/replay_cache.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <openssl/evp.h>
#include <profile.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "sspi_shim/protocol/crypto/crypto.h"
#include "sspi_shim/protocol/crypto/random.h"

namespace stead {
namespace {

constexpr std::size_t kSeedSize = 16, kTagSize = 12, kRecordSize = kTagSize + 4;
constexpr std::uint64_t kFirstTable = 1023, kMaxFileSize = std::numeric_limits<std::int32_t>::max();

using Seed = std::array<std::uint8_t, kSeedSize>;
using Tag = std::array<std::uint8_t, kTagSize>;

struct File {
  explicit File(int descriptor) : fd(descriptor) {}
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  ~File() {
    if (fd >= 0) ::close(fd);  // releases the lock
  }
  int fd;
};

// Locks the whole file. The lock belongs to the open file and not to the process, so that it excludes threads too.
bool lock(int fd, Blocking blocking) {
  struct flock whole{};
  whole.l_type = F_WRLCK;
  whole.l_whence = SEEK_SET;
  int result = 0;
  do {
    result = ::fcntl(fd, blocking == Blocking::allowed ? F_OFD_SETLKW : F_OFD_SETLK, &whole);
  } while (result != 0 && errno == EINTR);
  return result == 0;
}

bool is_in_memory(int fd) {
  struct statfs info{};
  return ::fstatfs(fd, &info) == 0 && (info.f_type == TMPFS_MAGIC || info.f_type == RAMFS_MAGIC);
}

std::optional<std::uint64_t> siphash24(const Seed& seed, const Tag& tag) {
  static EVP_MAC* const algorithm = EVP_MAC_fetch(nullptr, "SIPHASH", nullptr);
  if (algorithm == nullptr) return std::nullopt;
  const std::unique_ptr<EVP_MAC_CTX, decltype([](EVP_MAC_CTX* c) { EVP_MAC_CTX_free(c); })> context(
      EVP_MAC_CTX_new(algorithm));
  std::size_t size = 8;
  const OSSL_PARAM parameters[] = {OSSL_PARAM_construct_size_t("size", &size), OSSL_PARAM_construct_end()};
  std::array<std::uint8_t, 8> hash{};
  std::size_t written = 0;
  if (!context || EVP_MAC_CTX_set_params(context.get(), parameters) != 1 ||
      EVP_MAC_init(context.get(), seed.data(), seed.size(), nullptr) != 1 ||
      EVP_MAC_update(context.get(), tag.data(), tag.size()) != 1 ||
      EVP_MAC_final(context.get(), hash.data(), &written, hash.size()) != 1 || written != hash.size())
    return std::nullopt;
  return load_le64(hash.data());
}

struct Record {
  bool there = false;  // within the file
  Tag tag{};
  std::uint32_t stamp = 0;
  [[nodiscard]] bool empty() const { return !there || stamp == 0; }
  // Unsigned as in libkrb5: a record that was written while the clock was fast is kept.
  [[nodiscard]] bool free_at(std::uint32_t now, std::uint32_t life) const { return empty() || now > stamp + life; }
};

Record record_at(Bytes bytes) {
  Record out;
  if (bytes.size() < kRecordSize) return out;
  out.there = true;
  std::copy_n(bytes.begin(), kTagSize, out.tag.begin());
  out.stamp = load_be32(bytes.data() + kTagSize);
  return out;
}

bool write_at(int fd, Bytes bytes, std::uint64_t offset) {
  return ::pwrite(fd, bytes.data(), bytes.size(), static_cast<off_t>(offset)) == static_cast<ssize_t>(bytes.size());
}

bool read_seed(int fd, Seed& seed) {
  const ssize_t size = ::pread(fd, seed.data(), seed.size(), 0);
  if (size == static_cast<ssize_t>(seed.size())) return true;
  if (size < 0) return false;
  random_bytes(seed);  // the file is new
  return write_at(fd, seed, 0);
}

// The file is locked.
ReplayCache::Answer find_or_write(int fd, const Tag& tag, std::uint32_t now, std::uint32_t life) {
  using enum ReplayCache::Answer;
  Seed seed{};
  if (!read_seed(fd, seed)) return unusable;
  std::optional<std::uint64_t> place;
  std::uint64_t table = kSeedSize, records = kFirstTable;
  while (table + records * kRecordSize <= kMaxFileSize) {
    const auto hash = siphash24(seed, tag);
    if (!hash) return unusable;
    const std::uint64_t at = table + *hash % records * kRecordSize;
    std::array<std::uint8_t, 2 * kRecordSize> bytes{};
    const ssize_t size = ::pread(fd, bytes.data(), bytes.size(), static_cast<off_t>(at));
    if (size < 0) return unusable;
    const Bytes read = Bytes(bytes).first(static_cast<std::size_t>(size));
    const Record first = record_at(read), second = record_at(read.subspan(std::min(read.size(), kRecordSize)));
    for (const Record& record : {first, second})
      if (!record.empty() && record.tag == tag) return replay;
    if (!place && first.free_at(now, life)) place = at;
    if (!place && second.free_at(now, life)) place = at + kRecordSize;
    // With an empty record here, the tag is in no later table.
    if (first.empty() || second.empty()) {
      std::array<std::uint8_t, kRecordSize> record{};
      std::copy(tag.begin(), tag.end(), record.begin());
      store_be32(record.data() + kTagSize, now);
      return write_at(fd, record, *place) ? fresh : unusable;
    }
    table += records * kRecordSize;
    records = records == kFirstTable ? (kFirstTable + 1) * 2 : records * 2;
    ++seed[0];
  }
  return unusable;
}

std::string default_path() {
  const char* folder = ::secure_getenv("KRB5RCACHEDIR");
  if (folder == nullptr) folder = ::secure_getenv("TMPDIR");
  return std::string(folder != nullptr ? folder : "/var/tmp") + "/krb5_" + std::to_string(::geteuid()) + ".rcache2";
}

// default_rcache_name of [libdefaults]; empty: not set.
std::string configured_name(krb5_context context) {
  profile_t profile = nullptr;
  if (krb5_get_profile(context, &profile) != 0) return {};
  char* text = nullptr;
  std::string out;
  if (profile_get_string(profile, "libdefaults", "default_rcache_name", nullptr, nullptr, &text) == 0 &&
      text != nullptr) {
    out = text;
    profile_release_string(text);
  }
  profile_release(profile);
  return out;
}

}  // namespace

std::optional<ReplayCache> ReplayCache::named(const std::string& name) {
  if (name == "dfl:") return ReplayCache(default_path(), Owner::ourselves);
  if (name.starts_with("none:")) return ReplayCache({}, Owner::any);
  const std::string_view kind = "file2:";
  if (name.starts_with(kind) && name.size() > kind.size()) return ReplayCache(name.substr(kind.size()), Owner::any);
  return std::nullopt;
}

std::optional<ReplayCache> ReplayCache::of(krb5_context context) {
  if (const char* name = ::secure_getenv("KRB5RCACHENAME")) return named(name);
  if (const char* type = ::secure_getenv("KRB5RCACHETYPE")) return named(std::string(type) + ":");
  const std::string name = configured_name(context);
  if (name.find("%{") != std::string::npos) return std::nullopt;  // a path token, which libkrb5 expands
  return named(name.empty() ? "dfl:" : name);
}

ReplayCache::Answer ReplayCache::remember(Bytes tag, Time now, std::chrono::seconds life) const {
  return remember(tag, now, life, Blocking::allowed).value_or(Answer::unusable);
}

std::optional<ReplayCache::Answer> ReplayCache::remember_at_once(Bytes tag, Time now, std::chrono::seconds life) const {
  return remember(tag, now, life, Blocking::forbidden);
}

std::optional<ReplayCache::Answer> ReplayCache::remember(Bytes tag, Time now, std::chrono::seconds life,
                                                         Blocking blocking) const {
  const bool may_block = blocking == Blocking::allowed;
  if (is_none()) return Answer::fresh;
  const File file(
      ::open(path_.c_str(), O_CREAT | O_RDWR | O_CLOEXEC | (owner_ == Owner::ourselves ? O_NOFOLLOW : 0), 0600));
  if (file.fd < 0) return Answer::unusable;
  if (owner_ == Owner::ourselves) {
    struct stat info{};
    if (::fstat(file.fd, &info) != 0 || info.st_uid != ::geteuid()) return Answer::unusable;
  }
  if (!may_block && !is_in_memory(file.fd)) return std::nullopt;
  if (!lock(file.fd, blocking)) return may_block ? std::optional(Answer::unusable) : std::nullopt;
  Tag fixed{};  // truncated, or padded with zeros
  std::copy_n(tag.begin(), std::min(tag.size(), kTagSize), fixed.begin());
  return find_or_write(file.fd, fixed, static_cast<std::uint32_t>(now.time_since_epoch().count()),
                       static_cast<std::uint32_t>(life.count()));
}

}  // namespace stead
