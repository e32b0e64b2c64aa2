#pragma once
// The sign-in of one core over a scripted directory, and browsers' requests to it.
#include <algorithm>
#include <chrono>
#include <cstddef>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>

#include "proxy/sessions/session_cookie.h"
#include "proxy/sign_in/kerberos_sign_in.h"
#include "proxy/sign_in/login_form.h"
#include "proxy/sign_in/sign_in.h"
#include "sspi_shim/base/base64.h"
#include "tests/krb5/ticket_fixture.h"
#include "tests/proxy/fake_client.h"

namespace stead::proxy::test {

// A browser's request: what it holds outlives the view.
struct BrowserRequest {
  std::string method = "GET", target = "/a/b?c=d", authorization = {}, cookie = {}, accept = "text/html", origin = {},
              sec_fetch_site = {}, content_type = {}, address = "10.0.0.1", certificate_error = {};
  Buffer certificate = {};
  std::string body = {}, host = "web.corp.test", authority = "web.corp.test:8443";
  bool upgrades = false;
};

class SignInFixture : public stead::test::TicketFixture {
 protected:
  void SetUp() override {
    TicketFixture::SetUp();
    config.client.principal = to_string(service_);
    config.client.keytab = keytab_;
    config.kerberos = config.forms = config.certificate_sign_in = true;
    config.forms_realm = "HOME.TEST";
    config.session_lifetime = std::chrono::hours(1);
    config.session_key_file = (folder_ / "session.key").string();
    client->passwords.emplace("alice@HOME.TEST secret", std::string("alice@HOME.TEST"));
    tickets->executor_of_checks = loop.get_executor();
    start();
  }
  void start() {
    memory = make_sign_in_memory();
    use_login_limits(*memory, config.limits);
    auto made = make_sign_in(config, {tickets}, memory);
    ASSERT_TRUE(made) << to_string(made.error());
    sign_in = made->front();
    keys = SessionKeys::open(config.session_key_file).value();
  }
  static Route route(std::vector<SignInMethod> methods, Delegation delegation = Delegation::s4u) {
    Route out;
    out.sign_in = std::move(methods);
    out.delegation = delegation;
    return out;
  }
  [[nodiscard]] RequestView view(const BrowserRequest& r) const {
    RequestView v;
    v.method = r.method, v.target = r.target, v.authorization = r.authorization;
    v.cookie = r.cookie, v.accept = r.accept, v.origin = r.origin, v.sec_fetch_site = r.sec_fetch_site,
    v.content_type = r.content_type;
    v.remote_address = r.address, v.tls = true, v.client_certificate = r.certificate,
    v.client_certificate_error = r.certificate_error;
    v.request_id = "request-1", v.upgrades = r.upgrades;
    v.host = r.host, v.authority = r.authority;
    v.negotiation = negotiation;
    return v;
  }
  template <class T>
  T run(boost::asio::awaitable<T> what) {
    auto out = boost::asio::co_spawn(loop, std::move(what), boost::asio::use_future);
    loop.restart();
    loop.run();
    return out.get();
  }
  std::variant<SignedIn, OwnResponse> decide(const BrowserRequest& request, const Route& wanted) {
    const RequestView seen = view(request);
    const auto known = sign_in->known(seen, wanted);
    auto answer = run(sign_in->decide(seen, wanted));
    if (!known) return answer;
    // Who is known at once is whom decide() finds.
    ++known_at_once;
    const auto* const decided = std::get_if<SignedIn>(&answer);
    EXPECT_TRUE(decided && decided->session.id == known->session.id && decided->session.user == known->session.user &&
                decided->session.forwarded_tgt == known->session.forwarded_tgt &&
                decided->response_headers.size() == known->response_headers.size());
    return answer;
  }
  int known_at_once = 0;
  Negotiation* negotiation = nullptr;  // of the connection
  OwnResponse page(const BrowserRequest& request) {
    const RequestView seen = view(request);
    return run(sign_in->own_page(seen, request.body));
  }
  static std::vector<std::string> values(const HeaderList& headers, std::string_view name) {
    std::vector<std::string> out;
    for (const auto& [key, value] : headers)
      if (key == name) out.push_back(value);
    return out;
  }
  static std::string one(const HeaderList& headers, std::string_view name) {
    const auto all = values(headers, name);
    return all.size() == 1 ? all.front() : all.empty() ? "" : "(several)";
  }
  // "user method", or the status with WWW-Authenticate.
  static std::string told(const std::variant<SignedIn, OwnResponse>& answer) {
    if (const auto* in = std::get_if<SignedIn>(&answer))
      return in->session.user + " " + std::string(to_string(in->session.method));
    const auto& own = std::get<OwnResponse>(answer);
    const std::string how = one(own.headers, "WWW-Authenticate");
    return std::to_string(own.status) + (how.empty() ? "" : " " + how);
  }
  [[nodiscard]] SessionCookie cookie(const std::string& user, SignInMethod method) const {
    const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
    return {.session = {.id = new_session_id(), .user = user, .method = method, .expires = now + std::chrono::hours(1)},
            .issued = now,
            .seen = now,
            .certificate = method == SignInMethod::certificate ? Buffer(32, 1) : Buffer(),
            .groups_digest = config.groups.digest()};
  }
  [[nodiscard]] std::string sealed(const SessionCookie& content) const {
    return "__Host-stead=" + seal_session(*keys, content, "web.corp.test");
  }
  [[nodiscard]] std::string token() const { return "Negotiate " + base64(make_negotiate_token(issue()).value().token); }
  // The form's csrf field and the cookie that it came with.
  BrowserRequest login(const std::string& user, const std::string& password, const std::string& back = "/a") {
    const OwnResponse form = page({.target = "/.stead/login"});
    const std::string set = one(form.headers, "Set-Cookie");
    constexpr std::string_view kField = "name=\"csrf\" value=\"";
    const std::size_t at = form.body.find(kField) + kField.size();
    const std::string csrf = form.body.substr(at, form.body.find('"', at) - at);
    return {.method = "POST",
            .target = "/.stead/login",
            .cookie = set.substr(0, set.find(';')),
            .content_type = "application/x-www-form-urlencoded",
            .body = "username=" + percent_encode(user) + "&password=" + percent_encode(password) +
                    "&return=" + percent_encode(back) + "&csrf=" + csrf};
  }
  [[nodiscard]] int passwords_sent() const {
    return int(std::count_if(client->calls.begin(), client->calls.end(),
                             [](const std::string& call) { return call.starts_with("check_password"); }));
  }
  static std::string session_cookie_of(const HeaderList& headers) {
    for (const auto& value : values(headers, "Set-Cookie"))
      if (value.starts_with("__Host-stead=")) return value.substr(0, value.find(';'));
    return "";
  }

  boost::asio::io_context loop;
  Config config;
  std::shared_ptr<FakeClient> client = std::make_shared<FakeClient>();
  std::shared_ptr<FakeTickets> tickets = std::make_shared<FakeTickets>(client);
  std::shared_ptr<SignInMemory> memory;
  std::shared_ptr<SignIn> sign_in;
  std::optional<SessionKeys> keys;
};

}  // namespace stead::proxy::test
