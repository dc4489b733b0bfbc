import type {DetectionCheck} from '../../api/detection-types.ts';
import type {Problem} from '../../api/types.ts';
import {SeverityText} from './severity-text.tsx';
import {plural, visible} from './text.ts';

interface Props {
  readonly check: DetectionCheck | undefined;
  readonly problems: readonly Problem[];
  readonly checking: boolean;
  readonly onGo: (line: number, column: number) => void;
}

/** What is wrong with a text, what is in it, and whether its tests pass. */
export function CheckView({check, problems, checking, onGo}: Props) {
  const warnings = check?.warnings ?? [];
  const tests = check?.tests ?? [];
  const failed = tests.filter(({ok}) => !ok);
  const detections = check?.detections ?? [];
  const verdict =
    check === undefined
      ? 'Checking …'
      : [
          problems.length === 0
            ? 'No problems'
            : `${problems.length} ${plural(problems.length, 'problem')}`,
          warnings.length === 0 ? '' : `${warnings.length} ${plural(warnings.length, 'warning')}`,
          tests.length === 0
            ? 'no tests'
            : failed.length === 0
              ? `${tests.length} ${plural(tests.length, 'test passes', 'tests pass')}`
              : `${failed.length} of ${tests.length} tests fail`,
        ]
          .filter((part) => part !== '')
          .join(' · ');
  const bad = problems.length > 0 || failed.length > 0;
  return (
    <section aria-labelledby="check">
      <h2 id="check" className="first">
        Check
      </h2>
      <p role="status" className={bad ? 'error' : undefined}>
        {verdict}
        {checking && check !== undefined && <span className="muted"> · checking …</span>}
      </p>
      <ul className="bare problems">
        {problems.map((each) => (
          <Item key={keyOf(each)} at={each} className="error" onGo={onGo}>
            {each.message}
          </Item>
        ))}
        {warnings.map((each) => (
          <Item key={keyOf(each)} at={each} className="warn" onGo={onGo}>
            {each.message}
          </Item>
        ))}
        {failed.map((each) => (
          <Item
            key={`${each.detection} ${each.name}`}
            at={{line: each.line, column: 1}}
            className="error"
            onGo={onGo}
          >
            {`Test "${each.name}": ${each.detail}`}
          </Item>
        ))}
      </ul>
      {detections.length > 0 && (
        <>
          <h3>
            {detections.length} {plural(detections.length, 'detection')}
          </h3>
          <ul className="bare problems">
            {detections.map((each) => (
              <li key={each.id}>
                <button
                  type="button"
                  className="place small"
                  onClick={() => onGo(each.line, 1)}
                  aria-label={`Line ${each.line}: ${visible(each.id)}`}
                >
                  {each.line}
                </button>
                <span>
                  {visible(each.id)} <span className="muted">{each.kind}</span>{' '}
                  <SeverityText severity={each.severity} />
                  {each.mode !== 'live' && <span className="muted"> {each.mode}</span>}
                </span>
              </li>
            ))}
          </ul>
        </>
      )}
    </section>
  );
}

interface ItemProps {
  readonly at: {readonly line: number; readonly column: number};
  readonly className: string;
  readonly onGo: (line: number, column: number) => void;
  readonly children: string;
}

function Item({at: {line, column}, className, onGo, children}: ItemProps) {
  return (
    <li>
      <button
        type="button"
        className="place small"
        onClick={() => onGo(line, column)}
        aria-label={`Go to line ${line}, column ${column}`}
      >
        {line}:{column}
      </button>
      <span className={className}>{visible(children)}</span>
    </li>
  );
}

function keyOf({line, column, path, message}: Problem): string {
  return `${line}:${column} ${path} ${message}`;
}
