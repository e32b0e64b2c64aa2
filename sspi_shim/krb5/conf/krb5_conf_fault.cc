#include "sspi_shim/krb5/conf/krb5_conf_fault.h"

#include <krb5.h>
#include <profile.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>
#include <string>
#include <system_error>
#include <vector>

namespace stead {
namespace {

constexpr int kMaxDepth = 10;  // of files that include files
constexpr std::size_t kMaxFile = 1 << 20;

// 0: libkrb5 can read this file, and what it includes.
long error_of(const std::string& path) {
  const char* files[] = {path.c_str(), nullptr};
  profile_t profile = nullptr;
  const long code = profile_init(files, &profile);
  if (code == 0) profile_release(profile);
  return code;
}

// The same of a text.
long error_of_text(const std::string& text) {
  const int memory = ::memfd_create("krb5.conf", MFD_CLOEXEC);
  if (memory < 0) return 0;
  const bool written = ::write(memory, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  const long code = written ? error_of("/proc/self/fd/" + std::to_string(memory)) : 0;
  ::close(memory);
  return code;
}

std::string text_of(long code) {
  const char* text = krb5_get_error_message(nullptr, static_cast<krb5_error_code>(code));
  std::string out = text;
  krb5_free_error_message(nullptr, text);
  return out;
}

std::vector<std::string> lines_of(const std::string& path) {
  std::vector<std::string> out;
  std::ifstream in(path);
  std::size_t size = 0;
  for (std::string line; std::getline(in, line) && size < kMaxFile; out.push_back(line + '\n')) size += line.size() + 1;
  return out;
}

std::string joined(const std::vector<std::string>& lines, std::size_t count) {
  std::string out;
  for (std::size_t i = 0; i < count; ++i) out += lines[i];
  return out;
}

// The number of the first line that makes the text unreadable: texts that end before it are readable.
std::size_t first_bad_line(const std::vector<std::string>& lines) {
  std::size_t good = 0, bad = lines.size();
  while (bad - good > 1) {
    const std::size_t middle = good + (bad - good) / 2;
    (error_of_text(joined(lines, middle)) == 0 ? good : bad) = middle;
  }
  return bad;
}

std::optional<Problem> fault_of(const std::string& path, int depth);

std::optional<Problem> fault_of_folder(const std::string& folder, int depth) {
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    if (auto fault = fault_of(entry.path().string(), depth)) return fault;
  }
  return std::nullopt;
}

std::optional<Problem> fault_of(const std::string& path, int depth) {
  const long code = error_of(path);
  if (code == 0 || depth > kMaxDepth) return std::nullopt;
  const auto lines = lines_of(path);
  if (lines.empty()) return Problem{.message = "cannot be read: " + text_of(code), .where = path};
  const std::size_t bad = first_bad_line(lines);
  const std::string where = path + ':' + std::to_string(bad);
  std::string directive, target;
  std::istringstream(lines[bad - 1]) >> directive >> target;
  if (directive != "include" && directive != "includedir")
    return Problem{.message = "libkrb5 cannot read this line: " + text_of(code), .where = where};
  std::error_code error;
  if (!std::filesystem::exists(target, error) || ::access(target.c_str(), R_OK) != 0)
    return Problem{.message = directive + " " + target + ": it is missing, or may not be read", .where = where};
  auto inner = directive == "include" ? fault_of(target, depth + 1) : fault_of_folder(target, depth + 1);
  if (inner) return inner;
  return Problem{.message = directive + " " + target + ": " + text_of(code), .where = where};
}

}  // namespace

std::optional<Problem> find_krb5_conf_fault() {
  const char* named = ::secure_getenv("KRB5_CONFIG");
  std::istringstream files(named != nullptr ? named : "/etc/krb5.conf");
  std::optional<Problem> out;
  for (std::string file; !out && std::getline(files, file, ':');) {
    if (::access(file.c_str(), R_OK) == 0) out = fault_of(file, 0);
  }
  return out;
}

}  // namespace stead
