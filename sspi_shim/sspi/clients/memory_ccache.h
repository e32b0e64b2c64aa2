#pragma once
// A MEMORY ccache of a name that no other has; destroyed with the object.
#include <string>

namespace stead::sspi {

class MemoryCcache {
 public:
  MemoryCcache();
  MemoryCcache(const MemoryCcache&) = delete;
  MemoryCcache& operator=(const MemoryCcache&) = delete;
  ~MemoryCcache();
  [[nodiscard]] const std::string& name() const { return name_; }  // "MEMORY:…"

 private:
  std::string name_;
};

}  // namespace stead::sspi
