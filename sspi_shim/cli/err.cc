// stead err CODE: what a Kerberos error, an NTSTATUS, a SECURITY_STATUS, a Win32 error, an error of libkrb5, an event id of
// Windows or a diagnosis means, and what to do about it.
#include <algorithm>
#include <array>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <cstddef>
#include <cstdint>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sspi_shim/base/bytes.h"
#include "sspi_shim/base/hex.h"
#include "sspi_shim/base/text.h"
#include "sspi_shim/cli/command.h"
#include "sspi_shim/cli/event_ids.h"
#include "sspi_shim/cli/libkrb5_errors.h"
#include "sspi_shim/cli/security_status.h"
#include "sspi_shim/cli/win32_errors.h"
#include "sspi_shim/protocol/errors/error_tables.h"
#include "sspi_shim/s4u/diagnosis/diagnosis_code.h"

namespace stead::cli {
namespace {

namespace json = boost::json;

constexpr const char* kEvent = "event";

struct Table {
  const char* kind;
  const std::vector<CodeEntry>& entries;
};
const std::vector<Table>& tables() {
  static const std::vector<Table> all = {
      {"Kerberos", krb_error_table()},    {"NTSTATUS", nt_status_table()}, {"SECURITY_STATUS", security_status_table()},
      {"libkrb5", libkrb5_error_table()}, {"Win32", win32_error_table()},  {kEvent, event_table()}};
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

// HRESULT_FROM_WIN32 (MS-ERREF §2.1): 0x8007 and the code.
constexpr std::uint32_t kWin32Mask = 0xFFFF0000, kWin32Facility = 0x80070000;

bool is_in(std::string_view kind, std::string_view wanted) {
  return wanted.empty() || kind == wanted;
}

// `kind`: of the table; empty: of any.
std::vector<Found> by_number(std::uint32_t value, std::string_view kind) {
  std::vector<Found> out;
  if (value >= kLibkrb5Base && value < kLibkrb5Base + kLibkrb5ProtocolErrors) {
    value -= kLibkrb5Base;
    kind = "Kerberos";
  } else if ((value & kWin32Mask) == kWin32Facility) {
    value &= ~kWin32Mask;
    kind = "Win32";
  }
  for (const auto& table : tables()) {
    if (!is_in(table.kind, kind)) continue;
    for (const auto& entry : table.entries) {
      if (entry.value == value) out.push_back({table.kind, &entry});
    }
  }
  return out;
}

// Other spellings of names in the tables: MIT's macros, Samba's and Microsoft's.
std::string usual_name(std::string_view text) {
  constexpr std::pair<std::string_view, std::string_view> kStarts[] = {
      {"KRB5KDC_ERR_", "KDC_ERR_"}, {"KRB5KRB_", "KRB_"}, {"NT_STATUS_", "STATUS_"}};
  constexpr std::pair<std::string_view, std::string_view> kNames[] = {
      {"KDC_ERR_ETYPE_NOTSUPP", "KDC_ERR_ETYPE_NOSUPP"},
      {"KDC_ERR_SUMTYPE_NOTSUPP", "KDC_ERR_SUMTYPE_NOSUPP"},
      {"KDC_ERR_PADATA_TYPE_NOTSUPP", "KDC_ERR_PADATA_TYPE_NOSUPP"},
      {"KDC_ERR_TRTYPE_NO_SUPP", "KDC_ERR_TRTYPE_NOSUPP"},
      {"KDC_ERR_KEY_EXP", "KDC_ERR_KEY_EXPIRED"},
      {"KDC_ERR_CLIENT_NOT_TRUSTED", "KDC_ERROR_CLIENT_NOT_TRUSTED"},
      {"KDC_ERR_KDC_NOT_TRUSTED", "KDC_ERROR_KDC_NOT_TRUSTED"},
      {"KDC_ERR_UNKNOWN_CRITICAL_FAST_OPTION", "KDC_ERR_UNKNOWN_CRITICAL_FAST_OPTIONS"},
      {"KDC_ERR_S_PRINCIPAL_NOT_UNIQUE", "KDC_ERR_PRINCIPAL_NOT_UNIQUE"},
  };
  std::string out = to_upper(text);
  for (const auto& [start, usual] : kStarts) {
    if (!out.starts_with(start)) continue;
    out.replace(0, start.size(), usual);
    break;
  }
  for (const auto& [name, usual] : kNames)
    if (out == name) return std::string(usual);
  return out;
}

// The whole name in any case; or the end of it after an underscore, as "BADOPTION".
std::vector<Found> by_name(std::string_view text) {
  std::vector<Found> out;
  const auto wanted = usual_name(text), as_given = to_upper(text);
  for (const auto& table : tables()) {
    for (const auto& entry : table.entries) {
      if (entry.name == wanted || entry.name == as_given) return {{table.kind, &entry}};
      if (entry.name.size() > wanted.size() && entry.name.ends_with(wanted) &&
          entry.name[entry.name.size() - wanted.size() - 1] == '_') {
        out.push_back({table.kind, &entry});
      }
    }
  }
  return out;
}

// The number of "event 4769", "Event ID: 4769", "EventID 4769".
std::optional<std::uint32_t> event_id_of(std::string_view text) {
  const std::string lower = to_lower(text);
  std::string_view rest = lower;
  if (!rest.starts_with("event")) return std::nullopt;
  rest.remove_prefix(5);
  const auto skip = [&](std::string_view word) {
    if (rest.starts_with(word)) rest.remove_prefix(word.size());
  };
  for (const std::string_view word : {" ", "id", ":", " "}) skip(word);
  return number_of(rest);
}

std::vector<Found> find(const std::string& code) {
  if (const auto event = event_id_of(code)) return by_number(*event, kEvent);
  if (const auto number = number_of(code)) return by_number(*number, {});
  return by_name(code);
}

// "0x0D", "0x052E", or eight digits above 16 bits.
std::string hexadecimal(std::uint32_t value) {
  std::array<std::uint8_t, 4> bytes{};
  store_be32(bytes.data(), value);
  const std::size_t octets = value > 0xFFFF ? 4 : value > 0xFF ? 2 : 1;
  return "0x" + to_upper(to_hex(Bytes(bytes).last(octets)));
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
  const std::vector<Found> found = find(code);
  if (found.empty()) {
    return complain(
        Exit::refused,
        "\"" + code +
            "\" is not a known Kerberos error, NTSTATUS, SECURITY_STATUS, Win32 error, event or diagnosis: give a "
            "name like KDC_ERR_BADOPTION or rbcd_denied_on_target, a number like 13 or 0xC000040B, or "
            "\"event 4769\"");
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
  auto* command =
      app.add_subcommand("err", "Explain a Kerberos error, an NTSTATUS, a Win32 error, an event or a diagnosis");
  auto code = std::make_shared<std::string>();
  auto as_json = std::make_shared<bool>(false);
  command
      ->add_option("CODE", *code,
                   "A name, a decimal or hexadecimal number, \"event 4769\", or a diagnosis such as no_2012_dc_found")
      ->required();
  command->add_flag("--json", *as_json, "Print JSON");
  command->callback([code, as_json, &status] { status = run(*code, *as_json); });
}

}  // namespace stead::cli
