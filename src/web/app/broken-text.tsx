import {visible} from './text.ts';

/** A name of a log in which a line may break after `:`, `/` and `@`, rather than anywhere. */
export function BrokenText({text}: {readonly text: string}) {
  return text.split(/(?<=[:/@])/).map((part, i) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: a part is its place.
    <span key={i}>
      {visible(part)}
      <wbr />
    </span>
  ));
}
