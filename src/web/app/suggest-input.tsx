import {useEffect, useId, useState} from 'react';
import {getJson, queryString} from './api.ts';
import type {DimensionFilter} from './query.ts';

interface Props {
  readonly dimension: DimensionFilter;
  readonly value: string;
  readonly onCommit: (value: string) => void;
}

const WAIT_MS = 150;

/** A field for a value of a dimension, with the commonest ones to choose from. */
export function SuggestInput({dimension, value, onCommit}: Props) {
  const id = useId();
  const [draft, setDraft] = useState(value);
  const [asked, setAsked] = useState(false);
  const [values, setValues] = useState<readonly string[]>([]);
  useEffect(() => setDraft(value), [value]);
  useEffect(() => {
    if (!asked) return;
    const abort = new AbortController();
    const timer = setTimeout(() => {
      const path = `/api/v1/values${queryString({dimension, prefix: draft, limit: 30})}`;
      getJson<{values: string[]}>(path, abort.signal).then(
        (answer) => setValues(answer.values),
        () => {},
      );
    }, WAIT_MS);
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [asked, draft, dimension]);
  const commit = (text: string) => {
    if (text.trim() !== value) onCommit(text.trim());
  };
  return (
    <>
      <input
        type="search"
        aria-label={dimension}
        placeholder={dimension}
        list={id}
        spellCheck={false}
        autoComplete="off"
        value={draft}
        onFocus={() => setAsked(true)}
        onChange={({target}) => {
          setDraft(target.value);
          // Chosen from the list, or emptied: there is nothing more to type.
          if (target.value === '' || values.includes(target.value)) commit(target.value);
        }}
        onBlur={() => commit(draft)}
        onKeyDown={(event) => {
          if (event.key === 'Enter') commit(draft);
        }}
      />
      <datalist id={id}>
        {values.map((each) => (
          <option key={each} value={each} />
        ))}
      </datalist>
    </>
  );
}
