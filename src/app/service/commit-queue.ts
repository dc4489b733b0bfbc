import type {DetectionRows} from '../../pipeline/detections.ts';
import type {Commit} from '../../pipeline/store.ts';

interface Queued {
  readonly commit: Commit;
  readonly rows: number;
  readonly release: (() => void) | undefined;
}

/** Several commits in a row as one. */
export interface CommitGroup {
  readonly commit: Commit;
  readonly rows: number;
  /** Gives back the room that the entries have held. */
  release(): void;
}

/** Rows of one transaction, unless one entry has more. */
const COMMIT_ROWS = 50_000;
const COMMIT_ENTRIES = 2_000;

/** What the engine has given and the store has not got, in order. */
export class CommitQueue {
  #queue: Queued[] = [];
  #rows = 0;

  get isEmpty(): boolean {
    return this.#queue.length === 0;
  }

  /** Rows that wait, or are being stored. */
  get rows(): number {
    return this.#rows;
  }

  push(commit: Commit, release: (() => void) | undefined): void {
    const rows = commit.observations.reduce((sum, {count}) => sum + count, 0);
    this.#queue.push({commit, rows, release});
    this.#rows += rows;
  }

  /** As many from the front as one transaction holds, and one at least; there must be one. */
  take(): CommitGroup {
    let rows = 0;
    let count = 0;
    for (const queued of this.#queue) {
      if (count > 0 && (rows + queued.rows > COMMIT_ROWS || count >= COMMIT_ENTRIES)) break;
      rows += queued.rows;
      count++;
    }
    const some = this.#queue.splice(0, count);
    return {
      commit: merged(some.map(({commit}) => commit)),
      rows,
      release: () => {
        this.#rows -= rows;
        for (const {release} of some) release?.();
      },
    };
  }
}

function merged(commits: readonly Commit[]): Commit {
  const [only] = commits;
  if (only !== undefined && commits.length === 1) return only;
  return {
    entry: Math.max(...commits.map(({entry}) => entry)),
    observations: commits.flatMap(({observations}) => observations),
    details: commits.flatMap(({details}) => details),
    deadLetters: commits.flatMap(({deadLetters}) => deadLetters),
    deliveries: commits.flatMap(({deliveries}) => deliveries),
    detections: mergedDetections(commits.flatMap(({detections}) => detections ?? [])),
  };
}

function mergedDetections(all: readonly DetectionRows[]): DetectionRows | undefined {
  if (all.length === 0) return undefined;
  return {
    matches: all.flatMap(({matches}) => matches),
    alarmChanges: all.flatMap(({alarmChanges}) => alarmChanges),
    datapoints: all.flatMap(({datapoints}) => datapoints),
    episodes: all.flatMap(({episodes}) => episodes),
  };
}
