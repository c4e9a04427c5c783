#include "apps/api_fetcher/request_source.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <future>
#include <string>
#include <vector>

namespace cohort::api_fetcher {
namespace {

using Texts = std::vector<std::string>;

std::string FileWith(const std::string& text) {
  std::string path = testing::TempDir() + "listXXXXXX";
  close(mkstemp(path.data()));
  std::ofstream(path) << text;
  return path;
}

struct Taken {
  Texts requests = {};  // "id url", or "url" alone
  Texts notes = {};
  std::uint64_t rejected = 0;
};

Taken TakeAll(SourceOptions options) {
  Taken taken;
  RequestSource source(std::move(options), [&](const std::string& text) {
    taken.notes.push_back(text.substr(text.rfind('/', text.find(':')) + 1));
  });
  for (std::uint64_t index = 0; const auto request = source.Next(); ++index) {
    EXPECT_EQ(request->index, index);
    taken.requests.push_back(request->id + (request->id.empty() ? "" : " ") + request->url);
  }
  EXPECT_EQ(source.Next(), std::nullopt);
  taken.rejected = source.rejected();
  return taken;
}

Texts Requests(SourceOptions options) {
  const Taken taken = TakeAll(std::move(options));
  EXPECT_EQ(taken.notes, Texts());
  return taken.requests;
}

std::string WhyNot(SourceOptions options) {
  try {
    RequestSource source(std::move(options), [](const std::string&) {});
    return "none";
  } catch (const SourceError& error) {
    return error.what();
  }
}

std::optional<std::uint64_t> Total(SourceOptions options) {
  return RequestSource(std::move(options), [](const std::string&) {}).total();
}

TEST(RequestSourceTest, Urls) {
  EXPECT_EQ(Requests({.urls = {"http://a", "http://b/x y"}}),
            (Texts{"http://a/", "http://b/x%20y"}));
  EXPECT_EQ(Requests({}), Texts());
}

TEST(RequestSourceTest, Ids) {
  EXPECT_EQ(
      Requests({.urls = {"http://h/{id}"}, .ids = {"1-3,7", "x"}}),
      (Texts{"1 http://h/1", "2 http://h/2", "3 http://h/3", "7 http://h/7", "x http://h/x"}));
}

TEST(RequestSourceTest, IdsCannotLeaveTheirPlace) {
  EXPECT_EQ(
      Requests({.urls = {"http://h/{id}/x?q={id}"}, .ids = {"..", "a/b?c#d"}}),
      (Texts{".. http://h/%2E%2E/x?q=%2E%2E", "a/b?c#d http://h/a%2Fb%3Fc%23d/x?q=a%2Fb%3Fc%23d"}));
}

TEST(RequestSourceTest, Ranges) {
  EXPECT_EQ(Requests({.urls = {"http://h/{08..12..2}/{a..b}"}}),
            (Texts{"08-a http://h/08/a", "08-b http://h/08/b", "10-a http://h/10/a",
                   "10-b http://h/10/b", "12-a http://h/12/a", "12-b http://h/12/b"}));
  EXPECT_EQ(Requests({.urls = {"http://h/{id}/{1..2}"}, .ids = {"x,y"}}),
            (Texts{"x http://h/x/1", "x http://h/x/2", "y http://h/y/1", "y http://h/y/2"}));
  EXPECT_EQ(Requests({.urls = {"http://host{1..2}:80{80..81}/"}}),
            (Texts{"1-80 http://host1:8080/", "1-81 http://host1:8081/", "2-80 http://host2:8080/",
                   "2-81 http://host2:8081/"}));
}

TEST(RequestSourceTest, OtherBracesMeanThemselves) {
  EXPECT_EQ(Requests({.urls = {"http://h/{a,b}{}{1-2}{{1..2}}", "http://h/{\"a\":{1..1}}",
                               "http://h/{1..2"}}),
            (Texts{"1 http://h/%7Ba,b%7D%7B%7D%7B1-2%7D%7B1%7D",
                   "2 http://h/%7Ba,b%7D%7B%7D%7B1-2%7D%7B2%7D", "1 http://h/%7B%22a%22:1%7D",
                   "http://h/%7B1..2"}));
  EXPECT_EQ(Requests({.urls = {"http://h/{id}/{1..2}"}, .literal = true}),
            Texts{"http://h/%7Bid%7D/%7B1..2%7D"});
}

TEST(RequestSourceTest, UrlsWithoutIdOnceForEachId) {
  EXPECT_EQ(Requests({.urls = {"http://h/"}, .ids = {"1-2"}}), Texts{"http://h/"});
  EXPECT_EQ(Requests({.urls = {"http://h/"}, .ids = {"1-2"}, .for_each_id = true}),
            (Texts{"1 http://h/", "2 http://h/"}));
  EXPECT_EQ(Requests({.urls = {"http://h/{1..2}"}, .for_each_id = true}),
            (Texts{"1 http://h/1", "2 http://h/2"}));
}

TEST(RequestSourceTest, List) {
  const std::string list = FileWith(
      "\xef\xbb\xbf# comment\r\nhttp://a/1\r\n\n  \t\n  http://a/2  \n#http://a/3\nhttp://a/4");
  EXPECT_EQ(Requests({.files = {list}}), (Texts{"http://a/1", "http://a/2", "http://a/4"}));
  EXPECT_EQ(Requests({.urls = {"http://b"}, .files = {list, list}}).size(), 7u);
  EXPECT_EQ(Requests({.files = {FileWith("")}}), Texts());
  EXPECT_EQ(Requests({.files = {FileWith("# only\n")}}), Texts());
}

TEST(RequestSourceTest, ListOfTemplates) {
  const std::string list = FileWith("http://a/{id}\nhttp://b/{1..2}\n");
  const std::string ids = FileWith("# ids\nx\r\n\ny z\n");
  EXPECT_EQ(Requests({.files = {list}, .ids = {"7"}, .ids_file = ids}),
            (Texts{"7 http://a/7", "x http://a/x", "y z http://a/y%20z", "1 http://b/1",
                   "2 http://b/2"}));
}

TEST(RequestSourceTest, TheIdsFileIsReadForEachTemplate) {
  const std::string ids = FileWith("x\ny\n");
  EXPECT_EQ(Requests({.urls = {"http://a/{id}", "http://b/{id}"}, .ids_file = ids}),
            (Texts{"x http://a/x", "y http://a/y", "x http://b/x", "y http://b/y"}));
}

TEST(RequestSourceTest, WrongLinesCostOnlyThemselves) {
  const std::string list = FileWith(
      "http://a\nnot a url\n\nftp://b\n{id}\nhttp://h/{5..1}\nhttp://c\n" +
      std::string("http://\0\n", 9) + "http://" + std::string(200'000, 'x') + "\nhttp://d");
  const Taken taken = TakeAll({.files = {list}});
  EXPECT_EQ(taken.requests, (Texts{"http://a/", "http://c/", "http://d/"}));
  EXPECT_EQ(taken.rejected, 6u);
  ASSERT_EQ(taken.notes.size(), 6u);
  const auto has = [&](std::size_t note, const std::string& text) {
    return taken.notes[note].find(text) != std::string::npos;
  };
  EXPECT_TRUE(has(0, ":2: \"not a url\" is not a URL")) << taken.notes[0];
  EXPECT_TRUE(has(1, ":4: \"ftp://b\" is neither")) << taken.notes[1];
  EXPECT_TRUE(has(2, ":5: ")) << taken.notes[2];
  EXPECT_TRUE(has(3, ":6: \"5..1\" is reversed")) << taken.notes[3];
  EXPECT_TRUE(has(4, ":8: \"http://\\x00\" has control")) << taken.notes[4];
  EXPECT_TRUE(has(5, ":9: ")) << taken.notes[5];
}

TEST(RequestSourceTest, WrongIdsCostOnlyThemselves) {
  const std::string ids = FileWith(std::string("a\nb\x01\n", 5) + std::string(5000, 'x') + "\nc");
  const Taken taken = TakeAll({.urls = {"http://{id}.h/"}, .ids = {"x y"}, .ids_file = ids});
  EXPECT_EQ(taken.requests, (Texts{"a http://a.h/", "c http://c.h/"}));
  EXPECT_EQ(taken.rejected, 3u);
}

TEST(RequestSourceTest, NotesAreLimited) {
  std::string text;
  for (int i = 0; i < 1000; ++i) text += "wrong\n";
  const Taken taken = TakeAll({.files = {FileWith(text)}});
  EXPECT_EQ(taken.rejected, 1000u);
  EXPECT_EQ(taken.notes.size(), 21u);
}

TEST(RequestSourceTest, Errors) {
  const struct {
    SourceOptions options;
    const char* expected;
  } kCases[] = {
      {{.urls = {"http://a", "nonsense"}}, "\"nonsense\" is not a URL"},
      {{.urls = {"http://h/{id}"}}, "there are no ids for it: give them with --ids 1-500"},
      {{.urls = {"http://h/{9..1}"}}, "\"9..1\" is reversed: write the lower end first"},
      {{.urls = {"http://h/{1..9..0}"}}, "\"1..9..0\" has a step of 0"},
      {{.urls = {"http://h/{0..999999999999999}/{0..9999}"}}, "more than 1e18 requests"},
      {{.urls = {"http://h/{0..9999999999999999999}"}}, "is too large for a range"},
      {{.urls = {"http://h/{id}"}, .ids = {"1,,2"}}, "\"1,,2\" has an empty id"},
      {{.urls = {"http://h/{id}"}, .ids = {"9-1"}}, "--ids: \"9-1\" is reversed"},
      {{.urls = {"http://h/{id}"}, .ids = {"a\nb"}}, "\"a\\nb\" is no id: it has control"},
      {{.files = {"/no/such"}}, "/no/such: cannot open it: No such file"},
      {{.urls = {"http://h/{id}"}, .ids_file = "/no/such"}, "/no/such: cannot open it"},
      {{.files = {"/"}}, "/: is a directory"},
  };
  for (const auto& [options, expected] : kCases) {
    const std::string why = WhyNot(options);
    EXPECT_NE(why.find(expected), std::string::npos) << expected << ": " << why;
  }
}

TEST(RequestSourceTest, Utf16IsNamed) {
  const Taken taken = TakeAll({.files = {FileWith(std::string("\xff\xfeh\0t\0", 6))}});
  ASSERT_EQ(taken.notes.size(), 1u);
  EXPECT_NE(taken.notes[0].find("is UTF-16, and UTF-8 is needed"), std::string::npos);
}

TEST(RequestSourceTest, Totals) {
  EXPECT_EQ(Total({.urls = {"http://a", "http://h/{1..5}/{1..4}"}}), 21u);
  EXPECT_EQ(Total({.urls = {"http://h/{id}"}, .ids = {"1-500,7"}}), 501u);
  EXPECT_EQ(Total({.urls = {"http://h/{1..2}"}, .ids = {"1-500"}, .for_each_id = true}), 1000u);
  EXPECT_EQ(Total({.urls = {"http://a"}, .files = {FileWith("")}}), std::nullopt);
  EXPECT_EQ(Total({.urls = {"http://h/{id}"}, .ids_file = FileWith("")}), std::nullopt);
  EXPECT_EQ(
      Total({.urls = {"http://h/{1..1000000000}"}, .ids = {"1-99999999999"}, .for_each_id = true}),
      std::nullopt);
}

bool RepeatsIds(SourceOptions options) {
  return RequestSource(std::move(options), [](const std::string&) {}).repeats_ids();
}

TEST(RequestSourceTest, WhetherUrlsShareTheirIds) {
  EXPECT_TRUE(RepeatsIds({.urls = {"http://h/{id}", "http://i/{id}"}, .ids = {"1"}}));
  EXPECT_TRUE(RepeatsIds({.urls = {"http://h/{id}/{1..2}"}, .ids = {"1"}}));
  EXPECT_TRUE(RepeatsIds({.urls = {"http://h/", "http://i/"}, .ids = {"1"}, .for_each_id = true}));
  EXPECT_FALSE(RepeatsIds({.urls = {"http://h/{id}", "http://i/"}, .ids = {"1-9"}}));
  EXPECT_FALSE(RepeatsIds({.urls = {"http://h/{1..3}", "http://i/{4..6}"}}));
}

TEST(RequestSourceTest, HugeRangesTakeNoTime) {
  RequestSource source({.urls = {"http://h/{id}"}, .ids = {"1-100000000000000000"}}, {});
  EXPECT_EQ(source.total(), 100'000'000'000'000'000u);
  EXPECT_EQ(source.Next()->id, "1");
  EXPECT_EQ(source.Next()->url, "http://h/2");
}

TEST(RequestSourceTest, CredentialsAreApart) {
  RequestSource source({.urls = {"http://me:pw@h/{1..2}"}}, {});
  const auto request = source.Next();
  EXPECT_EQ(request->url, "http://h/1");
  EXPECT_EQ(request->credentials, "me:pw");
}

// A named pipe; both ends are open.
class Pipe {
 public:
  Pipe() {
    unlink(path_.c_str());
    mkfifo(path_.c_str(), 0600);
    writer_ = std::async(std::launch::async, [this] { return std::ofstream(path_); });
  }
  const std::string& path() const { return path_; }
  // Once the reader has been constructed.
  void Write(const std::string& text) {
    if (!out_.is_open()) out_ = writer_.get();
    out_ << text << std::flush;
  }
  void Close() { out_.close(); }

 private:
  std::string path_ = testing::TempDir() + "pipe" + std::to_string(getpid());
  std::future<std::ofstream> writer_;
  std::ofstream out_;
};

TEST(RequestSourceTest, LinesOfAPipeAreTakenAsTheyCome) {
  Pipe pipe;
  RequestSource source({.files = {pipe.path()}}, {});
  pipe.Write("http://a/1\nhttp://a");
  EXPECT_EQ(source.Next()->url, "http://a/1");  // without waiting for more
  pipe.Write("/2\n");
  EXPECT_EQ(source.Next()->url, "http://a/2");
  pipe.Write("http://a/3");
  pipe.Close();
  EXPECT_EQ(source.Next()->url, "http://a/3");
  EXPECT_EQ(source.Next(), std::nullopt);
}

TEST(RequestSourceTest, IdsOfAPipeAreForOneUrl) {
  Pipe pipe;
  RequestSource source({.urls = {"http://h/{id}"}, .ids_file = pipe.path()}, {});
  pipe.Write("x\n");
  EXPECT_EQ(source.Next()->url, "http://h/x");
  pipe.Close();
  EXPECT_EQ(source.Next(), std::nullopt);

  Pipe other;
  const SourceOptions several = {.urls = {"http://a/{id}", "http://b/{id}"},
                                 .ids_file = other.path()};
  EXPECT_NE(WhyNot(several).find("can be used for one URL only"), std::string::npos);
  other.Write("");
}

}  // namespace
}  // namespace cohort::api_fetcher
