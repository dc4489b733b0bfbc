import {useState} from 'react';
import type {DetectionTrial} from '../../api/detection-types.ts';
import type {Observation} from '../../api/types.ts';
import {formatCount, formatDay} from '../report/format.ts';
import {ApiFailure, getJson, post} from './api.ts';
import {ColumnHeads} from './column-heads.tsx';
import {DayBars} from './day-bars.tsx';
import {FailureNote} from './failure-note.tsx';
import {MatchFacts} from './match-facts.tsx';
import {usePreferences} from './preferences.ts';
import {ScrollBox} from './scroll-box.tsx';
import {plural} from './text.ts';

const DAY_MS = 86_400_000;

export interface Trial {
  readonly days: number;
  readonly busy: boolean;
  readonly result: DetectionTrial | undefined;
  readonly failure: ApiFailure | undefined;
  /** The text has changed since. */
  readonly stale: boolean;
  setDays(days: number): void;
  run(): Promise<void>;
}

/** What a text of detections would have found in the days before the newest event. */
export function useTrial(text: string): Trial {
  const [days, setDays] = useState(30);
  const [busy, setBusy] = useState(false);
  const [answer, setAnswer] = useState<{
    readonly text: string;
    readonly days: number;
    readonly result?: DetectionTrial | undefined;
    readonly failure?: ApiFailure | undefined;
  }>();
  const run = async () => {
    if (busy) return;
    setBusy(true);
    try {
      const {rows} = await getJson<{rows: Observation[]}>(
        '/api/v1/observations?order=time&limit=1',
      );
      const to = (rows[0]?.eventTime ?? Date.now()) + 1;
      const from = to - days * DAY_MS;
      const result = await post<DetectionTrial>('/api/v1/detections/try', {text, from, to});
      setAnswer({text, days, result});
    } catch (error) {
      const failure =
        error instanceof ApiFailure ? error : new ApiFailure(0, 'unreadable', String(error));
      setAnswer({text, days, failure});
    } finally {
      setBusy(false);
    }
  };
  return {
    days,
    busy,
    result: answer?.result,
    failure: answer?.failure,
    stale: answer !== undefined && (answer.text !== text || answer.days !== days),
    setDays,
    run,
  };
}

/** Of a part of history nothing is said about the whole. */
function verdictOf({matches, complete}: DetectionTrial, days: number): string {
  if (matches === 0) {
    return complete
      ? `Would not have matched in ${days} ${plural(days, 'day')}`
      : 'No match in the part that was gone through';
  }
  const least = complete ? '' : 'at least ';
  return `Would have matched ${least}${formatCount(matches)} ${plural(matches, 'time')} in ${days} ${plural(days, 'day')}`;
}

export function TrialView({trial}: {readonly trial: Trial}) {
  const {result, failure, busy, stale} = trial;
  const {zone} = usePreferences();
  if (!busy && result === undefined && failure === undefined) return null;
  const days = result === undefined ? 0 : Math.round((result.to - result.from) / DAY_MS);
  return (
    <section aria-labelledby="trial">
      <h2 id="trial">On history</h2>
      <p role="status">
        {busy && 'Going through history …'}
        {!busy && result !== undefined && (
          <>
            <strong className={result.complete ? 'verdict' : 'verdict warn'}>
              {verdictOf(result, Math.max(1, days))}
            </strong>
            {stale && <span className="warn"> · of the text before your latest change</span>}
          </>
        )}
      </p>
      {!busy && failure !== undefined && (
        <FailureNote failure={failure} onRetry={() => void trial.run()} />
      )}
      {!busy && result !== undefined && (
        <>
          <p className="muted">
            {formatDay(result.from, zone)} to {formatDay(result.to, zone)} ·{' '}
            {formatCount(result.events)} {plural(result.events, 'observation')} gone through
            {result.unread > 0 && (
              <span className="warn">
                {' '}
                · ⚠ {formatCount(result.unread)} {plural(result.unread, 'record')} could not be read
                any more
              </span>
            )}
            {!result.complete && (
              <span className="warn"> · ⚠ not all: the limit of events or of time was reached</span>
            )}
          </p>
          {result.matches > 0 && (
            <div className="trial-days">
              <DayBars
                days={result.days.map(({day, matches}) => ({day, live: matches, silent: 0}))}
                end={result.to - 1}
                count={Math.max(1, days)}
              />
            </div>
          )}
          {result.samples.length > 0 && (
            <ScrollBox label="Samples">
              <table className="plain stacked">
                <caption>
                  {result.samples.length < result.matches
                    ? `The newest ${result.samples.length}`
                    : 'All of them'}
                </caption>
                <ColumnHeads names={['Latest', 'Match', 'Principal', 'Score', 'Events']} />
                <tbody>
                  {result.samples.map((row, i) => (
                    // biome-ignore lint/suspicious/noArrayIndexKey: what was not stored has no id.
                    <tr key={i}>
                      <MatchFacts row={row} />
                    </tr>
                  ))}
                </tbody>
              </table>
            </ScrollBox>
          )}
        </>
      )}
    </section>
  );
}
