#include "proxy/sign_in/own_pages.h"

#include <string>
#include <string_view>
#include <utility>

namespace stead::proxy {
namespace {

constexpr std::string_view kStyle =
    "body{font:16px/1.5 system-ui,sans-serif;color:#1c2430;background:#f3f5f8;margin:0;display:flex;min-height:100vh;"
    "align-items:center;justify-content:center}"
    "main{background:#fff;border:1px solid #d5dbe3;border-radius:8px;padding:2rem "
    "2.25rem;width:22rem;max-width:90vw;box-sizing:border-box}"
    "h1{font-size:1.25rem;margin:0 0 1rem}p{margin:.5rem 0}"
    "label{display:block;margin:.9rem 0 .25rem;font-weight:600}"
    "input{width:100%;box-sizing:border-box;padding:.5rem .6rem;font:inherit;border:1px solid "
    "#9aa5b4;border-radius:4px}"
    "button{margin-top:1.25rem;width:100%;padding:.6rem;font:inherit;font-weight:600;color:#fff;background:#1f5fa8;"
    "border:0;border-radius:4px}"
    "input:focus,button:focus{outline:3px solid #8fbaf0}"
    ".message{background:#fdecea;border:1px solid #e6a59e;border-radius:4px;padding:.5rem .75rem}"
    ".id{color:#5a6675;font-size:.85rem;margin-top:1.5rem;overflow-wrap:anywhere}";

std::string page(std::string_view title, std::string_view body) {
  std::string html =
      "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>";
  html.append(escape_html(title)).append("</title><style>").append(kStyle).append("</style></head><body><main>\n");
  html.append(body).append("</main></body></html>\n");
  return html;
}

OwnResponse html_response(int status, std::string body) {
  OwnResponse response{.status = status, .headers = {}, .body = std::move(body)};
  response.headers = {
      {"Content-Type", "text/html; charset=utf-8"},
      {"Cache-Control", "no-store"},
      {"Content-Security-Policy",
       "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"},
      {"X-Frame-Options", "DENY"},
      {"X-Content-Type-Options", "nosniff"},
      {"Referrer-Policy", "same-origin"},
  };
  return response;
}

void hidden_input(std::string& html, std::string_view name, std::string_view value) {
  html.append("<input type=\"hidden\" name=\"")
      .append(name)
      .append("\" value=\"")
      .append(escape_html(value))
      .append("\">\n");
}

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

OwnResponse error_page(int status, std::string_view request_id, std::string_view title, std::string_view what_to_do) {
  std::string body = "<h1>" + escape_html(title) + "</h1>\n<p>" + escape_html(what_to_do) + "</p>\n";
  if (!request_id.empty()) body += "<p class=\"id\">Request id: " + escape_html(request_id) + "</p>\n";
  return html_response(status, page(title, body));
}

OwnResponse redirect_page(std::string_view request_id, std::string_view location, std::string_view title,
                          std::string_view text) {
  OwnResponse response = error_page(303, request_id, title, text);
  response.headers.emplace_back("Location", location);
  return response;
}

OwnResponse not_permitted_page(std::string_view request_id) {
  return error_page(403, request_id, "Not permitted",
                    "Your account may not use this application. Ask your administrator, and give them the request id "
                    "below.");
}

OwnResponse cross_site_page(std::string_view request_id) {
  return error_page(403, request_id, "Request from another site",
                    "A page of another site sent this request in your name, and it was refused. If that page needs it, "
                    "ask your administrator, and give them the request id below.");
}

OwnResponse no_directory_page(std::string_view request_id) {
  OwnResponse response = error_page(503, request_id, "Sign-in is not possible now",
                                    "The sign-in service does not answer. Try again in a moment.");
  response.headers.emplace_back("Retry-After", "5");
  return response;
}

OwnResponse login_page(int status, std::string_view return_path, std::string_view csrf, std::string_view user_name,
                       std::string_view message) {
  std::string body = "<h1>Sign in</h1>\n";
  if (!message.empty()) body += "<p class=\"message\" role=\"alert\">" + escape_html(message) + "</p>\n";
  body += "<form method=\"post\" action=\"/.stead/login\">\n";
  hidden_input(body, "csrf", csrf);
  hidden_input(body, "return", return_path);
  body +=
      "<label for=\"username\">User name</label>\n"
      "<input id=\"username\" name=\"username\" autocomplete=\"username\" autocapitalize=\"none\" spellcheck=\"false\" "
      "required value=\"" +
      escape_html(user_name) + "\"" + (user_name.empty() ? " autofocus" : "") + ">\n";
  body +=
      "<label for=\"password\">Password</label>\n"
      "<input id=\"password\" name=\"password\" type=\"password\" autocomplete=\"current-password\" required" +
      std::string(user_name.empty() ? "" : " autofocus") + ">\n<button type=\"submit\">Sign in</button>\n</form>\n";
  return html_response(status, page("Sign in", body));
}

}  // namespace stead::proxy
