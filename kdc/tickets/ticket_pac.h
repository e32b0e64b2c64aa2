#pragma once
// A PAC with the parts that a KDC judges decoded.
#include <cstdint>
#include <optional>

#include "sspi_shim/protocol/pac/pac.h"
#include "sspi_shim/protocol/pac/pac_buffers.h"
#include "sspi_shim/protocol/pac/pac_logon_info.h"

namespace stead::kdc {

struct TicketPac {
  Pac pac;  // every buffer but the signatures
  PacLogonInfo logon;
  PacClientInfo client;
  std::optional<S4uDelegationInfo> delegation;
  std::optional<Sid> requestor;
  std::optional<std::uint32_t> attributes;  // PAC_ATTRIBUTES_INFO

  // True of a TGT whose client asked for tickets without a PAC.
  [[nodiscard]] bool is_declined() const { return attributes && *attributes == 0; }
};

}  // namespace stead::kdc
