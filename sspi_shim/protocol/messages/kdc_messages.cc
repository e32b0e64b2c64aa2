#include "sspi_shim/protocol/messages/kdc_messages.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

namespace stead {
namespace {

constexpr std::size_t kMaxEtypes = 128;
constexpr std::size_t kMaxAdditionalTickets = 16;

}  // namespace

KdcReqBody read_kdc_req_body(der::Reader& r) {
  KdcReqBody out;
  r.sequence([&](der::Reader& seq) {
    seq.field(0, [&](der::Reader& f) { out.options = f.kerberos_flags(); });
    seq.optional_field(1, [&](der::Reader& f) { out.cname = read_principal_name(f); });
    seq.field(2, [&](der::Reader& f) { out.realm = f.general_string(); });
    seq.optional_field(3, [&](der::Reader& f) { out.sname = read_principal_name(f); });
    seq.optional_field(4, [&](der::Reader& f) { out.from = f.generalized_time(); });
    seq.field(5, [&](der::Reader& f) { out.till = f.generalized_time(); });
    seq.optional_field(6, [&](der::Reader& f) { out.rtime = f.generalized_time(); });
    seq.field(7, [&](der::Reader& f) { out.nonce = f.uint32(); });
    seq.field(8, [&](der::Reader& f) {
      f.sequence_of([&](der::Reader& item) { out.etypes.push_back(EncType(item.int32())); }, kMaxEtypes);
    });
    seq.optional_field(9, [&](der::Reader& f) { out.addresses = read_host_addresses(f); });
    seq.optional_field(10, [&](der::Reader& f) { out.enc_authorization_data = read_encrypted_data(f); });
    seq.optional_field(11, [&](der::Reader& f) {
      f.sequence_of([&](der::Reader& item) { out.additional_tickets.push_back(read_ticket(item)); },
                    kMaxAdditionalTickets);
    });
  });
  return out;
}

namespace {

void write(der::Writer& w, const KdcReqBody& value) {
  w.sequence([&](der::Writer& seq) {
    seq.field(0, [&](der::Writer& f) { f.kerberos_flags(value.options); });
    if (value.cname) seq.field(1, [&](der::Writer& f) { write(f, *value.cname); });
    seq.field(2, [&](der::Writer& f) { f.general_string(value.realm); });
    if (value.sname) seq.field(3, [&](der::Writer& f) { write(f, *value.sname); });
    if (value.from) seq.field(4, [&](der::Writer& f) { f.generalized_time(*value.from); });
    seq.field(5, [&](der::Writer& f) { f.generalized_time(value.till); });
    if (value.rtime) seq.field(6, [&](der::Writer& f) { f.generalized_time(*value.rtime); });
    seq.field(7, [&](der::Writer& f) { f.uint32(value.nonce); });
    seq.field(8, [&](der::Writer& f) {
      f.sequence([&](der::Writer& list) {
        for (const EncType etype : value.etypes) list.int32(std::int32_t(etype));
      });
    });
    if (!value.addresses.empty()) seq.field(9, [&](der::Writer& f) { write(f, value.addresses); });
    if (value.enc_authorization_data) seq.field(10, [&](der::Writer& f) { write(f, *value.enc_authorization_data); });
    if (!value.additional_tickets.empty()) {
      seq.field(11, [&](der::Writer& f) {
        f.sequence([&](der::Writer& list) {
          for (const Ticket& ticket : value.additional_tickets) write(list, ticket);
        });
      });
    }
  });
}

}  // namespace

Result<KdcReqBody> decode_kdc_req_body(Bytes der) {
  der::Reader in(der);
  KdcReqBody out = read_kdc_req_body(in);
  return in.finish(std::move(out));
}

Buffer encode(const KdcReqBody& value) {
  std::size_t size = kRoomForNames;
  for (const auto& ticket : value.additional_tickets) size += kRoomForNames + ticket.enc_part.cipher.size();
  der::Writer out(size);
  write(out, value);
  return std::move(out).finish();
}

Result<KdcReq> decode_kdc_req(Bytes der) {
  KdcReq out;
  der::Reader in(der, der::Rules::ber);  // some clients write long forms of short lengths
  out.type =
      in.peek() == der::application(std::int32_t(MessageType::tgs_req)) ? MessageType::tgs_req : MessageType::as_req;
  in.element(der::application(std::int32_t(out.type)), [&](der::Reader& app) {
    app.sequence([&](der::Reader& seq) {
      seq.field(1, [&](der::Reader& f) { expect_number(f, kPvno, WireErrc::unsupported); });
      seq.field(2, [&](der::Reader& f) { expect_number(f, std::int32_t(out.type), WireErrc::bad_value); });
      seq.optional_field(3, [&](der::Reader& f) { out.padata = read_padata_list(f); });
      seq.field(4, [&](der::Reader& f) {
        out.body_der = to_buffer(f.rest());
        out.body = read_kdc_req_body(f);
      });
    });
  });
  return in.finish(std::move(out));
}

Buffer encode(const KdcReq& value) {
  der::Writer out(kRoomForNames + room_for(value.padata) + value.body_der.size());
  out.element(der::application(std::int32_t(value.type)), [&](der::Writer& app) {
    app.sequence([&](der::Writer& seq) {
      seq.field(1, [&](der::Writer& f) { f.int32(kPvno); });
      seq.field(2, [&](der::Writer& f) { f.int32(std::int32_t(value.type)); });
      if (!value.padata.empty()) seq.field(3, [&](der::Writer& f) { write(f, value.padata); });
      seq.field(4, [&](der::Writer& f) {
        if (value.body_der.empty()) {
          write(f, value.body);
        } else {
          f.any(value.body_der);
        }
      });
    });
  });
  return std::move(out).finish();
}

Result<KdcRep> decode_kdc_rep(Bytes der) {
  KdcRep out;
  der::Reader in(der);
  out.type =
      in.peek() == der::application(std::int32_t(MessageType::tgs_rep)) ? MessageType::tgs_rep : MessageType::as_rep;
  in.element(der::application(std::int32_t(out.type)), [&](der::Reader& app) {
    app.sequence([&](der::Reader& seq) {
      seq.field(0, [&](der::Reader& f) { expect_number(f, kPvno, WireErrc::unsupported); });
      seq.field(1, [&](der::Reader& f) { expect_number(f, std::int32_t(out.type), WireErrc::bad_value); });
      seq.optional_field(2, [&](der::Reader& f) { out.padata = read_padata_list(f); });
      seq.field(3, [&](der::Reader& f) { out.crealm = f.general_string(); });
      seq.field(4, [&](der::Reader& f) { out.cname = read_principal_name(f); });
      seq.field(5, [&](der::Reader& f) { out.ticket = read_ticket(f); });
      seq.field(6, [&](der::Reader& f) { out.enc_part = read_encrypted_data(f); });
    });
  });
  return in.finish(std::move(out));
}

Buffer encode(const KdcRep& value) {
  der::Writer out(kRoomForNames + room_for(value.padata) + value.ticket.enc_part.cipher.size() +
                  value.enc_part.cipher.size());
  out.element(der::application(std::int32_t(value.type)), [&](der::Writer& app) {
    app.sequence([&](der::Writer& seq) {
      seq.field(0, [&](der::Writer& f) { f.int32(kPvno); });
      seq.field(1, [&](der::Writer& f) { f.int32(std::int32_t(value.type)); });
      if (!value.padata.empty()) seq.field(2, [&](der::Writer& f) { write(f, value.padata); });
      seq.field(3, [&](der::Writer& f) { f.general_string(value.crealm); });
      seq.field(4, [&](der::Writer& f) { write(f, value.cname); });
      seq.field(5, [&](der::Writer& f) { write(f, value.ticket); });
      seq.field(6, [&](der::Writer& f) { write(f, value.enc_part); });
    });
  });
  return std::move(out).finish();
}

namespace {
constexpr int kEncAsRepPart = 25, kEncTgsRepPart = 26;
}

Result<EncKdcRepPart> decode_enc_kdc_rep_part(Bytes der) {
  EncKdcRepPart out;
  der::Reader in(der);
  const bool tgs = in.peek() == der::application(kEncTgsRepPart);
  out.type = tgs ? MessageType::tgs_rep : MessageType::as_rep;
  in.element(der::application(tgs ? kEncTgsRepPart : kEncAsRepPart), [&](der::Reader& app) {
    app.sequence([&](der::Reader& seq) {
      seq.field(0, [&](der::Reader& f) { out.key = read_encryption_key(f); });
      seq.field(1, [&](der::Reader& f) {
        f.sequence_of([&](der::Reader& item) {
          LastReqEntry entry;
          item.sequence([&](der::Reader& e) {
            e.field(0, [&](der::Reader& v) { entry.type = v.int32(); });
            e.field(1, [&](der::Reader& v) { entry.value = v.generalized_time(); });
          });
          out.last_req.push_back(entry);
        });
      });
      seq.field(2, [&](der::Reader& f) { out.nonce = f.uint32(); });
      seq.optional_field(3, [&](der::Reader& f) { out.key_expiration = f.generalized_time(); });
      seq.field(4, [&](der::Reader& f) { out.flags = f.kerberos_flags(); });
      seq.field(5, [&](der::Reader& f) { out.authtime = f.generalized_time(); });
      seq.optional_field(6, [&](der::Reader& f) { out.starttime = f.generalized_time(); });
      seq.field(7, [&](der::Reader& f) { out.endtime = f.generalized_time(); });
      seq.optional_field(8, [&](der::Reader& f) { out.renew_till = f.generalized_time(); });
      seq.field(9, [&](der::Reader& f) { out.srealm = f.general_string(); });
      seq.field(10, [&](der::Reader& f) { out.sname = read_principal_name(f); });
      seq.optional_field(11, [&](der::Reader& f) { out.caddr = read_host_addresses(f); });
      seq.optional_field(12, [&](der::Reader& f) { out.encrypted_padata = read_padata_list(f); });
    });
  });
  return in.finish(std::move(out));
}

SecretBuffer encode(const EncKdcRepPart& value) {
  std::size_t size = 1024 + value.key.value.size() + value.srealm.size() + 48 * value.last_req.size();
  for (const std::string& component : value.sname.components) size += component.size() + 8;
  for (const HostAddress& address : value.caddr) size += address.address.size() + 32;
  for (const PaData& padata : value.encrypted_padata) size += padata.value.size() + 32;
  der::Writer out(size);
  const int tag = value.type == MessageType::tgs_rep ? kEncTgsRepPart : kEncAsRepPart;
  out.element(der::application(tag), [&](der::Writer& app) {
    app.sequence([&](der::Writer& seq) {
      seq.field(0, [&](der::Writer& f) { write(f, value.key); });
      seq.field(1, [&](der::Writer& f) {
        f.sequence([&](der::Writer& list) {
          for (const LastReqEntry& entry : value.last_req) {
            list.sequence([&](der::Writer& e) {
              e.field(0, [&](der::Writer& v) { v.int32(entry.type); });
              e.field(1, [&](der::Writer& v) { v.generalized_time(entry.value); });
            });
          }
        });
      });
      seq.field(2, [&](der::Writer& f) { f.uint32(value.nonce); });
      if (value.key_expiration) seq.field(3, [&](der::Writer& f) { f.generalized_time(*value.key_expiration); });
      seq.field(4, [&](der::Writer& f) { f.kerberos_flags(value.flags); });
      seq.field(5, [&](der::Writer& f) { f.generalized_time(value.authtime); });
      if (value.starttime) seq.field(6, [&](der::Writer& f) { f.generalized_time(*value.starttime); });
      seq.field(7, [&](der::Writer& f) { f.generalized_time(value.endtime); });
      if (value.renew_till) seq.field(8, [&](der::Writer& f) { f.generalized_time(*value.renew_till); });
      seq.field(9, [&](der::Writer& f) { f.general_string(value.srealm); });
      seq.field(10, [&](der::Writer& f) { write(f, value.sname); });
      if (!value.caddr.empty()) seq.field(11, [&](der::Writer& f) { write(f, value.caddr); });
      if (!value.encrypted_padata.empty()) seq.field(12, [&](der::Writer& f) { write(f, value.encrypted_padata); });
    });
  });
  return std::move(out).finish_secret();
}

}  // namespace stead
