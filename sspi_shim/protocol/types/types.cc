#include "sspi_shim/protocol/types/types.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace stead {
namespace {

// More than any legitimate message has of anything; the size of the message is a limit as well.
constexpr std::size_t kMaxItems = 512;

void append_escaped(std::string& out, std::string_view part) {
  const auto is_special = [](char c) {
    return c == '/' || c == '@' || c == '\\' || c == '\n' || c == '\t' || c == '\b';
  };
  if (std::none_of(part.begin(), part.end(), is_special)) {  // the usual case
    out += part;
    return;
  }
  for (const char c : part) {
    switch (c) {
      case '/':
      case '@':
      case '\\':
        out += '\\';
        out += c;
        break;
      case '\n':
        out += "\\n";
        break;
      case '\t':
        out += "\\t";
        break;
      case '\b':
        out += "\\b";
        break;
      default:
        out += c;
    }
  }
}

// The character that an escape stands for, given the one after the backslash; 0 if it is not allowed.
char unescaped(char c) {
  switch (c) {
    case 'n':
      return '\n';
    case 't':
      return '\t';
    case 'b':
      return '\b';
    case '0':
      return 0;
    default:
      return c;
  }
}

}  // namespace

std::string to_string(const PrincipalName& name) {
  std::string out;
  out.reserve(64);
  for (std::size_t i = 0; i < name.components.size(); ++i) {
    if (i != 0) out += '/';
    append_escaped(out, name.components[i]);
  }
  return out;
}

std::string to_string(const PrincipalName& name, std::string_view realm) {
  std::string out = to_string(name);
  out += '@';
  append_escaped(out, realm);
  return out;
}

std::string to_string(const Principal& principal) {
  return principal.realm.empty() ? to_string(principal.name) : to_string(principal.name, principal.realm);
}

Result<Principal> parse_principal(std::string_view text) {
  Principal out;
  std::vector<std::string>& components = out.name.components;
  components.emplace_back();
  std::string* part = &components.back();
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '\\') {
      c = ++i < text.size() ? unescaped(text[i]) : char{0};
    } else if (c == '/' && part != &out.realm) {
      if (components.size() == kMaxItems) return WireErrc::too_large;
      components.emplace_back();
      part = &components.back();
      continue;
    } else if (c == '@' && part != &out.realm) {
      part = &out.realm;
      continue;
    } else if (c == '@' || c == '/') {
      return WireErrc::bad_value;  // unescaped in the realm
    }
    if (c == 0) return WireErrc::bad_value;
    *part += c;
  }
  if (std::ranges::any_of(components, &std::string::empty)) return WireErrc::bad_value;
  out.name.type = components.size() > 1 ? NameType::srv_inst : NameType::principal;
  return out;
}

PrincipalName krbtgt_name(std::string_view realm) {
  return {NameType::srv_inst, {"krbtgt", std::string(realm)}};
}

PrincipalName enterprise_name(std::string_view upn) {
  return {NameType::enterprise, {std::string(upn)}};
}

bool is_krbtgt(const PrincipalName& name) {
  return name.components.size() == 2 && name.components[0] == "krbtgt";
}

const PaData* find_padata(const PaDataList& list, PaType type) {
  const auto found = std::ranges::find(list, type, &PaData::type);
  return found == list.end() ? nullptr : &*found;
}

std::size_t room_for(const PaDataList& value) {
  std::size_t size = 0;
  for (const PaData& padata : value) size += padata.value.size() + 32;
  return size;
}

PrincipalName read_principal_name(der::Reader& r) {
  PrincipalName out;
  r.sequence([&](der::Reader& seq) {
    seq.field(0, [&](der::Reader& f) { out.type = NameType(f.int32()); });
    seq.field(1, [&](der::Reader& f) {
      f.sequence_of([&](der::Reader& item) { out.components.push_back(item.general_string()); }, kMaxItems);
    });
  });
  return out;
}

void write(der::Writer& w, const PrincipalName& value) {
  w.sequence([&](der::Writer& seq) {
    seq.field(0, [&](der::Writer& f) { f.int32(std::int32_t(value.type)); });
    seq.field(1, [&](der::Writer& f) {
      f.sequence([&](der::Writer& list) {
        for (const std::string& component : value.components) list.general_string(component);
      });
    });
  });
}

EncryptedData read_encrypted_data(der::Reader& r) {
  EncryptedData out;
  r.sequence([&](der::Reader& seq) {
    seq.field(0, [&](der::Reader& f) { out.etype = EncType(f.int32()); });
    seq.optional_field(1, [&](der::Reader& f) { out.kvno = f.uint32(); });
    seq.field(2, [&](der::Reader& f) { out.cipher = to_buffer(f.octet_string()); });
  });
  return out;
}

void write(der::Writer& w, const EncryptedData& value) {
  w.sequence([&](der::Writer& seq) {
    seq.field(0, [&](der::Writer& f) { f.int32(std::int32_t(value.etype)); });
    // Signed, as AD sends it: some readers accept no more than 32 bits.
    if (value.kvno) seq.field(1, [&](der::Writer& f) { f.int32(std::int32_t(*value.kvno)); });
    seq.field(2, [&](der::Writer& f) { f.octet_string(value.cipher); });
  });
}

EncryptionKey read_encryption_key(der::Reader& r) {
  EncryptionKey out;
  r.sequence([&](der::Reader& seq) {
    seq.field(0, [&](der::Reader& f) { out.type = EncType(f.int32()); });
    seq.field(1, [&](der::Reader& f) { out.value = to_secret(f.octet_string()); });
  });
  return out;
}

void write(der::Writer& w, const EncryptionKey& value) {
  w.sequence([&](der::Writer& seq) {
    seq.field(0, [&](der::Writer& f) { f.int32(std::int32_t(value.type)); });
    seq.field(1, [&](der::Writer& f) { f.octet_string(value.value); });
  });
}

Checksum read_checksum(der::Reader& r) {
  Checksum out;
  r.sequence([&](der::Reader& seq) {
    // Peers send 0x8003 and -138; the former also as an unsigned number.
    seq.field(0, [&](der::Reader& f) { out.type = ChecksumType(std::int32_t(f.uint32())); });
    seq.field(1, [&](der::Reader& f) { out.value = to_buffer(f.octet_string()); });
  });
  return out;
}

void write(der::Writer& w, const Checksum& value) {
  w.sequence([&](der::Writer& seq) {
    seq.field(0, [&](der::Writer& f) { f.int32(std::int32_t(value.type)); });
    seq.field(1, [&](der::Writer& f) { f.octet_string(value.value); });
  });
}

PaDataList read_padata_list(der::Reader& r) {
  PaDataList out;
  r.sequence_of(
      [&](der::Reader& item) {
        PaData entry;
        item.sequence([&](der::Reader& seq) {
          seq.field(1, [&](der::Reader& f) { entry.type = PaType(f.int32()); });
          seq.field(2, [&](der::Reader& f) { entry.value = to_buffer(f.octet_string()); });
        });
        out.push_back(std::move(entry));
      },
      kMaxItems);
  return out;
}

void write(der::Writer& w, const PaDataList& value) {
  w.sequence([&](der::Writer& list) {
    for (const PaData& entry : value) {
      list.sequence([&](der::Writer& seq) {
        seq.field(1, [&](der::Writer& f) { f.int32(std::int32_t(entry.type)); });
        seq.field(2, [&](der::Writer& f) { f.octet_string(entry.value); });
      });
    }
  });
}

AuthorizationData read_authorization_data(der::Reader& r) {
  AuthorizationData out;
  r.sequence_of(
      [&](der::Reader& item) {
        AuthorizationElement entry;
        item.sequence([&](der::Reader& seq) {
          seq.field(0, [&](der::Reader& f) { entry.type = AdType(f.int32()); });
          seq.field(1, [&](der::Reader& f) { entry.data = to_buffer(f.octet_string()); });
        });
        out.push_back(std::move(entry));
      },
      kMaxItems);
  return out;
}

void write(der::Writer& w, const AuthorizationData& value) {
  w.sequence([&](der::Writer& list) {
    for (const AuthorizationElement& entry : value) {
      list.sequence([&](der::Writer& seq) {
        seq.field(0, [&](der::Writer& f) { f.int32(std::int32_t(entry.type)); });
        seq.field(1, [&](der::Writer& f) { f.octet_string(entry.data); });
      });
    }
  });
}

HostAddress read_host_address(der::Reader& r) {
  HostAddress out;
  r.sequence([&](der::Reader& seq) {
    seq.field(0, [&](der::Reader& f) { out.type = f.int32(); });
    seq.field(1, [&](der::Reader& f) { out.address = to_buffer(f.octet_string()); });
  });
  return out;
}

void write(der::Writer& w, const HostAddress& value) {
  w.sequence([&](der::Writer& seq) {
    seq.field(0, [&](der::Writer& f) { f.int32(value.type); });
    seq.field(1, [&](der::Writer& f) { f.octet_string(value.address); });
  });
}

std::vector<HostAddress> read_host_addresses(der::Reader& r) {
  std::vector<HostAddress> out;
  r.sequence_of([&](der::Reader& item) { out.push_back(read_host_address(item)); }, kMaxItems);
  return out;
}

void write(der::Writer& w, const std::vector<HostAddress>& value) {
  w.sequence([&](der::Writer& list) {
    for (const HostAddress& address : value) write(list, address);
  });
}

std::int32_t read_microseconds(der::Reader& r) {
  const std::int32_t value = r.int32();
  if (value < 0 || value > 999999) r.fail(WireErrc::bad_value);
  return value;
}

void expect_number(der::Reader& r, std::int32_t wanted, WireErrc otherwise) {
  if (r.int32() != wanted) r.fail(otherwise);
}

Result<AuthorizationData> decode_authorization_data(Bytes der) {
  der::Reader in(der);
  AuthorizationData out = read_authorization_data(in);
  return in.finish(std::move(out));
}

Buffer encode(const AuthorizationData& value) {
  der::Writer out;
  write(out, value);
  return std::move(out).finish();
}

Result<PaDataList> decode_padata_list(Bytes der) {
  der::Reader in(der);
  PaDataList out = read_padata_list(in);
  return in.finish(std::move(out));
}

Buffer encode(const PaDataList& value) {
  der::Writer out;
  write(out, value);
  return std::move(out).finish();
}

}  // namespace stead
