import type {DetectionEvent} from '../event.ts';
import type {Trap} from './decoy.ts';
import type {Touch} from './touch.ts';

/** Done, and tried. */
type Verb = readonly [past: string, infinitive: string];

const OPERATIONS: Readonly<Record<string, Verb>> = {
  'signin:ConsoleLogin': ['signed in as', 'sign in as'],
  'signin:SwitchRole': ['switched to', 'switch to'],
  'sts:AssumeRole': ['assumed', 'assume'],
  'sts:AssumeRoleWithSAML': ['assumed', 'assume'],
  'sts:AssumeRoleWithWebIdentity': ['assumed', 'assume'],
  'lambda:Invoke': ['invoked', 'invoke'],
  'lambda:InvokeAsync': ['invoked', 'invoke'],
  'kms:Decrypt': ['decrypted something of', 'decrypt something of'],
};

const WORDS: readonly (readonly [RegExp, Verb])[] = [
  [/^(?:Get|Batch(?:Get|Execute)|Transact|Execute|Select|Receive|Scan|Query)/, ['read', 'read']],
  [/^(?:List|Search)/, ['listed', 'list']],
  [/^(?:Describe|Head|Simulate)/, ['looked at', 'look at']],
  [/^(?:Delete|Remove|Purge|Detach|Terminate)/, ['deleted (from)', 'delete (from)']],
  [
    /^(?:Create|Put|Update|Set|Attach|Add|Tag|Untag|Change|Modify|Rotate|Restore|Copy|Upload|Send|Enable|Disable)/,
    ['changed', 'change'],
  ],
];

/** What was done to the decoy, for a sentence: "read", "tried to assume". */
export function deedOf({decoy}: Trap, touch: Touch, {components}: DetectionEvent): string {
  const {operation, error} = components;
  const [past, infinitive] = verbOf(decoy.kind, operation, touch);
  return error === '-' ? past : `tried to ${infinitive}`;
}

function verbOf(kind: string, operation: string, {where}: Touch): Verb {
  const own = where === 'origin' || where.startsWith('userIdentity');
  if (own && operation !== 'signin:ConsoleLogin' && operation !== 'signin:SwitchRole') {
    return kind === 'access_key' ? ['used', 'use'] : ['acted as', 'act as'];
  }
  const known = OPERATIONS[operation];
  if (known !== undefined && (own || kind !== 'user')) return known;
  const name = operation.slice(operation.indexOf(':') + 1);
  return WORDS.find(([form]) => form.test(name))?.[1] ?? ['named', 'name'];
}
