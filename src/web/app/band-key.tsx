import type {ReactNode} from 'react';

interface Props {
  readonly look: 'ok' | 'alarm' | 'unknown' | 'measured' | 'insight';
  readonly children: ReactNode;
}

/** What a colour and a shape of a plot stand for. */
export function BandKey({look, children}: Props) {
  return (
    <span>
      <span className={`band ${look}`} aria-hidden="true" /> {children}{' '}
    </span>
  );
}
