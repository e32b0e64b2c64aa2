#include "kdc/ldap/wire/ldap_reply.h"

#include <utility>

namespace stead::kdc {
namespace {

constexpr std::uint8_t kEntry = der::application(4), kReferral = der::context(3),
                       kSaslCredentials = der::context_primitive(7), kResponseName = der::context_primitive(10),
                       kResponseValue = der::context_primitive(11);
constexpr std::string_view kNoticeOfDisconnection = "1.3.6.1.4.1.1466.20036";

void write_result(der::Writer& w, const LdapResult& result) {
  w.enumerated(static_cast<std::int32_t>(result.code));
  w.octet_string(as_bytes(result.matched_dn));
  w.octet_string(as_bytes(result.message));
  if (result.referral.empty()) return;
  w.element(kReferral, [&](der::Writer& list) {
    for (const auto& url : result.referral) list.octet_string(as_bytes(url));
  });
}

template <class Body>
Buffer encode_message(std::int32_t id, std::uint8_t tag, const std::vector<LdapControl>& controls, Body&& body) {
  der::Writer out;
  out.sequence([&](der::Writer& w) {
    w.int32(id);
    w.element(tag, body);
    if (controls.empty()) return;
    w.element(der::context(0), [&](der::Writer& list) {
      for (const auto& control : controls)
        list.sequence([&](der::Writer& one) {
          one.octet_string(as_bytes(control.oid));
          if (control.critical) one.boolean(true);
          if (control.value) one.octet_string(*control.value);
        });
    });
  });
  return std::move(out).finish();
}

}  // namespace

Buffer encode_ldap_result(std::int32_t id, LdapReplyKind kind, const LdapResult& result,
                          const std::vector<LdapControl>& controls) {
  return encode_message(id, static_cast<std::uint8_t>(kind), controls,
                        [&](der::Writer& w) { write_result(w, result); });
}

Buffer encode_bind_response(std::int32_t id, const LdapResult& result, const std::optional<Buffer>& token) {
  return encode_message(id, static_cast<std::uint8_t>(LdapReplyKind::bind), {}, [&](der::Writer& w) {
    write_result(w, result);
    if (token) w.raw(kSaslCredentials, *token);
  });
}

Buffer encode_extended_response(std::int32_t id, const LdapResult& result, std::string_view oid,
                                const std::optional<Buffer>& value) {
  return encode_message(id, static_cast<std::uint8_t>(LdapReplyKind::extended), {}, [&](der::Writer& w) {
    write_result(w, result);
    if (!oid.empty()) w.raw(kResponseName, as_bytes(oid));
    if (value) w.raw(kResponseValue, *value);
  });
}

Buffer encode_search_entry(std::int32_t id, const SearchEntry& entry) {
  return encode_message(id, kEntry, {}, [&](der::Writer& w) {
    w.octet_string(as_bytes(entry.dn));
    w.sequence([&](der::Writer& list) {
      for (const auto& attribute : entry.attributes)
        list.sequence([&](der::Writer& pair) {
          pair.octet_string(as_bytes(attribute.name));
          pair.element(der::kSet, [&](der::Writer& values) {
            for (const auto& value : attribute.values) values.octet_string(value);
          });
        });
    });
  });
}

Buffer encode_notice_of_disconnection(const LdapResult& result) {
  return encode_extended_response(0, result, kNoticeOfDisconnection, std::nullopt);
}

Result<PagedResults> decode_paged_results(Bytes value) {
  PagedResults out;
  der::Reader in(value, der::Rules::ber);
  in.sequence([&](der::Reader& r) {
    out.size = r.int32();
    if (out.size < 0) r.fail(WireErrc::bad_value);
    out.cookie = to_buffer(r.octet_string());
  });
  return in.finish(std::move(out));
}

Buffer encode(const PagedResults& value) {
  der::Writer out;
  out.sequence([&](der::Writer& w) {
    w.int32(value.size);
    w.octet_string(value.cookie);
  });
  return std::move(out).finish();
}

}  // namespace stead::kdc
