import type {Readings} from '../telemetry/metrics.ts';
import type {Service} from './service.ts';

/** The status in the units of Prometheus. */
export async function readingsOf(service: Service, streamReaders: number): Promise<Readings> {
  const [status, {ready}, detectionFailures] = await Promise.all([
    service.status(),
    service.ready(),
    service.detections.failures(),
  ]);
  const {lagMs, snapshot} = status;
  return {
    ready,
    learning: status.mode === 'learning',
    eventsPerSecond: status.eventsPerSecond,
    lagSeconds: lagMs === null ? undefined : lagMs / 1_000,
    waitingEntries: status.waitingEntries,
    storeUp: status.store.state === 'ok',
    storeFailures: status.store.failures,
    storeBytes: status.store.bytes,
    journalBytes: status.journal.bytes,
    journalEntries: status.journal.entries,
    modelBytes: status.memory.model,
    snapshotBytes: snapshot.bytes,
    snapshotAgeSeconds: snapshot.at === null ? undefined : (status.now - snapshot.at) / 1_000,
    streamReaders,
    detectionFailures,
    rejected: status.rejected,
    dropped: status.dropped,
    sources: status.sources.map(({name, kind, state, records, bytes, backlog}) => ({
      name,
      kind,
      state,
      records,
      bytes,
      backlog: backlog ?? undefined,
    })),
  };
}
