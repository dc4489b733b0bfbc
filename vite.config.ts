import react from '@vitejs/plugin-react';
import {defineConfig} from 'vite';

/** The web application: static files in dist/web/app, which the API serves. */
export default defineConfig({
  root: 'src/web/app',
  base: '/',
  publicDir: false,
  plugins: [react()],
  build: {
    outDir: '../../../dist/web/app',
    emptyOutDir: true,
    // Nothing in a page itself: its policy allows no inline script or style.
    assetsInlineLimit: 0,
    modulePreload: {polyfill: false},
    license: {fileName: 'licenses.md'},
    chunkSizeWarningLimit: 800,
  },
  server: {proxy: {'/api': 'http://127.0.0.1:7433', '/auth': 'http://127.0.0.1:7433'}},
});
