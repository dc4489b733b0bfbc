import type {Components, Field, Method} from '../method.ts';

/**
 * Sum over fields of −log₂ of the value's share, each field by itself, with Laplace's smoothing:
 * SPAD (Aryal, Ting and Haffari, "Revisiting Attribute Independence Assumption in Probabilistic
 * Unsupervised Anomaly Detection", PAISI 2016); for categories the same as the histogram score
 * HBOS (Goldstein and Dengel, KI 2012). Here online; one extra cell stands for values yet unseen.
 */
export function independentFields(fields: readonly Field[]): Method {
  const counts = fields.map(() => new Map<string, number>());
  let total = 0;
  return {
    name: `independent fields (${fields.length})`,
    observe(event: Components): number {
      let bits = 0;
      for (const [i, field] of fields.entries()) {
        const seen = counts[i] as Map<string, number>;
        const count = seen.get(event[field]) ?? 0;
        bits += Math.log2((total + seen.size + 1) / (count + 1));
        seen.set(event[field], count + 1);
      }
      total++;
      return bits;
    },
  };
}
