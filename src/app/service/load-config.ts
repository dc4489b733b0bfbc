import {readFile} from 'node:fs/promises';
import {dirname, resolve} from 'node:path';
import {z} from 'zod';
import {AppError} from '../../base/errors.ts';
import {type Parsed, parseYaml} from '../../config/parse.ts';
import {InputFault} from '../input-fault.ts';
import {type Config, configSchema, isSecret} from './config.ts';

/** A configuration and the folder that its relative paths start from: that of its file. */
export interface LoadedConfig {
  readonly file: string;
  readonly folder: string;
  readonly config: Config;
  /** Of the file, to tell places in it; "" where there is no file. */
  readonly text?: string;
}

export function parseConfig(
  file: string,
  text: string,
  variables: Readonly<Record<string, string | undefined>>,
): Parsed<Config> {
  return parseYaml(file, text, configSchema, {variables});
}

/**
 * Reads a configuration file; variables come from the environment.
 * @throws AppError `usage` when there is none, `source_unreadable` when it cannot be read.
 * @throws InputFault with every problem, when it is wrong.
 */
export async function loadConfig(
  file: string,
  variables: Readonly<Record<string, string | undefined>> = process.env,
): Promise<LoadedConfig> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (cause) {
    const why = (cause as NodeJS.ErrnoException).code ?? 'unknown';
    if (why === 'ENOENT') {
      const way = 'oddtrail init writes one to begin with';
      throw new AppError('usage', `There is no configuration "${file}"; ${way}`, {cause});
    }
    throw new AppError('source_unreadable', `Cannot read configuration "${file}": ${why}`, {cause});
  }
  const parsed = parseConfig(file, text, variables);
  if (!parsed.ok) {
    throw new InputFault(parsed.problems, text);
  }
  return {file, folder: dirname(resolve(file)), config: parsed.value, text};
}

/** What stands in for a secret wherever a configuration is shown. */
export const REDACTED = '(secret)';

/** The configuration without its secrets: for logs, the API and people. */
export function redacted(config: Config): unknown {
  return redact(config, configSchema);
}

function redact(value: unknown, schema: z.ZodType): unknown {
  const bare = bareOf(schema);
  if (bare.some(isSecret)) return REDACTED;
  const inner = bare.at(-1) as z.ZodType;
  if (inner instanceof z.ZodDiscriminatedUnion) {
    const option = inner.options.find((each) => (each as z.ZodType).safeParse(value).success);
    return option === undefined ? REDACTED : redact(value, option as z.ZodType);
  }
  if (inner instanceof z.ZodArray && Array.isArray(value)) {
    return value.map((each) => redact(each, inner.element as z.ZodType));
  }
  if (typeof value !== 'object' || value === null) return value;
  if (inner instanceof z.ZodRecord) {
    return mapValues(value, (each) => redact(each, inner.valueType as z.ZodType));
  }
  // Any JSON, as of parameters: it has no place for a secret.
  if (inner instanceof z.ZodLazy) return value;
  if (inner instanceof z.ZodObject) {
    const shape = inner.shape as Record<string, z.ZodType>;
    return mapValues(value, (each, key) => {
      const own = Object.hasOwn(shape, key) ? shape[key] : undefined;
      // What the schema does not know may be anything.
      return own === undefined ? REDACTED : redact(each, own);
    });
  }
  return REDACTED;
}

function mapValues(value: object, map: (value: unknown, key: string) => unknown): object {
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, map(each, key)]));
}

/** A schema and what it wraps, the outermost first. */
function bareOf(schema: z.ZodType): z.ZodType[] {
  const all = [schema];
  for (;;) {
    const last = all.at(-1);
    if (
      last instanceof z.ZodOptional ||
      last instanceof z.ZodDefault ||
      last instanceof z.ZodPrefault
    ) {
      all.push(last.unwrap() as z.ZodType);
    } else return all;
  }
}
