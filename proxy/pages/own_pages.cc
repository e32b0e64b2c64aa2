#include "proxy/pages/own_pages.h"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace stead::proxy {

OwnResponse own_page(int status, PageContent content) {
  OwnResponse response{.status = status, .headers = {}, .body = render(content, Pages{}, "en")};
  response.headers = {
      {"Content-Type", "text/html; charset=utf-8"},
      {"Cache-Control", "no-store"},
      {"Content-Security-Policy",
       "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'self'; base-uri 'none'; "
       "frame-ancestors 'none'"},
      {"X-Frame-Options", "DENY"},
      {"X-Content-Type-Options", "nosniff"},
      {"Referrer-Policy", "same-origin"},
  };
  response.page = std::move(content);
  return response;
}

OwnResponse error_page(int status, std::string_view request_id, std::string_view title, std::string_view what_to_do,
                       std::vector<std::string> values) {
  return own_page(status, {.title = std::string(title),
                           .text = std::string(what_to_do),
                           .values = std::move(values),
                           .request_id = std::string(request_id)});
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

OwnResponse cross_site_page(std::string_view request_id, std::string_view origin) {
  constexpr std::string_view kTitle = "Request from another site";
  if (origin.empty() || origin == "null")
    return error_page(403, request_id, kTitle,
                      "A page of another site sent this request in your name, and it was refused. If that page needs "
                      "it, ask your administrator, and give them the request id below.");
  return error_page(403, request_id, kTitle,
                    "A page of {} sent this request in your name, and it was refused. If that page needs it, ask your "
                    "administrator, and give them the request id below.",
                    {std::string(origin)});
}

OwnResponse no_directory_page(std::string_view request_id) {
  OwnResponse response = error_page(503, request_id, "Sign-in is not possible now",
                                    "The sign-in service does not answer. Try again in a moment.");
  response.headers.emplace_back("Retry-After", "5");
  return response;
}

OwnResponse session_ended_page(std::string_view request_id) {
  return own_page(401,
                  {.title = "Your session has ended",
                   .text = "What you sent was not processed. Sign in again in a new window, then come back here and "
                           "load this page again: your browser then offers to send it once more.",
                   .request_id = std::string(request_id),
                   .link = std::string(kLoginPath) + "?return=" + std::string(kSignedInPath),
                   .link_text = "Sign in in a new window",
                   .new_window = true});
}

OwnResponse sign_out_page(std::string_view user, SignInAgain again) {
  PageContent content{.title = "Sign out", .text = "You are signed in as {}.", .values = {std::string(user)}};
  content.form = PageForm::sign_out;
  if (user.empty()) {
    content = {.title = "Signed out", .text = "You are not signed in."};
    content.link = again == SignInAgain::by_form ? kLoginPath : "/";
    content.link_text = "Sign in again";
  }
  return own_page(200, std::move(content));
}

OwnResponse signed_in_page(std::string_view user) {
  return own_page(200, {.title = "Signed in",
                        .text = "You can close this window, and load the other one again.",
                        .values = {std::string(user)},
                        .message = "You are signed in as {}."});
}

}  // namespace stead::proxy
