import {StrictMode} from 'react';
import {createRoot} from 'react-dom/client';
import {App} from './app.tsx';
import {applyTheme} from './preferences.ts';

applyTheme();
const host = document.getElementById('app');
if (host === null) throw new Error('The page has no element "app"');
createRoot(host).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
