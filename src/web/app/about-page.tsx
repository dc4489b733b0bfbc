import {useEffect} from 'react';
import type {AuditRow, ContextInfo} from '../../api/types.ts';
import {formatCount} from '../report/format.ts';
import {post} from './api.ts';
import {ColumnHeads} from './column-heads.tsx';
import {FailureNote} from './failure-note.tsx';
import {ScrollBox} from './scroll-box.tsx';
import {useSession} from './session.ts';
import {formatBytes, visible} from './text.ts';
import {TimeText} from './time-text.tsx';
import {useFetch} from './use-fetch.ts';

/** The service itself: version, who is here, contexts, configuration, who changed what. */
export function AboutPage() {
  const session = useSession();
  const contexts = useFetch<{contexts: ContextInfo[]}>('/api/v1/contexts');
  const configuration = useFetch<{configuration: unknown}>('/api/v1/configuration');
  const isAdmin = session.state === 'ready' && session.me.role === 'admin';
  const audit = useFetch<{rows: AuditRow[]}>(isAdmin ? '/api/v1/audit?limit=50' : undefined);
  useEffect(() => {
    document.title = 'About · Oddtrail';
  }, []);
  if (session.state !== 'ready') return null;
  const {me, settings} = session;
  const logOut = async () => {
    await post('/auth/logout');
    location.assign('/');
  };
  return (
    <main id="main">
      <h1>Oddtrail {visible(settings.version)}</h1>
      <p>
        You are <strong>{visible(me.name)}</strong>, {me.role}
        {me.authenticated ? (
          <button type="button" className="small after" onClick={() => void logOut()}>
            Log out
          </button>
        ) : (
          ': this service only answers this machine, and asks nobody to log in'
        )}
        .
      </p>
      <p>
        <a href="/api/v1/docs">The API, described</a>
      </p>
      <section aria-labelledby="contexts">
        <h2 id="contexts">Contexts</h2>
        {contexts.failure !== undefined && (
          <FailureNote failure={contexts.failure} onRetry={contexts.reload} />
        )}
        {contexts.data?.contexts.map((context) => (
          <Context key={context.name} context={context} />
        ))}
      </section>
      <section aria-labelledby="configuration">
        <h2 id="configuration">Configuration in force</h2>
        {configuration.failure !== undefined && (
          <FailureNote failure={configuration.failure} onRetry={configuration.reload} />
        )}
        {configuration.data !== undefined && (
          <ScrollBox label="Configuration" className="record">
            <pre>{visible(JSON.stringify(configuration.data.configuration, null, 2))}</pre>
          </ScrollBox>
        )}
      </section>
      {isAdmin && (
        <section aria-labelledby="audit">
          <h2 id="audit">Latest changes</h2>
          {audit.failure !== undefined && (
            <FailureNote failure={audit.failure} onRetry={audit.reload} />
          )}
          {audit.data?.rows.length === 0 && <p className="muted">None yet.</p>}
          {audit.data !== undefined && audit.data.rows.length > 0 && (
            <Audit rows={audit.data.rows} />
          )}
        </section>
      )}
    </main>
  );
}

function Context({context}: {readonly context: ContextInfo}) {
  return (
    <ScrollBox label="Facets">
      <table className="plain">
        <caption>
          <strong>{visible(context.name)}</strong> · by {visible(context.entity)} · stream{' '}
          {visible(context.stream)} · {formatCount(context.learnt)} events learnt ·{' '}
          {formatBytes(context.bytes)}
        </caption>
        <ColumnHeads
          names={['Facet', 'Asks whether', 'is usual for', 'Weight']}
          numbers={['Weight']}
        />
        <tbody>
          {context.facets.map((facet) => (
            <tr key={facet.name}>
              <th scope="row">{visible(facet.name)}</th>
              <td>{visible(facet.of)}</td>
              <td>{facet.given.map(visible).join(' → ')}</td>
              <td className="number">{facet.weight}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </ScrollBox>
  );
}

function Audit({rows}: {readonly rows: readonly AuditRow[]}) {
  return (
    <ScrollBox label="Changes">
      <table className="plain">
        <ColumnHeads names={['When', 'Who', 'What', 'Of']} />
        <tbody>
          {rows.map((row) => (
            <tr key={row.id}>
              <td className="when">
                <TimeText time={row.at} />
              </td>
              <td>{visible(row.actor)}</td>
              <td>{visible(row.action)}</td>
              <td>{visible(row.subject)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </ScrollBox>
  );
}
