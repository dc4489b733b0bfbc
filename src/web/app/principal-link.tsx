import {BrokenText} from './broken-text.tsx';
import {Link} from './link.tsx';
import {principalPath} from './router.ts';
import {shortPrincipal, visible} from './text.ts';

interface Props {
  readonly name: string;
  /** The whole name instead of what people call it. */
  readonly whole?: boolean;
}

export function PrincipalLink({name, whole = false}: Props) {
  return (
    <Link to={principalPath(name)} title={visible(name)}>
      <BrokenText text={whole ? name : shortPrincipal(name)} />
    </Link>
  );
}
