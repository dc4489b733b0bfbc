import {stringify} from 'yaml';

/** YAML of plain data that reads back as the same, without aliases; `comment` stands above it. */
export function writeYaml(value: unknown, comment = ''): string {
  const head = comment === '' ? '' : `${comment.replace(/^/gm, '# ').replace(/ +$/gm, '')}\n`;
  return head + stringify(value, {aliasDuplicateObjects: false, lineWidth: 100});
}
