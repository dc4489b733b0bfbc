import {type Ref, useEffect, useImperativeHandle, useRef} from 'react';
import {CodeEditor, type CodeEditorEvents, type Mark} from './code-editor.ts';

export interface EditorHandle {
  goTo(line: number, column: number): void;
}

interface Props extends CodeEditorEvents {
  /** Another id is another text: the editor begins anew. */
  readonly id: string;
  readonly text: string;
  readonly readOnly: boolean;
  readonly label: string;
  readonly marks: readonly Mark[];
  readonly handle: Ref<EditorHandle>;
}

/** The editor as a part of the page. */
export function EditorBox(props: Props) {
  const {id, readOnly, marks, handle} = props;
  const host = useRef<HTMLDivElement>(null);
  const editor = useRef<CodeEditor>(undefined);
  const current = useRef(props);
  current.current = props;
  // biome-ignore lint/correctness/useExhaustiveDependencies: another id begins with another text.
  useEffect(() => {
    if (host.current === null) return;
    const {text, label} = current.current;
    const made = new CodeEditor(
      host.current,
      {text, label, readOnly},
      {
        onChange: (changed) => current.current.onChange(changed),
        onSave: () => current.current.onSave(),
        onTry: () => current.current.onTry(),
      },
    );
    editor.current = made;
    made.mark(current.current.marks);
    return () => {
      editor.current = undefined;
      made.destroy();
    };
  }, [id, readOnly]);
  useEffect(() => editor.current?.mark(marks), [marks]);
  useImperativeHandle(
    handle,
    () => ({goTo: (line, column) => editor.current?.goTo(line, column)}),
    [],
  );
  return <div className="editor" ref={host} />;
}
