import {NONE} from '../event/text.ts';

/** A component as people call it. Never used as a key: two principals may be called alike. */
export function displayOf(field: string, text: string): string {
  if (field === 'principal') return principalName(text);
  if (field === 'hour') return HOURS[text] ?? text;
  if (field === 'error') return text === NONE ? 'success' : text;
  if (field === 'network') {
    if (text === 'aws-service') return 'a service of AWS';
    return text === NONE ? 'an unknown network' : text;
  }
  if (field === 'resource') {
    if (text === 'external:*') return 'everybody outside';
    if (text === 'external:internet') return 'the whole internet';
    if (text.startsWith('external:'))
      return `the outside account ${text.slice('external:'.length)}`;
    if (text === NONE) return 'anything unnamed';
    // The kind alone: its ids live too short to be worth knowing.
    return text.includes(':') ? text : `any ${text}`;
  }
  return text;
}

/** "raul" for "123456789012:user/raul": the part that a person would say. */
export function principalName(principal: string): string {
  if (principal.startsWith('person/')) {
    return principal.split('/')[1] || principal;
  }
  if (principal.startsWith('service/')) return principal.slice('service/'.length);
  const colon = principal.indexOf(':');
  const before = principal.indexOf('/');
  if (colon < 0 || colon === principal.length - 1 || (before >= 0 && before < colon)) {
    return principal;
  }
  const account = principal.slice(0, colon);
  const name = principal.slice(colon + 1);
  if (name === 'root') return `root of ${account}`;
  if (name === 'account') return `account ${account}`;
  const slash = name.indexOf('/');
  return slash < 0 ? name : name.slice(slash + 1) || name;
}

const BLOCKS = ['0–4', '4–8', '8–12', '12–16', '16–20', '20–24'];
const HOURS: Readonly<Record<string, string>> = Object.fromEntries(
  BLOCKS.flatMap((block, i) => [
    [`h${i}`, `working days ${block} h`],
    [`w${i}`, `days off ${block} h`],
  ]),
);

const PLURALS: Readonly<Record<string, string>> = {
  person: 'people',
  user: 'users',
  role: 'roles',
  service: 'services',
  account: 'accounts',
  root: 'root users',
  federated: 'federated users',
  saml: 'SAML users',
  'web-identity': 'web identities',
  'identity-center': 'Identity Center users',
};

/** What the members of a group are called: "users" for the kind "user". */
export function pluralOf(group: string): string {
  return PLURALS[group] ?? `of ${group}`;
}
