#include "sspi_shim/sspi/clients/memory_ccache.h"

#include <atomic>
#include <cstdint>
#include <string>

#include "sspi_shim/krb5/krb5_handles.h"

namespace stead::sspi {

MemoryCcache::MemoryCcache() {
  static std::atomic<std::uint64_t> next{1};
  name_ = "MEMORY:stead-" + std::to_string(next.fetch_add(1));
}

MemoryCcache::~MemoryCcache() {
  const auto context = make_krb5_context();
  krb5_ccache ccache = nullptr;
  if (context && krb5_cc_resolve(context->get(), name_.c_str(), &ccache) == 0) krb5_cc_destroy(context->get(), ccache);
}

}  // namespace stead::sspi
