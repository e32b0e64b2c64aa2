// An EncTicketPart as a KDC gets it: its PAC is found and all signatures are judged, which none must survive by chance.
#include <cstddef>
#include <cstdint>

#include "sspi_shim/protocol/pac/pac.h"
#include "tests/fuzz/fuzz_roundtrip.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace stead;
  static const Key key = Key::make(EncType::aes256_cts_hmac_sha1_96, Buffer(32, 7)).value();
  const Bytes der(data, size);
  const auto part = decode_enc_ticket_part(der);
  const auto pac = part ? pac_bytes_of(*part) : Result<Buffer>(to_buffer(der));
  if (!pac) return 0;
  fuzz::expect(!verify_server_signature(*pac, key), "no server signature by chance");
  fuzz::expect(!verify_kdc_signature(*pac, key), "no KDC signature by chance");
  fuzz::expect(!verify_extended_kdc_signature(*pac, key), "no extended KDC signature by chance");
  fuzz::expect(!verify_ticket_signature(der, *pac, key), "no ticket signature by chance");
  return 0;
}
