"""Bazel's own rule repositories, from Debian's bazel-rules-* packages."""

# Debian's rules_cc 0.0.4 loads a symbol that Bazel 4.2.3's @bazel_tools lacks.
_NEEDS_PATCH = [
    "cc/private/rules_impl/cc_flags_supplier.bzl",
    "cc/private/rules_impl/compiler_flag.bzl",
]

# One .bzl file per rule, as in today's rules_cc, so that BUILD files can load
# "@rules_cc//cc:cc_library.bzl" under every version of Bazel.
_CC_RULES = ["cc_binary", "cc_import", "cc_library", "cc_test"]

def _rules_cc_impl(rctx):
    result = rctx.execute(["cp", "-RL", "/usr/share/bazel/rules/cc/.", "."])
    if result.return_code != 0:
        fail("Debian package bazel-rules-cc is missing: " + result.stderr)
    for path in _NEEDS_PATCH:
        text = rctx.read(path)
        rctx.delete(path)
        rctx.file(
            path,
            text.replace(', "use_cpp_toolchain"', "").replace(
                "use_cpp_toolchain()",
                '["@bazel_tools//tools/cpp:toolchain_type"]',
            ),
            executable = False,
        )
    for rule in _CC_RULES:
        rctx.file("cc/%s.bzl" % rule, """\
load("//cc:defs.bzl", _{rule} = "{rule}")

{rule} = _{rule}
""".format(rule = rule), executable = False)

debian_rules_cc = repository_rule(implementation = _rules_cc_impl, local = True)

def _rules_shell_impl(rctx):
    rctx.file("WORKSPACE")
    rctx.file("shell/BUILD.bazel")
    for rule in ["sh_binary", "sh_library", "sh_test"]:
        rctx.file(
            "shell/%s.bzl" % rule,
            "def {rule}(**kwargs):\n    native.{rule}(**kwargs)\n".format(rule = rule),
            executable = False,
        )

# Bazel 4 has the shell rules built in; newer ones load them from @rules_shell.
native_rules_shell = repository_rule(implementation = _rules_shell_impl)

def _coverage_tools_impl(rctx):
    rctx.file("WORKSPACE", executable = False)
    rctx.symlink(rctx.attr.merger, "lcov_merger.py")
    rctx.file("BUILD", """\
package(default_visibility = ["//visibility:public"])

sh_binary(
    name = "lcov_merger",
    srcs = ["lcov_merger.py"],
)

alias(
    name = "coverage_report_generator",
    actual = ":lcov_merger",
)
""", executable = False)

# Every cc_test depends on this repository, under `bazel coverage` or not.
coverage_tools = repository_rule(
    implementation = _coverage_tools_impl,
    attrs = {"merger": attr.label(default = Label("//third_party:lcov_merger.py"))},
)
