/** The look of the report. Colours of the plot are read from here as `#rrggbb`. */
export const REPORT_STYLE = `
:root {
  color-scheme: light;
  --ground: #ffffff; --raised: #f4f6f8; --line: #d5dbe1; --grid: #e9edf1;
  --text: #16202b; --muted: #566473; --link: #0b57b8; --select: #dbe8f8;
  --low: #4a7096; --faded: #9aa7b4; --high: #b26a00; --top: #c2182b;
}
@media (prefers-color-scheme: dark) {
  :root:not([data-theme="light"], .print) {
    color-scheme: dark;
    --ground: #0e1217; --raised: #171d24; --line: #303a46; --grid: #1d242d;
    --text: #dfe5ec; --muted: #96a3b1; --link: #7db5f5; --select: #1d3046;
    --low: #6f9cc8; --faded: #56626f; --high: #f2ab3c; --top: #ff6370;
  }
}
:root[data-theme="dark"]:not(.print) {
  color-scheme: dark;
  --ground: #0e1217; --raised: #171d24; --line: #303a46; --grid: #1d242d;
  --text: #dfe5ec; --muted: #96a3b1; --link: #7db5f5; --select: #1d3046;
  --low: #6f9cc8; --faded: #56626f; --high: #f2ab3c; --top: #ff6370;
}
* { box-sizing: border-box; }
[hidden] { display: none !important; }
body {
  margin: 0; padding: 12px 20px 40px; background: var(--ground); color: var(--text);
  font: 13px/1.45 system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif;
  font-variant-numeric: tabular-nums;
}
h1 { font-size: 17px; margin: 0; overflow-wrap: anywhere; }
h2 { font-size: 13px; margin: 18px 0 4px; }
.muted { color: var(--muted); }
code, pre, .value, .what { font-family: ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; font-size: 12px; }
button, input {
  font: inherit; color: inherit; background: var(--raised); border: 1px solid var(--line);
  border-radius: 4px; padding: 3px 9px;
}
button { cursor: pointer; }
button:hover { border-color: var(--muted); }
:focus-visible { outline: 2px solid var(--link); outline-offset: 1px; }
header { display: flex; flex-wrap: wrap; gap: 6px 28px; align-items: flex-start; }
header > div:first-child { flex: 1 1 300px; min-width: 0; }
#range { margin: 0; color: var(--muted); }
#totals { display: flex; flex-wrap: wrap; gap: 4px 22px; margin: 0; }
#totals > div { display: flex; flex-direction: column-reverse; justify-content: flex-end; }
#totals dt { color: var(--muted); font-size: 12px; }
#totals dd { margin: 0; font-size: 17px; font-weight: 600; order: 1; }
#totals dd.muted { order: -1; font-size: 11px; font-weight: 400; max-width: 180px; }
#totals .top, tr.top .score { color: var(--top); }
#totals .high, tr.high .score { color: var(--high); }
#tools { display: flex; gap: 6px; }
#plot { position: relative; height: clamp(240px, 40vh, 440px); margin: 10px 0 0; }
#plot.empty, .empty { height: auto; padding: 40px 0; color: var(--muted); text-align: center; border: 1px solid var(--line); border-radius: 4px; }
#note { margin: 0; min-height: 0; color: var(--muted); font-size: 12px; text-align: right; }
.uplot { position: absolute; inset: 0; }
.u-over { cursor: crosshair; }
.u-select { background: color-mix(in srgb, var(--link) 18%, transparent); }
.u-hz .u-cursor-x { border-right: 1px solid var(--faded); }
.tip {
  position: absolute; z-index: 2; max-width: min(420px, 60%); pointer-events: none; padding: 6px 9px;
  background: var(--raised); border: 1px solid var(--line); border-radius: 4px;
  box-shadow: 0 2px 8px rgb(0 0 0 / .25); overflow-wrap: anywhere;
}
#query { display: flex; flex-wrap: wrap; gap: 8px; align-items: center; padding: 8px 0; position: sticky; top: 0; z-index: 1; background: var(--ground); }
#filter { flex: 0 1 420px; min-width: 160px; padding: 5px 9px; background: var(--ground); }
.chip { border-color: var(--link); color: var(--link); }
main { display: grid; grid-template-columns: minmax(0, 1fr) minmax(0, 560px); gap: 0 28px; align-items: start; }
section h2:first-child { margin-top: 6px; }
.status { margin: 0 0 4px; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; }
th { text-align: left; font-weight: 600; color: var(--muted); font-size: 12px; white-space: nowrap; }
th, td { padding: 3px 10px 3px 0; vertical-align: top; border-bottom: 1px solid var(--grid); }
th:first-child, td:first-child { padding-left: 6px; }
th button { border: 0; padding: 0; background: none; }
th[aria-sort="descending"] button::after { content: " ↓"; }
th[aria-sort="ascending"] button::after { content: " ↑"; }
.number { text-align: right; white-space: nowrap; }
.principals th:nth-child(n+4), .days th:nth-child(n+2), .facets th:nth-child(4) { text-align: right; }
.events td { height: 28px; }
tr.event { cursor: pointer; scroll-margin: 60px 0 20px; }
tr.event:hover { background: var(--raised); }
tr.current, tr.current:hover { background: var(--select); }
.score { font-weight: 600; }
button.score { background: none; border: 0; padding: 0 2px; white-space: nowrap; }
button.score::before { content: "▸"; display: inline-block; width: 13px; color: var(--muted); font-weight: 400; }
button.score[aria-expanded="true"]::before { content: "▾"; }
.time, .where { white-space: nowrap; }
.who { min-width: 90px; max-width: 200px; overflow-wrap: anywhere; }
.principals .who { min-width: 125px; }
table:not(:has(tbody tr)) { display: none; }
.events .who { font-weight: 600; }
.what { overflow-wrap: anywhere; min-width: 25ch; }
.what .error { display: block; color: var(--muted); }
.where span { display: block; color: var(--muted); font-size: 12px; line-height: 1.25; }
.why { min-width: 200px; overflow-wrap: anywhere; }
.detail > td { padding: 0; border-bottom: 1px solid var(--line); background: var(--raised); }
.explanation { padding: 10px 14px 14px 26px; border-left: 3px solid var(--link); }
.reason { margin: 0 0 8px; font-size: 14px; max-width: 90ch; overflow-wrap: anywhere; }
.facets th, .facets td { border-color: var(--line); }
.facets tbody th { color: var(--text); font-weight: 400; }
.facets tr.most th, .facets tr.most .value:nth-child(2) { font-weight: 700; color: var(--text); }
.facets .value { overflow-wrap: anywhere; min-width: 22ch; }
.bits { white-space: nowrap; }
.track { display: inline-block; width: 90px; height: 9px; margin-right: 8px; background: var(--grid); border: 1px solid var(--line); }
.bar { display: block; height: 100%; background: var(--low); print-color-adjust: exact; }
.most .bar { background: var(--top); }
.facts { display: grid; grid-template-columns: max-content minmax(0, 1fr) max-content minmax(0, 1fr); gap: 2px 14px; margin: 10px 0; }
.facts dt { color: var(--muted); }
.facts dt:last-of-type { grid-column: 1; }
.facts dd:last-of-type { grid-column: 2 / -1; }
.facts dd { margin: 0; overflow-wrap: anywhere; }
.facts button { padding: 0 6px; font-size: 12px; }
summary { cursor: pointer; color: var(--muted); }
pre {
  margin: 6px 0 0; padding: 8px 10px; max-height: 420px; overflow: auto; background: var(--ground);
  border: 1px solid var(--line); border-radius: 4px; white-space: pre-wrap; overflow-wrap: anywhere;
}
#events > button { margin-top: 8px; }
.principals .who button, .days button { background: none; border: 0; padding: 0; color: var(--link); text-align: left; overflow-wrap: anywhere; }
.principals .who span { display: block; font-size: 11px; line-height: 1.2; white-space: nowrap; }
.spark { width: 96px; height: 18px; display: block; }
.spark rect { fill: var(--low); }
.spark rect.high { fill: var(--high); }
.spark rect.top { fill: var(--top); }
dialog { color: inherit; background: var(--ground); border: 1px solid var(--line); border-radius: 6px; max-width: 460px; }
dialog::backdrop { background: rgb(0 0 0 / .5); }
dialog h2 { margin-top: 0; }
dialog dl { display: grid; grid-template-columns: max-content 1fr; gap: 4px 16px; }
dialog dd { margin: 0; }
kbd { font: inherit; border: 1px solid var(--line); border-radius: 3px; padding: 0 5px; background: var(--raised); }
@media (max-width: 1200px) {
  main { grid-template-columns: minmax(0, 1fr); }
}
@media (max-width: 760px) {
  body { padding: 10px 10px 30px; }
  .facts { grid-template-columns: max-content minmax(0, 1fr); }
  .events thead { display: none; }
  .events, .events > tbody { display: block; }
  .events tr.event { display: grid; grid-template-columns: max-content max-content minmax(0, 1fr); border-bottom: 1px solid var(--line); padding: 4px 0; }
  .events tr.event > td { border: 0; height: auto; padding-bottom: 0; }
  .events tr.event .where { display: none; }
  .events tr.event .what { grid-column: 1 / -1; padding-left: 21px; }
  .events tr.event .why { grid-column: 1 / -1; padding-left: 21px; color: var(--muted); }
  .events tr.detail, .events tr.detail > td { display: block; height: auto; }
  .explanation { padding: 8px 6px 10px 10px; }
  .facets thead { display: none; }
  .facets, .facets tbody { display: block; }
  .facets tr { display: grid; grid-template-columns: 96px minmax(0, 1fr) 44px; border-bottom: 1px solid var(--line); padding: 3px 0; }
  .facets tbody th, .facets td { height: auto; padding: 1px 8px 1px 0; border: 0; white-space: normal; }
  .facets tr > .value:nth-child(2) { grid-column: 2 / -1; min-width: 0; }
  .facets .bits { grid-column: 2; }
  .facets td:nth-child(n+5) { grid-column: 2 / -1; min-width: 0; }
  .facets td:nth-child(5)::before { content: "known to "; color: var(--muted); }
  .facets td:nth-child(6)::before { content: "usual "; color: var(--muted); }
}
@media print {
  #tools, #query, .tip, #events > button, .track { display: none !important; }
  body { padding: 0; font-size: 10px; }
  main { display: block; }
  pre { max-height: none; }
  code, pre, .value, .what, .where span, th, #totals dt, .events td { font-size: 9px; }
  tr { break-inside: avoid; }
  tr.detail { break-inside: auto; }
}
`;
