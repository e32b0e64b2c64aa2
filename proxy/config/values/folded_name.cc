#include "proxy/config/values/folded_name.h"

#include <string>
#include <string_view>

#include "sspi_shim/base/unicode.h"

namespace stead::proxy {

std::string folded_name(std::string_view name) {
  std::string out;
  while (!name.empty()) {
    const CodePoint c = first_code_point(name);
    if (c.is_well_formed)
      append_utf8(out, folded_letter(c.value));
    else
      out += name.substr(0, c.size);
    name.remove_prefix(c.size);
  }
  return out;
}

}  // namespace stead::proxy
