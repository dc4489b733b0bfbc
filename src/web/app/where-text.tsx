import {isNamed} from './match-table.tsx';
import {visible} from './text.ts';

interface Props {
  readonly account: string;
  readonly region: string;
}

/** Account and region: a line breaks between them, not within. */
export function WhereText({account, region}: Props) {
  const parts = [account, region].filter(isNamed);
  if (parts.length === 0) return <span>–</span>;
  return (
    <span>
      {parts.map((part, i) => (
        <span key={part} className="piece">
          {visible(part)}
          {i < parts.length - 1 && ' ·'}
        </span>
      ))}
    </span>
  );
}
