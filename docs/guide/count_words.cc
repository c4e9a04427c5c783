// [count_words]
// Counts the words of the files that the command line names.

#include <cstddef>
#include <exception>
#include <fstream>
#include <iostream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <vector>

#include "pools/thread_pool_executor.h"

std::size_t count_words(const std::string& path) {
  std::ifstream file(path);
  if (!file) throw std::runtime_error("cannot read " + path);
  return std::distance(std::istream_iterator<std::string>(file), {});
}

int main(int argc, char** argv) {
  std::vector<std::string> paths(argv + 1, argv + argc);
  cohort::ThreadPoolExecutor pool;
  auto counts = pool.map(count_words, paths);
  auto count = counts.begin();
  for (const std::string& path : paths) {
    try {
      std::size_t words = *count;  // blocks; rethrows
      std::cout << path << ": " << words << "\n";
    } catch (const std::exception& error) {
      std::cout << error.what() << "\n";
    }
    ++count;
  }
}
// [/count_words]
