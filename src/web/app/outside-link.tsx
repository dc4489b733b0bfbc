import type {ReactNode} from 'react';
import {techniqueLink} from './detection-paths.ts';
import {visible} from './text.ts';

interface Props {
  readonly to: string;
  readonly children: ReactNode;
}

/** A link that leaves the application, in another window. */
export function OutsideLink({to, children}: Props) {
  return (
    <a href={to} target="_blank" rel="noreferrer noopener">
      {children}
      <span className="unseen"> (opens another window)</span> ↗
    </a>
  );
}

export function TechniqueLinks({ids}: {readonly ids: readonly string[]}) {
  return (
    <span className="techniques">
      {ids.map((id) => (
        <TechniqueLink key={id} id={id} />
      ))}
    </span>
  );
}

function TechniqueLink({id}: {readonly id: string}) {
  const to = techniqueLink(id);
  if (to === undefined) return <span>{visible(id)}</span>;
  return (
    <a href={to} target="_blank" rel="noreferrer noopener" title="ATT&CK, in another window">
      {id}
    </a>
  );
}
