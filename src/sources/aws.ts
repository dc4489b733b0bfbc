import {AppError, messageOf} from '../base/errors.ts';

/** What every source of AWS takes; credentials come by the SDK's standard chain. */
export interface AwsOptions {
  readonly region?: string;
  /** Another address than AWS's own: an emulator, a VPC endpoint. */
  readonly endpoint?: string;
  /** A role to take on first. */
  readonly roleArn?: string;
  readonly externalId?: string;
}

export interface ClientSettings {
  readonly region?: string;
  readonly endpoint?: string;
  readonly maxAttempts: number;
  readonly credentials?: () => Promise<Credentials>;
}

interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  readonly expiration?: Date;
}

const FORBIDDEN =
  /^(AccessDenied|Forbidden|UnrecognizedClient|InvalidAccessKeyId|InvalidClientTokenId|InvalidSignature|SignatureDoesNotMatch|ExpiredToken|CredentialsProviderError|NotAuthorized|UnauthorizedOperation|MissingAuthenticationToken|KMS\.?AccessDenied|OptInRequired|AllAccessDisabled)/;

/**
 * A client of AWS, imported when it is first needed: the clients are optional.
 *
 * @throws AppError `client_missing`
 */
export async function loadClient<T>(name: string, load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (cause) {
    throw new AppError(
      'client_missing',
      `Cannot load "${name}", which this source needs: install it with "npm install ${name}"`,
      {cause},
    );
  }
}

export async function settingsOf(options: AwsOptions): Promise<ClientSettings> {
  const region =
    options.region ??
    // An emulator knows no regions, and the client wants one all the same.
    (options.endpoint !== undefined && process.env.AWS_REGION === undefined
      ? 'us-east-1'
      : undefined);
  const settings: ClientSettings = {
    maxAttempts: 4,
    ...(region === undefined ? {} : {region}),
    ...(options.endpoint === undefined ? {} : {endpoint: options.endpoint}),
  };
  if (options.roleArn === undefined) return settings;
  const credentials = await roleOf(options.roleArn, options.externalId, settings);
  return {...settings, credentials};
}

interface StsModule {
  readonly STSClient: new (
    settings: ClientSettings,
  ) => {
    send(command: unknown): Promise<{
      readonly Credentials?: {
        readonly AccessKeyId?: string;
        readonly SecretAccessKey?: string;
        readonly SessionToken?: string;
        readonly Expiration?: Date;
      };
    }>;
  };
  readonly AssumeRoleCommand: new (input: {
    RoleArn: string;
    RoleSessionName: string;
    ExternalId?: string;
  }) => unknown;
}

/** Credentials of a role; the SDK asks again when they expire. */
async function roleOf(
  arn: string,
  externalId: string | undefined,
  settings: ClientSettings,
): Promise<() => Promise<Credentials>> {
  const client = await stsOf(settings);
  return async () => {
    try {
      const {Credentials: given} = await client.sts.send(
        new client.AssumeRoleCommand({
          RoleArn: arn,
          RoleSessionName: 'oddtrail',
          ...(externalId === undefined ? {} : {ExternalId: externalId}),
        }),
      );
      return {
        accessKeyId: given?.AccessKeyId ?? '',
        secretAccessKey: given?.SecretAccessKey ?? '',
        ...(given?.SessionToken === undefined ? {} : {sessionToken: given.SessionToken}),
        ...(given?.Expiration === undefined ? {} : {expiration: given.Expiration}),
      };
    } catch (cause) {
      throw awsFault('sts:AssumeRole', `role "${arn}"`, cause);
    }
  };
}

/** What takes time to make, made when it is first wanted, and once. */
export class Lazy<T> {
  readonly #make: () => Promise<T>;
  #made: Promise<T> | undefined;

  constructor(make: () => Promise<T>) {
    this.#make = make;
  }

  get(): Promise<T> {
    if (this.#made === undefined) {
      const made = this.#make();
      this.#made = made;
      // What failed to load now may be installed when it is tried again.
      made.catch(() => {
        if (this.#made === made) this.#made = undefined;
      });
    }
    return this.#made;
  }

  /** Hands over what was made, if anything was, and forgets it. */
  async take(): Promise<T | undefined> {
    const made = this.#made;
    this.#made = undefined;
    return made?.catch(() => undefined);
  }
}

/** The code by which AWS, the SDK or the network says what went wrong. */
export function codeOf(cause: unknown): string {
  const error = cause as {name?: string; Code?: string; code?: string} | undefined;
  const name = error?.Code ?? error?.name ?? 'unknown';
  return name === 'Error' || name === 'AggregateError' ? (error?.code ?? name) : name;
}

async function stsOf(settings: ClientSettings) {
  return loadClient('@aws-sdk/client-sts', async () => {
    try {
      const {STSClient, AssumeRoleCommand} = await importNamed<StsModule>('@aws-sdk/client-sts');
      return {sts: new STSClient(settings), AssumeRoleCommand};
    } catch {
      // Every client brings these along, for profiles of ~/.aws/config that name a role.
      const [{STSClient, AssumeRoleCommand}, {defaultProvider}] = await Promise.all([
        importNamed<StsModule>('@aws-sdk/nested-clients/sts'),
        importNamed<{defaultProvider: () => () => Promise<Credentials>}>(
          '@aws-sdk/credential-provider-node',
        ),
      ]);
      const sts = new STSClient({...settings, credentials: defaultProvider()});
      return {sts, AssumeRoleCommand};
    }
  });
}

/** A package that may be missing when types are checked as well. */
export async function importNamed<T>(name: string): Promise<T> {
  return (await import(name)) as T;
}

/** A failed call, for people: what was called, on what, and what AWS said. */
export function awsFault(call: string, on: string, cause: unknown): AppError {
  if (cause instanceof AppError) return cause;
  const code = codeOf(cause);
  const status = (cause as {$metadata?: {httpStatusCode?: number}})?.$metadata?.httpStatusCode;
  const forbidden = FORBIDDEN.test(code) || status === 401 || status === 403;
  const said = messageOf(cause);
  // The SDK's own words, of a setting that it does not name.
  const why =
    said === 'Region is missing'
      ? 'no region is set, in the configuration or command, in AWS_REGION or in the profile'
      : said;
  return new AppError(
    forbidden ? 'source_forbidden' : 'source_unreadable',
    `Cannot call ${call} on ${on}: ${[...new Set([code, why])].filter((word) => word !== '' && word !== 'Error').join(': ')}`,
    // Permissions and buckets come into being while we wait.
    {cause, retryable: true},
  );
}

/** Like `Promise.all` over a map, with at most `width` of them at a time. */
export async function inParallel<T, R>(
  items: readonly T[],
  width: number,
  work: (item: T) => Promise<R>,
): Promise<R[]> {
  const results = new Array<R>(items.length);
  let next = 0;
  const worker = async () => {
    while (next < items.length) {
      const index = next++;
      results[index] = await work(items[index] as T);
    }
  };
  await Promise.all(Array.from({length: Math.min(width, items.length)}, worker));
  return results;
}
