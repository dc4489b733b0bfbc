import type {Decoy, DecoyKind} from './decoy.ts';

/** A text that names the decoy. */
export interface Mention {
  readonly spelling: 'name' | 'arn' | 'url';
  /** The account that the text says; "" if it says none. */
  readonly account: string;
  /** Of a bucket: the object that the text goes on to name; undefined if none. */
  readonly object?: string;
}

const ARN = /^arn:aws[a-z-]*:([a-z0-9-]+):([a-z0-9-]*):([^:]*):(.+)$/s;

/** Longer texts are not names; the longest is an address of an object. */
export const MAX_TEXT = 4_096;

/**
 * Whether there are no two things whose names differ in case alone: IAM keeps names apart without
 * regard to case, and buckets, which are lower-case but for very old ones, are named by hosts.
 */
const CASELESS: ReadonlySet<DecoyKind> = new Set(['user', 'role', 'bucket']);

/**
 * Finds a decoy in texts that say by themselves what they name: ARNs of every partition, whole or
 * cut short, and addresses. Bare names mean something only where they stand, see `touch.ts`. Whole
 * names are compared, never parts.
 */
export class Mentions {
  readonly #decoy: Decoy;
  readonly #name: string;
  /** What every text holds that names it, in lower case. */
  readonly needle: string;

  constructor(decoy: Decoy) {
    this.#decoy = decoy;
    this.#name = this.#fold(bare(decoy.kind, decoy.name));
    this.needle = this.#name.toLowerCase();
  }

  /** A cheap look: false if the text cannot name it in any way. */
  mayBeIn(text: string): boolean {
    return text.toLowerCase().includes(this.needle);
  }

  /** Whether the text is the bare name. */
  isName(text: string): boolean {
    return this.#fold(bare(this.#decoy.kind, text)) === this.#name;
  }

  /** The bare name with what may be appended to it: a version, an alias, a label. */
  ofName(text: string): Mention | undefined {
    const {kind} = this.#decoy;
    if (this.isName(text)) return {spelling: 'name', account: ''};
    if (kind === 'parameter') {
      const colon = text.indexOf(':');
      if (colon > 0 && this.isName(text.slice(0, colon))) return {spelling: 'name', account: ''};
    }
    if (kind === 'function') {
      // "NAME:alias", and "123456789012:function:NAME" with or without one.
      const [, account = '', name = ''] =
        /^(?:(\d{12}):)?(?:function:)?([\w-]+)(?::[\w$-]+)?$/.exec(text) ?? [];
      if (this.isName(name)) return {spelling: account === '' ? 'name' : 'arn', account};
    }
    if (kind === 'secret' && text.startsWith(SECRET_REFERENCE)) {
      const name = text.slice(SECRET_REFERENCE.length);
      if (this.isName(name)) return {spelling: 'name', account: ''};
    }
    return undefined;
  }

  /** An ARN or an address. */
  ofText(text: string): Mention | undefined {
    if (text.length > MAX_TEXT) return undefined;
    if (text.startsWith('arn:')) return this.#ofArn(text);
    const {kind} = this.#decoy;
    if (kind === 'queue') {
      const [, account = '', name = ''] =
        /^https?:\/\/[^/]+\/(\d{12})\/([^/?#]+)\/?$/.exec(text) ?? [];
      return this.isName(name) ? {spelling: 'url', account} : undefined;
    }
    return kind === 'bucket' ? this.#ofAddress(text) : undefined;
  }

  /** A host that is the bucket's own, as S3 has them. */
  ofHost(text: string): Mention | undefined {
    if (this.#decoy.kind !== 'bucket') return undefined;
    const host = text.toLowerCase().replace(/:\d+$/, '');
    const rest = host.startsWith(`${this.#name}.`) ? host.slice(this.#name.length + 1) : '';
    const own = S3_HOST.test(rest) || /^bucket\.vpce-[\w-]+\.s3\./.test(rest);
    return own ? {spelling: 'url', account: ''} : undefined;
  }

  /** "bucket/key", as the header that names the source of a copy has it. */
  ofCopySource(text: string): Mention | undefined {
    const source = decoded(text)
      .replace(/^\//, '')
      .replace(/\?versionId=[^/]*$/s, '');
    if (source.startsWith('arn:')) return this.#ofArn(source);
    return this.#ofPath(source, 'name');
  }

  /** The name within a statement of PartiQL. */
  ofStatement(text: string): Mention | undefined {
    const named = text
      .slice(0, MAX_TEXT * 2)
      .split(/[^\w.-]+/)
      .some((word) => this.isName(word));
    return named ? {spelling: 'name', account: ''} : undefined;
  }

  #ofArn(text: string): Mention | undefined {
    // An integration of API Gateway holds the function's ARN in one of its own.
    const inner = text.lastIndexOf('/functions/arn:');
    const whole = inner < 0 ? text : text.slice(inner + 11).replace(/\/invocations$/, '');
    const [, service, , account = '', resource = ''] = ARN.exec(whole) ?? [];
    const arn = (named: string) =>
      this.isName(named) ? ({spelling: 'arn', account} as const) : undefined;
    switch (this.#decoy.kind) {
      case 'user':
        return service === 'iam' && resource.startsWith('user/') ? arn(tail(resource)) : undefined;
      case 'role':
        if (service === 'iam' && resource.startsWith('role/')) return arn(tail(resource));
        if (service === 'sts' && resource.startsWith('assumed-role/')) return arn(part(resource));
        return undefined;
      case 'bucket':
        return service === 's3' ? this.#ofPath(resource, 'arn') : undefined;
      case 'table':
        return service === 'dynamodb' && resource.startsWith('table/')
          ? arn(part(resource))
          : undefined;
      case 'secret': {
        if (service === 'ssm' && resource.startsWith(`parameter${SECRET_REFERENCE}`)) {
          return arn(resource.slice(`parameter${SECRET_REFERENCE}`.length));
        }
        if (service !== 'secretsmanager' || !resource.startsWith('secret:')) return undefined;
        const [named = ''] = resource.slice(7).split(':');
        return arn(named) ?? arn(named.replace(/-[A-Za-z0-9]{6}$/, ''));
      }
      case 'parameter': {
        if (service !== 'ssm' || !resource.startsWith('parameter/')) return undefined;
        return arn(resource.slice(10)) ?? arn(resource.slice(10).replace(/:[^:/]*$/, ''));
      }
      case 'queue':
        return service === 'sqs' ? arn(resource) : undefined;
      case 'function':
        return service === 'lambda' && resource.startsWith('function:')
          ? arn(resource.split(':')[1] ?? '')
          : undefined;
      case 'access_key':
        return undefined;
    }
  }

  #ofAddress(text: string): Mention | undefined {
    const s3 = /^s3[an]?:\/\/(.+)$/is.exec(text)?.[1];
    if (s3 !== undefined) return this.#ofPath(s3, 'url');
    const [, host, path = ''] = /^https?:\/\/([^/?#]+)(?:\/([^?#]*))?/is.exec(text) ?? [];
    if (host === undefined) return undefined;
    const lower = host.toLowerCase();
    if (S3_HOST.test(lower) || /^bucket\.vpce-[\w-]+\.s3\./.test(lower)) {
      return this.#ofPath(decoded(path), 'url');
    }
    const own = this.ofHost(host);
    return own === undefined || path === '' ? own : {...own, object: decoded(path)};
  }

  /** "bucket" or "bucket/key". */
  #ofPath(path: string, spelling: Mention['spelling']): Mention | undefined {
    const slash = path.indexOf('/');
    if (!this.isName(slash < 0 ? path : path.slice(0, slash))) return undefined;
    const object = slash < 0 ? '' : path.slice(slash + 1);
    return {spelling, account: '', ...(object === '' ? {} : {object})};
  }

  #fold(text: string): string {
    return CASELESS.has(this.#decoy.kind) ? text.toLowerCase() : text;
  }
}

/** The services's own hosts, without a bucket before them. */
const S3_HOST =
  /^s3(?:[.-][a-z0-9-]+)*\.(?:amazonaws\.com(?:\.cn)?|api\.aws|amazonaws\.eu|vpce\.amazonaws\.com|c2s\.ic\.gov|sc2s\.sgov\.gov|cloud\.adc-e\.uk|csp\.hci\.ic\.gov)$/;

/** Under which Parameter Store hands out secrets. */
const SECRET_REFERENCE = '/aws/reference/secretsmanager/';

/** Parameters without a path may be written with the slash or without it. */
function bare(kind: DecoyKind, text: string): string {
  return kind === 'parameter' && text.startsWith('/') ? text.slice(1) : text;
}

function tail(resource: string): string {
  return resource.slice(resource.lastIndexOf('/') + 1);
}

/** The second of the parts between slashes. */
function part(resource: string): string {
  return resource.split('/')[1] ?? '';
}

/** Of what may be escaped as in an address; as it is if that cannot be undone. */
export function decoded(text: string): string {
  if (!text.includes('%')) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
