import {type FormEvent, useState} from 'react';
import type {LoginOptions} from '../../api/types.ts';
import {ApiFailure, post} from './api.ts';
import {currentPlace} from './router.ts';
import {openSession} from './session.ts';
import {useFetch} from './use-fetch.ts';

/** Shown instead of every page while the service does not know who asks. */
export function LoginPage() {
  const options = useFetch<LoginOptions>('/api/v1/login');
  const [token, setToken] = useState('');
  const [failure, setFailure] = useState('');
  const [busy, setBusy] = useState(false);
  const {path, search} = currentPlace();

  const logIn = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setFailure('');
    try {
      await post('/auth/token', {token: token.trim()});
      setToken('');
      await openSession();
    } catch (error) {
      setFailure(error instanceof ApiFailure ? error.message : String(error));
    } finally {
      setBusy(false);
    }
  };

  const {data} = options;
  return (
    <main className="login" id="main">
      <h1>Oddtrail</h1>
      {options.failure !== undefined && <p role="alert">{options.failure.message}</p>}
      {data?.oidc === true && (
        <p>
          <a
            className="button primary"
            href={`/auth/login?return=${encodeURIComponent(path + search)}`}
          >
            Log in with your organisation's account
          </a>
        </p>
      )}
      {data?.token !== false && (
        <form onSubmit={(event) => void logIn(event)}>
          <label htmlFor="token">Access token</label>
          <input
            id="token"
            type="password"
            autoComplete="off"
            spellCheck={false}
            required
            value={token}
            onChange={(event) => setToken(event.target.value)}
          />
          <button type="submit" className="primary" disabled={busy}>
            Log in
          </button>
          <p className="muted">
            Made by <code>oddtrail token create --name NAME --scope read</code>
          </p>
        </form>
      )}
      {failure !== '' && (
        <p role="alert" className="failure">
          {failure}
        </p>
      )}
    </main>
  );
}
