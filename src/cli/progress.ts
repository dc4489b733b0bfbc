import type {Output} from './output.ts';

export interface ProgressState {
  readonly files: number;
  readonly filesDone: number;
  readonly bytes: number;
  readonly bytesDone: number;
  readonly events: number;
}

/** A bar on a terminal, redrawn ten times a second; a plain line every ten seconds elsewhere. */
export class Progress {
  readonly #output: Output;
  readonly #label: string;
  readonly #started = performance.now();
  #drawn = 0;
  #shown = false;

  constructor(output: Output, label: string) {
    this.#output = output;
    this.#label = label;
  }

  update(state: ProgressState): void {
    if (this.#output.quiet) return;
    const now = performance.now();
    const every = this.#output.interactive ? 100 : 10_000;
    if (now - (this.#drawn || this.#started) < every) return;
    this.#drawn = now;
    const text = this.#describe(state, (now - this.#started) / 1000);
    if (this.#output.interactive) {
      process.stderr.write(`\r\u001b[2K${text}`);
      this.#shown = true;
    } else {
      this.#output.note(text);
    }
  }

  /** Removes the bar, so that other lines can follow. */
  clear(): void {
    if (this.#shown) process.stderr.write('\r\u001b[2K');
    this.#shown = false;
  }

  #describe(state: ProgressState, seconds: number): string {
    const share = state.bytes > 0 ? Math.min(1, state.bytesDone / state.bytes) : 0;
    const rate = seconds > 0 ? Math.round(state.events / seconds) : 0;
    const left = share > 0.01 ? duration((seconds * (1 - share)) / share) : '…';
    const counts =
      `${count(state.filesDone)} of ${count(state.files)} files, ` +
      `${count(state.events)} events, ${count(rate)} events/s, ${left} left`;
    if (!this.#output.interactive) return `${this.#label}: ${counts}`;
    const width = 24;
    const full = Math.round(share * width);
    const bar = '█'.repeat(full) + '░'.repeat(width - full);
    return `${this.#label} ${bar} ${String(Math.floor(share * 100)).padStart(3)} %  ${counts}`;
  }
}

/** An integer with thin separators: 12 345. */
export function count(value: number): string {
  return String(Math.round(value)).replace(/\B(?=(\d{3})+(?!\d))/g, ' ');
}

export function duration(seconds: number): string {
  if (seconds < 90) return `${Math.max(0, Math.round(seconds))} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  return `${(seconds / 3600).toFixed(1)} h`;
}
