"""C++ libraries built from Debian's source packages.

Abseil and GoogleTest keep no ABI between C++ standards, so they are compiled
here, with the workspace's flags and sanitizers, by their own BUILD files.
"""

# Fetches the source package $1 with apt's own signature checks. apt's state is
# kept in this folder, so it needs no root, no deb-src entry in /etc/apt, and
# leaves the machine's set-up alone.
_FETCH = """
set -eu
root=$PWD
mkdir -p apt/lists/partial apt/cache/archives/partial apt/sources.list.d
sed 's/^Types:.*/Types: deb-src/' /etc/apt/sources.list.d/debian.sources \\
  > apt/sources.list.d/debian.sources 2> /dev/null ||
  sed -n 's/^deb /deb-src /p' /etc/apt/sources.list > apt/sources.list.d/debian.list
apt_get() {
  apt-get -q -o Acquire::Retries=3 -o APT::Sandbox::User=root \\
    -o Dir::Etc::SourceList=/dev/null \\
    -o Dir::Etc::SourceParts="$root/apt/sources.list.d" \\
    -o Dir::State::Lists="$root/apt/lists" -o Dir::Cache="$root/apt/cache" "$@"
}
apt_get update
apt_get source --download-only "$1"
dpkg-source --extract "$1"_*.dsc source
rm -rf apt "$1"_*
# To the top of the repository, without Debian's packaging.
rm -rf source/debian
mv source/* .
rm -rf source
"""

def _impl(rctx):
    package = rctx.attr.package
    result = rctx.execute(["bash", "-c", _FETCH, "fetch", package])
    if result.return_code != 0:
        fail("apt-get source %s failed:\n%s%s" % (package, result.stdout, result.stderr))
    for path, edits in rctx.attr.edits.items():
        text = rctx.read(path)
        for edit in edits:
            old, _, new = edit.partition(" => ")
            if old not in text:
                fail("%s of %s: no %r" % (path, package, old))
            text = text.replace(old, new)
        rctx.delete(path)
        rctx.file(path, text, executable = False)
    if rctx.attr.command:
        result = rctx.execute(rctx.attr.command)
        if result.return_code != 0:
            fail("%s failed in %s:\n%s" % (rctx.attr.command, package, result.stderr))
    if rctx.attr.build_file:
        rctx.symlink(rctx.attr.build_file, "BUILD.bazel")
        rctx.file("WORKSPACE", executable = False)

# A repository with the tree of one source package. The edits are "old => new"
# strings to replace in a file.
debian_source = repository_rule(
    implementation = _impl,
    attrs = {
        "build_file": attr.label(),
        "command": attr.string_list(),
        "edits": attr.string_list_dict(),
        "package": attr.string(mandatory = True),
    },
)
