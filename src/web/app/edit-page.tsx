import {useEffect, useMemo, useRef, useState} from 'react';
import type {DetectionFile} from '../../api/detection-types.ts';
import type {Problem} from '../../api/types.ts';
import {ApiFailure, put} from './api.ts';
import {CheckView} from './check-view.tsx';
import {TEMPLATE} from './detection-keywords.ts';
import {editPath, fileNamed, lineOf} from './detection-paths.ts';
import {EditorBox, type EditorHandle} from './editor-box.tsx';
import {FailureNote} from './failure-note.tsx';
import {Link} from './link.tsx';
import {go, guardLeaving, usePlace} from './router.ts';
import {useSession} from './session.ts';
import {visible} from './text.ts';
import {TrialView, useTrial} from './trial-view.tsx';
import {useCheck} from './use-check.ts';
import {useFetch} from './use-fetch.ts';

const NEW = ' new';

/** Files of detections: written, checked, tried on history, saved. */
export function EditPage() {
  const {search} = usePlace();
  const values = new URLSearchParams(search);
  const name = values.get('file') ?? '';
  const isNew = values.has('new');
  const files = useFetch<{files: DetectionFile[]}>('/api/v1/detections/files');
  useEffect(() => {
    document.title = 'Edit detections · Oddtrail';
  }, []);
  const list = files.data?.files;
  const id = values.get('id') ?? '';
  const file = list === undefined ? undefined : fileNamed(list, name, id);
  return (
    <main id="main">
      <div className="title-row">
        <h1>Edit detections</h1>
        <select
          aria-label="File"
          value={isNew ? NEW : (file?.name ?? '')}
          onChange={({target}) =>
            go(target.value === NEW ? `${editPath()}?new` : editPath(target.value))
          }
        >
          {file === undefined && !isNew && <option value="">Choose a file …</option>}
          {list?.map((each) => (
            <option key={each.name} value={each.name}>
              {each.name}
              {each.readOnly ? ' (read-only)' : ''}
            </option>
          ))}
          <option value={NEW}>New file …</option>
        </select>
        <Link to="/detections">All detections</Link>
      </div>
      {files.failure !== undefined && (
        <FailureNote failure={files.failure} onRetry={files.reload} />
      )}
      {list !== undefined && !isNew && file === undefined && (
        <p className="notice">
          {name === ''
            ? 'Choose a file, or begin a new one.'
            : `There is no file "${visible(name)}" that can be shown here.`}
        </p>
      )}
      {list !== undefined && (isNew || file !== undefined) && (
        <FileEditor
          key={isNew ? NEW : file?.name}
          file={isNew ? undefined : file}
          names={list.map((each) => each.name)}
          at={id}
          onReload={files.reload}
        />
      )}
    </main>
  );
}

interface EditorProps {
  /** As the service has it; undefined: one that is not there yet. */
  readonly file: DetectionFile | undefined;
  readonly names: readonly string[];
  /** Id of the detection to begin at; "" for the top. */
  readonly at: string;
  readonly onReload: () => void;
}

function FileEditor({file, names, at, onReload}: EditorProps) {
  const session = useSession();
  const isAdmin = session.state === 'ready' && session.me.role === 'admin';
  const [base, setBase] = useState({
    text: file?.text ?? TEMPLATE,
    revision: file?.revision ?? '',
    /** Grows when the editor is to show another text than what was typed. */
    round: 0,
  });
  const [text, setText] = useState(base.text);
  const [name, setName] = useState(file?.name ?? '');
  const [refused, setRefused] = useState<readonly Problem[]>([]);
  const [outcome, setOutcome] = useState('');
  const [conflict, setConflict] = useState(false);
  const [busy, setBusy] = useState(false);
  const editor = useRef<EditorHandle>(null);
  const {check, failure, checking} = useCheck(text);
  const trial = useTrial(text);
  const readOnly = file?.readOnly === true;
  const changed = text !== base.text || (base.revision === '' && name !== '');
  const fault = nameFault(name, file === undefined ? names : []);

  // biome-ignore lint/correctness/useExhaustiveDependencies: typing does not move the cursor.
  useEffect(() => {
    const line = lineOf(text, at);
    if (line !== undefined) editor.current?.goTo(line, 1);
  }, [at]);

  useEffect(() => {
    if (!changed) return;
    return guardLeaving('What you changed is not saved. Leave it behind?');
  }, [changed]);

  // What was loaded again may be another text than the one that is edited here.
  const [theirs, setTheirs] = useState<DetectionFile>();
  // biome-ignore lint/correctness/useExhaustiveDependencies: only another answer of the service counts.
  useEffect(() => {
    if (file === undefined || file.revision === base.revision) return;
    if (changed) {
      setTheirs(file);
      setConflict(true);
    } else take(file);
  }, [file]);
  const take = (other: DetectionFile) => {
    setBase(({round}) => ({text: other.text, revision: other.revision, round: round + 1}));
    setText(other.text);
    setTheirs(undefined);
    setConflict(false);
    setOutcome('');
  };

  const save = async (revision: string) => {
    if (busy || readOnly || !isAdmin || fault !== undefined) return;
    setBusy(true);
    setOutcome('…');
    try {
      const saved = await put<DetectionFile>(
        `/api/v1/detections/files/${encodeURIComponent(name)}`,
        {text, revision},
      );
      setBase(({round}) => ({text, revision: saved?.revision ?? revision, round}));
      setRefused([]);
      setConflict(false);
      setTheirs(undefined);
      setOutcome('Saved');
      onReload();
    } catch (error) {
      if (!(error instanceof ApiFailure)) throw error;
      setRefused(error.problems);
      if (error.status === 409 && file !== undefined) setConflict(true);
      setOutcome(
        error.status === 409
          ? 'Not saved: somebody else changed the file'
          : error.problems.length > 0
            ? 'Not saved: the file is at fault'
            : `Not saved: ${error.message}`,
      );
      if (error.status === 409) onReload();
    } finally {
      setBusy(false);
    }
  };
  useEffect(() => {
    if (outcome === 'Saved' && file === undefined && !changed) go(editPath(name), {replace: true});
  }, [outcome, file, changed, name]);

  const problems = useMemo(
    () => [...(check?.problems ?? []), ...refused.filter((each) => !isTold(each, check?.problems))],
    [check, refused],
  );
  const marks = useMemo(
    () => [
      ...problems.map((each) => ({...each, severity: 'error' as const})),
      ...(check?.warnings ?? []).map((each) => ({...each, severity: 'warning' as const})),
      ...(check?.tests ?? [])
        .filter(({ok}) => !ok)
        .map(({line, name: test, detail}) => ({
          line,
          column: 1,
          severity: 'error' as const,
          message: `Test "${test}": ${detail}`,
        })),
    ],
    [problems, check],
  );
  const edit = (changedText: string) => {
    setText(changedText);
    setRefused([]);
    setOutcome('');
  };
  const mayNot = readOnly
    ? 'Packs are read-only: begin a file of your own.'
    : isAdmin
      ? ''
      : 'Saving needs the role of an admin.';

  return (
    <>
      <div className="actions edit-tools">
        {file === undefined && (
          <label>
            Name{' '}
            <input
              type="text"
              value={name}
              placeholder="own.yml"
              spellCheck={false}
              autoComplete="off"
              onChange={({target}) => setName(target.value)}
            />
          </label>
        )}
        <button
          type="button"
          className="primary"
          disabled={busy || mayNot !== '' || !changed || fault !== undefined}
          title="Ctrl-S"
          onClick={() => void save(base.revision)}
        >
          Save
        </button>
        <button
          type="button"
          title="Ctrl-Enter"
          disabled={trial.busy}
          onClick={() => void trial.run()}
        >
          Try on history
        </button>
        <select
          aria-label="Days of history"
          value={trial.days}
          onChange={({target}) => trial.setDays(Number(target.value))}
        >
          <option value={7}>7 days</option>
          <option value={30}>30 days</option>
        </select>
        <span role="status">
          {outcome !== ''
            ? visible(outcome)
            : changed
              ? 'Not saved'
              : file === undefined
                ? ''
                : 'As saved'}
        </span>
        {fault !== undefined && name !== '' && <span className="error">{fault}</span>}
        {mayNot !== '' && <span className="muted">{mayNot}</span>}
      </div>
      {conflict && (
        <div className="failure" role="alert">
          <strong>Somebody else changed this file since you opened it.</strong>{' '}
          {theirs === undefined ? (
            'Loading theirs …'
          ) : (
            <>
              <button type="button" onClick={() => take(theirs)}>
                Take theirs, drop mine
              </button>
              <button type="button" onClick={() => void save(theirs.revision)}>
                Save mine over theirs
              </button>
            </>
          )}
        </div>
      )}
      <div className="edit-columns">
        <EditorBox
          id={`${file?.name ?? NEW} ${base.round}`}
          text={base.text}
          readOnly={readOnly}
          label="Declarations, YAML"
          marks={marks}
          handle={editor}
          onChange={edit}
          onSave={() => void save(base.revision)}
          onTry={() => void trial.run()}
        />
        <div className="edit-side">
          {failure !== undefined && <FailureNote failure={failure} />}
          <CheckView
            check={check}
            problems={problems}
            checking={checking}
            onGo={(line, column) => editor.current?.goTo(line, column)}
          />
        </div>
      </div>
      <TrialView trial={trial} />
    </>
  );
}

function isTold({line, column, message}: Problem, by: readonly Problem[] = []): boolean {
  return by.some(
    (each) => each.line === line && each.column === column && each.message === message,
  );
}

/** Why a file cannot be called so; undefined if it can. */
function nameFault(name: string, taken: readonly string[]): string | undefined {
  if (taken.includes(name)) return 'There is a file of that name';
  if (taken.length === 0 && name !== '') return undefined;
  if (!/^[A-Za-z0-9][\w.-]*\.ya?ml$/.test(name)) return 'A name such as own.yml';
  return undefined;
}
