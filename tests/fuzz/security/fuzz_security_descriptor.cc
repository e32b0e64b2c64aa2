#include <cstddef>
#include <cstdint>

#include "sspi_shim/protocol/security/access_check.h"
#include "sspi_shim/protocol/security/sddl.h"
#include "sspi_shim/protocol/security/sddl_writer.h"
#include "tests/fuzz/fuzz_roundtrip.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace stead;
  const auto read = decode_security_descriptor({data, size});
  if (read) {
    const auto text = parse_sddl(to_sddl(*read));
    fuzz::expect(text.has_value(), "what we write as SDDL parses");
    fuzz::expect(!text->dacl == !read->dacl && text->owner == read->owner && text->group == read->group,
                 "and says the same");
    if (read->dacl) fuzz::expect(text->dacl->entries == read->dacl->entries, "entry by entry");
    const Sid token[] = {well_known_sid::everyone};
    fuzz::expect(
        access_check(*read, token, access_right::generic_all) == access_check(*text, token, access_right::generic_all),
        "and grants the same");
  }
  return fuzz::round_trip({data, size}, [](Bytes bytes) { return decode_security_descriptor(bytes); });
}
