#include "sspi_shim/protocol/messages/s4u_messages.h"

#include <cstdint>
#include <string>
#include <utility>

namespace stead {

Result<PaForUser> decode_pa_for_user(Bytes der) {
  PaForUser out;
  der::Reader in(der);
  in.sequence([&](der::Reader& seq) {
    seq.field(0, [&](der::Reader& f) { out.user_name = read_principal_name(f); });
    seq.field(1, [&](der::Reader& f) { out.user_realm = f.general_string(); });
    seq.field(2, [&](der::Reader& f) { out.checksum = read_checksum(f); });
    seq.field(3, [&](der::Reader& f) { out.auth_package = f.general_string(); });
  });
  return in.finish(std::move(out));
}

Buffer encode(const PaForUser& value) {
  der::Writer out;
  out.sequence([&](der::Writer& seq) {
    seq.field(0, [&](der::Writer& f) { write(f, value.user_name); });
    seq.field(1, [&](der::Writer& f) { f.general_string(value.user_realm); });
    seq.field(2, [&](der::Writer& f) { write(f, value.checksum); });
    seq.field(3, [&](der::Writer& f) { f.general_string(value.auth_package); });
  });
  return std::move(out).finish();
}

Buffer checksum_input(const PaForUser& value) {
  Buffer out(4);
  store_le32(out.data(), std::uint32_t(value.user_name.type));
  for (const std::string& component : value.user_name.components) append(out, as_bytes(component));
  append(out, as_bytes(value.user_realm));
  append(out, as_bytes(value.auth_package));
  return out;
}

namespace {

S4uUserId read_s4u_user_id(der::Reader& r) {
  S4uUserId out;
  r.sequence([&](der::Reader& seq) {
    seq.field(0, [&](der::Reader& f) { out.nonce = f.uint32(); });
    seq.optional_field(1, [&](der::Reader& f) { out.cname = read_principal_name(f); });
    seq.field(2, [&](der::Reader& f) { out.crealm = f.general_string(); });
    seq.optional_field(3, [&](der::Reader& f) { out.subject_certificate = to_buffer(f.octet_string()); });
    seq.optional_field(4, [&](der::Reader& f) { out.options = f.kerberos_flags(); });
    seq.skip_rest();  // "..." in the source
  });
  return out;
}

void write(der::Writer& w, const S4uUserId& value) {
  w.sequence([&](der::Writer& seq) {
    seq.field(0, [&](der::Writer& f) { f.uint32(value.nonce); });
    if (value.cname) seq.field(1, [&](der::Writer& f) { write(f, *value.cname); });
    seq.field(2, [&](der::Writer& f) { f.general_string(value.crealm); });
    if (!value.subject_certificate.empty()) {
      seq.field(3, [&](der::Writer& f) { f.octet_string(value.subject_certificate); });
    }
    if (value.options) seq.field(4, [&](der::Writer& f) { f.kerberos_flags(*value.options); });
  });
}

}  // namespace

Buffer encode(const S4uUserId& value) {
  der::Writer out;
  write(out, value);
  return std::move(out).finish();
}

Result<PaS4uX509User> decode_pa_s4u_x509_user(Bytes der) {
  PaS4uX509User out;
  der::Reader in(der);
  in.sequence([&](der::Reader& seq) {
    seq.field(0, [&](der::Reader& f) {
      out.user_id_der = to_buffer(f.rest());
      out.user_id = read_s4u_user_id(f);
    });
    seq.field(1, [&](der::Reader& f) { out.checksum = read_checksum(f); });
  });
  return in.finish(std::move(out));
}

Buffer encode(const PaS4uX509User& value) {
  der::Writer out;
  out.sequence([&](der::Writer& seq) {
    seq.field(0, [&](der::Writer& f) {
      if (value.user_id_der.empty()) {
        write(f, value.user_id);
      } else {
        f.any(value.user_id_der);
      }
    });
    seq.field(1, [&](der::Writer& f) { write(f, value.checksum); });
  });
  return std::move(out).finish();
}

}  // namespace stead
