#include "proxy/config/answer_keys.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>

#include "proxy/config/values/values.h"

namespace stead::proxy {
namespace {

constexpr std::size_t kMaxBody = 1024 * 1024;

bool is_target(std::string_view text) {
  const auto is_bad = [](char c) { return static_cast<unsigned char>(c) <= 0x20 || c == 0x7f || c == '\\'; };
  if (std::any_of(text.begin(), text.end(), is_bad)) return false;
  if (text.starts_with("https://") || text.starts_with("http://")) return text.find("://") + 3 < text.size();
  return text.starts_with('/') && !text.starts_with("//");
}

void read_redirect(TomlTable& route, FileErrors& errors, Route& out) {
  const toml::node* const node = route.find("redirect");
  if (node == nullptr) return;
  Redirect redirect;
  const auto check = [&](FilePosition at) {
    if (!is_target(redirect.to))
      errors.add(at, "redirect: \"" + redirect.to + "\" is neither an https or http URL nor a path");
  };
  if (const auto text = node->value_exact<std::string>()) {
    redirect.to = *text;
    check(position_of(*node));
  } else if (const toml::table* const values = node->as_table()) {
    TomlTable table(*values, "redirect", errors);
    if (table.required_text("to", redirect.to)) check(table.at("to"));
    table.integer("status", redirect.status, 301, 308);
    constexpr std::array kStatus{301, 302, 303, 307, 308};
    if (std::find(kStatus.begin(), kStatus.end(), redirect.status) == kStatus.end())
      table.error("status", "status is none of 301, 302, 303, 307, 308");
    table.boolean("keep_path", redirect.keep_path);
    table.finish();
    if (redirect.keep_path && redirect.to.find_first_of("?#") != std::string::npos)
      table.error("to", "to has a query, and keep_path would put the path behind it");
  } else {
    route.error("redirect", "redirect must be a URL, or a table as { to = \"https://…\", status = 301 }");
  }
  while (redirect.keep_path && redirect.to.ends_with('/')) redirect.to.pop_back();
  out.redirect = std::move(redirect);
}

std::string_view type_of(std::string_view file) {
  constexpr std::pair<std::string_view, std::string_view> kTypes[] = {
      {".html", "text/html; charset=utf-8"}, {".txt", "text/plain; charset=utf-8"}, {".json", "application/json"}};
  for (const auto& [ending, type] : kTypes)
    if (file.ends_with(ending)) return type;
  return "application/octet-stream";
}

void read_body(TomlTable& table, const FileErrors& errors, FixedAnswer& out) {
  std::string path;
  read_path(table, "file", errors, path);
  if (path.empty()) return;
  out.type = type_of(path);
  std::ifstream file(path, std::ios::binary);
  out.body.assign(std::istreambuf_iterator<char>(file), {});
  if (!file || file.bad()) return table.error("file", "file: " + path + " cannot be read");
  if (out.body.empty()) return table.error("file", "file: " + path + " is empty");
  if (out.body.size() > kMaxBody) table.error("file", "file: " + path + " has more than 1 MiB");
}

void read_answer(TomlTable& route, FileErrors& errors, Route& out) {
  const toml::table* const values = route.table("answer");
  if (values == nullptr) return;
  FixedAnswer answer;
  TomlTable table(*values, "answer", errors);
  table.integer("status", answer.status, 200, 599);
  if (answer.status >= 300 && answer.status < 400) table.error("status", "status: a redirection is redirect = \"URL\"");
  if (answer.status == 401 || answer.status == 407)
    table.error("status", "status: a challenge needs a scheme; who may sign in is said by sign_in");
  read_body(table, errors, answer);
  if (answer.status == 204 && !answer.body.empty()) table.error("file", "file: an answer with status 204 has no body");
  table.duration("retry_after", answer.retry_after);
  table.finish();
  out.answer = std::move(answer);
}

void read_preflight(TomlTable& table, Route& out) {
  const toml::node* const node = table.find("preflight");
  if (node == nullptr) return;
  const auto pass = node->value_exact<bool>();
  const std::string text = node->value_exact<std::string>().value_or("");
  if (pass ? *pass : text == "pass")
    out.preflight = Preflight::pass;
  else if (text == "answer")
    out.preflight = Preflight::answer;
  else if (!pass)
    table.error("preflight", "preflight is none of true, false, \"pass\", \"answer\"");
}

}  // namespace

void read_answer_keys(TomlTable& table, FileErrors& errors, Route& out) {
  read_redirect(table, errors, out);
  read_answer(table, errors, out);
  read_preflight(table, out);
}

void check_answer_keys(TomlTable& table, const FileErrors& errors, const Route& route) {
  if (!errors.none()) return;
  if (route.redirect) {
    for (const std::string_view key :
         {"upstreams", "answer", "sign_in", "spn", "balance", "health", "preflight", "public"})
      if (table.has(key))
        table.error(key, std::string(key) + " has no meaning beside redirect: nothing goes to a back end");
  }
  if (route.preflight != Preflight::needs_sign_in && route.sign_in.empty())
    table.error("preflight", "preflight has no meaning on a public route: every request passes");
  if (route.preflight == Preflight::answer && route.allowed_origins.empty())
    table.error("preflight", "preflight: \"answer\" needs allowed_origins, the sites that may ask");
}

}  // namespace stead::proxy
