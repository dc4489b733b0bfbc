import {CLOUDTRAIL_SPEC, type GroupName} from '../event/cloudtrail-spec.ts';
import {
  type Derivation,
  deriveComponents,
  GROUP_COMPONENTS,
  outsideResource,
} from '../event/derive.ts';
import type {Deriver} from '../event/deriver.ts';
import {EVENT_FIELDS} from '../event/fields.ts';
import {networkOf} from '../event/network.ts';
import {needsParameters} from '../event/outside.ts';
import type {ScanSpec} from '../event/scan-spec.ts';
import {userAgentOf} from '../event/user-agent.ts';
import {componentText} from './field-value.ts';
import type {StreamDeclaration, StreamField} from './stream.ts';

/** What a declared stream needs to become columns of components. */
export interface StreamPlan extends Deriver {
  readonly spec: ScanSpec;
}

/** Name of the group that holds one declared field alone. */
const own = (name: string) => `field:${name}`;

/** The plan of a declared stream. */
export function streamPlan(stream: StreamDeclaration, derivation: Derivation): StreamPlan {
  const declared = Object.entries(stream.fields);
  const scanned = declared.filter(([, field]) => field.as !== 'hour');
  const hours = declared.filter(([, field]) => field.as === 'hour').map(([name]) => name);
  const cloudtrail = stream.type === 'cloudtrail';
  const columns: string[] = cloudtrail ? [...EVENT_FIELDS] : [];
  for (const [name] of declared) if (!columns.includes(name)) columns.push(name);

  const spec: ScanSpec = {
    fields: [
      ...(cloudtrail
        ? CLOUDTRAIL_SPEC.fields
        : ENVELOPE.map((name) => ({name, path: [name], mode: 'text' as const}))),
      ...scanned.map(([name, field]) => ({
        name: own(name),
        path: cloudtrail ? (field.path ?? '').split('.') : [own(name)],
        mode: 'text' as const,
      })),
    ],
    groups: [
      ...(cloudtrail ? CLOUDTRAIL_SPEC.groups : []),
      ...scanned.map(([name]) => ({name: own(name), fields: [own(name)]})),
    ],
  };
  const groupColumns = (name: string): readonly number[] => {
    const builtIn = GROUP_COMPONENTS[name as GroupName] as readonly string[] | undefined;
    return (builtIn ?? [name.slice(own('').length)]).map((column) => columns.indexOf(column));
  };
  const hourName = cloudtrail ? 'hour' : (hours[0] ?? '');
  const resource = columns.indexOf('resource');
  const operation = columns.indexOf('operation');
  const account = columns.indexOf('account');

  return {
    spec,
    columns,
    groups: spec.groups.map(({name}) => ({name, columns: groupColumns(name)})),
    derive(group, texts) {
      const builtIn = GROUP_COMPONENTS[group as GroupName] as readonly string[] | undefined;
      if (builtIn !== undefined && cloudtrail) {
        const components: Readonly<Record<string, string>> = deriveComponents(
          group as GroupName,
          texts,
          derivation,
        );
        return builtIn.map((name) => components[name] ?? '-');
      }
      const field = stream.fields[group.slice(own('').length)];
      const text = texts[group] ?? '';
      // A JSON stream's values were worked out when the record was flattened (`json-stream.ts`).
      if (field === undefined || !cloudtrail) return [text === '' ? '-' : text];
      return [fieldComponent(text, field, derivation)];
    },
    hourColumn: columns.indexOf(hourName),
    hour: (timeMs) => derivation.clock.hour(timeMs),
    needsParameters(texts) {
      if (!cloudtrail) return false;
      const {operation: name} = deriveComponents('operation', texts, derivation);
      return name !== undefined && needsParameters(name);
    },
    fromParameters(_texts, parameters, row) {
      const event = {operation: row(operation), account: row(account)};
      const outside = outsideResource(event, parameters, derivation);
      return outside === undefined ? [] : [[resource, outside]];
    },
  };
}

/** Fields that every flattened record of a JSON stream has; the first two are the scanner's own. */
const ENVELOPE = ['eventTime', 'eventID', 'eventSource', 'eventName'] as const;

/** One declared field's component; "-" if there is none. */
export function fieldComponent(value: unknown, field: StreamField, derivation: Derivation): string {
  const text = componentText(value, field);
  if (text === '') return '-';
  if (field.as === 'network') return networkOf({sourceIPAddress: text}, derivation.asns);
  if (field.as === 'user-agent') return userAgentOf({userAgent: text});
  return text;
}
