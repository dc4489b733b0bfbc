import {usePreferences} from './preferences.ts';
import {formatMoment} from './text.ts';

/** A moment in the zone that the reader prefers; the other one as its title. */
export function TimeText({time}: {readonly time: number | null}) {
  const {zone} = usePreferences();
  if (time === null) return <span className="muted">never</span>;
  const other = formatMoment(time, zone === 'utc' ? 'local' : 'utc');
  return (
    <time dateTime={new Date(time).toISOString()} title={other}>
      {formatMoment(time, zone)}
    </time>
  );
}
