import {useEffect} from 'react';
import type {Observation, Profile, Timeline} from '../../api/types.ts';
import {formatCount} from '../report/format.ts';
import {ActivityBars} from './activity-bars.tsx';
import {queryString} from './api.ts';
import {CopyButton} from './copy-button.tsx';
import {FailureNote} from './failure-note.tsx';
import {Link} from './link.tsx';
import {NeighbourTable} from './neighbour-table.tsx';
import {PlotView} from './plot-view.tsx';
import {PrincipalSignals} from './principal-signals.tsx';
import {ProfileView} from './profile-view.tsx';
import {addressOf, queryOf} from './query.ts';
import {go, observationPath, principalPath, usePlace} from './router.ts';
import {useSession} from './session.ts';
import {plural, shortPrincipal, visible} from './text.ts';
import {useFetch} from './use-fetch.ts';
import {useObservations} from './use-observations.ts';

/** Who somebody is by what they do: what is normal for them, and what was not. */
export function PrincipalPage({name}: {readonly name: string}) {
  const {search} = usePlace();
  const query = queryOf(search);
  const session = useSession();
  const contexts = session.state === 'ready' ? session.settings.contexts : [];
  const context = query.context === '' ? (contexts[0] ?? 'cloudtrail') : query.context;
  const {from, to} = query;
  const {feed, state, range} = useObservations({
    filter: {principal: name},
    text: '',
    last: '',
    from,
    to,
    colour: 'service',
    order: 'score',
  });
  const profile = useFetch<Profile>(
    `/api/v1/principals/profile${queryString({principal: name, context})}`,
  );
  const activity = useFetch<Timeline>(
    `/api/v1/observations/timeline${queryString({principal: name, from, to, stretches: 120})}`,
  );
  const short = visible(shortPrincipal(name));
  useEffect(() => {
    document.title = `${short} · Oddtrail`;
  }, [short]);

  const path = principalPath(name);
  const zoom = (with_: {from: number | undefined; to: number | undefined}) =>
    go(addressOf({...query, ...with_}, path));
  const whole = () => zoom({from: undefined, to: undefined});
  const all = addressOf({...queryOf(''), principal: name});
  const top: readonly Observation[] = state.rows.slice(0, 10);
  const {total} = state;
  return (
    <main id="main">
      <h1>{short}</h1>
      <p className="muted">
        <code>{visible(name)}</code>
        <CopyButton text={name} what="name" />
        {profile.data !== undefined && (
          <>
            {' '}
            · active on {formatCount(profile.data.activeDays)}{' '}
            {plural(profile.data.activeDays, 'day')}
          </>
        )}
        {total !== undefined && (
          <>
            {' '}
            · {formatCount(total)} {plural(total, 'observation')}
          </>
        )}{' '}
        · <Link to={all}>Show them among all</Link>
      </p>
      {state.failure !== undefined && (
        <FailureNote failure={state.failure} onRetry={() => feed.reload()} />
      )}
      {total === 0 ? (
        <p className="notice">No observations of this principal.</p>
      ) : (
        <>
          <section aria-labelledby="history">
            <div className="title-row">
              <h2 id="history">Scores</h2>
              {(from !== undefined || to !== undefined) && (
                <button type="button" onClick={whole}>
                  Whole range
                </button>
              )}
            </div>
            <PlotView
              points={state.points}
              version={state.version}
              range={range}
              scale="log"
              marked={undefined}
              rows={state.rows}
              onPick={(id) => go(observationPath(id))}
              onZoom={zoom}
              onReset={whole}
              onGroup={(service) => go(addressOf({...queryOf(''), principal: name, service}))}
            />
          </section>
          <PrincipalSignals principal={name} from={from} to={to} />
          <section aria-labelledby="activity">
            <h2 id="activity">Activity</h2>
            {activity.failure !== undefined && (
              <FailureNote failure={activity.failure} onRetry={activity.reload} />
            )}
            {activity.data !== undefined && <ActivityBars timeline={activity.data} />}
          </section>
          <section aria-labelledby="novel">
            <h2 id="novel">Most novel</h2>
            <NeighbourTable rows={top} />
          </section>
        </>
      )}
      <section aria-labelledby="normal">
        <div className="title-row">
          <h2 id="normal">What is normal for {short}</h2>
          {contexts.length > 1 && (
            <select
              aria-label="Context"
              value={context}
              onChange={({target}) => go(addressOf({...query, context: target.value}, path))}
            >
              {contexts.map((each) => (
                <option key={each}>{each}</option>
              ))}
            </select>
          )}
        </div>
        {profile.failure !== undefined && (
          <FailureNote failure={profile.failure} onRetry={profile.reload} />
        )}
        {profile.data !== undefined && <ProfileView profile={profile.data} />}
      </section>
    </main>
  );
}
