#!/usr/bin/env python3
"""tests/lint.py BUILD [FILE...]

Runs clang-tidy, with the checks of .clang-tidy, over FILEs or over all sources that BUILD/compile_commands.json names. `tests/run
--lint` calls it. Its output is the findings, each once; its exit status is 1 if there are any.

clang-tidy walks all of the headers of a translation unit for each check, which takes ten times as long as our own lines. So
sources are checked together, in one translation unit that includes them, if they are compiled alike and no two define the same name. misc-include-cleaner judges only a main file and runs over each source alone. If sources
do not compile together, each is checked alone.
"""

import concurrent.futures
import json
import os
import pathlib
import re
import shlex
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
MOST_TOGETHER = 16
# A name that a file gives to something at the start of a line: a function, variable, type, alias or test.
DEFINED = re.compile(
    r"^(?:TEST(?:_F|_P)?\((?P<suite>\w+),\s*(?P<test>\w+)\)"
    r"|(?:class|struct|enum class|enum|union|#[ ]*define)[ ]+(?P<type>\w+)(?!\w)(?!;)"
    r"|using[ ]+(?P<alias>\w+)[ ]*=|namespace[ ]+(?P<short>\w+)[ ]*="
    r"|(?!using|namespace|return|class|struct|enum|typedef)[A-Za-z_][\w:<>,&*\[\] ]*?[ &*>](?P<name>\w+)(?:\(|[ ]*=|\{|;|\[))",
    re.MULTILINE,
)
FINDING = re.compile(r"^/.*: (?:warning|error): ")


def compile_commands(build):
    """The sources of the tree that BUILD compiles: {source: arguments without source and output}."""
    commands = {}
    for entry in json.loads((build / "compile_commands.json").read_text()):
        source = pathlib.Path(entry["directory"], entry["file"]).resolve()
        if not source.is_relative_to(ROOT) or source.is_relative_to(ROOT / "build") or source in commands:
            continue
        words = shlex.split(entry["command"])
        # What stands before the compiler is its launcher.
        compiler = next(i for i, word in enumerate(words) if re.search(r"(\+\+|cc|clang)(-\d+)?$", word) and "ccache" not in word)
        words = words[compiler:]
        kept = [word for i, word in enumerate(words) if word not in ("-c", "-o") and words[i - 1] not in ("-c", "-o")]
        commands[source] = kept
    return commands


def names(source):
    found = set()
    for match in DEFINED.finditer(source.read_text()):
        found.add(f"{match['suite']}_{match['test']}" if match["suite"] else match["type"] or match["alias"] or match["short"] or match["name"])
    return found


def groups(commands):
    """Lists of sources to check together."""
    open_groups = []
    for source in sorted(commands):
        key = (source.suffix, tuple(commands[source]))
        defined = names(source)
        for group_key, members, taken in open_groups:
            if group_key == key and len(members) < MOST_TOGETHER and not taken & defined:
                members.append(source)
                taken |= defined
                break
        else:
            open_groups.append((key, [source], defined))
    return [members for _, members, _ in open_groups]


def tidy(source, arguments, checks):
    """The findings of clang-tidy in one translation unit, and whether it compiles."""
    extra = [f"--checks={checks}"] if checks else []
    run = subprocess.run(
        ["clang-tidy-19", "--quiet", *extra, str(source), "--", *arguments[1:]],
        capture_output=True, text=True, errors="replace", check=False, cwd=ROOT,
    )
    found = [line for line in run.stdout.splitlines() if FINDING.match(line)]
    return found, not any("[clang-diagnostic-error]" in line for line in found) and (run.returncode == 0 or bool(found))


def check_together(folder, number, sources, arguments):
    if len(sources) > 1:
        unit = folder / f"{number}{sources[0].suffix}"
        unit.write_text("".join(f'#include "{source}"  // NOLINT(bugprone-suspicious-include)\n' for source in sources))
        found, compiles = tidy(unit, arguments, "-misc-include-cleaner")
        if compiles:
            return found
    alone = []
    for source in sources:
        found, compiles = tidy(source, arguments, "-misc-include-cleaner")
        alone += found if compiles or found else [f"{source}:1:1: error: clang-tidy fails"]
    return alone


def main():
    build = pathlib.Path(sys.argv[1]).resolve()
    commands = compile_commands(build)
    chosen = [pathlib.Path(name).resolve() for name in sys.argv[2:]]
    unknown = [str(source) for source in chosen if source not in commands]
    if unknown:
        sys.exit(f"tests/lint.py: {', '.join(unknown)}: not compiled by {build}")
    if chosen:
        commands = {source: commands[source] for source in chosen}
    folder = build / "lint"
    folder.mkdir(exist_ok=True)
    findings = set()
    with concurrent.futures.ThreadPoolExecutor(max_workers=os.cpu_count()) as workers:
        work = [
            workers.submit(check_together, folder, number, sources, commands[sources[0]])
            for number, sources in enumerate(groups(commands))
        ]
        work += [
            workers.submit(lambda s, a: tidy(s, a, "-*,misc-include-cleaner")[0], source, arguments)
            for source, arguments in commands.items()
        ]
        print(f"tests/lint.py: {len(commands)} sources in {len(work)} runs of clang-tidy", file=sys.stderr)
        for done in concurrent.futures.as_completed(work):
            for finding in done.result():
                if finding not in findings:
                    findings.add(finding)
                    print(finding, flush=True)
    sys.exit(1 if findings else 0)


if __name__ == "__main__":
    main()
