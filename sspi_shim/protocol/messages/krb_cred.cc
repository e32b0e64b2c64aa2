#include "sspi_shim/protocol/messages/krb_cred.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

namespace stead {

Result<KrbCred> decode_krb_cred(Bytes der) {
  KrbCred out;
  der::Reader in(der);
  in.element(der::application(22), [&](der::Reader& app) {
    app.sequence([&](der::Reader& seq) {
      seq.field(0, [&](der::Reader& f) { expect_number(f, kPvno, WireErrc::unsupported); });
      seq.field(1, [&](der::Reader& f) { expect_number(f, std::int32_t(MessageType::krb_cred), WireErrc::bad_value); });
      seq.field(2, [&](der::Reader& f) {
        f.sequence_of([&](der::Reader& item) { out.tickets.push_back(read_ticket(item)); }, kMaxCredTickets);
      });
      seq.field(3, [&](der::Reader& f) { out.enc_part = read_encrypted_data(f); });
    });
  });
  return in.finish(std::move(out));
}

Buffer encode(const KrbCred& value) {
  der::Writer out;
  out.element(der::application(22), [&](der::Writer& app) {
    app.sequence([&](der::Writer& seq) {
      seq.field(0, [&](der::Writer& f) { f.int32(kPvno); });
      seq.field(1, [&](der::Writer& f) { f.int32(std::int32_t(MessageType::krb_cred)); });
      seq.field(2, [&](der::Writer& f) {
        f.sequence([&](der::Writer& list) {
          for (const Ticket& ticket : value.tickets) write(list, ticket);
        });
      });
      seq.field(3, [&](der::Writer& f) { write(f, value.enc_part); });
    });
  });
  return std::move(out).finish();
}

namespace {

KrbCredInfo read_info(der::Reader& r) {
  KrbCredInfo out;
  r.sequence([&](der::Reader& seq) {
    seq.field(0, [&](der::Reader& f) { out.key = read_encryption_key(f); });
    seq.optional_field(1, [&](der::Reader& f) { out.prealm = f.general_string(); });
    seq.optional_field(2, [&](der::Reader& f) { out.pname = read_principal_name(f); });
    seq.optional_field(3, [&](der::Reader& f) { out.flags = f.kerberos_flags(); });
    seq.optional_field(4, [&](der::Reader& f) { out.authtime = f.generalized_time(); });
    seq.optional_field(5, [&](der::Reader& f) { out.starttime = f.generalized_time(); });
    seq.optional_field(6, [&](der::Reader& f) { out.endtime = f.generalized_time(); });
    seq.optional_field(7, [&](der::Reader& f) { out.renew_till = f.generalized_time(); });
    seq.optional_field(8, [&](der::Reader& f) { out.srealm = f.general_string(); });
    seq.optional_field(9, [&](der::Reader& f) { out.sname = read_principal_name(f); });
    seq.optional_field(10, [&](der::Reader& f) { out.caddr = read_host_addresses(f); });
  });
  return out;
}

void write_info(der::Writer& w, const KrbCredInfo& value) {
  w.sequence([&](der::Writer& seq) {
    seq.field(0, [&](der::Writer& f) { write(f, value.key); });
    if (!value.prealm.empty()) seq.field(1, [&](der::Writer& f) { f.general_string(value.prealm); });
    if (value.pname) seq.field(2, [&](der::Writer& f) { write(f, *value.pname); });
    if (value.flags) seq.field(3, [&](der::Writer& f) { f.kerberos_flags(*value.flags); });
    if (value.authtime) seq.field(4, [&](der::Writer& f) { f.generalized_time(*value.authtime); });
    if (value.starttime) seq.field(5, [&](der::Writer& f) { f.generalized_time(*value.starttime); });
    if (value.endtime) seq.field(6, [&](der::Writer& f) { f.generalized_time(*value.endtime); });
    if (value.renew_till) seq.field(7, [&](der::Writer& f) { f.generalized_time(*value.renew_till); });
    if (!value.srealm.empty()) seq.field(8, [&](der::Writer& f) { f.general_string(value.srealm); });
    if (value.sname) seq.field(9, [&](der::Writer& f) { write(f, *value.sname); });
    if (!value.caddr.empty()) seq.field(10, [&](der::Writer& f) { write(f, value.caddr); });
  });
}

std::size_t size_of(const PrincipalName& name) {
  std::size_t size = 32;
  for (const std::string& component : name.components) size += component.size() + 8;
  return size;
}

// An upper bound for the encoding, so that the buffer with the keys does not grow and leave a copy in freed memory.
std::size_t room_for(const EncKrbCredPart& value) {
  std::size_t size = 256;
  for (const KrbCredInfo& info : value.ticket_info) {
    size += 256 + info.key.value.size() + info.prealm.size() + info.srealm.size();
    if (info.pname) size += size_of(*info.pname);
    if (info.sname) size += size_of(*info.sname);
    for (const HostAddress& address : info.caddr) size += address.address.size() + 32;
  }
  if (value.s_address) size += value.s_address->address.size() + 32;
  if (value.r_address) size += value.r_address->address.size() + 32;
  return size;
}

}  // namespace

Result<EncKrbCredPart> decode_enc_krb_cred_part(Bytes der) {
  EncKrbCredPart out;
  der::Reader in(der);
  in.element(der::application(29), [&](der::Reader& app) {
    app.sequence([&](der::Reader& seq) {
      seq.field(0, [&](der::Reader& f) {
        f.sequence_of([&](der::Reader& item) { out.ticket_info.push_back(read_info(item)); }, kMaxCredTickets);
      });
      seq.optional_field(1, [&](der::Reader& f) { out.nonce = f.uint32(); });
      seq.optional_field(2, [&](der::Reader& f) { out.timestamp = f.generalized_time(); });
      seq.optional_field(3, [&](der::Reader& f) { out.usec = read_microseconds(f); });
      seq.optional_field(4, [&](der::Reader& f) { out.s_address = read_host_address(f); });
      seq.optional_field(5, [&](der::Reader& f) { out.r_address = read_host_address(f); });
    });
  });
  return in.finish(std::move(out));
}

SecretBuffer encode(const EncKrbCredPart& value) {
  der::Writer out(room_for(value));
  out.element(der::application(29), [&](der::Writer& app) {
    app.sequence([&](der::Writer& seq) {
      seq.field(0, [&](der::Writer& f) {
        f.sequence([&](der::Writer& list) {
          for (const KrbCredInfo& info : value.ticket_info) write_info(list, info);
        });
      });
      if (value.nonce) seq.field(1, [&](der::Writer& f) { f.uint32(*value.nonce); });
      if (value.timestamp) seq.field(2, [&](der::Writer& f) { f.generalized_time(*value.timestamp); });
      if (value.usec) seq.field(3, [&](der::Writer& f) { f.int32(*value.usec); });
      if (value.s_address) seq.field(4, [&](der::Writer& f) { write(f, *value.s_address); });
      if (value.r_address) seq.field(5, [&](der::Writer& f) { write(f, *value.r_address); });
    });
  });
  return std::move(out).finish_secret();
}

}  // namespace stead
