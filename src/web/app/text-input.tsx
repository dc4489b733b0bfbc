import {type InputHTMLAttributes, type Ref, useEffect, useState} from 'react';

interface Props extends Omit<InputHTMLAttributes<HTMLInputElement>, 'onChange' | 'value'> {
  readonly label: string;
  readonly value: string;
  readonly onCommit: (value: string) => void;
  readonly inputRef?: Ref<HTMLInputElement> | undefined;
  readonly onDraft?: (draft: string) => void;
}

const SETTLE_MS = 350;

/** A field that takes effect once one stops typing, at Enter, or when one leaves it. */
export function TextInput({label, value, onCommit, inputRef, onDraft, ...rest}: Props) {
  const [draft, setDraft] = useState(value);
  useEffect(() => setDraft(value), [value]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new `onCommit` is no new text.
  useEffect(() => {
    if (draft.trim() === value) return;
    const timer = setTimeout(() => onCommit(draft.trim()), SETTLE_MS);
    return () => clearTimeout(timer);
  }, [draft, value]);
  const commit = () => {
    if (draft.trim() !== value) onCommit(draft.trim());
  };
  return (
    <input
      {...rest}
      ref={inputRef}
      aria-label={label}
      spellCheck={false}
      autoComplete="off"
      value={draft}
      onChange={({target}) => {
        setDraft(target.value);
        onDraft?.(target.value);
      }}
      onBlur={commit}
      onKeyDown={(event) => {
        if (event.key === 'Enter') {
          commit();
          event.currentTarget.blur();
        }
      }}
    />
  );
}
