#include "sspi_shim/protocol/messages/kdc_reply.h"

#include <cstdint>

#include "sspi_shim/protocol/der/der_reader.h"
#include "sspi_shim/protocol/messages/krb_error.h"

namespace stead {

namespace {
constexpr std::uint8_t kKrbErrorTag = der::application(30);
}

bool is_reply_to(Bytes request, Bytes reply) {
  if (request.empty() || reply.empty()) return false;
  if (reply[0] == kKrbErrorTag) return decode_krb_error(reply).has_value();
  // AS-REQ 10 and AS-REP 11, TGS-REQ 12 and TGS-REP 13.
  if (reply[0] != request[0] + 1) return false;
  der::Reader in(reply);
  in.any();
  return in.finish(true).has_value();
}

bool is_krb_error(Bytes reply, KrbErrc code) {
  if (reply.empty() || reply[0] != kKrbErrorTag) return false;
  const auto error = decode_krb_error(reply);
  return error && error->code == code;
}

}  // namespace stead
