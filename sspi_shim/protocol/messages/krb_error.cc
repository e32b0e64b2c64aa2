#include "sspi_shim/protocol/messages/krb_error.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace stead {
namespace {

constexpr std::int32_t kExtendedError = 3;
constexpr std::size_t kExtendedErrorSize = 12;  // NTSTATUS, reserved, flags

// Some KDCs count the terminating NUL of their C string.
std::string read_error_text(der::Reader& r) {
  const std::string_view text = as_text(r.raw(der::kGeneralString));
  return std::string(text.substr(0, text.find('\0')));
}

}  // namespace

Result<KrbError> decode_krb_error(Bytes der) {
  KrbError out;
  der::Reader in(der);
  in.element(der::application(30), [&](der::Reader& app) {
    app.sequence([&](der::Reader& seq) {
      seq.field(0, [&](der::Reader& f) { expect_number(f, kPvno, WireErrc::unsupported); });
      seq.field(1,
                [&](der::Reader& f) { expect_number(f, std::int32_t(MessageType::krb_error), WireErrc::bad_value); });
      seq.optional_field(2, [&](der::Reader& f) { out.ctime = f.generalized_time(); });
      seq.optional_field(3, [&](der::Reader& f) { out.cusec = read_microseconds(f); });
      seq.field(4, [&](der::Reader& f) { out.stime = f.generalized_time(); });
      seq.field(5, [&](der::Reader& f) { out.susec = read_microseconds(f); });
      seq.field(6, [&](der::Reader& f) { out.code = KrbErrc(f.int32()); });
      seq.optional_field(7, [&](der::Reader& f) { out.crealm = f.general_string(); });
      seq.optional_field(8, [&](der::Reader& f) { out.cname = read_principal_name(f); });
      seq.field(9, [&](der::Reader& f) { out.realm = f.general_string(); });
      seq.field(10, [&](der::Reader& f) { out.sname = read_principal_name(f); });
      seq.optional_field(11, [&](der::Reader& f) { out.e_text = read_error_text(f); });
      seq.optional_field(12, [&](der::Reader& f) { out.e_data = to_buffer(f.octet_string()); });
      seq.skip_rest();  // e-cksum [13] of RFC 1510's revisions
    });
  });
  return in.finish(std::move(out));
}

Buffer encode(const KrbError& value) {
  der::Writer out;
  out.element(der::application(30), [&](der::Writer& app) {
    app.sequence([&](der::Writer& seq) {
      seq.field(0, [&](der::Writer& f) { f.int32(kPvno); });
      seq.field(1, [&](der::Writer& f) { f.int32(std::int32_t(MessageType::krb_error)); });
      if (value.ctime) seq.field(2, [&](der::Writer& f) { f.generalized_time(*value.ctime); });
      if (value.cusec) seq.field(3, [&](der::Writer& f) { f.int32(*value.cusec); });
      seq.field(4, [&](der::Writer& f) { f.generalized_time(value.stime); });
      seq.field(5, [&](der::Writer& f) { f.int32(value.susec); });
      seq.field(6, [&](der::Writer& f) { f.int32(std::int32_t(value.code)); });
      if (!value.crealm.empty()) seq.field(7, [&](der::Writer& f) { f.general_string(value.crealm); });
      if (value.cname) seq.field(8, [&](der::Writer& f) { write(f, *value.cname); });
      seq.field(9, [&](der::Writer& f) { f.general_string(value.realm); });
      seq.field(10, [&](der::Writer& f) { write(f, value.sname); });
      if (!value.e_text.empty()) seq.field(11, [&](der::Writer& f) { f.general_string(value.e_text); });
      if (!value.e_data.empty()) seq.field(12, [&](der::Writer& f) { f.octet_string(value.e_data); });
    });
  });
  return std::move(out).finish();
}

Result<KerbErrorData> decode_kerb_error_data(Bytes der) {
  KerbErrorData out;
  der::Reader in(der);
  in.sequence([&](der::Reader& seq) {
    seq.field(1, [&](der::Reader& f) { out.data_type = f.int32(); });
    seq.optional_field(2, [&](der::Reader& f) {
      const Bytes value = f.octet_string();
      if (out.data_type != kExtendedError) return;
      if (value.size() < kExtendedErrorSize) return f.fail(WireErrc::bad_value);
      out.status = NtStatus(load_le32(value.data()));
      out.flags = load_le32(value.data() + 8);
    });
  });
  return in.finish(out);
}

Buffer encode(const KerbErrorData& value) {
  der::Writer out;
  out.sequence([&](der::Writer& seq) {
    seq.field(1, [&](der::Writer& f) { f.int32(value.data_type); });
    if (value.data_type == kExtendedError && value.status) {
      std::array<std::uint8_t, kExtendedErrorSize> data{};
      store_le32(data.data(), std::uint32_t(*value.status));
      store_le32(data.data() + 8, value.flags);
      seq.field(2, [&](der::Writer& f) { f.octet_string(data); });
    }
  });
  return std::move(out).finish();
}

PaData to_padata(const KerbErrorData& value) {
  Buffer data(kExtendedErrorSize);
  store_le32(data.data(), std::uint32_t(value.status.value_or(NtStatus::STATUS_SUCCESS)));
  store_le32(data.data() + 8, value.flags);
  return {PaType(value.data_type), std::move(data)};
}

std::optional<NtStatus> nt_status_of(const KrbError& error) {
  if (const Result<KerbErrorData> data = decode_kerb_error_data(error.e_data)) return data->status;
  // Padata type 3 is also PW-SALT; a salt of twelve characters has no zero bytes in its middle.
  for (const PaData& padata : method_data_of(error)) {
    if (padata.type == PaType::pw_salt && padata.value.size() == kExtendedErrorSize &&
        load_le32(padata.value.data() + 4) == 0) {
      return NtStatus(load_le32(padata.value.data()));
    }
  }
  return std::nullopt;
}

PaDataList method_data_of(const KrbError& error) {
  Result<PaDataList> list = decode_padata_list(error.e_data);
  return list ? std::move(*list) : PaDataList{};
}

}  // namespace stead
