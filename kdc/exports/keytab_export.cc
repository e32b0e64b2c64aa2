#include "kdc/exports/keytab_export.h"

#include <krb5/krb5.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "kdc/directory/account_enctypes.h"
#include "sspi_shim/base/text.h"
#include "sspi_shim/protocol/crypto/enctype_rules.h"

namespace stead::kdc {
namespace {

struct FreeContext {
  void operator()(krb5_context context) const noexcept { krb5_free_context(context); }
};
using Krb5Context = std::unique_ptr<std::remove_pointer_t<krb5_context>, FreeContext>;

// The keys of a keytab, and the names they stand under.
struct KeytabContent {
  const Keys* keys = nullptr;
  std::vector<EncType> types;
  std::vector<std::string> names;  // with realm
};

void add_account(const AccountEntry& entry, KeytabContent& out) {
  const auto& realm = entry.domain->domain->realm;
  out.keys = entry.keys.get();
  out.types = ticket_enctypes(entry);
  out.names.push_back(entry.account->name + '@' + realm);
  if (entry.domain->krbtgt == &entry) out.names.push_back("krbtgt/" + realm + '@' + realm);
  for (const auto& spn : entry.account->spns) out.names.push_back(spn + '@' + realm);
}

bool add_trust(const DomainEntry& domain, std::string_view target, KeytabContent& out) {
  for (const auto& trust : domain.trusts) {
    if (!equal_ignoring_case(trust.partner->domain->realm, target)) continue;
    out.keys = trust.outgoing.get();
    out.types = directory_enctypes(domain.domain->allow_rc4 ? Rc4::allowed : Rc4::refused);
    out.names.push_back("krbtgt/" + trust.partner->domain->realm + '@' + domain.domain->realm);
    return true;
  }
  return false;
}

const AccountEntry* find_in(const Snapshot& snapshot, const DomainEntry& domain, std::string_view name) {
  if (const auto* found = snapshot.by_spn(domain, name)) return found;
  if (const auto* found = snapshot.account(domain, name)) return found;
  return snapshot.by_host_alias(domain, name);
}

// The account, or the trust, that `principal` names.
Checked<KeytabContent> find_content(const Snapshot& snapshot, std::string_view principal) {
  const auto text = std::string(principal);
  const auto at = principal.rfind('@');
  const auto* domain = at == principal.npos ? nullptr : snapshot.domain(principal.substr(at + 1));
  const auto name = domain == nullptr ? principal : principal.substr(0, at);
  KeytabContent out;
  std::vector<const AccountEntry*> found;
  for (const auto& candidate : snapshot.forest().domains) {
    const auto* entry = snapshot.domain(candidate.realm);
    if (domain != nullptr && entry != domain) continue;
    const auto spns = entry->by_spn.find(name);
    if (spns != entry->by_spn.end() && spns->second.size() > 1)
      return Problem{text + " is an SPN of several accounts of " + candidate.realm + ", see setspn -X", {}, {}};
    if (name.starts_with("krbtgt/")) {
      const auto target = name.substr(7);
      if (equal_ignoring_case(target, candidate.realm))
        found.push_back(entry->krbtgt);
      else if (domain != nullptr && add_trust(*entry, target, out))
        return out;
    } else if (const auto* account = find_in(snapshot, *entry, name)) {
      found.push_back(account);
    } else if (const auto upn = entry->by_upn.find(principal); upn != entry->by_upn.end()) {
      found.push_back(upn->second);
    }
  }
  if (found.empty()) return Problem{"no account or SPN " + text + " in the forest file", {}, {}};
  if (found.size() > 1) return Problem{"several domains have " + text + ": name it with @REALM", {}, {}};
  add_account(*found.front(), out);
  // HOST/x stands for this SPN: tickets have the SPN's name, which is not among the account's own names.
  if (snapshot.by_host_alias(*found.front()->domain, name) == found.front())
    out.names.push_back(std::string(name) + '@' + found.front()->domain->domain->realm);
  return out;
}

std::string error_text(krb5_context context, krb5_error_code code) {
  const char* text = krb5_get_error_message(context, code);
  std::string out = text;
  krb5_free_error_message(context, text);
  return out;
}

krb5_error_code write_entries(krb5_context context, const KeytabContent& content, const std::string& file) {
  krb5_keytab keytab = nullptr;
  krb5_error_code code = krb5_kt_resolve(context, ("FILE:" + file).c_str(), &keytab);
  if (code != 0) return code;
  for (const auto& name : content.names) {
    krb5_keytab_entry entry{};
    code = krb5_parse_name(context, name.c_str(), &entry.principal);
    for (const auto type : content.types) {
      if (code != 0) break;
      content.keys->derive(type);
      const auto* key = content.keys->find(type);
      if (key == nullptr) continue;
      entry.vno = content.keys->kvno();
      entry.key.enctype = static_cast<krb5_enctype>(type);
      entry.key.length = static_cast<unsigned>(key->value().size());
      entry.key.contents = const_cast<krb5_octet*>(key->value().data());  // libkrb5 only reads it
      code = krb5_kt_add_entry(context, keytab, &entry);
    }
    krb5_free_principal(context, entry.principal);
    if (code != 0) break;
  }
  krb5_kt_close(context, keytab);
  return code;
}

}  // namespace

Checked<void> write_keytab(const Snapshot& snapshot, std::string_view principal, const std::filesystem::path& out) {
  const auto content = find_content(snapshot, principal);
  if (!content) return content.error();
  if (content->types.empty())
    return Problem{std::string(principal) + " has no key of an encryption type that it may use",
                   {},
                   "see supported_encryption_types and allow_rc4 in the forest file"};
  krb5_context raw = nullptr;
  if (const auto code = krb5_init_context(&raw); code != 0)
    return Problem{"cannot set up libkrb5: " + error_text(nullptr, code), {}, {}};
  const Krb5Context context(raw);
  // A new file that replaces the old one: no reader sees half a keytab, and its mode is right from the start.
  const auto fresh = out.string() + ".new-" + std::to_string(getpid());
  ::unlink(fresh.c_str());
  const auto old_mask = umask(077);
  const auto code = write_entries(context.get(), *content, fresh);
  umask(old_mask);
  if (code == 0 && ::rename(fresh.c_str(), out.c_str()) == 0) return {};
  const auto why = code != 0 ? error_text(context.get(), code) : std::string(std::strerror(errno));
  ::unlink(fresh.c_str());
  return Problem{"cannot write " + out.string() + ": " + why, {}, {}};
}

}  // namespace stead::kdc
