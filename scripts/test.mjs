// `npm test`: every test, and at the end one plain line counted from the runner's own report.
import {spawnSync} from 'node:child_process';
import {mkdtempSync, readFileSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {ensureBuild, ensureDependencies, ROOT, say} from './setup.mjs';

ensureDependencies();
ensureBuild();

const folder = mkdtempSync(join(tmpdir(), 'oddtrail-test-'));
const report = join(folder, 'report.json');
const result = spawnSync(
  process.execPath,
  [
    'node_modules/vitest/vitest.mjs',
    'run',
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${report}`,
    ...process.argv.slice(2),
  ],
  {cwd: ROOT, stdio: 'inherit'},
);
let passed = 0;
let failed = 0;
let skipped = 0;
try {
  const counts = JSON.parse(readFileSync(report, 'utf8'));
  passed = counts.numPassedTests;
  // A file that cannot be loaded has no tests to count, and must not look like success.
  const broken = counts.testResults.filter(
    (file) => file.status === 'failed' && file.assertionResults.length === 0,
  );
  failed = counts.numFailedTests + broken.length;
  skipped = counts.numPendingTests + counts.numTodoTests;
} catch {
  failed = 1;
}
rmSync(folder, {recursive: true, force: true});
if (skipped > 0) say(`${skipped} skipped (each says why above)`);
if (passed === 0 && failed === 0) failed = 1;
say(`${passed} passed, ${failed} failed`);
process.exit(failed > 0 ? 1 : (result.status ?? 1));
