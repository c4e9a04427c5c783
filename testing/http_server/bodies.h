// What the server serves: the same on every machine.

#ifndef COHORT_TESTING_HTTP_SERVER_BODIES_H_
#define COHORT_TESTING_HTTP_SERVER_BODIES_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace cohort::http_server {

// A JSON object of about 1 KB: id, author, title, tags, text.
std::string Post(std::uint64_t id);

// `count` bytes of a pattern that starts at the offset: a part of it can be checked on its own.
std::string PatternBytes(std::size_t offset, std::size_t count);

std::string Gzipped(std::string_view text);
std::string BrotliCompressed(std::string_view text);

// What inflates to that many zeros, a thousand times its size.
std::string GzippedZeros(std::size_t count);

}  // namespace cohort::http_server

#endif  // COHORT_TESTING_HTTP_SERVER_BODIES_H_
