import {existsSync} from 'node:fs';
import {type Browser, chromium} from 'playwright-core';

/** Where Chromium is; undefined, with the reason on standard error, where there is none. */
export const CHROMIUM = [
  process.env.CHROMIUM ?? '',
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
].find((path) => existsSync(path));

if (CHROMIUM === undefined) {
  process.stderr.write('skipped: no Chromium to open pages with (set CHROMIUM to its path)\n');
}

/** A browser that asks nobody anything by itself. To be called only where there is a Chromium. */
export function launchChromium(): Promise<Browser> {
  if (CHROMIUM === undefined) throw new Error('No Chromium');
  return chromium.launch({
    executablePath: CHROMIUM,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}
