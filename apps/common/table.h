// Text in aligned columns.

#ifndef COHORT_APPS_COMMON_TABLE_H_
#define COHORT_APPS_COMMON_TABLE_H_

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace cohort::apps {

struct Cell {
  std::string text;
  // An escape sequence such as "\x1b[31m" to show the cell in, or "".
  const char* colour = "";
};

class Table {
 public:
  enum class Align { kLeft, kRight };

  // `columns`: how each is aligned.
  explicit Table(std::vector<Align> columns) : columns_(std::move(columns)) {}

  // One cell for each column; those that are missing at the end are empty.
  void AddRow(std::vector<Cell> row) { rows_.push_back(std::move(row)); }

  // A line over all columns.
  void AddRule() { rows_.emplace_back(); }

  // All rows, each with a newline and without blanks at its end.
  std::string ToString() const;

 private:
  std::vector<std::size_t> Widths() const;

  std::vector<Align> columns_;
  std::vector<std::vector<Cell>> rows_;
};

}  // namespace cohort::apps

#endif  // COHORT_APPS_COMMON_TABLE_H_
