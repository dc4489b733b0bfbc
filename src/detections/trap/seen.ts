import {isObject, listOf} from '../../event/json.ts';
import {serviceOf} from '../../event/operation.ts';
import type {SeenEvents} from './coverage.ts';

/** Names of each type of resource that are remembered; a trail of all objects has many buckets. */
const MAX_NAMES = 10_000;

/** Counts what a trail is seen to hold: which services, and data events of what. */
export class SeenCounter {
  #events = 0;
  readonly #management = new Map<string, number>();
  readonly #data = new Map<string, {count: number; names: Set<string>}>();

  add(record: unknown): void {
    if (!isObject(record)) return;
    this.#events++;
    const {managementEvent, eventCategory, eventSource, resources} = record;
    const isData =
      eventCategory === 'Data' || managementEvent === false || managementEvent === 'false';
    if (!isData) {
      if (typeof eventSource !== 'string') return;
      const service = serviceOf(eventSource);
      this.#management.set(service, (this.#management.get(service) ?? 0) + 1);
      return;
    }
    const counted = new Set<string>();
    for (const resource of listOf(resources)) {
      if (!isObject(resource)) continue;
      const {type, ARN, ARNPrefix} = resource;
      const arn = typeof ARN === 'string' ? ARN : ARNPrefix;
      if (typeof type !== 'string' || typeof arn !== 'string') continue;
      this.#count(type, nameOf(arn), counted);
    }
    if (counted.size > 0 || typeof eventSource !== 'string') return;
    // Some records name it in the parameters alone.
    const parameters = isObject(record.requestParameters) ? record.requestParameters : {};
    const [type, key] = TYPES[serviceOf(eventSource)] ?? [];
    const text = key === undefined ? undefined : parameters[key];
    if (type !== undefined && typeof text === 'string') this.#count(type, nameOf(text), counted);
  }

  result(): SeenEvents {
    return {
      events: this.#events,
      management: Object.fromEntries(this.#management),
      data: Object.fromEntries(
        [...this.#data].map(([type, {count, names}]) => [type, {count, names: [...names]}]),
      ),
    };
  }

  #count(type: string, name: string, counted: Set<string>): void {
    const known = this.#data.get(type) ?? {count: 0, names: new Set<string>()};
    this.#data.set(type, known);
    if (!counted.has(type)) known.count++;
    counted.add(type);
    if (known.names.size < MAX_NAMES) known.names.add(name);
  }
}

const TYPES: Readonly<Record<string, readonly [type: string, parameter: string]>> = {
  s3: ['AWS::S3::Object', 'bucketName'],
  dynamodb: ['AWS::DynamoDB::Table', 'tableName'],
  lambda: ['AWS::Lambda::Function', 'functionName'],
  sqs: ['AWS::SQS::Queue', 'queueUrl'],
};

/** The bucket, table, queue or function in an ARN, an address or a name. */
function nameOf(text: string): string {
  const [, service, resource] = /^arn:aws[a-z-]*:([a-z0-9-]+):[^:]*:[^:]*:(.*)$/s.exec(text) ?? [];
  if (resource === undefined) return text.slice(text.lastIndexOf('/') + 1);
  if (service === 's3') return resource.split('/')[0] ?? '';
  if (service === 'dynamodb') return resource.split('/')[1] ?? '';
  if (service === 'lambda') return resource.split(':')[1] ?? '';
  return resource;
}
