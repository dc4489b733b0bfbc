import type {Dispatcher} from '../../alerts/dispatcher.ts';
import type {DestinationInfo} from '../../api/types.ts';
import type {Store} from '../../pipeline/store.ts';
import {targetOf} from './adapters.ts';
import type {DestinationConfig} from './config.ts';

/** Deliveries looked at to count those that wait. */
const COUNTED = 2_000;

/** How each destination does: what waits for it, and when something reached it last. */
export async function destinationInfos(
  store: Store,
  destinations: readonly DestinationConfig[],
  dispatched: ReturnType<Dispatcher['states']>,
): Promise<DestinationInfo[]> {
  const states = new Map(dispatched.map((state) => [state.name, state]));
  const infos: DestinationInfo[] = [];
  for (const declared of destinations) {
    const {name, type} = declared;
    const state = states.get(name);
    infos.push({
      name,
      type,
      minScore: declared.min_score,
      target: targetOf(declared),
      waiting: await countDeliveries(store, name, 'waiting'),
      dead: await countDeliveries(store, name, 'dead'),
      lastSentAt: state?.lastSentAt ?? (await lastSentAt(store, name)),
      lastError: state?.lastError ?? '',
    });
  }
  return infos;
}

async function countDeliveries(
  store: Store,
  destination: string,
  state: 'waiting' | 'dead',
): Promise<number> {
  let found = 0;
  let cursor: string | undefined;
  do {
    const page = await store.deliveries({destination, state, limit: 500, cursor});
    found += page.rows.length;
    cursor = page.next ?? undefined;
  } while (cursor !== undefined && found < COUNTED);
  return found;
}

async function lastSentAt(store: Store, destination: string): Promise<number | null> {
  const {rows} = await store.deliveries({destination, state: 'sent', limit: 1});
  return rows[0]?.sentAt ?? null;
}
