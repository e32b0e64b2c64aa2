#include "sspi_shim/protocol/messages/ticket.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace stead {
namespace {

constexpr std::int32_t kDomainX500Compress = 1;
constexpr std::size_t kMaxTransitedRealms = 256;
constexpr std::size_t kMaxTransitedRealm = 1024;  // bytes; joining makes names longer than they are on the wire

// One name between commas, as written.
struct Subfield {
  std::string text;              // without escapes
  bool append_to_last = false;   // begins with "/", and no blank before it
  bool prepend_to_last = false;  // ends with an unescaped "."
};

Result<std::vector<Subfield>> split_transited(Bytes contents) {
  std::vector<Subfield> out(1);
  bool at_start = true, literal = false;
  for (std::size_t i = 0; i < contents.size(); ++i) {
    Subfield& field = out.back();
    char c = static_cast<char>(contents[i]);
    if (c == ',') {
      if (out.size() > kMaxTransitedRealms) return WireErrc::too_large;
      out.emplace_back();
      at_start = true, literal = false;
      continue;
    }
    if (at_start && c == ' ' && !literal) {
      literal = true;  // what follows stands by itself
      continue;
    }
    bool escaped = false;
    if (c == '\\') {
      if (++i == contents.size()) return WireErrc::bad_value;
      c = static_cast<char>(contents[i]);
      escaped = true;
    }
    if (c == 0) return WireErrc::bad_value;
    if (at_start) field.append_to_last = c == '/' && !literal && !escaped;
    field.prepend_to_last = c == '.' && !escaped;
    field.text += c;
    at_start = false;
  }
  return out;
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> out;
  for (;;) {
    const std::size_t end = text.find(separator);
    out.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return out;
    text.remove_prefix(end + 1);
  }
}

// The realms strictly between two of one hierarchy: up from `from` to the nearest that both are below, then down to
// `to`.
Result<std::vector<std::string>> realms_between(std::string_view from, std::string_view to) {
  const bool x500 = from.starts_with('/');
  if (from.empty() || to.empty() || x500 != to.starts_with('/')) return WireErrc::bad_value;
  // Components from the top down in either style.
  const auto components = [&](std::string_view realm) {
    std::vector<std::string_view> parts = split(x500 ? realm.substr(1) : realm, x500 ? '/' : '.');
    if (!x500) std::ranges::reverse(parts);
    return parts;
  };
  const std::vector<std::string_view> a = components(from), b = components(to);
  const auto is_empty = [](std::string_view part) { return part.empty(); };
  if (std::ranges::any_of(a, is_empty) || std::ranges::any_of(b, is_empty)) return WireErrc::bad_value;
  const auto ancestor = [&](const std::vector<std::string_view>& parts, std::size_t count) {
    std::string realm;
    for (std::size_t i = 0; i < count; ++i) {
      if (x500) {
        realm += '/';
        realm += parts[i];
      } else {
        realm.insert(0, i == 0 ? std::string(parts[i]) : std::string(parts[i]) + '.');
      }
    }
    return realm;
  };
  const auto common = std::size_t(std::ranges::mismatch(a, b).in1 - a.begin());
  if (common == 0) return WireErrc::bad_value;  // no path: nothing is above both
  std::vector<std::string> out;
  if (a.size() + b.size() > kMaxTransitedRealms) return WireErrc::too_large;
  for (std::size_t count = a.size(); count-- > common;) {
    if (count != common || common != b.size()) out.push_back(ancestor(a, count));
  }
  for (std::size_t count = common + 1; count < b.size(); ++count) out.push_back(ancestor(b, count));
  return out;
}

}  // namespace

Ticket read_ticket(der::Reader& r) {
  Ticket out;
  r.element(der::application(1), [&](der::Reader& app) {
    app.sequence([&](der::Reader& seq) {
      seq.field(0, [&](der::Reader& f) { expect_number(f, kPvno, WireErrc::unsupported); });
      seq.field(1, [&](der::Reader& f) { out.realm = f.general_string(); });
      seq.field(2, [&](der::Reader& f) { out.sname = read_principal_name(f); });
      seq.field(3, [&](der::Reader& f) { out.enc_part = read_encrypted_data(f); });
    });
  });
  return out;
}

void write(der::Writer& w, const Ticket& value) {
  w.element(der::application(1), [&](der::Writer& app) {
    app.sequence([&](der::Writer& seq) {
      seq.field(0, [&](der::Writer& f) { f.int32(kPvno); });
      seq.field(1, [&](der::Writer& f) { f.general_string(value.realm); });
      seq.field(2, [&](der::Writer& f) { write(f, value.sname); });
      seq.field(3, [&](der::Writer& f) { write(f, value.enc_part); });
    });
  });
}

Result<Ticket> decode_ticket(Bytes der) {
  der::Reader in(der);
  Ticket out = read_ticket(in);
  return in.finish(std::move(out));
}

Buffer encode(const Ticket& value) {
  der::Writer out(kRoomForNames + value.enc_part.cipher.size());
  write(out, value);
  return std::move(out).finish();
}

Result<std::vector<std::string>> expand_transited(const TransitedEncoding& transited, std::string_view client_realm,
                                                  std::string_view server_realm) {
  std::vector<std::string> out;
  if (transited.contents.empty()) return out;
  if (transited.type != kDomainX500Compress) return WireErrc::unsupported;
  const Result<std::vector<Subfield>> fields = split_transited(transited.contents);
  if (!fields) return fields.error();

  std::string last;                  // the realm listed before this one: what compression refers to
  std::string before(client_realm);  // the realm before this one on the path
  bool all_between = false;          // an empty subfield: the whole path from `before` to the next was taken
  const auto fill_in = [&](std::string_view next) -> Error {
    if (!all_between) return {};
    all_between = false;
    Result<std::vector<std::string>> between = realms_between(before, next);
    if (!between) return between.error();
    std::ranges::move(*between, std::back_inserter(out));
    return {};
  };
  for (const Subfield& field : *fields) {
    if (field.text.empty()) {
      all_between = true;
      continue;
    }
    if (field.prepend_to_last && last.empty()) return WireErrc::bad_value;
    std::string realm = field.append_to_last    ? last + field.text
                        : field.prepend_to_last ? field.text + last
                                                : field.text;
    if (realm.size() > kMaxTransitedRealm) return WireErrc::too_large;
    if (const Error failed = fill_in(realm)) return failed;
    if (out.size() >= kMaxTransitedRealms) return WireErrc::too_large;
    out.push_back(realm);
    before = realm;
    last = std::move(realm);
  }
  if (const Error failed = fill_in(server_realm)) return failed;
  if (out.size() > kMaxTransitedRealms) return WireErrc::too_large;
  return out;
}

TransitedEncoding make_transited(const std::vector<std::string>& realms) {
  TransitedEncoding out;
  std::string text;
  for (std::size_t i = 0; i < realms.size(); ++i) {
    const std::string& realm = realms[i];
    if (i != 0) {
      text += ',';
      if (realm.starts_with('/')) text += ' ';  // by itself, not appended to the one before
    }
    for (std::size_t at = 0; at < realm.size(); ++at) {
      const char c = realm[at];
      const bool special = c == ',' || c == '\\' || (c == ' ' && at == 0) || (c == '.' && at + 1 == realm.size());
      if (special) text += '\\';
      text += c;
    }
  }
  out.contents = to_buffer(as_bytes(text));
  return out;
}

Result<EncTicketPart> decode_enc_ticket_part(Bytes der) {
  EncTicketPart out;
  der::Reader in(der);
  in.element(der::application(3), [&](der::Reader& app) {
    app.sequence([&](der::Reader& seq) {
      seq.field(0, [&](der::Reader& f) { out.flags = f.kerberos_flags(); });
      seq.field(1, [&](der::Reader& f) { out.key = read_encryption_key(f); });
      seq.field(2, [&](der::Reader& f) { out.crealm = f.general_string(); });
      seq.field(3, [&](der::Reader& f) { out.cname = read_principal_name(f); });
      seq.field(4, [&](der::Reader& f) {
        f.sequence([&](der::Reader& transited) {
          transited.field(0, [&](der::Reader& t) { out.transited.type = t.int32(); });
          transited.field(1, [&](der::Reader& t) { out.transited.contents = to_buffer(t.octet_string()); });
        });
      });
      seq.field(5, [&](der::Reader& f) { out.authtime = f.generalized_time(); });
      seq.optional_field(6, [&](der::Reader& f) { out.starttime = f.generalized_time(); });
      seq.field(7, [&](der::Reader& f) { out.endtime = f.generalized_time(); });
      seq.optional_field(8, [&](der::Reader& f) { out.renew_till = f.generalized_time(); });
      seq.optional_field(9, [&](der::Reader& f) { out.caddr = read_host_addresses(f); });
      seq.optional_field(10, [&](der::Reader& f) { out.authorization_data = read_authorization_data(f); });
    });
  });
  return in.finish(std::move(out));
}

SecretBuffer encode(const EncTicketPart& value) {
  std::size_t size = 1024 + value.key.value.size() + value.transited.contents.size() + value.crealm.size();
  for (const std::string& component : value.cname.components) size += component.size() + 8;
  for (const HostAddress& address : value.caddr) size += address.address.size() + 32;
  for (const AuthorizationElement& element : value.authorization_data) size += element.data.size() + 32;
  der::Writer out(size);
  out.element(der::application(3), [&](der::Writer& app) {
    app.sequence([&](der::Writer& seq) {
      seq.field(0, [&](der::Writer& f) { f.kerberos_flags(value.flags); });
      seq.field(1, [&](der::Writer& f) { write(f, value.key); });
      seq.field(2, [&](der::Writer& f) { f.general_string(value.crealm); });
      seq.field(3, [&](der::Writer& f) { write(f, value.cname); });
      seq.field(4, [&](der::Writer& f) {
        f.sequence([&](der::Writer& transited) {
          transited.field(0, [&](der::Writer& t) { t.int32(value.transited.type); });
          transited.field(1, [&](der::Writer& t) { t.octet_string(value.transited.contents); });
        });
      });
      seq.field(5, [&](der::Writer& f) { f.generalized_time(value.authtime); });
      if (value.starttime) seq.field(6, [&](der::Writer& f) { f.generalized_time(*value.starttime); });
      seq.field(7, [&](der::Writer& f) { f.generalized_time(value.endtime); });
      if (value.renew_till) seq.field(8, [&](der::Writer& f) { f.generalized_time(*value.renew_till); });
      if (!value.caddr.empty()) seq.field(9, [&](der::Writer& f) { write(f, value.caddr); });
      if (!value.authorization_data.empty()) seq.field(10, [&](der::Writer& f) { write(f, value.authorization_data); });
    });
  });
  return std::move(out).finish_secret();
}

}  // namespace stead
