import type {AsnTable} from './asn-table.ts';
import {CLOUDTRAIL_SPEC, type GroupName} from './cloudtrail-spec.ts';
import {errorOf} from './error.ts';
import {textOfField} from './field-text.ts';
import type {Components, EventField} from './fields.ts';
import {HourClock, type HourOptions} from './hour.ts';
import {parsed, valueAt} from './json.ts';
import {networkOf} from './network.ts';
import {operationOf} from './operation.ts';
import {needsParameters, outsideComponent, outsidePrincipals} from './outside.ts';
import type {PeerGroup} from './peer-groups.ts';
import {identityOf} from './principal.ts';
import {resourceOf} from './resource.ts';
import {component, first, NONE, type Texts} from './text.ts';
import {userAgentOf} from './user-agent.ts';

/** What a deployment says about itself; all of it may be left out. */
export interface DeriveOptions extends HourOptions {
  readonly peerGroups?: readonly PeerGroup[];
  /** Accounts that are not outside, beside the one a call is made in. */
  readonly organisationAccounts?: readonly string[];
  readonly asns?: AsnTable;
}

/** Options made ready, once, for many derivations. */
export interface Derivation {
  readonly peerGroups: readonly PeerGroup[];
  readonly organisationAccounts: ReadonlySet<string>;
  readonly asns: AsnTable | undefined;
  readonly clock: HourClock;
}

export function prepareDerivation(options: DeriveOptions = {}): Derivation {
  return {
    peerGroups: options.peerGroups ?? [],
    organisationAccounts: new Set(options.organisationAccounts ?? []),
    asns: options.asns,
    clock: new HourClock(options),
  };
}

/** Components that each group decides; "hour" comes of the time, and no group. */
export const GROUP_COMPONENTS = {
  operation: ['service', 'operation'],
  error: ['error'],
  identity: ['principal', 'kind', 'peer'],
  network: ['network'],
  userAgent: ['userAgent'],
  place: ['account', 'region'],
  resource: ['resource'],
  session: ['session'],
} as const satisfies Record<GroupName, readonly EventField[]>;

/**
 * The components that a group decides, from the texts of its fields by name. To be called once
 * per distinct combination. A call that `needsParameters` may get another `resource` afterwards
 * (`outsideResource`).
 */
export function deriveComponents(
  group: GroupName,
  texts: Texts,
  derivation: Derivation,
): Partial<Components> {
  switch (group) {
    case 'operation':
      return operationOf(texts);
    case 'error':
      return {error: errorOf(texts)};
    case 'identity': {
      const {principal, kind, peer} = identityOf(texts, derivation.peerGroups);
      return {principal, kind, peer};
    }
    case 'network':
      return {network: networkOf(texts, derivation.asns)};
    case 'userAgent':
      return {userAgent: userAgentOf(texts)};
    case 'place':
      return placeOf(texts);
    case 'resource':
      return {resource: resourceOf(texts)};
    case 'session':
      return {session: sessionOf(texts)};
  }
}

/**
 * The outside that a call gives access to, as its `resource`: "external:999988887777". Undefined
 * if nobody outside is named; then the `resource` of the group stays.
 * @param parameters the parsed `requestParameters`
 */
export function outsideResource(
  {operation, account}: Pick<Components, 'operation' | 'account'>,
  parameters: unknown,
  {organisationAccounts}: Derivation,
): string | undefined {
  const own = {account, organisationAccounts};
  return outsideComponent(outsidePrincipals(operation, parsed(parameters), own));
}

/** Where it happened: the account whose trail this is, and the region. */
function placeOf(texts: Texts): Pick<Components, 'account' | 'region'> {
  const {recipientAccountId, identityAccount, issuerAccount, awsRegion = ''} = texts;
  return {
    account: component(first(recipientAccountId, identityAccount, issuerAccount), 64),
    region: component(awsRegion.trim().toLowerCase(), 64),
  };
}

/** How the credentials came to be: "console+mfa", "source-identity", "via-service", "-". */
function sessionOf(texts: Texts): string {
  const facts = [
    texts.sessionCredentialFromConsole === 'true' ? 'console' : '',
    texts.mfaAuthenticated === 'true' ? 'mfa' : '',
    texts.sourceIdentity ? 'source-identity' : '',
    texts.invokedBy ? 'via-service' : '',
  ];
  return facts.filter((fact) => fact !== '').join('+') || NONE;
}

/** The texts of all fields of a parsed record, by name, as `ScanField` describes them. */
export function textsOfRecord(record: object): Record<string, string> {
  const texts: Record<string, string> = {};
  for (const field of CLOUDTRAIL_SPEC.fields) texts[field.name] = textOfField(record, field);
  return texts;
}

/**
 * All components of a parsed record: exactly what the scanner's fields, group by group, lead to.
 * @param time the event's time in epoch milliseconds; without it the hour is "-"
 */
export function eventOfRecord(
  record: object,
  time: number | undefined,
  derivation: Derivation,
): Components {
  const texts = textsOfRecord(record);
  const event: Record<EventField, string> = {
    principal: NONE,
    kind: NONE,
    peer: NONE,
    account: NONE,
    region: NONE,
    service: NONE,
    operation: NONE,
    network: NONE,
    userAgent: NONE,
    error: NONE,
    resource: NONE,
    session: NONE,
    hour: time === undefined ? NONE : derivation.clock.hour(time),
  };
  for (const {name} of CLOUDTRAIL_SPEC.groups) {
    Object.assign(event, deriveComponents(name, texts, derivation));
  }
  if (needsParameters(event.operation)) {
    const parameters = valueAt(record, ['requestParameters']);
    event.resource = outsideResource(event, parameters, derivation) ?? event.resource;
  }
  return event;
}
