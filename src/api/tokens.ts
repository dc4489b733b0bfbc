import {createHash, randomBytes, timingSafeEqual} from 'node:crypto';
import type {Store, TokenRow} from '../pipeline/store.ts';
import type {Role} from './roles.ts';

export const SCOPE_ROLES: Readonly<Record<TokenRow['scope'], Role>> = {
  read: 'viewer',
  write: 'analyst',
  admin: 'admin',
};

/** How long a list of tokens is trusted: a token revoked by others works that much longer. */
const TRUST_MS = 2_000;

/** `lastUsedAt` is written at most so often. */
const USED_MS = 60_000;

export interface NewToken {
  readonly name: string;
  readonly scope: TokenRow['scope'];
  /** Epoch milliseconds; null: never. */
  readonly expiresAt: number | null;
}

/**
 * Makes a token of 256 random bits. The store keeps its hash: the secret is told once, here.
 */
export async function createToken(
  store: Pick<Store, 'putToken'>,
  {name, scope, expiresAt}: NewToken,
): Promise<{readonly secret: string; readonly token: TokenRow}> {
  const secret = `odt_${randomBytes(32).toString('base64url')}`;
  const token: TokenRow = {
    id: randomBytes(6).toString('hex'),
    name,
    hash: hashOf(secret),
    scope,
    createdAt: Date.now(),
    expiresAt,
    lastUsedAt: null,
    revokedAt: null,
  };
  await store.putToken(token);
  return {secret, token};
}

/** Ends a token, by id; false if there is none that is still good. */
export async function revokeToken(
  store: Pick<Store, 'tokens' | 'putToken'>,
  id: string,
): Promise<boolean> {
  const token = (await store.tokens()).find((each) => each.id === id);
  if (token === undefined || token.revokedAt !== null) return false;
  await store.putToken({...token, revokedAt: Date.now()});
  return true;
}

/** Finds tokens by their secret or id, as long as they are good. */
export class Tokens {
  readonly #store: Store;
  readonly #now: () => number;
  #rows: readonly TokenRow[] = [];
  #readAt = Number.NEGATIVE_INFINITY;
  #reading: Promise<void> | undefined;

  constructor(store: Store, now: () => number) {
    this.#store = store;
    this.#now = now;
  }

  /** Undefined: unknown, expired or revoked. */
  async bySecret(secret: string): Promise<TokenRow | undefined> {
    if (!/^odt_[\w-]{43}$/.test(secret)) return undefined;
    const hash = Buffer.from(hashOf(secret), 'hex');
    const token = await this.#find(({hash: of}) => {
      const kept = Buffer.from(of, 'hex');
      return kept.length === hash.length && timingSafeEqual(kept, hash);
    });
    if (token !== undefined) await this.#used(token);
    return token;
  }

  async byId(id: string): Promise<TokenRow | undefined> {
    return this.#find((token) => token.id === id);
  }

  /** To be called after a change, so that it counts at once. */
  forget(): void {
    this.#readAt = Number.NEGATIVE_INFINITY;
  }

  async #find(is: (token: TokenRow) => boolean): Promise<TokenRow | undefined> {
    if (this.#now() - this.#readAt > TRUST_MS) {
      this.#reading ??= this.#read();
      await this.#reading;
    }
    const token = this.#rows.find(is);
    if (token === undefined || token.revokedAt !== null) return undefined;
    return token.expiresAt !== null && token.expiresAt <= this.#now() ? undefined : token;
  }

  async #read(): Promise<void> {
    try {
      this.#rows = await this.#store.tokens();
      this.#readAt = this.#now();
    } finally {
      this.#reading = undefined;
    }
  }

  async #used(token: TokenRow): Promise<void> {
    const now = this.#now();
    if (token.lastUsedAt !== null && now - token.lastUsedAt < USED_MS) return;
    // As it is now: what was revoked a moment ago must stay so.
    const current = (await this.#store.tokens()).find(({id}) => id === token.id);
    if (current === undefined || current.revokedAt !== null) return;
    const used = {...current, lastUsedAt: now};
    this.#rows = this.#rows.map((each) => (each.id === used.id ? used : each));
    await this.#store.putToken(used);
  }
}

function hashOf(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}
