"""cc_fuzz_test: a libFuzzer target that is also a plain regression test."""

load("@rules_cc//cc:cc_test.bzl", "cc_test")

def cc_fuzz_test(name, corpus, srcs, linkopts = [], **kwargs):
    """A test of LLVMFuzzerTestOneInput; a fuzzer under --config=fuzz.

    Args:
      name: the test.
      corpus: a folder of inputs in this package. `bazel test` runs each once.
      srcs: the sources, with LLVMFuzzerTestOneInput.
      linkopts: as for cc_test.
      **kwargs: as for cc_test.
    """
    cc_test(
        name = name,
        srcs = srcs + select({
            "//tools:fuzz": [],
            "//conditions:default": ["//tools:fuzz_main.cc"],
        }),
        args = ["-runs=0", native.package_name() + "/" + corpus],
        data = native.glob([corpus + "/**"]),
        linkopts = linkopts + select({
            "//tools:fuzz": ["-fsanitize=fuzzer"],
            "//conditions:default": [],
        }),
        **kwargs
    )
