#pragma once
// The file beside the session key in which sign-outs outlive a restart, one line each (sign_out_line.h).
#include <cstddef>
#include <mutex>
#include <string>
#include <utility>

#include "proxy/sessions/revocations.h"
#include "sspi_shim/base/problem.h"

namespace stead::proxy {

// Thread-safe. Blocking.
class SignOutFile {
 public:
  explicit SignOutFile(std::string path) : path_(std::move(path)) {}

  // Adds the file's sign-outs to `revocations`, and writes those that still matter to a new file, which replaces it.
  // Malformed lines are ignored. A file that is missing is made.
  [[nodiscard]] Checked<void> load(Revocations& revocations, Revocations::Time now);
  // Returns after the line is on the disk. Replaces the file by a short one now and then.
  [[nodiscard]] Checked<void> append(const Revocations::Entry& entry, Revocations& revocations, Revocations::Time now);

 private:
  // Reads the file first: another replica of this machine may have added lines.
  [[nodiscard]] Checked<void> rewrite(Revocations& revocations, Revocations::Time now);
  [[nodiscard]] Checked<void> write_all(const Revocations& revocations);

  const std::string path_;
  std::mutex mutex_;
  std::size_t lines_ = 0;         // in the file
  std::size_t lines_needed_ = 0;  // when it was written as a whole
};

}  // namespace stead::proxy
