import {gzipSync} from 'node:zlib';
import type {Payload} from '../../src/pipeline/source.ts';
import {type SimulationOptions, simulate} from '../../src/simulate/simulate.ts';

/** A simulated trail as batches of `files` payloads. */
export function trailBatches(options: SimulationOptions, files = 4): Payload[][] {
  const batches: Payload[][] = [];
  let batch: Payload[] = [];
  for (const file of simulate(options)) {
    const bytes = new Uint8Array(gzipSync(JSON.stringify({Records: file.records}), {level: 1}));
    batch.push({name: file.path, bytes});
    if (batch.length < files) continue;
    batches.push(batch);
    batch = [];
  }
  if (batch.length > 0) batches.push(batch);
  return batches;
}
