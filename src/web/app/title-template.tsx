import {visible} from './text.ts';

/** The title of a detection before there is an event: its blanks set off by their names. */
export function TitleTemplate({text}: {readonly text: string}) {
  const pieces = text.split(/\{\{(.*?)\}\}/);
  return (
    <>
      {pieces.map((piece, i) =>
        i % 2 === 0 ? (
          // biome-ignore lint/suspicious/noArrayIndexKey: a piece is its place.
          <span key={i}>{visible(piece)}</span>
        ) : (
          // biome-ignore lint/suspicious/noArrayIndexKey: as above.
          <i key={i} className="blank">
            {visible(piece.trim())}
          </i>
        ),
      )}
    </>
  );
}

/** The same as plain text: "… by ‹principal›". */
export function plainTemplate(text: string): string {
  return visible(text.replace(/\{\{(.*?)\}\}/g, (_, name: string) => `‹${name.trim()}›`));
}
