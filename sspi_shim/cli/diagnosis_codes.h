#pragma once
// What a diagnosis' code (stead/s4u.h) means wherever it comes up, for `stead err`. The diagnosis itself has the names
// and the commands.
#include <string_view>

namespace stead::cli {

struct DiagnosisCode {
  std::string_view code, meaning, advice;
};
// Nothing where there is no such code.
[[nodiscard]] const DiagnosisCode* find_diagnosis_code(std::string_view code);

}  // namespace stead::cli
