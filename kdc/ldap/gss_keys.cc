#include "kdc/ldap/gss_keys.h"

#include <gssapi/gssapi_ext.h>
#include <gssapi/gssapi_krb5.h>
#include <krb5/krb5.h>

#include <atomic>
#include <utility>
#include <vector>

#include "sspi_shim/protocol/crypto/enctype_rules.h"

namespace stead::kdc {
namespace {

struct FreeContext {
  void operator()(krb5_context context) const noexcept { krb5_free_context(context); }
};

Problem krb5_problem(krb5_context context, krb5_error_code code, const char* what) {
  const char* const text = krb5_get_error_message(context, code);
  Problem out{std::string(what) + ": " + text, {}, {}};
  krb5_free_error_message(context, text);
  return out;
}

}  // namespace

struct GssKeys::State {
  std::unique_ptr<std::remove_pointer_t<krb5_context>, FreeContext> context;
  krb5_keytab keytab = nullptr;  // its content lives while this is open
  gss_cred_id_t credential = GSS_C_NO_CREDENTIAL;
  std::shared_ptr<const Keys> keys, previous_keys;

  ~State() {
    OM_uint32 minor = 0;
    if (credential != GSS_C_NO_CREDENTIAL) gss_release_cred(&minor, &credential);
    if (keytab != nullptr) krb5_kt_close(context.get(), keytab);
  }

  krb5_error_code add_key(krb5_principal name, const Keys& from, EncType type) const {
    from.derive(type);
    const Key* key = from.find(type);
    if (key == nullptr) return 0;
    EncryptionKey plain = key->to_encryption_key();
    krb5_keytab_entry entry{};
    entry.principal = name;
    entry.vno = from.kvno();
    entry.key.enctype = static_cast<krb5_enctype>(type);
    entry.key.length = static_cast<unsigned>(plain.value.size());
    entry.key.contents = plain.value.data();
    return krb5_kt_add_entry(context.get(), keytab, &entry);
  }

  Checked<void> fill(const AccountEntry& account) {
    krb5_context raw = nullptr;
    if (const auto code = krb5_init_context(&raw)) return krb5_problem(nullptr, code, "cannot use libkrb5");
    context.reset(raw);
    static std::atomic<unsigned> number{0};
    const std::string name = "MEMORY:stead-kdc-" + std::to_string(++number);
    if (const auto code = krb5_kt_resolve(raw, name.c_str(), &keytab))
      return krb5_problem(raw, code, "cannot make a keytab");
    krb5_principal principal = nullptr;
    const std::string text = account.account->name + '@' + account.domain->domain->realm;
    if (const auto code = krb5_parse_name(raw, text.c_str(), &principal))
      return krb5_problem(raw, code, "cannot use the DC's name");
    krb5_error_code failed = 0;
    // Of every type: a DC's tickets have any that its domain knows, whatever its account says.
    const auto types = directory_enctypes(account.domain->domain->allow_rc4 ? Rc4::allowed : Rc4::refused);
    for (const auto& from : {keys, previous_keys})
      for (const EncType type : types)
        if (from && failed == 0) failed = add_key(principal, *from, type);
    krb5_free_principal(raw, principal);
    if (failed != 0) return krb5_problem(raw, failed, "cannot make a keytab");
    gss_key_value_element_desc element{"keytab", name.c_str()};
    const gss_key_value_set_desc store{1, &element};
    OM_uint32 minor = 0;
    const OM_uint32 major = gss_acquire_cred_from(&minor, GSS_C_NO_NAME, GSS_C_INDEFINITE, GSS_C_NO_OID_SET,
                                                  GSS_C_ACCEPT, &store, &credential, nullptr, nullptr);
    if (GSS_ERROR(major)) return Problem{gss_failure_text(major, minor), {}, {}};
    return {};
  }
};

GssKeys::GssKeys(std::unique_ptr<State> state) : state_(std::move(state)) {}
GssKeys::~GssKeys() = default;

Checked<std::shared_ptr<const GssKeys>> GssKeys::make(const AccountEntry& account) {
  auto state = std::make_unique<State>();
  state->keys = account.keys;
  state->previous_keys = account.previous_keys;
  if (const auto ok = state->fill(account); !ok) return ok.error();
  return std::shared_ptr<const GssKeys>(new GssKeys(std::move(state)));
}

gss_cred_id_t GssKeys::credential() const {
  return state_->credential;
}

const Keys& GssKeys::keys() const {
  return *state_->keys;
}

bool GssKeys::are_of(const AccountEntry& account) const {
  return state_->keys == account.keys && state_->previous_keys == account.previous_keys;
}

std::string gss_failure_text(OM_uint32 major, OM_uint32 minor) {
  std::string out;
  for (const auto& [code, kind] : {std::pair{major, GSS_C_GSS_CODE}, {minor, GSS_C_MECH_CODE}}) {
    OM_uint32 ignored = 0, more = 0;
    gss_buffer_desc text = GSS_C_EMPTY_BUFFER;
    if (code == 0 || GSS_ERROR(gss_display_status(&ignored, code, kind, GSS_C_NO_OID, &more, &text))) continue;
    out.append(out.empty() ? "" : ": ").append(static_cast<const char*>(text.value), text.length);
    gss_release_buffer(&ignored, &text);
  }
  return out;
}

}  // namespace stead::kdc
