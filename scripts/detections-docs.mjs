// Writes docs/detections.schema.json out of the schema of detections. Wants a build.
import {writeFileSync} from 'node:fs';
import {detectionsJsonSchema} from '../dist/detections/schema.js';

writeFileSync(
  new URL('../docs/detections.schema.json', import.meta.url),
  `${JSON.stringify(detectionsJsonSchema(), null, 2)}\n`,
);
