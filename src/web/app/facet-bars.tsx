import {visible} from './text.ts';

/** Bits by facet, the most surprising first, as bars with their numbers. */
export function FacetBars({bits}: {readonly bits: Readonly<Record<string, number>>}) {
  const facets = Object.entries(bits).sort(([, a], [, b]) => b - a);
  const most = Math.max(8, ...facets.map(([, value]) => value));
  if (facets.length === 0) return null;
  return (
    <table className="bars">
      <caption>Surprise by facet, in bits</caption>
      <tbody>
        {facets.map(([name, value]) => (
          <tr key={name}>
            <th scope="row">{visible(name)}</th>
            <td>
              <Bar value={value} most={most} />
            </td>
            <td className="number">{value.toFixed(1)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

export function Bar({value, most}: {readonly value: number; readonly most: number}) {
  const share = Math.min(100, Math.max(value >= 0.05 ? 1 : 0, (value / most) * 100));
  return (
    <span className="track" aria-hidden="true">
      <span className="bar" style={{width: `${share}%`}} />
    </span>
  );
}
