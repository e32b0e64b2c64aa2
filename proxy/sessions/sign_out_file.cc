#include "proxy/sessions/sign_out_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <mutex>
#include <string>
#include <string_view>

#include "proxy/sessions/open_file.h"
#include "proxy/sessions/sign_out_line.h"

namespace stead::proxy {
namespace {

constexpr std::size_t kSpareLines = 1000;  // before the file is written anew

Problem problem(const std::string& path, const std::string& what) {
  return {.message = "the list of sign-outs " + what + ": " + std::strerror(errno), .where = path, .fix = {}};
}

bool write_whole(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t n = ::write(fd, text.data(), text.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

}  // namespace

Checked<void> SignOutFile::write_all(const Revocations& revocations) {
  const auto entries = revocations.all();
  std::string text;
  for (const auto& entry : entries) text += sign_out_line(entry) + '\n';
  std::string temporary = path_ + ".XXXXXX";
  const File file(::mkstemp(temporary.data()));  // 0600
  if (file.fd < 0) return problem(path_, "cannot be written");
  const bool written =
      write_whole(file.fd, text) && ::fsync(file.fd) == 0 && ::rename(temporary.c_str(), path_.c_str()) == 0;
  if (!written) {
    const Problem failed = problem(path_, "cannot be written");
    ::unlink(temporary.c_str());
    return failed;
  }
  lines_ = lines_needed_ = entries.size();
  return {};
}

Checked<void> SignOutFile::rewrite(Revocations& revocations, Revocations::Time now) {
  std::ifstream in(path_);
  if (!in && errno != ENOENT) return problem(path_, "cannot be read");
  std::string line;
  while (std::getline(in, line))
    if (const auto entry = sign_out_in(line)) revocations.add(*entry, now);
  if (in.bad()) return problem(path_, "cannot be read");
  return write_all(revocations);
}

Checked<void> SignOutFile::load(Revocations& revocations, Revocations::Time now) {
  const std::lock_guard lock(mutex_);
  return rewrite(revocations, now);
}

Checked<void> SignOutFile::append(const Revocations::Entry& entry, Revocations& revocations, Revocations::Time now) {
  const std::lock_guard lock(mutex_);
  if (lines_ > 2 * lines_needed_ + kSpareLines) return rewrite(revocations, now);
  const File file(::open(path_.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600));
  if (file.fd < 0 || !write_whole(file.fd, sign_out_line(entry) + '\n') || ::fdatasync(file.fd) != 0)
    return problem(path_, "cannot be written");
  ++lines_;
  return {};
}

}  // namespace stead::proxy
