import type {DropReason, RejectReason} from '../base/outcome.ts';
import {JsonFramer} from './framing.ts';
import {decodeBase64, ExpansionBudget, isGzip} from './gzip.ts';
import type {DecodeLimits} from './limits.ts';
import {isObject, type JsonObject, shapeOf} from './record-shape.ts';

/** What a value turned out to hold. `at` is the object in the file that it is in, or is. */
export type Item =
  | {
      readonly kind: 'record';
      readonly record: JsonObject;
      readonly milliseconds: number;
      readonly at: object | undefined;
    }
  | {readonly kind: 'reject'; readonly reason: RejectReason; readonly at: object | undefined}
  | {readonly kind: 'drop'; readonly reason: DropReason};

/** Arrays whose every element is one delivery: each yields something, or is rejected by itself. */
const LISTS = new Set(['Records', 'records', 'Events', 'logEvents', 'hits', 'rawEvents']);

/** Strings that are known to carry records, as JSON text or as base64 of it. */
const CARRIERS = new Set([
  ...['CloudTrailEvent', 'Message', 'message', 'body', 'Body', 'data', 'Data', 'original'],
  ...['event', 'detail', 'log', 'payload', 'value', 'raw', '_raw', 'MessageBody', 'line'],
]);

/** Brackets to look through for a record within one value that is none. */
const SEARCH_DEPTH = 16;

/**
 * The records in a parsed value, through every wrapper: objects and arrays, strings of JSON, base64,
 * gzip. Never empty, except for a value whose lists are: what holds nothing known is one reject.
 */
export function unwrap(value: unknown, limits: DecodeLimits): Item[] {
  const search = new Search(limits);
  search.root(value);
  return search.items;
}

class Search {
  readonly items: Item[] = [];
  readonly #limits: DecodeLimits;
  /** The innermost object of the file around what is looked at. */
  #at: object | undefined;
  /** Strings and base64 around what is looked at. */
  #layers = 0;
  /** Of these, gzip. */
  #zipped = 0;
  readonly #budget: ExpansionBudget;

  constructor(limits: DecodeLimits) {
    this.#limits = limits;
    this.#budget = new ExpansionBudget(limits);
  }

  root(value: unknown): void {
    if (!this.#visit(value, '', 0)) this.#reject('unknown_record_shape');
  }

  /** False when nothing was found and nothing said about it. */
  #visit(value: unknown, key: string, depth: number): boolean {
    if (typeof value === 'string')
      return CARRIERS.has(key) || key === '' ? this.#text(value) : false;
    if (Array.isArray(value)) return this.#array(value, key, depth);
    return isObject(value) && this.#object(value, depth);
  }

  #object(value: JsonObject, depth: number): boolean {
    const outer = this.#at;
    if (this.#layers === 0) this.#at = value;
    const found = this.#within(value, depth);
    this.#at = outer;
    return found;
  }

  #within(value: JsonObject, depth: number): boolean {
    const shape = shapeOf(value);
    if (shape?.kind === 'record') this.items.push({...shape, at: this.#at});
    else if (shape?.kind === 'reject') this.items.push({...shape, at: this.#at});
    else if (shape?.kind === 'drop') this.items.push(shape);
    if (shape !== undefined) return true;
    if (depth >= SEARCH_DEPTH) return false;
    const lists = Object.keys(value).filter((key) => LISTS.has(key) && Array.isArray(value[key]));
    if (lists.length > 0) {
      // What stands beside a delivery's list describes the delivery.
      for (const key of lists) this.#visit(value[key], key, depth + 1);
      return true;
    }
    // An indexed document often holds the record twice: parsed, and as the text it came from.
    return this.#members(value, depth, false) || this.#members(value, depth, true);
  }

  #members(value: JsonObject, depth: number, strings: boolean): boolean {
    let found = false;
    for (const key of Object.keys(value)) {
      const member = value[key];
      if ((typeof member === 'string') !== strings) continue;
      if (this.#visit(member, key, depth + 1)) found = true;
      if (found && strings) return true;
    }
    return found;
  }

  #array(value: readonly unknown[], key: string, depth: number): boolean {
    const list = LISTS.has(key) || (key === '' && depth === 0);
    let found = list;
    for (const element of value) {
      if (this.#element(element, depth + 1)) found = true;
      else if (list) this.#rejectElement(element);
    }
    return found;
  }

  #element(element: unknown, depth: number): boolean {
    return depth < SEARCH_DEPTH && this.#visit(element, '', depth);
  }

  #rejectElement(element: unknown): void {
    const inFile = this.#layers === 0 && isObject(element);
    this.items.push({
      kind: 'reject',
      reason: 'unknown_record_shape',
      at: inFile ? element : this.#at,
    });
  }

  #text(text: string): boolean {
    const first = /^[\s\uFEFF]*(\S)/.exec(text)?.[1];
    if (first === '{' || first === '[') return this.#layer(() => this.#json(text));
    if (first === '"') return this.#layer(() => this.#json(text));
    // Base64 of "{", white space before it, "[", a byte order mark, or gzip.
    if (text.length < 16 || !/^\s*(ey|ew|Wy|W3|IH|Cn|DQ|77u\/|H4sI)/.test(text)) return false;
    const bytes = decodeBase64(text);
    return bytes !== undefined && this.#layer(() => this.#bytes(bytes));
  }

  #layer(read: () => boolean): boolean {
    if (this.#layers >= this.#limits.layers) return this.#reject('nesting_too_deep');
    this.#layers++;
    const found = read();
    this.#layers--;
    return found;
  }

  #bytes(bytes: Uint8Array): boolean {
    if (!isGzip(bytes)) return this.#json(new TextDecoder().decode(bytes));
    const result = this.#budget.gunzip(bytes, this.#zipped === 0);
    if (!result.ok) return this.#reject(result.reason);
    this.#zipped++;
    const found = this.#json(new TextDecoder().decode(result.bytes));
    this.#zipped--;
    return found;
  }

  /** JSON text: one value, or several one after the other. */
  #json(text: string): boolean {
    const bytes = new TextEncoder().encode(text.replace(/^\uFEFF/, ''));
    const framer = new JsonFramer(this.#limits.depth);
    let found = false;
    let at = 0;
    for (;;) {
      while (at < bytes.length && bytes[at]! <= 0x20) at++;
      if (at >= bytes.length) return found;
      framer.begin();
      const stop = framer.feed(bytes, at, 0);
      if (framer.tooDeep) return this.#reject('nesting_too_deep');
      if (stop === 'more') return this.#reject('truncated');
      if (stop === 'error') return this.#reject('malformed_json');
      let value: unknown;
      try {
        value = JSON.parse(new TextDecoder().decode(bytes.subarray(at, framer.next)));
      } catch {
        // The framer leaves numbers and escapes to JSON.parse, so that it may well refuse.
        return this.#reject('malformed_json');
      }
      if (this.#visit(value, '', 0)) found = true;
      else if (found) this.#reject('unknown_record_shape');
      at = framer.next;
    }
  }

  #reject(reason: RejectReason): true {
    this.items.push({kind: 'reject', reason, at: this.#at});
    return true;
  }
}
