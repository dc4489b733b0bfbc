// `npm start`: from a fresh clone to the whole service over a simulated trail, with nothing but Node.
import {ensureBuild, ensureDependencies, ROOT} from './setup.mjs';

ensureDependencies();
ensureBuild();
// In this very process, so that signals reach it.
const {main} = await import('../dist/cli/main.js');
process.chdir(ROOT);
process.exitCode = await main(['demo', '--serve', ...process.argv.slice(2)]);
