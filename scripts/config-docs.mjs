// Writes docs/configuration.md and docs/configuration.schema.json out of the schema. Wants a build.
import {writeFileSync} from 'node:fs';
import {configJsonSchema, configMarkdown} from '../dist/app/service/config-docs.js';

const docs = new URL('../docs/', import.meta.url);
writeFileSync(new URL('configuration.md', docs), configMarkdown());
writeFileSync(
  new URL('configuration.schema.json', docs),
  `${JSON.stringify(configJsonSchema(), null, 2)}\n`,
);
