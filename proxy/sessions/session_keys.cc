#include "proxy/sessions/session_keys.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "proxy/sessions/open_file.h"
#include "sspi_shim/base/base64.h"
#include "sspi_shim/protocol/crypto/crypto.h"
#include "sspi_shim/protocol/crypto/random.h"

namespace stead::proxy {
namespace {

constexpr std::size_t kKeyIdSize = 4, kNonceSize = 12, kTagSize = 16;
constexpr std::size_t kMaxKeys = 16;

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

enum class Direction { seal, open };

// The calling thread's AES-256-GCM context, ready for this key and nonce. It is kept, since fetching the algorithm and
// making a context take longer than the decryption of a cookie. Null: the library does not have the algorithm.
EVP_CIPHER_CTX* start(Direction direction, Bytes key, const std::uint8_t* nonce) {
  const bool sealing = direction == Direction::seal;
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

// What the tag covers besides the content.
std::string associated_data(const std::uint8_t* key_id, SealedFor use) {
  std::string out(reinterpret_cast<const char*>(key_id), kKeyIdSize);
  out.append(use.purpose).append(1, '\0').append(use.host);
  return out;
}

int associate(EVP_CIPHER_CTX* context, Direction direction, const std::string& data) {
  const auto* const octets = reinterpret_cast<const unsigned char*>(data.data());
  int size = 0;
  return direction == Direction::seal
             ? EVP_EncryptUpdate(context, nullptr, &size, octets, static_cast<int>(data.size()))
             : EVP_DecryptUpdate(context, nullptr, &size, octets, static_cast<int>(data.size()));
}

Problem problem(const std::string& path, const std::string& what, std::string fix = {}) {
  return {.message = "the session key file " + what, .where = path, .fix = std::move(fix)};
}

Problem system_problem(const std::string& path, const std::string& message) {
  return problem(path, message + ": " + std::strerror(errno));
}

// Writes one new key to a temporary file and links it to `path`. If several processes create the file, the first link()
// wins; the others read that file.
Checked<void> make_key_file(const std::string& path) {
  std::string temporary = path + ".XXXXXX";
  const File file(::mkstemp(temporary.data()));  // 0600
  if (file.fd < 0) return system_problem(path, "cannot be created");
  SecretBuffer key(kSessionKeySize);
  const bool written = RAND_bytes(key.data(), static_cast<int>(key.size())) == 1 &&
                       ::write(file.fd, key.data(), key.size()) == static_cast<ssize_t>(key.size()) &&
                       ::fsync(file.fd) == 0;
  const bool linked = written && (::link(temporary.c_str(), path.c_str()) == 0 || errno == EEXIST);
  const Problem failed = linked ? Problem{} : system_problem(path, "cannot be created");
  ::unlink(temporary.c_str());
  if (!linked) return failed;
  return {};
}

enum class Use { serve, look };

// systemd's copy of a file is read-only; who may read it is seen in its access control list only.
bool is_credential(const std::string& path) {
  const char* const folder = std::getenv("CREDENTIALS_DIRECTORY");
  return folder != nullptr && path.starts_with(std::string(folder) + '/');
}

Checked<SecretBuffer> read_keys(const std::string& path, int fd, Use use) {
  struct stat info{};
  if (::fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) return problem(path, "is not a regular file");
  if (use == Use::serve && (info.st_mode & 0077) != 0 && ::fchmod(fd, 0600) != 0 && !is_credential(path))
    return system_problem(path, "is readable by others, and its mode cannot be set to 0600");
  SecretBuffer keys(kMaxKeys * kSessionKeySize + 1);
  const ssize_t size = ::read(fd, keys.data(), keys.size());
  if (size < 0) return system_problem(path, "cannot be read");
  if (size == 0 || size % kSessionKeySize != 0 || static_cast<std::size_t>(size) == keys.size())
    return problem(path,
                   "has " + std::to_string(size) + " bytes; it holds 32 random bytes for each key, at most " +
                       std::to_string(kMaxKeys) + " keys",
                   "remove it to have a new one made");
  keys.resize(static_cast<std::size_t>(size));
  return keys;
}

}  // namespace

Checked<SessionKeys> SessionKeys::open(const std::string& path) {
  for (int attempt = 0; attempt < 2; ++attempt) {
    const File file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (file.fd >= 0) {
      auto keys = read_keys(path, file.fd, Use::serve);
      if (!keys) return keys.error();
      return SessionKeys(std::move(*keys));
    }
    if (errno != ENOENT) return system_problem(path, "cannot be read");
    if (const auto made = make_key_file(path); !made) return made.error();
  }
  return problem(path, "vanished while it was opened");
}

Checked<SessionKeys> SessionKeys::look_at(const std::string& path) {
  const File file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.fd >= 0) {
    auto keys = read_keys(path, file.fd, Use::look);
    if (!keys) return keys.error();
    return SessionKeys(std::move(*keys));
  }
  if (errno != ENOENT) return system_problem(path, "cannot be read");
  const std::string folder = std::filesystem::path(path).parent_path().string();
  if (::access(folder.empty() ? "." : folder.c_str(), W_OK) != 0) return system_problem(path, "cannot be created");
  return SessionKeys(SecretBuffer(kSessionKeySize));
}

SessionKeys::SessionKeys(SecretBuffer keys) : keys_(std::move(keys)) {
  for (std::size_t i = 0; i < count(); ++i) ids_.push_back(key_id(key(i)));
}

std::string SessionKeys::seal(Bytes content, SealedFor use) const {
  Buffer out(ids_.front().begin(), ids_.front().end());
  out.resize(kKeyIdSize + kNonceSize + content.size() + kTagSize);
  std::uint8_t* const nonce = out.data() + kKeyIdSize;
  std::uint8_t* const cipher = nonce + kNonceSize;
  random_bytes({nonce, kNonceSize});
  EVP_CIPHER_CTX* const context = start(Direction::seal, key(0), nonce);
  int size = 0;
  if (context == nullptr || associate(context, Direction::seal, associated_data(out.data(), use)) != 1 ||
      EVP_EncryptUpdate(context, cipher, &size, content.data(), static_cast<int>(content.size())) != 1 ||
      EVP_EncryptFinal_ex(context, cipher + size, &size) != 1 ||
      EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_GET_TAG, kTagSize, cipher + content.size()) != 1)
    throw std::bad_alloc();  // a broken or exhausted crypto library: nothing can go on
  return base64url(out);
}

std::optional<Buffer> SessionKeys::open_sealed(std::string_view sealed, SealedFor use, std::size_t longest) const {
  if (sealed.size() > longest) return std::nullopt;
  auto bytes = from_base64url(sealed);
  if (!bytes || bytes->size() < kKeyIdSize + kNonceSize + kTagSize) return std::nullopt;
  const Bytes all(*bytes);
  const Bytes nonce = all.subspan(kKeyIdSize, kNonceSize), tag = all.last(kTagSize);
  const Bytes cipher = all.subspan(kKeyIdSize + kNonceSize, all.size() - kKeyIdSize - kNonceSize - kTagSize);
  const std::string associated = associated_data(all.data(), use);
  for (std::size_t i = 0; i < count(); ++i) {
    if (!std::equal(ids_[i].begin(), ids_[i].end(), all.begin())) continue;  // public: it is in every cookie
    Buffer content(cipher.size());
    EVP_CIPHER_CTX* const context = start(Direction::open, key(i), nonce.data());
    int size = 0;
    if (context != nullptr && associate(context, Direction::open, associated) == 1 &&
        EVP_DecryptUpdate(context, content.data(), &size, cipher.data(), static_cast<int>(cipher.size())) == 1 &&
        EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_SET_TAG, kTagSize, const_cast<std::uint8_t*>(tag.data())) == 1 &&
        EVP_DecryptFinal_ex(context, content.data() + size, &size) == 1)
      return content;
  }
  return std::nullopt;
}

}  // namespace stead::proxy
