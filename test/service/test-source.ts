import type {Payload, Source, SourceBatch, SourceStatus} from '../../src/pipeline/source.ts';

/** Hands over prepared batches, one after the other; its position is how many it has handed over. */
export class TestSource implements Source {
  readonly name: string;
  readonly kind = 'test';
  readonly #batches: readonly (readonly Payload[])[];
  readonly #stay: boolean;
  acks = 0;
  nacks = 0;
  handed = 0;

  constructor(name: string, batches: readonly (readonly Payload[])[], stay = false) {
    this.name = name;
    this.#batches = batches;
    this.#stay = stay;
  }

  async *read(position: unknown, signal: AbortSignal): AsyncGenerator<SourceBatch> {
    const from = typeof position === 'number' ? position : 0;
    for (let i = from; i < this.#batches.length; i++) {
      if (signal.aborted) return;
      this.handed++;
      yield {
        payloads: this.#batches[i] as readonly Payload[],
        position: i + 1,
        ack: async () => {
          this.acks++;
        },
        nack: async () => {
          this.nacks++;
        },
      };
    }
    if (!this.#stay) return;
    await new Promise<void>((resolve) => {
      signal.addEventListener('abort', () => resolve(), {once: true});
      if (signal.aborted) resolve();
    });
  }

  status(): SourceStatus {
    return {state: 'reading', detail: ''};
  }

  async check(): Promise<void> {}
  async close(): Promise<void> {}
}
