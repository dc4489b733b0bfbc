import type {Engine} from './engine.ts';
import type {EngineClient, EngineInfo} from './engine-protocol.ts';

export function infoOf(engine: Engine): EngineInfo {
  const {entry, learning, settings, counts, positions, identities, byteLength} = engine;
  return {
    entry,
    learning,
    settings,
    counts,
    byteLength,
    positions: Object.fromEntries(positions),
    identities: Object.fromEntries(identities),
    setups: engine.setups(),
  };
}

/** An engine in the calling thread. */
export class LocalEngine implements EngineClient {
  readonly #engine: Engine;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  async process(...given: Parameters<Engine['process']>) {
    return this.#engine.process(...given);
  }

  async info() {
    return infoOf(this.#engine);
  }

  async snapshot() {
    return this.#engine.snapshot();
  }

  async score(...given: Parameters<Engine['score']>) {
    return this.#engine.score(...given);
  }

  async check(...given: Parameters<Engine['check']>) {
    return this.#engine.check(...given);
  }

  async profile(...given: Parameters<Engine['profile']>) {
    return this.#engine.profile(...given);
  }

  async contexts() {
    return this.#engine.contexts();
  }

  async declared() {
    return this.#engine.declared;
  }

  async detections() {
    return this.#engine.detections();
  }

  async close() {}
}
