// `npm run check`: format and lint, types, tests, in that order; the same here and in CI.
import {ensureBuild, ensureDependencies, run, say} from './setup.mjs';

ensureDependencies();
ensureBuild();
say('Format and lint …');
run(process.execPath, [
  'node_modules/@biomejs/biome/bin/biome',
  'check',
  '--error-on-warnings',
  '.',
]);
say('Types …');
run(process.execPath, ['node_modules/typescript/bin/tsc', '--noEmit', '-p', 'tsconfig.json']);
if (!process.argv.includes('--no-tests')) {
  say('Tests …');
  run(process.execPath, ['scripts/test.mjs']);
}
