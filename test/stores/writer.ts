/** Commits to a DuckDB store, one entry after the other, until it is killed; prints each entry. */
import {openDuckDbStore} from '../../src/stores/duckdb.ts';
import {entryOf} from './entries.ts';

const [path = '', lock = ''] = process.argv.slice(2);
const store = await openDuckDbStore({path, memoryLimit: '256MB', threads: 1});
let {entry} = await store.head();
process.stdout.write('open\n');
if (lock === 'hold') await new Promise((resolve) => setTimeout(resolve, 60_000));
while (true) {
  entry++;
  process.stdout.write(`try ${entry}\n`);
  await store.commit(entryOf(entry));
  process.stdout.write(`done ${entry}\n`);
}
