"""Tests of the whole program."""

load("@rules_cc//cc:cc_test.bzl", "cc_test")

_PROGRAM = "//apps/api_fetcher"

def program_test(name, size = "small", data = [], deps = [], **kwargs):
    """A test of NAME.cc that gets the path of the program as its argument.

    Args:
      name: of the test and of its source.
      size: as of cc_test.
      data: what it needs besides the program.
      deps: what it needs besides program_test.h.
      **kwargs: for cc_test.
    """
    cc_test(
        name = name,
        size = size,
        srcs = [name + ".cc"],
        args = ["$(rootpath %s)" % _PROGRAM],
        data = [_PROGRAM] + data,
        deps = [":program_test"] + deps,
        **kwargs
    )
