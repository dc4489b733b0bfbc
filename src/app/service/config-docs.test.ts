import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {expect, test} from 'vitest';
import {configJsonSchema, configMarkdown} from './config-docs.ts';

const docs = join(import.meta.dirname, '../../../docs');

test('the documented configuration is the one that is checked', () => {
  // If this fails: node scripts/build.mjs && node scripts/config-docs.mjs
  expect(readFileSync(join(docs, 'configuration.md'), 'utf8')).toBe(configMarkdown());
  const schema: unknown = JSON.parse(readFileSync(join(docs, 'configuration.schema.json'), 'utf8'));
  expect(schema).toEqual(JSON.parse(JSON.stringify(configJsonSchema())));
});
