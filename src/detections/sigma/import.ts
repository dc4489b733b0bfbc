import {byPlace, type Problem} from '../../config/parse.ts';
import {TACTICS} from '../attack.ts';
import type {DetectionFile} from '../load.ts';
import {textPosition} from '../text-position.ts';
import {compileSigma, type SigmaPart} from './compile.ts';
import type {Referred} from './correlation.ts';
import {readDocuments, type SigmaDocument} from './documents.ts';
import {type Fault, isJsonMap, type JsonMap} from './fault.ts';
import {parameterName, placeholders} from './placeholder.ts';

/** What became of one document of a file of Sigma rules. */
export interface SigmaOutcome {
  readonly file: string;
  readonly line: number;
  readonly title: string;
  /** Of the detection, where there is one. */
  readonly id: string;
  /**
   * `runs`; `part` of a correlation, and by itself nothing; `other`: not for CloudTrail; `cannot`
   * be run, for the reasons in `problems`.
   */
  readonly became: 'runs' | 'part' | 'other' | 'cannot';
  readonly problems: readonly Problem[];
  /** What it will not do as its author may think. */
  readonly warnings: readonly Problem[];
}

export interface SigmaImport {
  /** In the words of a file of detections. */
  readonly detections: readonly Readonly<Record<string, unknown>>[];
  readonly outcomes: readonly SigmaOutcome[];
}

interface Rule {
  readonly document: SigmaDocument;
  readonly value: JsonMap;
  readonly title: string;
  readonly isCorrelation: boolean;
}

/** Makes detections of the Sigma rules for CloudTrail in some files. */
export function importSigma(files: readonly DetectionFile[]): SigmaImport {
  const outcomes: SigmaOutcome[] = [];
  const rules: Rule[] = [];
  /** Names and ids of rules for other logs. */
  const foreign = new Set<string>();
  const tell = (
    {document, title}: Pick<Rule, 'document' | 'title'>,
    became: SigmaOutcome['became'],
    problems: readonly Problem[],
    more: Partial<SigmaOutcome> = {},
  ) => {
    const {file, line} = document;
    outcomes.push({file, line, title, id: '', warnings: [], ...more, became, problems});
  };
  for (const {file, text} of files) {
    for (const read of readDocuments(file, text)) {
      if ('problems' in read) {
        const {line, problems} = read;
        outcomes.push({file, line, title: '', id: '', became: 'cannot', problems, warnings: []});
        continue;
      }
      const {value} = read.yaml;
      const title = isJsonMap(value) ? textOf(value.title) : '';
      const rule = {document: read, title};
      const problem = (message: string, path: readonly string[] = []) =>
        tell(rule, 'cannot', [read.yaml.problemAt(read.yaml.offsetOf(path), path, message)]);
      if (!isJsonMap(value))
        problem('No rule: settings such as `title` and `detection` are wanted');
      else if (value.action !== undefined) {
        problem('Collections of rules by `action` are not run: Sigma has given them up', [
          'action',
        ]);
      } else if (value.filter !== undefined) {
        problem('A filter: say what to leave out in the `exclusions` of a detection', ['filter']);
      } else if (value.correlation !== undefined) {
        rules.push({...rule, value, isCorrelation: true});
      } else if (value.detection === undefined) problem('No rule: it has no `detection`');
      else if (isForCloudTrail(value)) rules.push({...rule, value, isCorrelation: false});
      else {
        for (const name of namesOf(value)) foreign.add(name);
        tell(rule, 'other', []);
      }
    }
  }

  const byReference = new Map<string, Rule>();
  for (const rule of rules) {
    for (const name of namesOf(rule.value)) {
      if (!byReference.has(name)) byReference.set(name, rule);
    }
  }
  // What a correlation refers to is told by the correlation, unless that says otherwise.
  const parts = new Set<Rule>();
  const generated = new Set<Rule>();
  for (const {value, isCorrelation} of rules) {
    if (!isCorrelation) continue;
    for (const reference of referencesOf(value)) {
      const rule = byReference.get(reference);
      if (rule === undefined) continue;
      parts.add(rule);
      const {correlation} = value;
      const generate = isJsonMap(correlation) ? correlation.generate : undefined;
      if (generate === true || value.generate === true) generated.add(rule);
    }
  }

  const ids = new Set<string>();
  const detections: Record<string, unknown>[] = [];
  for (const rule of rules) {
    const made = detectionOf(rule, {byReference, foreign}, ids);
    const {problems, warnings} = made;
    if (made.detection === undefined) tell(rule, 'cannot', problems, {warnings});
    else if (parts.has(rule) && !generated.has(rule)) tell(rule, 'part', [], {warnings});
    else {
      detections.push(made.detection);
      ids.add(made.detection.id);
      tell(rule, 'runs', [], {id: made.detection.id, warnings});
    }
  }
  const order = new Map(files.map(({file}, i) => [file, i]));
  outcomes.sort((a, b) => (order.get(a.file) ?? 0) - (order.get(b.file) ?? 0) || a.line - b.line);
  return {detections, outcomes};
}

function textOf(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value).trim() : '';
}

function isForCloudTrail({logsource}: JsonMap): boolean {
  if (!isJsonMap(logsource)) return false;
  const product = textOf(logsource.product).toLowerCase();
  return product === 'aws' && textOf(logsource.service).toLowerCase() === 'cloudtrail';
}

function namesOf({name, id}: JsonMap): string[] {
  return [name, id].filter((each) => typeof each === 'string');
}

function referencesOf({correlation}: JsonMap): string[] {
  const rules = isJsonMap(correlation) ? correlation.rules : undefined;
  return (Array.isArray(rules) ? rules : [rules]).filter((each) => typeof each === 'string');
}

interface Made {
  readonly detection: (Record<string, unknown> & {readonly id: string}) | undefined;
  readonly problems: readonly Problem[];
  readonly warnings: readonly Problem[];
}

function detectionOf(
  rule: Rule,
  {
    byReference,
    foreign,
  }: {
    readonly byReference: ReadonlyMap<string, Rule>;
    readonly foreign: ReadonlySet<string>;
  },
  ids: ReadonlySet<string>,
): Made {
  const {value, isCorrelation} = rule;
  const needed = isCorrelation ? neededBy(rule, byReference) : [];
  const parameters = parametersOf([rule, ...needed]);
  const values = Object.fromEntries(
    Object.entries(parameters).map(([name, {default: given}]) => [name, given]),
  );
  // Faults of rules that are referred to stand in their own documents.
  const find = (reference: string): Referred | undefined => {
    const other = byReference.get(reference);
    if (other === undefined) {
      return foreign.has(reference) ? {foreign: true, path: []} : undefined;
    }
    const {detection, correlation} = other.value;
    const path = other === rule ? [] : [OTHER, needed.indexOf(other)];
    return {detection, correlation, path};
  };
  const compiled = compileSigma(
    {detection: value.detection, correlation: value.correlation},
    {groupBy: undefined, parameters: values, late: true, find},
  );
  const place = ({path, ...fault}: Fault): Problem => {
    const other = path[0] === OTHER ? needed[Number(path[1])] : undefined;
    return other === undefined
      ? placeOf(rule, {path, ...fault})
      : placeOf(other, {path: path.slice(2), ...fault});
  };
  if (!compiled.ok) {
    return {detection: undefined, problems: compiled.faults.map(place).sort(byPlace), warnings: []};
  }
  const warnings = compiled.warnings.map(place);
  const id = idOf(rule, ids);
  const sigma = isCorrelation
    ? {
        ...idIn(value),
        correlation: value.correlation,
        rules: needed.map(
          ({value: own}): SigmaPart => ({
            ...(typeof own.name === 'string' && {name: own.name}),
            ...idIn(own),
            ...(own.correlation === undefined
              ? {detection: own.detection}
              : {correlation: own.correlation}),
          }),
        ),
      }
    : {...idIn(value), detection: value.detection};
  const counts = isCorrelation || compiled.facts.includes('events');
  const detection = {
    id,
    title: titleOf(rule, counts),
    ...answersOf(value),
    when: {sigma},
    ...(Object.keys(parameters).length > 0 && {parameters}),
  };
  return {detection, problems: [], warnings};
}

/** Stands for a path into another rule. */
const OTHER = Symbol('other rule');

function placeOf({document}: Rule, {path, index, key, message}: Fault): Problem {
  const {yaml} = document;
  if (key === true) return yaml.problemAt(yaml.keyOffsetOf(path), path, message);
  const written = index === undefined ? undefined : yaml.written(path);
  const offset =
    written === undefined || index === undefined
      ? yaml.offsetOf(path)
      : textPosition(written, index);
  return yaml.problemAt(offset, path, message);
}

/** Rules that a correlation refers to, and those that they refer to. */
function neededBy(rule: Rule, byReference: ReadonlyMap<string, Rule>): Rule[] {
  const needed = new Set<Rule>();
  const waiting = referencesOf(rule.value);
  for (let one = waiting.pop(); one !== undefined; one = waiting.pop()) {
    const other = byReference.get(one);
    if (other === undefined || other === rule || needed.has(other)) continue;
    needed.add(other);
    waiting.push(...referencesOf(other.value));
  }
  return [...needed].reverse();
}

function idIn({id}: JsonMap): {id?: string} {
  return textOf(id) === '' ? {} : {id: textOf(id).slice(0, 200)};
}

function idOf({title, value}: Rule, ids: ReadonlySet<string>): string {
  const slug = title
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '')
    .slice(0, 100);
  const base = `sigma-${slug === '' ? 'rule' : slug.replace(/-$/, '')}`;
  if (!ids.has(base)) return base;
  const own = `${base}-${textOf(value.id).slice(0, 8).toLowerCase()}`;
  if (/^[a-z0-9-]+[a-z0-9]$/.test(own) && !ids.has(own)) return own;
  for (let n = 2; ; n++) if (!ids.has(`${base}-${n}`)) return `${base}-${n}`;
}

function titleOf({title}: Rule, counts: boolean): string {
  const plain = title.replace(/\{\{/g, '{ {').replace(/\s+/g, ' ').slice(0, 120);
  const named = plain === '' ? 'Sigma rule' : plain;
  return counts ? `${named}: {{count}}, last by {{principal}}` : `${named}: {{principal}}`;
}

const SEVERITY: Readonly<Record<string, string>> = {
  informational: 'informational',
  low: 'low',
  medium: 'medium',
  high: 'high',
  critical: 'critical',
};

/** What is not tried, or given up, tells nobody. */
const MODE: Readonly<Record<string, string>> = {
  experimental: 'silent',
  deprecated: 'off',
  unsupported: 'off',
};

function answersOf(value: JsonMap): Record<string, unknown> {
  const tags = textsOf(value.tags).map((tag) => tag.toLowerCase());
  const attack = tags.flatMap((tag) => (tag.startsWith('attack.') ? [tag.slice(7)] : []));
  const techniques = attack.flatMap((tag) =>
    /^t\d{4}(\.\d{3})?$/.test(tag) ? [tag.toUpperCase()] : [],
  );
  const tactics = attack.flatMap((tag) => {
    const name = tag.replace(/_/g, '-');
    // Parts of what was one tactic.
    const known = ['stealth', 'defense-impairment'].includes(name) ? 'defense-evasion' : name;
    return (TACTICS as readonly string[]).includes(known) ? [known] : [];
  });
  const references = textsOf(value.references);
  const urls = references.filter((each) => /^https?:\/\/\S+$/.test(each)).slice(0, 64);
  const false_ = textsOf(value.falsepositives).filter((each) => !/^(unknown|none)$/i.test(each));
  const mode = MODE[textOf(value.status).toLowerCase()];
  return {
    description: descriptionOf(
      value,
      references.filter((each) => !urls.includes(each)),
    ),
    severity: SEVERITY[textOf(value.level).toLowerCase()] ?? 'medium',
    ...(mode !== undefined && {mode}),
    ...(techniques.length > 0 && {techniques: [...new Set(techniques)].slice(0, 32)}),
    ...(tactics.length > 0 && {tactics: [...new Set(tactics)]}),
    ...(urls.length > 0 && {references: urls}),
    ...(false_.length > 0 && {
      runbook: false_.slice(0, 64).map((each) => `May be harmless: ${each}`.slice(0, 4000)),
    }),
  };
}

function descriptionOf(value: JsonMap, others: readonly string[]): string {
  const [id, author] = [textOf(value.id), textOf(value.author)];
  const status = textOf(value.status);
  const from = [
    `Sigma rule${id === '' ? '' : ` ${id}`}`,
    ...(author === '' ? [] : [`by ${author}`]),
    ...(status === '' ? [] : [`status ${status}`]),
    ...(textOf(value.license) === '' ? [] : [`license ${textOf(value.license)}`]),
  ].join(', ');
  const lines = [textOf(value.description), `${from}.`, ...others.map((each) => `See ${each}`)];
  return lines
    .filter((line) => line !== '')
    .join('\n')
    .slice(0, 10_000);
}

function textsOf(value: unknown): string[] {
  const list = Array.isArray(value) ? value : [value];
  return list.map(textOf).filter((text) => text !== '');
}

/** A parameter for each placeholder, whose values nobody but the reader knows. */
function parametersOf(
  rules: readonly Rule[],
): Record<string, {readonly description: string; readonly default: readonly string[]}> {
  const names = new Set<string>();
  const waiting: unknown[] = rules.map(({value}) => value.detection);
  for (let one = waiting.pop(); waiting.length > 0 || one !== undefined; one = waiting.pop()) {
    if (typeof one !== 'object' || one === null) continue;
    for (const [key, value] of Object.entries(one)) {
      if (/\|expand(\||$)/.test(key)) {
        for (const text of [value].flat()) {
          const parts = typeof text === 'string' ? placeholders(text) : [];
          for (const part of parts) if (typeof part !== 'string') names.add(part.name);
        }
      } else waiting.push(value);
    }
  }
  return Object.fromEntries(
    [...names].map((name) => [
      parameterName(name),
      {description: `Values of %${name}%; without any, nothing matches it.`, default: []},
    ]),
  );
}
