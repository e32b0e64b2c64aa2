#include "sspi_shim/protocol/messages/fast.h"

#include <cstddef>
#include <cstdint>
#include <utility>

namespace stead {

Result<FastArmoredReq> decode_pa_fx_fast_request(Bytes der) {
  FastArmoredReq out;
  der::Reader in(der);
  in.field(0, [&](der::Reader& choice) {
    choice.sequence([&](der::Reader& seq) {
      seq.optional_field(0, [&](der::Reader& f) {
        f.sequence([&](der::Reader& armor) {
          out.armor.emplace();
          armor.field(0, [&](der::Reader& a) { out.armor->type = a.int32(); });
          armor.field(1, [&](der::Reader& a) { out.armor->value = to_buffer(a.octet_string()); });
          armor.skip_rest();
        });
      });
      seq.field(1, [&](der::Reader& f) { out.req_checksum = read_checksum(f); });
      seq.field(2, [&](der::Reader& f) { out.enc_fast_req = read_encrypted_data(f); });
      seq.skip_rest();
    });
  });
  return in.finish(std::move(out));
}

Buffer encode(const FastArmoredReq& value) {
  der::Writer out(kRoomForNames + (value.armor ? value.armor->value.size() : 0) + value.enc_fast_req.cipher.size());
  out.field(0, [&](der::Writer& choice) {
    choice.sequence([&](der::Writer& seq) {
      if (value.armor) {
        seq.field(0, [&](der::Writer& f) {
          f.sequence([&](der::Writer& armor) {
            armor.field(0, [&](der::Writer& a) { a.int32(value.armor->type); });
            armor.field(1, [&](der::Writer& a) { a.octet_string(value.armor->value); });
          });
        });
      }
      seq.field(1, [&](der::Writer& f) { write(f, value.req_checksum); });
      seq.field(2, [&](der::Writer& f) { write(f, value.enc_fast_req); });
    });
  });
  return std::move(out).finish();
}

Result<FastReq> decode_fast_req(Bytes der) {
  FastReq out;
  der::Reader in(der, der::Rules::ber);  // as decode_kdc_req
  in.sequence([&](der::Reader& seq) {
    seq.field(0, [&](der::Reader& f) { out.options = f.kerberos_flags(); });
    seq.field(1, [&](der::Reader& f) { out.padata = read_padata_list(f); });
    seq.field(2, [&](der::Reader& f) {
      out.body_der = to_buffer(f.rest());
      out.body = read_kdc_req_body(f);
    });
    seq.skip_rest();
  });
  return in.finish(std::move(out));
}

Buffer encode(const FastReq& value) {
  const Buffer body = value.body_der.empty() ? encode(value.body) : value.body_der;
  der::Writer out(kRoomForNames + room_for(value.padata) + body.size());
  out.sequence([&](der::Writer& seq) {
    seq.field(0, [&](der::Writer& f) { f.kerberos_flags(value.options); });
    seq.field(1, [&](der::Writer& f) { write(f, value.padata); });
    seq.field(2, [&](der::Writer& f) { f.any(body); });
  });
  return std::move(out).finish();
}

Result<EncryptedData> decode_pa_fx_fast_reply(Bytes der) {
  EncryptedData out;
  der::Reader in(der);
  in.field(0, [&](der::Reader& choice) {
    choice.sequence([&](der::Reader& seq) {
      seq.field(0, [&](der::Reader& f) { out = read_encrypted_data(f); });
      seq.skip_rest();
    });
  });
  return in.finish(std::move(out));
}

Buffer encode_pa_fx_fast_reply(const EncryptedData& enc_fast_rep) {
  der::Writer out(64 + enc_fast_rep.cipher.size());
  out.field(0, [&](der::Writer& choice) {
    choice.sequence([&](der::Writer& seq) { seq.field(0, [&](der::Writer& f) { write(f, enc_fast_rep); }); });
  });
  return std::move(out).finish();
}

namespace {

FastFinished read_finished(der::Reader& r) {
  FastFinished out;
  r.sequence([&](der::Reader& seq) {
    seq.field(0, [&](der::Reader& f) { out.timestamp = f.generalized_time(); });
    seq.field(1, [&](der::Reader& f) { out.usec = read_microseconds(f); });
    seq.field(2, [&](der::Reader& f) { out.crealm = f.general_string(); });
    seq.field(3, [&](der::Reader& f) { out.cname = read_principal_name(f); });
    seq.field(4, [&](der::Reader& f) { out.ticket_checksum = read_checksum(f); });
    seq.skip_rest();
  });
  return out;
}

void write(der::Writer& w, const FastFinished& value) {
  w.sequence([&](der::Writer& seq) {
    seq.field(0, [&](der::Writer& f) { f.generalized_time(value.timestamp); });
    seq.field(1, [&](der::Writer& f) { f.int32(value.usec); });
    seq.field(2, [&](der::Writer& f) { f.general_string(value.crealm); });
    seq.field(3, [&](der::Writer& f) { write(f, value.cname); });
    seq.field(4, [&](der::Writer& f) { write(f, value.ticket_checksum); });
  });
}

}  // namespace

Result<FastResponse> decode_fast_response(Bytes der) {
  FastResponse out;
  der::Reader in(der);
  in.sequence([&](der::Reader& seq) {
    seq.field(0, [&](der::Reader& f) { out.padata = read_padata_list(f); });
    seq.optional_field(1, [&](der::Reader& f) { out.strengthen_key = read_encryption_key(f); });
    seq.optional_field(2, [&](der::Reader& f) { out.finished = read_finished(f); });
    seq.field(3, [&](der::Reader& f) { out.nonce = f.uint32(); });
    seq.skip_rest();
  });
  return in.finish(std::move(out));
}

SecretBuffer encode(const FastResponse& value) {
  std::size_t size = 2 * kRoomForNames + room_for(value.padata);
  if (value.finished)
    for (const std::string& component : value.finished->cname.components) size += component.size() + 8;
  der::Writer out(size);
  out.sequence([&](der::Writer& seq) {
    seq.field(0, [&](der::Writer& f) { write(f, value.padata); });
    if (value.strengthen_key) seq.field(1, [&](der::Writer& f) { write(f, *value.strengthen_key); });
    if (value.finished) seq.field(2, [&](der::Writer& f) { write(f, *value.finished); });
    seq.field(3, [&](der::Writer& f) { f.uint32(value.nonce); });
  });
  return std::move(out).finish_secret();
}

}  // namespace stead
