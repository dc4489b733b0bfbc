import {join} from 'node:path';
import {writeStarterConfig} from '../app/service/starter-config.ts';
import type {Output} from './output.ts';

/** Writes a configuration to start from. */
export async function initCommand(options: {dir: string}, output: Output): Promise<number> {
  const path = await writeStarterConfig(options.dir);
  await output.write(`${join(path)}\n`);
  output.note(`Written. Next: look into it, then\n  oddtrail check -c ${path} --connect`);
  return 0;
}
