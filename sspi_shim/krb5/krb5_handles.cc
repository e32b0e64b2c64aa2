#include "sspi_shim/krb5/krb5_handles.h"

#include <cstdint>
#include <set>
#include <string>
#include <utility>

#include "sspi_shim/krb5/conf/krb5_conf_fault.h"

// Boost's error_category has no virtual destructor; categories are never deleted.
#pragma GCC diagnostic ignored "-Wnon-virtual-dtor"

namespace stead {
namespace {

class Category final : public boost::system::error_category {
 public:
  [[nodiscard]] const char* name() const noexcept override { return "libkrb5"; }
  [[nodiscard]] std::string message(int code) const override { return libkrb5_message(nullptr, code); }
};

Bytes bytes_of(const krb5_data& data) {
  return {reinterpret_cast<const std::uint8_t*>(data.data), data.length};
}

}  // namespace

const boost::system::error_category& libkrb5_category() noexcept {
  static const Category category;
  return category;
}

std::string libkrb5_message(krb5_context context, krb5_error_code code) {
  const char* text = krb5_get_error_message(context, code);
  std::string message = text;
  krb5_free_error_message(context, text);
  return message;
}

Problem no_libkrb5(Error error) {
  if (auto fault = find_krb5_conf_fault()) {
    fault->message = "libkrb5 cannot be started: " + fault->message;
    fault->code = error;
    return std::move(*fault);
  }
  return {.message = "libkrb5 cannot be started: " + error.message(), .code = error};
}

std::string contents_text(const std::set<std::string>& names) {
  std::string out;
  for (const std::string& name : names) out += (out.empty() ? "" : ", ") + name;
  return out.empty() ? "; it is empty" : "; it has " + out;
}

Result<Krb5Context> make_krb5_context() {
  krb5_context context = nullptr;
  if (const krb5_error_code code = krb5_init_context(&context)) return libkrb5_error(code);
  return Krb5Context(context);
}

Result<Krb5Principal> to_krb5(krb5_context context, const Principal& principal) {
  std::string text = to_string(principal.name);
  text += '@';  // a realm, even an empty one: no default realm is put in
  text += principal.realm;
  krb5_principal raw = nullptr;
  if (const krb5_error_code code = krb5_parse_name(context, text.c_str(), &raw)) return libkrb5_error(code);
  raw->type = static_cast<krb5_int32>(principal.name.type);
  return Krb5Principal(raw, FreeKrb5Principal{context});
}

Principal from_krb5(krb5_const_principal principal) {
  Principal out;
  out.realm = as_text(bytes_of(principal->realm));
  out.name.type = static_cast<NameType>(principal->type);
  for (krb5_int32 i = 0; i < principal->length; ++i)
    out.name.components.emplace_back(as_text(bytes_of(principal->data[i])));
  return out;
}

}  // namespace stead
