import {LASTS, type Last} from './query.ts';

interface Props {
  readonly value: Last;
  /** A stretch of its own is shown, from a zoom or a link. */
  readonly zoomed: boolean;
  /** Those that are offered, if not all. */
  readonly of?: readonly Last[];
  readonly onChange: (last: Last) => void;
}

const NAMES: Readonly<Record<Last, string>> = {
  '': 'All times',
  '1h': 'Last hour',
  '24h': 'Last 24 hours',
  '7d': 'Last 7 days',
  '30d': 'Last 30 days',
};

/** The stretch of time that is shown, as one chooses it on every page. */
export function TimeSelect({value, zoomed, of = LASTS, onChange}: Props) {
  return (
    <select
      aria-label="Time"
      value={zoomed ? 'custom' : value}
      onChange={({target}) => {
        const last = of.find((each) => each === target.value);
        if (last !== undefined) onChange(last);
      }}
    >
      {zoomed && <option value="custom">As zoomed</option>}
      {of.map((last) => (
        <option key={last} value={last}>
          {NAMES[last]}
        </option>
      ))}
    </select>
  );
}
