export interface Rate {
  readonly perSecond: number;
  readonly burst: number;
}

interface Bucket {
  tokens: number;
  at: number;
}

/** Clients remembered; beyond, the one unseen for longest is forgotten. */
const CLIENTS = 20_000;

/** Token buckets by client: each holds `burst` and refills by `perSecond`. */
export class Buckets {
  readonly #rate: Rate;
  readonly #buckets = new Map<string, Bucket>();

  constructor(rate: Rate) {
    this.#rate = rate;
  }

  /** Takes one; 0 when there was one, else the milliseconds until there is. */
  take(client: string, now: number): number {
    const {perSecond, burst} = this.#rate;
    const bucket = this.#buckets.get(client) ?? {tokens: burst, at: now};
    // To the end of the order, so that the first is the one unseen for longest.
    this.#buckets.delete(client);
    this.#buckets.set(client, bucket);
    if (this.#buckets.size > CLIENTS) {
      for (const oldest of this.#buckets.keys()) {
        this.#buckets.delete(oldest);
        break;
      }
    }
    const passed = Math.max(0, now - bucket.at) / 1_000;
    bucket.tokens = Math.min(burst, bucket.tokens + passed * perSecond);
    bucket.at = now;
    if (bucket.tokens < 1) return Math.ceil(((1 - bucket.tokens) / perSecond) * 1_000);
    bucket.tokens -= 1;
    return 0;
  }
}

/** What an API takes at most; each may be set. */
export interface Limits {
  /** By client; undefined: none, as for a service that only this machine reaches. */
  readonly requests: Rate | undefined;
  /** Attempts to log in, and tokens that are wrong, by address. */
  readonly logins: Rate;
  /** Bytes of a body. */
  readonly bodyBytes: number;
  readonly observeBytes: number;
  readonly pushBytes: number;
}

export const LIMITS: Limits = {
  requests: {perSecond: 100, burst: 500},
  logins: {perSecond: 1 / 12, burst: 10},
  bodyBytes: 2 << 20,
  observeBytes: 16 << 20,
  pushBytes: 64 << 20,
};
