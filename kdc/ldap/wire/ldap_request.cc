#include "kdc/ldap/wire/ldap_request.h"

#include <type_traits>
#include <utility>

namespace stead::kdc {
namespace {

// The tags of the operations; unbind, delete and abandon are primitive.
constexpr std::uint8_t kBind = der::application(0), kUnbind = 0x42, kSearch = der::application(3),
                       kModify = der::application(6), kAdd = der::application(8), kDelete = 0x4a,
                       kModifyDn = der::application(12), kCompare = der::application(14), kAbandon = 0x50,
                       kExtended = der::application(23);
constexpr std::uint8_t kSimple = der::context_primitive(0), kSasl = der::context(3);
constexpr std::uint8_t kNewSuperior = der::context_primitive(0);
constexpr std::uint8_t kRequestName = der::context_primitive(0), kRequestValue = der::context_primitive(1);

constexpr BindRequest::Sicily kSicilySteps[] = {BindRequest::Sicily::discovery, BindRequest::Sicily::negotiate,
                                                BindRequest::Sicily::response};

constexpr std::uint8_t sicily_tag(BindRequest::Sicily step) {
  return der::context_primitive(static_cast<int>(step));
}

std::string read_text(der::Reader& r) {
  return std::string(as_text(r.octet_string()));
}

std::int32_t read_limit(der::Reader& r) {
  const std::int32_t value = r.int32();
  if (value < 0) r.fail(WireErrc::bad_value);
  return value;
}

BindRequest read_bind(der::Reader& r) {
  BindRequest out;
  out.version = r.int32();
  out.name = read_text(r);
  if (r.peek() == kSimple) {
    out.password = to_secret(r.raw(kSimple));
    return out;
  }
  for (const auto step : kSicilySteps) {
    if (r.peek() != sicily_tag(step)) continue;
    out.sicily = step;
    out.credentials = to_buffer(r.raw(sicily_tag(step)));
    return out;
  }
  r.element(kSasl, [&](der::Reader& sasl) {
    out.mechanism = read_text(sasl);
    if (!sasl.at_end()) out.credentials = to_buffer(sasl.octet_string());
  });
  return out;
}

SearchRequest read_search(der::Reader& r) {
  SearchRequest out;
  out.base = read_text(r);
  const std::int32_t scope = r.enumerated();
  if (scope < 0 || scope > 2) r.fail(WireErrc::bad_value);
  out.scope = static_cast<SearchRequest::Scope>(scope);
  out.dereference = r.enumerated();
  if (out.dereference < 0 || out.dereference > 3) r.fail(WireErrc::bad_value);
  out.size_limit = read_limit(r);
  out.time_limit = read_limit(r);
  out.types_only = r.boolean();
  out.filter = read_filter(r);
  r.sequence_of([&](der::Reader& item) { out.attributes.push_back(read_text(item)); }, kMaxLdapAttributes);
  return out;
}

// The number of values in one request is limited, whatever attributes they belong to.
LdapAttributeValues read_values(der::Reader& r, std::size_t& count) {
  LdapAttributeValues out;
  r.sequence([&](der::Reader& pair) {
    out.attribute = read_text(pair);
    pair.element(der::kSet, [&](der::Reader& values) {
      while (!values.at_end()) {
        if (++count > kMaxLdapValues) return values.fail(WireErrc::too_large);
        out.values.push_back(to_secret(values.octet_string()));
      }
    });
  });
  return out;
}

ModifyRequest read_modify(der::Reader& r) {
  ModifyRequest out;
  out.object = read_text(r);
  std::size_t values = 0;
  r.sequence_of(
      [&](der::Reader& item) {
        item.sequence([&](der::Reader& change) {
          Modification one;
          const std::int32_t operation = change.enumerated();
          if (operation < 0 || operation > 2) return change.fail(WireErrc::bad_value);
          one.operation = static_cast<Modification::Operation>(operation);
          one.change = read_values(change, values);
          out.changes.push_back(std::move(one));
        });
      },
      kMaxLdapAttributes);
  return out;
}

AddRequest read_add(der::Reader& r) {
  AddRequest out;
  out.entry = read_text(r);
  std::size_t values = 0;
  r.sequence_of([&](der::Reader& item) { out.attributes.push_back(read_values(item, values)); }, kMaxLdapAttributes);
  return out;
}

ModifyDnRequest read_modify_dn(der::Reader& r) {
  ModifyDnRequest out;
  out.entry = read_text(r);
  out.new_rdn = read_text(r);
  out.delete_old_rdn = r.boolean();
  if (r.peek() == kNewSuperior) out.new_superior = as_text(r.raw(kNewSuperior));
  return out;
}

CompareRequest read_compare(der::Reader& r) {
  CompareRequest out;
  out.entry = read_text(r);
  r.sequence([&](der::Reader& assertion) {
    out.attribute = read_text(assertion);
    out.value = to_buffer(assertion.octet_string());
  });
  return out;
}

AbandonRequest read_abandon(der::Reader& r) {
  const Bytes content = r.raw(kAbandon);
  AbandonRequest out;
  if (content.empty() || content.size() > 4) return r.fail(WireErrc::bad_value), out;
  std::uint32_t value = 0;
  for (const std::uint8_t octet : content) value = value << 8 | octet;
  out.message_id = static_cast<std::int32_t>(value);
  if (content[0] >= 0x80) r.fail(WireErrc::bad_value);
  return out;
}

ExtendedRequest read_extended(der::Reader& r) {
  ExtendedRequest out;
  out.oid = as_text(r.raw(kRequestName));
  if (r.peek() == kRequestValue) out.value = to_buffer(r.raw(kRequestValue));
  return out;
}

LdapOperation read_operation(der::Reader& r) {
  LdapOperation out = UnbindRequest{};
  const auto within = [&](std::uint8_t tag, auto read) {
    r.element(tag, [&](der::Reader& body) { out = read(body); });
  };
  switch (r.peek()) {
    case kBind:
      within(kBind, read_bind);
      break;
    case kUnbind:
      if (!r.raw(kUnbind).empty()) r.fail(WireErrc::bad_value);
      break;
    case kSearch:
      within(kSearch, read_search);
      break;
    case kModify:
      within(kModify, read_modify);
      break;
    case kAdd:
      within(kAdd, read_add);
      break;
    case kDelete:
      out = DeleteRequest{std::string(as_text(r.raw(kDelete)))};
      break;
    case kModifyDn:
      within(kModifyDn, read_modify_dn);
      break;
    case kCompare:
      within(kCompare, read_compare);
      break;
    case kAbandon:
      out = read_abandon(r);
      break;
    case kExtended:
      within(kExtended, read_extended);
      break;
    default:
      r.fail(r.at_end() ? WireErrc::bad_tag : WireErrc::unsupported);
  }
  return out;
}

LdapControl read_control(der::Reader& r) {
  LdapControl out;
  r.sequence([&](der::Reader& control) {
    out.oid = read_text(control);
    if (control.peek() == der::kBoolean) out.critical = control.boolean();
    if (!control.at_end()) out.value = to_buffer(control.octet_string());
  });
  return out;
}

void write_values(der::Writer& w, const LdapAttributeValues& value) {
  w.sequence([&](der::Writer& pair) {
    pair.octet_string(as_bytes(value.attribute));
    pair.element(der::kSet, [&](der::Writer& set) {
      for (const auto& one : value.values) set.octet_string(one);
    });
  });
}

void write(der::Writer& w, const BindRequest& value) {
  w.element(kBind, [&](der::Writer& bind) {
    bind.int32(value.version);
    bind.octet_string(as_bytes(value.name));
    if (value.password) return bind.raw(kSimple, *value.password);
    if (value.sicily != BindRequest::Sicily::none)
      return bind.raw(sicily_tag(value.sicily), value.credentials.value_or(Buffer{}));
    bind.element(kSasl, [&](der::Writer& sasl) {
      sasl.octet_string(as_bytes(value.mechanism));
      if (value.credentials) sasl.octet_string(*value.credentials);
    });
  });
}

void write(der::Writer& w, const UnbindRequest&) {
  w.raw(kUnbind, {});
}

void write(der::Writer& w, const SearchRequest& value) {
  w.element(kSearch, [&](der::Writer& search) {
    search.octet_string(as_bytes(value.base));
    search.enumerated(static_cast<std::int32_t>(value.scope));
    search.enumerated(value.dereference);
    search.int32(value.size_limit);
    search.int32(value.time_limit);
    search.boolean(value.types_only);
    write(search, value.filter);
    search.sequence([&](der::Writer& list) {
      for (const auto& attribute : value.attributes) list.octet_string(as_bytes(attribute));
    });
  });
}

void write(der::Writer& w, const ModifyRequest& value) {
  w.element(kModify, [&](der::Writer& modify) {
    modify.octet_string(as_bytes(value.object));
    modify.sequence([&](der::Writer& list) {
      for (const auto& change : value.changes)
        list.sequence([&](der::Writer& one) {
          one.enumerated(static_cast<std::int32_t>(change.operation));
          write_values(one, change.change);
        });
    });
  });
}

void write(der::Writer& w, const AddRequest& value) {
  w.element(kAdd, [&](der::Writer& add) {
    add.octet_string(as_bytes(value.entry));
    add.sequence([&](der::Writer& list) {
      for (const auto& attribute : value.attributes) write_values(list, attribute);
    });
  });
}

void write(der::Writer& w, const DeleteRequest& value) {
  w.raw(kDelete, as_bytes(value.entry));
}

void write(der::Writer& w, const ModifyDnRequest& value) {
  w.element(kModifyDn, [&](der::Writer& rename) {
    rename.octet_string(as_bytes(value.entry));
    rename.octet_string(as_bytes(value.new_rdn));
    rename.boolean(value.delete_old_rdn);
    if (value.new_superior) rename.raw(kNewSuperior, as_bytes(*value.new_superior));
  });
}

void write(der::Writer& w, const CompareRequest& value) {
  w.element(kCompare, [&](der::Writer& compare) {
    compare.octet_string(as_bytes(value.entry));
    compare.sequence([&](der::Writer& assertion) {
      assertion.octet_string(as_bytes(value.attribute));
      assertion.octet_string(value.value);
    });
  });
}

void write(der::Writer& w, const AbandonRequest& value) {
  // The content of an INTEGER, under another tag.
  der::Writer number;
  number.int32(value.message_id);
  const Buffer element = std::move(number).finish();
  w.raw(kAbandon, Bytes(element).subspan(2));
}

void write(der::Writer& w, const ExtendedRequest& value) {
  w.element(kExtended, [&](der::Writer& extended) {
    extended.raw(kRequestName, as_bytes(value.oid));
    if (value.value) extended.raw(kRequestValue, *value.value);
  });
}

}  // namespace

Result<LdapRequest> decode_ldap_request(Bytes message) {
  LdapRequest out;
  der::Reader in(message, der::Rules::ber);
  in.sequence([&](der::Reader& r) {
    out.id = r.int32();
    if (out.id < 0) r.fail(WireErrc::bad_value);
    out.operation = read_operation(r);
    if (r.peek() != der::context(0)) return;
    r.element(der::context(0), [&](der::Reader& list) {
      while (!list.at_end()) {
        if (out.controls.size() == kMaxLdapControls) return list.fail(WireErrc::too_large);
        out.controls.push_back(read_control(list));
      }
    });
  });
  return in.finish(std::move(out));
}

Buffer encode(const LdapRequest& value) {
  der::Writer out;
  out.sequence([&](der::Writer& w) {
    w.int32(value.id);
    std::visit([&](const auto& operation) { write(w, operation); }, value.operation);
    if (value.controls.empty()) return;
    w.element(der::context(0), [&](der::Writer& list) {
      for (const auto& control : value.controls)
        list.sequence([&](der::Writer& one) {
          one.octet_string(as_bytes(control.oid));
          if (control.critical) one.boolean(true);
          if (control.value) one.octet_string(*control.value);
        });
    });
  });
  return std::move(out).finish();
}

Result<std::size_t> ldap_message_size(Bytes begin, std::size_t limit) {
  if (begin.empty()) return std::size_t{0};
  if (begin[0] != der::kSequence) return WireErrc::bad_tag;
  if (begin.size() < 2) return std::size_t{0};
  if (begin[1] < 0x80) return std::size_t{2} + begin[1];
  const std::size_t octets = begin[1] & 0x7f;
  if (octets == 0 || octets > 8) return WireErrc::bad_length;
  if (begin.size() < 2 + octets) return std::size_t{0};
  std::size_t length = 0;
  for (std::size_t i = 0; i < octets; ++i) {
    length = length << 8 | begin[2 + i];
    if (length > limit) return WireErrc::too_large;
  }
  const std::size_t size = 2 + octets + length;
  if (size > limit) return WireErrc::too_large;
  return size;
}

}  // namespace stead::kdc
