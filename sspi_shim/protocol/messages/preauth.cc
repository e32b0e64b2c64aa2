#include "sspi_shim/protocol/messages/preauth.h"

#include <cstdint>
#include <utility>
#include <vector>

namespace stead {

Result<PaEncTsEnc> decode_pa_enc_ts_enc(Bytes der) {
  PaEncTsEnc out;
  der::Reader in(der);
  in.sequence([&](der::Reader& seq) {
    seq.field(0, [&](der::Reader& f) { out.patimestamp = f.generalized_time(); });
    seq.optional_field(1, [&](der::Reader& f) { out.pausec = read_microseconds(f); });
  });
  return in.finish(out);
}

Buffer encode(const PaEncTsEnc& value) {
  der::Writer out;
  out.sequence([&](der::Writer& seq) {
    seq.field(0, [&](der::Writer& f) { f.generalized_time(value.patimestamp); });
    if (value.pausec) seq.field(1, [&](der::Writer& f) { f.int32(*value.pausec); });
  });
  return std::move(out).finish();
}

Result<std::vector<EtypeInfo2Entry>> decode_etype_info2(Bytes der) {
  std::vector<EtypeInfo2Entry> out;
  der::Reader in(der);
  in.sequence_of(
      [&](der::Reader& item) {
        EtypeInfo2Entry entry;
        item.sequence([&](der::Reader& seq) {
          seq.field(0, [&](der::Reader& f) { entry.etype = EncType(f.int32()); });
          seq.optional_field(1, [&](der::Reader& f) { entry.salt = f.general_string(); });
          seq.optional_field(2, [&](der::Reader& f) { entry.s2kparams = to_buffer(f.octet_string()); });
        });
        out.push_back(std::move(entry));
      },
      64);
  return in.finish(std::move(out));
}

Buffer encode(const std::vector<EtypeInfo2Entry>& value) {
  der::Writer out;
  out.sequence([&](der::Writer& list) {
    for (const EtypeInfo2Entry& entry : value) {
      list.sequence([&](der::Writer& seq) {
        seq.field(0, [&](der::Writer& f) { f.int32(std::int32_t(entry.etype)); });
        if (entry.salt) seq.field(1, [&](der::Writer& f) { f.general_string(*entry.salt); });
        if (!entry.s2kparams.empty()) seq.field(2, [&](der::Writer& f) { f.octet_string(entry.s2kparams); });
      });
    }
  });
  return std::move(out).finish();
}

Buffer encode_etype_info_without_salt(EncType etype) {
  der::Writer out;
  out.sequence([&](der::Writer& list) {
    list.sequence([&](der::Writer& seq) {
      seq.field(0, [&](der::Writer& f) { f.int32(std::int32_t(etype)); });
      seq.field(1, [&](der::Writer& f) { f.octet_string({}); });
    });
  });
  return std::move(out).finish();
}

Result<bool> decode_pa_pac_request(Bytes der) {
  bool out = false;
  der::Reader in(der);
  in.sequence([&](der::Reader& seq) { seq.field(0, [&](der::Reader& f) { out = f.boolean(); }); });
  return in.finish(out);
}

Buffer encode_pa_pac_request(bool include_pac) {
  der::Writer out;
  out.sequence([&](der::Writer& seq) { seq.field(0, [&](der::Writer& f) { f.boolean(include_pac); }); });
  return std::move(out).finish();
}

Result<std::uint32_t> decode_pa_pac_options(Bytes der) {
  std::uint32_t out = 0;
  der::Reader in(der);
  in.sequence([&](der::Reader& seq) { seq.field(0, [&](der::Reader& f) { out = f.kerberos_flags(); }); });
  return in.finish(out);
}

Buffer encode_pa_pac_options(std::uint32_t flags) {
  der::Writer out;
  out.sequence([&](der::Writer& seq) { seq.field(0, [&](der::Writer& f) { f.kerberos_flags(flags); }); });
  return std::move(out).finish();
}

Result<std::uint32_t> decode_pa_supported_enctypes(Bytes bytes) {
  if (bytes.size() < 4) return WireErrc::truncated;
  if (bytes.size() > 4) return WireErrc::trailing_bytes;
  return load_le32(bytes.data());
}

Buffer encode_pa_supported_enctypes(std::uint32_t bits) {
  Buffer out(4);
  store_le32(out.data(), bits);
  return out;
}

Result<EncryptedData> decode_encrypted_data(Bytes der) {
  der::Reader in(der);
  EncryptedData out = read_encrypted_data(in);
  return in.finish(std::move(out));
}

Buffer encode(const EncryptedData& value) {
  der::Writer out;
  write(out, value);
  return std::move(out).finish();
}

Result<Checksum> decode_checksum(Bytes der) {
  der::Reader in(der);
  Checksum out = read_checksum(in);
  return in.finish(std::move(out));
}

Buffer encode(const Checksum& value) {
  der::Writer out;
  write(out, value);
  return std::move(out).finish();
}

}  // namespace stead
