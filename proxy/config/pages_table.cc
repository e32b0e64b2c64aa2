#include "proxy/config/pages_table.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "proxy/config/values/values.h"
#include "sspi_shim/base/base64.h"
#include "sspi_shim/base/bytes.h"

namespace stead::proxy {
namespace {

constexpr std::size_t kMaxFile = 256 * 1024;

// Nothing: it cannot be read, or is too long.
std::optional<std::string> content_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return std::nullopt;
  std::string out(std::istreambuf_iterator<char>(file), {});
  if (file.bad() || out.size() > kMaxFile) return std::nullopt;
  return out;
}

void read_logo(TomlTable& table, const FileErrors& errors, Pages& out) {
  std::string path;
  read_path(table, "logo", errors, path);
  if (path.empty()) return;
  const bool svg = path.ends_with(".svg"), png = path.ends_with(".png");
  const auto content = content_of(path);
  if (!svg && !png) return table.error("logo", "logo: " + path + " is neither .svg nor .png");
  if (!content || content->empty())
    return table.error("logo", "logo: " + path + " cannot be read, or has more than 256 KiB");
  out.logo = std::string("data:image/") + (svg ? "svg+xml" : "png") + ";base64," + base64(as_bytes(*content));
}

// Relative luminance and contrast, WCAG 2.2.
double luminance(std::string_view color) {
  constexpr std::array<double, 3> kWeights{0.2126, 0.7152, 0.0722};
  double out = 0;
  for (std::size_t i = 0; i < 3; ++i) {
    const double share = std::stoi(std::string(color.substr(1 + 2 * i, 2)), nullptr, 16) / 255.0;
    out += kWeights[i] * (share <= 0.04045 ? share / 12.92 : std::pow((share + 0.055) / 1.055, 2.4));
  }
  return out;
}

void read_color(TomlTable& table, Pages& out) {
  if (!table.text("color", out.color)) return;
  const bool is_color = out.color.size() == 7 && out.color.front() == '#' &&
                        out.color.find_first_not_of("0123456789abcdefABCDEF", 1) == std::string::npos;
  if (!is_color) return table.error("color", "color: \"" + out.color + "\" is not \"#RRGGBB\"");
  // White text stands on it, and it is on a card that is nearly black where the browser is set to dark.
  if (const double contrast = 1.05 / (luminance(out.color) + 0.05); contrast < 4.5)
    table.error("color", "color: white text on " + out.color + " has a contrast of " +
                             std::to_string(contrast).substr(0, 3) + ":1, and people need 4.5:1; take a darker one");
}

// German.toml and the like: "English text" = "its translation".
void read_texts(const std::string& file, const std::string& language, FileErrors& errors, FilePosition at, Pages& out) {
  if (!std::filesystem::exists(file)) return;
  FileErrors own(file);
  const auto texts = read_toml_file(own);
  if (!texts) return errors.add(at, own.first());
  for (const auto& [english, node] : *texts) {
    const auto text = node.value_exact<std::string>();
    if (!text) return errors.add(at, file + ": the value of \"" + std::string(english.str()) + "\" is not a string");
    out.texts[language].insert_or_assign(std::string(english.str()), *text);
  }
}

void read_folder(TomlTable& table, FileErrors& errors, Pages& out) {
  std::string folder;
  read_path(table, "folder", errors, folder);
  if (folder.empty()) return;
  if (!std::filesystem::is_directory(folder)) return table.error("folder", "folder: " + folder + " is not a folder");
  const std::string html = folder + "/page.html", style = folder + "/style.css";
  if (std::filesystem::exists(html)) {
    out.html = content_of(html).value_or("");
    for (const std::string_view part : {"{{content}}", "{{title}}", "{{language}}", "{{style}}"})
      if (out.html.find(part) == std::string::npos) return table.error("folder", html + " has no " + std::string(part));
  }
  if (std::filesystem::exists(style)) out.style = content_of(style).value_or("");
  if (out.style.find("</") != std::string::npos)
    return table.error("folder", style + " has \"</\", which would end it");
  for (const std::string& language : out.languages)
    read_texts(folder + "/" + language + ".toml", language, errors, table.at("folder"), out);
}

void read_languages(TomlTable& table, FileErrors& errors, Pages& out) {
  if (table.find("languages") == nullptr) return;
  out.languages.clear();
  for (const auto& [text, at] : table.texts("languages")) {
    const bool is_tag = text.size() >= 2 && text.size() <= 3 &&
                        std::all_of(text.begin(), text.end(), [](char c) { return c >= 'a' && c <= 'z'; });
    if (!is_tag) errors.add(at, "languages: \"" + text + "\" is not a language's code in lower case, as \"en\"");
    out.languages.push_back(text);
  }
  if (out.languages.empty()) table.error("languages", "languages is empty: the first one is for whoever asks for none");
}

}  // namespace

void read_pages_table(const toml::table& table, FileErrors& errors, Pages& out) {
  TomlTable reader(table, "[pages]", errors);
  reader.text("name", out.name);
  read_logo(reader, errors, out);
  read_color(reader, out);
  read_languages(reader, errors, out);
  read_folder(reader, errors, out);
  for (const std::string& language : out.languages)
    if (language != "en" && language != "de" && !out.texts.contains(language) && errors.none())
      reader.error("languages", "languages: \"" + language + "\" needs " + language +
                                    ".toml in folder: English and German alone are shipped");
  reader.finish();
}

}  // namespace stead::proxy
