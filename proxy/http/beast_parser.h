#pragma once
// Boost.Beast's HTTP/1 parser with its events as functions that do nothing: a parser of ours overrides those it needs.
// For source files only: no header of ours includes Beast.
#include <boost/beast/core/string_type.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/field.hpp>
#include <boost/beast/http/verb.hpp>
#include <boost/optional/optional.hpp>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "stead/result.h"

namespace stead::proxy {

template <bool IsRequest>
class BeastParser : public boost::beast::http::basic_parser<IsRequest> {
 protected:
  using Text = boost::beast::string_view;
  using FieldName = boost::beast::http::field;
  using Verb = boost::beast::http::verb;
  using Length = boost::optional<std::uint64_t>;

  [[nodiscard]] static std::string_view view(Text text) { return {text.data(), text.size()}; }

  // Text arguments are views into the octets that were put, but for the value of a folded field (obs-fold).
  void on_request_impl(Verb, Text /*method*/, Text /*target*/, int /*version*/, Error&) override {}
  void on_response_impl(int /*status*/, Text /*reason*/, int /*version*/, Error&) override {}
  void on_field_impl(FieldName, Text /*name*/, Text /*value*/, Error&) override {}
  void on_header_impl(Error&) override {}
  void on_body_init_impl(const Length&, Error&) override {}
  std::size_t on_body_impl(Text /*body*/, Error&) override { return 0; }
  void on_chunk_header_impl(std::uint64_t /*size*/, Text /*extensions*/, Error&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t /*remain*/, Text /*body*/, Error&) override { return 0; }
  void on_finish_impl(Error&) override {}
};

}  // namespace stead::proxy
