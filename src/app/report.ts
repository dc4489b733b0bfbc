import {createHash} from 'node:crypto';
import {readFileSync} from 'node:fs';
import {createRequire} from 'node:module';
import {dirname, join} from 'node:path';
import type {PackedPoints, PageData, ReportData, ReportPoints} from '../web/report/data.ts';
import {REPORT_STYLE} from '../web/report/style.ts';
import {inlineModules} from './inline-modules.ts';

/**
 * The report as one HTML page that asks the network for nothing and works from a file. All that
 * comes from logs stands in it as JSON that no HTML parser takes for markup, and the page's policy
 * lets nothing run but the two scripts put here.
 */
export function renderReport(data: ReportData): string {
  const page: PageData = {...data, points: packPoints(data)};
  const uplot = vendorFile('uPlot.iife.min.js');
  const script = pageScript();
  const style = `${vendorFile('uPlot.min.css')}${REPORT_STYLE}`;
  const policy = [
    `default-src 'none'`,
    `script-src ${hashOf(uplot)} ${hashOf(script)}`,
    `style-src ${hashOf(style)}`,
    `base-uri 'none'`,
    `form-action 'none'`,
    `require-trusted-types-for 'script'`,
    `trusted-types 'none'`,
  ].join('; ');
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>Report</title>
<style>${style}</style>
</head>
<body>
<header>
<div><h1 id="title"></h1><p id="range"></p></div>
<dl id="totals"></dl>
<div id="tools"></div>
</header>
<div id="plot"></div>
<p id="note"></p>
<div id="query" role="search"><input id="filter" type="search" placeholder="Filter ( / )" aria-label="Filter events and principals" autocomplete="off" spellcheck="false"></div>
<main>
<section id="events"><h2>Most novel events</h2></section>
<aside>
<section id="principals"><h2>Principals</h2></section>
<section id="days"></section>
</aside>
</main>
<dialog id="help" aria-label="Keyboard"></dialog>
<noscript>This report needs JavaScript; it runs none but its own and loads nothing.</noscript>
<script type="application/json" id="data">${embedJson(page)}</script>
<script>${uplot}</script>
<script type="module">${script}</script>
</body>
</html>
`;
}

/**
 * JSON that may stand in a `<script>` element: no `<` is left in it, so neither `</script>` nor
 * `<!--` can occur, and no line separator that older parsers took for the end of a line.
 */
export function embedJson(value: unknown): string {
  return JSON.stringify(value).replace(
    /[<>&\u2028\u2029]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** Sorts the points by time and packs each column, a fifth of its size as JSON. */
export function packPoints({points, range, operations}: ReportData): PackedPoints {
  const {time, score, principal, operation, explanation, leftOut} = points;
  const order = orderByTime(points);
  const count = order.length;
  const seconds = new Uint32Array(count);
  const scores = new Float32Array(count);
  const principals = new Uint32Array(count);
  const operationBytes = operations.length <= 0x1_0000 ? 2 : 4;
  const names = operationBytes === 2 ? new Uint16Array(count) : new Uint32Array(count);
  const explained: [number, number][] = [];
  for (const [at, i] of order.entries()) {
    seconds[at] = Math.max(0, Math.floor(((time[i] ?? 0) - range.from) / 1000));
    scores[at] = score[i] ?? 0;
    principals[at] = principal[i] ?? 0;
    names[at] = operation[i] ?? 0;
    const top = explanation[i] ?? -1;
    if (top >= 0) explained.push([at, top]);
  }
  return {
    count,
    seconds: base64(seconds),
    score: base64(scores),
    principal: base64(principals),
    operation: base64(names),
    operationBytes,
    explained,
    ...(leftOut === undefined ? {} : {leftOut}),
  };
}

function orderByTime({time}: ReportPoints): Uint32Array {
  const order = Uint32Array.from({length: time.length}, (_, i) => i);
  for (let i = 1; i < time.length; i++) {
    if ((time[i - 1] ?? 0) <= (time[i] ?? 0)) continue;
    return order.sort((a, b) => (time[a] ?? 0) - (time[b] ?? 0) || a - b);
  }
  return order;
}

function base64(column: Uint16Array | Uint32Array | Float32Array): string {
  return Buffer.from(column.buffer, column.byteOffset, column.byteLength).toString('base64');
}

function hashOf(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}

function vendorFile(name: string): string {
  const main = createRequire(import.meta.url).resolve('uplot');
  return readFileSync(join(dirname(main), name), 'utf8');
}

/** The compiled script of the page, also when this file itself runs from its source. */
function pageScript(): string {
  const dist = import.meta.filename.endsWith('.ts') ? '../../dist' : '..';
  const script = inlineModules(join(import.meta.dirname, dist, 'web/report/page.js'));
  return script.replaceAll('</script', '<\\/script').replaceAll('<!--', '<\\!--');
}
