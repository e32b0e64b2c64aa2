#include "sspi_shim/protocol/pac/pac.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

namespace stead {
namespace {

constexpr std::size_t kHeaderSize = 8, kEntrySize = 16, kSignatureTypeSize = 4;

struct Location {
  PacType type{};
  std::size_t offset = 0, size = 0;
};

bool is_known(PacType type) {
  const auto number = std::uint32_t(type);
  return number == 1 || number == 2 || number == 6 || number == 7 || (number >= 10 && number <= 20);
}

bool overlap(std::vector<Location> where) {
  // Empty claims share the offset of another buffer.
  std::erase_if(where, [](const Location& entry) { return entry.size == 0; });
  std::sort(where.begin(), where.end(), [](const auto& a, const auto& b) { return a.offset < b.offset; });
  for (std::size_t i = 1; i < where.size(); ++i)
    if (where[i - 1].offset + where[i - 1].size > where[i].offset) return true;
  return false;
}

bool repeats_known_type(const std::vector<Location>& where) {
  std::uint32_t seen = 0;
  for (const Location& entry : where) {
    if (!is_known(entry.type)) continue;
    const std::uint32_t bit = 1u << std::uint32_t(entry.type);
    if (seen & bit) return true;
    seen |= bit;
  }
  return false;
}

Result<std::vector<Location>> read_entries(Bytes bytes) {
  if (bytes.size() < kHeaderSize) return WireErrc::truncated;
  const std::size_t count = load_le32(bytes.data());
  if (load_le32(&bytes[4]) != 0) return WireErrc::unsupported;
  if (count > (bytes.size() - kHeaderSize) / kEntrySize) return WireErrc::too_large;
  const std::size_t contents = kHeaderSize + count * kEntrySize;
  std::vector<Location> out;
  out.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint8_t* entry = &bytes[kHeaderSize + i * kEntrySize];
    const std::uint64_t offset = load_le64(entry + 8);
    const std::size_t size = load_le32(entry + 4);
    if (offset % 8 != 0) return WireErrc::bad_value;
    if (offset < contents || offset > bytes.size() || size > bytes.size() - offset) return WireErrc::bad_length;
    out.push_back({PacType(load_le32(entry)), std::size_t(offset), size});
  }
  return out;
}

Result<std::vector<Location>> read_directory(Bytes bytes) {
  auto entries = read_entries(bytes);
  if (entries && (repeats_known_type(*entries) || overlap(*entries))) return WireErrc::bad_value;
  return entries;
}

// The bytes of a PAC and the offsets of its signatures.
class SignedBytes {
 public:
  static Result<SignedBytes> read(Bytes pac) {
    auto directory = read_directory(pac);
    if (!directory) return directory.error();
    return SignedBytes(to_buffer(pac), std::move(*directory));
  }
  // A PAC that encode() wrote.
  explicit SignedBytes(Buffer pac) : bytes_(std::move(pac)), directory_(*read_entries(bytes_)) {}

  // The signature as received; bad_value if there is none.
  [[nodiscard]] Result<Checksum> signature(PacType type) const {
    const Location* where = find(type);
    if (!where) return WireErrc::bad_value;
    auto decoded = decode_pac_signature(Bytes(bytes_).subspan(where->offset, where->size));
    if (!decoded) return decoded.error();
    return Checksum{decoded->type, std::move(decoded->value)};
  }

  // Zeroes the signature, but neither its type nor an RODC's number after it. True if the PAC has one.
  bool zero(PacType type) {
    const Location* where = find(type);
    if (!where || where->size < kSignatureTypeSize) return false;
    const std::size_t rest = where->size - kSignatureTypeSize;
    const std::size_t known = checksum_size(ChecksumType(load_le32(&bytes_[where->offset])));
    const std::size_t size = known == 0 ? rest : std::min(known, rest);
    std::fill_n(bytes_.begin() + std::ptrdiff_t(where->offset + kSignatureTypeSize), size, std::uint8_t(0));
    return true;
  }

  void put(PacType type, const Checksum& checksum) {
    const Location* where = find(type);
    std::copy(checksum.value.begin(), checksum.value.end(),
              bytes_.begin() + std::ptrdiff_t(where->offset + kSignatureTypeSize));
  }

  [[nodiscard]] Bytes bytes() const { return bytes_; }
  [[nodiscard]] Buffer take() && { return std::move(bytes_); }

 private:
  SignedBytes(Buffer pac, std::vector<Location> directory) : bytes_(std::move(pac)), directory_(std::move(directory)) {}
  [[nodiscard]] const Location* find(PacType type) const {
    const auto at = std::find_if(directory_.begin(), directory_.end(), [&](const auto& e) { return e.type == type; });
    return at == directory_.end() ? nullptr : &*at;
  }

  Buffer bytes_;
  std::vector<Location> directory_;
};

// A PAC signature has the checksum type of the key. HMAC-MD5, which is weaker and works with any key, is not accepted
// for an AES key.
Result<void> verify(const Checksum& checksum, const Key& key, Bytes data) {
  if (checksum.type != required_checksum(key.type())) return WireErrc::wrong_key_type;
  return verify_checksum(checksum, key, KeyUsage::pac_checksum, data);
}

Buffer blank_signature(const Key& key) {
  const ChecksumType type = required_checksum(key.type());
  return encode(PacSignature{type, Buffer(checksum_size(type)), std::nullopt});
}

Checksum sign(const Key& key, Bytes data) {
  return make_checksum(key, KeyUsage::pac_checksum, data);
}

}  // namespace

const Buffer* Pac::find(PacType type) const {
  const auto at = std::find_if(buffers.begin(), buffers.end(), [&](const auto& buffer) { return buffer.type == type; });
  return at == buffers.end() ? nullptr : &at->data;
}

void Pac::set(PacType type, Buffer data) {
  const auto at = std::find_if(buffers.begin(), buffers.end(), [&](const auto& buffer) { return buffer.type == type; });
  if (at == buffers.end()) {
    buffers.push_back({type, std::move(data)});
  } else {
    at->data = std::move(data);
  }
}

void Pac::remove(PacType type) {
  std::erase_if(buffers, [&](const PacBuffer& buffer) { return buffer.type == type; });
}

Result<Pac> decode_pac(Bytes bytes) {
  const auto directory = read_directory(bytes);
  if (!directory) return directory.error();
  Pac out;
  out.buffers.reserve(directory->size());
  for (const Location& where : *directory)
    out.buffers.push_back({where.type, to_buffer(bytes.subspan(where.offset, where.size))});
  return out;
}

Buffer encode(const Pac& pac) {
  Buffer out(kHeaderSize + pac.buffers.size() * kEntrySize);
  store_le32(out.data(), std::uint32_t(pac.buffers.size()));
  for (std::size_t i = 0; i < pac.buffers.size(); ++i) {
    const PacBuffer& buffer = pac.buffers[i];
    std::uint8_t* entry = &out[kHeaderSize + i * kEntrySize];
    store_le32(entry, std::uint32_t(buffer.type));
    store_le32(entry + 4, std::uint32_t(buffer.data.size()));
    store_le64(entry + 8, out.size());
    append(out, buffer.data);
    out.resize((out.size() + 7) / 8 * 8);
  }
  return out;
}

Result<PacSignature> decode_pac_signature(Bytes bytes) {
  if (bytes.size() < kSignatureTypeSize) return WireErrc::truncated;
  PacSignature out;
  out.type = ChecksumType(load_le32(bytes.data()));
  const std::size_t size = checksum_size(out.type);
  if (size == 0) return WireErrc::unsupported;
  const Bytes rest = bytes.subspan(kSignatureTypeSize);
  if (rest.size() < size) return WireErrc::truncated;
  out.value = to_buffer(rest.first(size));
  if (rest.size() == size + 2) {
    out.rodc_identifier = load_le16(&rest[size]);
  } else if (rest.size() != size) {
    return WireErrc::trailing_bytes;
  }
  return out;
}

Buffer encode(const PacSignature& value) {
  Buffer out(kSignatureTypeSize);
  store_le32(out.data(), std::uint32_t(value.type));
  append(out, value.value);
  if (value.rodc_identifier) {
    out.resize(out.size() + 2);
    store_le16(&out[out.size() - 2], *value.rodc_identifier);
  }
  return out;
}

Result<Buffer> pac_bytes_of(const EncTicketPart& part) {
  for (const AuthorizationElement& element : part.authorization_data) {
    if (element.type != AdType::if_relevant) continue;
    auto inner = decode_authorization_data(element.data);
    if (!inner) return inner.error();
    for (AuthorizationElement& candidate : *inner)
      if (candidate.type == AdType::win2k_pac) return std::move(candidate.data);
  }
  return Buffer();
}

namespace {

void remove_pac(AuthorizationData& list) {
  std::erase_if(list, [](AuthorizationElement& element) {
    if (element.type != AdType::if_relevant) return false;
    auto inner = decode_authorization_data(element.data);
    if (!inner) return false;
    if (std::erase_if(*inner, [](const auto& candidate) { return candidate.type == AdType::win2k_pac; }) == 0)
      return false;
    element.data = encode(*inner);
    return inner->empty();
  });
}

AuthorizationElement wrap_pac(Buffer pac) {
  return {AdType::if_relevant, encode(AuthorizationData{{AdType::win2k_pac, std::move(pac)}})};
}

}  // namespace

SecretBuffer encode_with_signed_pac(EncTicketPart& part, Pac pac, const Key& server_key, const Key& kdc_key,
                                    PacSignatures which) {
  const bool all_four = which == PacSignatures::all_four;
  for (const PacType type :
       {PacType::server_checksum, PacType::kdc_checksum, PacType::ticket_checksum, PacType::extended_kdc_checksum})
    pac.remove(type);
  pac.set(PacType::server_checksum, blank_signature(server_key));
  pac.set(PacType::kdc_checksum, blank_signature(kdc_key));
  remove_pac(part.authorization_data);
  part.authorization_data.insert(part.authorization_data.begin(), wrap_pac(Buffer{0}));
  if (all_four) {
    const Checksum ticket = sign(kdc_key, encode(part));
    pac.set(PacType::ticket_checksum, encode(PacSignature{ticket.type, ticket.value, std::nullopt}));
    pac.set(PacType::extended_kdc_checksum, blank_signature(kdc_key));
  }

  SignedBytes bytes(encode(pac));
  if (all_four) bytes.put(PacType::extended_kdc_checksum, sign(kdc_key, bytes.bytes()));
  const Checksum server = sign(server_key, bytes.bytes());
  bytes.put(PacType::server_checksum, server);
  bytes.put(PacType::kdc_checksum, sign(kdc_key, server.value));
  part.authorization_data.front() = wrap_pac(std::move(bytes).take());
  return encode(part);
}

Result<void> verify_server_signature(Bytes pac, const Key& server_key) {
  auto bytes = SignedBytes::read(pac);
  if (!bytes) return bytes.error();
  const auto signature = bytes->signature(PacType::server_checksum);
  if (!signature) return signature.error();
  if (!bytes->zero(PacType::server_checksum) || !bytes->zero(PacType::kdc_checksum)) return WireErrc::bad_value;
  return verify(*signature, server_key, bytes->bytes());
}

Result<void> verify_kdc_signature(Bytes pac, const Key& kdc_key) {
  const auto bytes = SignedBytes::read(pac);
  if (!bytes) return bytes.error();
  const auto server = bytes->signature(PacType::server_checksum);
  if (!server) return server.error();
  const auto signature = bytes->signature(PacType::kdc_checksum);
  if (!signature) return signature.error();
  return verify(*signature, kdc_key, server->value);
}

Result<void> verify_extended_kdc_signature(Bytes pac, const Key& kdc_key) {
  auto bytes = SignedBytes::read(pac);
  if (!bytes) return bytes.error();
  const auto signature = bytes->signature(PacType::extended_kdc_checksum);
  if (!signature) return signature.error();
  for (const PacType type : {PacType::server_checksum, PacType::kdc_checksum, PacType::extended_kdc_checksum})
    if (!bytes->zero(type)) return WireErrc::bad_value;
  return verify(*signature, kdc_key, bytes->bytes());
}

namespace {

// Copies an AuthorizationData, the list at `r`, to `w`: the first AD-WIN2K-PAC's content becomes one zero octet and is
// kept in `pac`. Everything else is copied as received. `inside`: inside an AD-IF-RELEVANT, the place of the PAC.
void copy_authorization_data(der::Reader& r, der::Writer& w, bool inside, std::optional<Buffer>& pac) {
  w.sequence([&](der::Writer& list) {
    r.sequence_of([&](der::Reader& item) {
      const Bytes whole = item.any();
      if (item.failed()) return;
      AdType type{};
      Bytes type_field, data;
      der::Reader element(whole);
      element.sequence([&](der::Reader& seq) {
        type_field = seq.any();
        der::Reader number(type_field);
        number.field(0, [&](der::Reader& value) { type = AdType(value.int32()); });
        if (number.failed()) return seq.fail(WireErrc(number.error().value()));
        seq.field(1, [&](der::Reader& value) { data = value.octet_string(); });
      });
      if (element.failed()) return item.fail(WireErrc(element.error().value()));
      const bool is_pac = inside && type == AdType::win2k_pac, is_wrapper = !inside && type == AdType::if_relevant;
      if (pac || !(is_pac || is_wrapper)) return list.any(whole);
      Buffer content{0};
      if (is_pac) {
        pac = to_buffer(data);
      } else {
        der::Reader inner(data);
        der::Writer copy;
        copy_authorization_data(inner, copy, true, pac);
        if (inner.failed()) return item.fail(WireErrc(inner.error().value()));
        if (!pac) return list.any(whole);
        content = std::move(copy).finish();
      }
      list.sequence([&](der::Writer& seq) {
        seq.any(type_field);
        seq.field(1, [&](der::Writer& value) { value.octet_string(content); });
      });
    });
  });
}

}  // namespace

Result<void> verify_ticket_signature(Bytes enc_ticket_part_der, Bytes pac, const Key& kdc_key) {
  constexpr int kAuthorizationData = 10;
  const auto bytes = SignedBytes::read(pac);
  if (!bytes) return bytes.error();
  const auto signature = bytes->signature(PacType::ticket_checksum);
  if (!signature) return signature.error();

  std::optional<Buffer> found;
  der::Reader in(enc_ticket_part_der);
  der::Writer out(enc_ticket_part_der.size() + 16);
  out.element(der::application(3), [&](der::Writer& application) {
    application.sequence([&](der::Writer& copy) {
      in.element(der::application(3), [&](der::Reader& outer) {
        outer.sequence([&](der::Reader& part) {
          while (!part.at_end()) {
            if (part.peek() != der::context(kAuthorizationData)) {
              copy.any(part.any());
              continue;
            }
            copy.field(kAuthorizationData, [&](der::Writer& field) {
              part.field(kAuthorizationData,
                         [&](der::Reader& list) { copy_authorization_data(list, field, false, found); });
            });
          }
        });
      });
    });
  });
  const auto signed_part = in.finish(std::move(out).finish_secret());
  if (!signed_part) return signed_part.error();
  // The PAC that the caller verifies must be that of this ticket.
  if (!found || !equal_in_constant_time(*found, pac)) return WireErrc::bad_value;
  return verify(*signature, kdc_key, *signed_part);
}

}  // namespace stead
