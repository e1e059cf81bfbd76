# SPDX-License-Identifier: BSD-3-Clause
"""SVG pictures of what was found, drawn by gnuplot: percentiles of round trips, throughput by size,
and the ratio to each rival."""

import os
import shutil
import statistics
import subprocess

from pairs import Comparison

STYLE = """
set terminal {terminal}
set output {output}
set border 3 lc rgb '#606060'
set tics nomirror
set termoption noenhanced
set grid ytics lc rgb '#c8c8c8' lw 1 dt 3
"""
OURS = "#c0392b"
OTHERS = ["#2c6fbb", "#2e8b57", "#8e5ea2", "#d08a1d", "#3aa6a0", "#7f7f7f"]
PERCENTILES = {"p50": "50", "p90": "90", "p99": "99", "p99_9": "99.9", "p99_99": "99.99"}
TERMINAL = "svg size 900,{height} dynamic background '#ffffff' font 'sans,14'"


def quoted(text):
    return "'" + str(text).replace("'", "''") + "'"


def samples_by_name(findings):
    """Ours first; all good samples of each contestant."""
    samples = {}
    for finding in findings:
        samples.setdefault(finding.case.ours.name, []).extend(finding.ours())
    for finding in findings:
        if isinstance(finding, Comparison) and finding.pairs:
            others = samples.setdefault(finding.rival.name, [])
            others.extend(pair.rival for pair in finding.pairs)
    return samples


def colours():
    yield OURS
    while True:
        yield from OTHERS


def lines(curves, with_what="linespoints"):
    """gnuplot's data blocks and its plot command: {name: [(x, y)]}."""
    blocks, plots = [], []
    for i, ((name, points), colour) in enumerate(zip(curves.items(), colours())):
        rows = "\n".join(f"{x} {y:.6g}" for x, y in points)
        blocks.append(f"$data{i} << END\n{rows}\nEND")
        plots.append(f"$data{i} using 1:2 with {with_what} lw {3 if i == 0 else 2} pt 7 ps 0.6"
                     f" lc rgb '{colour}' title {quoted(name)}")  # fmt: skip
    return "\n".join(blocks) + "\nplot " + ", \\\n  ".join(plots) + "\n"


def percentiles(findings):
    """Of one case of round trips."""
    curves = {}
    for name, samples in samples_by_name(findings).items():
        points = []
        for i, key in enumerate(PERCENTILES):
            values = [sample.ends[-1][f"rtt_ns_{key}"] for sample in samples
                      if f"rtt_ns_{key}" in sample.ends[-1]]  # fmt: skip
            if values:
                points.append((i, statistics.median(values)))
        # Who tells the median alone has no curve.
        if len(points) > 1:
            curves[name] = points
    if not curves:
        return None
    ticks = ", ".join(f"{quoted(text)} {i}" for i, text in enumerate(PERCENTILES.values()))
    return (f"set title {quoted(findings[0].case.title.replace(', p50', ''))}\n"
            f"set xtics ({ticks})\nset xlabel 'percentile'\nset ylabel 'ns'\n"
            "set logscale y\nset format y '%.0s%c'\nset key top left reverse Left\n"
            "set xrange [-0.1:4.1]\n"
            + lines(curves))  # fmt: skip


def throughput(findings, title):
    """GB/s by size, of cases that differ by their size alone."""
    curves = {}
    by_size = {}
    for finding in findings:
        by_size.setdefault(finding.case.size, []).append(finding)
    for size, of_size in sorted(by_size.items()):
        for name, samples in samples_by_name(of_size).items():
            if samples:
                value = statistics.median(s.ends[-1]["rate_gbit_per_s"] / 8 for s in samples)
                curves.setdefault(name, []).append((size, value))
    if len(by_size) < 2:
        return None
    ticks = ", ".join(f"{quoted(size_text(size))} {size}" for size in sorted(by_size))
    return (f"set title {quoted(title)}\nset xlabel 'bytes'\nset ylabel 'GB/s'\n"
            f"set logscale x 2\nset logscale y\nset xtics ({ticks})\n"
            "set key top left reverse Left\n" + lines(curves))  # fmt: skip


def size_text(size):
    for unit, name in ((1 << 20, "M"), (1024, "K")):
        if size % unit == 0:
            return f"{size // unit}{name}"
    return str(size)


def ratios(findings):
    """How many times better than each rival, a bar each."""
    bars = []
    for finding in findings:
        if not isinstance(finding, Comparison) or not finding.pairs:
            continue
        values = finding.ratios()
        if not finding.case.more_is_better:
            values = [1 / value for value in values]
        bars.append((f"{finding.case.name}  {finding.rival.name}", statistics.median(values),
                     min(values), max(values)))  # fmt: skip
    if not bars:
        return None
    bars.reverse()  # the first one on top
    rows = "\n".join(f"{i} {middle:.6g} {low:.6g} {high:.6g}"
                     for i, (_, middle, low, high) in enumerate(bars))  # fmt: skip
    ticks = ", ".join(f"{quoted(name)} {i}" for i, (name, *_) in enumerate(bars))
    return (f"$data << END\n{rows}\nEND\n"
            "set title 'times better than the rival (line: range of the pairs)'\n"
            f"set logscale x 2\nset grid xtics\nunset key\nset ytics ({ticks})\n"
            f"set yrange [-0.8:{len(bars) - 0.2}]\nset xrange [*:*] extend\n"
            "set arrow from 1, graph 0 to 1, graph 1 nohead lw 2 lc rgb '#606060'\n"
            "plot $data using 2:1:(1):2:($1-0.3):($1+0.3) with boxxyerror fs solid 0.6 noborder"
            f" lc rgb '{OURS}',"
            " $data using 2:1:3:4 with xerrorbars pt 0 lw 1 lc rgb '#303030'\n")  # fmt: skip


def pictures(findings):
    """{name: gnuplot's commands}"""
    found = {}
    by_case = {}
    for finding in findings:
        if finding.ours():
            by_case.setdefault(finding.case.name, []).append(finding)
    for name, of_case in by_case.items():
        if of_case[0].case.way == "rtt":
            found[f"latency-{name}"] = percentiles(of_case)
    for name, prefix, touch, title in (
        ("throughput-frames-first", "tx-", "first", "frames one way, first line read"),
        ("throughput-messages", "msg-tx-", "all", "messages one way, all bytes touched"),
    ):
        of_kind = [f for fs in by_case.values() for f in fs
                   if f.case.name.startswith(prefix) and f.case.touch == touch]  # fmt: skip
        found[name] = throughput(of_kind, title)
    found["ratio"] = ratios(findings)
    return {name: text for name, text in found.items() if text}


def height(text):
    """Bars need room."""
    bars = text.count("\n", 0, text.index("\nEND")) if "$data <<" in text else 0
    return max(540, 120 + 17 * bars)


def write(findings, directory):
    """Returns the files that there are now."""
    if shutil.which("gnuplot") is None:
        raise RuntimeError("--plots: there is no gnuplot: install Debian's gnuplot-nox")
    os.makedirs(directory, exist_ok=True)
    files = []
    for name, text in pictures(findings).items():
        path = os.path.join(directory, f"{name}.svg")
        terminal = TERMINAL.format(height=height(text))
        head = STYLE.format(terminal=terminal, output=quoted(path))
        subprocess.run(["gnuplot"], input=head + text + "unset output\n", text=True, check=True)
        files.append(path)
    return files
