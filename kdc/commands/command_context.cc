#include "kdc/commands/command_context.h"

#include "kdc/forest/forest_names.h"

namespace stead::kdc {

Domain* CommandContext::server() {
  const auto* name = words.option("server");
  if (name == nullptr) name = words.option("t");
  if (name == nullptr) return nullptr;
  auto* found = find_domain(forest, unquote(*name));
  if (found == nullptr)
    refuse("Unable to contact the server " + unquote(*name) + ": no such domain in this forest file");
  return found;
}

}  // namespace stead::kdc
