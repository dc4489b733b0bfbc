import {isObject, listOf, parsed} from './json.ts';

/** Conditions that narrow "*" to somebody in particular. */
const NARROWING =
  /^(?:aws:(?:principal(?:orgid|orgpaths|account|arn)|source(?:account|arn|owner|orgid|orgpaths|vpce|vpc|ip))|kms:calleraccount|s3:dataaccesspointaccount|saml:.*|.*:(?:sub|aud|amr|oaud))$/i;
const ACCOUNT_CONDITION =
  /^(?:aws:(?:principalaccount|sourceaccount|sourceowner|principalarn)|kms:calleraccount)$/i;

/**
 * Whom the policy allows something: account ids, "*", the name of a foreign identity provider.
 * AWS services are left out, and so is "*" where a condition narrows it (then the accounts that the
 * condition names count). Not an evaluation of the policy: "Deny" is ignored.
 */
export function policyPrincipals(policy: unknown): Set<string> {
  const found = new Set<string>();
  const document = parsed(policy);
  if (!isObject(document)) return found;
  for (const statement of listOf(document.Statement)) {
    if (!isObject(statement) || statement.Effect !== 'Allow') continue;
    const {narrowed, accounts} = conditions(statement.Condition);
    for (const account of accounts) found.add(account);
    const named = new Set<string>();
    if (statement.NotPrincipal !== undefined) named.add('*');
    collect(statement.Principal, named);
    for (const principal of named) if (principal !== '*' || !narrowed) found.add(principal);
  }
  return found;
}

function collect(principal: unknown, into: Set<string>): void {
  if (typeof principal === 'string') addPrincipal(principal, into);
  if (!isObject(principal)) return;
  for (const [kind, value] of Object.entries(principal)) {
    for (const one of listOf(value)) {
      if (typeof one !== 'string') continue;
      if (kind === 'AWS') addPrincipal(one, into);
      if (kind === 'Federated') addProvider(one, into);
      if (kind === 'CanonicalUser') into.add(`canonical:${one.slice(0, 16)}`);
    }
  }
}

/** "*", an account id, or any ARN of an identity. */
export function addPrincipal(text: string, into: Set<string>): void {
  const principal = text.trim();
  if (principal === '*' || /^arn:[^:]*:(?:iam|sts)::\*:/.test(principal)) into.add('*');
  const account = /^\d{12}$/.test(principal)
    ? principal
    : /^arn:[^:]*:[^:]*:[^:]*:(\d{12}):/.exec(principal)?.[1];
  if (account !== undefined) into.add(account);
}

function addProvider(text: string, into: Set<string>): void {
  if (text.startsWith('arn:')) addPrincipal(text, into);
  else if (!text.endsWith('.amazonaws.com')) into.add(text.slice(0, 100));
}

function conditions(value: unknown): {narrowed: boolean; accounts: Set<string>} {
  let narrowed = false;
  const accounts = new Set<string>();
  if (!isObject(value)) return {narrowed, accounts};
  for (const [operator, tests] of Object.entries(value)) {
    if (/not|null|ifexists/i.test(operator) || !isObject(tests)) continue;
    for (const [key, wanted] of Object.entries(tests)) {
      const texts = listOf(wanted).filter((one) => typeof one === 'string');
      if (!NARROWING.test(key) || texts.includes('*') || texts.includes('0.0.0.0/0')) continue;
      narrowed = true;
      if (!ACCOUNT_CONDITION.test(key)) continue;
      for (const one of texts) addPrincipal(one, accounts);
    }
  }
  return {narrowed, accounts};
}
