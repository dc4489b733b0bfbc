import type {AsnTable} from './asn-table.ts';
import {type Ip, parseIp} from './ip.ts';
import {component, first, NONE, type Texts} from './text.ts';

/**
 * Where a call came from, coarse enough to come again: a VPC endpoint, the autonomous system if
 * there is a table, else the /24 (IPv4) or /48 (IPv6); "private:10.1.0.0/16" or "private",
 * "aws-internal", "aws-service", "other" for what is no address, "-" if absent.
 *
 * Reads `sourceIPAddress`, `vpcEndpointId`, `oldVpcEndpointId`, `invokedBy`.
 */
export function networkOf(texts: Texts, asns?: AsnTable): string {
  const source = (texts.sourceIPAddress ?? '').trim();
  const endpoint = first(texts.vpcEndpointId, texts.oldVpcEndpointId).trim().toLowerCase();
  const ip = parseIp(source);
  if (ip !== undefined) {
    return endpoint.startsWith('vpce-') ? component(endpoint, 64) : networkOfIp(ip, asns);
  }
  return nameOf(source) ?? (source === '' ? (nameOf(texts.invokedBy ?? '') ?? NONE) : 'other');
}

function networkOfIp(ip: Ip, asns: AsnTable | undefined): string {
  if (isPrivate(ip)) return vpcOf(ip) ?? 'private';
  const asn = asns?.find(ip);
  if (asn !== undefined) return `AS${asn}`;
  const {words} = ip;
  if (ip.version === 4) return `${words[0]}.${words[1]}.${words[2]}.0/24`;
  return `${compress(words.slice(0, 3))}/48`;
}

/** The range of an address of RFC 1918 that one VPC can hold: at most a /16. */
function vpcOf({version, words}: Ip): string | undefined {
  const [a = 0, b = 0] = words;
  if (version === 6 || !(a === 10 || (a === 172 && (b & 0xf0) === 16) || (a === 192 && b === 168)))
    return undefined;
  return `private:${a}.${b}.0.0/16`;
}

function nameOf(text: string): string | undefined {
  const name = text.trim().toLowerCase();
  if (name === 'aws internal') return 'aws-internal';
  const isHost = /^[a-z0-9-]+(?:\.[a-z0-9-]+)*\.(?:amazonaws\.com(?:\.cn)?|aws\.internal)$/.test(
    name,
  );
  // Which service is no news: one that acts for itself is the principal, and has but one source.
  return isHost ? 'aws-service' : undefined;
}

/** Addresses that nobody on the internet has (IANA special-purpose registries). */
function isPrivate({version, words}: Ip): boolean {
  const [a = 0, b = 0] = words;
  if (version === 6) {
    const unspecified = words.slice(0, 7).every((word) => word === 0);
    return unspecified || (a & 0xfe00) === 0xfc00 || (a & 0xffc0) === 0xfe80;
  }
  return (
    a === 0 ||
    a === 10 ||
    a === 127 ||
    (a === 100 && (b & 0xc0) === 64) ||
    (a === 169 && b === 254) ||
    (a === 172 && (b & 0xf0) === 16) ||
    (a === 192 && b === 168) ||
    a >= 224
  );
}

/** The first groups of an address, the rest zero, as RFC 5952 writes it. */
function compress(words: readonly number[]): string {
  let last = words.length;
  while (last > 0 && words[last - 1] === 0) last--;
  return `${words
    .slice(0, last)
    .map((word) => word.toString(16))
    .join(':')}::`;
}
