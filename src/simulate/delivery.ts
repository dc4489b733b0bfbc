import type {Random} from '../base/random.ts';
import type {Call, Label} from './call.ts';
import {alphanumeric} from './draw.ts';
import {type RecordOptions, regionOf, toRecord} from './record.ts';

const MAX_RECORDS = 4000;

/** Ground truth of one record. */
export interface Truth {
  readonly eventId: string;
  readonly campaign: string;
  readonly scenario: string;
  /** To be left out of an evaluation: neither attack nor ordinary. */
  readonly ignore?: true;
}

/** One object as CloudTrail would put it into the bucket. */
export interface LogFile {
  readonly path: string;
  /** When it was put there: epoch milliseconds. */
  readonly time: number;
  readonly records: readonly object[];
  /** Truth of those records that are part of an attack or its surroundings. */
  readonly truth: readonly Truth[];
}

interface Pending {
  readonly account: string;
  readonly region: string;
  readonly records: object[];
  readonly truth: Truth[];
}

/**
 * Turns calls into files the way CloudTrail delivers: one per account, region and some minutes (five),
 * some minutes after the call; a few records hours late, a few twice (same `eventID`).
 * Feed calls in order of time; `flush` gives what is due, `finish` the rest.
 */
export class Delivery {
  readonly #random: Random;
  readonly #organisation: string;
  readonly #options: RecordOptions;
  /** Milliseconds between the files of an account and region. */
  readonly #slot: number;
  readonly #slots = new Map<number, Map<string, Pending>>();
  #nextSlot = Number.POSITIVE_INFINITY;

  constructor(
    random: Random,
    organisation: string,
    options: RecordOptions & {readonly deliveryMinutes: number},
  ) {
    this.#slot = options.deliveryMinutes * 60_000;
    this.#random = random;
    this.#organisation = organisation;
    this.#options = options;
  }

  add(call: Call): void {
    const random = this.#random;
    const record = toRecord(call, random, this.#options);
    const region = regionOf(call.operation.service, call.region);
    const late = random.next() < 0.004;
    const delay = late
      ? random.exponential(90 * 60_000) + 15 * 60_000
      : 60_000 + random.next() * 8 * 60_000;
    this.#put(record, call, region, call.time + delay);
    if (random.next() < 0.0015) {
      this.#put(
        record,
        call,
        region,
        call.time + delay + 5 * 60_000 + random.exponential(30 * 60_000),
      );
    }
  }

  #put(record: Record<string, unknown>, call: Call, region: string, time: number): void {
    const slot = Math.ceil(time / this.#slot);
    this.#nextSlot = Math.min(this.#nextSlot, slot);
    let files = this.#slots.get(slot);
    if (files === undefined) {
      files = new Map();
      this.#slots.set(slot, files);
    }
    const key = `${call.account}/${region}`;
    let pending = files.get(key);
    if (pending === undefined) {
      pending = {account: call.account, region, records: [], truth: []};
      files.set(key, pending);
    }
    pending.records.push(record);
    if (call.label !== undefined) pending.truth.push(truthOf(record, call.label));
  }

  /** Files of all slots that ended before `time`. */
  *flush(time: number): Generator<LogFile> {
    while (this.#nextSlot * this.#slot <= time) yield* this.#file(this.#nextSlot);
  }

  *finish(): Generator<LogFile> {
    while (this.#slots.size > 0) yield* this.#file(this.#nextSlot);
  }

  *#file(slot: number): Generator<LogFile> {
    const files = this.#slots.get(slot);
    this.#slots.delete(slot);
    this.#nextSlot = this.#slots.size === 0 ? Number.POSITIVE_INFINITY : slot + 1;
    if (files === undefined) return;
    for (const {account, region, records, truth} of files.values()) {
      const ids = new Map(truth.map((entry) => [entry.eventId, entry]));
      for (let from = 0; from < records.length; from += MAX_RECORDS) {
        const part =
          records.length <= MAX_RECORDS ? records : records.slice(from, from + MAX_RECORDS);
        const labels =
          part === records
            ? truth
            : part.flatMap((record) => ids.get((record as {eventID: string}).eventID) ?? []);
        yield {
          path: this.#path(account, region, slot * this.#slot),
          time: slot * this.#slot,
          records: part,
          truth: labels,
        };
      }
    }
  }

  #path(account: string, region: string, time: number): string {
    const iso = new Date(time).toISOString();
    const [year, month, day] = [iso.slice(0, 4), iso.slice(5, 7), iso.slice(8, 10)];
    const stamp = `${year}${month}${day}T${iso.slice(11, 13)}${iso.slice(14, 16)}Z`;
    return `AWSLogs/${this.#organisation}/${account}/CloudTrail/${region}/${year}/${month}/${day}/${account}_CloudTrail_${region}_${stamp}_${alphanumeric(this.#random, 16)}.json.gz`;
  }
}

function truthOf(record: Record<string, unknown>, label: Label): Truth {
  return {
    eventId: String(record.eventID),
    campaign: label.campaign,
    scenario: label.scenario,
    ...(label.ignore ? {ignore: true as const} : {}),
  };
}
