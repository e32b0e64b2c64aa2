#pragma once
// A realm for the client's tests, in place of the transport and the locator.
#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "sspi_shim/locate/dc_locator.h"
#include "tests/s4u/toy_kdc.h"

namespace stead {

namespace asio = boost::asio;

// One realm, one DC of 2012 level: grants whatever is asked but HTTP/denied.a, knows every user but "nobody" (all with
// one password), takes every certificate for carol's and for whomever is named beside it, and answers in a later turn.
class OneRealm final : public KdcTransport, public DcLocator {
 public:
  explicit OneRealm(Key own_key) : own_key_(std::move(own_key)) {}

  asio::awaitable<KdcExchangeResult> send(std::string realm, Buffer request) override {
    co_await asio::post(asio::use_awaitable);
    if (gate) co_await gate->async_wait(asio::as_tuple(asio::use_awaitable));
    if (silent) {
      KdcExchangeResult none{Error(asio::error::timed_out), {}};
      co_return none;
    }
    asked.insert(realm);
    Reply reply = answer(realm, std::move(request));
    KdcReply out{std::move(*reply.bytes), reply.from, std::chrono::milliseconds(1)};
    KdcExchangeResult sent{std::move(out), {}};
    co_return sent;
  }
  asio::awaitable<KdcExchangeResult> send_to(std::vector<KnownController> to, std::string realm,
                                             Buffer request) override {
    const KnownController before = where;
    where = to.front();
    KdcExchangeResult sent = co_await send(std::move(realm), std::move(request));
    where = before;
    co_return sent;
  }
  asio::awaitable<std::vector<KnownController>> controllers(std::string) override {
    co_return std::vector<KnownController>(1, where);
  }
  asio::awaitable<DcLevel> level_of(std::string, ControllerAddress) override { co_return DcLevel::w2012; }
  asio::awaitable<Found> find(std::string, DcLevel, std::vector<ControllerAddress>) override {
    Found found;
    if (newer) found.usable.push_back(*newer);
    co_return found;
  }
  asio::awaitable<Result<LocatedController>> locate(std::string, DcLevel, std::string) override {
    Result<LocatedController> none = Error(asio::error::not_found);
    co_return none;
  }
  void mark_silent(const ControllerAddress&) override {}
  void mark_alive(const ControllerAddress&) override {}
  std::optional<KnownController> preferred(const std::string&, DcLevel) override { return {}; }

  KnownController where = dc("dc12.a", DcLevel::w2012);
  std::optional<KnownController> newer;  // whom a search for a DC of a level finds; it grants what `where` refuses
  asio::steady_timer* gate = nullptr;    // requests wait until it is cancelled
  bool silent = false;
  std::optional<S4uUserId> last_user;           // of the last S4U2Self request
  std::optional<std::set<std::string>> trusts;  // realms that it gives TGTs for; none: for all
  std::set<std::string> asked;                  // realms that a request was sent to
  bool echoes = true;                           // PA-S4U-X509-USER in its replies
  std::map<std::string, std::string> accounts;  // by UPN
  std::optional<Key> seal_with;                 // the front end's new key
  std::set<std::string> unknown;                // users that it does not know, besides "nobody"
  bool forgot_its_keys = false;                 // tickets it gave are no good to it any more, once

  std::function<void(EncTicketPart&)> spoil;  // changes what is sealed in tickets to the front end
  std::function<void(Ticket&)> swap;          // changes those tickets on the way

  // Time passes at the KDC.
  void advance(std::chrono::seconds by) { kdc_.ahead += by; }
  // A ticket of the user's own to the front end.
  Ticket evidence_of(const std::string& user, std::chrono::seconds life = std::chrono::hours(8)) {
    EncTicketPart part;
    part.flags = ticket_flag::forwardable;
    part.key = Key::random(EncType::aes256_cts_hmac_sha1_96).to_encryption_key();
    part.crealm = "A";
    part.cname = {NameType::principal, {user}};
    part.authtime = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
    part.endtime = part.authtime + life;
    Ticket out;
    out.realm = "A";
    out.sname = service_name("HTTP/front.a");
    out.enc_part = encrypt_data(own_key_, KeyUsage::ticket, encode(part));
    evidence_[out.enc_part.cipher] = user;
    return out;
  }
  bool allows_denied = false;  // HTTP/denied.a has been repaired
  static constexpr const char* kPassword = "Passw0rd!";

 private:
  Reply answer(const std::string& realm, Buffer bytes) {
    const auto request = decode_kdc_req(bytes).value();
    if (request.type == MessageType::as_req) {
      const std::string client = to_string(*request.body.cname);
      const bool ours = client == "HTTP/front.a";
      if (realm == "A" && unknown.contains(request.body.cname->components.at(0)))
        return kdc_.refuse(KrbErrc::KDC_ERR_C_PRINCIPAL_UNKNOWN, {}, where);
      Reply reply = kdc_.give_tgt(
          request,
          ours ? own_key_ : Key::from_password(EncType::aes256_cts_hmac_sha1_96, kPassword, "A" + client).value(),
          where);
      clients_[decode_kdc_rep(*reply.bytes)->ticket.enc_part.cipher] = client;
      return reply;
    }
    const auto asking =
        kdc_.read(SendToKdc{.exchange = ExchangeKind::tgs, .realm = realm, .request = std::move(bytes)});
    if (forgot_its_keys) {
      forgot_its_keys = false;
      return kdc_.refuse(KrbErrc::KRB_AP_ERR_MODIFIED, {}, where);
    }
    if (asking.x509_user || asking.for_user) {
      last_user = asking.x509_user ? asking.x509_user->user_id : S4uUserId();
      if (!asking.x509_user) last_user->cname = asking.for_user->user_name;
      auto user = last_user->cname ? account_of(last_user->cname->components.at(0)) : "carol";
      if (user == "nobody" || unknown.contains(user))
        return kdc_.refuse(KrbErrc::KDC_ERR_C_PRINCIPAL_UNKNOWN, {}, where);
      ToyKdc::Given given = to_front_end(user);
      if (echoes && asking.x509_user) {
        given.user_id = last_user;
        given.user_id->cname = PrincipalName{NameType::principal, {user}};
      }
      auto reply = kdc_.give(asking, given, where);
      evidence_[decode_kdc_rep(*reply.bytes)->ticket.enc_part.cipher] = user;
      return reply;
    }
    const PrincipalName& sname = *asking.request.body.sname;
    if (is_krbtgt(sname) && trusts && !trusts->contains(sname.components.at(1)))
      return kdc_.refuse(KrbErrc::KDC_ERR_S_PRINCIPAL_UNKNOWN, {}, where);
    const bool denies = !allows_denied && !(newer && where.where == newer->where);
    if (asking.request.body.additional_tickets.empty()) {  // for whoever the TGT is of
      const std::string& client = clients_.at(asking.header.enc_part.cipher);
      if (asking.sname() == "HTTP/front.a") return kdc_.give(asking, to_front_end(client), where);
      return kdc_.give(asking, {asking.sname(), "A", client, "A"}, where);
    }
    if (asking.sname() == "HTTP/denied.a" && denies)
      return kdc_.refuse(KrbErrc::KDC_ERR_BADOPTION, NtStatus::STATUS_NOT_FOUND, where);
    return kdc_.give(
        asking, {asking.sname(), "A", evidence_.at(asking.request.body.additional_tickets.at(0).enc_part.cipher), "A"},
        where);
  }

  std::string account_of(const std::string& name) const {
    const auto found = accounts.find(name);
    return found != accounts.end() ? found->second : name.substr(0, name.find('@'));
  }
  ToyKdc::Given to_front_end(const std::string& client) {
    ToyKdc::Given out{"HTTP/front.a", "A", client, "A"};
    out.seal = seal_with ? *seal_with : own_key_;
    out.spoil = spoil;
    out.swap = swap;
    return out;
  }

  Key own_key_;
  ToyKdc kdc_;
  std::map<Buffer, std::string> evidence_;  // whose, by the ticket
  std::map<Buffer, std::string> clients_;   // the same of TGTs
};

}  // namespace stead
