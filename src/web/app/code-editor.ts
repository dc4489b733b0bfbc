import {
  autocompletion,
  type CompletionContext,
  type CompletionResult,
  completionKeymap,
} from '@codemirror/autocomplete';
import {defaultKeymap, history, historyKeymap} from '@codemirror/commands';
import {yaml} from '@codemirror/lang-yaml';
import {
  bracketMatching,
  HighlightStyle,
  indentOnInput,
  syntaxHighlighting,
} from '@codemirror/language';
import {type Diagnostic, lintGutter, lintKeymap, setDiagnostics} from '@codemirror/lint';
import {EditorState, type Text} from '@codemirror/state';
import {
  drawSelection,
  EditorView,
  highlightActiveLine,
  highlightActiveLineGutter,
  keymap,
  lineNumbers,
} from '@codemirror/view';
import {tags} from '@lezer/highlight';
import {KEYWORDS} from './detection-keywords.ts';

/** What is marked in the text: a place from 1 on, as people count. */
export interface Mark {
  readonly line: number;
  readonly column: number;
  readonly severity: 'error' | 'warning';
  readonly message: string;
}

export interface CodeEditorEvents {
  onChange(text: string): void;
  onSave(): void;
  onTry(): void;
}

export interface CodeEditorOptions {
  readonly text: string;
  readonly readOnly: boolean;
  readonly label: string;
}

/**
 * An editor of YAML. It lives in a shadow root: there its styles are sheets made by script, which
 * the page's policy allows, while `<style>` elements are not.
 */
export class CodeEditor {
  readonly #view: EditorView;

  constructor(host: HTMLElement, options: CodeEditorOptions, events: CodeEditorEvents) {
    const root = host.shadowRoot ?? host.attachShadow({mode: 'open'});
    this.#view = new EditorView({
      parent: root,
      root,
      state: EditorState.create({doc: options.text, extensions: extensions(options, events)}),
    });
  }

  get text(): string {
    return this.#view.state.doc.toString();
  }

  mark(marks: readonly Mark[]): void {
    const {doc} = this.#view.state;
    const diagnostics = marks.map((mark) => diagnosticOf(doc, mark));
    this.#view.dispatch(setDiagnostics(this.#view.state, diagnostics));
  }

  /** Puts the cursor somewhere, in view, with the focus. */
  goTo(line: number, column: number): void {
    const at = placeOf(this.#view.state.doc, line, column);
    this.#view.dispatch({
      selection: {anchor: at},
      effects: EditorView.scrollIntoView(at, {y: 'center'}),
    });
    this.#view.focus();
  }

  destroy(): void {
    this.#view.destroy();
  }
}

function placeOf(doc: Text, line: number, column: number): number {
  const at = doc.line(Math.min(doc.lines, Math.max(1, line)));
  return Math.min(at.to, at.from + Math.max(0, column - 1));
}

/** Marks to the end of the word that begins there, or the line where there is none. */
function diagnosticOf(doc: Text, {line, column, severity, message}: Mark): Diagnostic {
  const from = placeOf(doc, line, column);
  const at = doc.lineAt(from);
  const word = /^[\w.-]+/.exec(doc.sliceString(from, at.to))?.[0].length ?? 0;
  const to = word > 0 ? from + word : at.to;
  return {from: Math.min(from, to), to, severity, message};
}

function extensions(options: CodeEditorOptions, events: CodeEditorEvents) {
  const command = (call: () => void) => () => {
    call();
    return true;
  };
  return [
    lineNumbers(),
    lintGutter(),
    history(),
    drawSelection(),
    indentOnInput(),
    bracketMatching(),
    highlightActiveLine(),
    highlightActiveLineGutter(),
    yaml(),
    syntaxHighlighting(HIGHLIGHT),
    autocompletion({override: [keywords], icons: false}),
    EditorView.lineWrapping,
    EditorState.readOnly.of(options.readOnly),
    EditorView.contentAttributes.of({
      'aria-label': options.label,
      'aria-readonly': String(options.readOnly),
      spellcheck: 'false',
    }),
    keymap.of([
      {key: 'Mod-s', run: command(events.onSave), preventDefault: true},
      {key: 'Mod-Enter', run: command(events.onTry), preventDefault: true},
      ...completionKeymap,
      ...lintKeymap,
      ...historyKeymap,
      ...defaultKeymap,
    ]),
    EditorView.updateListener.of((update) => {
      if (update.docChanged) events.onChange(update.state.doc.toString());
    }),
    THEME,
  ];
}

/** Settings of a detection, where a line begins. */
function keywords(context: CompletionContext): CompletionResult | null {
  const line = context.matchBefore(/^\s*(- )?[a-z_]*$/);
  if (line === null) return null;
  const word = context.matchBefore(/[a-z_]*$/);
  if (word === null || (word.from === word.to && !context.explicit)) return null;
  return {
    from: word.from,
    options: KEYWORDS.map(([label, info]) => ({
      label,
      apply: `${label}: `,
      info,
      type: 'property',
    })),
    validFor: /^[a-z_]*$/,
  };
}

const HIGHLIGHT = HighlightStyle.define([
  {tag: [tags.propertyName, tags.definition(tags.propertyName)], color: 'var(--c2)'},
  {tag: [tags.string, tags.special(tags.string)], color: 'var(--c3)'},
  {tag: [tags.number, tags.bool, tags.null, tags.keyword], color: 'var(--c4)'},
  {tag: [tags.comment, tags.lineComment], color: 'var(--muted)', fontStyle: 'italic'},
  {tag: [tags.meta, tags.separator, tags.punctuation], color: 'var(--muted)'},
]);

const MONO = 'ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace';

// In the colours of the page, whose custom properties reach into the shadow root.
const THEME = EditorView.theme({
  '&': {
    color: 'var(--text)',
    backgroundColor: 'var(--ground)',
    border: '1px solid var(--line)',
    borderRadius: '4px',
    fontSize: '12px',
    maxHeight: '72vh',
    minHeight: '300px',
  },
  '&.cm-focused': {outline: '2px solid var(--link)', outlineOffset: '1px'},
  '.cm-scroller': {fontFamily: MONO, lineHeight: '1.5', overflow: 'auto'},
  '.cm-content': {caretColor: 'var(--text)', minHeight: '280px'},
  '.cm-cursor': {borderLeftColor: 'var(--text)'},
  '.cm-gutters': {
    backgroundColor: 'var(--raised)',
    color: 'var(--muted)',
    borderRight: '1px solid var(--line)',
  },
  '.cm-activeLine': {backgroundColor: 'color-mix(in srgb, var(--select) 40%, transparent)'},
  '.cm-activeLineGutter': {backgroundColor: 'var(--select)', color: 'var(--text)'},
  '&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground':
    {background: 'color-mix(in srgb, var(--link) 30%, transparent)'},
  '.cm-tooltip': {
    backgroundColor: 'var(--raised)',
    color: 'var(--text)',
    border: '1px solid var(--line)',
    borderRadius: '4px',
    maxWidth: 'min(460px, 90vw)',
    overflowWrap: 'anywhere',
  },
  '.cm-tooltip-autocomplete > ul > li[aria-selected]': {
    background: 'var(--select)',
    color: 'var(--text)',
  },
  '.cm-diagnostic-error': {borderLeftColor: 'var(--top)'},
  '.cm-diagnostic-warning': {borderLeftColor: 'var(--high)'},
  '.cm-lintRange-error': {
    backgroundImage: 'none',
    textDecoration: 'underline wavy var(--top) 1px',
    textUnderlineOffset: '3px',
  },
  '.cm-lintRange-warning': {
    backgroundImage: 'none',
    textDecoration: 'underline wavy var(--high) 1px',
    textUnderlineOffset: '3px',
  },
  '.cm-panels': {backgroundColor: 'var(--raised)', color: 'var(--text)'},
  '.cm-panel.cm-panel-lint ul [aria-selected]': {backgroundColor: 'var(--select)'},
});
