// A name that is read is the same after being written.
#include <cstddef>
#include <cstdint>
#include <string>

#include "kdc/ldap/entries/ldap_name.h"
#include "tests/fuzz/fuzz_roundtrip.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace stead;
  const auto name = kdc::parse_ldap_name(as_text({data, size}));
  if (!name) return 0;
  std::string written;
  for (const auto& [type, value] : *name)
    written.append(written.empty() ? "" : ",").append(type).append("=").append(kdc::escaped_value(value));
  const auto again = kdc::parse_ldap_name(written);
  fuzz::expect(again && *again == *name, "a name is the same after being written");
  fuzz::expect(kdc::name_key(*again) == kdc::name_key(*name), "its key is the same");
  return 0;
}
