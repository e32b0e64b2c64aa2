#pragma once
// One search as a machine without I/O: each step looks at some entries and appends replies, so that a search of a large
// directory neither blocks its core nor collects its result.
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "kdc/ldap/entries/filter_matcher.h"
#include "kdc/ldap/wire/ldap_reply.h"

namespace stead::kdc {

constexpr std::size_t kMaxPageSize = 1000;    // entries of a search, or of a page (AD's MaxPageSize)
constexpr std::size_t kMaxValueRange = 1500;  // values of one attribute (AD's MaxValRange); `;range=` asks for more
constexpr std::chrono::seconds kMaxSearchTime{120};

class SearchRun {
 public:
  // `pages`: the paged results control, if the request has one.
  SearchRun(std::int32_t message_id, std::shared_ptr<const Tree> tree, SearchRequest request,
            const std::optional<PagedResults>& pages, std::chrono::steady_clock::time_point now);

  SearchRun(const SearchRun&) = delete;
  SearchRun& operator=(const SearchRun&) = delete;

  // True if Snapshot::members() is to be called, where that may take long, before the first step. The filter may need it
  // too, before the constructor: see FilterMatcher::needs_members.
  [[nodiscard]] bool needs_members() const;
  // Looks at entries until about `terms` terms of the filter are evaluated or the replies have `bytes` bytes; at one at
  // least. True: the search is over, and the last of the replies says so.
  bool step(std::size_t terms, std::size_t bytes, std::chrono::steady_clock::time_point now, Buffer& replies);

 private:
  [[nodiscard]] bool find_base();
  [[nodiscard]] bool in_scope(const Entry& entry) const;
  [[nodiscard]] Entry entry_at(std::size_t position) const;
  [[nodiscard]] SearchEntry selected(const Entry& entry) const;
  void add_attribute(const Entry& entry, std::string_view asked, SearchEntry& out) const;
  void add_members(const Entry& entry, std::string_view asked, SearchEntry& out) const;
  void add_reply(const Entry& entry, Buffer& replies);
  void finish(LdapResult result, std::optional<std::size_t> next, Buffer& replies) const;
  [[nodiscard]] std::size_t first_position(const Buffer& cookie) const;
  [[nodiscard]] Buffer cookie_of(std::size_t next) const;

  std::int32_t id_;
  std::shared_ptr<const Tree> tree_;
  SearchRequest request_;
  std::size_t terms_;  // of the filter
  bool paged_;
  std::size_t page_size_ = kMaxPageSize;
  std::optional<LdapResult> refusal_;
  FilterMatcher matcher_;
  std::optional<Entry> base_;
  std::optional<std::vector<Entry>> candidates_;  // nothing: all entries of the tree
  std::size_t position_ = 0, end_ = 0, found_ = 0;
  std::chrono::steady_clock::time_point deadline_;
};

// The attributes of `all` that a search asks for: of the rootDSE.
[[nodiscard]] std::vector<EntryAttribute> selected_attributes(std::vector<EntryAttribute> all,
                                                              const SearchRequest& request);
// AD's text for a name that is not there.
[[nodiscard]] LdapResult no_such_object(const Tree& tree, std::string_view name);

}  // namespace stead::kdc
