import {readFileSync} from 'node:fs';
import {gunzipSync} from 'node:zlib';
import {CLOUDTRAIL_SPEC, RESOURCE_PARAMETERS} from '../../src/event/cloudtrail-spec.ts';
import {type Derivation, deriveComponents} from '../../src/event/derive.ts';
import type {Components} from '../../src/event/fields.ts';
import type {ContextDeclaration} from '../../src/features/context.ts';

/**
 * What one would write without thinking of speed, though not to be slow: each file is inflated and
 * parsed whole, records are objects, counters are Maps of strings. The same components, facets and
 * back-off formula as the product; no reordering, no campaign boost, no calibration, no limits.
 */
export class PlainPipeline {
  events = 0;
  surprise = 0;
  readonly #derivation: Derivation;
  readonly #context: ContextDeclaration;
  readonly #nodes = new Map<string, Node>();
  readonly #seen = new Set<string>();

  constructor(context: ContextDeclaration, derivation: Derivation) {
    this.#context = context;
    this.#derivation = derivation;
  }

  file(path: string): void {
    const {Records} = JSON.parse(gunzipSync(readFileSync(path)).toString()) as {Records: Raw[]};
    for (const record of Records) this.#record(record);
  }

  #record(record: Raw): void {
    if (this.#seen.has(record.eventID)) return;
    this.#seen.add(record.eventID);
    const time = Date.parse(record.eventTime);
    const texts = textsOf(record);
    const event: Record<string, string> = {hour: this.#derivation.clock.hour(time)};
    for (const {name} of CLOUDTRAIL_SPEC.groups) {
      Object.assign(event, deriveComponents(name, texts, this.#derivation));
    }
    this.events++;
    this.surprise += this.#observe(event as unknown as Components, time);
  }

  /** Scores by all levels, then learns. */
  #observe(event: Readonly<Record<string, string>> | Components, time: number): number {
    const fields = event as Readonly<Record<string, string>>;
    const weightNow = 2 ** ((time - LANDMARK) / HALF_LIFE);
    const hour = Math.floor(time / 3_600_000);
    const day = Math.floor(hour / 24);
    let sum = 0;
    for (const {name, of, given, weight} of this.#context.facets) {
      const value = fields[of] ?? '-';
      let tail = 0;
      let left = 1;
      let learning = true;
      for (const [level, columns] of given.entries()) {
        let key = `${name}/${level}`;
        for (const column of columns) key += `/${fields[column] ?? '-'}`;
        let node = this.#nodes.get(key);
        if (node === undefined) {
          node = {total: 0, values: new Map(), buckets: new Map()};
          this.#nodes.set(key, node);
        }
        const counted = node.values.get(value);
        if (node.total > 0) {
          const total = node.total / weightNow;
          const givenUp = Math.min(0.3 * node.values.size, 0.9 * total);
          const norm = left / (total + 0.5);
          if (counted !== undefined) {
            const bucket = Math.floor(Math.log2(counted.count));
            let below = 0;
            for (const [b, mass] of node.buckets) if (b < bucket) below += mass;
            const same = node.buckets.get(bucket) ?? 0;
            const part = (below + 0.5 * (same + counted.count)) / node.total;
            tail += norm * part * (total - givenUp);
          }
          left = norm * (0.5 + givenUp);
        }
        if (!learning) continue;
        let added = weightNow;
        if (counted === undefined) {
          node.values.set(value, {count: added, hour, repeats: 1});
        } else {
          const again = day <= Math.floor(counted.hour / 24);
          if (again) learning = false;
          if (again && level > 0) continue;
          if (level === 0 && hour <= counted.hour) added = weightNow / ++counted.repeats;
          else counted.repeats = 1;
          counted.hour = Math.max(hour, counted.hour);
          const before = Math.floor(Math.log2(counted.count));
          node.buckets.set(before, (node.buckets.get(before) ?? 0) - counted.count);
          counted.count += added;
        }
        const count = counted?.count ?? added;
        const bucket = Math.floor(Math.log2(count));
        node.buckets.set(bucket, (node.buckets.get(bucket) ?? 0) + count);
        node.total += added;
      }
      const bits = -Math.log2(Math.min(1, tail + left));
      sum += weight * 10 * (1 - Math.exp(-bits / 10));
    }
    return sum;
  }
}

interface Node {
  total: number;
  readonly values: Map<string, {count: number; hour: number; repeats: number}>;
  readonly buckets: Map<number, number>;
}

const LANDMARK = Date.UTC(2026, 0, 5);
const HALF_LIFE = 90 * 86_400_000;

interface Raw {
  readonly eventID: string;
  readonly eventTime: string;
  readonly [key: string]: unknown;
}

type Loose = {readonly [key: string]: Loose | undefined} & {readonly [at: number]: Loose};

/** The texts that components are made of, by the names of the scan's fields. */
function textsOf(raw: Raw): Record<string, string> {
  const record = raw as unknown as Loose;
  const identity = record.userIdentity;
  const session = identity?.sessionContext;
  const issuer = session?.sessionIssuer;
  const parameters = record.requestParameters;
  const response = record.responseElements;
  const insight = record.insightDetails;
  const resource = record.resources?.[0];
  const texts: Record<string, string> = {};
  const put = (name: string, value: unknown) => {
    if (typeof value === 'string') texts[name] = value;
    else if (typeof value === 'boolean') texts[name] = String(value);
  };
  put('eventSource', record.eventSource);
  put('eventName', record.eventName);
  put('eventType', record.eventType);
  put('eventCategory', record.eventCategory);
  put('insightType', insight?.insightType);
  put('insightSource', insight?.eventSource);
  put('insightName', insight?.eventName);
  put('errorCode', record.errorCode);
  put('consoleLogin', response?.ConsoleLogin);
  put('switchRole', response?.SwitchRole);
  put('checkMfa', response?.CheckMfa);
  put('identityType', identity?.type);
  put('identityArn', identity?.arn);
  put('identityAccount', identity?.accountId);
  put('identityPrincipalId', identity?.principalId);
  put('identityUserName', identity?.userName);
  put('identityUserId', identity?.userId);
  put('identityProvider', identity?.identityProvider);
  put('onBehalfOf', identity?.onBehalfOf?.userId);
  put('invokedBy', identity?.invokedBy);
  put('issuerArn', issuer?.arn);
  put('issuerAccount', issuer?.accountId);
  put('issuerUserName', issuer?.userName);
  put('sourceIdentity', session?.sourceIdentity);
  put('federatedProvider', session?.webIdFederationData?.federatedProvider);
  put('mfaAuthenticated', session?.attributes?.mfaAuthenticated);
  put('recipientAccountId', record.recipientAccountId);
  put('awsRegion', record.awsRegion);
  put('sourceIPAddress', record.sourceIPAddress);
  put('vpcEndpointId', record.vpcEndpointId);
  put('oldVpcEndpointId', record.additionalEventData?.vpcEndpointId);
  put('userAgent', record.userAgent);
  put('sessionCredentialFromConsole', record.sessionCredentialFromConsole);
  put('mfaUsed', record.additionalEventData?.MFAUsed);
  if (parameters !== null && typeof parameters === 'object') {
    for (const name of RESOURCE_PARAMETERS) put(`parameter.${name}`, parameters[name]);
    put('parameter.names', parameters.names?.[0]);
  }
  const arn: unknown = resource?.ARN;
  if (typeof arn === 'string') {
    const slash = arn.indexOf('/');
    texts.resourceArn = slash < 0 ? arn : arn.slice(0, slash + 1);
  }
  put('resourceType', resource?.type);
  put('resourceAccount', resource?.accountId);
  return texts;
}
