import {type Ip, parseIp} from '../../event/ip.ts';

/** Networks that are remembered as parsed; then all are forgotten. */
const MAX_NETWORKS = 1_000;

/**
 * Whether `*` (any characters, none too) and `?` (any one) in the pattern can be filled so that it
 * is the text; case counts. Takes at worst the product of both lengths.
 */
export function glob(text: string, pattern: string): boolean {
  let at = 0;
  let next = 0;
  let star = -1;
  let resume = 0;
  while (at < text.length) {
    if (next < pattern.length && pattern[next] === '*') {
      star = next++;
      resume = at;
    } else if (next < pattern.length && (pattern[next] === '?' || pattern[next] === text[at])) {
      next++;
      at++;
    } else if (star >= 0) {
      next = star + 1;
      at = ++resume;
    } else return false;
  }
  while (pattern[next] === '*') next++;
  return next === pattern.length;
}

interface Network {
  readonly ip: Ip;
  readonly bits: number;
}

const networks = new Map<string, Network | undefined>();

/**
 * Whether the text is an address in the network ("10.0.0.0/8", or one address). What is no address,
 * such as the name of a service, is in none.
 */
export function ipIn(text: string, network: string): boolean {
  const range = networkOf(network);
  const ip = range === undefined ? undefined : parseIp(text);
  if (range === undefined || ip === undefined || ip.version !== range.ip.version) return false;
  const size = ip.version === 4 ? 8 : 16;
  let left = range.bits;
  for (let i = 0; left > 0; i++, left -= size) {
    const shift = Math.max(0, size - left);
    if ((ip.words[i] ?? 0) >> shift !== (range.ip.words[i] ?? 0) >> shift) return false;
  }
  return true;
}

/** Whether it can stand as a network in `ip_in`. */
export function isNetwork(text: string): boolean {
  return networkOf(text) !== undefined;
}

function networkOf(text: string): Network | undefined {
  if (networks.has(text)) return networks.get(text);
  const [address = '', length, ...rest] = text.split('/');
  const ip = rest.length > 0 ? undefined : parseIp(address);
  const most = ip?.version === 4 ? 32 : 128;
  const bits = length === undefined ? most : /^\d{1,3}$/.test(length) ? Number(length) : 129;
  const network = ip === undefined || bits > most ? undefined : {ip, bits};
  if (networks.size >= MAX_NETWORKS) networks.clear();
  networks.set(text, network);
  return network;
}

const OUTSIDE = 'external:';

/**
 * Who outside the organisation a call gives access to, from the component `resource`
 * ("external:999988887777"): account ids, "*" (anyone), "internet", and "+3" for three more that it
 * does not name. Empty for all other resources.
 */
export function outsideOf(resource: string, trusted: Iterable<string> = []): string[] {
  if (!resource.startsWith(OUTSIDE)) return [];
  const known = new Set(trusted);
  return resource
    .slice(OUTSIDE.length)
    .split(',')
    .filter((one) => !known.has(one));
}
