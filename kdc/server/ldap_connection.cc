#include "kdc/server/ldap_connection.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <utility>
#include <variant>

#include "kdc/ldap/changes/directory_change.h"
#include "kdc/ldap/cldap_responder.h"
#include "kdc/ldap/entries/root_dse.h"
#include "kdc/ldap/search.h"
#include "sspi_shim/base/text.h"

namespace stead::kdc {
namespace {

using std::chrono::steady_clock;

constexpr std::size_t kMaxMessage = 4 * 1024 * 1024, kMaxMessageUnbound = 256 * 1024;
// A core answers Kerberos requests between two steps of a search.
constexpr std::size_t kTermsPerStep = 1024, kBytesPerStep = 64 * 1024;

std::int64_t unix_time() {
  return std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
}

const LdapResult kNotBound = {LdapCode::operations_error,
                              "000004DC: LdapErr: comment: In order to perform this operation a successful bind must "
                              "be completed on the connection., data 0"};

bool is_known_control(std::string_view oid) {
  constexpr std::string_view kKnown[] = {ldap_oid::paged_results,     ldap_oid::domain_scope, ldap_oid::search_options,
                                         ldap_oid::permissive_modify, ldap_oid::sd_flags,
                                         "2.16.840.1.113730.3.4.2",  // ManageDsaIT: there are no referral objects
                                         "1.2.840.113556.1.4.619"};  // lazy commit: a hint
  return std::find(std::begin(kKnown), std::end(kKnown), oid) != std::end(kKnown);
}

const LdapControl* find_control(const std::vector<LdapControl>& controls, std::string_view oid) {
  const auto found =
      std::find_if(controls.begin(), controls.end(), [&](const LdapControl& each) { return each.oid == oid; });
  return found == controls.end() ? nullptr : &*found;
}

LdapReplyKind reply_kind(const LdapOperation& operation) {
  if (std::holds_alternative<SearchRequest>(operation)) return LdapReplyKind::search_done;
  if (std::holds_alternative<ModifyRequest>(operation)) return LdapReplyKind::modify;
  if (std::holds_alternative<AddRequest>(operation)) return LdapReplyKind::add;
  if (std::holds_alternative<DeleteRequest>(operation)) return LdapReplyKind::remove;
  if (std::holds_alternative<ModifyDnRequest>(operation)) return LdapReplyKind::modify_dn;
  if (std::holds_alternative<CompareRequest>(operation)) return LdapReplyKind::compare;
  if (std::holds_alternative<BindRequest>(operation)) return LdapReplyKind::bind;
  return LdapReplyKind::extended;
}

std::string target_of(const LdapOperation& operation) {
  if (const auto* modify = std::get_if<ModifyRequest>(&operation)) return modify->object;
  if (const auto* add = std::get_if<AddRequest>(&operation)) return add->entry;
  if (const auto* remove = std::get_if<DeleteRequest>(&operation)) return remove->entry;
  if (const auto* rename = std::get_if<ModifyDnRequest>(&operation)) return rename->entry;
  return {};
}

// What runs on the pool. Parameters are values: the caller's frame may be destroyed first at shutdown.
asio::awaitable<void> make_members(std::shared_ptr<const Tree> tree) {
  (void)tree->snapshot().members();
  co_return;
}
asio::awaitable<LdapResult> changed(Directory* directory, ChangeRequest request) {
  co_return apply_change(*directory, request);
}

}  // namespace

void LdapConnection::log(std::string_view kind, std::string_view target, const LdapResult& result) const {
  if (!endpoint_.core().options.log_requests) return;
  spdlog::debug("{} LDAP {} client={} target=\"{}\" answer={}{}{}", endpoint_.served().controller.name, kind,
                caller_.is_anonymous() ? "-" : caller_.name, target, static_cast<int>(result.code),
                result.message.empty() ? "" : " why=", result.message);
}

asio::awaitable<void> LdapConnection::serve(bool tls_first, ConnectionList::Listed& listed) {
  if (tls_first) {
    const bool secure = co_await channel_.start_tls(endpoint_.tls());
    if (!secure) co_return;
  }
  for (;;) {
    listed.begin_message();
    Result<Buffer> message = co_await channel_.read_message(caller_.is_anonymous() ? kMaxMessageUnbound : kMaxMessage);
    if (!message) {
      if (message.error().category() != wire_category()) co_return;
      log("?", "", {LdapCode::protocol_error, message.error().message()});
      Buffer notice = encode_notice_of_disconnection({LdapCode::protocol_error, "the bytes are no LDAP message"});
      (void)co_await channel_.write(std::move(notice));
      co_return;
    }
    const bool more = co_await answer(std::move(*message));
    if (!more) co_return;
  }
}

asio::awaitable<bool> LdapConnection::reply(std::int32_t id, LdapReplyKind kind, LdapResult result) {
  Buffer response = encode_ldap_result(id, kind, result);
  const bool sent = co_await channel_.write(std::move(response));
  co_return sent;
}

asio::awaitable<bool> LdapConnection::answer(Buffer message) {
  Result<LdapRequest> decoded = decode_ldap_request(message);
  if (!decoded) {
    log("?", "", {LdapCode::protocol_error, decoded.error().message()});
    Buffer notice = encode_notice_of_disconnection({LdapCode::protocol_error, "the message is malformed"});
    (void)co_await channel_.write(std::move(notice));
    co_return false;
  }
  LdapRequest request = std::move(*decoded);
  if (std::holds_alternative<UnbindRequest>(request.operation)) co_return false;
  // Requests are answered one after another, so that there is none to abandon.
  if (std::holds_alternative<AbandonRequest>(request.operation)) co_return true;
  const auto unknown = [](const LdapControl& control) { return control.critical && !is_known_control(control.oid); };
  const LdapReplyKind kind = reply_kind(request.operation);
  if (std::any_of(request.controls.begin(), request.controls.end(), unknown)) {
    LdapResult refusal{LdapCode::unavailable_critical_extension, "a critical control is not known here"};
    const bool sent = co_await reply(request.id, kind, std::move(refusal));
    co_return sent;
  }
  bool more = false;
  if (auto* bind_request = std::get_if<BindRequest>(&request.operation))
    more = co_await bind(request.id, std::move(*bind_request));
  else if (auto* search_request = std::get_if<SearchRequest>(&request.operation))
    more = co_await search(request.id, std::move(*search_request), std::move(request.controls), message);
  else if (auto* compare_request = std::get_if<CompareRequest>(&request.operation))
    more = co_await compare(request.id, std::move(*compare_request));
  else if (auto* extended_request = std::get_if<ExtendedRequest>(&request.operation))
    more = co_await extended(request.id, std::move(*extended_request));
  else
    more = co_await change(request.id, std::move(request.operation),
                           find_control(request.controls, ldap_oid::permissive_modify) != nullptr);
  co_return more;
}

// --- searches ------------------------------------------------------------------------------------------------------------

asio::awaitable<bool> LdapConnection::search(std::int32_t id, SearchRequest request, std::vector<LdapControl> controls,
                                             Bytes message) {
  const auto tree = endpoint_.tree();
  LdapResult refusal;
  Buffer replies;
  if (!tree) {
    refusal = {LdapCode::unavailable, "the directory does not have this DC's domain"};
  } else if (request.base.empty() && request.scope == SearchRequest::Scope::base) {
    const auto is_netlogon = [](const std::string& name) { return equal_ignoring_case(name, "netlogon"); };
    if (std::any_of(request.attributes.begin(), request.attributes.end(), is_netlogon)) {
      replies = cldap_reply(tree->snapshot(), tree->domain(), tree->controller(), message);
    } else {
      const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
      auto root = root_dse(*tree, now, endpoint_.tls() != nullptr);
      replies = encode_search_entry(id, {"", selected_attributes(std::move(root), request)});
      append(replies, encode_ldap_result(id, LdapReplyKind::search_done, {}));
    }
    log("search", "rootDSE", {});
  } else if (caller_.is_anonymous()) {
    refusal = kNotBound;
  }
  std::optional<PagedResults> pages;
  if (const auto* control = find_control(controls, ldap_oid::paged_results)) {
    auto decoded = decode_paged_results(control->value.value_or(Buffer{}));
    if (decoded)
      pages = std::move(*decoded);
    else
      refusal = {LdapCode::protocol_error, "the paged results control is malformed"};
  }
  if (!refusal.ok()) {
    log("search", request.base, refusal);
    replies = encode_ldap_result(id, LdapReplyKind::search_done, refusal);
  }
  bool more = false;
  if (!replies.empty())
    more = co_await channel_.write(std::move(replies));
  else
    more = co_await run_search(id, std::move(request), std::move(pages));
  co_return more;
}

asio::awaitable<bool> LdapConnection::run_search(std::int32_t id, SearchRequest request,
                                                 std::optional<PagedResults> pages) {
  const auto tree = endpoint_.tree();
  Core& core = endpoint_.core();
  if (FilterMatcher::needs_members(request.filter)) {
    auto work = make_members(tree);
    co_await asio::co_spawn(core.pool, std::move(work), asio::use_awaitable);
  }
  const std::string base = request.base;
  const auto run = std::make_unique<SearchRun>(id, tree, std::move(request), pages, steady_clock::now());
  if (run->needs_members()) {
    auto work = make_members(tree);
    co_await asio::co_spawn(core.pool, std::move(work), asio::use_awaitable);
  }
  for (;;) {
    Buffer replies;
    const bool done = run->step(kTermsPerStep, kBytesPerStep, steady_clock::now(), replies);
    if (!replies.empty()) {
      const bool sent = co_await channel_.write(std::move(replies));
      if (!sent) co_return false;
    }
    if (done) break;
    co_await asio::post(core.io, asio::use_awaitable);
  }
  log("search", base, {});
  co_return true;
}

asio::awaitable<bool> LdapConnection::compare(std::int32_t id, CompareRequest request) {
  const auto tree = endpoint_.tree();
  LdapResult result = kNotBound;
  if (tree && !caller_.is_anonymous()) {
    if (const auto entry = tree->find(request.entry)) {
      Filter filter;
      filter.kind = Filter::Kind::equality;
      filter.attribute = request.attribute;
      filter.value = request.value;
      const bool same = FilterMatcher(*tree, std::move(filter)).matches(*entry);
      result = {same ? LdapCode::compare_true : LdapCode::compare_false, ""};
    } else {
      result = no_such_object(*tree, request.entry);
    }
  }
  log("compare", request.entry, result);
  const bool sent = co_await reply(id, LdapReplyKind::compare, std::move(result));
  co_return sent;
}

// --- the rest ------------------------------------------------------------------------------------------------------------

asio::awaitable<bool> LdapConnection::extended(std::int32_t id, ExtendedRequest request) {
  bool more = false;
  if (request.oid == ldap_oid::start_tls) {
    more = co_await start_tls(id);
    co_return more;
  }
  LdapResult result;
  std::optional<Buffer> value;
  if (request.oid == ldap_oid::who_am_i) {
    std::string who;
    if (!caller_.is_anonymous()) {
      const auto* account = caller_.sid.empty() ? nullptr : endpoint_.core().snapshot().by_sid(caller_.sid);
      who =
          "u:" + (account != nullptr ? account->domain->domain->netbios + '\\' + account->account->name : caller_.name);
    }
    value = to_buffer(as_bytes(who));
  } else {
    result = {LdapCode::protocol_error, "the extended operation is not known here"};
  }
  log("extended", request.oid, result);
  Buffer response = encode_extended_response(id, result, "", value);
  more = co_await channel_.write(std::move(response));
  co_return more;
}

asio::awaitable<bool> LdapConnection::start_tls(std::int32_t id) {
  LdapResult result;
  if (endpoint_.tls() == nullptr)
    result = {LdapCode::unavailable, "the DC has no certificate"};
  else if (channel_.has_tls() || channel_.has_layer() || sasl_)
    result = {LdapCode::operations_error, "TLS begins before anything else protects the connection"};
  log("StartTLS", "", result);
  // What came behind this request came in the clear, and would be taken for the client's words within TLS.
  if (result.ok() && channel_.has_unread()) co_return false;
  Buffer response = encode_extended_response(id, result, ldap_oid::start_tls, {});
  const bool sent = co_await channel_.write(std::move(response));
  if (!sent || !result.ok()) co_return sent;
  caller_ = {};
  const bool secure = co_await channel_.start_tls(endpoint_.tls());
  co_return secure;
}

asio::awaitable<bool> LdapConnection::change(std::int32_t id, LdapOperation operation, bool permissive) {
  Core& core = endpoint_.core();
  const LdapReplyKind kind = reply_kind(operation);
  const std::string target = target_of(operation);
  LdapResult result = kNotBound;
  if (!caller_.is_anonymous() && !core.has_room_for_job()) {
    result = {LdapCode::busy, "too many requests"};
  } else if (!caller_.is_anonymous()) {
    ChangeRequest request{caller_,     endpoint_.served().realm, channel_.is_confidential(), permissive,
                          unix_time(), std::move(operation)};
    const BlockingJob job(core);
    auto work = changed(&core.directory, std::move(request));
    result = co_await asio::co_spawn(core.pool, std::move(work), asio::use_awaitable);
  }
  log(kind == LdapReplyKind::add ? "add" : kind == LdapReplyKind::remove ? "delete" : "modify", target, result);
  if (result.ok()) spdlog::info("{} changed {} by LDAP", caller_.name, target);
  const bool sent = co_await reply(id, kind, std::move(result));
  co_return sent;
}

}  // namespace stead::kdc
