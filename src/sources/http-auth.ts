import {createHash, createHmac, timingSafeEqual} from 'node:crypto';

export interface HttpAuth {
  /**
   * Taken as `Authorization: Bearer`, as `X-Api-Key` (EventBridge API destinations) and as
   * `X-Amz-Firehose-Access-Key`.
   */
  readonly tokens?: readonly string[];
  /** Keys of `X-Oddtrail-Signature: t=SECONDS,v1=HEX`, HMAC-SHA256 over `SECONDS.BODY`. */
  readonly secrets?: readonly string[];
  /** How old a signature may be, or how far ahead its clock. Default five minutes. */
  readonly signatureToleranceMs?: number;
  /** Only for a service that nobody else can reach. */
  readonly open?: boolean;
}

export const SIGNATURE_HEADER = 'x-oddtrail-signature';
const TOLERANCE_MS = 5 * 60_000;

/** Undefined when the sender may push, else why not. */
export function refusal(
  auth: HttpAuth,
  headers: Headers,
  body: Uint8Array,
  now: number,
): string | undefined {
  if (auth.open === true) return undefined;
  const signature = headers.get(SIGNATURE_HEADER);
  if (signature !== null && (auth.secrets ?? []).length > 0) {
    return signatureFault(auth, signature, body, now);
  }
  const presented = [
    /^Bearer +(\S+)$/i.exec(headers.get('authorization') ?? '')?.[1],
    headers.get('x-api-key'),
    headers.get('x-amz-firehose-access-key'),
  ].filter((token) => typeof token === 'string');
  if (presented.length === 0) return 'no token and no signature was presented';
  // All pairs are compared, so that the time taken tells nothing.
  let known = false;
  for (const token of auth.tokens ?? []) {
    for (const one of presented) known = isSame(one, token) || known;
  }
  return known ? undefined : 'the token is not known';
}

/** What a sender puts into the header, for a body it sends at `seconds`. */
export function signatureOf(secret: string, body: Uint8Array, seconds: number): string {
  return `t=${seconds},v1=${macOf(secret, body, seconds)}`;
}

function signatureFault(
  auth: HttpAuth,
  signature: string,
  body: Uint8Array,
  now: number,
): string | undefined {
  const parts = signature.split(',').map((part) => part.trim().split('=', 2));
  const seconds = Number(parts.find(([key]) => key === 't')?.[1] ?? Number.NaN);
  const given = parts.filter(([key]) => key === 'v1').map(([, mac = '']) => mac);
  if (!Number.isSafeInteger(seconds) || given.length === 0 || given.length > 8) {
    return 'the signature is not of the form t=SECONDS,v1=HEX';
  }
  if (Math.abs(now - 1000 * seconds) > (auth.signatureToleranceMs ?? TOLERANCE_MS)) {
    return 'the signature is too old, or a clock is wrong';
  }
  let right = false;
  for (const secret of auth.secrets ?? []) {
    const wanted = macOf(secret, body, seconds);
    for (const mac of given) right = isSame(mac.toLowerCase(), wanted) || right;
  }
  return right ? undefined : 'the signature does not match the body';
}

function macOf(secret: string, body: Uint8Array, seconds: number): string {
  return createHmac('sha256', secret).update(`${seconds}.`).update(body).digest('hex');
}

/** In a time that depends on neither. */
function isSame(a: string, b: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}
