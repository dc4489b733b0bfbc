import type {Message} from '@aws-sdk/client-sqs';
import type {AppError} from '../base/errors.ts';
import type {Payload, Source, SourceBatch, SourceStatus} from '../pipeline/source.ts';
import {
  type AwsOptions,
  awsFault,
  codeOf,
  inParallel,
  Lazy,
  loadClient,
  settingsOf,
} from './aws.ts';
import {deliveryTimeOf} from './delivery-name.ts';
import {compareNames} from './files.ts';
import {parseNotification} from './notifications.ts';
import {S3Objects} from './s3-objects.ts';
import {wait} from './wait.ts';

export interface SqsOptions extends AwsOptions {
  readonly queueUrl: string;
  /** Address of S3, where it is another than that of the queue. */
  readonly s3Endpoint?: string;
  /**
   * After so many times a message that nothing can be made of becomes a dead letter, and so does an
   * object that we are still not allowed to read. Default 5.
   */
  readonly maxReceives?: number;
  /** How long a message stays hidden; extended while it is in work. Default two minutes. */
  readonly visibilitySeconds?: number;
  /** When a message that nothing could be made of is looked at again. Default 30 s. */
  readonly retrySeconds?: number;
  /** How long a request waits for messages. Default 20 s. */
  readonly waitSeconds?: number;
  readonly concurrency?: number;
  /** A batch is closed when it holds so much. */
  readonly batchMessages?: number;
  readonly batchBytes?: number;
  readonly maxObjectBytes?: number;
}

interface Taken {
  readonly id: string;
  readonly receipt: string;
  readonly receives: number;
  readonly body: string;
}

interface Poison {
  readonly name: string;
  readonly detail: string;
}

/** What a message came to. */
type Result =
  | {
      readonly kind: 'done';
      readonly payloads: readonly Payload[];
      readonly poison: readonly Poison[];
    }
  /** Left in the queue, to come again. */
  | {readonly kind: 'later'}
  | {readonly kind: 'fault'; readonly error: AppError};

/** The most that one request to SQS takes or gives. */
const MOST_AT_ONCE = 10;
const REMEMBERED = 20_000;

/** A queue of notifications of new objects in S3, or of records themselves. */
export function sqsSource(name: string, options: SqsOptions): Source {
  return new SqsSource(name, options);
}

class SqsSource implements Source {
  readonly name: string;
  readonly kind = 'sqs';
  readonly #options: SqsOptions;
  readonly #objects: S3Objects;
  readonly #client = new Lazy(() => this.#open());
  /** Hidden from others while they are in work: message id to receipt. */
  #inWork = new Map<string, string>();
  /** Acknowledged; deleting them may have failed, and a queue may deliver twice. */
  #acked = new Set<string>();
  #status: SourceStatus = {state: 'starting', detail: 'not read yet'};

  constructor(name: string, options: SqsOptions) {
    this.name = name;
    this.#options = options;
    const {s3Endpoint, endpoint} = options;
    const s3 = s3Endpoint ?? endpoint;
    this.#objects = new S3Objects({...options, ...(s3 === undefined ? {} : {endpoint: s3})});
  }

  async *read(_position: unknown, signal: AbortSignal): AsyncGenerator<SourceBatch, void, void> {
    const visibility = this.#options.visibilitySeconds ?? 120;
    // What an earlier reading left unacknowledged is to come into sight again.
    this.#inWork.clear();
    const extending = setInterval(
      () => this.#extend(visibility),
      Math.max(500, (1000 * visibility) / 3),
    );
    try {
      while (!signal.aborted) {
        this.#status = {state: 'waiting', detail: 'waiting for messages'};
        const messages = await this.#receive(visibility, signal);
        if (signal.aborted) {
          await this.#release(messages, 0);
          return;
        }
        if (messages.length === 0) continue;
        yield* this.#work(messages, signal);
      }
    } catch (error) {
      // Whatever was under way is not wanted any more.
      if (signal.aborted) return;
      this.#status = {state: 'retrying', detail: String((error as Error).message)};
      throw error;
    } finally {
      // What is not acknowledged comes into sight again by itself.
      clearInterval(extending);
    }
  }

  status(): SourceStatus {
    return this.#status;
  }

  async fetch(name: string): Promise<Uint8Array | undefined> {
    return this.#objects.fetch(name);
  }

  async check(): Promise<void> {
    const {sdk, client} = await this.#client.get();
    await client
      .send(
        new sdk.GetQueueAttributesCommand({
          QueueUrl: this.#options.queueUrl,
          AttributeNames: ['ApproximateNumberOfMessages'],
        }),
      )
      .catch((cause: unknown) => {
        throw this.#fault('GetQueueAttributes', cause);
      });
  }

  async close(): Promise<void> {
    (await this.#client.take())?.client.destroy();
    await this.#objects.close();
  }

  /** Waits for messages, then takes those that are there as well. */
  async #receive(visibility: number, signal: AbortSignal): Promise<Taken[]> {
    const {batchMessages = 100, waitSeconds = 20} = this.#options;
    const {sdk, client} = await this.#client.get();
    const taken: Taken[] = [];
    while (taken.length < batchMessages) {
      const answer = await client
        .send(
          new sdk.ReceiveMessageCommand({
            QueueUrl: this.#options.queueUrl,
            MaxNumberOfMessages: Math.min(MOST_AT_ONCE, batchMessages - taken.length),
            WaitTimeSeconds: taken.length === 0 ? waitSeconds : 0,
            VisibilityTimeout: visibility,
            MessageSystemAttributeNames: ['ApproximateReceiveCount'],
          }),
          {abortSignal: signal},
        )
        .catch((cause: unknown) => {
          if (signal.aborted) return {Messages: []};
          throw this.#fault('ReceiveMessage', cause);
        });
      const messages: Message[] = answer.Messages ?? [];
      const known: string[] = [];
      for (const {MessageId = '', ReceiptHandle = '', Body = '', Attributes} of messages) {
        if (this.#acked.has(MessageId)) known.push(ReceiptHandle);
        else {
          const receives = Number(Attributes?.ApproximateReceiveCount ?? 1);
          taken.push({id: MessageId, receipt: ReceiptHandle, receives, body: Body});
          this.#inWork.set(MessageId, ReceiptHandle);
        }
      }
      if (known.length > 0) await this.#delete(known);
      if (messages.length < MOST_AT_ONCE) break;
    }
    return taken;
  }

  async *#work(
    messages: readonly Taken[],
    signal: AbortSignal,
  ): AsyncGenerator<SourceBatch, void, void> {
    const {concurrency = 8, batchBytes = 8 * 1024 * 1024} = this.#options;
    let fault: AppError | undefined;
    // In pieces, so that no more is held than goes into a batch or two.
    for (let at = 0; at < messages.length; ) {
      const group: Taken[] = [];
      const payloads: Payload[] = [];
      const poison: Poison[] = [];
      const later: Taken[] = [];
      for (let weight = 0; at < messages.length && weight < batchBytes; at += concurrency) {
        const some = messages.slice(at, at + concurrency);
        const results = await inParallel(some, concurrency, (one) => this.#make(one, signal));
        if (signal.aborted) {
          await this.#release(messages, 0);
          return;
        }
        for (const [index, result] of results.entries()) {
          const message = some[index] as Taken;
          if (result.kind === 'fault') fault ??= result.error;
          if (result.kind !== 'done') {
            later.push(message);
            continue;
          }
          group.push(message);
          poison.push(...result.poison);
          for (const payload of result.payloads) {
            payloads.push(payload);
            weight += 8 * payload.bytes.length;
          }
        }
      }
      if (later.length > 0) await this.#release(later, this.#options.retrySeconds ?? 30);
      if (payloads.length + poison.length > 0) {
        payloads.sort(inOrder);
        this.#status = {state: 'reading', detail: payloads.at(-1)?.name ?? 'poison messages'};
        yield {
          payloads,
          position: {v: 1},
          ack: () => this.#ack(group),
          nack: () => this.#release(group, 0),
          ...(poison.length === 0 ? {} : {poison}),
        };
      } else if (group.length > 0) await this.#ack(group);
    }
    if (fault !== undefined) throw fault;
  }

  async #make(message: Taken, signal: AbortSignal): Promise<Result> {
    const name = `sqs:${message.id}`;
    const last = message.receives >= (this.#options.maxReceives ?? 5);
    const hopeless = (detail: string): Result =>
      last ? {kind: 'done', payloads: [], poison: [{name, detail}]} : {kind: 'later'};
    const told = parseNotification(message.body);
    switch (told.kind) {
      case 'nothing':
        return {kind: 'done', payloads: [], poison: []};
      case 'unknown':
        return hopeless(told.detail);
      case 'records': {
        const bytes = new Uint8Array(Buffer.from(told.text, 'utf8'));
        return {kind: 'done', payloads: [{name, bytes}], poison: []};
      }
    }
    const payloads: Payload[] = [];
    const poison: Poison[] = [];
    for (const {bucket, key, version, size} of told.objects) {
      const object = `s3://${bucket}/${key}`;
      if ((size ?? 0) > (this.#options.maxObjectBytes ?? 256 * 1024 * 1024)) {
        poison.push({name: object, detail: `${size} bytes are too many (max_object_bytes)`});
        continue;
      }
      try {
        const bytes = await this.#objects.get(bucket, key, {
          signal,
          ...(version === undefined ? {} : {version}),
        });
        if (bytes !== undefined) payloads.push({name: object, bytes});
        else if (last) poison.push({name: object, detail: 'there is no such object (NoSuchKey)'});
        else return {kind: 'later'};
      } catch (error) {
        const fault = error as AppError;
        if (last && fault.code === 'source_forbidden' && !signal.aborted) {
          // Each object has permissions, and often a key, of its own: the rest must not wait for it.
          poison.push({name: object, detail: fault.message});
          continue;
        }
        if (codeOf(fault.cause) !== 'InvalidObjectState') {
          return {kind: 'fault', error: fault};
        }
        poison.push({
          name: object,
          detail: 'it was moved to an archive class (InvalidObjectState)',
        });
      }
    }
    return {kind: 'done', payloads, poison};
  }

  async #ack(messages: readonly Taken[]): Promise<void> {
    for (const {id} of messages) {
      this.#inWork.delete(id);
      this.#acked.add(id);
    }
    for (const id of this.#acked) {
      if (this.#acked.size <= REMEMBERED) break;
      this.#acked.delete(id);
    }
    await this.#delete(messages.map(({receipt}) => receipt));
  }

  /** What cannot be deleted now comes again, and is then known. */
  async #delete(receipts: readonly string[]): Promise<void> {
    const {sdk, client} = await this.#client.get();
    for (let at = 0; at < receipts.length; at += MOST_AT_ONCE) {
      const some = receipts.slice(at, at + MOST_AT_ONCE);
      for (let attempt = 0; ; attempt++) {
        try {
          await client.send(
            new sdk.DeleteMessageBatchCommand({
              QueueUrl: this.#options.queueUrl,
              Entries: some.map((receipt, i) => ({Id: String(i), ReceiptHandle: receipt})),
            }),
          );
          break;
        } catch (cause) {
          this.#status = {
            state: 'retrying',
            detail: this.#fault('DeleteMessageBatch', cause).message,
          };
          if (attempt === 2) return;
          await wait(200 * 4 ** attempt);
        }
      }
    }
  }

  /** Brings messages into sight again after some seconds. */
  async #release(messages: readonly Taken[], seconds: number): Promise<void> {
    for (const {id} of messages) this.#inWork.delete(id);
    await this.#hide(
      messages.map(({receipt}) => receipt),
      seconds,
    );
  }

  #extend(seconds: number): void {
    // A failure is not told here: the message then comes again, and its events are known.
    this.#hide([...this.#inWork.values()], seconds).catch(() => {});
  }

  async #hide(receipts: readonly string[], seconds: number): Promise<void> {
    if (receipts.length === 0) return;
    const {sdk, client} = await this.#client.get();
    for (let at = 0; at < receipts.length; at += MOST_AT_ONCE) {
      const some = receipts.slice(at, at + MOST_AT_ONCE);
      await client
        .send(
          new sdk.ChangeMessageVisibilityBatchCommand({
            QueueUrl: this.#options.queueUrl,
            Entries: some.map((receipt, i) => ({
              Id: String(i),
              ReceiptHandle: receipt,
              VisibilityTimeout: seconds,
            })),
          }),
        )
        // They come into sight by themselves, only later.
        .catch(() => {});
    }
  }

  #fault(call: string, cause: unknown): AppError {
    return awsFault(`sqs:${call}`, `queue "${this.#options.queueUrl}"`, cause);
  }

  async #open() {
    const sdk = await loadClient('@aws-sdk/client-sqs', () => import('@aws-sdk/client-sqs'));
    const client = new sdk.SQSClient({
      ...(await settingsOf(this.#options)),
      requestHandler: {requestTimeout: 60_000, connectionTimeout: 5000},
    });
    return {sdk, client};
  }
}

/** By delivery time; what has none, such as records in messages, first. */
function inOrder(a: Payload, b: Payload): number {
  return (
    (deliveryTimeOf(a.name) ?? 0) - (deliveryTimeOf(b.name) ?? 0) || compareNames(a.name, b.name)
  );
}
