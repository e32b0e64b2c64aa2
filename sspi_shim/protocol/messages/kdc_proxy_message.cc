#include "sspi_shim/protocol/messages/kdc_proxy_message.h"

#include <cstddef>
#include <cstdint>
#include <utility>

#include "sspi_shim/protocol/der/der_reader.h"
#include "sspi_shim/protocol/der/der_writer.h"

namespace stead {
namespace {
constexpr std::size_t kLength = 4;
}

Result<KdcProxyMessage> decode_kdc_proxy_message(Bytes der) {
  KdcProxyMessage out;
  Bytes framed;
  der::Reader in(der);
  in.sequence([&](der::Reader& seq) {
    seq.field(0, [&](der::Reader& f) { framed = f.octet_string(); });
    seq.optional_field(1, [&](der::Reader& f) { out.target_domain = f.general_string(); });
    // Flags: some peers write them as an unsigned number, some as a signed 32-bit number.
    seq.optional_field(2, [&](der::Reader& f) { out.dclocator_hint = f.uint32(); });
  });
  auto read = in.finish(true);
  if (!read) return read.error();
  if (framed.size() <= kLength || load_be32(framed.data()) != framed.size() - kLength)
    return make_error_code(WireErrc::bad_length);
  out.kerb_message = to_buffer(framed.subspan(kLength));
  return out;
}

Buffer encode(const KdcProxyMessage& value) {
  Buffer framed(kLength);
  store_be32(framed.data(), static_cast<std::uint32_t>(value.kerb_message.size()));
  append(framed, value.kerb_message);
  der::Writer out;
  out.sequence([&](der::Writer& seq) {
    seq.field(0, [&](der::Writer& f) { f.octet_string(framed); });
    if (!value.target_domain.empty()) seq.field(1, [&](der::Writer& f) { f.general_string(value.target_domain); });
    if (value.dclocator_hint) seq.field(2, [&](der::Writer& f) { f.uint32(*value.dclocator_hint); });
  });
  return std::move(out).finish();
}

}  // namespace stead
