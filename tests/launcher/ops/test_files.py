from launcher.ops.files import MakeDirectory, RemovePath, WriteFile


def test_describe_themselves_as_shell_lines() -> None:
    assert MakeDirectory(path="/a b", mode=0o700).describe() == "mkdir -p -m 0700 '/a b'"
    assert WriteFile(path="/a", content=b"xyz").describe() == (
        "install -m 0600 /dev/stdin /a # 3 bytes"
    )
    assert RemovePath(path="/a").describe() == "rm -rf /a"
