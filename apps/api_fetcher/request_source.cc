#include "apps/api_fetcher/request_source.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "apps/api_fetcher/id_range.h"
#include "apps/api_fetcher/line_reader.h"
#include "apps/api_fetcher/url.h"
#include "apps/api_fetcher/url_template.h"
#include "apps/api_fetcher/values.h"

namespace cohort::api_fetcher {
namespace {

constexpr std::uint64_t kMostNotes = 20;

// Lines of input that are wrong.
class Rejects {
 public:
  explicit Rejects(RequestSource::Note note) : note_(std::move(note)) {}

  void Add(const std::string& text) {
    ++count_;
    if (count_ <= kMostNotes) note_(text);
    if (count_ == kMostNotes) note_("more lines that are wrong are only counted");
  }

  void AddLine(const LineReader& reader, std::string_view what) {
    Add(absl::StrCat(reader.name(), ":", reader.number(), ": ", what));
  }

  std::uint64_t count() const { return count_; }

 private:
  RequestSource::Note note_;
  std::uint64_t count_ = 0;
};

// Moves on to the next line. A file that cannot be read any further has ended.
bool NextLine(LineReader& reader, Rejects& rejects) {
  try {
    return reader.Next();
  } catch (const FileError& error) {
    rejects.Add(error.what());
    return false;
  }
}

// All ids, one by one, and again from the start.
class IdCursor {
 public:
  IdCursor(const SourceOptions& options, Rejects& rejects) : rejects_(rejects) {
    for (const std::string& list : options.ids) AddList(list);
    if (!options.ids_file.empty()) reader_ = std::make_unique<LineReader>(options.ids_file);
  }

  bool empty() const { return ranges_.empty() && !reader_; }
  bool can_restart() const { return !reader_ || reader_->can_rewind(); }
  const std::string& file_name() const { return reader_->name(); }

  void Restart() {
    range_ = 0;
    number_ = 0;
    if (reader_ && std::exchange(started_, true)) reader_->Rewind();
  }

  bool Next(std::string& id) {
    if (range_ == ranges_.size()) return NextOfFile(id);
    id.clear();
    ranges_[range_].AppendTo(id, number_);
    if (++number_ == ranges_[range_].count()) {
      ++range_;
      number_ = 0;
    }
    return true;
  }

  // Nothing where there is a file, or more than 2^64.
  std::optional<std::uint64_t> count() const {
    std::uint64_t sum = 0;
    for (const IdRange& range : ranges_) {
      if (__builtin_add_overflow(sum, range.count(), &sum)) return std::nullopt;
    }
    if (reader_) return std::nullopt;
    return sum;
  }

 private:
  void AddList(const std::string& list) try {
    for (IdRange& range : ParseIds(list)) ranges_.push_back(std::move(range));
  } catch (const ValueError& error) {
    throw ValueError(absl::StrCat("--ids: ", error.what()));
  }

  bool NextOfFile(std::string& id) {
    while (reader_ && NextLine(*reader_, rejects_)) {
      try {
        CheckId(reader_->line());
        id = reader_->line();
        return true;
      } catch (const ValueError& error) {
        rejects_.AddLine(*reader_, error.what());
      }
    }
    return false;
  }

  Rejects& rejects_;
  std::vector<IdRange> ranges_;
  std::unique_ptr<LineReader> reader_;
  std::size_t range_ = 0;
  std::uint64_t number_ = 0;
  bool started_ = false;
};

// One of the arguments: a URL, or a list of them.
struct Input {
  std::optional<UrlTemplate> url = {};
  std::unique_ptr<LineReader> list = {};
};

}  // namespace

class RequestSource::Impl {
 public:
  Impl(const SourceOptions& options, Note note);

  std::optional<Request> Next();
  std::optional<std::uint64_t> total() const { return total_; }
  bool repeats_ids() const { return urls_of_each_id_ > 1; }
  std::uint64_t rejected() const { return rejects_.count(); }

 private:
  bool UsesIds(const UrlTemplate& url) const {
    return url.has_id() || (for_each_id_ && !ids_.empty());
  }
  UrlTemplate ParseTemplate(std::string_view text) const;
  void AddInput(const std::string& text, bool is_list);
  void CheckIdsFile() const;
  void Count();

  bool NextUrl();
  bool NextOfList(Input& input);
  bool NextId();
  std::optional<Request> Make();

  const bool literal_;
  const bool for_each_id_;
  Rejects rejects_;
  IdCursor ids_;
  std::vector<Input> inputs_;
  std::optional<std::uint64_t> total_ = 0;
  std::uint64_t urls_of_each_id_ = 0;  // 2 of a URL stand for all that its ranges make

  // Where Next() is.
  std::size_t input_ = 0;
  std::optional<UrlTemplate> url_;
  std::string id_;
  bool has_id_ = false;       // id_ is the one of this round
  std::uint64_t number_ = 0;  // the next one of url_ and id_
  std::uint64_t index_ = 0;
};

RequestSource::Impl::Impl(const SourceOptions& options, Note note)
    : literal_(options.literal),
      for_each_id_(options.for_each_id),
      rejects_(std::move(note)),
      ids_(options, rejects_) {
  for (const std::string& url : options.urls) AddInput(url, url == LineReader::kStdin);
  for (const std::string& file : options.files) AddInput(file, true);
  CheckIdsFile();
  Count();
}

UrlTemplate RequestSource::Impl::ParseTemplate(std::string_view text) const {
  UrlTemplate url(text, literal_);
  if (url.has_id() && ids_.empty()) {
    throw UrlError(
        "the URL has {id}, and there are no ids for it: give them with --ids 1-500 or --ids-file "
        "FILE, or say --literal if the braces mean themselves");
  }
  return url;
}

void RequestSource::Impl::AddInput(const std::string& text, bool is_list) {
  Input input;
  if (is_list) {
    input.list = std::make_unique<LineReader>(text);
  } else {
    input.url = ParseTemplate(text);
    static_cast<void>(input.url->Make("1", 0));
    if (UsesIds(*input.url)) {
      urls_of_each_id_ += std::min<std::uint64_t>(2, input.url->count());
    }
  }
  inputs_.push_back(std::move(input));
}

void RequestSource::Impl::CheckIdsFile() const {
  if (ids_.can_restart()) return;
  const bool several = inputs_.size() > 1 || (inputs_.size() == 1 && inputs_[0].list);
  if (several) {
    throw FileError(absl::StrCat(ids_.file_name(),
                                 ": ids that come by a pipe can be used for one URL only; put them "
                                 "into a file"));
  }
}

void RequestSource::Impl::Count() {
  for (const Input& input : inputs_) {
    const std::optional<std::uint64_t> rounds =
        input.url && UsesIds(*input.url) ? ids_.count() : std::optional<std::uint64_t>(1);
    std::uint64_t count = 0;
    if (!total_ || !input.url || !rounds ||
        __builtin_mul_overflow(*rounds, input.url->count(), &count) ||
        __builtin_add_overflow(*total_, count, &*total_)) {
      total_ = std::nullopt;
      return;
    }
  }
}

std::optional<Request> RequestSource::Impl::Next() {
  while (url_ || NextUrl()) {
    if (!has_id_ && !NextId()) {
      url_.reset();
      continue;
    }
    std::optional<Request> request = Make();
    if (++number_ == url_->count()) {
      number_ = 0;
      has_id_ = false;
      if (!UsesIds(*url_)) url_.reset();
    }
    if (request) return request;
  }
  return std::nullopt;
}

// Moves on to the next URL or template.
bool RequestSource::Impl::NextUrl() {
  while (input_ < inputs_.size()) {
    Input& input = inputs_[input_];
    if (input.list ? NextOfList(input) : input.url.has_value()) {
      if (!input.list) url_ = std::exchange(input.url, std::nullopt);
      if (UsesIds(*url_)) ids_.Restart();
      return true;
    }
    input.list.reset();
    ++input_;
  }
  return false;
}

bool RequestSource::Impl::NextOfList(Input& input) {
  while (NextLine(*input.list, rejects_)) {
    try {
      url_ = ParseTemplate(input.list->line());
      return true;
    } catch (const std::runtime_error& error) {
      rejects_.AddLine(*input.list, error.what());
    }
  }
  return false;
}

bool RequestSource::Impl::NextId() {
  id_.clear();
  has_id_ = !UsesIds(*url_) || ids_.Next(id_);
  return has_id_;
}

std::optional<Request> RequestSource::Impl::Make() {
  try {
    Request request = url_->Make(id_, number_);
    request.index = index_++;
    return request;
  } catch (const UrlError& error) {
    const LineReader* list = input_ < inputs_.size() ? inputs_[input_].list.get() : nullptr;
    list != nullptr ? rejects_.AddLine(*list, error.what()) : rejects_.Add(error.what());
    return std::nullopt;
  }
}

RequestSource::RequestSource(SourceOptions options, Note note) try
    : impl_(std::make_unique<Impl>(options, std::move(note))) {
} catch (const std::runtime_error& error) {
  throw SourceError(error.what());
}

RequestSource::~RequestSource() = default;

std::optional<Request> RequestSource::Next() { return impl_->Next(); }
std::optional<std::uint64_t> RequestSource::total() const { return impl_->total(); }
bool RequestSource::repeats_ids() const { return impl_->repeats_ids(); }
std::uint64_t RequestSource::rejected() const { return impl_->rejected(); }

}  // namespace cohort::api_fetcher
