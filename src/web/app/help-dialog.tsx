import {useEffect, useRef} from 'react';

const KEYS = [
  ['j  k', 'next, previous row'],
  ['Enter  o', 'open the selected row'],
  ['/', 'search'],
  ['z', 'zoom to an hour around the selected point'],
  ['+  -', 'zoom in, out'],
  ['0', 'whole range'],
  ['l', 'linear or logarithmic scale'],
  ['c', 'colour by principal, service, account'],
  ['s', 'newest or most novel first'],
  ['Space', 'pause, resume live updates'],
  ['[  ]', 'previous, next observation of the principal'],
  ['p  d', 'to the principal, to the detection of a match'],
  ['g o  g p  g h  g a', 'go to observations, principals, health, alerts'],
  ['g d  g m  g t  g r', 'go to detections, matches, traps, rates'],
  ['g e', 'edit files of detections'],
  ['e', 'edit the file of the detection'],
  ['F8', 'in the editor: next problem'],
  ['Ctrl-Enter', 'in the editor: try on history'],
  ['Ctrl-S', 'in the editor: save'],
  ['t', 'dark or light'],
  ['u', 'UTC or local time'],
  ['Esc', 'clear, step by step; leave a field'],
] as const;

interface Props {
  readonly open: boolean;
  onClose(): void;
}

export function HelpDialog({open, onClose}: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    if (open) dialog.current?.showModal();
    else dialog.current?.close();
  }, [open]);
  return (
    <dialog ref={dialog} onClose={onClose} aria-labelledby="help-title">
      <h2 id="help-title">Keys</h2>
      <dl>
        {KEYS.map(([key, what]) => (
          <div key={key}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
      <p className="muted">
        On the plot: drag to zoom, double click for the whole range, click a point to select it. A
        score of 0.95 is met by about 1 event in 400, 0.99 by 1 in 10,000, 0.999 by 1 in a million.
      </p>
      <button type="button" onClick={onClose}>
        Close
      </button>
    </dialog>
  );
}
