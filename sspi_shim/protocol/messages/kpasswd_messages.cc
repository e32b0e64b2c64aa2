#include "sspi_shim/protocol/messages/kpasswd_messages.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

namespace stead {

Result<EncryptedData> decode_krb_priv(Bytes der) {
  EncryptedData out;
  der::Reader in(der);
  in.element(der::application(21), [&](der::Reader& app) {
    app.sequence([&](der::Reader& seq) {
      seq.field(0, [&](der::Reader& f) { expect_number(f, kPvno, WireErrc::unsupported); });
      seq.field(1, [&](der::Reader& f) { expect_number(f, std::int32_t(MessageType::krb_priv), WireErrc::bad_value); });
      seq.field(3, [&](der::Reader& f) { out = read_encrypted_data(f); });
    });
  });
  return in.finish(std::move(out));
}

Buffer encode_krb_priv(const EncryptedData& enc_part) {
  der::Writer out;
  out.element(der::application(21), [&](der::Writer& app) {
    app.sequence([&](der::Writer& seq) {
      seq.field(0, [&](der::Writer& f) { f.int32(kPvno); });
      seq.field(1, [&](der::Writer& f) { f.int32(std::int32_t(MessageType::krb_priv)); });
      seq.field(3, [&](der::Writer& f) { write(f, enc_part); });
    });
  });
  return std::move(out).finish();
}

Result<EncKrbPrivPart> decode_enc_krb_priv_part(Bytes der) {
  EncKrbPrivPart out;
  der::Reader in(der);
  in.element(der::application(28), [&](der::Reader& app) {
    app.sequence([&](der::Reader& seq) {
      seq.field(0, [&](der::Reader& f) { out.user_data = to_secret(f.octet_string()); });
      seq.optional_field(1, [&](der::Reader& f) { out.timestamp = f.generalized_time(); });
      seq.optional_field(2, [&](der::Reader& f) { out.usec = read_microseconds(f); });
      seq.optional_field(3, [&](der::Reader& f) { out.seq_number = f.uint32(); });
      seq.field(4, [&](der::Reader& f) { out.s_address = read_host_address(f); });
      seq.optional_field(5, [&](der::Reader& f) { out.r_address = read_host_address(f); });
    });
  });
  return in.finish(std::move(out));
}

SecretBuffer encode(const EncKrbPrivPart& value) {
  der::Writer out(512 + value.user_data.size() + value.s_address.address.size() +
                  (value.r_address ? value.r_address->address.size() : 0));
  out.element(der::application(28), [&](der::Writer& app) {
    app.sequence([&](der::Writer& seq) {
      seq.field(0, [&](der::Writer& f) { f.octet_string(value.user_data); });
      if (value.timestamp) seq.field(1, [&](der::Writer& f) { f.generalized_time(*value.timestamp); });
      if (value.usec) seq.field(2, [&](der::Writer& f) { f.int32(*value.usec); });
      if (value.seq_number) seq.field(3, [&](der::Writer& f) { f.uint32(*value.seq_number); });
      seq.field(4, [&](der::Writer& f) { write(f, value.s_address); });
      if (value.r_address) seq.field(5, [&](der::Writer& f) { write(f, *value.r_address); });
    });
  });
  return std::move(out).finish_secret();
}

Result<ChangePasswdData> decode_change_passwd_data(Bytes der) {
  ChangePasswdData out;
  der::Reader in(der);
  in.sequence([&](der::Reader& seq) {
    seq.field(0, [&](der::Reader& f) { out.new_password = to_secret(f.octet_string()); });
    seq.optional_field(1, [&](der::Reader& f) { out.target_name = read_principal_name(f); });
    seq.optional_field(2, [&](der::Reader& f) { out.target_realm = f.general_string(); });
  });
  return in.finish(std::move(out));
}

SecretBuffer encode(const ChangePasswdData& value) {
  std::size_t size = 256 + value.new_password.size() + value.target_realm.size();
  if (value.target_name) {
    for (const std::string& component : value.target_name->components) size += component.size() + 8;
  }
  der::Writer out(size);
  out.sequence([&](der::Writer& seq) {
    seq.field(0, [&](der::Writer& f) { f.octet_string(value.new_password); });
    if (value.target_name) seq.field(1, [&](der::Writer& f) { write(f, *value.target_name); });
    if (!value.target_realm.empty()) seq.field(2, [&](der::Writer& f) { f.general_string(value.target_realm); });
  });
  return std::move(out).finish_secret();
}

namespace {

constexpr std::size_t kFrameHead = 6;  // length, version, length of the AP message

void append_be16(Buffer& out, std::size_t value) {
  out.push_back(static_cast<std::uint8_t>(value >> 8));
  out.push_back(static_cast<std::uint8_t>(value));
}

}  // namespace

Result<KpasswdFrame> decode_kpasswd_frame(Bytes bytes) {
  if (bytes.size() < kFrameHead) return WireErrc::truncated;
  const std::size_t total = load_be16(bytes.data());
  if (total > bytes.size()) return WireErrc::truncated;
  if (total < bytes.size()) return WireErrc::trailing_bytes;
  KpasswdFrame out;
  out.version = load_be16(bytes.data() + 2);
  if (out.version != kKpasswdChange && out.version != kKpasswdSet) return WireErrc::unsupported;
  const std::size_t ap_size = load_be16(bytes.data() + 4);
  if (ap_size > bytes.size() - kFrameHead) return WireErrc::bad_length;
  out.ap_message = to_buffer(bytes.subspan(kFrameHead, ap_size));
  out.message = to_buffer(bytes.subspan(kFrameHead + ap_size));
  return out;
}

Buffer encode(const KpasswdFrame& value) {
  const std::size_t total = kFrameHead + value.ap_message.size() + value.message.size();
  Buffer out;
  if (total > 0xffff) return out;
  out.reserve(total);
  append_be16(out, total);
  append_be16(out, value.version);
  append_be16(out, value.ap_message.size());
  append(out, value.ap_message);
  append(out, value.message);
  return out;
}

}  // namespace stead
