import type {Ref} from 'react';
import {DIMENSION_FILTERS, isNarrowed, type Query} from './query.ts';
import {useSession} from './session.ts';
import {SuggestInput} from './suggest-input.tsx';
import {TextInput} from './text-input.tsx';
import {TimeSelect} from './time-select.tsx';

const SCORES = [0.5, 0.8, 0.9, 0.95, 0.99, 0.999] as const;

interface Props {
  readonly query: Query;
  readonly onChange: (change: Partial<Query>) => void;
  readonly searchField: Ref<HTMLInputElement>;
  readonly csvPath: string;
}

export function FilterBar({query, onChange, searchField, csvPath}: Props) {
  const session = useSession();
  const contexts = session.state === 'ready' ? session.settings.contexts : [];
  const {minScore} = query;
  const scores = [...new Set([...SCORES, ...(minScore === undefined ? [] : [minScore])])].sort();
  const custom = query.from !== undefined || query.to !== undefined;
  const active = DIMENSION_FILTERS.filter((name) => query[name] !== '').length;
  return (
    <search className="filters" aria-label="Filters">
      <TextInput
        label="Search"
        type="search"
        className="wide"
        placeholder="Search: name, address, event id …  ( / )"
        value={query.text}
        onCommit={(text) => onChange({text})}
        inputRef={searchField}
      />
      <TimeSelect
        value={query.last}
        zoomed={custom}
        onChange={(last) => onChange({last, from: undefined, to: undefined})}
      />
      <select
        aria-label="Lowest score"
        value={minScore ?? ''}
        onChange={({target}) =>
          onChange({minScore: target.value === '' ? undefined : Number(target.value)})
        }
      >
        <option value="">Any score</option>
        {scores.map((score) => (
          <option key={score} value={score}>
            ≥ {score}
          </option>
        ))}
      </select>
      <details className="more-filters" open={active > 0 || undefined}>
        <summary>More{active > 0 ? ` (${active})` : ''}</summary>
        <div>
          {DIMENSION_FILTERS.map((name) => (
            <SuggestInput
              key={name}
              dimension={name}
              value={query[name]}
              onCommit={(value) => onChange({[name]: value})}
            />
          ))}
          {contexts.length > 1 && (
            <select
              aria-label="Context"
              value={query.context}
              onChange={({target}) => onChange({context: target.value})}
            >
              <option value="">Any context</option>
              {contexts.map((name) => (
                <option key={name}>{name}</option>
              ))}
            </select>
          )}
        </div>
      </details>
      {isNarrowed(query) && (
        <button
          type="button"
          onClick={() =>
            onChange({
              minScore: undefined,
              context: '',
              principal: '',
              account: '',
              service: '',
              operation: '',
              text: '',
            })
          }
        >
          Clear filters
        </button>
      )}
      <a className="button" href={csvPath} download="observations.csv">
        CSV
      </a>
    </search>
  );
}
