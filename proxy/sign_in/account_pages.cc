#include "proxy/sign_in/account_pages.h"

#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "proxy/http/cookies.h"
#include "proxy/pages/own_pages.h"
#include "proxy/sign_in/cross_site.h"
#include "proxy/sign_in/sign_in_audit.h"

namespace stead::proxy {
namespace {

namespace asio = boost::asio;

asio::awaitable<OwnResponse> no_such_page(const RequestView& request) {
  co_return error_page(404, request.request_id, "Not found", "There is no such page here.");
}

bool reads(const RequestView& request) {
  return request.method == "GET" || request.method == "HEAD";
}

OwnResponse not_allowed(const RequestView& request, std::string_view allowed) {
  OwnResponse response =
      error_page(405, request.request_id, "Method not allowed", "This page does not accept that method.");
  response.headers.emplace_back("Allow", allowed);
  return response;
}

}  // namespace

asio::awaitable<OwnResponse> AccountPages::page(const RequestView& request, std::string body) {
  const std::string_view path = request.target.substr(0, request.target.find('?'));
  if (path == kLoginPath && config_.forms) return login(request, std::move(body));
  if (path == kLogoutPath) return logout(request);
  if (path == kSignedInPath && reads(request)) return signed_in(request);
  if (path == kWhoamiPath) return who_am_i(request);
  return no_such_page(request);
}

asio::awaitable<OwnResponse> AccountPages::login(const RequestView& request, std::string body) {
  if (reads(request)) {
    const bool had_session = find_cookie(request.cookie, session_cookie_name(request.tls)).has_value();
    const bool has_ended = had_session && !sessions_.find(request);
    co_return forms_.form_for(request, has_ended ? text_of(LoginTrouble::session_ended) : std::string_view{});
  }
  if (request.method != "POST") co_return not_allowed(request, "GET, HEAD, POST");
  auto response = co_await forms_.post(request, std::move(body));
  co_return response;
}

asio::awaitable<OwnResponse> AccountPages::logout(const RequestView& request) {
  if (request.method == "POST") {
    auto response = co_await log_out(request);
    co_return response;
  }
  if (!reads(request)) co_return not_allowed(request, "GET, HEAD, POST");
  const auto cookie = sessions_.find(request);
  co_return sign_out_page(cookie ? cookie->session.user : "",
                          config_.forms ? SignInAgain::by_form : SignInAgain::by_the_first_page);
}

asio::awaitable<OwnResponse> AccountPages::signed_in(const RequestView& request) {
  if (const auto cookie = sessions_.find(request)) co_return signed_in_page(cookie->session.user);
  co_return redirect_page(request.request_id, config_.forms ? kLoginPath : "/", "Sign-in needed",
                          "Continue with the login form.");
}

// Where there is no form, a page that says it: the first page of the site would sign the user in again at once.
std::string AccountPages::after_sign_out(const RequestView& request) const {
  if (!config_.forms) return std::string(kLogoutPath);
  std::string out(kLoginPath);
  if (is_browser(request)) out.append("?why=").append(word_of(LoginTrouble::signed_out));
  return out;
}

asio::awaitable<OwnResponse> AccountPages::log_out(const RequestView& request) {
  if (!is_same_origin(request))
    co_return error_page(403, request.request_id, "Not signed out", "The request to sign out came from another site.");
  if (const auto cookie = sessions_.find(request)) {
    co_await sessions_.end(cookie->session);
    tickets_->forget(cookie->session);
    audit_session(AuditKind::sign_out, request, cookie->session);
  }
  OwnResponse response =
      redirect_page(request.request_id, after_sign_out(request), "Signed out", "You are signed out.");
  response.headers.emplace_back("Set-Cookie", removed_session_cookie(request));
  co_return response;
}

asio::awaitable<OwnResponse> AccountPages::who_am_i(const RequestView& request) {
  if (!reads(request)) co_return not_allowed(request, "GET, HEAD");
  OwnResponse response{
      .status = 200, .headers = {{"Content-Type", "application/json"}, {"Cache-Control", "no-store"}}, .body = {}};
  const auto cookie = sessions_.find(request);
  if (cookie && fits_certificate(request, *cookie)) {
    response.body = session_json(cookie->session);
    co_return response;
  }
  if (config_.certificate_sign_in && !request.client_certificate.empty()) {
    auto answer = co_await certificates_.sign_in(request, CertificateUse::optional);
    if (const auto* const signed_in = std::get_if<SignedIn>(&answer)) {
      response.body = session_json(signed_in->session);
      response.headers.insert(response.headers.end(), signed_in->response_headers.begin(),
                              signed_in->response_headers.end());
      co_return response;
    }
  }
  response.status = 401;
  response.headers.emplace_back("WWW-Authenticate", kFormScheme);
  response.body = "{\"user\": null}\n";
  co_return response;
}

}  // namespace stead::proxy
