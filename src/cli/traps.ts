import {randomUUID} from 'node:crypto';
import {mkdir, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {readNamed, readPacks, soundDetections} from '../app/detections.ts';
import {withControl} from '../app/service/control.ts';
import {loadConfig} from '../app/service/load-config.ts';
import {placeOf as drillPlaceOf} from '../app/service/traps.ts';
import {
  allowText,
  coverageNotes,
  coverageOf,
  decoyText,
  drillRecord,
  type Evidence,
  type Place,
  runDrill,
  seenIn,
  selectorsOfTrail,
  terraformOf,
  touchingCalls,
  trapsAmong,
} from '../app/traps.ts';
import {AppError} from '../base/errors.ts';
import {oneOf} from './options.ts';
import {type Output, plain, plainJsonLines} from './output.ts';
import {table} from './table.ts';

/** The traps in what is named, or in the shipped pack. */
function trapsIn(names: readonly string[]) {
  const files = names.length === 0 ? readPacks(['traps']) : readNamed(names);
  const found = trapsAmong(soundDetections(files, {now: Date.now()}).detections);
  if (found.length === 0) throw new AppError('usage', 'There is no trap in there');
  return found;
}

function trapCalled(id: string, names: readonly string[]) {
  const all = trapsIn(names);
  const found = all.find(({detection}) => detection.id === id);
  if (found !== undefined) return found;
  const known = all.map(({detection}) => detection.id).join(', ');
  throw new AppError('usage', `There is no trap "${id}"; there are ${known}`);
}

export async function trapsListCommand(
  names: readonly string[],
  options: {readonly format: string},
  output: Output,
): Promise<number> {
  const format = oneOf('--format', options.format, ['table', 'json']);
  const rows = trapsIn(names).map(({detection, trap}) => ({
    id: detection.id,
    mode: detection.mode,
    severity: detection.severity,
    decoy: decoyText(trap.decoy),
    accounts: trap.accounts,
    allowed: trap.allow.map((each) => allowText(each)),
  }));
  if (format === 'json') {
    await output.write(plainJsonLines(rows));
    return 0;
  }
  await output.write(
    table(
      [
        {title: 'id'},
        {title: 'mode'},
        {title: 'severity'},
        {title: 'decoy'},
        {title: 'accounts'},
        {title: 'allowed', flexible: true},
      ],
      rows.map(({id, mode, severity, decoy, accounts, allowed}) => [
        id,
        mode,
        severity,
        decoy,
        accounts.join(' ') || 'any',
        allowed.join(', '),
      ]),
      output.columns,
    ),
  );
  return 0;
}

export interface CheckOptions {
  readonly trail?: string;
  readonly awsRegion?: string;
  readonly evidence?: readonly string[];
  readonly account?: string;
  readonly region?: string;
  readonly format: string;
}

/** Tells of each trap whether a touch would be in the trail; 1 if one that is on would not. */
export async function trapsCheckCommand(
  names: readonly string[],
  options: CheckOptions,
  output: Output,
): Promise<number> {
  const format = oneOf('--format', options.format, ['text', 'json']);
  const traps = trapsIn(names);
  const place: Place = placeOf(options);
  const evidence: Evidence = {
    ...(options.trail === undefined
      ? {}
      : {
          selectors: await selectorsOfTrail(
            options.trail,
            options.awsRegion === undefined ? {} : {region: options.awsRegion},
          ),
        }),
    ...(options.evidence === undefined
      ? {}
      : {seen: await seenIn(options.evidence, (message) => output.warn(message))}),
  };
  const rows = traps.map(({detection, trap}) => ({
    id: detection.id,
    mode: detection.mode,
    decoy: decoyText(trap.decoy),
    ...coverageOf(trap, evidence, place),
    calls: touchingCalls(trap.decoy),
    notes: coverageNotes(trap.decoy),
  }));
  const failed = rows.some(({mode, logged}) => mode !== 'off' && logged === 'no');
  if (format === 'json') {
    await output.write(plainJsonLines(rows));
    return failed ? 1 : 0;
  }
  const colours = {yes: 'green', no: 'red', unknown: 'yellow'} as const;
  for (const {id, mode, decoy, logged, why, needed, calls, notes} of rows) {
    const of = (name: string) =>
      calls.filter((call) => call.class === name).map(({operation}) => operation);
    const lines = [
      `${output.style('bold', plain(id))}: ${plain(decoy)}${mode === 'live' ? '' : ` (${mode})`}`,
      `  logged: ${output.style(colours[logged], logged)}. ${plain(why)}`,
      ...(of('data').length > 0 ? [`  data events: ${of('data').join(', ')}`] : []),
      `  management events: ${of('management').join(', ')}`,
      ...notes.filter((note) => !why.includes(note)).map((note) => `  - ${note}`),
      ...(needed === ''
        ? []
        : ['  advanced event selectors of the trail, as one list:', indented(plainLines(needed))]),
    ];
    await output.write(`${lines.join('\n')}\n\n`);
  }
  return failed ? 1 : 0;
}

export interface DrillOptions {
  readonly config?: string;
  readonly print?: boolean;
  readonly account?: string;
  readonly region?: string;
  readonly timeout: number;
}

/**
 * Has the service touch a decoy of its own for practice, and follows the alert; 1 if it did not
 * arrive.
 */
export async function trapsDrillCommand(
  id: string,
  names: readonly string[],
  options: DrillOptions,
  version: string,
  output: Output,
): Promise<number> {
  const place = placeOf(options);
  if (options.print === true) {
    const {trap} = trapCalled(id, names);
    const event = {...place, time: Date.now(), eventId: randomUUID(), version};
    await output.write(plainJsonLines(drillRecord(trap, event)));
    return 0;
  }
  if (options.config === undefined) {
    throw new AppError('usage', 'Wanted: --config, of the service that is drilled; or --print');
  }
  const arrived = await withControl(await loadConfig(options.config), (control) =>
    runDrill({
      ask: control.ask,
      id,
      place,
      timeoutMs: options.timeout * 1000,
      step: (text, ms) => {
        output.write(`${(ms / 1000).toFixed(1).padStart(6)} s  ${plain(text)}\n`).catch(() => {});
      },
    }),
  );
  return arrived ? 0 : 1;
}

/** Writes the decoys as Terraform: to a folder, or for reading. */
export async function trapsTerraformCommand(
  names: readonly string[],
  options: {readonly out?: string; readonly all?: boolean},
  output: Output,
): Promise<number> {
  const traps = trapsIn(names)
    .filter(({detection}) => options.all === true || detection.mode !== 'off')
    .map(({detection, trap}) => ({id: detection.id, trap}));
  if (traps.length === 0) throw new AppError('usage', 'All traps in there are off; see --all');
  const files = terraformOf(traps);
  if (options.out === undefined) {
    for (const {name, text} of files) await output.write(`# ---- ${name}\n${text}\n`);
    return 0;
  }
  try {
    await mkdir(options.out, {recursive: true});
    // What was changed by hand since is not overwritten.
    for (const {name, text} of files) {
      await writeFile(join(options.out, name), text, {flag: 'wx'});
    }
  } catch (cause) {
    const exists = (cause as NodeJS.ErrnoException).code === 'EEXIST';
    const message = `Cannot write to "${options.out}"`;
    throw new AppError(
      exists ? 'usage' : 'output_unwritable',
      exists ? `${message}: there are such files already` : message,
      {cause},
    );
  }
  output.note(`${files.map(({name}) => name).join(', ')} in ${options.out}`);
  return 0;
}

function placeOf({account, region}: {account?: string; region?: string}): Place {
  if (account !== undefined && !/^\d{12}$/.test(account)) {
    throw new AppError('usage', `--account is "${account}"; wanted: twelve digits`);
  }
  if (region !== undefined && !/^[a-z]{2}(-[a-z]+)+-\d+$/.test(region)) {
    throw new AppError('usage', `--region is "${region}"; wanted: such as eu-central-1`);
  }
  return drillPlaceOf({account, region});
}

function plainLines(text: string): string {
  return text.split('\n').map(plain).join('\n');
}

function indented(text: string): string {
  return text.replace(/^/gm, '    ');
}
