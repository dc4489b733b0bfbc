import {writeFile} from 'node:fs/promises';
import {
  DETECTION_ID,
  type DetectionFile,
  durationText,
  type LoadedDetection,
  type LoadedDetections,
  problemText,
  readNamed,
  readPacks,
  runTests,
  STARTER_KINDS,
  soundDetections,
  starterOf,
} from '../app/detections.ts';
import {AppError, messageOf} from '../base/errors.ts';
import {oneOf} from './options.ts';
import {type Output, plain, plainJsonLines} from './output.ts';
import {table} from './table.ts';

export interface DetectionsOptions {
  readonly format?: string;
}

/** Files that are named, or all shipped packs. */
function filesOf(names: readonly string[]): DetectionFile[] {
  return names.length === 0 ? readPacks() : readNamed(names);
}

function load(names: readonly string[], output: Output, warnings = true) {
  const files = filesOf(names);
  const loaded = soundDetections(files, {now: Date.now()});
  if (warnings) tellWarnings(loaded, files, output);
  return {files, loaded};
}

function tellWarnings(loaded: LoadedDetections, files: DetectionFile[], output: Output): void {
  for (const warning of loaded.warnings) {
    output.note(`${output.style('yellow', 'warning')}  ${problemText(warning, files)}`);
  }
}

/** Checks files of detections and runs the tests in them; 1 if one fails, 2 if a file is wrong. */
export async function detectionsTestCommand(
  names: readonly string[],
  options: DetectionsOptions & {readonly verbose?: boolean},
  output: Output,
): Promise<number> {
  const format = oneOf('--format', options.format ?? 'text', ['text', 'json']);
  // Shipped packs keep published filters as they are, defects included: their warnings are known.
  const told = names.length > 0 || options.verbose === true;
  const {loaded} = load(names, output, format === 'text' && told);
  const results = runTests(loaded.detections);
  const failed = results.filter(({passed}) => !passed);
  if (format === 'json') {
    await output.write(plainJsonLines(results));
    return failed.length > 0 ? 1 : 0;
  }
  const lines = (options.verbose === true ? results : failed).map((result) => {
    const {detection, name, passed, expected, found, file, line, column} = result;
    const mark = passed ? output.style('green', 'ok   ') : output.style('red', 'fault');
    const head = `${mark}  ${plain(`${detection}: ${name}`)}\n`;
    const what = `wanted ${expected}, found ${found}`;
    return passed ? head : `${head}       ${plain(`${file}:${line}:${column}: ${what}`)}\n`;
  });
  const untested = loaded.detections.filter(({tests}) => tests.length === 0).length;
  lines.push(
    `${loaded.detections.length} detections, ${results.length - failed.length} tests passed, ` +
      `${failed.length} failed${untested > 0 ? `, ${untested} detections without a test` : ''}\n`,
  );
  await output.write(lines.join(''));
  return failed.length > 0 ? 1 : 0;
}

export async function detectionsListCommand(
  names: readonly string[],
  options: DetectionsOptions,
  output: Output,
): Promise<number> {
  const format = oneOf('--format', options.format ?? 'table', ['table', 'json']);
  const {loaded} = load(names, output, false);
  if (format === 'json') {
    const rows = loaded.detections.map(summaryOf);
    await output.write(plainJsonLines(rows));
    return 0;
  }
  const rows = loaded.detections.map(({id, kind, severity, mode, from, techniques}) => [
    id,
    kind,
    severity,
    mode,
    from,
    techniques.join(' '),
  ]);
  await output.write(
    table(
      [
        {title: 'id'},
        {title: 'kind'},
        {title: 'severity'},
        {title: 'mode'},
        {title: 'from'},
        {title: 'techniques', flexible: true},
      ],
      rows,
      output.columns,
    ),
  );
  return 0;
}

function summaryOf(detection: LoadedDetection) {
  const {id, kind, title, description, severity, mode, silentUntil, from, file, line} = detection;
  const {techniques, tactics, references, runbook, groupBy, dedupMs, parameters} = detection;
  return {
    id,
    kind,
    title,
    description,
    severity,
    mode,
    silentUntil: silentUntil === null ? null : new Date(silentUntil).toISOString(),
    from,
    place: `${file}:${line}`,
    techniques,
    tactics,
    references,
    runbook,
    groupBy,
    dedup: durationText(dedupMs),
    parameters,
    condition: detection.condition,
    exclusions: detection.exclusions.map(({expires, holds: _, ...rest}) => ({
      ...rest,
      expires: expires === null ? null : new Date(expires).toISOString(),
    })),
    tests: detection.tests.map(({name, expect}) => ({name, expect})),
  };
}

export async function detectionsExplainCommand(
  id: string,
  names: readonly string[],
  options: DetectionsOptions,
  output: Output,
): Promise<number> {
  const format = oneOf('--format', options.format ?? 'text', ['text', 'json']);
  const {files, loaded} = load(names, output, false);
  const detection = loaded.detections.find((each) => each.id === id);
  if (detection === undefined) {
    const like = loaded.detections.filter((each) => each.id.includes(id)).map((each) => each.id);
    const hint = like.length > 0 ? `; there are ${like.slice(0, 8).join(', ')}` : '';
    throw new AppError('usage', `There is no detection "${id}"${hint}`);
  }
  if (format === 'json') {
    const warnings = detection.warnings;
    await output.write(plainJsonLines({...summaryOf(detection), warnings}));
    return 0;
  }
  await output.write(textOf(detection, files, output));
  return 0;
}

function textOf(detection: LoadedDetection, files: DetectionFile[], output: Output): string {
  const {title, description, runbook, exclusions, tests, warnings, parameters} = detection;
  const {techniques, tactics, references, groupBy, needs, silentUntil, refersTo} = detection;
  const lines: string[] = [];
  const fact = (name: string, value: string) => {
    if (value !== '') lines.push(`${name.padEnd(14)}${plain(value)}`);
  };
  const section = (name: string, rows: readonly string[]) => {
    if (rows.length > 0)
      lines.push('', output.style('bold', name), ...rows.map((row) => `  ${row}`));
  };
  lines.push(output.style('bold', plain(detection.id)), plain(title), '');
  fact('kind', detection.kind);
  fact('severity', detection.severity);
  const until = silentUntil === null ? '' : `, silent until ${dayOf(silentUntil)}`;
  fact('mode', `${detection.mode}${until}`);
  fact('from', `${detection.from} (${detection.file}:${detection.line})`);
  fact('techniques', techniques.join(' '));
  fact('tactics', tactics.join(' '));
  fact('group by', groupBy.join(', '));
  fact('dedup', durationText(detection.dedupMs));
  fact('asks for', refersTo.join(', '));
  const wants = [
    needs.operation === undefined ? 'any operation' : 'certain operations',
    needs.failed === true ? 'failed calls' : '',
    needs.kinds === undefined ? '' : `principals of kind ${[...needs.kinds].join(', ')}`,
    needs.orCaller === undefined ? '' : 'or certain callers',
    needs.minScore === undefined ? '' : `a score from ${needs.minScore}`,
  ];
  fact('looks at', wants.filter((want) => want !== '').join('; '));
  section('Description', description === '' ? [] : description.split('\n').map(plain));
  section('Condition', detection.condition.split('\n').map(plain));
  section(
    'Parameters',
    Object.entries(parameters).map(([name, value]) => {
      const said = detection.declaredParameters[name]?.description ?? '';
      return plain(`${name} = ${JSON.stringify(value)}${said === '' ? '' : `: ${said}`}`);
    }),
  );
  section(
    'Warnings',
    warnings.flatMap((warning) => problemText(warning, files).split('\n').map(plain)),
  );
  section(
    'Exclusions',
    exclusions.map(({id, condition, owner, reason, expires}) => {
      const end = expires === null ? 'for good' : `until ${dayOf(expires)}`;
      return plain(`${id} (${owner}, ${end}): ${reason} [${condition}]`);
    }),
  );
  section(
    'Runbook',
    runbook.map((step, i) => plain(`${i + 1}. ${step}`)),
  );
  section('References', references.map(plain));
  section(
    'Tests',
    tests.map(({name, expect}) => {
      return plain(`${name}: ${typeof expect === 'object' ? JSON.stringify(expect) : expect}`);
    }),
  );
  return `${lines.join('\n')}\n`;
}

function dayOf(time: number): string {
  return new Date(time).toISOString().slice(0, 16).replace('T', ' ');
}

/** Writes a commented file to start from. */
export async function detectionsNewCommand(
  id: string,
  options: {readonly kind: string; readonly out?: string},
  output: Output,
): Promise<number> {
  const kind = oneOf('--kind', options.kind, STARTER_KINDS);
  if (!DETECTION_ID.test(id)) {
    throw new AppError(
      'usage',
      `"${id}" is no id; wanted: lower-case letters, digits, "." and "-"`,
    );
  }
  const path = options.out ?? `${id}.yml`;
  const text = starterOf(kind, id);
  if (path === '-') {
    await output.write(text);
    return 0;
  }
  try {
    await writeFile(path, text, {flag: 'wx'});
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'EEXIST') {
      throw new AppError('usage', `"${path}" is there already; --out FILE writes to another`, {
        cause,
      });
    }
    const why = messageOf(cause);
    throw new AppError('output_unwritable', `Cannot write "${path}": ${why}`, {cause});
  }
  output.note(`wrote ${path}; check it with: oddtrail detections test ${path}`);
  return 0;
}
