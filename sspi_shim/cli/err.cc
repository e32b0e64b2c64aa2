// stead err CODE: what a Kerberos error, NTSTATUS, SECURITY_STATUS or diagnosis means and what to do about it.
#include <algorithm>
#include <charconv>
#include <iostream>
#include <memory>
#include <optional>

#include "sspi_shim/base/bytes.h"
#include "sspi_shim/cli/command.h"
#include "sspi_shim/cli/json_text.h"
#include "sspi_shim/cli/security_status.h"
#include "sspi_shim/s4u/diagnosis/diagnosis_code.h"

namespace stead::cli {
namespace {

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
  const bool hex = text.starts_with("0x") || text.starts_with("0X");
  if (hex) text.remove_prefix(2);
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, hex ? 16 : 10);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size() || value > 0xFFFFFFFF) return {};
  if (!negative) return static_cast<std::uint32_t>(value);
  if (value > 0x80000000) return {};
  return static_cast<std::uint32_t>(-static_cast<std::int64_t>(value));
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

std::string hexadecimal(std::uint32_t value) {
  static constexpr char kDigits[] = "0123456789ABCDEF";
  std::string out = "0x";
  for (int shift = value > 0xFFFF ? 28 : 4; shift >= 0; shift -= 4) out += kDigits[(value >> shift) & 15];
  return out;
}

std::string as_json(const std::vector<Found>& found) {
  std::string out = "[";
  for (const auto& [kind, entry] : found) {
    if (out.size() > 1) out += ",";
    out += "{\"kind\":" + json_text(kind) + ",\"code\":" + std::to_string(entry->value) +
           ",\"hex\":" + json_text(hexadecimal(entry->value)) + ",\"name\":" + json_text(entry->name) +
           ",\"meaning\":" + json_text(entry->meaning) + ",\"advice\":" + json_text(entry->advice) + "}";
  }
  return out + "]";
}

int tell_diagnosis(const DiagnosisCodeInfo& one, bool json) {
  if (json) {
    std::cout << "[{\"kind\":\"diagnosis\",\"code\":null,\"hex\":null,\"name\":" << json_text(one.name)
              << ",\"meaning\":" << json_text(one.meaning) << ",\"advice\":" << json_text(one.advice) << "}]\n";
  } else {
    std::cout << one.name << "  diagnosis\n  " << one.meaning << "\n  What to do: " << one.advice << '\n';
  }
  return Exit::done;
}

int run(const std::string& code, bool json) {
  if (const DiagnosisCodeInfo* one = find_diagnosis_code(to_lower(code))) return tell_diagnosis(*one, json);
  const auto number = number_of(code);
  const auto found = number ? by_number(*number) : by_name(code);
  if (found.empty()) {
    return complain(Exit::refused, "\"" + code +
                                       "\" is no Kerberos error, NTSTATUS, SECURITY_STATUS or diagnosis that is known "
                                       "here: give a name like KDC_ERR_BADOPTION or "
                                       "rbcd_denied_on_target, or a number like 13 or 0xC000040B");
  }
  if (json) {
    std::cout << as_json(found) << '\n';
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
  auto* command = app.add_subcommand("err", "Explain a Kerberos error, NTSTATUS, SECURITY_STATUS or a diagnosis' code");
  auto code = std::make_shared<std::string>();
  auto json = std::make_shared<bool>(false);
  command
      ->add_option("CODE", *code, "A name, a decimal or a hexadecimal number; or a diagnosis such as no_2012_dc_found")
      ->required();
  command->add_flag("--json", *json, "Print JSON");
  command->callback([code, json, &status] { status = run(*code, *json); });
}

}  // namespace stead::cli
