#!/usr/bin/env python3
"""Records commands in a terminal of 80 columns as an SVG in which lines come when they came.

    cargo build -p http-hook-cli
    python3 adapters/cli/compare/record.py target/debug/http-hook > adapters/cli/demo.svg
"""

import html
import os
import pty
import re
import select
import struct
import sys
import termios
import time
from fcntl import ioctl

COMMANDS = ["demo", "plan sales POST v1/orders name=box"]
COLUMNS, LINE, WIDTH = 80, 19, 8.43
COLOURS = {"31": "#e06c75", "32": "#98c379", "33": "#e5c07b", "34": "#61afef", "36": "#56b6c2"}


def recorded(command):
    """Runs a command in a terminal: when each line came, and the line."""
    pid, end = pty.fork()
    if pid == 0:
        env = {
            "TERM": "xterm-256color",
            "PATH": os.environ["PATH"],
            "AIRFLOW_CONN_SALES": "http://reader:secret@api.example.com/https",
        }
        os.execve(sys.argv[1], ["http-hook", *command.split()], env)
    ioctl(end, termios.TIOCSWINSZ, struct.pack("HHHH", 40, COLUMNS, 0, 0))
    began, lines, open_line = time.monotonic(), [], ""
    while True:
        ready, _, _ = select.select([end], [], [], 30)
        try:
            piece = os.read(end, 65536).decode() if ready else ""
        except OSError:
            piece = ""
        if not piece:
            break
        open_line += piece
        *whole, open_line = open_line.split("\n")
        lines += [(time.monotonic() - began, line.rstrip("\r")) for line in whole]
    os.waitpid(pid, 0)
    return lines


def spans(line):
    """A line as text of SVG, colours included."""
    out, style, column = [], "", 0
    for part in re.split(r"(\x1b\[[0-9;]*m)", line):
        code = re.fullmatch(r"\x1b\[([0-9;]*)m", part)
        if code:
            codes = code[1].split(";")
            colour = next((COLOURS[own] for own in codes if own in COLOURS), None)
            style = f' fill="{colour}"' if colour else ' fill="#8b93a1"' if "2" in codes else ""
        elif part:
            # Each word is put into its column, whatever the width of the font at hand.
            for word in re.finditer(r"\S+", part):
                x = 20 + (column + word.start()) * WIDTH
                out.append(f'<tspan x="{x:.1f}"{style}>{html.escape(word[0], quote=False)}</tspan>')
            column += len(part)
    return "".join(out)


def main():
    rows, start = [], 0.5
    for command in COMMANDS:
        rows.append((start, f"\x1b[1m$ http-hook {command}\x1b[0m"))
        came = recorded(command)
        rows += [(start + 0.5 + when, line) for when, line in came]
        rows.append((start, ""))
        start = max(when for when, _ in rows) + 2
    height = LINE * len(rows) + 30
    width = round(COLUMNS * WIDTH) + 40
    print(f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}">')
    print("<style>@keyframes come{from{opacity:0}to{opacity:1}}")
    print("text{font-size:14px;font-family:'DejaVu Sans Mono',Menlo,Consolas,monospace;fill:#d7dae0}")
    print(".l{animation:come .01s backwards}</style>")
    print(f'<rect width="{width}" height="{height}" rx="8" fill="#21252b"/>')
    for number, (when, line) in enumerate(rows):
        if line:
            y = 30 + LINE * number
            print(f'<text class="l" style="animation-delay:{when:.2f}s" y="{y}">{spans(line)}</text>')
    print("</svg>")


if __name__ == "__main__":
    main()
