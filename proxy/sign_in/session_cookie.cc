#include "proxy/sign_in/session_cookie.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "sspi_shim/base/base64.h"
#include "sspi_shim/protocol/crypto/crypto.h"

namespace stead::proxy {
namespace {

constexpr std::size_t kKeyIdSize = 4, kNonceSize = 12, kTagSize = 16, kIdSize = 16, kCertificateSize = 32;
constexpr std::size_t kMaxCookie = 4096;
constexpr std::uint8_t kVersion = 1;

struct FreeCipher {
  void operator()(EVP_CIPHER_CTX* context) const noexcept { EVP_CIPHER_CTX_free(context); }
  void operator()(EVP_CIPHER* cipher) const noexcept { EVP_CIPHER_free(cipher); }
};
using CipherContext = std::unique_ptr<EVP_CIPHER_CTX, FreeCipher>;

std::array<std::uint8_t, kKeyIdSize> key_id(Bytes key) {
  std::uint8_t digest[SHA256_DIGEST_LENGTH];
  SHA256(key.data(), key.size(), digest);
  std::array<std::uint8_t, kKeyIdSize> id{};
  std::copy_n(digest, kKeyIdSize, id.begin());
  return id;
}

// The calling thread's AES-256-GCM: to look the algorithm up and to make a context takes longer than a cookie's
// decryption. Null: the library does not have it.
EVP_CIPHER_CTX* start(bool sealing, Bytes key, const std::uint8_t* nonce) {
  static const std::unique_ptr<EVP_CIPHER, FreeCipher> cipher(EVP_CIPHER_fetch(nullptr, "AES-256-GCM", nullptr));
  static thread_local std::array<CipherContext, 2> contexts;
  CipherContext& context = contexts[sealing ? 0 : 1];
  const EVP_CIPHER* first_use = nullptr;
  if (!context) {
    context.reset(EVP_CIPHER_CTX_new());
    first_use = cipher.get();
    if (first_use == nullptr) context.reset();
  }
  if (context && EVP_CipherInit_ex2(context.get(), first_use, key.data(), nonce, sealing ? 1 : 0, nullptr) != 1)
    context.reset();
  return context.get();
}

std::string system_error(const std::string& doing, const std::string& path) {
  return doing + " " + path + ": " + std::strerror(errno);
}

struct File {
  explicit File(int descriptor) : fd(descriptor) {}
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  ~File() {
    if (fd >= 0) ::close(fd);
  }
  int fd;
};

// A file with one new key under a temporary name, linked into place: whoever links first wins, the others read his.
bool make_key_file(const std::string& path, std::string& message) {
  std::string temporary = path + ".XXXXXX";
  File file(::mkstemp(temporary.data()));  // 0600
  if (file.fd < 0) return message = system_error("cannot make the session key file", path), false;
  SecretBuffer key(kSessionKeySize);
  const bool written = RAND_bytes(key.data(), static_cast<int>(key.size())) == 1 &&
                       ::write(file.fd, key.data(), key.size()) == static_cast<ssize_t>(key.size()) &&
                       ::fsync(file.fd) == 0;
  const bool linked = written && (::link(temporary.c_str(), path.c_str()) == 0 || errno == EEXIST);
  if (!linked) message = system_error("cannot make the session key file", path);
  ::unlink(temporary.c_str());
  return linked;
}

void put_be64(Buffer& out, std::int64_t value) {
  for (int shift = 56; shift >= 0; shift -= 8) out.push_back(std::uint8_t(std::uint64_t(value) >> shift));
}
std::int64_t get_be64(const std::uint8_t* p) {
  return std::int64_t(std::uint64_t(load_be32(p)) << 32 | load_be32(p + 4));
}

}  // namespace

std::optional<SessionKeys> SessionKeys::open(const std::string& path, std::string& message) {
  for (int attempt = 0; attempt < 2; ++attempt) {
    File file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (file.fd < 0) {
      if (errno != ENOENT) return message = system_error("cannot read the session key file", path), std::nullopt;
      if (!make_key_file(path, message)) return std::nullopt;
      continue;
    }
    struct stat info{};
    if (::fstat(file.fd, &info) != 0 || !S_ISREG(info.st_mode))
      return message = "the session key file " + path + " is not a regular file", std::nullopt;
    if ((info.st_mode & 0777) != 0600 && ::fchmod(file.fd, 0600) != 0)
      return message = system_error("others may read the session key file, and its mode cannot be set to 0600:", path),
             std::nullopt;
    constexpr std::size_t kMostKeys = 16;
    SecretBuffer keys(kMostKeys * kSessionKeySize + 1);
    const ssize_t size = ::read(file.fd, keys.data(), keys.size());
    if (size < 0) return message = system_error("cannot read the session key file", path), std::nullopt;
    if (size == 0 || size % kSessionKeySize != 0 || static_cast<std::size_t>(size) == keys.size())
      return message = "the session key file " + path + " has " + std::to_string(size) +
                       " bytes; it takes 32 random bytes a key, at most 16 keys (remove it to have a new one made)",
             std::nullopt;
    keys.resize(static_cast<std::size_t>(size));
    return SessionKeys(std::move(keys));
  }
  return message = "the session key file " + path + " vanished while it was opened", std::nullopt;
}

SessionKeys::SessionKeys(SecretBuffer keys) : keys_(std::move(keys)) {
  for (std::size_t i = 0; i < count(); ++i) ids_.push_back(key_id(key(i)));
}

std::string SessionKeys::seal(Bytes content) const {
  Buffer out(ids_.front().begin(), ids_.front().end());
  out.resize(kKeyIdSize + kNonceSize + content.size() + kTagSize);
  std::uint8_t* const nonce = out.data() + kKeyIdSize;
  std::uint8_t* const cipher = nonce + kNonceSize;
  random_bytes({nonce, kNonceSize});
  EVP_CIPHER_CTX* const context = start(true, key(0), nonce);
  int size = 0;
  if (context == nullptr || EVP_EncryptUpdate(context, nullptr, &size, out.data(), kKeyIdSize) != 1 ||
      EVP_EncryptUpdate(context, cipher, &size, content.data(), static_cast<int>(content.size())) != 1 ||
      EVP_EncryptFinal_ex(context, cipher + size, &size) != 1 ||
      EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_GET_TAG, kTagSize, cipher + content.size()) != 1)
    throw std::bad_alloc();  // a broken or exhausted crypto library: nothing can go on
  return base64url(out);
}

std::optional<Buffer> SessionKeys::open_sealed(std::string_view sealed) const {
  if (sealed.size() > kMaxCookie) return std::nullopt;
  auto bytes = from_base64url(sealed);
  if (!bytes || bytes->size() < kKeyIdSize + kNonceSize + kTagSize) return std::nullopt;
  const Bytes all(*bytes);
  const Bytes nonce = all.subspan(kKeyIdSize, kNonceSize), tag = all.last(kTagSize);
  const Bytes cipher = all.subspan(kKeyIdSize + kNonceSize, all.size() - kKeyIdSize - kNonceSize - kTagSize);
  for (std::size_t i = 0; i < count(); ++i) {
    if (!std::equal(ids_[i].begin(), ids_[i].end(), all.begin())) continue;  // public: it is in every cookie
    Buffer content(cipher.size());
    EVP_CIPHER_CTX* const context = start(false, key(i), nonce.data());
    int size = 0;
    if (context != nullptr && EVP_DecryptUpdate(context, nullptr, &size, all.data(), kKeyIdSize) == 1 &&
        EVP_DecryptUpdate(context, content.data(), &size, cipher.data(), static_cast<int>(cipher.size())) == 1 &&
        EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_SET_TAG, kTagSize, const_cast<std::uint8_t*>(tag.data())) == 1 &&
        EVP_DecryptFinal_ex(context, content.data() + size, &size) == 1)
      return content;
  }
  return std::nullopt;
}

std::string new_session_id() {
  std::uint8_t id[kIdSize];
  random_bytes(id);
  return to_hex(id);
}

Buffer encode(const SessionCookie& cookie) {
  Buffer out{kVersion};
  Buffer id = from_hex(cookie.session.id);
  id.resize(kIdSize);
  append(out, id);
  out.push_back(static_cast<std::uint8_t>(cookie.session.method));
  put_be64(out, cookie.issued.time_since_epoch().count());
  put_be64(out, std::chrono::floor<std::chrono::seconds>(cookie.session.expires).time_since_epoch().count());
  put_be64(out, cookie.seen.time_since_epoch().count());
  out.push_back(std::uint8_t(cookie.session.user.size() >> 8));
  out.push_back(std::uint8_t(cookie.session.user.size()));
  append(out, as_bytes(cookie.session.user));
  if (cookie.session.method == SignInMethod::certificate) {
    Buffer digest = cookie.certificate;
    digest.resize(kCertificateSize);
    append(out, digest);
  }
  return out;
}

Result<SessionCookie> decode_session_cookie(Bytes content) {
  constexpr std::size_t kFixed = 1 + kIdSize + 1 + 3 * 8 + 2;
  if (content.size() < kFixed) return WireErrc::truncated;
  if (content[0] != kVersion) return WireErrc::unsupported;
  const std::uint8_t* p = content.data() + 1;
  SessionCookie out;
  out.session.id = to_hex(Bytes(p, kIdSize));
  p += kIdSize;
  if (*p > static_cast<std::uint8_t>(SignInMethod::certificate)) return WireErrc::bad_value;
  out.session.method = static_cast<SignInMethod>(*p++);
  const auto time = [&p] {
    const std::chrono::sys_seconds at{std::chrono::seconds(get_be64(p))};
    p += 8;
    return at;
  };
  constexpr std::chrono::sys_seconds kLatest{
      std::chrono::seconds(9'000'000'000)};  // year 2255: fits system_clock's nanoseconds
  out.issued = time();
  const std::chrono::sys_seconds expires = time();
  out.seen = time();
  if (out.issued > kLatest || expires > kLatest || out.seen > kLatest || out.issued.time_since_epoch().count() < 0 ||
      expires.time_since_epoch().count() < 0 || out.seen.time_since_epoch().count() < 0)
    return WireErrc::bad_value;
  out.session.expires = expires;
  const std::size_t size = load_be16(p);
  p += 2;
  const std::size_t after = out.session.method == SignInMethod::certificate ? kCertificateSize : 0;
  if (size == 0) return WireErrc::bad_value;
  if (content.size() - kFixed != size + after) return WireErrc::bad_length;
  out.session.user.assign(reinterpret_cast<const char*>(p), size);
  out.certificate.assign(p + size, p + size + after);
  return out;
}

std::string seal_session(const SessionKeys& keys, const SessionCookie& cookie) {
  return keys.seal(encode(cookie));
}

std::optional<SessionCookie> open_session(const SessionKeys& keys, std::string_view sealed) {
  const auto content = keys.open_sealed(sealed);
  if (!content) return std::nullopt;
  auto cookie = decode_session_cookie(*content);
  if (!cookie) return std::nullopt;
  return std::move(*cookie);
}

const SessionCookie* OpenedCookies::open(std::string_view sealed) {
  Slot& slot = slots_[std::hash<std::string_view>{}(sealed) % slots_.size()];
  // In constant time: how much of another one's cookie was guessed must not show.
  if (!sealed.empty() && equal_in_constant_time(as_bytes(slot.sealed), as_bytes(sealed))) return &slot.cookie;
  auto cookie = open_session(keys_, sealed);
  if (!cookie) return nullptr;
  static_assert(std::is_nothrow_move_assignable_v<Slot>);
  slot = {std::string(sealed), std::move(*cookie)};  // both or, where there is no memory, neither
  return &slot.cookie;
}

std::string_view session_cookie_name(bool tls) {
  return tls ? "__Host-stead" : "stead";
}

std::string set_cookie(std::string_view name, std::string_view value, bool tls,
                       std::optional<std::chrono::seconds> max_age) {
  std::string out(name);
  out.append("=").append(value).append("; Path=/; HttpOnly; SameSite=Lax");
  if (tls) out += "; Secure";
  if (max_age) out += "; Max-Age=" + std::to_string(max_age->count());
  return out;
}

std::optional<std::string_view> find_cookie(std::string_view header, std::string_view name) {
  std::optional<std::string_view> found;
  while (!header.empty()) {
    const std::size_t end = std::min(header.find(';'), header.size());
    std::string_view pair = header.substr(0, end);
    header.remove_prefix(std::min(end + 1, header.size()));
    while (!pair.empty() && (pair.front() == ' ' || pair.front() == '\t')) pair.remove_prefix(1);
    while (!pair.empty() && (pair.back() == ' ' || pair.back() == '\t')) pair.remove_suffix(1);
    const std::size_t equals = pair.find('=');
    if (equals == std::string_view::npos || pair.substr(0, equals) != name) continue;
    const std::string_view value = pair.substr(equals + 1);
    if (found && *found != value) return std::nullopt;
    found = value;
  }
  return found;
}

}  // namespace stead::proxy
