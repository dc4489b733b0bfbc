import {z} from 'zod';
import {configSchema} from './config.ts';

interface Node {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly secret?: boolean;
  readonly properties?: Readonly<Record<string, Node>>;
  readonly required?: readonly string[];
  readonly items?: Node;
  readonly oneOf?: readonly Node[];
  readonly anyOf?: readonly Node[];
  readonly additionalProperties?: Node | boolean;
}

/** JSON Schema of the configuration file, for editors. */
export function configJsonSchema(): object {
  const schema = z.toJSONSchema(configSchema, {io: 'input', target: 'draft-7'});
  return {...schema, title: 'Oddtrail configuration'};
}

/** `docs/configuration.md`: every setting, out of the schema that checks them. */
export function configMarkdown(): string {
  const root = configJsonSchema() as Node;
  const lines = [
    '# Configuration',
    '',
    'One YAML file; `oddtrail init` writes one to start from, `oddtrail check -c FILE` reports every',
    'problem with line and column. Made from the schema that checks it: do not edit this page.',
    '',
    '- A duration is a number and a unit: `250ms`, `30s`, `15m`, `6h`, `90d`.',
    '- `${NAME}` and `${NAME:-otherwise}` in a string are put in from the environment, after the YAML was',
    '  parsed; a variable that is not set is a problem. Settings marked *secret* are shown nowhere.',
    '- Relative paths start from the folder of the file.',
    '- For editors: `configuration.schema.json` beside this page',
    '  (`# yaml-language-server: $schema=…`).',
    '',
    '## Top level',
    '',
  ];
  const sections: [string, Node][] = [];
  lines.push(...table(root, '', sections));
  // Sections add further ones while they are written.
  for (let i = 0; i < sections.length; i++) {
    const [path, node] = sections[i] as [string, Node];
    lines.push('', `## \`${path}\``, '');
    if (node.description !== undefined) lines.push(node.description, '');
    const variants = node.oneOf ?? node.anyOf;
    if (variants === undefined) lines.push(...table(node, path, sections));
    else {
      for (const variant of variants) {
        const type = variant.properties?.type?.const;
        lines.push(`### \`type: ${String(type)}\``, '');
        if (variant.description !== undefined) lines.push(variant.description, '');
        lines.push(...table(variant, path, sections), '');
      }
      lines.pop();
    }
  }
  return `${lines.join('\n')}\n`;
}

function table(node: Node, path: string, sections: [string, Node][]): string[] {
  const rows = ['| setting | default | |', '|---|---|---|'];
  for (const [key, child] of Object.entries(node.properties ?? {})) {
    if (child.const !== undefined) continue;
    const own = path === '' ? key : `${path}.${key}`;
    const inner = child.type === 'array' ? child.items : child;
    const nested =
      inner !== undefined &&
      (inner.properties !== undefined || inner.oneOf !== undefined || inner.anyOf !== undefined);
    if (nested) sections.push([child.type === 'array' ? `${own}[]` : own, inner]);
    const required = node.required?.includes(key) === true;
    const facts = [
      nested ? `See \`${own}${child.type === 'array' ? '[]' : ''}\`.` : (child.description ?? ''),
      child.enum === undefined
        ? ''
        : `One of ${child.enum.map((each) => `\`${String(each)}\``).join(', ')}.`,
      child.secret === true ? '*Secret.*' : '',
    ];
    rows.push(
      `| \`${key}\` | ${required ? 'wanted' : defaultText(child, nested)} | ${facts
        .filter((fact) => fact !== '')
        .join(' ')
        .replaceAll('|', '\\|')} |`,
    );
  }
  return rows;
}

function defaultText(node: Node, nested: boolean): string {
  if (node.default === undefined) return '';
  // Its own table tells them one by one.
  if (nested && node.type !== 'array') return '';
  return `\`${JSON.stringify(node.default)}\``;
}
