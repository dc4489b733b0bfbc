import {lazy, Suspense, useEffect, useRef, useState} from 'react';
import {AboutPage} from './about-page.tsx';
import {AlertsPage} from './alerts-page.tsx';
import {DetectionPage} from './detection-page.tsx';
import {DetectionsPage} from './detections-page.tsx';
import {ErrorBoundary} from './error-boundary.tsx';
import {EventPage} from './event-page.tsx';
import {Header} from './header.tsx';
import {HealthPage} from './health-page.tsx';
import {HelpDialog} from './help-dialog.tsx';
import {useKeys} from './keys.ts';
import {Link} from './link.tsx';
import {LoginPage} from './login-page.tsx';
import {MatchPage} from './match-page.tsx';
import {MatchesPage} from './matches-page.tsx';
import {ObservationPage} from './observation-page.tsx';
import {ObservationsPage} from './observations-page.tsx';
import {switchTheme, switchZone} from './preferences.ts';
import {PrincipalPage} from './principal-page.tsx';
import {PrincipalsPage} from './principals-page.tsx';
import {RatesPage} from './rates-page.tsx';
import {go, usePlace} from './router.ts';
import {openSession, useSession} from './session.ts';
import {TrapsPage} from './traps-page.tsx';

/** Brings the editor along, which no other page needs. */
const EditPage = lazy(async () => {
  const page = await import('./edit-page.tsx');
  return {default: page.EditPage};
});

export function App() {
  const session = useSession();
  const [help, setHelp] = useState(false);
  const opened = useRef(false);
  useEffect(() => {
    if (opened.current) return;
    opened.current = true;
    void openSession();
  }, []);
  useKeys({
    '?': () => setHelp(true),
    'g o': () => go('/'),
    'g p': () => go('/principals'),
    'g h': () => go('/health'),
    'g a': () => go('/alerts'),
    'g d': () => go('/detections'),
    'g m': () => go('/matches'),
    'g t': () => go('/traps'),
    'g r': () => go('/rates'),
    'g e': () => go('/detections/edit'),
    t: switchTheme,
    u: switchZone,
  });
  if (session.state === 'loading') return <p className="notice">Loading …</p>;
  if (session.state === 'login') return <LoginPage />;
  if (session.state === 'failed') {
    return (
      <main className="notice" aria-label="Not available">
        <h1>The service does not answer</h1>
        <p role="alert">{session.failure.message}. Trying again every 2 seconds …</p>
      </main>
    );
  }
  return (
    <>
      <a className="skip" href="#main">
        Skip to the page
      </a>
      <Header onHelp={() => setHelp(true)} />
      <ErrorBoundary>
        <CurrentPage />
      </ErrorBoundary>
      <HelpDialog open={help} onClose={() => setHelp(false)} />
    </>
  );
}

function CurrentPage() {
  const {path} = usePlace();
  if (path === '/') return <ObservationsPage />;
  const observation = /^\/observations\/(\d{1,15})\/?$/.exec(path)?.[1];
  if (observation !== undefined) return <ObservationPage id={Number(observation)} />;
  if (path === '/observations' || path === '/observations/') return <ObservationsPage />;
  if (path === '/principals' || path === '/principals/') return <PrincipalsPage />;
  if (path.startsWith('/principals/')) {
    const name = decoded(path.slice('/principals/'.length));
    if (name !== undefined) return <PrincipalPage key={name} name={name} />;
  }
  if (path === '/detections' || path === '/detections/') return <DetectionsPage />;
  if (path === '/detections/edit') {
    return (
      <Suspense fallback={<p className="notice">Loading …</p>}>
        <EditPage />
      </Suspense>
    );
  }
  if (path.startsWith('/detections/')) {
    const id = decoded(path.slice('/detections/'.length));
    if (id !== undefined) return <DetectionPage key={id} id={id} />;
  }
  if (path === '/matches' || path === '/matches/') return <MatchesPage />;
  const match = /^\/matches\/(\d{1,15})\/?$/.exec(path)?.[1];
  if (match !== undefined) return <MatchPage key={match} id={Number(match)} />;
  if (path.startsWith('/events/')) {
    const eventId = decoded(path.slice('/events/'.length));
    if (eventId !== undefined) return <EventPage key={eventId} eventId={eventId} />;
  }
  if (path === '/traps') return <TrapsPage />;
  if (path === '/rates') return <RatesPage />;
  if (path === '/health') return <HealthPage />;
  if (path === '/alerts') return <AlertsPage />;
  if (path === '/about') return <AboutPage />;
  return (
    <main id="main">
      <h1>There is no such page</h1>
      <p>
        <Link to="/">Observations</Link>
      </p>
    </main>
  );
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
