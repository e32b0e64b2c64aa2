#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "proxy/sign_in/login_form.h"
#include "tests/fuzz/fuzz_roundtrip.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace stead;
  using namespace stead::proxy;
  const std::string_view text = as_text({data, size});
  if (const auto path = safe_return_path(text)) {
    fuzz::expect(path->starts_with('/') && !path->starts_with("//") && !path->starts_with("/\\"),
                 "a path of this origin");
    fuzz::expect(path->find_first_of("\r\n\t\\ ") == std::string::npos,
                 "nothing that a header or a browser reads otherwise");
  }
  fuzz::expect(form_decode(percent_encode(text)) == std::string(text), "escapes come back");
  static_cast<void>(query_parameter(text, "return"));
  const auto form = parse_login_form(text);
  if (!form) return 0;
  const std::string again = "username=" + percent_encode(form->username) +
                            "&password=" + percent_encode(form->password) +
                            "&return=" + percent_encode(form->return_path) + "&csrf=" + percent_encode(form->csrf);
  const auto same = parse_login_form(again);
  fuzz::expect(same && same->username == form->username && same->password == form->password &&
                   same->return_path == form->return_path && same->csrf == form->csrf,
               "the form as we would write it says the same");
  return 0;
}
