import {hash64} from '../base/hash.ts';
import {durationMs} from '../config/duration.ts';
import {byPlace, type Path, type Problem, readYaml, type YamlFile} from '../config/parse.ts';
import {isKnownTechnique} from './attack.ts';
import type {Detection, Exclusion, Kind} from './detection.ts';
import type {Needs} from './evaluator.ts';
import type {Json} from './json.ts';
import type {Built, KindSetup, Remark} from './kind.ts';
import {compileExclusion, KIND_PARTS, kindOf} from './kinds.ts';
import {
  type DeclaredDetection,
  type DeclaredTest,
  type DeclaredWhen,
  detectionSchema,
  MAX_DETECTIONS,
  momentMs,
  type Override,
  outlineSchema,
  whenSchema,
} from './schema.ts';
import {textPosition} from './text-position.ts';
import {compileTitle} from './title.ts';

/** A larger file is not read. */
export const MAX_FILE_LENGTH = 5 * 1024 * 1024;

/** A file of detections, as it was read from somewhere. */
export interface DetectionFile {
  /** As people know it; part of each problem. */
  readonly file: string;
  readonly text: string;
  /** The pack it belongs to; the file itself unless given. */
  readonly from?: string;
}

/** A detection with what is asked of it beyond running it. */
export interface LoadedDetection extends Detection {
  readonly file: string;
  /** Of its id, counted from 1. */
  readonly line: number;
  readonly declaredParameters: DeclaredDetection['parameters'];
  readonly tests: readonly LoadedTest[];
  readonly warnings: readonly Problem[];
  readonly needs: Needs;
  /** Alarms and composites it asks for. */
  readonly refersTo: readonly string[];
  /**
   * The same for a test: live, late events are not waited for, and with other parameters. The
   * faults are those that the parameters bring.
   */
  forTest(
    parameters?: Readonly<Record<string, Json>>,
  ):
    | {readonly ok: true; readonly detection: Detection}
    | {readonly ok: false; readonly message: string};
}

export interface LoadedTest extends DeclaredTest {
  /** Counted from 1. */
  readonly line: number;
  readonly column: number;
}

export interface LoadOptions {
  /** What the configuration says of detections, by id. */
  readonly overrides?: readonly Override[];
  /** Exclusions that expired before are told, epoch milliseconds; none is unless given. */
  readonly now?: number;
}

export interface LoadedDetections {
  /** Those without problems, in the order of the files; to be run only if there is no problem. */
  readonly detections: readonly LoadedDetection[];
  /** By file in the order given, then by place. */
  readonly problems: readonly Problem[];
  readonly warnings: readonly Problem[];
  /** Problems of the overrides, by path from their list on. */
  readonly overrideFaults: readonly {readonly path: Path; readonly message: string}[];
}

/** Reads files of detections; every problem of all of them with its place. */
export function loadDetections(
  files: readonly DetectionFile[],
  options: LoadOptions = {},
): LoadedDetections {
  const overrides = new Map((options.overrides ?? []).map((each) => [each.id, each]));
  const found: Candidate[] = [];
  const problems = new Map<string, Problem[]>();
  const problemsOf = (file: string) => {
    const list = problems.get(file) ?? [];
    problems.set(file, list);
    return list;
  };
  for (const file of files) {
    const list = problemsOf(file.file);
    if (file.text.length > MAX_FILE_LENGTH) {
      const message = `Larger than ${MAX_FILE_LENGTH / 1024 / 1024} MiB`;
      list.push({file: file.file, line: 1, column: 1, path: '', message});
      continue;
    }
    const read = readYaml(file.file, file.text);
    if (!read.ok) {
      list.push(...read.problems);
      continue;
    }
    const outline = outlineSchema.safeParse(read.value.value);
    if (!outline.success) {
      list.push(...read.value.problemsOf(outline.error));
      continue;
    }
    outline.data.detections.forEach((declared, i) => {
      const reader = new Reader(file, read.value, ['detections', i], list);
      const candidate = reader.read(declared, overrides, options.now);
      if (candidate !== undefined) found.push(candidate);
    });
  }
  if (found.length > MAX_DETECTIONS) {
    const [last] = found.slice(MAX_DETECTIONS);
    last?.reader.problem(['id'], `More than ${MAX_DETECTIONS} detections in all`);
  }
  checkIds(found);
  checkReferences(found);
  return {
    detections: found.map(({detection}) => detection),
    problems: [...problems.values()].flatMap((list) => list.sort(byPlace)),
    warnings: found.flatMap(({detection}) => detection.warnings),
    overrideFaults: checkOverrides(options.overrides ?? [], found),
  };
}

interface Candidate {
  readonly detection: LoadedDetection;
  readonly reader: Reader;
  readonly refersTo: readonly (Remark & {readonly id: string})[];
}

/** Reads one detection of a file. */
class Reader {
  readonly #file: DetectionFile;
  readonly #yaml: YamlFile;
  readonly #base: Path;
  readonly #problems: Problem[];
  readonly #warnings: Problem[] = [];

  constructor(file: DetectionFile, yaml: YamlFile, base: Path, problems: Problem[]) {
    this.#file = file;
    this.#yaml = yaml;
    this.#base = base;
    this.#problems = problems;
  }

  read(
    given: unknown,
    overrides: ReadonlyMap<string, Override>,
    now: number | undefined,
  ): Candidate | undefined {
    const parsed = detectionSchema.safeParse(given);
    if (!parsed.success) {
      this.#problems.push(...this.#yaml.problemsOf(parsed.error, this.#base));
      this.#readWhenAlone(given);
      return undefined;
    }
    const declared = parsed.data;
    const override = overrides.get(declared.id);
    const parameters = parametersOf(declared, override?.parameters);
    const kind = kindOf(declared.when);
    const built = this.#build(declared.when, setupOf(declared, parameters, false));
    const exclusions = declared.exclusions.map((each, i) =>
      this.#exclusion(each, i, parameters, now),
    );
    // Without the facts of its kind a title cannot be judged.
    const title = built.ok ? compileTitle(template(declared, built), built.facts) : undefined;
    if (title?.ok === false) {
      for (const {index, message} of title.faults) this.problem(['title'], message, index);
    }
    if (!built.ok || title?.ok !== true || exclusions.includes(undefined)) return undefined;
    for (const remark of built.warnings) {
      this.warning(['when', ...remark.path], remark.message, remark.index);
    }
    this.#remark(declared);

    const common = {
      ...this.#answers(declared, kind, built, override),
      groupBy: built.groupBy,
      exclusions: [...(exclusions as Exclusion[]), ...(built.exclusions ?? [])],
      titleOf: title.value,
    };
    const detection: LoadedDetection = {
      ...common,
      condition: built.condition,
      parameters,
      fingerprint: fingerprintOf(kind, declared, built.groupBy, parameters),
      evaluator: built.evaluator,
      file: this.#file.file,
      line: this.#place(['id']).line,
      declaredParameters: declared.parameters,
      tests: declared.tests.map((test, i) => {
        const {line, column} = this.#place(['tests', i, 'name']);
        return {...test, line, column};
      }),
      warnings: this.#warnings,
      needs: built.needs,
      refersTo: (built.refersTo ?? []).map(({id}) => id),
      forTest: (others = {}) => {
        const wrong = faultOfParameters(declared, others);
        if (wrong !== undefined) return {ok: false, message: wrong.message};
        const values = parametersOf(declared, others);
        const again = build(declared.when, setupOf(declared, values, true));
        const excluding = declared.exclusions.map((each) =>
          compileExclusion(each.condition, values),
        );
        const fault = again.ok ? excluding.find((each) => !each.ok) : again;
        if (!again.ok || fault?.ok === false) {
          return {ok: false, message: fault?.ok === false ? (fault.faults[0]?.message ?? '') : ''};
        }
        return {
          ok: true,
          detection: {
            ...common,
            mode: 'live',
            silentUntil: null,
            condition: again.condition,
            parameters: values,
            fingerprint: detection.fingerprint,
            evaluator: again.evaluator,
            exclusions: common.exclusions.map((each, i) => {
              const compiled = excluding[i];
              return compiled?.ok === true ? {...each, holds: compiled.holds} : each;
            }),
          },
        };
      },
    };
    return {detection, reader: this, refersTo: built.refersTo ?? []};
  }

  /** Says what is wrong at a place of the detection, or within the text there. */
  problem(path: Path, message: string, index?: number): void {
    this.#problems.push(this.#at(path, message, index));
  }

  warning(path: Path, message: string, index?: number): void {
    this.#warnings.push(this.#at(path, message, index));
  }

  #answers(
    declared: DeclaredDetection,
    kind: Kind,
    built: Built & {readonly ok: true},
    override: Override | undefined,
  ) {
    const rate = kind === 'rate';
    const usual = built.severity ?? (rate ? 'informational' : 'medium');
    const until = override?.silent_until ?? declared.silent_until;
    return {
      id: declared.id,
      kind,
      title: template(declared, built),
      description: declared.description.trim(),
      severity: override?.severity ?? declared.severity ?? usual,
      mode: override?.mode ?? declared.mode ?? (rate ? 'silent' : 'live'),
      silentUntil: until === undefined ? null : momentMs(until),
      techniques: declared.techniques,
      tactics: declared.tactics,
      references: declared.references,
      runbook: declared.runbook,
      dedupMs: durationMs(declared.dedup),
      from: this.#file.from ?? this.#file.file,
      source: this.#yaml.sourceOf(this.#base),
    } as const;
  }

  /** What else is wrong inside of `when`, when something outside of it is wrong as well. */
  #readWhenAlone(given: unknown): void {
    if (typeof given !== 'object' || given === null) return;
    const {when, parameters} = given as {when?: unknown; parameters?: unknown};
    const parsed = whenSchema.safeParse(when);
    if (!parsed.success) return;
    const names = typeof parameters === 'object' && parameters !== null ? parameters : {};
    const values = Object.entries(names).map(([name, each]) => [
      name,
      (each as {default?: Json} | null)?.default ?? null,
    ]);
    const setup = {id: '', groupBy: undefined, parameters: Object.fromEntries(values), test: false};
    this.#build(parsed.data, setup);
  }

  #build(when: DeclaredWhen, setup: KindSetup): Built {
    const built = build(when, setup);
    if (!built.ok) {
      for (const fault of built.faults) {
        const beside = fault.path[0] === 'group_by';
        this.problem(beside ? fault.path : ['when', ...fault.path], fault.message, fault.index);
      }
    }
    return built;
  }

  #exclusion(
    declared: DeclaredDetection['exclusions'][number],
    index: number,
    parameters: Readonly<Record<string, Json>>,
    now: number | undefined,
  ): Exclusion | undefined {
    const {id, condition, owner, reason, expires} = declared;
    const at = momentMs(expires);
    if (now !== undefined && at <= now) {
      this.warning(['exclusions', index, 'expires'], 'The exclusion has expired: it does nothing');
    }
    const compiled = compileExclusion(condition, parameters);
    if (compiled.ok) return {id, owner, reason, expires: at, condition, holds: compiled.holds};
    for (const fault of compiled.faults) {
      this.problem(['exclusions', index, 'condition'], fault.message, fault.index);
    }
    return undefined;
  }

  #remark(declared: DeclaredDetection): void {
    declared.techniques.forEach((id, i) => {
      if (!isKnownTechnique(id)) {
        this.warning(['techniques', i], 'Not a technique against clouds that is known here');
      }
    });
    if (declared.tests.length === 0) this.warning(['id'], 'There is no test');
  }

  #place(path: Path): {line: number; column: number} {
    return this.#at(path, '');
  }

  #at(path: Path, message: string, index?: number): Problem {
    const whole = [...this.#base, ...path];
    const written = index === undefined ? undefined : this.#yaml.written(whole);
    const offset =
      written === undefined || index === undefined
        ? this.#yaml.offsetOf(whole)
        : textPosition(written, index);
    return this.#yaml.problemAt(offset, whole, message);
  }
}

function build(when: DeclaredWhen, setup: KindSetup): Built {
  return KIND_PARTS[kindOf(when)].build(when, setup);
}

function setupOf(
  declared: DeclaredDetection,
  parameters: Readonly<Record<string, Json>>,
  test: boolean,
): KindSetup {
  return {id: declared.id, groupBy: declared.group_by, parameters, test};
}

function parametersOf(
  declared: DeclaredDetection,
  others: Readonly<Record<string, unknown>> = {},
): Record<string, Json> {
  return Object.fromEntries(
    Object.entries(declared.parameters).map(([name, parameter]) => [
      name,
      (Object.hasOwn(others, name) ? others[name] : parameter.default) as Json,
    ]),
  );
}

/** The first of other values for parameters that cannot stand in for the default. */
function faultOfParameters(
  declared: Pick<DeclaredDetection, 'parameters'>,
  others: Readonly<Record<string, unknown>>,
): {readonly name: string; readonly message: string} | undefined {
  for (const [name, value] of Object.entries(others)) {
    const parameter = Object.hasOwn(declared.parameters, name)
      ? declared.parameters[name]
      : undefined;
    if (parameter === undefined) {
      const names = Object.keys(declared.parameters);
      const there = names.length === 0 ? 'there are none' : `there are ${names.join(', ')}`;
      return {name, message: `There is no parameter "${name}"; ${there}`};
    }
    const wanted = typeName(parameter.default);
    if (wanted !== typeName(value)) {
      const message = `The parameter "${name}" is a ${wanted}, found a ${typeName(value)}`;
      return {name, message};
    }
  }
  return undefined;
}

function typeName(value: unknown): string {
  if (Array.isArray(value)) return 'list';
  if (value === null) return 'null';
  return {string: 'text', object: 'map'}[typeof value as string] ?? typeof value;
}

function template(declared: DeclaredDetection, built: Built & {readonly ok: true}): string {
  return declared.title ?? built.title ?? declared.id;
}

/** What decides what a detection remembers; its title, say, does not. */
function fingerprintOf(
  kind: Kind,
  declared: DeclaredDetection,
  groupBy: readonly string[],
  parameters: Readonly<Record<string, Json>>,
): string {
  const {hi, lo} = hash64(JSON.stringify([kind, declared.when, groupBy, parameters]));
  return [hi, lo].map((word) => (word >>> 0).toString(16).padStart(8, '0')).join('');
}

function checkIds(found: readonly Candidate[]): void {
  const first = new Map<string, LoadedDetection>();
  for (const {detection, reader} of found) {
    const other = first.get(detection.id);
    if (other === undefined) first.set(detection.id, detection);
    else reader.problem(['id'], `Used twice: it is that of ${other.file}:${other.line} already`);
  }
}

/** Composites may ask for alarms and composites that are there, and not go round in a circle. */
function checkReferences(found: readonly Candidate[]): void {
  const byId = new Map(found.map((each) => [each.detection.id, each]));
  for (const {detection, reader, refersTo} of found) {
    for (const {id, path, index} of refersTo) {
      const other = byId.get(id)?.detection;
      const at = ['when', ...path];
      if (other === undefined) reader.problem(at, `There is no alarm "${id}"`, index);
      else if (other.kind !== 'alarm' && other.kind !== 'composite') {
        reader.problem(at, `"${id}" is no alarm: it is a ${other.kind}`, index);
      } else if (other.mode === 'off' && detection.mode !== 'off') {
        reader.warning(at, `The alarm "${id}" is off: it stays INSUFFICIENT_DATA`, index);
      }
    }
  }
  // Depth first, without calling itself: chains may be long.
  const done = new Set<string>();
  for (const start of found) {
    const trail: {readonly candidate: Candidate; next: number}[] = [{candidate: start, next: 0}];
    const onTrail = new Set([start.detection.id]);
    while (trail.length > 0) {
      const top = trail.at(-1) as (typeof trail)[number];
      const reference = top.candidate.refersTo[top.next++];
      if (reference === undefined || done.has(top.candidate.detection.id)) {
        done.add(top.candidate.detection.id);
        onTrail.delete(top.candidate.detection.id);
        trail.pop();
        continue;
      }
      const other = byId.get(reference.id);
      if (onTrail.has(reference.id)) {
        top.candidate.reader.problem(
          ['when', ...reference.path],
          `It goes round in a circle: "${reference.id}" asks for this one`,
          reference.index,
        );
      } else if (other !== undefined && !done.has(reference.id)) {
        trail.push({candidate: other, next: 0});
        onTrail.add(reference.id);
      }
    }
  }
}

function checkOverrides(
  overrides: readonly Override[],
  found: readonly Candidate[],
): {path: Path; message: string}[] {
  const byId = new Map(found.map((each) => [each.detection.id, each.detection]));
  const seen = new Set<string>();
  return overrides.flatMap(({id, parameters = {}}, i): {path: Path; message: string}[] => {
    if (seen.has(id)) return [{path: [i, 'id'], message: 'Used twice'}];
    seen.add(id);
    const detection = byId.get(id);
    if (detection === undefined) return [{path: [i, 'id'], message: `No detection "${id}"`}];
    const fault = faultOfParameters({parameters: detection.declaredParameters}, parameters);
    if (fault === undefined) return [];
    return [{path: [i, 'parameters', fault.name], message: fault.message}];
  });
}
