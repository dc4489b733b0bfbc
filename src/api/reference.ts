import type {OpenAPIHono} from '@hono/zod-openapi';
import type {Environment} from './environment.ts';
import {PROBLEMS} from './problem.ts';

type Document = ReturnType<OpenAPIHono<Environment>['getOpenAPI31Document']>;

const STYLE = `
:root { color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif; }
body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
code, .path { font-family: ui-monospace, monospace; }
section { border-top: 1px solid #8884; padding: .6rem 0; }
h3 { margin: .2rem 0; font-size: 1rem; }
.method { display: inline-block; min-width: 4.5rem; font-weight: 700; }
table { border-collapse: collapse; width: 100%; }
td, th { text-align: left; vertical-align: top; padding: .15rem .8rem .15rem 0; }
.role { float: right; opacity: .75; }
pre { overflow: auto; padding: .6rem; background: #8881; }
`;

/** The OpenAPI document as a page by itself: no script, nothing from elsewhere. */
export function referencePage(document: Document): string {
  const sections = Object.entries(document.paths ?? {}).flatMap(([path, item]) =>
    Object.entries(item as Record<string, Operation>).map(([method, operation]) =>
      section(method, path, operation),
    ),
  );
  const problems = Object.entries(PROBLEMS).map(
    ([code, [status, title]]) =>
      `<tr id="${code}"><td><code>${code}</code></td><td>${status}</td><td>${escaped(title)}</td></tr>`,
  );
  const schemas = Object.entries(document.components?.schemas ?? {}).map(
    ([name, schema]) =>
      `<details><summary><code>${escaped(name)}</code></summary><pre>${escaped(JSON.stringify(schema, null, 2))}</pre></details>`,
  );
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Oddtrail API</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>${STYLE}</style></head><body>
<h1>Oddtrail API</h1>
<p>Machine-readable: <a href="/api/v1/openapi.json">openapi.json</a>.
Programs send <code>Authorization: Bearer odt_…</code>.</p>
${sections.join('\n')}
<h2 id="problems">Problems</h2>
<p>Every failure is a problem document (RFC 9457) with one of these codes.</p>
<table><tr><th>code</th><th>status</th><th>meaning</th></tr>${problems.join('')}</table>
<h2 id="schemas">Schemas</h2>
${schemas.join('\n')}
</body></html>
`;
}

interface Operation {
  readonly summary?: string;
  readonly description?: string;
  readonly parameters?: readonly {
    readonly name: string;
    readonly in: string;
    readonly required?: boolean;
    readonly description?: string;
    readonly schema?: {readonly type?: string; readonly default?: unknown; readonly enum?: unknown};
  }[];
  readonly requestBody?: unknown;
  readonly responses?: Record<
    string,
    {description?: string; content?: Record<string, {schema?: unknown}>}
  >;
  readonly 'x-role'?: string;
}

function section(method: string, path: string, operation: Operation): string {
  const parameters = (operation.parameters ?? []).map(({name, in: where, schema, description}) => {
    const usual = schema?.default === undefined ? '' : ` = ${JSON.stringify(schema.default)}`;
    const choice = schema?.enum === undefined ? (schema?.type ?? '') : JSON.stringify(schema.enum);
    const type = `${choice}${usual}`;
    return `<tr><td><code>${escaped(name)}</code></td><td>${where}</td><td>${escaped(type)}</td><td>${escaped(description ?? '')}</td></tr>`;
  });
  const answers = Object.entries(operation.responses ?? {})
    .filter(([status]) => status !== 'default')
    .map(
      ([status, {description = '', content = {}}]) =>
        `<p>${status}: ${escaped(description)} ${Object.entries(content)
          .map(
            ([type, schema]) => `<code>${escaped(type)} ${escaped(nameOf(schema.schema))}</code>`,
          )
          .join(' ')}</p>`,
    );
  const sent =
    operation.requestBody === undefined
      ? ''
      : `<details><summary>Body</summary><pre>${escaped(JSON.stringify(operation.requestBody, null, 2))}</pre></details>`;
  return `<section><h3><span class="role">${escaped(operation['x-role'] ?? '')}</span>
<span class="method">${method.toUpperCase()}</span><span class="path">${escaped(path)}</span></h3>
<p>${escaped(operation.summary ?? '')}. ${escaped(operation.description ?? '')}</p>
${parameters.length === 0 ? '' : `<table>${parameters.join('')}</table>`}${sent}${answers.join('')}</section>`;
}

function nameOf(schema: unknown): string {
  const reference = (schema as {$ref?: string} | undefined)?.$ref;
  return reference === undefined ? '' : (reference.split('/').at(-1) ?? '');
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
}
