#!/usr/bin/env python3
"""Looks at reports in a browser: nothing reaches beyond the page, no two texts of a chart overlap, at three widths, light and dark.

    check-report.py REPORT.html...

Chromium is looked for as 'chromium', 'chromium-browser' or 'google-chrome'. With --pictures FOLDER the pages are kept as PNG.
"""
import argparse
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

WIDTHS = (360, 768, 1440)
# What the page finds out about itself; the answer is left in the document, which the browser prints.
PROGRAM = """
<script>
document.querySelectorAll('details').forEach(function (part) { part.open = true });
var faults = [], page = document.documentElement;
if (page.scrollWidth > innerWidth + 1) faults.push('the page is ' + page.scrollWidth + ' wide, the window ' + innerWidth);
document.querySelectorAll('figure svg').forEach(function (chart) {
  var frame = chart.getBoundingClientRect(), texts = Array.from(chart.querySelectorAll('text'));
  if (frame.width > innerWidth) faults.push('a chart is ' + frame.width + ' wide');
  var boxes = texts.map(function (text) { return text.getBoundingClientRect() });
  boxes.forEach(function (box, index) {
    var text = texts[index].textContent;
    if (box.left < frame.left - 1 || box.right > frame.right + 1 || box.top < frame.top - 1 || box.bottom > frame.bottom + 1)
      faults.push("'" + text + "' reaches out of its chart");
    if (box.height < 7) faults.push("'" + text + "' is " + box.height.toFixed(1) + ' high');
    for (var other = 0; other < index; other++) {
      var next = boxes[other];
      if (box.left < next.right - 1 && next.left < box.right - 1 && box.top < next.bottom - 1 && next.top < box.bottom - 1)
        faults.push("'" + text + "' overlaps '" + texts[other].textContent + "'");
    }
  });
});
function light(colour) {
  var parts = colour.match(/[\\d.]+/g).slice(0, 3).map(function (part) {
    part /= 255; return part <= 0.03928 ? part / 12.92 : Math.pow((part + 0.055) / 1.055, 2.4) });
  return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2];
}
function contrast(first, second) {
  var a = light(first), b = light(second); return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
}
var paper = getComputedStyle(document.body).backgroundColor;
[['p', 'color', 4.5], ['a', 'color', 4.5], ['.caption', 'color', 4.5], ['svg text', 'fill', 4.5], ['svg .c0', 'color', 3], ['svg .c1', 'color', 3],
 ['svg .c2', 'color', 3], ['svg .c3', 'color', 3], ['svg .c4', 'color', 3], ['svg .c5', 'color', 3], ['svg .c6', 'color', 3],
 ['svg .c7', 'color', 3]].forEach(function (rule) {
  var part = document.querySelector(rule[0]); if (!part) return;
  var found = contrast(getComputedStyle(part)[rule[1]], paper);
  if (found < rule[2]) faults.push(rule[0] + ' has a contrast of ' + found.toFixed(2) + ', ' + rule[2] + ' is needed');
});
var answer = document.createElement('pre'); answer.id = 'answer'; answer.textContent = JSON.stringify(faults);
document.body.appendChild(answer);
</script>
"""


def browser():
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if shutil.which(name):
            return shutil.which(name)
    sys.exit("no Chromium: apt-get install chromium")


def run(program, page, width, is_dark, *more):
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", f"--window-size={width},2400"]
    if is_dark:
        flags.append("--blink-settings=preferredColorScheme=0")
    done = subprocess.run([program, *flags, *more, page.as_uri()], capture_output=True, text=True, timeout=120)
    return done.stdout


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("reports", nargs="+", type=pathlib.Path)
    parser.add_argument("--pictures", type=pathlib.Path)
    options = parser.parse_args()
    program, count, passed = browser(), 0, 0
    for report in options.reports:
        text = report.read_text()
        with tempfile.TemporaryDirectory() as folder:
            page = pathlib.Path(folder) / "page.html"
            page.write_text(text.replace("</body>", PROGRAM + "</body>"))
            for width in WIDTHS:
                for is_dark in (False, True):
                    out = run(program, page, width, is_dark, "--dump-dom")
                    found = re.search(r'<pre id="answer">(.*?)</pre>', out, re.S)
                    mode = f"{report}, {width} pixels, {'dark' if is_dark else 'light'}"
                    faults = json.loads(found.group(1).replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")) if found else [
                        "the page did not answer"
                    ]
                    for fault in faults[:20]:
                        print(f"{mode}: {fault}")
                    count += 1
                    passed += not faults
                    if options.pictures:
                        options.pictures.mkdir(parents=True, exist_ok=True)
                        name = f"{report.stem}-{width}-{'dark' if is_dark else 'light'}.png"
                        run(program, report.resolve(), width, is_dark, f"--screenshot={(options.pictures / name).resolve()}")
    print(f"{passed} of {count} views without a fault")
    sys.exit(passed != count)


main()
