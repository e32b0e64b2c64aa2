#include "proxy/pages/render.h"

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/http/text_rules.h"
#include "proxy/pages/german.h"
#include "sspi_shim/base/bytes.h"
#include "sspi_shim/base/text.h"

namespace stead::proxy {
namespace {

// The first colours are for light, those in the media query for dark. --line (borders of fields) has 4.6:1 and 4.8:1
// against the page, the focus ring 5:1 and more, text 7:1 and more.
constexpr std::string_view kStyle =
    ":root{color-scheme:light dark;--page:#f3f5f8;--card:#fff;--text:#1c2430;--quiet:#4a5665;--line:#6b7685;"
    "--accent:#1f5fa8;--on-accent:#fff;--warn:#fdecea;--warn-line:#b3372b}"
    "@media(prefers-color-scheme:dark){:root{--page:#12161c;--card:#1b2129;--text:#e8ecf1;--quiet:#b4becb;"
    "--line:#8592a3;--accent:#8fbaf0;--on-accent:#10161e;--warn:#3a1d1a;--warn-line:#f0938a}}"
    "body{font:1rem/1.5 system-ui,sans-serif;color:var(--text);background:var(--page);margin:0;display:flex;"
    "min-height:100vh;align-items:center;justify-content:center}"
    "main{background:var(--card);border:1px solid var(--line);border-radius:8px;padding:2rem 2.25rem;width:22rem;"
    "max-width:90vw;box-sizing:border-box;overflow-wrap:break-word}"
    "header{display:flex;gap:.75rem;align-items:center;margin:0 0 1rem;color:var(--quiet)}header img{max-height:3rem;"
    "max-width:100%}"
    "h1{font-size:1.25rem;margin:0 0 1rem}p{margin:.5rem 0}a{color:var(--accent)}"
    "label{display:block;margin:.9rem 0 .25rem;font-weight:600}"
    "input{width:100%;box-sizing:border-box;padding:.5rem .6rem;font:inherit;color:inherit;background:var(--card);"
    "border:1px solid var(--line);border-radius:4px}"
    "button{margin-top:1.25rem;width:100%;padding:.6rem;font:inherit;font-weight:600;color:var(--on-accent);"
    "background:var(--accent);border:0;border-radius:4px;cursor:pointer}"
    "input:focus-visible,button:focus-visible,a:focus-visible{outline:3px solid var(--accent);outline-offset:2px}"
    ".message{background:var(--warn);border:1px solid var(--warn-line);border-radius:4px;padding:.5rem .75rem}"
    ".quiet{color:var(--quiet);font-size:.875rem;overflow-wrap:anywhere}.id{margin-top:1.5rem}";

constexpr std::string_view kTemplate =
    "<!DOCTYPE html>\n<html lang=\"{{language}}\"><head><meta charset=\"utf-8\">"
    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>{{title}}</title>"
    "<style>{{style}}</style></head><body><main>\n{{header}}{{content}}</main></body></html>\n";

void hidden_input(std::string& html, std::string_view name, std::string_view value) {
  html.append("<input type=\"hidden\" name=\"").append(name).append("\" value=\"");
  html.append(escape_html(value)).append("\">\n");
}

class Page {
 public:
  Page(const PageContent& content, const Pages& pages, std::string_view language)
      : content_(content), pages_(pages), language_(language) {}

  [[nodiscard]] std::string html() const {
    const std::string body = this->body(), title = this->title(), header = this->header();
    std::string style(kStyle);
    if (!pages_.color.empty())
      style += "@media not (prefers-color-scheme:dark){:root{--accent:" + pages_.color + ";--on-accent:#fff}}";
    style += pages_.style;
    std::string out;
    std::string_view rest = pages_.html.empty() ? kTemplate : std::string_view(pages_.html);
    while (true) {
      const std::size_t begin = rest.find("{{"), end = rest.find("}}", begin);
      if (end == std::string_view::npos) return out.append(rest);
      const std::string_view name = rest.substr(begin + 2, end - begin - 2);
      out.append(rest.substr(0, begin));
      if (name == "language") out.append(language_);
      if (name == "title") out.append(title);
      if (name == "style") out.append(style);
      if (name == "header") out.append(header);
      if (name == "content") out.append(body);
      if (name == "name") out.append(escape_html(pages_.name));
      if (name == "request_id") out.append(escape_html(content_.request_id));
      rest.remove_prefix(end + 2);
    }
  }

 private:
  // Translated, filled in and escaped.
  [[nodiscard]] std::string text(std::string_view english) const { return filled(english, content_.values); }
  [[nodiscard]] std::string title() const { return filled(content_.title, {content_.site}); }
  [[nodiscard]] std::string filled(std::string_view english, const std::vector<std::string>& values) const {
    std::string out;
    std::string_view rest = translated(english, language_, pages_);
    for (const std::string& value : values) {
      const std::size_t at = rest.find("{}");
      if (at == std::string_view::npos) break;
      out += escape_html(rest.substr(0, at)) + escape_html(value);
      rest.remove_prefix(at + 2);
    }
    return out + escape_html(rest);
  }
  [[nodiscard]] std::string header() const {
    if (pages_.logo.empty() && pages_.name.empty()) return {};
    std::string out = "<header>";
    if (!pages_.logo.empty())
      out += "<img src=\"" + pages_.logo + "\" alt=\"" + escape_html(pages_.name) + "\">";
    else
      out += "<strong>" + escape_html(pages_.name) + "</strong>";
    return out + "</header>\n";
  }
  [[nodiscard]] std::string body() const {
    std::string html = "<h1>" + title() + "</h1>\n";
    if (!content_.message.empty()) html += "<p class=\"message\" role=\"alert\">" + text(content_.message) + "</p>\n";
    if (!content_.text.empty()) html += "<p>" + text(content_.text) + "</p>\n";
    if (content_.form == PageForm::login) add_login(html);
    if (content_.form == PageForm::sign_out) add_sign_out(html);
    if (!content_.link.empty())
      html += "<p><a href=\"" + escape_html(content_.link) + "\"" + (content_.new_window ? " target=\"_blank\"" : "") +
              ">" + text(content_.link_text) + "</a></p>\n";
    if (!content_.request_id.empty())
      html += "<p class=\"quiet id\">" + text("Request id") + ": " + escape_html(content_.request_id) + "</p>\n";
    return html;
  }
  void add_login(std::string& html) const {
    html += "<form method=\"post\" action=\"/.stead/login\">\n";
    hidden_input(html, "csrf", content_.csrf);
    hidden_input(html, "return", content_.return_path);
    const bool named = !content_.user_name.empty();
    html += "<label for=\"username\">" + text("User name") +
            "</label>\n<input id=\"username\" name=\"username\" autocomplete=\"username\" autocapitalize=\"none\" "
            "spellcheck=\"false\" required value=\"" +
            escape_html(content_.user_name) + "\"" + (named ? "" : " autofocus") + ">\n";
    html += "<label for=\"password\">" + text("Password") +
            "</label>\n<input id=\"password\" name=\"password\" type=\"password\" autocomplete=\"current-password\" "
            "required" +
            (named ? " autofocus" : "") + ">\n<button type=\"submit\">" + text("Sign in") + "</button>\n</form>\n";
  }
  void add_sign_out(std::string& html) const {
    html += "<form method=\"post\" action=\"/.stead/logout\">\n<button type=\"submit\">" + text("Sign out") +
            "</button>\n</form>\n";
  }

  const PageContent& content_;
  const Pages& pages_;
  std::string_view language_;
};

}  // namespace

std::string escape_html(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string language_for(std::string_view accept_language, const Pages& pages) {
  constexpr std::size_t kMaxLanguages = 16;
  std::string best = pages.languages.front();
  double highest = 0;
  for (std::size_t i = 0; i < kMaxLanguages && !accept_language.empty(); ++i) {
    const std::size_t end = std::min(accept_language.find(','), accept_language.size());
    std::string_view range = accept_language.substr(0, end);
    accept_language.remove_prefix(std::min(end + 1, accept_language.size()));
    double quality = 1;
    if (const std::size_t q = range.find(";"); q != std::string_view::npos) {
      const std::string weight(trim_blanks(range.substr(q + 1)));
      if (weight.starts_with("q=") || weight.starts_with("Q=")) quality = std::strtod(weight.c_str() + 2, nullptr);
      range = range.substr(0, q);
    }
    // "de-AT" is served by "de".
    const std::string wanted = to_lower(trim_blanks(range.substr(0, range.find('-'))));
    const bool has = std::find(pages.languages.begin(), pages.languages.end(), wanted) != pages.languages.end();
    if (!has || !(quality > highest)) continue;
    highest = quality;
    best = wanted;
  }
  return best;
}

std::string_view translated(std::string_view english, std::string_view language, const Pages& pages) {
  const auto own = pages.texts.find(std::string(language));
  if (own != pages.texts.end()) {
    const auto text = own->second.find(std::string(english));
    if (text != own->second.end()) return text->second;
  }
  if (language == "de")
    if (const std::string_view german = in_german(english); !german.empty()) return german;
  return english;
}

std::string render(const PageContent& content, const Pages& pages, std::string_view language) {
  return Page(content, pages, language).html();
}

void dress(OwnResponse& response, const RequestHead& request, const Pages& pages) {
  if (!response.page) return;
  const auto found = std::find_if(request.fields.begin(), request.fields.end(), [](const Field& field) {
    return equal_ignoring_case(field.name, "accept-language");
  });
  const std::string language = language_for(found == request.fields.end() ? std::string_view{} : found->value, pages);
  response.body = render(*response.page, pages, language);
  response.headers.emplace_back("Content-Language", language);
  response.headers.emplace_back("Vary", "Accept-Language");
}

}  // namespace stead::proxy
