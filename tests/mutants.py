#!/usr/bin/env python3
"""Changes what decides security, and sees whether a test notices.

    pip install tree-sitter tree-sitter-rust && cargo install --locked cargo-mutants
    python3 tests/mutants.py FOLDER [COUNT]

The mutants are those of `cargo mutants --list`, drawn in an order that a fixed seed makes, until COUNT can be built. Building
each alone would take days: a copy of the sources holds all of them, each behind a number that is switched on when a
test binary starts. What cannot be told by a number (a constant, what does not compile) is built alone.

A first run without any mutant must be green, and notes which test reaches which mutant. Then each mutant is switched on, for the
tests that reach it, the quickest first; what none of these notices runs all binaries whole, in a second look. Nothing else counts
as noticed than a red test, or one that takes five times what it took. FOLDER keeps what was found: a run that was ended goes on.
"""

import json
import os
import random
import re
import resource
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

SEED = 20261129
WHAT = """src/base/bound.rs src/base/headers.rs src/base/secret.rs src/base/url/*.rs src/base/redact/*.rs src/redirect/*.rs
 src/auth/*.rs src/cookies/*.rs src/call/build.rs src/call/stored.rs src/call/form.rs src/call/follow.rs src/call/conclude.rs
 src/call/step.rs src/hook/headers.rs src/hook/base_url.rs src/request/link.rs src/request/resend.rs""".split()
CARGO = ["-p", "http-hook", "--features", "cookies,decode,digest,public-suffixes,tracing"]
# Quick ones first. `proof` reads the sources too: the tests that do are red in the first run, and are left out.
BINARIES = ["http_hook", "request", "connection", "redirect", "auth", "response", "retry", "machine", "series", "proof"]
CASES = "100"  # of a property, in the first look; the second has what the property says itself
MISFITS = ("E0061", "E0277", "E0308", "E0369", "E0425", "E0433", "E0599", "E0600", "E0614")
AT = "crate::mutation::at"
# Changes of another kind, which tests once did not notice. The last changes nothing that could be noticed.
PLANTED = [
    ("src/redirect/hop.rs", "keep_body && had_body", "keep_body"),
    ("src/redirect/rewrite.rs", "name.as_str(),\n", 'if name == "x-request-id" { "range" } else { name.as_str() }'),
    ("src/call/stored.rs", "progress.sends <= Call::MAX_SENDS && progress.attempt_number <= progress.sends", "progress.sends <= Call::MAX_SENDS"),
    ("src/cookies/kept.rs", "headers.contains_key(COOKIE)", "false"),
    ("src/call/step.rs", "build::auth_at(hook, &this.ready, origin)", "build::auth_at(hook, &this.ready, hook.origin())"),
    ("src/auth/flow.rs", "known.answers = 0", "()"),
    ("src/auth/flow.rs", "known.fetched || token.is_fresh(Duration::ZERO, now)", "true"),
    ("src/redirect/rewrite.rs", "!path.starts_with('/')", "false"),
]
MODULE = r'''
//! Which mutant is on.
use std::{cell::RefCell, collections::HashSet, env, fs, io::Write, sync::LazyLock, thread};
static STATE: LazyLock<(u32, Option<fs::File>)> = LazyLock::new(|| {
    let log = env::var_os("MUTANT_LOG").map(|name| fs::OpenOptions::new().append(true).create(true).open(name).unwrap());
    (env::var("MUTANT").map_or(0, |text| text.parse().unwrap()), log)
});
thread_local! { static SEEN: RefCell<HashSet<u32>> = RefCell::default(); }
pub(crate) fn at(first: u32, last: u32) -> u32 {
    let (on, log) = &*STATE;
    if let Some(mut log) = log.as_ref() {
        if SEEN.try_with(|seen| seen.borrow_mut().insert(first)).unwrap_or(true) {
            let line = format!("{first} {}\n", thread::current().name().unwrap_or("?"));
            log.write_all(line.as_bytes()).unwrap();
        }
    }
    if (first..=last).contains(on) { *on } else { 0 }
}
'''


def say(*what):
    print(time.strftime("%H:%M:%S"), *what, flush=True)


def run(command, **more):
    return subprocess.run(command, capture_output=True, text=True, check=False, **more)


# What there is


def listed(root):
    """All mutants of what decides, in the order of the seed, numbered from 1 in it."""
    files = [word for pattern in WHAT for word in ("-f", pattern)]
    out = run(["cargo", "mutants", "--list", "--json", "--no-config", "-p", "http-hook", *files], cwd=root)
    found = [m for m in json.loads(out.stdout) if "/tests" not in m["file"]]
    found.sort(key=lambda mutant: mutant["name"])
    random.Random(SEED).shuffle(found)
    return {number: mutant for number, mutant in enumerate(found, 1)}


def planted(root):
    """The planted changes, numbered below 0."""
    found = {}
    for number, (file, old, new) in enumerate(PLANTED, 1):
        source = (root / file).read_text()
        if source.count(old) != 1:
            sys.exit(f"{file}: {source.count(old)} times {old!r}")
        start = len(source[: source.index(old)].encode())
        place = start, start + len(old.rstrip(",\n").encode())
        name = f"planted: {file}: {old.strip()} becomes {new}"
        found[-number] = {"file": file, "replacement": new, "genre": "Planted", "bytes": place, "name": name}
    return found


class Source:
    """A file, and where its mutants stand in it."""

    def __init__(self, path):
        import tree_sitter
        import tree_sitter_rust

        self.bytes = path.read_bytes()
        self.starts = [0] + [i + 1 for i, byte in enumerate(self.bytes) if byte == 10]
        self.tree = tree_sitter.Parser(tree_sitter.Language(tree_sitter_rust.language())).parse(self.bytes).root_node

    def text(self, start, end):
        return self.bytes[start:end].decode()

    def place(self, at):
        line = self.starts[at["line"] - 1]
        return line + len(self.bytes[line:].decode()[: at["column"] - 1].encode())

    def span(self, mutant):
        if "bytes" in mutant:
            return mutant["bytes"]
        return self.place(mutant["span"]["start"]), self.place(mutant["span"]["end"])

    def alone(self, mutant):
        """The whole file with one mutant in it, as cargo-mutants writes it."""
        start, end = self.span(mutant)
        return self.text(0, start) + mutant["replacement"] + self.text(end, len(self.bytes))

    def node(self, start, end, kinds):
        node = self.tree.descendant_for_byte_range(start, end)
        while node and node.type not in kinds:
            node = node.parent
        return node

    def site(self, mutant):
        """(kind, start, end, what stands there instead), or why there is none."""
        start, end = self.span(mutant)
        new, genre = mutant["replacement"], mutant["genre"]
        if genre == "FnValue":
            return "body", start, start, new
        if genre in ("BinaryOperator", "UnaryOperator"):
            node = self.node(start, end, ("binary_expression", "compound_assignment_expr", "unary_expression", "let_chain"))
            if node is None or node.type == "let_chain":
                return "no expression of its own"
            if node.type == "unary_expression":
                return "value", node.start_byte, node.end_byte, self.text(end, node.end_byte)
            left, right = self.text(node.start_byte, start), self.text(end, node.end_byte)
            whole = f"{left}{new}{right}" if "compound" in node.type else f"({left}) {new} ({right})"
            return "value", node.start_byte, node.end_byte, whole
        if genre in ("MatchArmGuard", "Planted"):
            return "value", start, end, new
        if genre == "MatchArm":
            pattern = self.node(start, start, ("match_arm",)).child_by_field_name("pattern")
            guard = pattern.child_by_field_name("condition")
            if guard is None:
                return "arm", pattern.end_byte, pattern.end_byte, ""
            if guard.type in ("let_chain", "let_condition"):
                return "a guard with a pattern"
            return "arm", guard.start_byte, guard.end_byte, ""
        if genre == "StructField":
            node = self.node(start, end, ("struct_expression",))
            rest = re.sub(r"^\s*,", "", self.text(end, node.end_byte))
            return "value", node.start_byte, node.end_byte, self.text(node.start_byte, start) + rest
        return f"unknown genre {genre}"

    def functions(self, node=None):
        """The `const` of each function that has one, its name and the function."""
        for child in (node or self.tree).named_children:
            if child.type == "function_item":
                for word in (w for own in child.children if own.type == "function_modifiers" for w in own.children):
                    if word.type == "const":
                        yield word, child.child_by_field_name("name").text.decode(), child
            yield from self.functions(child)

    def with_all(self, sites, constant):
        """The file with every mutant in it. `sites` maps (kind, start, end) to {number: text}. What is a constant function is none
        any more, but for those that are named."""
        for word, name, function in self.functions():
            if name not in constant and any(function.start_byte <= place[1] < function.end_byte for place in sites):
                sites["const", word.start_byte, word.end_byte] = {}
        order = sorted(sites, key=lambda site: (site[1], site[0] != "body", -site[2], site[0] != "arm"))
        return self.render(0, len(self.bytes), order, sites)

    def render(self, start, end, order, sites):
        out, at = [], start
        while order:
            (kind, first, last), *order = order
            inner = [site for site in order if site[1] >= first and site[2] <= last and kind != "body" and first != last]
            order = order[len(inner) :]
            old = self.render(first, last, inner, sites)
            new = sites[kind, first, last]
            if kind == "const":
                out.append(self.text(at, first))
                at = last
                continue
            call = f"{AT}({min(new)}, {max(new)})"
            arms = lambda write, last: f"match {call} {{ " + "".join(
                f"{n} => /*<{n}*/{write(text)}/*>{n}*/, " for n, text in sorted(new.items())) + f"_ => {last} }}"
            out.append(self.text(at, first))
            if kind == "body":
                out.append(arms(lambda text: f"return {text}", "{}") + "\n")
            elif kind == "arm":
                inside = f" && ({old})" if old else ""
                out.append(f"{'' if old else ' if'} /*<{min(new)}*/{call} == 0/*>{min(new)}*/{inside}")
            else:
                out.append(f"({arms(lambda text: text, old)})")
            at = last
        out.append(self.text(at, end))
        return "".join(out)


# Building


def write(path, text):
    """Writes what is not there yet: what is as it was is not built again."""
    if not path.exists() or path.read_text() != text:
        path.write_text(text)


def copy(root, tree):
    if tree.exists():
        return
    tree.mkdir(parents=True, exist_ok=True)
    archive = subprocess.Popen(["git", "-C", str(root), "archive", "HEAD"], stdout=subprocess.PIPE)
    subprocess.run(["tar", "x", "-C", str(tree)], stdin=archive.stdout, check=True)


def cargo(tree, *words):
    command = ["cargo", *words, "--locked", *CARGO, "--message-format=json"]
    out = run(command, cwd=tree)
    lines = [json.loads(line) for line in out.stdout.splitlines() if line.startswith("{")]
    errors = [m["message"] for m in lines if m["reason"] == "compiler-message" and m["message"]["level"] == "error"]
    return out.returncode == 0, lines, errors, out.stderr


def blamed(tree, errors, constant):
    """The mutants that the compiler's errors stand in; functions that have to stay constant are added to those."""
    found, unclear = {}, []
    for error in errors:
        code = (error["code"] or {"code": "?"})["code"]
        if match := re.match(r"cannot call non-const .*?`(?:.*::)?(\w+)(?:::<.*>)?`", error["message"]):
            if match[1] != "at":
                constant.add(match[1])
                continue
            text = "".join(line["text"] for span in error["spans"] for line in span["text"])
            for first, last in re.findall(re.escape(AT) + r"\((\d+), (\d+)\)", text):
                found |= {number: code for number in range(int(first), int(last) + 1)}
            continue
        spans = error["spans"]
        if not spans:
            continue
        hit = set()
        for span in sorted(spans, key=lambda span: not span["is_primary"]):
            while span.get("expansion"):
                span = span["expansion"]["span"]
            text = (tree / span["file_name"]).read_text().encode() if span["file_name"].startswith("src/") else b""
            for mark in re.finditer(rb"/\*<(\d+)\*/", text):
                number = mark[1]
                end = text.find(b"/*>" + number + b"*/")
                if mark.start() < span["byte_end"] and span["byte_start"] < end + 10:
                    inside = mark.start() <= span["byte_start"] and span["byte_end"] <= end + 10
                    hit.add((not inside, not span["is_primary"], end - mark.start(), int(number)))
        if hit:
            best = min(hit)[:2]
            found |= {number: code for *key, _, number in hit if tuple(key) == best}
        else:
            unclear.append(error["rendered"])
    return found, unclear


def build(folder, root, mutants, aside, constant):
    """Builds the tests with all mutants that can be told by a number; adds to `aside` what cannot."""
    tree = folder / "tree"
    by_file = {}
    for number, mutant in mutants.items():
        by_file.setdefault(mutant["file"], {})[number] = mutant
    lib = (root / "src/lib.rs").read_text()
    write(tree / "src/lib.rs", lib.replace("mod base;\n", "mod base;\nmod mutation;\n", 1))
    write(tree / "src/mutation.rs", MODULE)
    while True:
        numbers = {}
        for file, own in by_file.items():
            source, sites = Source(root / file), {}
            for number, mutant in own.items():
                site = source.site(mutant)
                if isinstance(site, str):
                    aside.setdefault(number, site)
                elif number not in aside:
                    sites.setdefault(site[:3], {})[number] = site[3]
            # the numbers of one place follow each other
            renamed = {}
            for place, new in sites.items():
                for number in new:
                    numbers[number] = len(numbers) + 1
                renamed[place] = {numbers[number]: text for number, text in new.items()}
            write(tree / file, source.with_all(renamed, constant))
        fine, _, errors, said = cargo(tree, "check", "--lib")
        if fine:
            return numbers
        before = len(constant)
        found, unclear = blamed(tree, errors, constant)
        back = {own: number for number, own in numbers.items()}
        for own, code in found.items():
            aside.setdefault(back[own], code)
        say(len(errors), "errors,", len(found), "mutants set aside,", len(unclear), "unclear")
        if not found and len(constant) == before:
            sys.exit("\n".join(unclear) or said)


def binaries(tree, constant=None):
    fine, lines, errors, said = cargo(tree, "test", "--lib", "--tests", "--no-run")
    if constant is not None and not fine:
        before = len(constant)
        blamed(tree, errors, constant)
        if len(constant) > before:
            return None
    if not fine:
        sys.exit("\n".join(error["rendered"] for error in errors) or said)
    built = {m["target"]["name"]: m["executable"] for m in lines if m.get("executable") and m["profile"]["test"]}
    return {name: built[name] for name in BINARIES}


# Running


def tried(tree, binary, words, number, seconds, cases=None):
    """None if all tests are green; else the first that is red, or that the time was over: that of the processor, for others may be
    at work too, and for a test that waits for ever ten times as long on the clock."""

    def limit():
        resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))
        resource.setrlimit(resource.RLIMIT_CPU, (int(seconds), int(seconds) + 1))

    env = {**os.environ, "MUTANT": str(number), "CARGO_MANIFEST_DIR": str(tree), "RUST_BACKTRACE": "0"}
    env |= {"PROPTEST_DISABLE_FAILURE_PERSISTENCE": "1", "PROPTEST_MAX_SHRINK_ITERS": "0"}
    if cases:
        env["PROPTEST_CASES"] = cases
    process = subprocess.Popen(
        [binary, "--test-threads=1", *words], cwd=tree, env=env, text=True, errors="replace", preexec_fn=limit,
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    late = threading.Event()
    timer = threading.Timer(10 * seconds, lambda: (late.set(), process.kill()))
    timer.start()
    try:
        last = ""
        for line in process.stdout:
            if match := re.match(r"test (\S+)(?: - should panic)? \.\.\. ?(.*)", line):
                last = match[1]
                if match[2].startswith("FAILED"):
                    return last
        code = process.wait()
        if late.is_set() or code in (-signal.SIGXCPU, -signal.SIGKILL):
            return f"time over, after {last or 'none'}"
        return None if code == 0 else f"ended with {code}, after {last or 'none'}"
    finally:
        timer.cancel()
        process.kill()
        process.wait()
        process.stdout.close()


def baseline(tree, built):
    """Which tests there are, what they take, which are red without a mutant, and what they reach."""
    tests, reach, red = {}, {}, []
    for name, binary in built.items():
        log = tree / f"{name}.reached"
        log.unlink(missing_ok=True)
        env = {**os.environ, "MUTANT_LOG": str(log), "PROPTEST_CASES": CASES, "RUSTC_BOOTSTRAP": "1", "CARGO_MANIFEST_DIR": str(tree),
               "PROPTEST_DISABLE_FAILURE_PERSISTENCE": "1"}
        out = run([binary, "--test-threads=1", "-Zunstable-options", "--report-time"], cwd=tree, env=env).stdout
        for match in re.finditer(r"^test (\S+)(?: - should panic)? \.\.\. (\w+).*?(?:<([\d.]+)s>)?$", out, re.M):
            if match[2] == "ok":
                tests[name, match[1]] = float(match[3] or 0)
            elif match[2] != "ignored":
                red.append((name, match[1]))
        for line in log.read_text().splitlines() if log.exists() else []:
            first, _, test = line.partition(" ")
            reach.setdefault(int(first), set()).add((name, test))
        say(name, sum(1 for own, _ in tests if own == name), "tests,", round(sum(s for (own, _), s in tests.items() if own == name)), "s")
    return tests, reach, red


def first_look(tree, built, tests, reaching, number):
    """How a mutant is noticed by what reaches it, or None."""
    known = sorted((test for test in reaching if test in tests), key=lambda test: tests[test])
    quick = [test for test in known if tests[test] < 0.2]
    for some in (quick[:20], quick[20:60], quick[60:], known[len(quick) :]):
        for name in built:
            own = [test for test in some if test[0] == name]
            if own:
                words = ["--exact", *(test for _, test in own)]
                most = max(4, 5 * sum(tests[test] for test in own))
                if found := tried(tree, built[name], words, number, most, CASES):
                    return f"{name}: {found}"
    return None


def second_look(tree, built, tests, red, number):
    """How a mutant is noticed by anything, or None."""
    for name in built:
        words = ["--exact", *(word for own, test in red if own == name for word in ("--skip", test))]
        most = max(600, 500 * sum(seconds for (own, _), seconds in tests.items() if own == name))
        if found := tried(tree, built[name], words, number, most):
            return f"{name}: {found} (second look)"
    return None


def main():
    root = Path(__file__).resolve().parents[1]
    folder, count = Path(sys.argv[1]).resolve(), int((sys.argv[2:] or ["400"])[0])
    folder.mkdir(parents=True, exist_ok=True)
    state_file = folder / "state.json"
    mutants = listed(root)
    drawn = {number: mutant for number, mutant in mutants.items() if number <= count * 5 // 4}
    drawn |= planted(root)
    say(len(mutants), "mutants,", len(drawn), "drawn")
    tree, single = folder / "tree", folder / "single"
    copy(root, tree)
    copy(root, single)
    build_file = folder / "build.json"
    before = json.loads(build_file.read_text()) if build_file.exists() else {"aside": {}, "constant": []}
    aside, constant = {int(number): why for number, why in before["aside"].items()}, set(before["constant"])
    built = None
    while not built:
        numbers = build(folder, root, drawn, aside, constant)
        build_file.write_text(json.dumps({"aside": aside, "constant": sorted(constant)}))
        built = binaries(tree, constant)
    first_file = folder / "first.json"
    if not first_file.exists():
        tests, reach, red = baseline(tree, built)
        kept = [[*test, seconds] for test, seconds in tests.items()], {n: sorted(all) for n, all in reach.items()}, red
        first_file.write_text(json.dumps(kept))
    tests, reach, red = json.loads(first_file.read_text())
    tests = {(name, test): seconds for name, test, seconds in tests}
    reach = {int(number): {(name, test) for name, test in all} for number, all in reach.items()}
    say(len(red), "tests are red without a mutant and left out:", *(f"{own}::{test}" for own, test in red))

    results = json.loads(state_file.read_text()) if state_file.exists() else {}
    lock = threading.Lock()

    def keep(number, result):
        with lock:
            results[drawn[number]["name"]] = result
            state_file.write_text(json.dumps(results, indent=0))
            say(number, drawn[number]["name"], "->", result or "NOT NOTICED")

    firsts = {}
    for file in {mutant["file"] for mutant in drawn.values()}:
        text = (tree / file).read_text()
        for match in re.finditer(re.escape(AT) + r"\((\d+), (\d+)\)", text):
            firsts |= {own: int(match[1]) for own in range(int(match[1]), int(match[2]) + 1)}

    def look(whole):
        def one(number):
            own = numbers[number]
            reaching = reach.get(firsts[own], set())
            if whole and reaching:
                keep(number, second_look(tree, built, tests, red, own))
            elif not whole:
                keep(number, first_look(tree, built, tests, reaching, own))

        names = {number: drawn[number]["name"] for number in sorted(numbers) if number not in aside}
        todo = [number for number, name in names.items() if (whole and results[name] is None) or name not in results]
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(one, todo))

    look(whole=False)
    look(whole=True)

    # What is set aside: a type that does not fit cannot be built anyhow; the rest is built alone, as cargo-mutants does it.
    for number in sorted(aside):
        mutant = drawn[number]
        if mutant["name"] in results:
            continue
        if aside[number] in MISFITS and "impl " not in (mutant.get("function") or {}).get("return_type", ""):
            keep(number, "cannot be built")
            continue
        path = single / mutant["file"]
        before = path.read_text()
        path.write_text(Source(root / mutant["file"]).alone(mutant))
        if cargo(single, "check", "--lib")[0]:
            own = binaries(single)
            keep(number, first_look(single, own, tests, set(tests), 0) or second_look(single, own, tests, red, 0))
        else:
            keep(number, "cannot be built")
        path.write_text(before)

    viable = [number for number in sorted(drawn) if number > 0 and results[drawn[number]["name"]] != "cannot be built"][:count]
    lost = [number for number in viable if not results[drawn[number]["name"]]]
    say(len(mutants), "mutants; drawn up to", viable[-1], "of which", len(viable), "can be built;", len(lost), "not noticed:")
    lost += [number for number in drawn if number < 0 and not results[drawn[number]["name"]]]
    for number in lost:
        print(number, drawn[number]["name"], "" if number in aside or reach.get(firsts[numbers[number]]) else "(never reached)")


if __name__ == "__main__":
    main()
