import {displayOf, principalName} from './display.ts';

/**
 * What a chain of roles adds to the reason of an event: whose credentials were used, as "acting
 * through credentials issued to raul". Undefined where that is nothing to wonder at: no chain is
 * known, a service took the role it was given, or a person's own sign-in opened the session.
 */
export function chainNote(principal: string, origin: string | undefined): string | undefined {
  if (origin === undefined || origin.startsWith('service/')) return undefined;
  if (principalName(origin) === principalName(principal)) return undefined;
  return `acting through credentials issued to ${displayOf('principal', origin)}`;
}
