#include "apps/image_resizer/options.h"

#include <algorithm>
#include <map>
#include <stdexcept>
#include <string_view>
#include <utility>

#include "CLI/CLI.hpp"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "apps/common/command_line.h"

namespace cohort::image_resizer {
namespace {

constexpr char kDescription[] =
    "Makes smaller copies of JPEG and PNG images, on all processors.\n"
    "Each image is decoded in a process that can touch neither disk nor network.";

constexpr char kExamples[] = R"(
Examples:
  image_resizer photos -o small --size 800x600      all images in the folder; the tree is kept
  image_resizer a.jpg b.png -o out --size 1200x     1200 wide, as high as that gives
  image_resizer photos -o thumbs --size 160x160 --mode fill    squares; what juts out is cut off
  image_resizer photos -o web --size 1600x1600 --format jpeg --quality 80 --progressive
  image_resizer photos -o small --size 800x600 --update        again: only what is new or newer
  find . -name '*.jpg' -size +1M -print0 | image_resizer - -o small --size 800x600
  image_resizer photos -o small --size 800x600 --json | jq '.files[] | select(.error)'

What comes out: upright, in sRGB, without camera, time and place (--keep keeps them). JPEG stays
JPEG, PNG stays PNG, by the content and not by the name. Nothing is enlarged (--enlarge does).
No source is ever written to, and no file that exists is replaced unless --update or --force says so.

What can go wrong: damaged and hostile images cost themselves and nothing else. Each has --timeout
seconds and --max-memory; a worker that crashes is replaced, and its image tried
once more. What failed is listed at the end.

Exit status: 0 all was done; 1 some image was not; 2 the command line is wrong; 4 the images or the
report could not be written; 130 interrupted: what was done until then is there, whole.)";

const std::map<std::string, Mode> kModes = {
    {"fit", Mode::kFit}, {"fill", Mode::kFill}, {"exact", Mode::kExact}};
const std::map<std::string, OutputFormat> kFormats = {
    {"keep", OutputFormat::kAsInput}, {"jpeg", OutputFormat::kJpeg}, {"png", OutputFormat::kPng}};
const std::map<std::string, Filter> kFilters = {{"lanczos3", Filter::kLanczos3},
                                                {"lanczos2", Filter::kLanczos2},
                                                {"cubic", Filter::kCubic},
                                                {"linear", Filter::kLinear},
                                                {"nearest", Filter::kNearest}};
const std::map<std::string, Subsampling> kSubsamplings = {{"auto", Subsampling::kAuto},
                                                          {"420", Subsampling::k420},
                                                          {"422", Subsampling::k422},
                                                          {"444", Subsampling::k444}};

// What the command line has, as text or as flags of another sense.
struct Words {
  std::string size = {};
  std::string background = {};
  std::vector<std::string> keep = {};
  bool enlarge = false;
  bool lenient = false;
  bool strict = false;
  bool eight_bit = false;
  bool no_optimize = false;
  bool update = false;
  bool force = false;
  bool no_sandbox = false;
};

class UsageError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

int ParseSide(std::string_view text, const std::string& size) {
  int side = 0;
  if (text.empty()) return 0;
  if (!absl::SimpleAtoi(text, &side) || side < 1 || side > 65'500) {
    throw UsageError(absl::StrCat("\"", size, "\" is no size: 800x600, 800x or x600, with sides ",
                                  "from 1 to 65500"));
  }
  return side;
}

// "800x600", "800x", "x600"; "800" is a square.
void ParseSize(const std::string& size, ResizeSpec& spec) {
  const std::size_t x = size.find_first_of("xX");
  const std::string_view text = size;
  spec.width = ParseSide(text.substr(0, x), size);
  spec.height = x == text.npos ? spec.width : ParseSide(text.substr(x + 1), size);
  if (spec.width == 0 && spec.height == 0) ParseSide("none", size);
  if (spec.mode != Mode::kFit && (spec.width == 0 || spec.height == 0)) {
    throw UsageError(
        absl::StrCat("--mode fill and exact need both sides in --size, not \"", size, "\""));
  }
}

std::uint8_t ParseHexByte(std::string_view digits, const std::string& colour) {
  unsigned value = 0;
  if (!absl::SimpleHexAtoi(digits, &value)) {
    throw UsageError(absl::StrCat("\"", colour, "\" is no colour: #rrggbb, white or black"));
  }
  return static_cast<std::uint8_t>(value);
}

Colour ParseColour(const std::string& colour) {
  if (colour.empty() || colour == "white") return {255, 255, 255};
  if (colour == "black") return {0, 0, 0};
  const std::string_view digits = std::string_view(colour).substr(colour[0] == '#' ? 1 : 0);
  if (digits.size() != 6) ParseHexByte("", colour);
  return {ParseHexByte(digits.substr(0, 2), colour), ParseHexByte(digits.substr(2, 2), colour),
          ParseHexByte(digits.substr(4, 2), colour)};
}

Keep ParseKeep(const std::vector<std::string>& words) {
  Keep keep;
  for (const std::string& word : words) {
    keep.icc |= word == "icc" || word == "all";
    keep.exif |= word == "exif" || word == "all";
    keep.xmp |= word == "xmp" || word == "all";
  }
  return keep;
}

void AddInputOptions(CLI::App& app, Options& options) {
  app.add_option("IN", options.inputs,
                 "Folders, images; -: a list on standard input, with a NUL after each name")
      ->required()
      ->type_name("");
  app.add_option("-o,--out", options.batch.out, "The folder to write to")
      ->required()
      ->type_name("DIR");
  app.add_option("--base", options.find.base,
                 "Keep names below this folder: DIR/a/b.jpg as a/b.jpg")
      ->type_name("DIR");
  app.add_flag("--hidden", options.find.hidden, "Files and folders named .* as well");
  app.add_flag("-L,--follow", options.find.follow_symlinks, "Symbolic links in folders as well");
}

void AddSizeOptions(CLI::App& app, Options& options, Words& words) {
  app.add_option("-s,--size", words.size, "In pixels: 800x600, 800x, x600; 800 is 800x800")
      ->required()
      ->type_name("SIZE");
  apps::AddChoice(app, "--mode", options.spec.mode, kModes,
                  "fit into the size (default), fill it and cut, or exactly it, aspect or not");
  app.add_flag("--enlarge", words.enlarge, "Small images as well");
  apps::AddChoice(app, "--filter", options.spec.filter, kFilters, "Default lanczos3");
  app.add_flag("--linear", options.spec.linear_light,
               "Average light and not numbers: twice the work");
}

void AddOutputOptions(CLI::App& app, Options& options, Words& words) {
  ResizeSpec& spec = options.spec;
  apps::AddChoice(app, "-f,--format", spec.format, kFormats, "Default keep");
  app.add_option("--quality", spec.quality, "Of JPEG, 1 to 100; default 85")
      ->check(CLI::Range(1, 100).description(""))
      ->type_name("N");
  app.add_flag("--progressive", spec.progressive, "Progressive JPEG");
  app.add_flag("--no-optimize", words.no_optimize, "JPEG a little larger, and sooner");
  apps::AddChoice(app, "--subsampling", spec.subsampling, kSubsamplings,
                  "Of JPEG's colours; default auto: 420 below quality 90, else 444");
  app.add_option("--png-level", spec.png_level, "0, fast, to 9, small; default 6")
      ->check(CLI::Range(0, 9).description(""))
      ->type_name("N");
  app.add_flag("--8bit", words.eight_bit, "PNG of 16 bits to 8");
  app.add_option("--background", words.background,
                 "Behind what is transparent, in JPEG: #rrggbb, white (default), black")
      ->type_name("COLOUR");
  app.add_option("--keep", words.keep, "What to keep: icc, exif (with place and time), xmp, all")
      ->delimiter(',')
      ->check(CLI::IsMember({"icc", "exif", "xmp", "all"}).description(""))
      ->type_name("WHAT[,WHAT]")
      ->allow_extra_args(false);
  app.add_flag("--times", options.batch.keep_times, "Give the copies their sources' times");
}

void AddFileOptions(CLI::App& app, Options& options, Words& words) {
  app.add_flag("-u,--update", words.update,
               "Replace what is older than its source or empty; skip the rest");
  app.add_flag("--force", words.force, "Replace what exists");
  app.add_flag("-n,--dry-run", options.dry_run, "Only say what would be written");
  app.add_flag("--fail-fast", options.batch.fail_fast, "End at the first failure");
  app.add_flag("--lenient", words.lenient,
               "Make what can be made of damaged images, and warn (default: they fail)");
  app.add_flag("--strict", words.strict, "The default, said aloud");
}

void AddLimitOptions(CLI::App& app, Options& options, Words& words) {
  const CLI::Validator size = CLI::Validator(CLI::AsSizeValue(false)).description("");
  app.add_option("-j,--workers", options.workers, "Processes; default one for each processor")
      ->check(CLI::Range(1, 1024).description(""))
      ->type_name("N");
  app.add_option("--timeout", options.timeout, "Seconds for each image; default 30; 0: no limit")
      ->check(CLI::Range(0.0, 1e6).description(""))
      ->type_name("S");
  app.add_option("--max-pixels", options.spec.limits.max_pixels,
                 "Refuse images and copies with more; default 268402689 (16383 squared)")
      ->check(CLI::PositiveNumber.description(""))
      ->type_name("N");
  app.add_option("--max-scans", options.spec.limits.max_scans,
                 "Refuse progressive JPEG with more; default 100")
      ->check(CLI::PositiveNumber.description(""))
      ->type_name("N");
  app.add_option("--max-memory", options.max_memory,
                 "For each worker: 512M, 2G; default 1G; 0: no limit")
      ->transform(size)
      ->type_name("BYTES");
  app.add_option("--max-file-size", options.batch.max_file_size, "Refuse larger files; default 1G")
      ->transform(size)
      ->type_name("BYTES");
  app.add_option("--files-per-worker", options.files_per_worker,
                 "Then a new process; default 500; 1: one for each image; 0: no limit")
      ->check(CLI::NonNegativeNumber.description(""))
      ->type_name("N");
  app.add_flag("--no-sandbox", words.no_sandbox,
               "Workers may do what you may: only where the kernel has no sandbox");
}

void AddReportOptions(CLI::App& app, Options& options) {
  app.add_flag("--json", options.json, "A JSON document on standard output, an object a file");
  app.add_flag("-q,--quiet", options.quiet, "No progress, no notes, no summary: only errors");
}

void TakeWords(const Words& words, Options& options) {
  ResizeSpec& spec = options.spec;
  ParseSize(words.size, spec);
  spec.background = ParseColour(words.background);
  spec.keep = ParseKeep(words.keep);
  spec.optimize = !words.no_optimize;
  if (words.enlarge) spec.enlarge = Enlarge::kAllowed;
  if (words.lenient) spec.damage = Damage::kTolerate;
  if (words.eight_bit) spec.depth16 = Depth16::kReduceTo8;
  if (words.lenient && words.strict) throw UsageError("--lenient and --strict exclude each other");
  if (words.update && words.force) throw UsageError("--update and --force exclude each other");
  if (words.update) options.batch.existing = Existing::kUpdate;
  if (words.force) options.batch.existing = Existing::kReplace;
  options.sandbox = !words.no_sandbox;
}

void TakeInputs(Options& options) {
  options.read_list = std::erase(options.inputs, "-") > 0;
  if (options.batch.out.empty()) throw UsageError("--out is empty: name a folder");
  options.find.out = options.batch.out;
  options.batch.format = options.spec.format;
}

Options Defaults() {
  Options options;
  options.max_memory = std::size_t{1} << 30;
  options.files_per_worker = 500;
  return options;
}

}  // namespace

ParsedOptions ParseOptions(int argc, const char* const* argv) {
  Options options = Defaults();
  Words words;
  CLI::App app(kDescription, "image_resizer");
  app.footer(kExamples);
  app.get_formatter()->column_width(30);
  AddInputOptions(app, options);
  AddSizeOptions(app, options, words);
  AddOutputOptions(app, options, words);
  AddFileOptions(app, options, words);
  AddLimitOptions(app, options, words);
  AddReportOptions(app, options);
  if (const auto status = apps::ParseCommandLine(app, argc, argv)) return {{}, *status};
  try {
    TakeWords(words, options);
    TakeInputs(options);
  } catch (const UsageError& error) {
    return {{}, apps::SayUsageError(app, error.what())};
  }
  return {std::move(options)};
}

}  // namespace cohort::image_resizer
