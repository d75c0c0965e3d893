"""Look of the page: on a screen, on a phone and on paper, without fonts or files from elsewhere."""

STYLE = """
:root { color: #1a1a1a; background: #fff; font: 16px/1.5 system-ui, sans-serif; }
body { margin: 0 auto; max-width: 70rem; padding: 1rem 1.5rem 3rem; }
h1 { font-size: 1.7rem; line-height: 1.25; margin: 1rem 0; }
h2 { font-size: 1.25rem; margin: 2.5rem 0 .75rem; border-bottom: 1px solid #bbb; }
p, li { max-width: 48rem; }
a { color: #00558a; }
nav ul { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; list-style: none; padding: 0; }
.verdict { padding: .75rem 1rem; border-left: .4rem solid; }
.good { background: #e8f5ee; border-color: #00734f; }
.bad { background: #fdeee6; border-color: #b34700; }
.open { background: #f0f0f0; border-color: #666; }
.warnings { background: #fff6df; padding: .75rem 1rem .75rem 2rem; }
.scroll { overflow-x: auto; margin: 1rem 0; }
.scroll:focus-visible { outline: 2px solid #00558a; }
table { border-collapse: collapse; font-size: .9rem; }
caption { text-align: left; font-weight: 600; padding: .25rem 0; white-space: nowrap; }
th, td { padding: .25rem .6rem; text-align: left; vertical-align: baseline; white-space: nowrap; }
th { white-space: normal; }
sup { line-height: 0; }
tbody tr { border-top: 1px solid #ddd; }
thead th { vertical-align: bottom; border-bottom: 2px solid #777; }
tbody th { font-weight: 600; white-space: nowrap; }
.number { text-align: right; font-variant-numeric: tabular-nums; }
.text { white-space: normal; min-width: 9rem; }
.matrix { font-size: .8rem; }
.matrix td { text-align: right; padding: .2rem .3rem; min-width: 1.9em; }
.matrix .turned { padding: .2rem .3rem; }
.turned span { writing-mode: vertical-rl; transform: rotate(180deg); white-space: nowrap; }
figure { margin: 1.5rem 0; }
figure img { display: block; max-width: 100%; height: auto; }
figcaption { font-size: .9rem; color: #333; max-width: 48rem; }
pre { overflow-x: auto; background: #f5f5f5; padding: .75rem; font-size: .8rem; }
@media (max-width: 40rem) {
  body { padding: .5rem .75rem 2rem; }
  h1 { font-size: 1.35rem; }
  .text { min-width: 18rem; }
}
@page { size: A4; margin: 15mm 13mm; }
@media print {
  :root { font-size: 10pt; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  body { max-width: none; padding: 0; }
  nav, details { display: none; }
  .scroll { overflow: visible; }
  table { font-size: 7.5pt; }
  th, td { padding: .1rem .3rem; }
  tbody th { white-space: normal; overflow-wrap: anywhere; min-width: 9em; }
  .text { min-width: 0; }
  .matrix { font-size: min(7.5pt, calc(160mm / var(--columns) / 2.4)); }
  .matrix td, .matrix .turned { padding: .05rem .15rem; }
  .matrix tbody th { min-width: 0; overflow-wrap: normal; }
  h2, section > p, caption, thead { break-after: avoid; }
  tr, p, figure, li { break-inside: avoid; }
  figure img { max-height: 118mm; margin: 0 auto; }
  a { color: inherit; text-decoration: none; }
}
"""
"""Style sheet of the page."""
