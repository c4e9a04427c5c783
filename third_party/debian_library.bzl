"""Libraries from Debian's -dev packages, as found by pkg-config."""

def _run(rctx, command):
    result = rctx.execute(command)
    if result.return_code != 0:
        fail("%s: install the Debian package %s\n%s" % (
            " ".join(command),
            rctx.attr.deb,
            result.stderr,
        ))
    return result.stdout.strip()

def _impl(rctx):
    multiarch = _run(rctx, ["gcc", "-print-multiarch"])
    roots = {"include": "/usr/include", "arch": "/usr/include/" + multiarch}
    found = {}
    for header in rctx.attr.headers_in_place:
        if not rctx.path("/usr/include/" + header).exists:
            fail("no %s: install the Debian package %s" % (header, rctx.attr.deb))
    for header in rctx.attr.headers:
        for folder, root in roots.items():
            if rctx.path(root + "/" + header).exists:
                rctx.symlink(root + "/" + header, folder + "/" + header)
                found[header] = True
        if header not in found:
            fail("no %s: install the Debian package %s" % (header, rctx.attr.deb))

    rules = [
        'load("@rules_cc//cc:cc_library.bzl", "cc_library")\n',
        'package(default_visibility = ["//visibility:public"])',
    ]
    for name, module in rctx.attr.targets.items():
        folders = list(roots)
        defines = list(rctx.attr.defines)
        linkopts = []
        flags = module
        if module and not module.startswith("-"):
            flags = _run(rctx, ["pkg-config", "--cflags", "--libs"] + module.split(" "))
        for flag in flags.split(" "):
            if flag.startswith("-D"):
                defines.append(flag[2:])
            elif flag.startswith("-I") and flag[2:] not in roots.values():
                folder = flag[2:].strip("/").replace("/", "_")
                folders.append(folder)
                if not rctx.path(folder).exists:
                    rctx.symlink(flag[2:], folder)
            elif flag.startswith("-l") or flag == "-pthread":
                linkopts.append(flag)
        rules.append("""
cc_library(
    name = %r,
    hdrs = glob(%r, allow_empty = True),
    defines = %r,
    includes = %r,
    linkopts = %r,
)""" % (name, [f + "/**" for f in folders], defines, folders, linkopts))
    for name, actual in rctx.attr.aliases.items():
        rules.append("\nalias(name = %r, actual = %r)" % (name, actual))
    rctx.file("BUILD.bazel", "\n".join(rules) + "\n", executable = False)
    rctx.file("WORKSPACE", executable = False)

# One cc_library for each target, "name": "pkg-config modules" or, for what has no
# such module, "name": "-llibrary". The headers, as named below /usr/include, are
# linked into the repository, so that Bazel knows when one changes. Where there are
# thousands of them, name one or two as headers_in_place: they are only looked for.
debian_library = repository_rule(
    implementation = _impl,
    attrs = {
        "aliases": attr.string_dict(),
        "deb": attr.string(mandatory = True),
        "defines": attr.string_list(),
        "headers": attr.string_list(),
        "headers_in_place": attr.string_list(),
        "targets": attr.string_dict(mandatory = True),
    },
    local = True,
)
