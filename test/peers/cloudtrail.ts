import {createServer} from 'node:http';
import type {AddressInfo} from 'node:net';

export interface HistoryEvent {
  readonly id: string;
  /** Epoch milliseconds. */
  readonly time: number;
  readonly record: unknown;
}

/**
 * A stand-in for CloudTrail's LookupEvents, which the emulator used for the rest does not have:
 * newest first, pages of at most 50, times in whole seconds and inclusive, tokens that belong to
 * their request, and no more than two requests a second for each region.
 */
export interface CloudTrailStandIn {
  readonly endpoint: string;
  /** Events by region. */
  readonly events: Map<string, HistoryEvent[]>;
  requests: number;
  throttled: number;
  broken: boolean;
  /** What it answers instead, where it is to refuse. */
  refuse: {readonly status: number; readonly code: string} | undefined;
  stop(): Promise<void>;
}

export async function startCloudTrail(perSecond = 2): Promise<CloudTrailStandIn> {
  const tokens = new Map<string, {asked: string; at: number}>();
  const lately = new Map<string, number[]>();
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('end', () => {
      if (standIn.broken) {
        request.socket.destroy();
        return;
      }
      const answer = (status: number, body: unknown) => {
        response.writeHead(status, {'content-type': 'application/x-amz-json-1.1'});
        response.end(JSON.stringify(body));
      };
      const fault = (status: number, code: string) => answer(status, {__type: code, message: code});
      standIn.requests++;
      const operation = String(request.headers['x-amz-target']);
      if (!operation.endsWith('.LookupEvents')) return fault(400, 'UnknownOperationException');
      if (standIn.refuse !== undefined) return fault(standIn.refuse.status, standIn.refuse.code);
      const scope = /Credential=[^/]+\/\d{8}\/([a-z0-9-]+)\//.exec(
        request.headers.authorization ?? '',
      );
      const region = scope?.[1] ?? '';
      const now = Date.now();
      const recent = (lately.get(region) ?? []).filter((at) => at > now - 1000);
      if (recent.length >= perSecond) {
        standIn.throttled++;
        return fault(400, 'ThrottlingException');
      }
      lately.set(region, [...recent, now]);
      const {NextToken, MaxResults = 50, ...asked} = JSON.parse(Buffer.concat(chunks).toString());
      const key = JSON.stringify([region, asked]);
      const token = tokens.get(NextToken ?? '');
      if (NextToken !== undefined && token?.asked !== key) {
        return fault(400, 'InvalidNextTokenException');
      }
      const from = token?.at ?? 0;
      const found = (standIn.events.get(region) ?? [])
        .filter(({time}) => {
          const seconds = Math.floor(time / 1000);
          return seconds >= asked.StartTime && seconds <= asked.EndTime;
        })
        .sort((a, b) => b.time - a.time);
      const page = found.slice(from, from + MaxResults);
      const next = from + MaxResults < found.length ? `token-${tokens.size}` : undefined;
      if (next !== undefined) tokens.set(next, {asked: key, at: from + MaxResults});
      answer(200, {
        Events: page.map(({id, time, record}) => ({
          EventId: id,
          EventName: 'GetObject',
          EventTime: Math.floor(time / 1000),
          CloudTrailEvent: JSON.stringify(record),
        })),
        ...(next === undefined ? {} : {NextToken: next}),
      });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const standIn: CloudTrailStandIn = {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    events: new Map(),
    requests: 0,
    throttled: 0,
    broken: false,
    refuse: undefined,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return standIn;
}
