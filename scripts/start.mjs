// `npm start`: from a fresh clone to a scored trail and a report, with nothing but Node.
import {ensureBuild, ensureDependencies, run} from './setup.mjs';

ensureDependencies();
ensureBuild();
run(process.execPath, ['bin/oddtrail.js', 'demo', ...process.argv.slice(2)]);
