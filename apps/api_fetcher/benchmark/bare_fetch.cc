// What cpp-httplib itself can do: COUNT requests for URL/1, URL/2 ... on so many threads, each with
// a connection of its own, and nothing kept of the answers.
//
//   bare_fetch http://127.0.0.1:8080 /small/ COUNT THREADS

#include <atomic>
#include <cstdlib>
#include <iostream>
#include <string>
#include <thread>
#include <vector>

#include "httplib.h"

namespace {

std::atomic<int> next = 1;
std::atomic<int> failures = 0;

void FetchSome(const std::string& origin, const std::string& path, int count) {
  httplib::Client client(origin);
  client.set_keep_alive(true);
  for (int i; (i = next++) <= count;) {
    const httplib::Result result = client.Get(path + std::to_string(i));
    if (!result || result->status != 200) ++failures;
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) {
    std::cerr << "usage: bare_fetch ORIGIN PATH COUNT THREADS\n";
    return 2;
  }
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < std::atoi(argv[4]); ++i) {
      threads.emplace_back(FetchSome, argv[1], argv[2], std::atoi(argv[3]));
    }
  }
  return failures == 0 ? 0 : 1;
}
