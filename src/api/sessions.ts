import {createHash, randomBytes} from 'node:crypto';
import type {Role} from './roles.ts';

export interface Person {
  readonly name: string;
  readonly role: Role;
  readonly login: 'token' | 'oidc';
  /** Of the token that was logged in with: the session ends with it. */
  readonly tokenId: string | undefined;
}

export interface Session extends Person {
  readonly csrf: string;
  readonly openedAt: number;
  usedAt: number;
}

export interface SessionTimes {
  readonly idleMs: number;
  readonly absoluteMs: number;
}

export const SESSION_TIMES: SessionTimes = {idleMs: 30 * 60_000, absoluteMs: 12 * 3_600_000};

const SESSIONS = 10_000;

/**
 * Who is logged in, kept here and not in the cookie, which holds a random id alone. They end with
 * the process, on logout, when unused and after a day's work; ids are kept as hashes, so that memory
 * dumped somewhere opens no door.
 */
export class Sessions {
  readonly #times: SessionTimes;
  readonly #sessions = new Map<string, Session>();

  constructor(times: SessionTimes = SESSION_TIMES) {
    this.#times = times;
  }

  /** Always under a new id: one that was known before the login is worth nothing after it. */
  open(person: Person, now: number): {readonly id: string; readonly session: Session} {
    const id = randomBytes(32).toString('base64url');
    const session: Session = {
      ...person,
      csrf: randomBytes(32).toString('base64url'),
      openedAt: now,
      usedAt: now,
    };
    if (this.#sessions.size >= SESSIONS) this.#sweep(now);
    this.#sessions.set(keyOf(id), session);
    return {id, session};
  }

  /** @param passive asked by a page by itself: that is no sign of a person. */
  find(id: string, now: number, passive = false): Session | undefined {
    const key = keyOf(id);
    const session = this.#sessions.get(key);
    if (session === undefined) return undefined;
    if (this.#isOver(session, now)) {
      this.#sessions.delete(key);
      return undefined;
    }
    if (!passive) session.usedAt = now;
    return session;
  }

  close(id: string): void {
    this.#sessions.delete(keyOf(id));
  }

  #isOver({openedAt, usedAt}: Session, now: number): boolean {
    return now - usedAt > this.#times.idleMs || now - openedAt > this.#times.absoluteMs;
  }

  #sweep(now: number): void {
    for (const [key, session] of this.#sessions) {
      if (this.#isOver(session, now)) this.#sessions.delete(key);
    }
    for (const key of this.#sessions.keys()) {
      if (this.#sessions.size < SESSIONS) break;
      this.#sessions.delete(key);
    }
  }
}

function keyOf(id: string): string {
  return createHash('sha256').update(id).digest('base64url');
}
