#pragma once
// Keeps a response that has the proxy's own Set-Cookie out of shared caches: they would give one user's session to
// others.
#include <string>
#include <string_view>

namespace stead::proxy {

// Fields that tell caches between the proxy and the client to store a response, whatever Cache-Control says.
[[nodiscard]] bool is_for_shared_caches(std::string_view name);

// What the Cache-Control fields of such a response become.
class PrivateCacheControl {
 public:
  // Appends the field without "public", "s-maxage" and the like; nothing if no directive is left.
  void append(std::string& out, std::string_view value);
  // Behind the last field: appends "Cache-Control: private" unless a directive said so, or "no-store".
  void finish(std::string& out) const;

 private:
  bool is_private_ = false;
};

}  // namespace stead::proxy
