// One image file in memory to another: a JPEG or PNG, made smaller.
//
// Purpose: what a sandboxed worker does with one file. Resize() is a pure function of bytes: it
// opens no file, starts no thread, keeps nothing but a few tables, and reports what happened in its
// result. Its arguments and its result cross to a worker process as they are.
//
// What it does: decides by the content, never by a name, what the file is; turns the picture
// upright as its EXIF data says; converts its colours to sRGB; resamples; writes a new file without
// what the source knew of place, camera and time. What is kept on request, see Keep.
//   - Gray stays gray. CMYK becomes sRGB. A palette becomes true colour. Alpha is kept, where the
//     output can hold it, and weighs the colours when they are averaged; alpha that is opaque
//     everywhere is left out.
//   - Nothing is enlarged unless that is asked for, and no side is ever below 1 pixel.
//
// Hostile input: the declared size is held against a limit before memory is taken for pixels, the
// scans of a progressive JPEG are counted, and compressed text in a PNG is not unpacked. What is
// left for an input is to be slow or to crash a decoder; for that, give the worker a time limit, a
// memory limit and a sandbox.
//
// Threads: any number may call at once. Blocks: never; but it computes for milliseconds to seconds.
// Throws: ImageError for what is wrong with the file; std::invalid_argument for a spec that cannot
// be, naming the option and the value; std::bad_alloc.
//
// Example:
//   const ResizeSpec spec = {.width = 800, .height = 600};
//   const Resized small = Resize(bytes, spec);
//   Write(small.file);                                     // a JPEG where `bytes` is one
//
//   ipc::register_exception<ImageError>();                 // in the parent, once
//   Future<Resized> future = pool.submit(Resize, std::span<const std::byte>(bytes), spec);

#ifndef COHORT_APPS_IMAGE_RESIZER_RESIZE_H_
#define COHORT_APPS_IMAGE_RESIZER_RESIZE_H_

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "apps/image_resizer/image_error.h"
#include "apps/image_resizer/resize_spec.h"

namespace cohort::image_resizer {

struct ImageInfo {
  Format format = Format::kJpeg;
  int width = 0;  // of a source: as stored, before it is turned upright
  int height = 0;
};

struct Resized {
  std::vector<std::byte> file;
  ImageInfo source = {};
  ImageInfo output = {};
  std::vector<std::string> warnings = {};  // of the source; a sentence each, without repeats
};

Resized Resize(std::span<const std::byte> file, const ResizeSpec& spec);

// From the header alone: the format and the size as stored. Throws ImageError.
ImageInfo Inspect(std::span<const std::byte> file);

}  // namespace cohort::image_resizer

#endif  // COHORT_APPS_IMAGE_RESIZER_RESIZE_H_
