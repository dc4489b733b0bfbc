import {ConnectionNote} from './connection-note.tsx';
import {Link} from './link.tsx';
import {switchTheme, switchZone, useDark, usePreferences} from './preferences.ts';
import {usePlace} from './router.ts';

const PAGES = [
  {path: '/', name: 'Observations', key: 'g o'},
  {path: '/principals', name: 'Principals', key: 'g p'},
  {path: '/detections', name: 'Detections', key: 'g d'},
  {path: '/matches', name: 'Matches', key: 'g m'},
  {path: '/traps', name: 'Traps', key: 'g t'},
  {path: '/rates', name: 'Rates', key: 'g r'},
  {path: '/health', name: 'Health', key: 'g h'},
  {path: '/alerts', name: 'Alerts', key: 'g a'},
] as const;

export function Header({onHelp}: {readonly onHelp: () => void}) {
  const {path} = usePlace();
  const {zone} = usePreferences();
  const dark = useDark();
  const isAt = (page: string) =>
    page === '/' ? path === '/' || path.startsWith('/observations') : path.startsWith(page);
  return (
    <header className="top-bar">
      <nav aria-label="Pages">
        <Link to="/about" className="brand" aria-current={path === '/about' ? 'page' : undefined}>
          Oddtrail
        </Link>
        {PAGES.map((page) => (
          <Link
            key={page.path}
            to={page.path}
            aria-current={isAt(page.path) ? 'page' : undefined}
            aria-keyshortcuts={page.key}
          >
            {page.name}
          </Link>
        ))}
      </nav>
      <ConnectionNote />
      <div className="tools">
        <button type="button" onClick={switchZone} title="Zone of all times (u)">
          {zone === 'utc' ? 'UTC' : 'Local time'}
        </button>
        <button type="button" onClick={switchTheme} title="Dark or light (t)">
          {dark ? 'Light' : 'Dark'}
        </button>
        <button type="button" onClick={onHelp} title="Keys (?)" aria-label="Help: keys">
          ?
        </button>
      </div>
    </header>
  );
}
