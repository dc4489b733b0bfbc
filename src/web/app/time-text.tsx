import {usePreferences} from './preferences.ts';
import {formatMinute, formatMoment} from './text.ts';

interface Props {
  readonly time: number | null;
  /** Without seconds, where many stand beside each other. */
  readonly brief?: boolean;
}

/** A moment in the zone that the reader prefers; the other one as its title. */
export function TimeText({time, brief = false}: Props) {
  const {zone} = usePreferences();
  if (time === null) return <span className="muted">never</span>;
  const other = formatMoment(time, zone === 'utc' ? 'local' : 'utc');
  return (
    <time
      dateTime={new Date(time).toISOString()}
      title={brief ? `${formatMoment(time, zone)}, ${other}` : other}
    >
      {brief ? formatMinute(time, zone) : formatMoment(time, zone)}
    </time>
  );
}
