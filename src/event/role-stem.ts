const ENVIRONMENTS = new Set(
  (
    'alpha beta blue canary demo dev devel development e2e gamma green int integration lab live ' +
    'nonprod perf poc pre preprod preview prd prod production qa sandbox sbx stable stage staging ' +
    'stg test testing tst uat'
  ).split(' '),
);
const GENERIC = new Set(['aws', 'iam', 'role', 'roles', 'the']);

const REGION =
  /(?:us|eu|ap|sa|ca|me|af|il|mx|cn)-(?:gov-|iso[a-z]?-)?(?:north|south|east|west|central){1,2}-?\d/gi;

/**
 * What roles of one purpose have in common: the first telling word of the name, in lower case.
 * Account ids, regions, environments, numbers, hashes and CloudFormation's random endings do not
 * tell; "app-web-prod" and "prod-app-1ABCD2EFGH" are both "app".
 */
export function roleStem(name: string): string {
  const words = name
    .replace(REGION, '-')
    .split(/[-_./@+=, ]+/)
    .filter((word) => word !== '');
  const telling = words.filter((word) => !isRandom(word) && !isIncidental(word.toLowerCase()));
  const stem = (telling[0] ?? words[0] ?? name).toLowerCase();
  return stem.replace(/(?<=[a-z])\d+$/, '');
}

function isIncidental(word: string): boolean {
  return ENVIRONMENTS.has(word) || GENERIC.has(word) || /^[v]?\d+$/.test(word);
}

/** CloudFormation's "1ABCD2EFGH", the CDK's "Pkgt7cmJfhQj", hexadecimal hashes. */
function isRandom(word: string): boolean {
  if (/^[A-Z0-9]{8,14}$/.test(word) && /\d/.test(word)) return true;
  if (/^[0-9a-f]{6,64}$/i.test(word) && /\d/.test(word)) return true;
  return /^[A-Za-z0-9]{12}$/.test(word) && /[A-Z]/.test(word) && /[a-z]\d|\d[a-z]/.test(word);
}
