import {parseIp} from '../../event/ip.ts';

/** Whether a text is an address in a network such as "10.0.0.0/8"; undefined if that is none. */
export function compileNetwork(text: string): ((address: string) => boolean) | undefined {
  const [, host = '', length] = /^([0-9A-Fa-f.:]+)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  const network = parseIp(host);
  if (network === undefined) return undefined;
  const bits = network.version === 4 ? 8 : 16;
  const whole = bits * network.words.length;
  const prefix = length === undefined ? whole : Number(length);
  if (prefix > whole) return undefined;
  return (given) => {
    const address = parseIp(given);
    if (address?.version !== network.version) return false;
    return network.words.every((word, i) => {
      const own = Math.min(bits, Math.max(0, prefix - i * bits));
      const mask = ((1 << own) - 1) << (bits - own);
      return (word & mask) === ((address.words[i] ?? 0) & mask);
    });
  };
}
