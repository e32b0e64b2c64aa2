#include "sspi_shim/protocol/messages/ap_messages.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <utility>

namespace stead {

Result<ApReq> decode_ap_req(Bytes der) {
  ApReq out;
  der::Reader in(der);
  in.element(der::application(14), [&](der::Reader& app) {
    app.sequence([&](der::Reader& seq) {
      seq.field(0, [&](der::Reader& f) { expect_number(f, kPvno, WireErrc::unsupported); });
      seq.field(1, [&](der::Reader& f) { expect_number(f, std::int32_t(MessageType::ap_req), WireErrc::bad_value); });
      seq.field(2, [&](der::Reader& f) { out.options = f.kerberos_flags(); });
      seq.field(3, [&](der::Reader& f) { out.ticket = read_ticket(f); });
      seq.field(4, [&](der::Reader& f) { out.authenticator = read_encrypted_data(f); });
    });
  });
  return in.finish(std::move(out));
}

Buffer encode(const ApReq& value) {
  return encode_ap_req(value.options, value.ticket, value.authenticator);
}

Buffer encode_ap_req(std::uint32_t options, const Ticket& ticket, const EncryptedData& authenticator) {
  der::Writer out(kRoomForNames + ticket.enc_part.cipher.size() + authenticator.cipher.size());
  out.element(der::application(14), [&](der::Writer& app) {
    app.sequence([&](der::Writer& seq) {
      seq.field(0, [&](der::Writer& f) { f.int32(kPvno); });
      seq.field(1, [&](der::Writer& f) { f.int32(std::int32_t(MessageType::ap_req)); });
      seq.field(2, [&](der::Writer& f) { f.kerberos_flags(options); });
      seq.field(3, [&](der::Writer& f) { write(f, ticket); });
      seq.field(4, [&](der::Writer& f) { write(f, authenticator); });
    });
  });
  return std::move(out).finish();
}

Result<Authenticator> decode_authenticator(Bytes der) {
  Authenticator out;
  der::Reader in(der);
  in.element(der::application(2), [&](der::Reader& app) {
    app.sequence([&](der::Reader& seq) {
      seq.field(0, [&](der::Reader& f) { expect_number(f, kPvno, WireErrc::unsupported); });
      seq.field(1, [&](der::Reader& f) { out.crealm = f.general_string(); });
      seq.field(2, [&](der::Reader& f) { out.cname = read_principal_name(f); });
      seq.optional_field(3, [&](der::Reader& f) { out.checksum = read_checksum(f); });
      seq.field(4, [&](der::Reader& f) { out.cusec = read_microseconds(f); });
      seq.field(5, [&](der::Reader& f) { out.ctime = f.generalized_time(); });
      seq.optional_field(6, [&](der::Reader& f) { out.subkey = read_encryption_key(f); });
      seq.optional_field(7, [&](der::Reader& f) { out.seq_number = f.uint32(); });
      seq.optional_field(8, [&](der::Reader& f) { out.authorization_data = read_authorization_data(f); });
    });
  });
  return in.finish(std::move(out));
}

SecretBuffer encode(const Authenticator& value) {
  std::size_t size = 512 + value.crealm.size();
  for (const std::string& component : value.cname.components) size += component.size() + 8;
  if (value.checksum) size += value.checksum->value.size();
  if (value.subkey) size += value.subkey->value.size();
  for (const AuthorizationElement& element : value.authorization_data) size += element.data.size() + 32;
  der::Writer out(size);
  out.element(der::application(2), [&](der::Writer& app) {
    app.sequence([&](der::Writer& seq) {
      seq.field(0, [&](der::Writer& f) { f.int32(kPvno); });
      seq.field(1, [&](der::Writer& f) { f.general_string(value.crealm); });
      seq.field(2, [&](der::Writer& f) { write(f, value.cname); });
      if (value.checksum) seq.field(3, [&](der::Writer& f) { write(f, *value.checksum); });
      seq.field(4, [&](der::Writer& f) { f.int32(value.cusec); });
      seq.field(5, [&](der::Writer& f) { f.generalized_time(value.ctime); });
      if (value.subkey) seq.field(6, [&](der::Writer& f) { write(f, *value.subkey); });
      if (value.seq_number) seq.field(7, [&](der::Writer& f) { f.uint32(*value.seq_number); });
      if (!value.authorization_data.empty()) seq.field(8, [&](der::Writer& f) { write(f, value.authorization_data); });
    });
  });
  return std::move(out).finish_secret();
}

Result<ApRep> decode_ap_rep(Bytes der) {
  ApRep out;
  der::Reader in(der);
  in.element(der::application(15), [&](der::Reader& app) {
    app.sequence([&](der::Reader& seq) {
      seq.field(0, [&](der::Reader& f) { expect_number(f, kPvno, WireErrc::unsupported); });
      seq.field(1, [&](der::Reader& f) { expect_number(f, std::int32_t(MessageType::ap_rep), WireErrc::bad_value); });
      seq.field(2, [&](der::Reader& f) { out.enc_part = read_encrypted_data(f); });
    });
  });
  return in.finish(std::move(out));
}

Buffer encode(const ApRep& value) {
  der::Writer out;
  out.element(der::application(15), [&](der::Writer& app) {
    app.sequence([&](der::Writer& seq) {
      seq.field(0, [&](der::Writer& f) { f.int32(kPvno); });
      seq.field(1, [&](der::Writer& f) { f.int32(std::int32_t(MessageType::ap_rep)); });
      seq.field(2, [&](der::Writer& f) { write(f, value.enc_part); });
    });
  });
  return std::move(out).finish();
}

Result<EncApRepPart> decode_enc_ap_rep_part(Bytes der) {
  EncApRepPart out;
  der::Reader in(der);
  in.element(der::application(27), [&](der::Reader& app) {
    app.sequence([&](der::Reader& seq) {
      seq.field(0, [&](der::Reader& f) { out.ctime = f.generalized_time(); });
      seq.field(1, [&](der::Reader& f) { out.cusec = read_microseconds(f); });
      seq.optional_field(2, [&](der::Reader& f) { out.subkey = read_encryption_key(f); });
      seq.optional_field(3, [&](der::Reader& f) { out.seq_number = f.uint32(); });
    });
  });
  return in.finish(std::move(out));
}

SecretBuffer encode(const EncApRepPart& value) {
  der::Writer out(256 + (value.subkey ? value.subkey->value.size() : 0));
  out.element(der::application(27), [&](der::Writer& app) {
    app.sequence([&](der::Writer& seq) {
      seq.field(0, [&](der::Writer& f) { f.generalized_time(value.ctime); });
      seq.field(1, [&](der::Writer& f) { f.int32(value.cusec); });
      if (value.subkey) seq.field(2, [&](der::Writer& f) { write(f, *value.subkey); });
      if (value.seq_number) seq.field(3, [&](der::Writer& f) { f.uint32(*value.seq_number); });
    });
  });
  return std::move(out).finish_secret();
}

namespace {

constexpr std::size_t kBindingsSize = 16;
constexpr std::size_t kGssChecksumSize = 24;  // length, bindings, flags
constexpr std::uint16_t kForwardedCredential = 1;

}  // namespace

Result<GssChecksum> decode_gss_checksum(Bytes bytes) {
  if (bytes.size() < kGssChecksumSize) return WireErrc::truncated;
  if (load_le32(bytes.data()) != kBindingsSize) return WireErrc::bad_value;
  GssChecksum out;
  const Bytes bindings = bytes.subspan(4, kBindingsSize);
  if (std::ranges::any_of(bindings, [](std::uint8_t octet) { return octet != 0; }))
    out.bindings_md5 = to_buffer(bindings);
  out.flags = load_le32(bytes.data() + 20);
  if ((out.flags & gss_flag::delegate) != 0) {
    const Bytes delegation = bytes.subspan(kGssChecksumSize);
    if (delegation.size() < 4) return WireErrc::truncated;
    if (load_le16(delegation.data()) != kForwardedCredential) return WireErrc::unsupported;
    const std::size_t size = load_le16(delegation.data() + 2);
    if (size > delegation.size() - 4) return WireErrc::truncated;
    out.delegated_credential = to_buffer(delegation.subspan(4, size));
  }
  return out;  // extensions may follow (RFC 4121 §4.1.1); none is supported
}

Buffer encode(const GssChecksum& value) {
  Buffer out(kGssChecksumSize);
  store_le32(out.data(), kBindingsSize);
  std::copy_n(value.bindings_md5.begin(), std::min(value.bindings_md5.size(), kBindingsSize), out.begin() + 4);
  store_le32(out.data() + 20, value.flags);
  if ((value.flags & gss_flag::delegate) != 0) {
    std::array<std::uint8_t, 4> head{};
    store_le16(head.data(), kForwardedCredential);
    store_le16(head.data() + 2, static_cast<std::uint16_t>(value.delegated_credential.size()));
    append(out, head);
    append(out, value.delegated_credential);
  }
  return out;
}

Buffer channel_bindings_md5(Bytes application_data) {
  // Initiator and acceptor address types and lengths, all 0, then the data with its length (RFC 4121 §4.1.1.2).
  Buffer input(20);
  store_le32(input.data() + 16, static_cast<std::uint32_t>(application_data.size()));
  append(input, application_data);
  Buffer out(kBindingsSize);
  std::size_t size = 0;
  if (EVP_Q_digest(nullptr, "MD5", nullptr, input.data(), input.size(), out.data(), &size) != 1 || size != out.size()) {
    throw std::runtime_error("OpenSSL has no MD5, which channel bindings need (RFC 4121)");
  }
  return out;
}

}  // namespace stead
