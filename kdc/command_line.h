#pragma once
// stead-kdc's command line.

namespace stead::kdc {

// Exit status: 0 done or ended by a signal, 1 cannot go on, 2 usage or a faulty file.
int run_command_line(int argc, const char* const* argv);

}  // namespace stead::kdc
