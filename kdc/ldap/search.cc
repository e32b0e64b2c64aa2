#include "kdc/ldap/search.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "sspi_shim/base/text.h"

namespace stead::kdc {
namespace {

using std::chrono::steady_clock;

// "member;range=0-1499"; the second number may be "*".
struct Range {
  std::size_t first = 0;
  std::optional<std::size_t> last;
};
std::optional<Range> range_of(std::string_view description) {
  const auto at = to_lower(description).find(";range=");
  if (at == std::string::npos) return std::nullopt;
  const auto text = description.substr(at + 7);
  const auto dash = text.find('-');
  if (dash == text.npos) return std::nullopt;
  const auto first = parse_number<std::uint32_t>(text.substr(0, dash));
  if (!first) return std::nullopt;
  Range out{*first, {}};
  if (text.substr(dash + 1) != "*") {
    const auto last = parse_number<std::uint32_t>(text.substr(dash + 1));
    if (!last) return std::nullopt;
    out.last = *last;
  }
  return out;
}

std::string_view bare(std::string_view description) {
  return description.substr(0, description.find(';'));
}

bool has_name(const std::vector<std::string>& list, std::string_view name) {
  return std::any_of(list.begin(), list.end(),
                     [&](const std::string& each) { return equal_ignoring_case(bare(each), name); });
}

// A cookie: the position of the next entry, and the RID of the account there, which stays where the position does not.
constexpr std::size_t kCookieSize = 12;

}  // namespace

LdapResult no_such_object(const Tree& tree, std::string_view name) {
  LdapResult out{LdapCode::no_such_object, "0000208D: NameErr: no object '" + std::string(name) + "'"};
  auto parsed = parse_ldap_name(name);
  if (!parsed) return {LdapCode::invalid_dn_syntax, "0000208F: NameErr: this is no distinguished name"};
  const DomainEntry* domain = tree.snapshot().domain(to_upper(zone_of(*parsed)));
  if (domain != nullptr && domain != &tree.domain() && name_key(*parsed).find("configuration") == std::string::npos) {
    const auto zone = to_lower(domain->domain->realm);
    return {LdapCode::referral,
            "0000202B: RefErr: the object is in " + zone,
            {},
            {"ldap://" + zone + '/' + std::string(name)}};
  }
  for (auto above = parent_of(*parsed); !above.empty(); above = parent_of(above))
    if (const auto found = tree.find(above)) {
      out.matched_dn = tree.dn(*found);
      break;
    }
  return out;
}

std::vector<EntryAttribute> selected_attributes(std::vector<EntryAttribute> all, const SearchRequest& request) {
  if (!request.attributes.empty() && !has_name(request.attributes, "*") && !has_name(request.attributes, "+"))
    std::erase_if(all, [&](const EntryAttribute& each) { return !has_name(request.attributes, each.name); });
  if (request.types_only)
    for (auto& each : all) each.values.clear();
  return all;
}

SearchRun::SearchRun(std::int32_t message_id, std::shared_ptr<const Tree> tree, SearchRequest request,
                     const std::optional<PagedResults>& pages, steady_clock::time_point now)
    : id_(message_id),
      tree_(std::move(tree)),
      request_(std::move(request)),
      terms_(count_terms(request_.filter)),
      paged_(pages.has_value()),
      matcher_(*tree_, request_.filter) {
  auto limit = kMaxSearchTime;
  if (request_.time_limit > 0) limit = std::min(limit, std::chrono::seconds(request_.time_limit));
  deadline_ = now + limit;
  if (pages && pages->size > 0) page_size_ = std::min<std::size_t>(page_size_, std::size_t(pages->size));
  if (!find_base()) return;
  if (request_.scope == SearchRequest::Scope::base)
    candidates_ = std::vector<Entry>{*base_};
  else
    candidates_ = matcher_.candidates();
  end_ = candidates_ ? candidates_->size() : tree_->size();
  if (!pages || pages->cookie.empty()) return;
  if (pages->cookie.size() != kCookieSize)
    refusal_ = LdapResult{LdapCode::unwilling_to_perform, "00000057: LdapErr: the cookie is not one of this server"};
  else
    position_ = first_position(pages->cookie);
}

bool SearchRun::find_base() {
  base_ = request_.base.empty() ? std::nullopt : tree_->find(request_.base);
  if (base_) return true;
  refusal_ = request_.base.empty() ? LdapResult{LdapCode::no_such_object, "0000208D: NameErr: the base is empty"}
                                   : no_such_object(*tree_, request_.base);
  return false;
}

bool SearchRun::needs_members() const {
  // By default a group comes with its members.
  const bool asks =
      request_.attributes.empty() || has_name(request_.attributes, "*") || has_name(request_.attributes, "member");
  const auto is_group = [](const Entry& entry) { return entry.group.group != nullptr; };
  return asks && (!candidates_ || std::any_of(candidates_->begin(), candidates_->end(), is_group));
}

bool SearchRun::in_scope(const Entry& entry) const {
  switch (request_.scope) {
    case SearchRequest::Scope::base:
      return true;
    case SearchRequest::Scope::one_level:
      return base_->fixed && tree_->parent(entry) == base_->fixed;
    case SearchRequest::Scope::subtree:
      return base_->fixed ? tree_->is_below(entry, *base_->fixed) : entry == *base_;
  }
  return false;
}

Entry SearchRun::entry_at(std::size_t position) const {
  return candidates_ ? (*candidates_)[position] : tree_->at(position);
}

bool SearchRun::step(std::size_t terms, std::size_t bytes, steady_clock::time_point now, Buffer& replies) {
  if (refusal_) return finish(*refusal_, {}, replies), true;
  const std::size_t limit =
      request_.size_limit > 0 ? std::size_t(request_.size_limit) : std::numeric_limits<std::size_t>::max();
  const std::size_t entries = std::max<std::size_t>(1, terms / terms_);
  for (std::size_t i = 0; i < entries && replies.size() < bytes; ++i, ++position_) {
    if (position_ >= end_) return finish({}, {}, replies), true;
    const Entry entry = entry_at(position_);
    if (!in_scope(entry) || !matcher_.matches(entry)) continue;
    // One more entry than a limit allows: only now is it known that the result is not complete.
    if (found_ == std::min(limit, page_size_)) {
      const bool page_is_full = paged_ && found_ == page_size_;
      const LdapCode code = page_is_full ? LdapCode::success : LdapCode::size_limit_exceeded;
      return finish({code, page_is_full ? "" : "the result has more entries than the limit"},
                    paged_ ? std::optional(position_) : std::nullopt, replies),
             true;
    }
    add_reply(entry, replies);
  }
  if (now > deadline_) return finish({LdapCode::time_limit_exceeded, "the search took too long"}, {}, replies), true;
  return false;
}

void SearchRun::add_reply(const Entry& entry, Buffer& replies) {
  append(replies, encode_search_entry(id_, selected(entry)));
  ++found_;
}

SearchEntry SearchRun::selected(const Entry& entry) const {
  SearchEntry out{tree_->dn(entry), {}};
  if (request_.attributes.empty() || has_name(request_.attributes, "*"))
    for (const auto name : default_attributes(*tree_, entry)) add_attribute(entry, name, out);
  for (const auto& asked : request_.attributes)
    if (asked != "*" && asked != "+" && asked != "1.1") add_attribute(entry, asked, out);
  return out;
}

void SearchRun::add_attribute(const Entry& entry, std::string_view asked, SearchEntry& out) const {
  const auto name = bare(asked);
  const auto same = [&](const EntryAttribute& each) { return equal_ignoring_case(bare(each.name), name); };
  if (std::any_of(out.attributes.begin(), out.attributes.end(), same)) return;
  if (equal_ignoring_case(name, "member")) return add_members(entry, asked, out);
  // MS-ADTS §3.1.1.4.5.19: only a search of the object itself has it.
  if (equal_ignoring_case(name, "tokenGroups") && request_.scope != SearchRequest::Scope::base) return;
  Values values = values_of(*tree_, entry, name);
  if (values.empty()) return;
  if (request_.types_only) values.clear();
  const AttributeType* type = attribute_type(name);
  const bool has_options = name.size() != asked.size();
  out.attributes.push_back({std::string(type != nullptr && !has_options ? type->name : asked), std::move(values)});
}

void SearchRun::add_members(const Entry& entry, std::string_view asked, SearchEntry& out) const {
  if (entry.group.group == nullptr) return;
  const std::size_t all = member_count(*tree_, entry.group);
  const auto range = range_of(asked);
  const std::size_t first = range ? range->first : 0;
  if (first >= all) return;
  std::size_t count = std::min(all - first, kMaxValueRange);
  if (range && range->last) count = std::min(count, *range->last < first ? 0 : *range->last - first + 1);
  Values values = member_names(*tree_, entry.group, first, count);
  std::string name = "member";
  if (range || count < all) {
    const bool is_last = first + values.size() == all;
    name += ";range=" + std::to_string(first) + '-' + (is_last ? "*" : std::to_string(first + values.size() - 1));
  }
  if (request_.types_only) values.clear();
  out.attributes.push_back({std::move(name), std::move(values)});
}

Buffer SearchRun::cookie_of(std::size_t next) const {
  Buffer out(kCookieSize);
  store_le64(out.data(), next);
  const Entry entry = entry_at(next);
  store_le32(out.data() + 8, entry.account != nullptr ? entry.account->account->rid : 0);
  return out;
}

// Accounts may have gone since the cookie was made: the one with its RID tells where the search is.
std::size_t SearchRun::first_position(const Buffer& cookie) const {
  const auto position = std::size_t(load_le64(cookie.data()));
  const std::uint32_t rid = load_le32(cookie.data() + 8);
  const DomainEntry& domain = tree_->domain();
  if (candidates_ || rid == 0) return position;
  const auto found = domain.by_rid.find(rid);
  if (found == domain.by_rid.end()) return position;
  const auto index = std::size_t(found->second->account - domain.domain->accounts.data());
  return tree_->size() - domain.accounts.size() + index;
}

void SearchRun::finish(LdapResult result, std::optional<std::size_t> next, Buffer& replies) const {
  std::vector<LdapControl> controls;
  if (paged_ && !refusal_) {
    const PagedResults page{0, next ? cookie_of(*next) : Buffer{}};
    controls.push_back({"1.2.840.113556.1.4.319", false, encode(page)});
  }
  append(replies, encode_ldap_result(id_, LdapReplyKind::search_done, result, controls));
}

}  // namespace stead::kdc
