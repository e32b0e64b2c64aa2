#include "kdc/forest/forest_file.h"

#include <arpa/inet.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <ios>
#include <string>
#include <string_view>
#include <system_error>
#include <unordered_set>
#include <utility>
#include <vector>

#include "kdc/forest/account_flags.h"
#include "kdc/forest/account_salt.h"
#include "kdc/forest/case_map.h"
#include "kdc/forest/forest_check.h"
#include "kdc/forest/forest_draft.h"
#include "kdc/forest/forest_names.h"
#include "kdc/forest/functional_level.h"
#include "kdc/forest/limits_reader.h"
#include "sspi_shim/base/hex.h"
#include "sspi_shim/base/text.h"
#include "sspi_shim/protocol/crypto/crypto.h"
#include "sspi_shim/protocol/crypto/enctype_rules.h"

namespace stead::kdc {
namespace {

std::string in_quotes(std::string_view text) {
  return '"' + std::string(text) + '"';
}

std::string read_whole(const std::filesystem::path& path, bool& ok) {
  std::ifstream in(path, std::ios::binary);
  std::string out;
  char block[65536];
  while (in.read(block, sizeof block) || in.gcount() > 0) out.append(block, std::size_t(in.gcount()));
  ok = in.is_open() && !in.bad();
  return out;
}

std::string sha256_hex(std::string_view text) {
  std::array<std::uint8_t, 32> digest{};
  EVP_Digest(text.data(), text.size(), digest.data(), nullptr, EVP_sha256(), nullptr);
  return to_hex(digest);
}

// A certificate in PEM or DER, as DER; empty where it is neither.
Buffer read_certificate(const std::string& content) {
  X509* certificate = nullptr;
  BIO* bio = BIO_new_mem_buf(content.data(), static_cast<int>(content.size()));
  if (content.find("-----BEGIN") != content.npos) {
    certificate = PEM_read_bio_X509(bio, nullptr, nullptr, nullptr);
  } else {
    certificate = d2i_X509_bio(bio, nullptr);
  }
  BIO_free(bio);
  Buffer der;
  if (certificate == nullptr) return der;
  if (const int size = i2d_X509(certificate, nullptr); size > 0) {
    der.resize(static_cast<std::size_t>(size));
    auto* out = der.data();
    i2d_X509(certificate, &out);
  }
  X509_free(certificate);
  return der;
}

class ForestReader {
 public:
  ForestReader(std::filesystem::path folder, FileErrors& errors, FileErrors& warnings)
      : folder_(std::move(folder)), errors_(errors), warnings_(warnings) {}

  void read(const toml::table& root, ForestDraft& draft) {
    TomlTable in(root, "the forest file", errors_);
    for (const auto* table : in.tables("domain")) read_domain(*table, draft);
    for (const auto* table : in.tables("trust")) read_trust(*table, draft);
    if (!in.has("domain")) errors_.add(FilePosition{}, "a forest file needs at least one [[domain]]");
    in.finish();
  }

 private:
  void read_domain(const toml::table& table, ForestDraft& draft) {
    TomlTable in(table, "[[domain]]", errors_);
    Domain domain;
    DomainDraft places;
    places.at = in.at();
    if (in.required_text("realm", domain.realm)) {
      if (domain.realm.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-_") !=
              domain.realm.npos ||
          domain.realm.front() == '.' || domain.realm.back() == '.' || domain.realm.find("..") != domain.realm.npos)
        in.error(in.at("realm"),
                 in_quotes(domain.realm) + " is not a realm: write the domain's DNS name in capital letters");
      domain.realm = to_upper(domain.realm);
    }
    if (!in.any_text("netbios", domain.netbios))
      domain.netbios = domain.realm.substr(0, std::min<std::size_t>(15, domain.realm.find('.')));
    if (domain.netbios.empty() ? in.has("netbios") : domain.netbios.find_first_of("\\/@ \"") != domain.netbios.npos)
      in.error(in.at("netbios"), in_quotes(domain.netbios) + " is not a NetBIOS domain name");
    std::string sid;
    if (in.required_text("sid", sid)) {
      auto parsed = parse_sid(sid);
      if (!parsed || parsed->authority != 5 || parsed->subauthorities.size() != 4 || parsed->subauthorities[0] != 21)
        in.error(in.at("sid"),
                 in_quotes(sid) + " is not a domain SID: write S-1-5-21-A-B-C with three numbers below 2^32");
      else
        domain.sid = *parsed;
    }
    if (!in.any_text("forest", domain.forest)) domain.forest = domain.realm;
    domain.forest = to_lower(domain.forest);
    in.boolean("enforce_forwardable_evidence", domain.enforce_forwardable_evidence);
    in.boolean("allow_rc4", domain.allow_rc4);
    read_policy(in, domain.policy);
    places.realm_at = in.at("realm");
    places.netbios_at = in.at("netbios");
    places.sid_at = in.at("sid");
    for (const auto* controller : in.tables("controller")) read_controller(*controller, domain, places);
    const auto accounts = in.tables("account");
    const auto groups = in.tables("group");
    domain.accounts.reserve(accounts.size() + domain.controllers.size() + 1);  // with krbtgt and the DCs
    places.entries.reserve(accounts.size() + groups.size());
    for (const auto* account : accounts) read_account(*account, domain, places);
    for (const auto* group : groups) read_group(*group, domain, places);
    in.finish();
    draft.forest.domains.push_back(std::move(domain));
    draft.domains.push_back(std::move(places));
  }

  void read_controller(const toml::table& table, Domain& domain, DomainDraft& places) {
    TomlTable in(table, "[[domain.controller]]", errors_);
    Controller controller;
    std::string level = "2016";
    if (in.required_text("name", controller.name)) controller.name = to_lower(controller.name);
    if (in.required_text("address", controller.address)) {
      std::array<std::uint8_t, 16> binary{};
      if (inet_pton(AF_INET, controller.address.c_str(), binary.data()) != 1 &&
          inet_pton(AF_INET6, controller.address.c_str(), binary.data()) != 1)
        in.error(in.at("address"), in_quotes(controller.address) + " is not an IPv4 or IPv6 address");
    }
    in.integer("kerberos_port", controller.kerberos_port, 1, 65535);
    in.integer("ldap_port", controller.ldap_port, 1, 65535);
    in.integer("kpasswd_port", controller.kpasswd_port, 1, 65535);
    if (in.any_text("level", level)) {
      if (const auto found = level_by_name(level))
        controller.level = *found;
      else
        in.error(in.at("level"),
                 in_quotes(level) + " is not a level: write one of 2003 2008 2008R2 2012 2012R2 2016 2019 2022");
    }
    in.any_text("site", controller.site);
    if (controller.site.empty()) in.error(in.at("site"), "\"site\" is empty");
    in.boolean("paused", controller.paused);
    if (std::string text; in.any_text("faults", text)) {
      if (const auto faults = parse_faults(text))
        controller.faults = *faults;
      else
        in.error(in.at("faults"), faults.error().message);
    }
    in.integer("ldaps_port", controller.ldaps_port, 1, 65535);
    controller.certificate = read_file_name(in, "certificate");
    controller.key = read_file_name(in, "key");
    if (controller.certificate.empty() != controller.key.empty())
      in.error(in.at(), "a controller with TLS has \"certificate\" and \"key\"");
    places.controllers.push_back(
        {in.at("name"), in.at("kerberos_port"), in.at("ldap_port"), in.at("kpasswd_port"), in.at("level")});
    in.finish();
    domain.controllers.push_back(std::move(controller));
  }

  // The path of a file that can be read; empty without the key.
  std::string read_file_name(TomlTable& in, std::string_view key) {
    std::string name;
    if (!in.any_text(key, name)) return {};
    const auto path = folder_ / name;
    if (std::ifstream file(path); name.empty() || !file.is_open())
      in.error(in.at(key), "cannot read " + path.string() + ": " + std::strerror(name.empty() ? ENOENT : errno));
    return path.string();
  }

  void read_account(const toml::table& table, Domain& domain, DomainDraft& places) {
    TomlTable in(table, "[[domain.account]]", errors_);
    Account account;
    EntryDraft place;
    read_name_and_rid(in, account.name, account.rid, place);
    read_secret(in, account, place);
    place.upn_at = in.at("upn");
    if (in.any_text("upn", account.upn) && account.upn.empty())
      in.error(in.at("upn"), "\"upn\" is empty: leave it out for none");
    place.groups = in.texts("groups");
    for (const auto& [name, at] : in.texts("flags")) {
      const auto flag = account_flag_by_name(name);
      if (flag == 0) in.error(at, in_quotes(name) + " is not an account flag: write some of " + account_flag_names());
      account.flags |= flag;
    }
    account.salt_name = salt_name_of(account);
    read_logon_limits(in, account);
    std::uint32_t types = 0;
    if (in.integer("supported_encryption_types", types, 0, 0xffffffff)) account.supported_encryption_types = types;
    place.spns_at = read_spns(in, "spns", account.spns);
    read_spns(in, "allowed_to_delegate_to", account.allowed_to_delegate_to);
    place.allowed_to_act = in.text_or_texts("allowed_to_act");
    place.allowed_to_authenticate = in.text_or_texts("allowed_to_authenticate");
    for (const auto& [name, at] : in.texts("certificates")) read_certificate_entry(in, name, at, account);
    in.finish();
    place.index = domain.accounts.size();
    domain.accounts.push_back(std::move(account));
    places.entries.push_back(std::move(place));
  }

  void read_name_and_rid(TomlTable& in, std::string& name, std::uint32_t& rid, EntryDraft& place) {
    place.at = in.at();
    place.name_at = in.at("name");
    if (in.required_text("name", name))
      if (const auto fault = account_name_fault(name); !fault.empty()) in.error(place.name_at, fault);
    place.rid_at = in.at("rid");
    place.rid_given = in.integer("rid", rid, 500, 0x3fffffff);
  }

  void read_secret(TomlTable& in, Account& account, EntryDraft& place) {
    const bool has_password = in.any_text("password", account.secret.password);
    const auto keys = in.text_or_texts("key");
    place.keys_at = in.at("key");
    if (has_password && in.has("key")) in.error(place.keys_at, "an account has \"password\" or \"key\", not both");
    if (!in.has("password") && !in.has("key"))
      in.error(in.at(), "account " + in_quotes(account.name) + " needs \"password\" or \"key\"");
    if (has_password && account.secret.password.empty()) in.error(in.at("password"), "\"password\" is empty");
    if (in.has("key") && keys.empty())
      in.error(place.keys_at, "\"key\" is empty: write \"aes256-cts-hmac-sha1-96:HEX\"");
    for (const auto& [text, at] : keys) {
      const auto colon = text.find(':');
      EncryptionKey key;
      key.type = enctype_by_name(std::string_view(text).substr(0, colon));
      const auto value = colon == text.npos ? Buffer{} : from_hex(std::string_view(text).substr(colon + 1));
      key.value = to_secret(value);
      // The text is a secret, so messages do not repeat it.
      if (key.type == EncType::null || !is_supported(key.type))
        in.error(at,
                 "a key is written \"ENCTYPE:HEX\" with aes256-cts-hmac-sha1-96, aes128-cts-hmac-sha1-96 or rc4-hmac "
                 "before the colon");
      else if (!Key::make(key))
        in.error(at, "a key of " + enctype_name(key.type) + " has another length, or these are no hexadecimal digits");
      else
        account.secret.keys.push_back(std::move(key));
    }
  }

  // The positions of the SPNs. A directory takes any text as SPN, so one that no client can ask for is a warning.
  std::vector<FilePosition> read_spns(TomlTable& in, std::string_view key, std::vector<std::string>& out) {
    std::vector<FilePosition> places;
    std::unordered_set<std::string, CaselessHash, CaselessEqual> seen;
    for (auto& [spn, at] : in.texts(key)) {
      if (spn.empty()) {
        in.error(at, "an SPN is empty");
        continue;
      }
      if (!seen.insert(spn).second) {
        in.error(at, in_quotes(spn) + " is listed twice");
        continue;
      }
      if (!is_spn(spn))
        warnings_.add(
            at, in_quotes(spn) + " is not an SPN that a client asks for: those are SERVICE/HOST, without a realm");
      places.push_back(at);
      out.push_back(std::move(spn));
    }
    return places;
  }

  void read_certificate_entry(TomlTable& in, const std::string& name, FilePosition at, Account& account) {
    if (name.starts_with("X509:")) return account.alt_security_identities.push_back(name);
    bool ok = false;
    const auto path = folder_ / name;
    const auto content = read_whole(path, ok);
    if (!ok) return in.error(at, "cannot read " + path.string() + ": " + std::strerror(errno));
    auto der = read_certificate(content);
    if (der.empty()) return in.error(at, path.string() + " holds no certificate in PEM or DER");
    account.certificates.push_back(std::move(der));
  }

  void read_group(const toml::table& table, Domain& domain, DomainDraft& places) {
    TomlTable in(table, "[[domain.group]]", errors_);
    Group group;
    EntryDraft place;
    place.is_group = true;
    read_name_and_rid(in, group.name, group.rid, place);
    std::string scope;
    if (in.any_text("scope", scope)) {
      if (scope == "global")
        group.scope = GroupScope::global;
      else if (scope == "universal")
        group.scope = GroupScope::universal;
      else if (scope == "domain-local")
        group.scope = GroupScope::domain_local;
      else
        in.error(in.at("scope"), in_quotes(scope) + " is not a scope: write global, universal or domain-local");
    }
    place.groups = in.texts("member_of");
    in.finish();
    place.index = domain.groups.size();
    domain.groups.push_back(std::move(group));
    places.entries.push_back(std::move(place));
  }

  void read_trust(const toml::table& table, ForestDraft& draft) {
    TomlTable in(table, "[[trust]]", errors_);
    Trust trust;
    TrustDraft place;
    place.at = in.at();
    if (!in.has("domains")) in.error(in.at(), "[[trust]] needs \"domains\", an array of two realms");
    place.domains = in.texts("domains");
    if (in.has("domains") && place.domains.size() != 2)
      in.error(in.at("domains"), "\"domains\" of a trust are two realms");
    std::string direction;
    if (in.any_text("direction", direction)) {
      if (direction == "both")
        trust.direction = TrustDirection::both;
      else if (direction == "outbound")
        trust.direction = TrustDirection::outbound;
      else if (direction == "inbound")
        trust.direction = TrustDirection::inbound;
      else
        in.error(in.at("direction"), in_quotes(direction) + " is not a direction: write both, outbound or inbound");
    }
    std::string kind;
    place.kind_at = in.at("kind");
    place.has_kind = in.any_text("kind", kind);
    if (place.has_kind) {
      if (kind == "parent-child")
        trust.kind = TrustKind::parent_child;
      else if (kind == "forest")
        trust.kind = TrustKind::forest;
      else if (kind == "external")
        trust.kind = TrustKind::external;
      else
        in.error(place.kind_at, in_quotes(kind) + " is not a kind of trust: write parent-child, forest or external");
    }
    in.required_text("password", trust.secret.password);
    place.has_sid_filtering = in.boolean("sid_filtering", trust.sid_filtering);
    in.boolean("tgt_delegation", trust.tgt_delegation);
    in.boolean("selective_authentication", trust.selective_authentication);
    for (const auto& [suffix, at] : in.texts("name_suffixes")) {
      if (suffix.empty() || suffix.find_first_of("@/ ") != suffix.npos)
        in.error(at, in_quotes(suffix) + " is not a DNS suffix");
      trust.name_suffixes.push_back(to_lower(suffix));
    }
    in.finish();
    draft.forest.trusts.push_back(std::move(trust));
    draft.trusts.push_back(std::move(place));
  }

  std::filesystem::path folder_;
  FileErrors& errors_;
  FileErrors& warnings_;
};

}  // namespace

ForestFile parse_forest(std::string_view text, const std::string& file_name, const std::filesystem::path& folder) {
  ForestFile out;
  out.digest = sha256_hex(text);
  FileErrors errors(file_name), warnings(file_name);
  if (auto parsed = parse_toml(text, errors)) {
    ForestDraft draft;
    ForestReader(folder, errors, warnings).read(*parsed, draft);
    parsed.reset();  // the tree of a million accounts is larger than the forest
    if (errors.none()) check_and_resolve(draft, errors, warnings);
    out.forest = std::move(draft.forest);
  }
  out.errors = errors.lines();
  out.warnings = warnings.lines();
  return out;
}

ForestFile read_forest_file(const std::filesystem::path& file) {
  bool ok = false;
  std::string text;
  if (std::error_code failed; std::filesystem::is_directory(file, failed))
    errno = EISDIR;  // opening a directory succeeds
  else
    text = read_whole(file, ok);
  if (!ok) {
    ForestFile out;
    out.errors = {file.string() + ":1:1: cannot read the forest file: " + std::strerror(errno)};
    return out;
  }
  return parse_forest(text, file.string(), file.parent_path());
}

}  // namespace stead::kdc
