import {createHash, randomBytes, timingSafeEqual} from 'node:crypto';
import {createRemoteJWKSet, errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify} from 'jose';
import {z} from 'zod';
import {ApiProblem} from './problem.ts';
import type {Role} from './roles.ts';

export interface OidcOptions {
  readonly issuer: string;
  readonly clientId: string;
  /** Without one the client is public, and PKCE alone proves it. */
  readonly clientSecret?: string | undefined;
  readonly scopes?: readonly string[] | undefined;
  /** Claim of the id token that says what somebody is; dots lead into objects. */
  readonly roleClaim?: string | undefined;
  /** Role by value of that claim; the highest counts. */
  readonly roles: Readonly<Record<string, Role>>;
  /** Of whom no value of the claim names; without it they may not come in. */
  readonly defaultRole?: Role | undefined;
}

interface Attempt {
  readonly nonce: string;
  readonly verifier: string;
  /** SHA-256 of what the browser holds in a cookie. */
  readonly binding: Buffer;
  readonly returnTo: string;
  readonly until: number;
}

const ATTEMPT_MS = 10 * 60_000;
const ATTEMPTS = 2_000;
const DISCOVERY_MS = 3_600_000;
const TIMEOUT_MS = 10_000;
const ANSWER_BYTES = 1 << 20;
/** No "none", no shared secrets. */
const ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
];

const discovery = z.object({
  issuer: z.string(),
  authorization_endpoint: z.url(),
  token_endpoint: z.url(),
  jwks_uri: z.url(),
  token_endpoint_auth_methods_supported: z.array(z.string()).optional(),
});
type Discovery = z.infer<typeof discovery>;

/**
 * Login at an OpenID provider: authorisation code with PKCE (S256), state, nonce, and a cookie that
 * binds the answer to the browser that asked (OpenID Connect Core 1.0, RFC 7636, RFC 9700).
 */
export class Oidc {
  readonly #options: OidcOptions;
  readonly #redirectUri: string;
  readonly #now: () => number;
  readonly #attempts = new Map<string, Attempt>();
  #found:
    | {readonly config: Discovery; readonly keys: JWTVerifyGetKey; readonly at: number}
    | undefined;

  /** @param redirectUri as registered at the provider. */
  constructor(options: OidcOptions, redirectUri: string, now: () => number) {
    this.#options = options;
    this.#redirectUri = redirectUri;
    this.#now = now;
  }

  /** Where to send the browser, and what it is to keep in a cookie until it comes back. */
  async begin(returnTo: string): Promise<{readonly url: string; readonly binding: string}> {
    const {config} = await this.#discover();
    const [state, nonce, verifier, binding] = [random(), random(), random(), random()];
    const now = this.#now();
    for (const [key, {until}] of this.#attempts) {
      if (until > now && this.#attempts.size < ATTEMPTS) break;
      this.#attempts.delete(key);
    }
    this.#attempts.set(state, {
      nonce,
      verifier,
      binding: sha256(binding),
      returnTo,
      until: now + ATTEMPT_MS,
    });
    const url = new URL(config.authorization_endpoint);
    const {clientId, scopes = ['openid', 'profile', 'email']} = this.#options;
    const query = {
      response_type: 'code',
      client_id: clientId,
      redirect_uri: this.#redirectUri,
      scope: [...new Set(['openid', ...scopes])].join(' '),
      state,
      nonce,
      code_challenge: sha256(verifier).toString('base64url'),
      code_challenge_method: 'S256',
    };
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
    return {url: url.href, binding};
  }

  /** What the browser brought back; throws `ApiProblem` `login_failed`. */
  async finish(
    answer: {
      readonly state?: string | undefined;
      readonly code?: string | undefined;
      readonly error?: string | undefined;
      readonly iss?: string | undefined;
    },
    binding: string | undefined,
  ): Promise<{readonly name: string; readonly role: Role; readonly returnTo: string}> {
    const attempt = this.#attempts.get(answer.state ?? '');
    // Once and never again, whatever comes of it.
    this.#attempts.delete(answer.state ?? '');
    if (attempt === undefined || attempt.until <= this.#now()) throw failed('The login is too old');
    if (binding === undefined || !timingSafeEqual(sha256(binding), attempt.binding)) {
      throw failed('The login was begun in another browser');
    }
    const {config, keys} = await this.#discover();
    if (answer.iss !== undefined && answer.iss !== config.issuer) {
      throw failed('The answer is from another provider');
    }
    if (answer.error !== undefined || answer.code === undefined) {
      throw failed('The provider refused the login');
    }
    const idToken = await this.#redeem(config, answer.code, attempt.verifier);
    const claims = await this.#verify(idToken, config, keys, attempt.nonce);
    const role = this.#roleOf(claims);
    if (role === undefined) throw failed('No role is given to this account');
    return {name: nameOf(claims), role, returnTo: attempt.returnTo};
  }

  async #redeem(config: Discovery, code: string, verifier: string): Promise<string> {
    const {clientId, clientSecret} = this.#options;
    const form = new URLSearchParams({
      grant_type: 'authorization_code',
      code,
      redirect_uri: this.#redirectUri,
      code_verifier: verifier,
    });
    const headers: Record<string, string> = {
      accept: 'application/json',
      'content-type': 'application/x-www-form-urlencoded',
    };
    const methods = config.token_endpoint_auth_methods_supported ?? ['client_secret_basic'];
    if (clientSecret === undefined || !methods.includes('client_secret_basic')) {
      form.set('client_id', clientId);
      if (clientSecret !== undefined) form.set('client_secret', clientSecret);
    } else {
      const pair = `${formEncoded(clientId)}:${formEncoded(clientSecret)}`;
      headers.authorization = `Basic ${Buffer.from(pair).toString('base64')}`;
    }
    const answer = await fetchJson(config.token_endpoint, {
      method: 'POST',
      headers,
      body: form.toString(),
    });
    const parsed = z.object({id_token: z.string()}).safeParse(answer);
    if (!parsed.success) throw failed('The provider gave no id token');
    return parsed.data.id_token;
  }

  async #verify(
    idToken: string,
    config: Discovery,
    keys: JWTVerifyGetKey,
    nonce: string,
  ): Promise<JWTPayload> {
    const {clientId} = this.#options;
    try {
      const {payload} = await jwtVerify(idToken, keys, {
        issuer: config.issuer,
        audience: clientId,
        algorithms: ALGORITHMS,
        clockTolerance: 60,
        currentDate: new Date(this.#now()),
        maxTokenAge: ATTEMPT_MS / 1_000,
        requiredClaims: ['sub', 'exp', 'iat', 'nonce'],
      });
      const {azp, aud} = payload;
      const severalReaders = Array.isArray(aud) && aud.length > 1;
      const forUs = azp === undefined ? !severalReaders : azp === clientId;
      const fresh = payload.nonce === nonce;
      if (!forUs || !fresh) throw failed('The id token is not for this login');
      return payload;
    } catch (cause) {
      if (cause instanceof errors.JOSEError) throw failed('The id token does not hold');
      throw cause;
    }
  }

  #roleOf(claims: JWTPayload): Role | undefined {
    let value: unknown = claims;
    for (const name of (this.#options.roleClaim ?? 'groups').split('.')) {
      const inside = typeof value === 'object' && value !== null && Object.hasOwn(value, name);
      value = inside ? (value as Record<string, unknown>)[name] : undefined;
    }
    const {roles, defaultRole} = this.#options;
    const given = [value]
      .flat()
      .flatMap((each) =>
        typeof each === 'string' && Object.hasOwn(roles, each) ? [roles[each]] : [],
      );
    const highestFirst: readonly Role[] = ['admin', 'analyst', 'viewer'];
    return highestFirst.find((role) => given.includes(role)) ?? defaultRole;
  }

  async #discover() {
    const known = this.#found;
    if (known !== undefined && this.#now() - known.at < DISCOVERY_MS) return known;
    const {issuer} = this.#options;
    const place = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
    const parsed = discovery.safeParse(await fetchJson(place, {}));
    if (!parsed.success || parsed.data.issuer !== issuer) {
      throw new ApiProblem('unavailable', 'The provider does not describe itself as it should');
    }
    const config = parsed.data;
    for (const url of [config.authorization_endpoint, config.token_endpoint, config.jwks_uri]) {
      // Secrets go there: never in clear, but on this machine.
      if (!isSafe(url)) {
        throw new ApiProblem('unavailable', 'The provider names an address without TLS');
      }
    }
    const keys = createRemoteJWKSet(new URL(config.jwks_uri), {timeoutDuration: TIMEOUT_MS});
    this.#found = {config, keys, at: this.#now()};
    return this.#found;
  }
}

/** TLS, or this very machine. */
export function isSafe(url: string): boolean {
  const {protocol, hostname} = new URL(url);
  return protocol === 'https:' || (protocol === 'http:' && isLoopbackName(hostname));
}

export function isLoopbackName(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d{1,3}){3}$/.test(hostname);
}

async function fetchJson(url: string, init: RequestInit): Promise<unknown> {
  try {
    const answer = await fetch(url, {
      ...init,
      redirect: 'error',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    if (!answer.ok) throw failed('The provider refused the login');
    const text = await answer.text();
    if (text.length > ANSWER_BYTES) throw failed('The provider says too much');
    return JSON.parse(text);
  } catch (cause) {
    if (cause instanceof ApiProblem) throw cause;
    throw new ApiProblem('unavailable', 'The provider cannot be reached', {
      headers: {'retry-after': '10'},
    });
  }
}

function nameOf(claims: JWTPayload): string {
  const email = claims.email_verified === false ? undefined : claims.email;
  const name = [email, claims.preferred_username, claims.sub].find(
    (each): each is string => typeof each === 'string' && each !== '',
  );
  return (name ?? 'unknown').replace(/[^\w.@+ -]/g, '_').slice(0, 128);
}

function failed(detail: string): ApiProblem {
  return new ApiProblem('login_failed', detail);
}

function random(): string {
  return randomBytes(32).toString('base64url');
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

/** RFC 6749, section 2.3.1: both are form-encoded before they are joined. */
function formEncoded(text: string): string {
  return new URLSearchParams({x: text}).toString().slice(2);
}
