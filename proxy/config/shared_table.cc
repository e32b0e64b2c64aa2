#include "proxy/config/shared_table.h"

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <fstream>
#include <optional>
#include <string>

#include "proxy/config/values/values.h"

namespace stead::proxy {
namespace {

constexpr std::size_t kMaxPassword = 1024;

// The first line of the file.
std::optional<std::string> password_in(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string line;
  if (!file || !std::getline(file, line)) return std::nullopt;
  if (line.ends_with('\r')) line.pop_back();
  if (line.empty() || line.size() > kMaxPassword) return std::nullopt;
  return line;
}

void read_address(TomlTable& table, SharedSettings& out) {
  std::string url;
  if (!table.required_text("redis", url)) return;
  out.redis = parse_redis_address(url);
  if (!out.redis)
    table.error("redis",
                "redis must be a URL: \"redis://HOST:PORT/DATABASE\", \"rediss://HOST\" for TLS, or \"unix:///PATH\"");
}

void read_password(TomlTable& table, const FileErrors& errors, SharedSettings& out) {
  std::string path;
  read_path(table, "password_file", errors, path);
  if (path.empty() || !out.redis) return;
  if (!out.redis->password.empty())
    return table.error("password_file", "the URL of redis has a password too: write one of them");
  const auto password = password_in(path);
  if (!password)
    return table.error("password_file", "password_file: " + path + " cannot be read, or its first line is empty");
  out.redis->password = *password;
}

}  // namespace

void read_shared_table(const toml::table& table, FileErrors& errors, SharedSettings& out) {
  TomlTable shared(table, "[shared]", errors);
  read_address(shared, out);
  read_password(shared, errors, out);
  read_path(shared, "ca", errors, out.ca);
  if (!out.ca.empty() && out.redis && !out.redis->tls) shared.error("ca", "ca has a meaning with rediss:// only");
  if (shared.text("prefix", out.prefix)) {
    const bool plain =
        std::ranges::all_of(out.prefix, [](unsigned char c) { return std::isalnum(c) || c == '-' || c == '_'; });
    if (!plain || out.prefix.size() > 64)
      shared.error("prefix", "prefix must have letters, digits, '-' and '_' only, at most 64");
  }
  shared.finish();
}

}  // namespace stead::proxy
