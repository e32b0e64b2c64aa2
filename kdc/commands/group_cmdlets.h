#pragma once
// Add-ADGroupMember and Remove-ADGroupMember.
#include "kdc/commands/command_context.h"

namespace stead::kdc {

enum class MembershipChange { add, remove };

void change_members(CommandContext& context, MembershipChange change);

}  // namespace stead::kdc
