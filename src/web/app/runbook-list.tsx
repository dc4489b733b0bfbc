import {visible} from './text.ts';

/** What to do, step by step. */
export function RunbookList({steps}: {readonly steps: readonly string[]}) {
  if (steps.length === 0) return <p className="muted">No runbook is written for it.</p>;
  return (
    <ol className="runbook">
      {steps.map((step) => (
        <li key={step}>{visible(step)}</li>
      ))}
    </ol>
  );
}
