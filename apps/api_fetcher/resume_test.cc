#include "apps/api_fetcher/resume.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <fstream>
#include <string>

#include "apps/api_fetcher/record.h"

namespace cohort::api_fetcher {
namespace {

Resume ResumeOf(const std::string& text) {
  std::string path = testing::TempDir() + "resumeXXXXXX";
  close(mkstemp(path.data()));
  std::ofstream(path) << text;
  return Resume(path);
}

std::string Line(const Record& record) {
  std::string line;
  AppendRecord(record, Format::kJsonLines, line);
  return line;
}

bool IsDone(const Resume& resume, const std::string& url, const std::string& id = "") {
  return resume.IsDone({.id = id, .url = url});
}

TEST(ResumeTest, WhatWasOkIsDone) {
  const Resume resume = ResumeOf(Line({.url = "http://h/1", .id = "1", .status = 200, .ok = true}) +
                                 Line({.url = "http://h/2", .id = "2", .status = 500}) +
                                 Line({.url = "http://h/3", .status = 200, .ok = true}));
  EXPECT_TRUE(IsDone(resume, "http://h/1", "1"));
  EXPECT_FALSE(IsDone(resume, "http://h/2", "2"));
  EXPECT_TRUE(IsDone(resume, "http://h/3"));
  EXPECT_FALSE(IsDone(resume, "http://h/4"));
  EXPECT_EQ(resume.done(), 2u);
  EXPECT_EQ(resume.skipped_lines(), 0u);
}

TEST(ResumeTest, UrlAndIdTogether) {
  const Resume resume = ResumeOf(Line({.url = "http://h/", .id = "1", .ok = true}));
  EXPECT_FALSE(IsDone(resume, "http://h/", "2"));
  EXPECT_FALSE(IsDone(resume, "http://h/", ""));
  EXPECT_FALSE(IsDone(resume, "http://h/1", ""));
}

TEST(ResumeTest, ALaterSuccessCountsAndALaterFailureDoesNotUndoOne) {
  const std::string failed = Line({.url = "http://h/"});
  const std::string ok = Line({.url = "http://h/", .ok = true});
  EXPECT_TRUE(IsDone(ResumeOf(failed + ok), "http://h/"));
  EXPECT_TRUE(IsDone(ResumeOf(ok + failed), "http://h/"));
}

TEST(ResumeTest, TornLastLine) {
  const std::string whole = Line({.url = "http://h/1", .ok = true});
  const std::string torn = Line({.url = "http://h/2", .ok = true});
  for (std::size_t size = 1; size + 2 < torn.size(); ++size) {
    const Resume resume = ResumeOf(whole + torn.substr(0, size));
    EXPECT_TRUE(IsDone(resume, "http://h/1"));
    EXPECT_FALSE(IsDone(resume, "http://h/2")) << size;
    EXPECT_EQ(resume.skipped_lines(), 1u);
  }
  EXPECT_TRUE(IsDone(ResumeOf(torn.substr(0, torn.size() - 1)), "http://h/2"));
}

TEST(ResumeTest, ForeignLines) {
  const Resume resume = ResumeOf(
      "\n# text\n[]\n[{\"url\":\"http://h/1\",\"ok\":true}]\n3\n\"url\"\nnull\n{}\n"
      "{\"url\":\"http://h/2\"}\n{\"ok\":true}\n{\"url\":7,\"ok\":true}\n"
      "{\"a\":{\"url\":\"http://h/3\",\"ok\":true}}\n{\"url\":\"http://h/4\",\"ok\":\"true\"}\n" +
      std::string("\0\xff\n", 3) + std::string(100'000, '[') + "\n" +
      "{\"url\":\"http://h/"
      "5\",\"ok\":true,\"field\":{\"url\":\"x\",\"ok\":false,\"id\":[1.5,-1,{}]}}\r\n");
  EXPECT_EQ(resume.done(), 1u);
  EXPECT_TRUE(IsDone(resume, "http://h/5"));
  EXPECT_EQ(resume.skipped_lines(), 15u);
}

TEST(ResumeTest, EscapedTexts) {
  const Resume resume = ResumeOf(Line({.url = "http://h/", .id = "a\"\\ \xc3\xa4", .ok = true}));
  EXPECT_TRUE(IsDone(resume, "http://h/", "a\"\\ \xc3\xa4"));
}

TEST(ResumeTest, NothingIsDone) {
  EXPECT_FALSE(IsDone(Resume(), "http://h/"));
  EXPECT_FALSE(IsDone(ResumeOf(""), "http://h/"));
  EXPECT_FALSE(ResumeOf("").is_missing());
  const Resume missing(testing::TempDir() + "no such file");
  EXPECT_FALSE(IsDone(missing, "http://h/"));
  EXPECT_TRUE(missing.is_missing());
}

TEST(ResumeTest, WhatCannotBeRead) {
  try {
    Resume resume("/");
    FAIL();
  } catch (const ResumeError& error) {
    EXPECT_EQ(std::string(error.what()), "--resume /: cannot read it: Is a directory");
  }
  EXPECT_THROW(Resume("/dev/null/x"), ResumeError);
}

}  // namespace
}  // namespace cohort::api_fetcher
