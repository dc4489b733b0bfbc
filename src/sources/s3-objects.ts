import {type AwsOptions, awsFault, codeOf, Lazy, loadClient, settingsOf} from './aws.ts';

export interface ObjectInfo {
  readonly key: string;
  readonly size: number;
  /** When it was put there, by the clock of S3. */
  readonly modified: number;
}

export interface ListOptions {
  readonly prefix: string;
  readonly startAfter?: string;
  readonly signal?: AbortSignal;
}

/** Buckets, read; no error of the SDK leaves it. */
export class S3Objects {
  readonly #options: AwsOptions;
  readonly #client = new Lazy(() => this.#open());
  #clockAhead = 0;

  constructor(options: AwsOptions) {
    this.#options = options;
  }

  /** The time by the clock of S3, as of its last answer. */
  now(): number {
    return Date.now() + this.#clockAhead;
  }

  async objects(bucket: string, options: ListOptions): Promise<ObjectInfo[]> {
    const found: ObjectInfo[] = [];
    for await (const page of this.#pages(bucket, options)) {
      for (const {Key, Size, LastModified} of page.Contents ?? []) {
        if (Key === undefined) continue;
        found.push({key: Key, size: Size ?? 0, modified: LastModified?.getTime() ?? 0});
      }
    }
    return found;
  }

  /** The names between `prefix` and the next "/". */
  async folders(bucket: string, options: ListOptions): Promise<string[]> {
    const found: string[] = [];
    for await (const page of this.#pages(bucket, options, '/')) {
      for (const {Prefix} of page.CommonPrefixes ?? []) {
        if (Prefix !== undefined) found.push(Prefix.slice(options.prefix.length, -1));
      }
    }
    return found;
  }

  async *#pages(bucket: string, {prefix, startAfter, signal}: ListOptions, delimiter?: string) {
    const {sdk, client} = await this.#client.get();
    let token: string | undefined;
    do {
      const page = await client
        .send(
          new sdk.ListObjectsV2Command({
            Bucket: bucket,
            Prefix: prefix,
            ...(delimiter === undefined ? {} : {Delimiter: delimiter}),
            ...(token === undefined ? {} : {ContinuationToken: token}),
            ...(token === undefined && startAfter !== undefined ? {StartAfter: startAfter} : {}),
          }),
          signal === undefined ? {} : {abortSignal: signal},
        )
        .catch((cause: unknown) => {
          throw awsFault('s3:ListObjectsV2', `"s3://${bucket}/${prefix}"`, cause);
        });
      yield page;
      token = page.IsTruncated === true ? page.NextContinuationToken : undefined;
    } while (token !== undefined);
  }

  /**
   * The bytes of an object as they lie there; undefined if there is none of that name. A bucket
   * that is not there, or not open to us, is a fault.
   */
  async get(
    bucket: string,
    key: string,
    {signal, version}: {signal?: AbortSignal; version?: string} = {},
  ): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const {sdk, client} = await this.#client.get();
    try {
      const {Body} = await client.send(
        new sdk.GetObjectCommand({
          Bucket: bucket,
          Key: key,
          ...(version === undefined ? {} : {VersionId: version}),
        }),
        signal === undefined ? {} : {abortSignal: signal},
      );
      return new Uint8Array((await Body?.transformToByteArray()) ?? []);
    } catch (cause) {
      if (['NoSuchKey', 'NoSuchVersion', 'NotFound'].includes(codeOf(cause))) return undefined;
      throw awsFault('s3:GetObject', `"s3://${bucket}/${key}"`, cause);
    }
  }

  /** As `get`, by a name that a payload had; undefined for any other. */
  async fetch(name: string): Promise<Uint8Array | undefined> {
    const [, bucket, key] = /^s3:\/\/([^/]+)\/(.+)$/s.exec(name) ?? [];
    return bucket === undefined || key === undefined ? undefined : this.get(bucket, key);
  }

  async close(): Promise<void> {
    (await this.#client.take())?.client.destroy();
  }

  async #open() {
    const sdk = await loadClient('@aws-sdk/client-s3', () => import('@aws-sdk/client-s3'));
    const client = new sdk.S3Client({
      ...(await settingsOf(this.#options)),
      followRegionRedirects: true,
      // Emulators have no host names for buckets.
      forcePathStyle: this.#options.endpoint !== undefined,
      requestHandler: {requestTimeout: 60_000, connectionTimeout: 5000},
    });
    client.middlewareStack.add(
      (next) => async (args) => {
        const result = await next(args);
        const {headers} = result.response as {headers?: Record<string, string>};
        const date = Date.parse(headers?.date ?? '');
        if (!Number.isNaN(date)) this.#clockAhead = date - Date.now();
        return result;
      },
      {step: 'deserialize', priority: 'low', name: 'clockOfS3'},
    );
    return {sdk, client};
  }
}
