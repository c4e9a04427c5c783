"""Every external repository that Cohort uses, as Debian 12 packages it.

The entry point of this and of any other workspace is cohort_repositories().
Repositories and targets have the names that they have upstream and in the Bazel
Central Registry. Each is fetched when a target first needs it: a program that
uses futures alone needs neither libjpeg nor OpenSSL on the machine.
"""

load("@bazel_tools//tools/build_defs/repo:utils.bzl", "maybe")
load(":bazel_rules.bzl", "coverage_tools", "debian_rules_cc", "native_rules_shell")
load(":debian_library.bzl", "debian_library")
load(":debian_source.bzl", "debian_source")

def _bazel_rules():
    maybe(debian_rules_cc, name = "rules_cc")
    maybe(native_rules_shell, name = "rules_shell")
    maybe(coverage_tools, name = "remote_coverage_tools")
    for name, path in {
        "bazel_skylib": "tools/skylib",
        "platforms": "tools/platforms",
        "rules_java": "rules/java",
        "rules_proto": "rules/proto",
    }.items():
        maybe(native.local_repository, name = name, path = "/usr/share/bazel/" + path)

def _source_libraries():
    maybe(
        debian_source,
        name = "com_google_absl",
        package = "abseil",
        # Debian fixes these for one ABI; upstream lets absl::string_view and
        # the rest be the standard's own types.
        edits = {"absl/base/options.h": [
            "#define ABSL_OPTION_USE_STD_%s 0 => #define ABSL_OPTION_USE_STD_%s 2" % (name, name)
            for name in ["ANY", "OPTIONAL", "STRING_VIEW", "VARIANT"]
        ]},
    )
    maybe(debian_source, name = "com_google_benchmark", package = "benchmark")
    maybe(debian_source, name = "com_google_googletest", package = "googletest")
    maybe(
        debian_source,
        name = "cpp-httplib",
        package = "cpp-httplib",
        build_file = Label("//third_party:cpp-httplib.BUILD"),
        # Into a header and a source, which saves each user 6,600 lines.
        command = ["python3", "./split.py"],
        edits = {"httplib.h": [
            # Our Connection has looked, and more closely.
            "is_alive = detail::is_socket_alive(socket_.sock); => is_alive = true;",
            # A redirect to "/a%2Fb" is none to "/a/b".
            "decode_url(std::string(p, end), false)); => std::string(p, end));",
            # A chunk that does not end where it says is no end of the body.
            'if (strcmp(line_reader.ptr(), "\\r\\n")) { break; } => ' +
            'if (strcmp(line_reader.ptr(), "\\r\\n")) { return false; }',
            # Interim answers are all of 1xx but 101, and may have fields.
            "while (res.status == 100) { => " +
            "while (res.status / 100 == 1 && res.status != 101) {",
            "if (!line_reader.getline()) { return false; } // CRLF => " +
            "Headers interim; if (!detail::read_headers(strm, interim)) { return false; }",
            # The same for each byte of ASCII, and a tenth of all the time of a request less.
            "return ::tolower(c1) < ::tolower(c2); => " +
            "const auto lower = [](unsigned c) { return c - 'A' < 26 ? c | 32 : c; }; " +
            "return lower(c1) < lower(c2);",
            'strm.write_format("%s: %s\\r\\n", x.first.c_str(), x.second.c_str()); => ' +
            'strm.write(x.first + ": " + x.second + "\\r\\n");',
            # After the last chunk there may be fields, up to a blank line.
            'if (!line_reader.getline() || strcmp(line_reader.ptr(), "\\r\\n")) => ' +
            "int lines = 0; " +
            "do { if (++lines > 1000 || !line_reader.getline()) { return false; } } " +
            "while (line_reader.size() > 2); " +
            'if (strcmp(line_reader.ptr(), "\\r\\n"))',
        ]},
    )

def _system_libraries():
    maybe(
        debian_library,
        name = "boost",
        deb = "libboost1.81-dev libboost-thread1.81-dev",
        headers_in_place = ["boost/asio.hpp", "boost/thread.hpp"],
        targets = {
            "asio": "-pthread",
            "thread": "-lboost_thread -pthread",
        },
    )
    maybe(
        debian_library,
        name = "brotli",
        deb = "libbrotli-dev",
        headers = ["brotli"],
        targets = {"brotlidec": "libbrotlidec", "brotlienc": "libbrotlienc"},
    )
    maybe(
        debian_library,
        name = "cli11",
        deb = "libcli11-dev",
        headers = ["CLI"],
        targets = {"cli11": "CLI11"},
    )
    maybe(
        debian_library,
        name = "highway",
        deb = "libhwy-dev",
        headers = ["hwy"],
        # Without libhwy, whose loading takes 5 ms, there is no HWY_EXPORT.
        targets = {
            "hwy": "libhwy",
            "hwy_headers": "",
        },
    )
    maybe(
        debian_library,
        name = "lcms2",
        deb = "liblcms2-dev",
        headers = ["lcms2.h"],
        targets = {"lcms2": "lcms2"},
    )
    maybe(
        debian_library,
        name = "libdeflate",
        deb = "libdeflate-dev",
        headers = ["libdeflate.h"],
        targets = {"libdeflate": "libdeflate"},
    )
    maybe(
        debian_library,
        name = "libjpeg_turbo",
        aliases = {"libjpeg_turbo": "jpeg"},
        deb = "libjpeg62-turbo-dev libturbojpeg0-dev",
        headers = ["jconfig.h", "jerror.h", "jmorecfg.h", "jpeglib.h", "turbojpeg.h"],
        targets = {"jpeg": "libjpeg", "turbojpeg": "libturbojpeg"},
    )
    maybe(
        debian_library,
        name = "libpng",
        aliases = {"libpng": "png"},
        deb = "libpng-dev",
        headers = ["libpng16", "png.h", "pngconf.h", "pnglibconf.h"],
        targets = {"png": "libpng"},
    )
    maybe(
        debian_library,
        name = "libseccomp",
        aliases = {"libseccomp": "seccomp"},
        deb = "libseccomp-dev",
        headers = ["seccomp.h", "seccomp-syscalls.h"],
        targets = {"seccomp": "libseccomp"},
    )
    maybe(
        debian_library,
        name = "nlohmann_json",
        aliases = {"nlohmann_json": "json"},
        deb = "nlohmann-json3-dev",
        headers = ["nlohmann"],
        targets = {"json": "nlohmann_json"},
    )
    maybe(
        debian_library,
        name = "onetbb",
        aliases = {"onetbb": "tbb"},
        deb = "libtbb-dev",
        headers = ["oneapi", "tbb"],
        targets = {"tbb": "tbb"},
    )
    maybe(
        debian_library,
        name = "openssl",
        deb = "libssl-dev",
        headers = ["openssl"],
        targets = {"crypto": "libcrypto", "ssl": "libssl libcrypto"},
    )
    maybe(
        debian_library,
        name = "primesieve",
        deb = "libprimesieve-dev",
        headers = ["primesieve", "primesieve.h", "primesieve.hpp"],
        targets = {"primesieve": "primesieve"},
    )
    maybe(
        debian_library,
        name = "xz",
        aliases = {"xz": "lzma"},
        deb = "liblzma-dev",
        headers = ["lzma", "lzma.h"],
        targets = {"lzma": "liblzma"},
    )
    maybe(
        debian_library,
        name = "zimg",
        deb = "libzimg-dev",
        headers = ["zimg.h"],
        targets = {"zimg": "zimg"},
    )
    maybe(
        debian_library,
        name = "zlib",
        aliases = {"zlib": "z"},
        deb = "zlib1g-dev",
        headers = ["zconf.h", "zlib.h"],
        targets = {"z": "zlib"},
    )
    maybe(
        debian_library,
        name = "zstd",
        deb = "libzstd-dev",
        headers = ["zdict.h", "zstd.h", "zstd_errors.h"],
        targets = {"zstd": "libzstd"},
    )

# buildifier: disable=unnamed-macro
def cohort_repositories():
    """Declares Bazel's rule sets and the C++ libraries, save those already declared."""
    _bazel_rules()
    _source_libraries()
    _system_libraries()
