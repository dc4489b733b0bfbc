import type {Components, Field, Method} from '../method.ts';

interface Node {
  count: number;
  readonly children: Map<string, Node>;
}

/**
 * A tree of prefixes over components in a given order, as ordered-observation novelty scorers use:
 * thatDot's Novelty ("Categorical Anomaly Detection", product documents and articles, 2020–2026)
 * describes observations as paths whose order matters, information content in bits, and a score
 * that is the novelty of the most novel component. Re-implemented from those public words only;
 * the estimator is prediction by partial matching, method C (Moffat, IEEE Trans. Comm. 1990): with
 * n observations of a prefix and K distinct continuations, a new one has probability K / (n + K)
 * and one seen c times c / (n + K). So a new value costs little where new values are the rule, and
 * what follows a new prefix costs nothing.
 *
 * - `most-novel`: bits of the component with the most.
 * - `total`: bits of the whole path, its information content.
 */
export function orderedPrefix(
  order: readonly Field[],
  combine: 'most-novel' | 'total' = 'most-novel',
): Method {
  const root: Node = {count: 0, children: new Map()};
  const path =
    order.length <= 4 ? order.join(', ') : `${order.length} fields, ${order.at(-1)} last`;
  return {
    name: `ordered prefix (${path}${combine === 'total' ? '; total' : ''})`,
    observe(event: Components): number {
      let node = root;
      let most = 0;
      let total = 0;
      for (const field of order) {
        const value = event[field];
        const distinct = node.children.size;
        let child = node.children.get(value);
        if (node.count > 0) {
          const bits = Math.log2((node.count + distinct) / (child?.count ?? distinct));
          total += bits;
          if (bits > most) most = bits;
        }
        if (child === undefined) {
          child = {count: 0, children: new Map()};
          node.children.set(value, child);
        }
        node.count++;
        node = child;
      }
      node.count++;
      return combine === 'total' ? total : most;
    },
  };
}
