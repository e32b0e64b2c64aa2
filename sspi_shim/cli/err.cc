// stead err CODE: what a Kerberos error, an NTSTATUS, a SECURITY_STATUS or a diagnosis means, and what to do about it.
#include <algorithm>
#include <array>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <cstdint>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sspi_shim/base/bytes.h"
#include "sspi_shim/base/hex.h"
#include "sspi_shim/base/text.h"
#include "sspi_shim/cli/command.h"
#include "sspi_shim/cli/security_status.h"
#include "sspi_shim/protocol/errors/error_tables.h"
#include "sspi_shim/s4u/diagnosis/diagnosis_code.h"

namespace stead::cli {
namespace {

namespace json = boost::json;

struct Table {
  const char* kind;
  const std::vector<CodeEntry>& entries;
};
const std::vector<Table>& tables() {
  static const std::vector<Table> all = {
      {"Kerberos", krb_error_table()}, {"NTSTATUS", nt_status_table()}, {"SECURITY_STATUS", security_status_table()}};
  return all;
}

struct Found {
  const char* kind;
  const CodeEntry* entry;
};

// "0xc000040b", "3221226507", and the negative numbers that logs print for values above 2^31.
std::optional<std::uint32_t> number_of(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative) text.remove_prefix(1);
  const auto value = take_number<std::uint32_t>(text, 0xFFFFFFFF);
  if (!value || !text.empty()) return std::nullopt;
  if (!negative) return value;
  if (*value > 0x80000000) return std::nullopt;
  return 0 - *value;
}

// libkrb5 counts its errors from here: KRB5KDC_ERR_BADOPTION is -1765328384 + 13.
constexpr std::uint32_t kLibkrb5Base = static_cast<std::uint32_t>(-1765328384);

std::vector<Found> by_number(std::uint32_t value) {
  std::vector<Found> out;
  if (value >= kLibkrb5Base && value < kLibkrb5Base + 128) value -= kLibkrb5Base;
  for (const auto& table : tables()) {
    for (const auto& entry : table.entries) {
      if (entry.value == value) out.push_back({table.kind, &entry});
    }
  }
  return out;
}

// The whole name in any case; or the end of it after an underscore, as "BADOPTION".
std::vector<Found> by_name(std::string_view text) {
  std::vector<Found> out;
  const auto wanted = to_upper(text);
  for (const auto& table : tables()) {
    for (const auto& entry : table.entries) {
      if (entry.name == wanted) return {{table.kind, &entry}};
      if (entry.name.size() > wanted.size() && entry.name.ends_with(wanted) &&
          entry.name[entry.name.size() - wanted.size() - 1] == '_') {
        out.push_back({table.kind, &entry});
      }
    }
  }
  return out;
}

// "0x0D", or eight digits above 16 bits.
std::string hexadecimal(std::uint32_t value) {
  std::array<std::uint8_t, 4> bytes{};
  store_be32(bytes.data(), value);
  return "0x" + to_upper(to_hex(value > 0xFFFF ? Bytes(bytes) : Bytes(bytes).last(1)));
}

json::object to_object(std::string_view kind, const CodeEntry& entry) {
  return {{"kind", kind},       {"code", entry.value},      {"hex", hexadecimal(entry.value)},
          {"name", entry.name}, {"meaning", entry.meaning}, {"advice", entry.advice}};
}

void print_json(const json::array& explained) {
  std::cout << json::serialize(explained) << '\n';
}

int explain_diagnosis(const DiagnosisCodeInfo& one, bool as_json) {
  if (as_json) {
    print_json({json::object{{"kind", "diagnosis"},
                             {"code", nullptr},
                             {"hex", nullptr},
                             {"name", one.name},
                             {"meaning", one.meaning},
                             {"advice", one.advice}}});
  } else {
    std::cout << one.name << "  diagnosis\n  " << one.meaning << "\n  What to do: " << one.advice << '\n';
  }
  return Exit::done;
}

int run(const std::string& code, bool as_json) {
  if (const DiagnosisCodeInfo* one = find_diagnosis_code(to_lower(code))) return explain_diagnosis(*one, as_json);
  const auto number = number_of(code);
  const auto found = number ? by_number(*number) : by_name(code);
  if (found.empty()) {
    return complain(Exit::refused,
                    "\"" + code +
                        "\" is not a known Kerberos error, NTSTATUS, SECURITY_STATUS or diagnosis: give a name like "
                        "KDC_ERR_BADOPTION or rbcd_denied_on_target, or a number like 13 or 0xC000040B");
  }
  if (as_json) {
    json::array explained;
    for (const auto& [kind, entry] : found) explained.push_back(to_object(kind, *entry));
    print_json(explained);
    return Exit::done;
  }
  for (const auto& [kind, entry] : found) {
    std::cout << entry->name << "  " << kind << ' ' << entry->value << " (" << hexadecimal(entry->value) << ")\n"
              << "  " << entry->meaning << "\n  What to do: " << entry->advice << '\n';
  }
  return Exit::done;
}

}  // namespace

void add_err(CLI::App& app, int& status) {
  auto* command = app.add_subcommand("err", "Explain a Kerberos error, an NTSTATUS, a SECURITY_STATUS or a diagnosis");
  auto code = std::make_shared<std::string>();
  auto as_json = std::make_shared<bool>(false);
  command->add_option("CODE", *code, "A name, a decimal or hexadecimal number, or a diagnosis such as no_2012_dc_found")
      ->required();
  command->add_flag("--json", *as_json, "Print JSON");
  command->callback([code, as_json, &status] { status = run(*code, *as_json); });
}

}  // namespace stead::cli
