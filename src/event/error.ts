import {component, first, NONE, type Texts} from './text.ts';

/** One refusal under the names that services give it. */
const ACCESS_DENIED = /^(?:accessdenied(?:exception|fault|error)?|unauthorizedoperation)$/i;

/**
 * The error, close to its code: without the "Client." or "Server." of EC2 and without a name space
 * ("com.amazon.coral.service#X"), the spellings of a refusal folded into "AccessDenied". A sign-in
 * that failed without a code is "Failure"; success, and a blank code, is "-".
 *
 * Reads `errorCode` and the answers `consoleLogin`, `switchRole`, `checkMfa`.
 */
export function errorOf(texts: Texts): string {
  const {errorCode = '', consoleLogin, switchRole, checkMfa} = texts;
  // What would leave nothing is left: an error must not look like success.
  const code = errorCode
    .trim()
    .replace(/^.*#(?!-?$)/s, '')
    .replace(/^(?:Client|Server)\.(?!-?$)/, '');
  if (ACCESS_DENIED.test(code)) return 'AccessDenied';
  if (code !== '') return component(code, 128);
  return /^fail/i.test(first(consoleLogin, switchRole, checkMfa)) ? 'Failure' : NONE;
}
