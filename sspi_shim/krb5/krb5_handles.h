#pragma once
// Owners of libkrb5's handles, and its errors as one line of text. A context stays on the thread that made it.
#include <krb5.h>

#include <boost/system/error_code.hpp>
#include <memory>
#include <set>
#include <string>

#include "sspi_shim/base/problem.h"
#include "sspi_shim/protocol/types/types.h"

namespace stead {

// Error codes of libkrb5 (com_err numbers).
const boost::system::error_category& libkrb5_category() noexcept;
[[nodiscard]] inline Error libkrb5_error(krb5_error_code code) {
  return {static_cast<int>(code), libkrb5_category()};
}
[[nodiscard]] std::string libkrb5_message(krb5_context context, krb5_error_code code);
// For make_krb5_context's error: krb5.conf does not parse, for example.
[[nodiscard]] Problem no_libkrb5(Error error);
// For a keytab or a ccache without what was wanted: "; it has A, B" or "; it is empty".
[[nodiscard]] std::string contents_text(const std::set<std::string>& names);

struct FreeKrb5Context {
  void operator()(krb5_context context) const noexcept { krb5_free_context(context); }
};
using Krb5Context = std::unique_ptr<std::remove_pointer_t<krb5_context>, FreeKrb5Context>;
[[nodiscard]] Result<Krb5Context> make_krb5_context();

struct FreeKrb5Principal {
  krb5_context context;
  void operator()(krb5_principal principal) const noexcept { krb5_free_principal(context, principal); }
};
using Krb5Principal = std::unique_ptr<std::remove_pointer_t<krb5_principal>, FreeKrb5Principal>;
[[nodiscard]] Result<Krb5Principal> to_krb5(krb5_context context,
                                            const Principal& principal);  // an empty realm stays empty
[[nodiscard]] Principal from_krb5(krb5_const_principal principal);

struct CloseKrb5Ccache {
  krb5_context context;
  void operator()(krb5_ccache ccache) const noexcept { krb5_cc_close(context, ccache); }
};
using Krb5Ccache = std::unique_ptr<std::remove_pointer_t<krb5_ccache>, CloseKrb5Ccache>;

}  // namespace stead
