#pragma once
// Where an administrator types a line of a fix, and whether it only looks or changes something. One table has the
// beginnings of all commands that the doctor and the SDK's diagnosis print.
#include <string>
#include <string_view>
#include <vector>

namespace stead::doctor {

enum class Place { domain_controller, front_end, back_end, authority };
[[nodiscard]] std::string_view to_string(Place place);  // "a domain controller", "the front end", ...

enum class LineKind {
  look,  // changes nothing
  change,
  note,  // "# ...": what the line after it does
};

struct FixLine {
  Place place = Place::front_end;
  LineKind kind = LineKind::change;
  std::string text;
};

// Whether a command that replaces a list of permissions names those that are in it now.
enum class PresentList { unknown, named };

// The lines in the order in which they are to be typed: those that look first, then the changes, each note before its
// command. A command that replaces a list of permissions without naming the present ones gets a line that shows the list, and a note. `here`: where the
// commands belong that may be typed on any of the computers, such as those that set a clock.
[[nodiscard]] std::vector<FixLine> fix_lines(const std::vector<std::string>& fix, Place here,
                                             PresentList list = PresentList::unknown);

}  // namespace stead::doctor
