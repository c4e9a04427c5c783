// What the terminal can show.

#ifndef COHORT_APPS_COMMON_TERMINAL_H_
#define COHORT_APPS_COMMON_TERMINAL_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace cohort::apps {

bool IsTerminal(int fd);

// Whether to colour what goes to `fd`: a terminal that is not "dumb", and NO_COLOR is not set
// (https://no-color.org).
bool UseColour(int fd);

// `text` as one line that is safe to show: control characters and bytes that are no UTF-8 become
// escapes such as \n and \xff, a backslash becomes two.
std::string Printable(std::string_view text);

// How many columns Printable() text takes.
std::size_t DisplayWidth(std::string_view text);

// 1234567 as "1,234,567".
std::string WithThousands(std::uint64_t number);

// 1234567 as "1.2 MB".
std::string WithByteUnit(double bytes);

}  // namespace cohort::apps

#endif  // COHORT_APPS_COMMON_TERMINAL_H_
