#include "kdc/forest/functional_level.h"

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

#include "sspi_shim/base/text.h"

namespace stead::kdc {
namespace {

struct LevelRow {
  std::string_view name;
  LevelTraits traits;
};

// In the order of enum Level.
constexpr LevelRow kLevels[] = {
    //          aes    x509   x509e  fast   18-x   upn    16-19  resgrp protected ping
    {"2003", {false, false, false, false, false, false, false, false, false, 0x3FD}},
    {"2008", {true, true, false, false, false, true, true, false, false, 0x13FD}},
    {"2008R2", {true, true, true, false, false, true, true, false, false, 0x33FD}},
    {"2012", {true, true, true, true, true, true, true, true, false, 0x73FD}},
    {"2012R2", {true, true, true, true, true, true, true, true, true, 0xF3FD}},
    {"2016", {true, true, true, true, true, true, true, true, true, 0x1F3FD}},
    {"2019", {true, true, true, true, true, true, true, true, true, 0x1F3FD}},
    {"2022", {true, true, true, true, true, true, true, true, true, 0x1F3FD}},
};

}  // namespace

const LevelTraits& traits(Level level) {
  return kLevels[static_cast<std::size_t>(level)].traits;
}

std::string_view to_string(Level level) {
  return kLevels[static_cast<std::size_t>(level)].name;
}

std::optional<Level> level_by_name(std::string_view text) {
  for (std::size_t i = 0; i < std::size(kLevels); ++i)
    if (equal_ignoring_case(kLevels[i].name, text)) return static_cast<Level>(i);
  return std::nullopt;
}

}  // namespace stead::kdc
