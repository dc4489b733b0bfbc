import {useEffect, useMemo, useRef, useState} from 'react';
import {formatCount} from '../report/format.ts';
import {ApiFailure, getText} from './api.ts';
import {CopyButton} from './copy-button.tsx';
import {layOut, placesOf} from './json-layout.ts';
import {ScrollBox} from './scroll-box.tsx';
import {plural, visible} from './text.ts';

interface Props {
  readonly id: number;
  /** As delivered; null when it was not kept. */
  readonly record: string | null;
}

/** More of a record than this is shown only when asked for. */
const SHOWN = 200_000;
const MOST_PLACES = 1_000;

/** The record as logged: laid out, searchable, to be copied; nothing of it is more than text. */
export function RecordView({id, record}: Props) {
  const [fetched, setFetched] = useState<{id: number; text: string}>();
  const [failure, setFailure] = useState('');
  const [whole, setWhole] = useState(false);
  const raw = record ?? (fetched?.id === id ? fetched.text : undefined);
  const text = useMemo(() => (raw === undefined ? '' : visible(layOut(raw))), [raw]);
  const shown = whole ? text : text.slice(0, SHOWN);

  const fetchRecord = async () => {
    setFailure('');
    try {
      setFetched({id, text: await getText(`/api/v1/observations/${id}/record`)});
    } catch (error) {
      setFailure(error instanceof ApiFailure ? error.message : String(error));
    }
  };

  return (
    <section aria-labelledby="record">
      <h2 id="record">The record</h2>
      {raw === undefined ? (
        <p>
          <span className="muted">It was not kept with the observation. </span>
          <button type="button" onClick={() => void fetchRecord()}>
            Read it from its source
          </button>
          {failure !== '' && <span role="alert"> {failure}</span>}
        </p>
      ) : (
        <>
          <Search text={shown} copy={raw} />
          {text.length > shown.length && (
            <p>
              The first {formatCount(shown.length)} of {formatCount(text.length)} characters.{' '}
              <button type="button" onClick={() => setWhole(true)}>
                Show all
              </button>
            </p>
          )}
        </>
      )}
    </section>
  );
}

function Search({text, copy}: {readonly text: string; readonly copy: string}) {
  const [part, setPart] = useState('');
  const [current, setCurrent] = useState(0);
  const pre = useRef<HTMLPreElement>(null);
  const places = useMemo(() => placesOf(text, part, MOST_PLACES), [text, part]);
  const at = places.length === 0 ? 0 : current % places.length;
  // biome-ignore lint/correctness/useExhaustiveDependencies: another search scrolls as another place does.
  useEffect(() => {
    pre.current?.querySelector('.current')?.scrollIntoView({block: 'nearest'});
  }, [at, part]);
  const pieces: React.ReactNode[] = [];
  let done = 0;
  for (const [i, place] of places.entries()) {
    pieces.push(text.slice(done, place));
    done = place + part.length;
    pieces.push(
      <mark key={place} className={i === at ? 'current' : undefined}>
        {text.slice(place, done)}
      </mark>,
    );
  }
  pieces.push(text.slice(done));
  return (
    <>
      <div className="record-tools">
        <input
          type="search"
          aria-label="Search the record"
          placeholder="Search the record"
          value={part}
          spellCheck={false}
          onChange={({target}) => {
            setPart(target.value);
            setCurrent(0);
          }}
          onKeyDown={({key, shiftKey}) => {
            if (key !== 'Enter' || places.length === 0) return;
            setCurrent((at + (shiftKey ? places.length - 1 : 1)) % places.length);
          }}
        />
        <span role="status" className="muted">
          {part !== '' &&
            (places.length === 0
              ? 'not found'
              : `${at + 1} of ${places.length}${places.length === MOST_PLACES ? '+' : ''} ${plural(places.length, 'place')}`)}
        </span>
        <CopyButton text={copy} what="record" />
      </div>
      <ScrollBox label="Record" className="record">
        <pre ref={pre}>{pieces}</pre>
      </ScrollBox>
    </>
  );
}
