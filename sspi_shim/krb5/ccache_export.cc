// Also implements export_ccache of stead/s4u.h.
#include "sspi_shim/krb5/ccache_export.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "sspi_shim/base/text.h"
#include "sspi_shim/krb5/krb5_handles.h"
#include "sspi_shim/krb5/proxy_credential.h"

namespace stead {
namespace {

krb5_timestamp timestamp_of(Time time) {
  return static_cast<krb5_timestamp>(static_cast<std::uint32_t>(time.time_since_epoch().count()));
}

Error last_system_error() {
  return {errno, boost::system::system_category()};
}

// Stores the ticket under this service name.
krb5_error_code store(krb5_context context, krb5_ccache ccache, const Credential& from, krb5_principal client,
                      krb5_principal server) {
  const Buffer ticket = encode(from.ticket);
  const EncryptionKey key = from.session_key.to_encryption_key();
  SecretBuffer key_bytes = key.value;
  krb5_creds creds{};  // no second ticket, not is_skey: borrowed pointers throughout
  creds.client = client;
  creds.server = server;
  creds.keyblock.magic = KV5M_KEYBLOCK;
  creds.keyblock.enctype = static_cast<krb5_enctype>(key.type);
  creds.keyblock.length = static_cast<unsigned>(key_bytes.size());
  creds.keyblock.contents = key_bytes.data();
  creds.times.authtime = timestamp_of(from.authtime);
  creds.times.starttime = timestamp_of(from.starttime != Time{} ? from.starttime : from.authtime);
  creds.times.endtime = timestamp_of(from.endtime);
  creds.times.renew_till = from.renew_till ? timestamp_of(*from.renew_till) : 0;
  creds.ticket_flags = static_cast<krb5_flags>(from.flags);
  creds.ticket.magic = KV5M_DATA;
  creds.ticket.length = static_cast<unsigned>(ticket.size());
  creds.ticket.data = const_cast<char*>(reinterpret_cast<const char*>(ticket.data()));
  return krb5_cc_store_cred(context, ccache, &creds);
}

// The names under which libkrb5 may look for this ticket. It looks for a host-based name (gss_import_name,
// krb5_sname_to_principal) with the host in lower case and, without [domain_realm], with the empty (referral) realm;
// for a full principal, as it is.
std::vector<Principal> names_of(const Credential& ticket) {
  PrincipalName lower = ticket.service;
  if (lower.components.size() > 1) lower.components[1] = to_lower(lower.components[1]);
  std::vector<Principal> out = {{ticket.service, ticket.service_realm}, {ticket.service, {}}};
  if (lower.components != ticket.service.components)
    out.insert(out.end(), {{lower, ticket.service_realm}, {lower, {}}});
  return out;
}

// A ticket, and a name to store it under.
struct Entry {
  const Credential* ticket;
  Principal service;
};
struct Contents {
  Principal owner;  // the default principal
  std::vector<Entry> entries;
  std::string proxy_impersonator{};  // empty: none
};

Contents contents_of(const std::vector<const Credential*>& tickets) {
  Contents out{{tickets.front()->client, tickets.front()->client_realm}, {}};
  for (const Credential* ticket : tickets) {
    for (Principal& name : names_of(*ticket)) out.entries.push_back({ticket, std::move(name)});
  }
  return out;
}

// As MIT's own acceptor writes it: GSSAPI looks for the evidence under the impersonator's name, and not under the SPN
// of the user's ticket.
Contents contents_of(const IssuedProxyCredential& credential) {
  const Credential &evidence = credential.evidence(), &tgt = credential.own_tgt();
  return {{evidence.client, evidence.client_realm},
          {{&tgt, {tgt.service, tgt.service_realm}}, {&evidence, {tgt.client, tgt.client_realm}}},
          credential.impersonator()};
}

// Creates the ccache of this name.
Error fill(const std::string& name, const Contents& contents) {
  const auto context = make_krb5_context();
  if (!context) return context.error();
  const auto owner = to_krb5(context->get(), contents.owner);
  if (!owner) return owner.error();
  krb5_ccache raw = nullptr;
  if (const auto code = krb5_cc_resolve(context->get(), name.c_str(), &raw)) return libkrb5_error(code);
  const Krb5Ccache ccache(raw, CloseKrb5Ccache{context->get()});
  krb5_error_code code = krb5_cc_initialize(context->get(), raw, owner->get());
  if (code == 0 && !contents.proxy_impersonator.empty()) {
    std::string text = contents.proxy_impersonator;
    krb5_data data{KV5M_DATA, static_cast<unsigned>(text.size()), text.data()};
    code = krb5_cc_set_config(context->get(), raw, nullptr, "proxy_impersonator", &data);
  }
  for (const Entry& entry : contents.entries) {
    const auto client = to_krb5(context->get(), {entry.ticket->client, entry.ticket->client_realm});
    const auto server = to_krb5(context->get(), entry.service);
    if (!client || !server) return client ? server.error() : client.error();
    if (code == 0) code = store(context->get(), raw, *entry.ticket, client->get(), server->get());
  }
  return code == 0 ? Error() : libkrb5_error(code);
}

// "FILE:path" and plain paths; empty for another type of ccache.
std::string file_of(const std::string& name) {
  if (name.starts_with("FILE:")) return name.substr(5);
  const auto colon = name.find(':');
  const bool typed = colon != std::string::npos && colon > 0 && name.substr(0, colon).find('/') == std::string::npos;
  return typed ? std::string() : name;
}

// Writes to a temporary file and renames it: a reader sees the old file or the new one.
Error write(const std::string& path, const Contents& contents) {
  if (path.empty()) return make_error_code(boost::system::errc::invalid_argument);
  const std::string file = file_of(path);
  if (file.empty()) return fill(path, contents);
  std::string temporary = file + ".XXXXXX";
  const int fd = ::mkstemp(temporary.data());
  if (fd < 0) return last_system_error();
  ::close(fd);
  Error error = fill("FILE:" + temporary, contents);
  if (!error && ::chmod(temporary.c_str(), S_IRUSR | S_IWUSR) != 0) error = last_system_error();
  if (!error && std::rename(temporary.c_str(), file.c_str()) != 0) error = last_system_error();
  if (error) ::unlink(temporary.c_str());
  return error;
}

// Null: the ticket is not an IssuedTicket, or it is a TGT, with which any reader of the ccache could act as the user at
// every service.
const Credential* credential_of(const ServiceTicket* ticket) {
  const auto* issued = dynamic_cast<const IssuedTicket*>(ticket);
  return issued == nullptr || !issued->credential().tgt_realm().empty() ? nullptr : &issued->credential();
}

}  // namespace

Result<void> v0::export_ccache(const ServiceTicket& ticket, const std::string& path) {
  const Credential* credential = credential_of(&ticket);
  if (credential == nullptr) return make_error_code(boost::system::errc::invalid_argument);
  if (const Error error = write(path, contents_of(std::vector{credential}))) return error;
  return {};
}

Result<void> v0::export_ccache(const ProxyCredential& credential, const std::string& path) {
  const auto* issued = dynamic_cast<const IssuedProxyCredential*>(&credential);
  if (issued == nullptr) return make_error_code(boost::system::errc::invalid_argument);
  if (const Error error = write(path, contents_of(*issued))) return error;
  return {};
}

Result<void> export_tickets(std::span<const TicketPtr> tickets, const std::string& path) {
  std::vector<const Credential*> all;
  for (const TicketPtr& ticket : tickets) {
    all.push_back(credential_of(ticket.get()));
    const bool same_user = all.back() != nullptr && all.back()->client == all.front()->client &&
                           all.back()->client_realm == all.front()->client_realm;
    if (!same_user) return make_error_code(boost::system::errc::invalid_argument);
  }
  if (all.empty()) return make_error_code(boost::system::errc::invalid_argument);
  if (const Error error = write(path, contents_of(all))) return error;
  return {};
}

}  // namespace stead
