import {gunzipSync} from 'node:zlib';
import {expect, test} from 'vitest';
import {AppError} from '../../src/base/errors.ts';
import type {Position, Source, SourceBatch} from '../../src/pipeline/source.ts';

/** A world with a source in it. */
export interface SourceWorld {
  /** A source as after a start of the service. */
  open(): Source;
  /** Puts records with these ids where the source finds them, some deliveries of them. */
  deliver(ids: readonly string[]): Promise<void>;
  /** Makes the world fail, and mends it. */
  breakIt?(): Promise<void>;
  mendIt?(): Promise<void>;
  /** How often something was fetched so far; for sources that fetch. */
  fetched?(): number;
  close(): Promise<void>;
}

export interface SourceTraits {
  /** False for a source that cannot be read twice. */
  readonly survivesRestart: boolean;
  /** True where a batch that was not acknowledged comes again by itself, after some time. */
  readonly redelivers?: boolean;
  /** True where the last of what was handed over comes again after a restart. */
  readonly overlaps?: boolean;
  readonly timeoutMs?: number;
}

/** A record of CloudTrail, as small as can be, with a time that goes with its number. */
export function recordOf(id: string): Record<string, unknown> {
  const minute = Number(/\d+$/.exec(id)?.[0] ?? 0) % 60;
  return {
    eventVersion: '1.08',
    userIdentity: {type: 'IAMUser', accountId: '111111111111', userName: 'raul'},
    eventTime: `2026-03-01T10:${String(minute).padStart(2, '0')}:00Z`,
    eventSource: 's3.amazonaws.com',
    eventName: 'GetObject',
    awsRegion: 'us-east-1',
    sourceIPAddress: '203.0.113.9',
    eventID: id,
  };
}

export function documentOf(ids: readonly string[]): string {
  return JSON.stringify({Records: ids.map(recordOf)});
}

/** The ids of the records in a batch, however they are wrapped. */
export function idsOf(batch: SourceBatch): string[] {
  return batch.payloads.flatMap(({bytes}) => {
    const gzip = bytes[0] === 0x1f && bytes[1] === 0x8b;
    const text = (gzip ? gunzipSync(bytes) : Buffer.from(bytes)).toString('utf8');
    return [...text.matchAll(/eventID\\*":\\*"([\w-]+)/g)].map(([, id = '']) => id);
  });
}

export function idsUpTo(count: number, from = 0): string[] {
  return Array.from({length: count}, (_, i) => `event-${from + i}`);
}

export interface Reading {
  readonly ids: string[];
  readonly batches: SourceBatch[];
  position: Position | undefined;
}

/** Reads and acknowledges until `done`, at most for a time. */
export async function readUntil(
  source: Source,
  position: Position | undefined,
  done: (reading: Reading) => boolean,
  {ack = true, timeoutMs = 20_000}: {ack?: boolean; timeoutMs?: number} = {},
): Promise<Reading> {
  const stop = AbortSignal.timeout(timeoutMs);
  const leave = new AbortController();
  const reading: Reading = {ids: [], batches: [], position};
  for await (const batch of source.read(position, AbortSignal.any([stop, leave.signal]))) {
    reading.ids.push(...idsOf(batch));
    reading.batches.push(batch);
    if (ack) {
      await batch.ack();
      // As it comes back from a file.
      reading.position = JSON.parse(JSON.stringify(batch.position));
    }
    if (done(reading)) leave.abort();
  }
  return reading;
}

const sorted = (ids: readonly string[]) => [...ids].sort();

/** What every source promises (src/pipeline/source.ts). */
export function sourceContract(
  kind: string,
  make: () => Promise<SourceWorld>,
  traits: SourceTraits,
): void {
  const timeoutMs = traits.timeoutMs ?? 20_000;

  function within(name: string, use: (world: SourceWorld) => Promise<void>): void {
    test(`${kind}: ${name}`, async () => {
      const world = await make();
      try {
        await use(world);
      } finally {
        await world.close();
      }
    });
  }

  within('hands over everything once, and what comes while it is read', async (world) => {
    await world.deliver(idsUpTo(20));
    const source = world.open();
    let late: Promise<void> | undefined;
    const reading = await readUntil(
      source,
      undefined,
      ({ids}) => {
        if (ids.length >= 20) late ??= world.deliver(idsUpTo(10, 20));
        return ids.length >= 30;
      },
      {timeoutMs},
    );
    await late;
    expect(sorted(reading.ids)).toEqual(sorted(idsUpTo(30)));
    expect(reading.batches.flatMap(({payloads}) => payloads).every(({name}) => name !== '')).toBe(
      true,
    );
    expect(source.status().detail).not.toBe('');
    await source.close();
  });

  within('ends soon when told to, while it waits', async (world) => {
    await world.deliver(idsUpTo(2));
    const source = world.open();
    const stop = new AbortController();
    let aborted = 0;
    let seen = 0;
    for await (const batch of source.read(undefined, stop.signal)) {
      await batch.ack();
      seen += idsOf(batch).length;
      if (seen < 2) continue;
      setTimeout(() => {
        aborted = Date.now();
        stop.abort();
      }, 150);
    }
    expect(seen).toBe(2);
    expect(aborted).toBeGreaterThan(0);
    expect(Date.now() - aborted).toBeLessThan(1500);
    await source.close();
  });

  if (traits.survivesRestart) {
    within('resumes where it was, without gap and without repetition', async (world) => {
      await world.deliver(idsUpTo(12));
      const first = world.open();
      const before = await readUntil(first, undefined, ({ids}) => ids.length > 0, {timeoutMs});
      await first.close();
      await world.deliver(idsUpTo(6, 12));
      const second = world.open();
      const all = new Set(before.ids);
      const after = await readUntil(
        second,
        before.position,
        ({ids}) => {
          for (const id of ids) all.add(id);
          return all.size >= 18;
        },
        {timeoutMs},
      );
      await second.close();
      expect(sorted([...all])).toEqual(sorted(idsUpTo(18)));
      if (traits.overlaps !== true) expect(before.ids.length + after.ids.length).toBe(18);
      expect(JSON.stringify(after.position).length).toBeLessThan(4096);
    });

    within('hands over again what was not acknowledged', async (world) => {
      await world.deliver(idsUpTo(8));
      const first = world.open();
      const lost = await readUntil(first, undefined, ({ids}) => ids.length > 0, {
        ack: false,
        timeoutMs,
      });
      await first.close();
      expect(lost.ids.length).toBeGreaterThan(0);
      const second = world.open();
      const again = await readUntil(second, undefined, ({ids}) => new Set(ids).size >= 8, {
        timeoutMs,
      });
      await second.close();
      expect(sorted([...new Set(again.ids)])).toEqual(sorted(idsUpTo(8)));
    });
  }

  within('a broken world is an error that may pass, and then it goes on', async (world) => {
    const {breakIt, mendIt} = world;
    if (breakIt === undefined || mendIt === undefined) return;
    await world.deliver(idsUpTo(3));
    const source = world.open();
    const before = await readUntil(source, undefined, ({ids}) => ids.length >= 3, {timeoutMs});
    await breakIt.call(world);
    await expect(source.check()).rejects.toBeInstanceOf(AppError);
    const fault = await readUntil(source, before.position, () => false, {timeoutMs}).then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(fault).toBeInstanceOf(AppError);
    expect((fault as AppError).retryable).toBe(true);
    await mendIt.call(world);
    await source.check();
    await world.deliver(idsUpTo(3, 3));
    const after = await readUntil(
      source,
      before.position,
      ({ids}) => new Set([...before.ids, ...ids]).size >= 6,
      {timeoutMs},
    );
    expect(sorted([...new Set([...before.ids, ...after.ids])])).toEqual(sorted(idsUpTo(6)));
    await source.close();
  });

  within('reads nothing ahead of its reader but a little', async (world) => {
    if (world.fetched === undefined) return;
    for (let i = 0; i < 40; i++) await world.deliver([`event-${i}`]);
    const source = world.open();
    const stop = new AbortController();
    const batches = source.read(undefined, stop.signal)[Symbol.asyncIterator]();
    const first = await batches.next();
    await new Promise((resolve) => setTimeout(resolve, 400));
    const handed = first.done === true ? 0 : first.value.payloads.length;
    expect(handed).toBeGreaterThan(0);
    expect(world.fetched() - handed).toBeLessThanOrEqual(16);
    stop.abort();
    await batches.return?.();
    await source.close();
  });
}
