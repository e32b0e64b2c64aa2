#pragma once
// The proxy's own pages as HTML: without scripts, external resources and internal details, in the reader's language, in
// light or dark as the browser wishes. Colours of text, borders and the focus ring have the contrast of WCAG 2.2 AA.
#include <string>
#include <string_view>

#include "proxy/config/config.h"
#include "proxy/http/message_head.h"
#include "proxy/http/own_response.h"

namespace stead::proxy {

[[nodiscard]] std::string escape_html(std::string_view text);

// The best of the languages that the pages have for an Accept-Language (RFC 9110 §12.5.4); else the first of `pages`.
[[nodiscard]] std::string language_for(std::string_view accept_language, const Pages& pages);

// A text of the proxy in a language: as [pages] says it, else as shipped, else in English.
[[nodiscard]] std::string_view translated(std::string_view english, std::string_view language, const Pages& pages);

// With the text's placeholders "{}" filled in, and everything escaped.
[[nodiscard]] std::string render(const PageContent& content, const Pages& pages, std::string_view language);

// Renders the response's page again, in the operator's look and the language that the request wants. A response without a
// page stays as it is.
void dress(OwnResponse& response, const RequestHead& request, const Pages& pages);

}  // namespace stead::proxy
