import {useEffect, useState} from 'react';

interface Props {
  readonly text: string;
  /** What it copies, as in "event id". */
  readonly what: string;
}

export function CopyButton({text, what}: Props) {
  const [outcome, setOutcome] = useState('');
  useEffect(() => {
    if (outcome === '') return;
    const timer = setTimeout(() => setOutcome(''), 2_000);
    return () => clearTimeout(timer);
  }, [outcome]);
  const copy = () => {
    copyText(text).then(
      () => setOutcome('Copied'),
      () => setOutcome('Cannot copy here'),
    );
  };
  return (
    <button type="button" className="small" onClick={copy} aria-label={`Copy ${what}`}>
      <span aria-live="polite">{outcome === '' ? 'Copy' : outcome}</span>
    </button>
  );
}

/** Plain HTTP on another machine has no clipboard: then the old way. */
async function copyText(text: string): Promise<void> {
  if (navigator.clipboard !== undefined) return navigator.clipboard.writeText(text);
  const area = document.createElement('textarea');
  area.value = text;
  document.body.append(area);
  area.select();
  const done = document.execCommand('copy');
  area.remove();
  if (!done) throw new Error('The browser refused');
}
