// Compares the image resizer with what else makes thumbnails, on the same generated photos.
//
//   ./bazelw run //apps/image_resizer/benchmark:compare -- [--scale=0.1] [--repetitions=3]
//
// --scale=1 has all 550 photos, whose making takes some minutes. The programs run in turn, again
// and again, so that what else the machine does hits all alike; all with two processes. Those that
// are not installed are left out: Debian's libvips-tools, python3-pil, imagemagick. Then the
// likeness to a lossless copy is measured, which imagemagick makes of the whole picture, with
// Lanczos.

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "apps/common/measure.h"
#include "apps/image_resizer/ssim.h"
#include "apps/image_resizer/test_images.h"

namespace cohort::image_resizer::benchmark {
namespace {

namespace fs = std::filesystem;
using apps::Cost;
using testing::Bytes;
using testing::Pixels;

struct Options {
  std::string generator;
  std::string resizer;
  std::string pillow_pool;
  std::string directory;
  double scale = 0.1;
  int repetitions = 3;
  int pictures = 4;  // whose likeness is measured
};

struct Contender {
  std::string name;
  std::string folder;  // where it writes, below the directory
  std::vector<std::string> command;
  std::vector<Cost> costs = {};
};

std::vector<std::string> Shell(const std::string& line) { return {"sh", "-c", line}; }

bool HasPillow() { return std::system("/usr/bin/python3 -c 'import PIL' 2> /dev/null") == 0; }

std::size_t CountFiles(const Options& options, const std::vector<std::string>& folders) {
  std::size_t files = 0;
  for (const std::string& folder : folders) {
    files += static_cast<std::size_t>(
        std::distance(fs::directory_iterator(fs::path(options.directory) / folder), {}));
  }
  return files;
}

// "xargs -P2", with as many files for each process as keep two of them busy.
std::string XargsFor(const Options& options, const std::vector<std::string>& folders) {
  const std::size_t files = CountFiles(options, folders);
  return absl::StrCat(" | OMP_NUM_THREADS=1 VIPS_CONCURRENCY=1 xargs -P2 -n",
                      std::clamp<std::size_t>((files + 1) / 2, 1, 10), " ");
}

// It writes what the name of its output says, and not what it reads.
std::string VipsLine(const Options& options, const std::vector<std::string>& folders) {
  std::string line;
  for (const std::string& folder : folders) {
    absl::StrAppend(&line, "printf '%s\\n' ", options.directory, "/", folder, "/*",
                    XargsFor(options, {folder}), "vipsthumbnail --size 800x600 -o '",
                    options.directory, "/out/vips/%s", folder == "png" ? ".png" : ".jpg[Q=85]",
                    "'; ");
  }
  return line;
}

std::vector<Contender> Contenders(const Options& options, const std::vector<std::string>& folders) {
  const std::string root = options.directory;
  std::string files;
  for (const std::string& folder : folders) absl::StrAppend(&files, " ", root, "/", folder, "/*");
  const std::string pillow = "/usr/bin/python3 " + options.pillow_pool;
  const auto out = [&](const std::string& folder) { return root + "/out/" + folder; };

  std::vector<Contender> all = {
      {"image_resizer", "ours",
       Shell(absl::StrCat(options.resizer, " -j2 --size=800x600 --force -q -o ", out("ours"),
                          " --base ", root, files))}};
  if (apps::IsInstalled("vipsthumbnail")) {
    all.push_back({"vipsthumbnail, xargs -P2", "vips", Shell(VipsLine(options, folders))});
  }
  if (HasPillow()) {
    for (const std::string how : {"thumbnail", "plain"}) {
      all.push_back({"Pillow's " + how + ", 2 processes", how,
                     Shell(absl::StrCat(pillow, " ", how, " ", out(how), files))});
    }
  }
  if (apps::IsInstalled("mogrify")) {
    all.push_back({"mogrify with jpeg:size, xargs -P2", "mogrify",
                   Shell(absl::StrCat("printf '%s\\n'", files, XargsFor(options, folders),
                                      "mogrify -path ", out("mogrify"),
                                      " -define jpeg:size=1600x1200 -filter Lanczos -resize "
                                      "800x600 -quality 85"))});
  }
  for (const Contender& contender : all) fs::create_directories(out(contender.folder));
  return all;
}

void Print(const std::vector<Contender>& contenders, std::size_t files) {
  const Cost own = MedianOf(contenders[0].costs);
  absl::PrintF("%-36s %8s %9s %10s %7s %7s %7s\n", "median of all runs", "wall s", "images/s",
               "CPU ms/im.", "RSS MB", "wall x", "CPU x");
  for (const Contender& contender : contenders) {
    const Cost cost = MedianOf(contender.costs);
    const auto count = static_cast<double>(files);
    absl::PrintF("%-36s %8.2f %9.1f %10.1f %7.1f %7.2f %7.2f\n", contender.name, cost.wall,
                 count / cost.wall, cost.processor * 1e3 / count, cost.memory / 1e6,
                 cost.wall / own.wall, cost.processor / own.processor);
  }
  std::cout << std::flush;
}

void Compare(const Options& options, const std::string& title,
             const std::vector<std::string>& folders) {
  const std::size_t files = CountFiles(options, folders);
  std::vector<Contender> contenders = Contenders(options, folders);
  for (int i = 0; i < options.repetitions; ++i) {
    for (Contender& contender : contenders) {
      contender.costs.push_back(apps::Measure(contender.command));
    }
  }
  absl::PrintF("\n%s, %d files\n", title, files);
  Print(contenders, files);
}

Bytes ReadFile(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  const std::string text(std::istreambuf_iterator<char>(in), {});
  const auto* begin = reinterpret_cast<const std::byte*>(text.data());
  return Bytes(begin, begin + text.size());
}

// By its own folder, or by the name alone, as the contender writes them.
std::string OutputOf(const Options& options, const Contender& contender, const std::string& name) {
  const std::string out = options.directory + "/out/" + contender.folder + "/";
  return fs::exists(out + "large/" + name) ? out + "large/" + name : out + name;
}

Pixels ReferenceOf(const Options& options, const std::string& name) {
  const Pixels photo = testing::DecodeJpeg(ReadFile(options.directory + "/large/" + name));
  const bool upright = photo.height > photo.width;
  return testing::LanczosReference(photo, upright ? 450 : 800, 600);
}

double Likeness(const Pixels& reference, const Bytes& jpeg) {
  return testing::Ssim(testing::LumaOf(reference), testing::LumaOf(testing::DecodeJpeg(jpeg)));
}

// Of the reference as a JPEG: what there is to reach.
double CeilingOf(const Pixels& reference) {
  return Likeness(reference,
                  testing::MakeJpeg(reference, {.quality = 85, .luma_h = 2, .luma_v = 2}));
}

void PrintLikeness(const std::string& name, double ssim) {
  absl::PrintF("%-36s %.4f\n", name, ssim);
}

void CompareLikeness(const Options& options) {
  const std::vector<Contender> contenders = Contenders(options, {"large"});
  for (const Contender& contender : contenders) apps::Measure(contender.command);
  std::vector<double> sums(contenders.size());
  double ceiling = 0;
  int pictures = 0;
  for (; pictures < options.pictures; ++pictures) {
    const std::string name = absl::StrFormat("%03d.jpg", pictures);
    if (!fs::exists(options.directory + "/large/" + name)) break;
    const Pixels reference = ReferenceOf(options, name);
    ceiling += CeilingOf(reference);
    for (std::size_t i = 0; i < contenders.size(); ++i) {
      sums[i] += Likeness(reference, ReadFile(OutputOf(options, contenders[i], name)));
    }
  }
  absl::PrintF("\nSSIM to the lossless reference, mean of %d large ones\n", pictures);
  PrintLikeness("the reference as JPEG 85", ceiling / pictures);
  for (std::size_t i = 0; i < contenders.size(); ++i) {
    PrintLikeness(contenders[i].name, sums[i] / pictures);
  }
}

int CompareAll(Options options) {
  const bool own = options.directory.empty();
  if (own) {
    std::string pattern = (fs::temp_directory_path() / "compare_images.XXXXXX").string();
    options.directory = mkdtemp(pattern.data());
  }
  apps::OutputOf({options.generator, "--directory", options.directory, "--scale",
                  absl::StrCat(options.scale)});
  Compare(options, "JPEG, 12 megapixels", {"large"});
  Compare(options, "JPEG, 2 megapixels", {"small"});
  Compare(options, "PNG, 1600x1200", {"png"});
  Compare(options, "all", {"large", "small", "png"});
  CompareLikeness(options);
  if (own) fs::remove_all(options.directory);
  return 0;
}

}  // namespace
}  // namespace cohort::image_resizer::benchmark

int main(int argc, char** argv) {
  namespace benchmark = cohort::image_resizer::benchmark;
  benchmark::Options options;
  CLI::App app("Compares the image resizer with vipsthumbnail, Pillow and mogrify.");
  app.add_option("--generator", options.generator, "The program generate_images")->required();
  app.add_option("--resizer", options.resizer, "The program image_resizer")->required();
  app.add_option("--pillow-pool", options.pillow_pool, "pillow_pool.py")->required();
  app.add_option("--directory", options.directory, "Keep the photos there, for the next time");
  app.add_option("--scale", options.scale, "1: all 550 photos")->capture_default_str();
  app.add_option("--repetitions", options.repetitions)->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  return benchmark::CompareAll(std::move(options));
}
